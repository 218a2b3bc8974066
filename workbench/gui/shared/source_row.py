"""Where recordings come from: a line per set, with a menu to add and remove."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from workbench.audio.files import AUDIO_SUFFIXES
from workbench.evaluation.plan import DEMO
from workbench.gui.settings import Settings
from workbench.gui.shared.elided_label import ElidedLabel
from workbench.gui.theme import ThemeManager, role

_MOST_LISTED = 20


class SourceRow(QWidget):
    """Files and folders of speech, or of one class of noise.

    Parameters
    ----------
    title : str
        What they are, for people.
    theme : ThemeManager
        Colours and sizes.
    settings : Settings
        Remembers the folder opened last.
    has_demo : bool
        Whether there are demo recordings of it.
    optional : bool
        Whether it can be left out by a box.
    """

    changed = Signal()

    def __init__(
        self,
        title: str,
        theme: ThemeManager,
        settings: Settings,
        *,
        has_demo: bool = True,
        optional: bool = False,
    ) -> None:
        super().__init__()
        self._title = title
        self._settings = settings
        self._has_demo = has_demo
        self._sources: tuple[str, ...] = ()
        self.box = QCheckBox(title)
        self.box.toggled.connect(lambda _: self.changed.emit())
        label = QLabel(title)
        # Hidden, not shown: what has no parent yet would appear as a window of its own.
        (label if optional else self.box).hide()
        self._optional = optional
        self.summary = ElidedLabel()
        role(self.summary, "muted")
        self.button = QToolButton()
        self.button.setProperty("flat", True)
        self.button.setProperty("tight", True)
        self.button.setToolTip(f"Choose recordings: {title}")
        self.button.setAccessibleName(f"Choose recordings: {title}")
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.button)
        self.menu.aboutToShow.connect(self.fill_menu)
        self.button.setMenu(self.menu)
        theme.bind_icon(self.button, "folder")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.box)
        row.addWidget(label)
        row.addWidget(self.summary, 1)
        row.addWidget(self.button)

    @property
    def sources(self) -> tuple[str, ...]:
        """What is chosen; nothing where the box is off."""
        return self._sources if self.box.isChecked() or not self._optional else ()

    def set_sources(self, sources: tuple[str, ...]) -> None:
        """Show sources, and turn the box on if there are any, without telling it on."""
        self._sources = sources or self._sources or ((DEMO,) if self._has_demo else ())
        self.box.blockSignals(True)
        self.box.setChecked(bool(sources))
        self.box.blockSignals(False)
        self._show()

    def add(self, *sources: str) -> None:
        """Add sources; the first ones of the user's own replace the demo recordings."""
        kept = self._sources if DEMO in sources else tuple(s for s in self._sources if s != DEMO)
        self._change(tuple(dict.fromkeys((*kept, *sources))))

    def remove(self, source: str) -> None:
        """Take a source out."""
        self._change(tuple(each for each in self._sources if each != source))

    def fill_menu(self) -> None:
        """List what can be added, and what can be removed."""
        self.menu.clear()
        self.menu.addAction("Add a folder…", self._add_folder)
        self.menu.addAction("Add files…", self._add_files)
        if self._has_demo and DEMO not in self._sources:
            self.menu.addAction("Add the demo recordings", lambda: self.add(DEMO))
        if self._sources:
            self.menu.addSeparator()
            for source in self._sources[:_MOST_LISTED]:
                self.menu.addAction(f"Remove {_named(source)}", partial(self.remove, source))
            if len(self._sources) > 1:
                self.menu.addAction("Remove all", lambda: self._change(()))

    def _add_folder(self) -> None:
        start = self._settings.get("sweep/recordings", str(Path.home()))
        chosen = QFileDialog.getExistingDirectory(self, f"Folder of {self._title}", start)
        if chosen:
            self._settings.set("sweep/recordings", chosen)
            self.add(chosen)

    def _add_files(self) -> None:
        start = self._settings.get("sweep/recordings", str(Path.home()))
        patterns = " ".join(f"*{suffix} *{suffix.upper()}" for suffix in sorted(AUDIO_SUFFIXES))
        kinds = f"Sound files ({patterns});;All files (*)"
        chosen, _ = QFileDialog.getOpenFileNames(self, f"Files of {self._title}", start, kinds)
        if chosen:
            self._settings.set("sweep/recordings", str(Path(chosen[0]).parent))
            self.add(*chosen)

    def _change(self, sources: tuple[str, ...]) -> None:
        self._sources = sources
        self.box.blockSignals(True)
        self.box.setChecked(bool(sources))
        self.box.blockSignals(False)
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        names = [_named(source) for source in self._sources]
        text = ", ".join(names) if len(names) < 4 else f"{names[0]} and {len(names) - 1} more"
        self.summary.set_text(text or "nothing chosen")
        listed = "\n".join(self._sources[:_MOST_LISTED])
        self.summary.setToolTip(listed if len(names) <= _MOST_LISTED else f"{listed}\n…")


def _named(source: str) -> str:
    return "demo recordings" if source == DEMO else Path(source).name or source
