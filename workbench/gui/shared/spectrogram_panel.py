"""Three spectrograms side by side, with one time, one frequency and one dB scale."""

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from workbench.engine.monitor import MONITOR_CHOICES
from workbench.evaluation.spectrogram import DEFAULT_LEVELS_DB
from workbench.gui.shared.colour_bar import ColourBar
from workbench.gui.shared.colour_map import colour_map
from workbench.gui.shared.scene_plot import SceneViewBox
from workbench.gui.shared.spectrogram_strip import LOWEST_DB, STEPS_PER_DB, SpectrogramStrip, colour_table
from workbench.gui.shared.unit_axis import UnitAxis
from workbench.gui.shared.view_range import ViewRange
from workbench.gui.theme import ThemeManager, icon

SIGNALS: tuple[str, ...] = MONITOR_CHOICES
TITLES = {"clean": "Clean", "mixed": "Mixed", "denoised": "Denoised"}


@dataclass(frozen=True)
class Hover:
    """What lies under the pointer: time, frequency, and the level there in each signal (dB)."""

    time_s: float
    frequency_hz: float
    levels_db: dict[str, float]


class MonitorButton(QAbstractButton):
    """The head of a panel, and the switch that sends its signal to the ear."""

    def __init__(self, name: str, key: str, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self._key = key
        self._detail = ""
        self._drawn_how = ("", 0, 0.0)
        self._drawn = QPixmap()
        self.setText(TITLES[name])
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAccessibleName(f"Listen to the {TITLES[name].lower()} signal")
        theme.changed.connect(self._restyle)

    def nextCheckState(self) -> None:
        """Leave the state alone: it shows what is heard, and a click only asks for it."""

    def set_detail(self, detail: str) -> None:
        """Set the small print beside the title."""
        if detail != self._detail:
            self._detail = detail
            self.update()

    def sizeHint(self) -> QSize:
        """Return the preferred size."""
        return QSize(self._theme.px(120), self._theme.px(36))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw: filled with a loudspeaker while it is what is heard."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        px, colour, heard = self._theme.px, self._theme.color, self.isChecked()
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        fill = "accent" if heard else "hover" if self.underMouse() and self.isEnabled() else "raised"
        painter.setBrush(colour(fill))
        painter.setPen(QPen(colour("accent" if heard or self.hasFocus() else "border"), 1))
        painter.drawRoundedRect(box, px(6), px(6))
        if self.hasFocus() and heard:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour("on_accent"), 1))
            painter.drawRoundedRect(box.adjusted(3, 3, -3, -3), px(4), px(4))
        text = colour("on_accent" if heard else "text" if self.isEnabled() else "muted")
        left, side = px(11), px(18)
        painter.setFont(self._theme.font(14, bold=True))
        width = painter.fontMetrics().horizontalAdvance(self.text())
        # Where there is little room, the filling alone says it.
        if heard and left + side + px(7) + width + px(34) < self.width():
            painter.drawPixmap(QPointF(left, (self.height() - side) / 2), self._loudspeaker(text, side))
            left += side + px(7)
        cap = self._draw_key(painter, text)
        painter.setFont(self._theme.font(14, bold=True))
        painter.setPen(text)
        painter.drawText(
            QRectF(left, 0, width + 2, self.height()), Qt.AlignmentFlag.AlignVCenter, self.text()
        )
        left += width + px(9)
        painter.setFont(self._theme.font(11.5))
        painter.setPen(text if heard else colour("muted"))
        room = cap.left() - left - px(8)
        detail = painter.fontMetrics().elidedText(
            self._detail, Qt.TextElideMode.ElideRight, max(0, int(room))
        )
        if room > px(40):
            painter.drawText(QRectF(left, px(1), room, self.height()), Qt.AlignmentFlag.AlignVCenter, detail)

    def _loudspeaker(self, colour: QColor, side: int) -> QPixmap:
        how = colour.name(), side, self.devicePixelRatioF()
        if how != self._drawn_how:
            self._drawn_how = how
            self._drawn = icon("heard", colour).pixmap(QSize(side, side), how[2])
        return self._drawn

    def _draw_key(self, painter: QPainter, text: QColor) -> QRectF:
        side = self._theme.px(18)
        cap = QRectF(self.width() - side - self._theme.px(9), (self.height() - side) / 2, side, side)
        faint = QColor(text)
        faint.setAlphaF(0.55)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(faint, 1))
        painter.drawRoundedRect(cap, 4, 4)
        painter.setFont(self._theme.font(11))
        painter.setPen(text)
        painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, self._key)
        return cap

    def _restyle(self) -> None:
        self.updateGeometry()
        self.update()


