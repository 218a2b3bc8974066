"""The models page: the list on the left, what is chosen in it on the right."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import (
    QDesktopServices,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
)
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QMessageBox,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from workbench import resources
from workbench.bundles.archive import ARCHIVE_SUFFIX
from workbench.bundles.library import free_name
from workbench.bundles.manifest import MANIFEST_NAME
from workbench.gui.keys import FocusedKeys
from workbench.gui.messages import Notifier
from workbench.gui.models.bundle_list import BundleList
from workbench.gui.models.controller import Busy, ModelsController
from workbench.gui.models.details import TABS, Details
from workbench.gui.models.drop_hint import DropHint
from workbench.gui.models.entries import Entry
from workbench.gui.models.name_dialog import NameDialog
from workbench.gui.models.style import style_sheet
from workbench.gui.settings import Settings
from workbench.gui.shared.dropped_files import local_files
from workbench.gui.shared.named_actions import NamedActions
from workbench.gui.theme import ThemeManager

LIST_PX = 292


class ModelsPage(QWidget):
    """All bundles, what they say of themselves, and what can be done with them.

    Parameters
    ----------
    controller : ModelsController
        Does the work.
    settings : Settings
        What is kept between starts.
    theme : ThemeManager
        Colours, fonts, spacing.
    notifier : Notifier
        Where problems go.
    """

    title = "Models"
    icon_name = "models"

    def __init__(
        self, controller: ModelsController, settings: Settings, theme: ThemeManager, notifier: Notifier
    ) -> None:
        super().__init__()
        self.controller = controller
        self._settings = settings
        self._theme = theme
        self._notifier = notifier
        self._prefer = ""
        self._other = ""
        self.list = BundleList(theme, controller.export_for_drag)
        self.details = Details(theme)
        self.drop_hint = DropHint(theme, self)
        self.actions_by_name = NamedActions(self)
        self.buttons: dict[str, QPushButton] = {}
        self._make_actions()
        self._lay_out()
        self._connect()
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setFocusProxy(self.list)
        self._focused_keys = FocusedKeys(self)
        theme.changed.connect(self._restyle)
        self._restyle()
        self.details.show_busy(Busy())
        self._show()

    # --- what the window asks of a page ----------------------------------------------------------------

    def fill_file_menu(self, menu: QMenu) -> None:
        """Add what the page opens and writes to the window's File menu."""
        for name in ("import", "export", "folder"):
            menu.addAction(self.actions_by_name[name])

    def fill_view_menu(self, menu: QMenu) -> None:
        """Add how the page looks to the window's View menu."""
        for name in TABS:
            menu.addAction(self.actions_by_name[name])

    def menus(self) -> list[QMenu]:
        """Return the page's own menus."""
        menu = QMenu("&Models", self)
        for name in ("studio", "studio_alone", "default", "measure"):
            menu.addAction(self.actions_by_name[name])
        menu.addSeparator()
        for name in ("rename", "delete"):
            menu.addAction(self.actions_by_name[name])
        self.restore_menu = menu.addMenu("Restore")
        self.restore_menu.aboutToShow.connect(self.fill_restore_menu)
        menu.addAction(self.actions_by_name["empty"])
        return [menu]

    def start(self) -> None:
        """Begin when the page is first looked at."""
        self.controller.start()

    def may_close(self) -> bool:
        """Nothing is lost by closing."""
        return True

    def close_page(self) -> None:
        """Stop and remember."""
        self._settings.set("models/tab", self.details.tabs.currentIndex())
        self.controller.close()

    # --- layout ----------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        left = QWidget()
        self._left = QVBoxLayout(left)
        self._left.setContentsMargins(0, 0, 0, 0)
        self._left.addWidget(self.list, 1)
        row = QHBoxLayout()
        row.setSpacing(5)
        for name, text in (
            ("import", "Import…"),
            ("export", "Export…"),
            ("rename", "Rename…"),
            ("delete", "Delete"),
        ):
            button = QPushButton(text)
            button.setProperty("tight", True)
            action = self.actions_by_name[name]
            button.setToolTip(f"{action.toolTip()} ({action.shortcut().toString()})")
            button.clicked.connect(lambda _=False, action=action: action.trigger())
            self.buttons[name] = button
            row.addWidget(button)
        self._left.addLayout(row)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(left)
        self.splitter.addWidget(self.details)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setChildrenCollapsible(False)
        self._box = QVBoxLayout(self)
        self._box.addWidget(self.splitter)
        self.details.tabs.setCurrentIndex(min(max(self._settings.get("models/tab", 0), 0), len(TABS) - 1))

    def _make_actions(self) -> None:
        self._action("import", "&Import a model…", "Add a model from a file", self.choose_import, "Ctrl+O")
        self._action("export", "&Export…", "Write the model as one file", self.choose_export, "Ctrl+E")
        self._action("folder", "Open the folder of your models", "Where your models lie", self.open_folder)
        self._action(
            "studio", "Hear it in the studio", "Denoise the studio's scene with it", self._hear, "Ctrl+H"
        )
        self._action(
            "studio_alone",
            "Hear it without the classifier",
            "Denoise the studio's scene with it, not told the class of the noise",
            lambda: self._hear(with_classifier=False),
            "Ctrl+Shift+H",
        )
        self._action("default", "Set as &default", "Use it where none is named", self._set_default, "Ctrl+D")
        self._action("measure", "&Measure speed", "Run it on this machine", self._measure, "Ctrl+M")
        self._action("rename", "&Rename…", "Give your model another name", self.choose_rename, "F2")
        self._action("delete", "De&lete", "Move your model to the trash", self._delete, "Del")
        self._action("empty", "Empty the trash…", "Delete for good", self.choose_empty_trash)
        for place, name in enumerate(TABS):
            show = partial(self._show_tab, place)
            self._action(name, name, name, show, f"Ctrl+{place + 1}")

    def _action(self, name: str, text: str, tip: str, run: Callable[[], object], *keys: str) -> None:
        self.actions_by_name.add(name, text, run, *keys).setToolTip(tip)

    def _connect(self) -> None:
        run = self.controller
        run.entries_changed.connect(self._list)
        run.speeds_changed.connect(self._show)
        run.busy_changed.connect(self.details.show_busy)
        run.name_needed.connect(self.ask_name)
        run.imported.connect(self._prefer_name)
        run.exported.connect(self._tell_exported)
        self.list.chosen.connect(lambda _: self._choose())
        self.details.other_chosen.connect(self.compare_with)
        self.details.studio_requested.connect(run.open_in_studio)
        self.details.default_requested.connect(lambda _: self._set_default())
        self.details.measure_requested.connect(self._measure)
        self.details.stop_requested.connect(run.stop_measuring)
        self.details.delete_requested.connect(self._delete)

    def _restyle(self) -> None:
        px = self._theme.px
        self.setStyleSheet(style_sheet(self._theme))
        self._box.setContentsMargins(px(12), px(8), px(12), px(12))
        self._left.setSpacing(px(6))
        self.splitter.setHandleWidth(px(10))
        self.list.setMinimumWidth(px(250))
        self.splitter.setSizes([px(LIST_PX), max(self.width() - px(LIST_PX), px(400))])

    # --- drag and drop ---------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Offer to import what looks like a model, unless it comes from here."""
        if event.source() is None and _models_in(event):
            event.acceptProposedAction()
            self.drop_hint.offer()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Take the offer back."""
        self.drop_hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Import what was dropped."""
        self.drop_hint.hide()
        event.acceptProposedAction()
        self.controller.import_files(_models_in(event))

    # --- intents ---------------------------------------------------------------------------------------

    def choose_import(self) -> None:
        """Ask for files to import."""
        kinds = f"Models (*{ARCHIVE_SUFFIX});;All files (*)"
        chosen, _ = QFileDialog.getOpenFileNames(self, "Import models", self._folder(), kinds)
        if chosen:
            self._settings.set("models/folder", str(Path(chosen[0]).parent))
            self.controller.import_files([Path(path) for path in chosen])

    def choose_export(self) -> None:
        """Ask where to write the chosen bundle."""
        entry = self.list.current()
        if entry is None or entry.bundle is None:
            return
        place = str(Path(self._folder()) / f"{entry.name}{ARCHIVE_SUFFIX}")
        chosen, _ = QFileDialog.getSaveFileName(
            self, f"Export {entry.title}", place, f"Models (*{ARCHIVE_SUFFIX})"
        )
        if chosen:
            self._settings.set("models/folder", str(Path(chosen).parent))
            self.controller.export(entry.bundle, Path(chosen))

    def choose_rename(self) -> None:
        """Ask for another name."""
        entry = self.list.current()
        if entry is None or entry.bundle is None or not entry.is_users:
            return
        text = f"Another name for {entry.title}. Scenes and sweeps that name it have to be told."
        name = self._ask("Rename a model", text, entry.name, "Rename")
        if name:
            self.controller.rename(entry.bundle, name)

    def ask_name(self, path: Path, taken: str) -> None:
        """Ask what to call a bundle whose name is taken."""
        text = f"There is already a model named {taken}. What shall the one in {path.name} be called?"
        name = self._ask("Import a model", text, free_name(taken), "Import")
        if name:
            self.controller.import_file(path, name)

    def choose_empty_trash(self) -> None:
        """Ask before deleting for good."""
        names = [deleted.name for deleted in self.controller.deleted()]
        if not names:
            self._notifier.info("The trash is empty.")
            return
        question = f"Delete {', '.join(names)} for good? This cannot be undone."
        buttons = QMessageBox.StandardButton.Yes | QMessageBox.StandardButton.Cancel
        if QMessageBox.question(self, "Empty the trash", question, buttons) == buttons.Yes:
            self.controller.empty_trash()

    def open_folder(self) -> None:
        """Show the folder of the user's bundles."""
        folder = resources.user_models_dir()
        folder.mkdir(parents=True, exist_ok=True)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def compare_with(self, name: str) -> None:
        """Show another bundle beside the chosen one; empty for none."""
        self._other = name
        self._show()

    def fill_restore_menu(self) -> None:
        """List what can be brought back."""
        self.restore_menu.clear()
        deleted = self.controller.deleted()
        for each in deleted:
            self.restore_menu.addAction(each.name, partial(self.controller.restore, each))
        if not deleted:
            self.restore_menu.addAction("Nothing was deleted").setEnabled(False)

    def _ask(self, title: str, text: str, name: str, accept_text: str) -> str:
        dialog = NameDialog(title, text, name, accept_text, self)
        accepted = dialog.exec() == QDialog.DialogCode.Accepted
        dialog.deleteLater()
        return dialog.name if accepted else ""

    def _hear(self, *, with_classifier: bool = True) -> None:
        entry = self.list.current()
        if entry is not None and entry.bundle is not None:
            self.controller.open_in_studio(entry, with_classifier=with_classifier)

    def _set_default(self) -> None:
        entry = self.list.current()
        if entry is not None and entry.bundle is not None and not entry.is_default:
            self.controller.set_default(entry.bundle)

    def _measure(self) -> None:
        bundles = [entry.bundle for entry in self.details.shown if entry.bundle is not None]
        if bundles:
            self.controller.measure(bundles)

    def _delete(self) -> None:
        entry = self.list.current()
        if entry is not None and entry.is_users:
            self.controller.delete(entry)

    def _show_tab(self, place: int) -> None:
        self.details.tabs.setCurrentIndex(place)

    # --- showing ---------------------------------------------------------------------------------------

    def _list(self, entries: list[Entry]) -> None:
        prefer, self._prefer = self._prefer, ""
        self.list.set_entries(entries, prefer)

    def _prefer_name(self, name: str) -> None:
        """Put the cursor on this bundle as soon as it is listed."""
        self._prefer = name

    def _choose(self) -> None:
        entry, other = self.list.current(), self.controller.find(self._other)
        if entry is None or other is None or other.name == entry.name or other.kind != entry.kind:
            self._other = ""
        self._show()

    def _show(self) -> None:
        entry = self.list.current()
        shown = [each for each in (entry, self.controller.find(self._other)) if each is not None]
        others = [
            other
            for other in self.controller.entries
            if entry is not None and other.kind == entry.kind and other.name != entry.name
        ]
        speeds = [self.controller.speeds(each.bundle) for each in shown if each.bundle is not None]
        self.details.show_entries(shown, others, speeds)
        is_whole = entry is not None and entry.bundle is not None
        is_users = entry is not None and entry.is_users
        allowed = {
            "export": is_whole,
            "rename": is_whole and is_users,
            "delete": is_users,
            "default": is_whole and entry is not None and not (entry.is_default or entry.is_original),
            "measure": is_whole,
            "studio": self.details.studio_buttons[0].isEnabled() and is_whole,
            "studio_alone": is_whole and entry is not None and entry.kind == "ddae" and not entry.is_original,
        }
        for name, is_allowed in allowed.items():
            self.actions_by_name[name].setEnabled(is_allowed)
            if name in self.buttons:
                self.buttons[name].setEnabled(is_allowed)

    def _tell_exported(self, path: Path) -> None:
        self._notifier.info(
            f"Wrote {path.name} to {path.parent}.",
            "Open the folder",
            lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent))),
        )

    def _folder(self) -> str:
        return str(self._settings.get("models/folder", str(Path.home())))


def _models_in(event: QDropEvent) -> list[Path]:
    """Return the files of a drag that may be models: zips, and folders with a manifest."""
    paths = local_files(event.mimeData())
    return [p for p in paths if p.suffix.lower() == ARCHIVE_SUFFIX or (p / MANIFEST_NAME).is_file()]
