"""How good the mixed and the denoised signal are against the clean one."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from workbench.gui.shared.card import Card
from workbench.gui.theme import ThemeManager, role

WAITING = "…"


@dataclass(frozen=True)
class ScoreLine:
    """One metric as it is shown.

    Attributes
    ----------
    title, unit, meaning : str
        Name, unit (may be empty), and what it means.
    low, high : float
        Ends of the scale drawn below the numbers.
    higher_is_better : bool
        Which way is good.
    decimals : int
        Digits after the point.
    mixed, denoised : float or None
        Values; None while they are computed or where there is none.
    gap : str
        Why there is no value, empty otherwise.
    """

    title: str
    unit: str
    meaning: str
    low: float
    high: float
    higher_is_better: bool
    decimals: int
    mixed: float | None = None
    denoised: float | None = None
    gap: str = ""


class RangeBar(QWidget):
    """Where mixed (ring) and denoised (dot) stand on a metric's scale."""

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self._line: ScoreLine | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.updateGeometry)

    def show_line(self, line: ScoreLine) -> None:
        """Show a metric."""
        self._line = line
        self.update()

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        return QSize(self._theme.px(120), self._theme.px(12))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the scale, and the way from mixed to denoised."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle, radius = self.height() / 2, self._theme.px(4)
        track = QRectF(0, middle - 1.5, self.width(), 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.color("border"))
        painter.drawRoundedRect(track, 1.5, 1.5)
        line = self._line
        if line is None:
            return

        def place(value: float) -> float:
            share = min(max((value - line.low) / (line.high - line.low), 0.0), 1.0)
            return radius + share * (self.width() - 2 * radius)

        if line.mixed is not None and line.denoised is not None:
            painter.setPen(QPen(self._theme.color("accent"), 3))
            painter.drawLine(QPointF(place(line.mixed), middle), QPointF(place(line.denoised), middle))
        if line.mixed is not None:
            painter.setPen(QPen(self._theme.color("muted"), 1.5))
            painter.setBrush(self._theme.color("surface"))
            painter.drawEllipse(QPointF(place(line.mixed), middle), radius - 1, radius - 1)
        if line.denoised is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("accent"))
            painter.drawEllipse(QPointF(place(line.denoised), middle), radius, radius)


class ScoresCard(Card):
    """The metrics as a table with a scale under each line."""

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__("QUALITY AGAINST CLEAN", theme)
        self._grid = QGridLayout()
        self._grid.setColumnStretch(0, 1)
        self._note = role(QLabel(), "small")
        self._note.setWordWrap(True)
        self.body.addLayout(self._grid)
        self.body.addWidget(self._note)
        self._rows: list[tuple[QLabel, QLabel, QLabel, QLabel, RangeBar]] = []
        for column, text in ((1, "○ Mixed"), (2, "● Denoised"), (3, "Gain")):
            label = role(QLabel(text), "small")
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._grid.addWidget(label, 0, column)
        self._restyle()

    def show_lines(self, lines: Sequence[ScoreLine], note: str) -> None:
        """Show the metrics, and a line about them."""
        while len(self._rows) < len(lines):
            self._add_row()
        for line, (name, mixed, denoised, change, bar) in zip(lines, self._rows, strict=False):
            tip = f"{line.meaning}\n{line.gap}" if line.gap else line.meaning
            name.setText(f"{line.title} <small>{line.unit}</small>")
            mixed.setText(_value(line, line.mixed))
            denoised.setText(_value(line, line.denoised))
            role(change, "muted")
            change.setText("")
            if line.mixed is not None and line.denoised is not None:
                gain = round(line.denoised - line.mixed, line.decimals)
                better = gain > 0 if line.higher_is_better else gain < 0
                sign = "+" if gain > 0 else "−" if gain < 0 else "±"
                change.setText(f"{sign}{abs(gain):.{line.decimals}f}")
                role(change, "muted" if gain == 0 else "better" if better else "worse")
            change.style().polish(change)
            bar.show_line(line)
            for widget in (name, mixed, denoised, change, bar):
                widget.setToolTip(tip)
        self._note.setText(note)
        self._note.setVisible(bool(note))

    def _add_row(self) -> None:
        row = 1 + 2 * len(self._rows)
        name, mixed, denoised, change = QLabel(), QLabel(), role(QLabel(), "value"), QLabel()
        bar = RangeBar(self._theme)
        for column, label in enumerate((name, mixed, denoised, change)):
            if column:
                label.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._grid.addWidget(label, row, column)
        self._grid.addWidget(bar, row + 1, 0, 1, 4)
        self._rows.append((name, mixed, denoised, change, bar))

    def _restyle(self) -> None:
        super()._restyle()
        if hasattr(self, "_grid"):
            self._grid.setHorizontalSpacing(self._theme.px(8))
            self._grid.setVerticalSpacing(self._theme.px(1))
            self._grid.setRowMinimumHeight(0, self._theme.px(18))


def _value(line: ScoreLine, value: float | None) -> str:
    if value is None:
        return "–" if line.gap else WAITING
    return f"{value:.{line.decimals}f}".replace("-", "−")