class StripItem(pg.ImageItem):
    """The visible part of a strip, drawn smoothly."""

    def __init__(self) -> None:
        super().__init__(axisOrder="row-major")

    def paint(self, painter: QPainter, *args: object) -> None:
        """Draw the image."""
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        super().paint(painter, *args)


class SpectrogramPanel(SceneViewBox):
    """One spectrogram."""

    image_class: type[pg.GraphicsObject] = StripItem

    def __init__(self, view: ViewRange, theme: ThemeManager) -> None:
        super().__init__(view, theme, shows_frequency=True)
        self.image = self.image_class()
        self.addItem(self.image, ignoreBounds=True)
        self._strip: SpectrogramStrip | None = None
        self._column_s = 1.0
        self._first_s = 0.0
        self._heard = False

    def set_strip(self, strip: SpectrogramStrip | None, column_s: float, first_s: float) -> None:
        """Show a strip with columns `column_s` apart, the first of them centred at `first_s`."""
        self._strip, self._column_s, self._first_s = strip, column_s, first_s
        self.refresh()

    def refresh(self) -> None:
        """Draw the visible part anew."""
        if self._strip is None:
            self.image.clear()
            return
        start_s, stop_s = self._view.time_s
        origin_s = self._first_s - self._column_s / 2
        first = int(np.floor((start_s - origin_s) / self._column_s))
        last = int(np.ceil((stop_s - origin_s) / self._column_s))
        image, first, last = self._strip.window(first, last, max(64, int(self.width() * 1.25)))
        if not image.size:
            self.image.clear()
            return
        self.image.setImage(image, autoLevels=False, levels=(0, 255))
        bin_hz = 8000.0 / (len(image) - 1)
        self.image.setRect(
            QRectF(
                origin_s + first * self._column_s,
                -bin_hz / 2,
                (last - first) * self._column_s,
                8000.0 + bin_hz,
            )
        )

    def level_at(self, time_s: float, frequency_hz: float) -> float | None:
        """Return the level shown at a place, dB."""
        if self._strip is None:
            return None
        column = round((time_s - self._first_s) / self._column_s)
        row = round(frequency_hz / 8000.0 * (self._strip.cells.shape[1] - 1))
        if not (0 <= column < self._strip.n_columns and 0 <= row < self._strip.cells.shape[1]):
            return None
        return float(LOWEST_DB + self._strip.cells[column, row] / STEPS_PER_DB)

    def set_heard(self, heard: bool) -> None:
        """Frame the panel that is heard."""
        self._heard = heard
        self._restyle()

    def _restyle(self) -> None:
        super()._restyle()
        heard = getattr(self, "_heard", False)
        colour = self._theme.color("accent" if heard else "border")
        self.setBorder(pg.mkPen(colour, width=self._theme.scale * (2.0 if heard else 1.0)))


