"""What a bundle is, alone or beside another: properties, figures, card."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.bundles.speed import Speed
from workbench.gui.models.browser import LocalBrowser
from workbench.gui.models.controller import Busy
from workbench.gui.models.curves_view import CurvesView
from workbench.gui.models.documents import figures_html, metric_title, metrics_of, properties_html
from workbench.gui.models.entries import Entry
from workbench.gui.shared.combo_box import combo_box
from workbench.gui.theme import ThemeManager, role

TABS = ("Properties", "Figures", "Card")
_EMPTY, _REFUSED, _SHOWN = range(3)


class Details(QWidget):
    """One entry, or two of a kind side by side.

    Parameters
    ----------
    theme : ThemeManager
        Colours and sizes.
    """

    studio_requested = Signal(object)
    default_requested = Signal(object)
    measure_requested = Signal()
    stop_requested = Signal()
    other_chosen = Signal(str)
    delete_requested = Signal()

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self.shown: tuple[Entry, ...] = ()
        self.title = role(QLabel(), "title")
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.other = _combo("Compare with")
        self.other.setToolTip("Show another model of the same kind beside this one")
        self.studio_buttons = [QPushButton(), QPushButton()]
        self.studio_buttons[0].setDefault(True)
        self.default_button = QPushButton("Set as default")
        self.measure_button = QPushButton("Measure speed")
        self.measure_button.setToolTip(
            "Run each precision on this machine for a few seconds, on one thread.\n"
            "It is most exact while nothing else runs."
        )
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 100)
        self.progress_text = role(QLabel(), "muted")
        self.properties = LocalBrowser("Properties", theme)
        self.metric_combo = _combo("Metric")
        self.curves = CurvesView(theme)
        self.figures = LocalBrowser("Figures", theme)
        self.cards = [LocalBrowser("Card", theme), LocalBrowser("Card of the other model", theme)]
        self.problem = role(QLabel(), "error")
        self.delete_button = QPushButton("Delete")
        self.tabs = QTabWidget()
        self._lay_out()
        self._connect()
        theme.changed.connect(self._restyle)
        self._restyle()

    # --- showing ---------------------------------------------------------------------------------------

    def show_entries(
        self, shown: Sequence[Entry], others: Sequence[Entry], speeds: Sequence[dict[str, Speed]]
    ) -> None:
        """Show one entry or two, and list what the first can be compared with."""
        is_same = [entry.name for entry in self.shown] == [entry.name for entry in shown]
        self.shown = tuple(shown)
        if not shown:
            self._stack.setCurrentIndex(_EMPTY)
            return
        first = shown[0]
        if first.bundle is None:
            self.problem.setText(first.problem)
            self._refused_title.setText(first.title)
            self.delete_button.setVisible(first.is_users)
            self._stack.setCurrentIndex(_REFUSED)
            return
        self._stack.setCurrentIndex(_SHOWN)
        self.title.setText(first.title)
        self.title.setToolTip(first.bundle.manifest.description)
        self._list_others(others)
        self._show_buttons()
        self.properties.show_html(properties_html(shown, speeds))
        self._list_metrics()
        self._show_figures()
        for place, browser in enumerate(self.cards):
            browser.setVisible(place < len(shown))
            if place < len(shown):
                browser.show_markdown(shown[place].card or "This model has no card.")
        if not is_same:
            for browser in (self.properties, self.figures, *self.cards):
                browser.verticalScrollBar().setValue(0)

    def show_busy(self, busy: Busy) -> None:
        """Show how far a measurement is, or that something else is being done."""
        is_measuring = busy.share is not None
        self.measure_button.setText("Stop" if is_measuring else "Measure speed")
        self.progress.setVisible(is_measuring)
        self.progress_text.setText("" if is_measuring else busy.text)
        if busy.share is not None:
            self.progress.setValue(round(100 * busy.share))

    # --- inside ----------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(role(QLabel("Compare with"), "muted"))
        head.addWidget(self.other)
        buttons = QHBoxLayout()
        for button in (*self.studio_buttons, self.default_button, self.measure_button):
            buttons.addWidget(button)
        buttons.addWidget(self.progress)
        buttons.addWidget(self.progress_text)
        buttons.addStretch(1)
        self._figures_splitter = QSplitter(Qt.Orientation.Vertical)
        self._figures_splitter.addWidget(self.curves)
        self._figures_splitter.addWidget(self.figures)
        self._figures_splitter.setChildrenCollapsible(False)
        self._figures_splitter.setSizes([500, 500])
        cards = QSplitter(Qt.Orientation.Horizontal)
        for browser in self.cards:
            cards.addWidget(browser)
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        self.tabs.setCornerWidget(self.metric_combo, Qt.Corner.TopRightCorner)
        for view, title in zip((self.properties, self._figures_splitter, cards), TABS, strict=True):
            inner = QWidget()
            box = QVBoxLayout(inner)
            box.setContentsMargins(0, 6, 0, 0)
            box.addWidget(view)
            self.tabs.addTab(inner, title)
        whole = QWidget()
        box = QVBoxLayout(whole)
        box.setContentsMargins(0, 0, 0, 0)
        box.addLayout(head)
        box.addLayout(buttons)
        box.addWidget(self.tabs, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(role(QLabel("Choose a model on the left."), "muted"))
        self._stack.addWidget(self._make_refused())
        self._stack.addWidget(whole)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def _make_refused(self) -> QWidget:
        refused = QWidget()
        self._refused_title = role(QLabel(), "title")
        self.problem.setWordWrap(True)
        self.problem.setTextFormat(Qt.TextFormat.PlainText)
        self.problem.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout()
        row.addWidget(self.delete_button)
        row.addStretch(1)
        box = QVBoxLayout(refused)
        box.addWidget(self._refused_title)
        box.addWidget(role(QLabel("This model cannot be used:"), "muted"))
        box.addWidget(self.problem)
        box.addSpacing(8)
        box.addLayout(row)
        box.addStretch(1)
        return refused

    def _connect(self) -> None:
        for place, button in enumerate(self.studio_buttons):
            button.clicked.connect(lambda _=False, place=place: self.studio_requested.emit(self.shown[place]))
        self.default_button.clicked.connect(lambda _=False: self.default_requested.emit(self.shown[0]))
        self.measure_button.clicked.connect(self._measure_clicked)
        self.delete_button.clicked.connect(lambda _=False: self.delete_requested.emit())
        self.other.activated.connect(lambda place: self.other_chosen.emit(self.other.itemData(place)))
        self.metric_combo.activated.connect(lambda _: self._show_figures())
        self.tabs.currentChanged.connect(lambda _: self._show_metric_combo())

    def _measure_clicked(self) -> None:
        is_measuring = self.measure_button.text() == "Stop"
        (self.stop_requested if is_measuring else self.measure_requested).emit()

    def _list_others(self, others: Sequence[Entry]) -> None:
        with QSignalBlocker(self.other):
            self.other.clear()
            self.other.addItem("nothing", "")
            for entry in others:
                self.other.addItem(entry.name, entry.name)
            beside = self.shown[1].name if len(self.shown) > 1 else ""
            self.other.setCurrentIndex(max(self.other.findData(beside), 0))
        self.other.setEnabled(bool(others))
        self.other.setToolTip(
            "Show another model of the same kind beside this one"
            if others
            else "There is no other model of this kind to compare with; train or import one."
        )

    def _show_buttons(self) -> None:
        first = self.shown[0]
        is_denoiser = first.kind == "ddae"
        for place, button in enumerate(self.studio_buttons):
            button.setVisible(place < len(self.shown) and (is_denoiser or place == 0))
            if place < len(self.shown):
                name = self.shown[place].name
                alone = len(self.shown) == 1 or not is_denoiser
                metrics, middle = button.fontMetrics(), Qt.TextElideMode.ElideMiddle
                short = metrics.elidedText(name, middle, self._theme.px(110))
                button.setText("Hear it in the studio" if alone else f"Hear {short}")
                button.setToolTip(f"The studio's scene, denoised by {name} with the noise classifier")
        hear = self.studio_buttons[0]
        hear.setEnabled(is_denoiser or first.is_default or first.is_original)
        if not is_denoiser and not first.is_original:
            hear.setToolTip(
                "The studio's scene, denoised with this classifier"
                if first.is_default
                else "The adaptive method listens to the default classifier: set this one as default first."
            )
        self.default_button.setVisible(not (first.is_default or first.is_original))
        what = (
            "The methods without a model's name run it"
            if is_denoiser
            else "The adaptive method listens to it"
        )
        self.default_button.setToolTip(what)

    def _list_metrics(self) -> None:
        names, chosen = metrics_of(self.shown), self.metric_combo.currentData()
        with QSignalBlocker(self.metric_combo):
            self.metric_combo.clear()
            for name in names:
                self.metric_combo.addItem(metric_title(name), name)
            self.metric_combo.setCurrentIndex(max(self.metric_combo.findData(chosen), 0))
        self.curves.setVisible(bool(names))
        self._show_metric_combo()

    def _show_metric_combo(self) -> None:
        is_wanted = TABS[self.tabs.currentIndex()] == "Figures" and self.metric_combo.count() > 0
        self.metric_combo.setVisible(is_wanted)

    def _show_figures(self) -> None:
        metric = self.metric_combo.currentData() or ""
        if metric:
            self.curves.show_entries(self.shown, metric)
        self.figures.show_html(figures_html(self.shown, metric))

    def _restyle(self) -> None:
        px = self._theme.px
        self.progress.setFixedWidth(px(80))
        self.other.setMaximumWidth(px(190))
        self.curves.setMinimumHeight(px(120))
        self.figures.setMinimumHeight(px(90))
        self._figures_splitter.setHandleWidth(px(8))
        if self.shown and self.shown[0].bundle is not None:
            self._show_buttons()


def _combo(name: str) -> QComboBox:
    combo = combo_box(name)
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return combo
