"""What came out of a test: hidden until it is asked for, and confirmed."""

from html import escape

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QImage, QResizeEvent, QTextDocument
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.listening.work import AnalysisRequest, OpenedTest, Results
from workbench.gui.shared.combo_box import combo_box
from workbench.gui.theme import ThemeManager, role
from workbench.listening.tables import TextTable

BLIND, CONFIRM, SHOWN = range(3)


class ResultsView(QWidget):
    """Tables and figures, once the key is turned.

    Parameters
    ----------
    theme : ThemeManager
        Colours and sizes.
    """

    analyse_requested = Signal(object)
    export_requested = Signal()

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self._test: OpenedTest | None = None
        self._results: Results | None = None
        self.stack = QStackedWidget()
        for widget in (self._make_blind(), self._make_confirm(), self._make_shown()):
            self.stack.addWidget(widget)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.stack)
        theme.changed.connect(self._draw)

    def show_test(self, test: OpenedTest) -> None:
        """Show how many have listened."""
        self._test = test
        n = test.n_finished
        listeners = "One listener has" if n == 1 else f"{n or 'No'} listeners have"
        self.blind_text.setText(
            f"{listeners} finished. Who sees results and goes on asking until they are significant finds "
            "what is not there: decide on the number of listeners before you look."
        )
        self.analyse_button.setEnabled(bool(test.sessions))

    def show_results(self, results: Results | None) -> None:
        """Show results; None hides them again."""
        self._results = results
        self.stack.setCurrentIndex(BLIND if results is None else SHOWN)
        self._draw()

    def request(self) -> AnalysisRequest | None:
        """Return what is to be analysed, and how."""
        if self._test is None:
            return None
        return AnalysisRequest(
            self._test.folder,
            self.interval_combo.currentData(),
            self.unfinished_box.isChecked(),
            self.screening_box.isChecked(),
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the figures anew."""
        super().resizeEvent(event)
        self._draw()

    # --- inside ----------------------------------------------------------------------------------------

    def _make_blind(self) -> QWidget:
        self.blind_text = QLabel()
        self.analyse_button = QPushButton("Analyse…")
        self.analyse_button.setDefault(True)
        self.analyse_button.clicked.connect(self._ask)
        return _message("The test is blind", self.blind_text, self.analyse_button)

    def _make_confirm(self) -> QWidget:
        text = QLabel(
            "This shows which sound was which method. What you know from here on may colour what you tell "
            "later listeners."
        )
        self.confirm_button, self.back_button = QPushButton("Show the results"), QPushButton("Not yet")
        self.confirm_button.clicked.connect(lambda _: self._analyse())
        self.back_button.clicked.connect(lambda _: self.stack.setCurrentIndex(BLIND))
        return _message("Turn the key?", text, self.back_button, self.confirm_button)

    def _make_shown(self) -> QWidget:
        self.interval_combo = combo_box("Intervals")
        self.interval_combo.addItem("Student’s t", "t")
        self.interval_combo.addItem("Bootstrap", "bootstrap")
        self.interval_combo.setToolTip("How 95 % intervals of means over listeners are found")
        self.unfinished_box = QCheckBox("Count unfinished")
        self.unfinished_box.setToolTip("Count sessions that were broken off, too")
        self.screening_box = QCheckBox("Screen MUSHRA")
        self.screening_box.setChecked(True)
        self.screening_box.setToolTip("Leave out whom BS.1534-3 leaves out: who misses the hidden reference")
        self.export_button = QPushButton("Export…")
        self.export_button.setToolTip("Write CSV, LaTeX, figures and an HTML report")
        self.export_button.clicked.connect(self.export_requested)
        self.interval_combo.activated.connect(lambda _: self._analyse())
        for box in (self.unfinished_box, self.screening_box):
            box.clicked.connect(lambda _: self._analyse())
        self.browser = QTextBrowser()
        self.browser.setAccessibleName("Results")
        row = QHBoxLayout()
        for widget in (QLabel("Intervals"), self.interval_combo, self.unfinished_box, self.screening_box):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.export_button)
        shown = QWidget()
        column = QVBoxLayout(shown)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.browser, 1)
        return shown

    def _ask(self) -> None:
        self.stack.setCurrentIndex(CONFIRM)
        self.back_button.setFocus()

    def _analyse(self) -> None:
        self.analyse_requested.emit(self.request())

    def _draw(self) -> None:
        results = self._results
        if results is None:
            self.browser.clear()
            return
        place = self.browser.verticalScrollBar().value()
        parts = [f"<p>{results.n_listeners} listeners.</p>"]
        parts += [f"<p>{escape(why)}</p>" for why in results.exclusions]
        room = max(self.browser.viewport().width() - 24, 200)
        document = self.browser.document()
        # What was drawn before must not be drawn again from the document's store.
        self.browser.clear()
        for number, block in enumerate(results.blocks):
            tables = block.tables
            image = QImage.fromData(block.dark if self._theme.theme.is_dark else block.light)
            width = min(image.width() * 2 // 3, room)
            ratio = self.devicePixelRatioF()
            scaled = image.scaledToWidth(round(width * ratio), Qt.TransformationMode.SmoothTransformation)
            scaled.setDevicePixelRatio(ratio)
            url = QUrl(f"figure:{number}")
            document.addResource(QTextDocument.ResourceType.ImageResource, url, scaled)
            parts.append(f"<h2>{escape(tables[0].title)}</h2><p><img src='{url.toString()}'></p>")
            parts += [self._table(table, is_first=table is tables[0]) for table in tables]
        self.browser.setHtml("".join(parts))
        self.browser.verticalScrollBar().setValue(place)

    def _table(self, table: TextTable, *, is_first: bool) -> str:
        muted, border = self._theme.color("muted").name(), self._theme.color("border").name()

        def cells(values: tuple[str, ...], tag: str, style: str = "") -> str:
            return "".join(
                f"<{tag} align='{_side(table, place)}'{style}>{escape(value)}</{tag}>"
                for place, value in enumerate(values)
            )

        head = cells(table.columns, "th", f" style='color:{muted}'")
        body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in table.rows)
        title = "" if is_first else f"<h3>{escape(table.title)}</h3>"
        return (
            f"{title}<table cellpadding='4' cellspacing='0' border='1' "
            f"style='border-collapse:collapse; border-color:{border}'><tr>{head}</tr>{body}</table>"
            f"<p style='color:{muted}'>{escape(table.note)}</p>"
        )


def _side(table: TextTable, column: int) -> str:
    return "left" if column < table.n_texts else "right"


def _message(title: str, text: QLabel, *buttons: QPushButton) -> QWidget:
    """Return a page with a title, a text and buttons."""
    text.setWordWrap(True)
    text.setMaximumWidth(520)
    text.setMinimumWidth(360)
    text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    role(text, "muted")
    page = QWidget()
    column = QVBoxLayout(page)
    column.addStretch(2)
    column.addWidget(role(QLabel(title), "title"), 0, Qt.AlignmentFlag.AlignHCenter)
    across = QHBoxLayout()
    across.addStretch(1)
    across.addWidget(text, 4)
    across.addStretch(1)
    column.addLayout(across)
    column.addSpacing(8)
    row = QHBoxLayout()
    row.addStretch(1)
    for button in buttons:
        row.addWidget(button)
    row.addStretch(1)
    column.addLayout(row)
    column.addStretch(3)
    return page
