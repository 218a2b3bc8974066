"""What every picture over time on the page has in common: mouse, playhead, loop and axes."""

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsSceneWheelEvent

from workbench.gui.shared.view_range import ViewRange
from workbench.gui.theme import DARK, ThemeManager

WHEEL_ZOOM = 0.8


class SceneViewBox(pg.ViewBox):
    """Shows the stretch of a `ViewRange` and turns the mouse into intents.

    Click seeks; dragging moves the picture; dragging with Shift chooses a loop; the wheel zooms time, with
    Ctrl frequency, with Shift it moves along; double click shows everything.

    Parameters
    ----------
    view : ViewRange
        What is on show; shared by all pictures.
    theme : ThemeManager
        Colours.
    shows_frequency : bool
        Whether the vertical axis is the view's band, or fixed from 0 to 1.
    """

    seek_requested = Signal(float)
    loop_dragged = Signal(float, float)
    hovered = Signal(object)

    def __init__(self, view: ViewRange, theme: ThemeManager, *, shows_frequency: bool) -> None:
        super().__init__(enableMenu=False, enableMouse=False)
        self._view = view
        self._theme = theme
        self._shows_frequency = shows_frequency
        self._loop_start_s = 0.0
        self.disableAutoRange()
        self.setDefaultPadding(0.0)
        self.loop_region = pg.LinearRegionItem(movable=False, pen=pg.mkPen(None))
        self.loop_region.setZValue(8)
        for edge in self.loop_region.lines:
            edge.setMovable(True)
            edge.sigPositionChangeFinished.connect(self._edge_moved)
        self.loop_region.hide()
        self.playhead = pg.InfiniteLine(0.0, angle=90)
        self.playhead.setZValue(10)
        self.addItem(self.loop_region, ignoreBounds=True)
        self.addItem(self.playhead, ignoreBounds=True)
        view.changed.connect(self._show_range)
        theme.changed.connect(self._restyle)
        self._restyle()
        self._show_range()

    def set_playhead(self, position_s: float) -> None:
        """Move the playhead."""
        self.playhead.setPos(position_s)

    def set_loop(self, loop_s: tuple[float, float] | None) -> None:
        """Show the looped stretch."""
        self.loop_region.setVisible(loop_s is not None)
        if loop_s is not None:
            self.loop_region.setRegion(loop_s)

    def mouseClickEvent(self, event: object) -> None:
        """Seek with a click, show everything with a double click."""
        if event.button() != Qt.MouseButton.LeftButton:  # type: ignore[attr-defined]
            return
        event.accept()  # type: ignore[attr-defined]
        if event.double():  # type: ignore[attr-defined]
            self._view.show_all()
        else:
            self.seek_requested.emit(self._place(event.pos()).x())  # type: ignore[attr-defined]

    def mouseDragEvent(self, event: object, axis: int | None = None) -> None:
        """Move the picture, or choose a loop with Shift."""
        if event.button() not in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):  # type: ignore[attr-defined]
            return
        event.accept()  # type: ignore[attr-defined]
        here = self._place(event.pos())  # type: ignore[attr-defined]
        if event.isStart():  # type: ignore[attr-defined]
            shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier  # type: ignore[attr-defined]
            self._choosing_loop = self._view.can_loop and bool(shift)
            self._loop_start_s = self._place(event.buttonDownPos()).x()  # type: ignore[attr-defined]
        if self._choosing_loop:
            ends = sorted((self._loop_start_s, min(max(here.x(), 0.0), self._view.duration_s)))
            self.set_loop((ends[0], ends[1]))
            if event.isFinish():  # type: ignore[attr-defined]
                self.loop_dragged.emit(*ends)
            return
        before = self._place(event.lastPos())  # type: ignore[attr-defined]
        moved = before - here
        self._view.pan(moved.x(), moved.y() if self._shows_frequency else 0.0)

    def wheelEvent(self, event: QGraphicsSceneWheelEvent, axis: int | None = None) -> None:
        """Zoom or move along."""
        event.accept()
        here = self._place(event.pos())
        turned = event.delta() / 120.0
        sideways = event.orientation() == Qt.Orientation.Horizontal
        if sideways or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._view.pan(-turned * 0.1 * self._view.span_s)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier and self._shows_frequency:
            self._view.zoom_band(WHEEL_ZOOM**turned, here.y())
        else:
            self._view.zoom_time(WHEEL_ZOOM**turned, here.x())

    def hoverEvent(self, event: object) -> None:
        """Report the place under the pointer, None when it leaves."""
        left = event.isExit()  # type: ignore[attr-defined]
        self.hovered.emit(None if left else self._place(event.pos()))  # type: ignore[attr-defined]

    def _place(self, position: QPointF) -> QPointF:
        """Map a position in the item to time and frequency."""
        return self.mapToView(position)

    def _edge_moved(self) -> None:
        ends = sorted(self.loop_region.getRegion())
        self.loop_dragged.emit(*ends)

    def _show_range(self) -> None:
        band = self._view.band_hz if self._shows_frequency else (0.0, 1.0)
        self.setRange(xRange=self._view.time_s, yRange=band, padding=0.0, disableAutoRange=True)

    def _restyle(self) -> None:
        on_picture = QColor("white") if self._shows_frequency else self._theme.color("text")
        self.playhead.setPen(pg.mkPen(on_picture, width=max(1, self._theme.px(1.6))))
        # The pictures are dark in both themes.
        accent = QColor(DARK.accent) if self._shows_frequency else self._theme.color("accent")
        edge = pg.mkPen(accent, width=self._theme.px(2))
        fill = QColor(accent)
        fill.setAlphaF(0.06 if self._shows_frequency else 0.16)
        self.loop_region.setBrush(fill)
        for line in self.loop_region.lines:
            line.setPen(edge)
            line.setHoverPen(pg.mkPen(accent, width=self._theme.px(4)))
