"""A spectrogram that scrolls: only new columns are coloured, the rest is moved by the painter."""

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from workbench.gui.live.live_picture import Waterfall
from workbench.gui.shared.spectrogram_panel import SpectrogramPanel
from workbench.gui.shared.spectrogram_strip import LOWEST_DB, STEPS_PER_DB
from workbench.gui.shared.view_range import TOP_HZ, ViewRange
from workbench.gui.theme import ThemeManager

MAX_SLOTS = 640
"""The most columns in an image; longer stretches put several columns into one, and keep the loudest."""


class ScrollingImage(pg.GraphicsObject):
    """The newest part of a waterfall, its right edge at 0 s.

    The image is a ring that is twice as wide as what is shown: each column is written at two places, so that
    the part on show is always in one piece.
    """

    def __init__(self) -> None:
        super().__init__()
        self._waterfall: Waterfall | None = None
        self._table: NDArray[np.uint32] = np.zeros(256, np.uint32)
        self._group = self._n_slots = 1
        self._n_drawn = 0
        self._pixels: NDArray[np.uint32] = np.zeros((1, 2), np.uint32)
        self._image = QImage()
        self._place = QRectF(0, 0, 1, 1)

    def setLookupTable(self, table: NDArray[np.uint8]) -> None:
        """Set the colours of the cells, uint8, shape (256, 3)."""
        red, green, blue = (table[:, index].astype(np.uint32) for index in range(3))
        self._table = np.uint32(0xFF000000) | red << np.uint32(16) | green << np.uint32(8) | blue
        self._begin()

    def follow(self, waterfall: Waterfall, span_s: float) -> None:
        """Show the newest `span_s` of a waterfall; to be called whenever it has grown."""
        n_columns = min(int(np.ceil(span_s / waterfall.column_s)), waterfall.n_columns)
        group = -(-n_columns // MAX_SLOTS)
        n_slots = n_columns // group
        if waterfall is not self._waterfall or (group, n_slots) != (self._group, self._n_slots):
            self._waterfall, self._group, self._n_slots = waterfall, group, n_slots
            self.prepareGeometryChange()
            width_s = n_slots * group * waterfall.column_s
            bin_hz = TOP_HZ / (waterfall.n_bins - 1)
            self._place = QRectF(-width_s, -bin_hz / 2, width_s, TOP_HZ + bin_hz)
            self._begin()
        self._draw_new()
        self.update()

    def boundingRect(self) -> QRectF:
        """Return where the image is, in s and Hz."""
        return self._place

    def paint(self, painter: QPainter, *args: object) -> None:
        """Draw the part of the ring that is on show."""
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        first = self._n_drawn % self._n_slots
        painter.drawImage(self._place, self._image, QRectF(first, 0, self._n_slots, self._image.height()))

    def _begin(self) -> None:
        """Draw everything anew."""
        if self._waterfall is None:
            return
        n_bins = self._waterfall.n_bins
        self._pixels = np.full((n_bins, 2 * self._n_slots), self._table[0], np.uint32)
        self._image = QImage(
            self._pixels.data, 2 * self._n_slots, n_bins, self._pixels.strides[0], QImage.Format.Format_RGB32
        )
        kept = (self._waterfall.n_written - self._waterfall.n_columns) // self._group + 1
        newest = self._waterfall.n_written // self._group
        self._n_drawn = max(0, newest - self._n_slots, kept)
        self._draw_new()
        self.update()

    def _draw_new(self) -> None:
        assert self._waterfall is not None
        n_done = self._waterfall.n_written // self._group
        first = max(self._n_drawn, n_done - self._n_slots)
        if n_done <= first:
            return
        cells = self._waterfall.columns(first * self._group, n_done * self._group)
        cells = cells.reshape(n_done - first, self._group, -1).max(axis=1)
        slots = np.arange(first, n_done) % self._n_slots
        self._pixels[:, slots] = self._pixels[:, slots + self._n_slots] = self._table[cells].T
        self._n_drawn = n_done


class ScrollingPanel(SpectrogramPanel):
    """A panel of the studio's kind over a `Waterfall`."""

    image_class = ScrollingImage
    image: ScrollingImage

    def __init__(self, view: ViewRange, theme: ThemeManager) -> None:
        self._waterfall: Waterfall | None = None
        super().__init__(view, theme)
        self.playhead.hide()

    def set_waterfall(self, waterfall: Waterfall) -> None:
        """Show another run."""
        self._waterfall = waterfall
        self.refresh()

    def refresh(self) -> None:
        """Draw what is new."""
        if self._waterfall is not None:
            self.image.follow(self._waterfall, self._view.span_s)

    def level_at(self, time_s: float, frequency_hz: float) -> float | None:
        """Return the level shown at a place, dB."""
        cell = None if self._waterfall is None else self._waterfall.cell_at(time_s, frequency_hz / TOP_HZ)
        return None if cell is None else LOWEST_DB + cell / STEPS_PER_DB