class SpectrogramTrio(QWidget):
    """Clean, mixed and denoised spectrogram with their switches and the dB scale."""

    seek_requested = Signal(float)
    loop_requested = Signal(float, float)
    monitor_requested = Signal(str)
    levels_changed = Signal(float, float)
    hovered = Signal(object)

    def __init__(
        self,
        view: ViewRange,
        theme: ThemeManager,
        panel_class: type[SpectrogramPanel] = SpectrogramPanel,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._view = view
        self._colours: NDArray[np.uint8] = colour_map("magma")
        self.panels = {name: panel_class(view, theme) for name in SIGNALS}
        self.buttons = {
            name: MonitorButton(name, str(number), theme) for number, name in enumerate(SIGNALS, 1)
        }
        self._time_axes = {name: UnitAxis("bottom", "s", theme) for name in SIGNALS}
        self._frequency_axis = UnitAxis("left", "kHz", theme, factor=1e-3)
        self.colour_bar = ColourBar(theme)
        self.colour_bar.levels_changed.connect(self._set_scale)
        self._canvas = pg.GraphicsLayoutWidget()
        self._canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._canvas.setFrameShape(self._canvas.Shape.NoFrame)
        self._canvas.setMinimumHeight(120)
        layout = self._canvas.ci.layout
        layout.setContentsMargins(0, 0, 0, 0)
        self._canvas.addItem(self._frequency_axis, 0, 0)
        self._frequency_axis.linkToView(self.panels["mixed"])
        for column, name in enumerate(SIGNALS, 1):
            panel = self.panels[name]
            self._canvas.addItem(panel, 0, column)
            self._canvas.addItem(self._time_axes[name], 1, column)
            self._time_axes[name].linkToView(panel)
            panel.seek_requested.connect(self.seek_requested)
            panel.loop_dragged.connect(self.loop_requested)
            panel.hovered.connect(self._hover)
            layout.setColumnStretchFactor(column, 1)
        self._heads = QHBoxLayout()
        for name, button in self.buttons.items():
            self._heads.addWidget(button, 1)
            button.clicked.connect(lambda _=False, name=name: self.monitor_requested.emit(name))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.addLayout(self._heads, 0, 0, 1, 2)
        self._grid.addWidget(self._canvas, 1, 0, 2, 1)
        self._grid.addWidget(self.colour_bar, 1, 1)
        self._grid.setRowStretch(1, 1)
        self._grid.setColumnStretch(0, 1)
        view.changed.connect(self.refresh)
        theme.changed.connect(self._restyle)
        self._restyle()
        self._set_scale(*DEFAULT_LEVELS_DB)

    def set_strips(self, strips: dict[str, SpectrogramStrip], column_s: float, first_s: float) -> None:
        """Show the strips of a scene; a panel without one ("clean" of a recording) is left out."""
        layout = self._canvas.ci.layout
        for column, (name, panel) in enumerate(self.panels.items(), 1):
            present = name in strips
            for item in (panel, self._time_axes[name]):
                item.setVisible(present)
            layout.setColumnStretchFactor(column, 1 if present else 0)
            layout.setColumnMaximumWidth(column, 1e6 if present else 0)
            layout.setColumnSpacing(column, self._theme.px(10) if present else 0)
            self.buttons[name].setVisible(present)
            panel.set_strip(strips.get(name), column_s, first_s)

    def refresh(self) -> None:
        """Draw the visible part of all strips anew."""
        for panel in self.panels.values():
            if panel.isVisible():
                panel.refresh()

    def place_of(self, name: str) -> QRect:
        """Return where a panel is inside this widget."""
        place = self._canvas.mapFromScene(self.panels[name].sceneBoundingRect()).boundingRect()
        return place.translated(self._canvas.pos())

    def set_playhead(self, position_s: float) -> None:
        """Move the playhead of all panels."""
        for panel in self.panels.values():
            panel.set_playhead(position_s)

    def set_loop(self, loop_s: tuple[float, float] | None) -> None:
        """Show the looped stretch in all panels."""
        for panel in self.panels.values():
            panel.set_loop(loop_s)

    def set_heard(self, name: str) -> None:
        """Mark which signal is heard."""
        for other, panel in self.panels.items():
            self.buttons[other].setChecked(other == name)
            panel.set_heard(other == name)

    def set_colour_map(self, name: str) -> None:
        """Choose a colour map of `COLOUR_MAPS`."""
        self._colours = colour_map(name)
        self._set_scale(*self.colour_bar.levels_db, quiet=True)

    def _set_scale(self, low_db: float, high_db: float, *, quiet: bool = False) -> None:
        self.colour_bar.set_colours(self._colours)
        table = colour_table(self._colours, low_db, high_db)
        for panel in self.panels.values():
            panel.image.setLookupTable(table)
            panel.setBackgroundColor(QColor(*(int(c) for c in table[0])))
        if not quiet:
            self.levels_changed.emit(low_db, high_db)

    def _hover(self, place: QPointF | None) -> None:
        if place is None:
            self.hovered.emit(None)
            return
        levels = {name: panel.level_at(place.x(), place.y()) for name, panel in self.panels.items()}
        known = {name: level for name, level in levels.items() if level is not None}
        self.hovered.emit(Hover(place.x(), place.y(), known) if known else None)

    def _restyle(self) -> None:
        px = self._theme.px
        self._canvas.setBackground(self._theme.color("window"))
        gap = px(10)
        layout = self._canvas.ci.layout
        layout.setHorizontalSpacing(gap)
        layout.setColumnSpacing(0, px(2))
        layout.setVerticalSpacing(0)
        self._heads.setSpacing(gap)
        self._heads.setContentsMargins(px(50), 0, px(58) + px(4), 0)
        self._grid.setHorizontalSpacing(px(4))
        self._grid.setVerticalSpacing(px(6))
        self._grid.setRowMinimumHeight(2, px(12))
        font = QFont(self._theme.font())
        self.setFont(font)
