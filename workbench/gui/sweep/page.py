"""The sweep page: it lays out plan and results, and connects them with the controller."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTabBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench.errors import WorkbenchError
from workbench.evaluation.metrics import find_metric
from workbench.evaluation.plan import SweepPlan
from workbench.evaluation.statistics import ALL
from workbench.evaluation.store import STORE_SUFFIX
from workbench.evaluation.tables import Sweep, class_title
from workbench.gui.messages import Notifier
from workbench.gui.settings import Settings
from workbench.gui.shared.combo_box import combo_box
from workbench.gui.shared.named_actions import NamedActions
from workbench.gui.sweep.controller import RunState, SweepController
from workbench.gui.sweep.export_dialog import SweepExportDialog, usual_request
from workbench.gui.sweep.gaps_view import GapsView
from workbench.gui.sweep.mixtures import MixtureRow
from workbench.gui.sweep.mixtures_view import MixturesView
from workbench.gui.sweep.plan_form import PlanForm
from workbench.gui.sweep.results_model import GAIN, MEAN
from workbench.gui.sweep.results_view import ResultsView
from workbench.gui.sweep.run_bar import RunBar
from workbench.gui.sweep.style import style_sheet
from workbench.gui.sweep.work import PublishRequest
from workbench.gui.theme import ThemeManager, role

FORM_PX = 286
NARROW_PX = 600
RESULTS, MIXTURES, GAPS = range(3)


class SweepPage(QWidget):
    """Plan on the left, results on the right, the run above both.

    Parameters
    ----------
    controller : SweepController
        Does the work.
    settings : Settings
        What is kept between starts.
    theme : ThemeManager
        Colours, fonts, spacing.
    notifier : Notifier
        Where problems go.
    """

    title = "Sweep"
    icon_name = "sweep"

    def __init__(
        self, controller: SweepController, settings: Settings, theme: ThemeManager, notifier: Notifier
    ) -> None:
        super().__init__()
        self.controller = controller
        self._settings = settings
        self._theme = theme
        self._notifier = notifier
        self.run_bar = RunBar(theme)
        self.form = PlanForm(theme, settings)
        self.results = ResultsView(theme)
        self.mixtures = MixturesView(theme)
        self.gaps = GapsView(theme)
        self.actions_by_name = NamedActions(self)
        self._lay_out()
        self._make_actions()
        self._connect()
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        theme.changed.connect(self._restyle)
        self._restyle()

    # --- what the window asks of a page ----------------------------------------------------------------

    def fill_file_menu(self, menu: QMenu) -> None:
        """Add what the page opens and writes to the window's File menu."""
        for name in ("new", "open"):
            menu.addAction(self.actions_by_name[name])
        recent = menu.addMenu("Recent sweeps")
        recent.aboutToShow.connect(partial(self._fill_recent, recent))
        menu.addAction(self.actions_by_name["corpus"])
        menu.addAction(self.actions_by_name["catalogue"])
        menu.addSeparator()
        for name in ("save", "store", "export"):
            menu.addAction(self.actions_by_name[name])

    def fill_view_menu(self, menu: QMenu) -> None:
        """Add how the page looks to the window's View menu."""
        for name in ("plan", "results", "mixtures", "gaps", "gain", "panels"):
            menu.addAction(self.actions_by_name[name])

    def menus(self) -> list[QMenu]:
        """Return the page's own menus."""
        menu = QMenu("S&weep", self)
        for name in ("start", "pause", "stop"):
            menu.addAction(self.actions_by_name[name])
        menu.addSeparator()
        for name in ("worst", "copy", "retry"):
            menu.addAction(self.actions_by_name[name])
        return [menu]

    def start(self) -> None:
        """Begin when the page is first looked at."""
        self.controller.start()

    def may_close(self) -> bool:
        """Nothing is lost by closing: the sweep goes on where it was."""
        return True

    def close_page(self) -> None:
        """Stop and remember."""
        self._settings.set("sweep/shows_plan", self.run_bar.plan_button.isChecked())
        self.controller.close()

    # --- layout ----------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.metric_combo, self.class_combo = _combo("Metric"), _combo("Class of noise")
        self.gain_button, self.panels_button = QToolButton(), QToolButton()
        self.gain_button.setText("Gain")
        self.gain_button.setToolTip("Show what is gained over the noisy signal, in table and curves (F8)")
        self.panels_button.setText("Each class")
        self.panels_button.setToolTip("Draw the curves of each class of noise in a panel of its own (F7)")
        for button in (self.gain_button, self.panels_button):
            button.setCheckable(True)
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName("Views of the results")
        self.views = QStackedWidget()
        views = ((self.results, "Results"), (self.mixtures, "Mixtures"), (self.gaps, "Gaps"))
        for view, title in views:
            self.tabs.addTab(title)
            self.views.addWidget(view)
        self.tabs.setUsesScrollButtons(False)
        self._chooser = QHBoxLayout()
        self._chooser.addStretch(1)
        for widget in (self.metric_combo, self.class_combo, self.gain_button, self.panels_button):
            self._chooser.addWidget(widget)
        self._head = QHBoxLayout()
        self._head.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignLeft)
        self._head.addLayout(self._chooser)
        shown = QWidget()
        self._shown = QVBoxLayout(shown)
        self._shown.setContentsMargins(0, 0, 0, 0)
        self._shown.addLayout(self._head)
        self._shown.addWidget(self.views, 1)
        self.right = QStackedWidget()
        self.right.addWidget(self._make_empty())
        self.right.addWidget(shown)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.form)
        self.splitter.addWidget(self.right)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setCollapsible(1, False)
        self.splitter.splitterMoved.connect(lambda *_: self._arrange())
        self._box = QVBoxLayout(self)
        self._box.addWidget(self.run_bar)
        self._box.addWidget(self.splitter, 1)

    def _make_empty(self) -> QWidget:
        empty = QWidget()
        title = role(QLabel("No results yet"), "title")
        text = role(
            QLabel(
                "Choose speech, noise, SNRs, methods and metrics on the left, and press Start. The table "
                "and the curves fill while it measures. You can pause, stop, or close the window at any "
                "time and go on later: nothing is lost and nothing is measured twice."
            ),
            "muted",
        )
        text.setWordWrap(True)
        text.setMaximumWidth(440)
        self.empty_start = QPushButton("Start")
        self.empty_start.setDefault(True)
        self.empty_open = QPushButton("Open an earlier sweep…")
        row = QHBoxLayout()
        row.addWidget(self.empty_start)
        row.addWidget(self.empty_open)
        row.addStretch(1)
        column = QVBoxLayout()
        column.addStretch(2)
        column.addWidget(title)
        column.addWidget(text)
        column.addSpacing(8)
        column.addLayout(row)
        column.addStretch(3)
        across = QHBoxLayout(empty)
        across.addStretch(1)
        across.addLayout(column, 4)
        across.addStretch(1)
        return empty

    def _make_actions(self) -> None:
        add = self.actions_by_name.add
        run = self.controller
        add("new", "&New sweep", run.new_sweep, "Ctrl+N")
        add("open", "&Open a sweep or plan…", self.choose_open, "Ctrl+O")
        add("corpus", "Fill in from a corpus…", self.choose_corpus)
        add("catalogue", "Fill in from a catalogue…", self.choose_catalogue)
        add("save", "&Save the plan…", self.choose_save, "Ctrl+S")
        add("store", "Keep the &results in…", self.choose_store)
        add("export", "&Export…", self.choose_export, "Ctrl+E")
        add("start", "Start or resume", run.begin, "F5")
        add("pause", "Pause or go on", run.toggle_pause, "F6")
        add("stop", "Stop", run.stop, "Shift+F5")
        add("retry", "Measure the gaps again", lambda: run.begin(retry_gaps=True))
        add("worst", "Worst cases", self.show_worst, "Ctrl+B")
        add("copy", "Copy the table", self.results.table.copy, "Ctrl+Shift+C")
        add("plan", "Plan", self.run_bar.plan_button.toggle, "F4")
        add("gain", "Gain over noisy", self.gain_button.toggle, "F8")
        add("panels", "Curves of each class", self.panels_button.toggle, "F7")
        for place, name in enumerate(("results", "mixtures", "gaps")):
            show = partial(self.tabs.setCurrentIndex, place)
            add(name, name.capitalize(), show, f"Ctrl+{place + 1}")

    def _connect(self) -> None:
        run = self.controller
        run.methods_changed.connect(self.form.set_methods)
        run.plan_changed.connect(self.form.set_plan)
        run.store_changed.connect(self.form.show_store)
        run.sweep_changed.connect(self._show_sweep)
        run.mixtures_changed.connect(self.mixtures.set_rows)
        run.run_changed.connect(self._show_run)
        run.cost_changed.connect(self.run_bar.show_cost)
        run.busy_changed.connect(self.run_bar.show_busy)
        run.written.connect(self._tell_written)
        self.form.edited.connect(self._take_plan)
        self.form.store_requested.connect(self.choose_store)
        self.run_bar.start_requested.connect(run.begin)
        self.run_bar.pause_requested.connect(run.toggle_pause)
        self.run_bar.stop_requested.connect(run.stop)
        self.run_bar.export_requested.connect(self.choose_export)
        self.run_bar.plan_toggled.connect(self._show_form)
        self.run_bar.plan_button.setChecked(self._settings.get("sweep/shows_plan", True))
        self.run_bar.open_menu.aboutToShow.connect(self.fill_open_menu)
        self.empty_start.clicked.connect(lambda _: run.begin())
        self.empty_open.clicked.connect(self.choose_open)
        self.metric_combo.activated.connect(lambda _: self._show_metric())
        self.class_combo.activated.connect(lambda _: self._show_metric())
        self.gain_button.toggled.connect(lambda _: self._show_metric())
        self.panels_button.toggled.connect(lambda _: self._show_metric())
        self.tabs.currentChanged.connect(lambda _: self._show_tab())
        self.results.table.cell_chosen.connect(self.show_cell)
        self.results.table.copied.connect(lambda: self._notifier.info("The table is on the clipboard."))
        self.results.curves.point_chosen.connect(self._show_point)
        self.mixtures.open_requested.connect(run.open_mixture)
        self.mixtures.sounds_requested.connect(self.choose_sounds)
        self.gaps.retry_requested.connect(lambda: run.begin(retry_gaps=True))
        self.gaps.list_requested.connect(self._list_gaps)

    def _restyle(self) -> None:
        px = self._theme.px
        self.setStyleSheet(style_sheet(self._theme))
        self._box.setContentsMargins(px(12), px(8), px(12), px(12))
        self._box.setSpacing(px(8))
        self._head.setSpacing(px(4))
        self._chooser.setSpacing(px(6))
        self._arrange()
        self._shown.setSpacing(px(6))
        self.form.setMinimumWidth(px(264))
        self.splitter.setHandleWidth(px(10))
        self.splitter.setSizes([px(FORM_PX), max(self.width() - px(FORM_PX), px(400))])

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Arrange the head of the results anew."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Put what is chosen beside the tabs, or below them where it is narrow."""
        narrow = self.right.width() < self._theme.px(NARROW_PX)
        direction = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        self._head.setDirection(direction)

    # --- intents ---------------------------------------------------------------------------------------

    def choose_open(self) -> None:
        """Ask for an earlier sweep or a plan."""
        kinds = f"Sweeps and plans (*{STORE_SUFFIX} *.toml);;All files (*)"
        chosen, _ = QFileDialog.getOpenFileName(self, "Open a sweep or plan", self._folder(), kinds)
        if chosen:
            self._remember_folder(Path(chosen).parent)
            self.controller.open(Path(chosen))

    def choose_save(self) -> None:
        """Ask where to write the plan."""
        kinds = "Plans (*.toml)"
        place = str(Path(self._folder()) / "plan.toml")
        chosen, _ = QFileDialog.getSaveFileName(self, "Save the plan", place, kinds)
        if chosen:
            path = Path(chosen)
            self._remember_folder(path.parent)
            self.controller.save_plan(path if path.suffix else path.with_suffix(".toml"))

    def choose_store(self) -> None:
        """Ask for the file in which the results are kept; one that is there is gone on with."""
        place = str(self.controller.store_path or Path(self._folder()) / f"my{STORE_SUFFIX}")
        chosen, _ = QFileDialog.getSaveFileName(
            self,
            "Keep the results in",
            place,
            f"Sweeps (*{STORE_SUFFIX})",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if chosen:
            path = Path(chosen)
            self._remember_folder(path.parent)
            self.controller.set_store(path if path.suffix else path.with_suffix(STORE_SUFFIX))

    def choose_corpus(self) -> None:
        """Ask for a folder of speech and noise."""
        start = self._settings.get("sweep/recordings", str(Path.home()))
        chosen = QFileDialog.getExistingDirectory(self, "Corpus with speech and noise", start)
        if chosen:
            self.controller.fill_from_corpus(Path(chosen))

    def choose_catalogue(self) -> None:
        """Ask for a catalogue of recordings."""
        start = self._settings.get("sweep/recordings", str(Path.home()))
        chosen, _ = QFileDialog.getOpenFileName(self, "Catalogue", start, "Catalogues (*.csv);;All files (*)")
        if chosen:
            self.controller.fill_from_corpus(Path(chosen))

    def choose_export(self) -> None:
        """Ask what to export, and where."""
        if self.controller.sweep is None or self.controller.store_path is None:
            self._notifier.warn("There is nothing to export yet; start a sweep, or open an earlier one.")
            return
        request = usual_request(self.controller.store_path.with_suffix(""))
        formats = tuple(self._settings.get("sweep/export", list(request.formats)))
        request = PublishRequest(
            request.folder,
            formats,
            "dark" if self._settings.get("sweep/export_dark", False) else "light",
            self._settings.get("sweep/export_sounds", True),
        )
        dialog = SweepExportDialog(request, self)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            request = dialog.request
            self._settings.set("sweep/export", list(request.formats))
            self._settings.set("sweep/export_dark", request.theme == "dark")
            self._settings.set("sweep/export_sounds", request.sounds)
            self.controller.publish(request)
        dialog.deleteLater()

    def choose_sounds(self, row: MixtureRow) -> None:
        """Ask where to write the sounds of a mixture."""
        chosen = QFileDialog.getExistingDirectory(self, "Folder for the sounds", self._folder())
        if chosen:
            self.controller.write_sounds(row, Path(chosen))

    def show_cell(self, method: str, snr_db: float | None) -> None:
        """List the mixtures of a cell of the table."""
        self.mixtures.show_cell(method, snr_db)
        self.tabs.setCurrentIndex(MIXTURES)
        self.mixtures.table.setFocus()

    def show_worst(self) -> None:
        """List where methods do most harm."""
        self.mixtures.show_worst()
        self.tabs.setCurrentIndex(MIXTURES)
        self.mixtures.table.setFocus()

    def fill_open_menu(self) -> None:
        """List what can be opened."""
        menu = self.run_bar.open_menu
        menu.clear()
        for name in ("new", "open", "corpus", "catalogue", "save"):
            menu.addAction(self.actions_by_name[name])
        menu.addSeparator()
        self._fill_recent(menu, clear=False)

    def _show_form(self, shown: bool) -> None:
        self.form.setVisible(shown)
        # The splitter gives the room out with the next event.
        QTimer.singleShot(0, self, self._arrange)

    # --- showing ---------------------------------------------------------------------------------------

    def _take_plan(self) -> None:
        try:
            self.controller.set_plan(self.form.plan())
        except WorkbenchError as error:
            self.controller.set_problem(str(error))

    def _show_run(self, run: RunState) -> None:
        self.run_bar.show_run(run)
        self.gaps.set_running(run.is_running)
        self.form.set_enabled(not run.is_running)
        self.empty_start.setEnabled(not run.is_running)
        for name in ("new", "open", "corpus", "catalogue", "store", "start", "retry"):
            self.actions_by_name[name].setEnabled(not run.is_running)
        for name in ("pause", "stop"):
            self.actions_by_name[name].setEnabled(run.is_running)
        if run.is_running:
            self.right.setCurrentIndex(1)

    def _show_sweep(self, sweep: Sweep | None) -> None:
        self.run_bar.show_sweep(sweep)
        n_gaps = self.gaps.show_sweep(sweep)
        self.tabs.setTabText(GAPS, f"Gaps ({n_gaps:,})" if n_gaps else "Gaps")
        if sweep is None:
            self.results.clear()
            self.right.setCurrentIndex(0)
            return
        self.right.setCurrentIndex(1)
        self._offer(sweep.plan)
        self.mixtures.set_plan(sweep.plan)
        self._show_metric()

    def _offer(self, plan: SweepPlan) -> None:
        metrics = [(find_metric(name).title, name) for name in plan.metrics]
        names = [name for name, _ in plan.noise]
        classes = [(class_title(name), name) for name in ([ALL, *names] if len(names) > 1 else names)]
        _fill(self.metric_combo, metrics)
        _fill(self.class_combo, classes)
        self.panels_button.setEnabled(len(names) > 1)
        for place in range(self.metric_combo.count()):
            about = find_metric(str(self.metric_combo.itemData(place)))
            tip = f"{about.explanation}\n{about.variant}. {about.paper}."
            self.metric_combo.setItemData(place, tip, Qt.ItemDataRole.ToolTipRole)

    def _show_metric(self) -> None:
        sweep, metric = self.controller.sweep, self.metric_combo.currentData()
        if sweep is None or metric not in sweep.plan.metrics:
            return
        noise_class = str(self.class_combo.currentData())
        self.metric_combo.setToolTip(str(self.metric_combo.currentData(Qt.ItemDataRole.ToolTipRole)))
        panels = self.panels_button.isChecked()
        what = GAIN if self.gain_button.isChecked() else MEAN
        self.results.show_sweep(sweep, metric, noise_class, what, panels=panels)
        self.mixtures.set_class(noise_class)
        self._show_tab()

    def _show_tab(self) -> None:
        """Read the list of mixtures only while it is looked at."""
        place = self.tabs.currentIndex()
        self.views.setCurrentIndex(place)
        for button in (self.gain_button, self.panels_button):
            button.setVisible(place == RESULTS)
        for combo in (self.metric_combo, self.class_combo):
            combo.setVisible(place != GAPS)
        self.controller.list_mixtures(str(self.metric_combo.currentData()) if place == MIXTURES else "")

    def _show_point(self, cell: object) -> None:
        self.show_cell(cell.method, cell.snr_db)  # type: ignore[attr-defined]

    def _list_gaps(self) -> None:
        sweep = self.controller.sweep
        if sweep is not None:
            gaps = {row.metric for row in sweep.results if row.gap}
            if self.metric_combo.currentData() not in gaps:
                self.metric_combo.setCurrentIndex(self.metric_combo.findData(next(iter(sorted(gaps)), None)))
            self._show_metric()
        self.mixtures.show_gaps()
        self.tabs.setCurrentIndex(MIXTURES)

    def _tell_written(self, paths: list[Path]) -> None:
        folder = paths[0].parent
        what = paths[0].name if len(paths) == 1 else f"{len(paths)} files"
        self._notifier.info(
            f"Wrote {what} to {folder}.",
            "Open the folder",
            lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))),
        )

    def _fill_recent(self, menu: QMenu, *, clear: bool = True) -> None:
        if clear:
            menu.clear()
        recent = self.controller.recent()
        for path in recent:
            action = menu.addAction(path.stem, partial(self.controller.open, path))
            action.setToolTip(str(path))
            action.setEnabled(not self.controller.run.is_running)
        if not recent:
            menu.addAction("No earlier sweeps").setEnabled(False)

    def _folder(self) -> str:
        folder = self.controller.default_folder()
        return str(folder if folder.is_dir() else Path.home())

    def _remember_folder(self, folder: Path) -> None:
        self._settings.set("sweep/folder", str(folder))


def _combo(name: str) -> QComboBox:
    combo = combo_box(name)
    combo.setToolTip(name)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    combo.setMinimumContentsLength(5)
    combo.setMaxVisibleItems(24)
    return combo


def _fill(combo: QComboBox, entries: list[tuple[str, str]]) -> None:
    """List entries unless they are the same; what was chosen stays if it is among them."""
    if [combo.itemData(place) for place in range(combo.count())] == [value for _, value in entries]:
        return
    chosen = combo.currentData()
    with QSignalBlocker(combo):
        combo.clear()
        for title, value in entries:
            combo.addItem(title, value)
        combo.setCurrentIndex(max(combo.findData(chosen), 0))
