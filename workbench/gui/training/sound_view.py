"""A sound to see and hear: spectrogram with playhead, and a button that plays."""

from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from workbench.dsp import SAMPLE_RATE
from workbench.evaluation.spectrogram import DEFAULT_LEVELS_DB
from workbench.gui.shared.colour_map import colour_map
from workbench.gui.shared.unit_axis import UnitAxis
from workbench.gui.theme import ThemeManager, role
from workbench.gui.training.listener import Listener, Sound


class SoundView(QWidget):
    """Shows one file and plays it.

    Parameters
    ----------
    theme : ThemeManager
    listener : Listener
    """

    def __init__(self, theme: ThemeManager, listener: Listener) -> None:
        super().__init__()
        self._theme = theme
        self._listener = listener
        self.path: Path | None = None
        self.play_button = QToolButton()
        self.play_button.clicked.connect(self._toggle)
        self.name = QLabel()
        self.name.setTextFormat(Qt.TextFormat.PlainText)
        self.about = role(QLabel(), "small")
        axes = {"left": UnitAxis("left", " kHz", theme, 1e-3), "bottom": UnitAxis("bottom", " s", theme)}
        self.canvas = pg.PlotWidget(axisItems=axes)
        self.canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.image = pg.ImageItem(axisOrder="row-major")
        self._playhead = pg.InfiniteLine(angle=90)
        self._playhead.hide()
        plot = self.canvas.getPlotItem()
        plot.setMenuEnabled(False)
        plot.setMouseEnabled(False, False)
        plot.hideButtons()
        plot.addItem(self.image)
        plot.addItem(self._playhead, ignoreBounds=True)
        plot.layout.setContentsMargins(0, 8, 8, 0)
        self.image.setLookupTable(colour_map("magma"))
        text = QVBoxLayout()
        text.setSpacing(0)
        text.addWidget(self.name)
        text.addWidget(self.about)
        head = QHBoxLayout()
        head.addWidget(self.play_button)
        head.addLayout(text, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addLayout(head)
        box.addWidget(self.canvas, 1)
        listener.loaded.connect(self._show_sound)
        listener.playing_changed.connect(self._show_playing)
        listener.position_changed.connect(self._show_position)
        theme.changed.connect(self._restyle)
        self._restyle()
        self.show_file(None, "")

    def show_file(self, path: Path | None, title: str, about: str = "") -> None:
        """Show a file; None for nothing."""
        changed = path != self.path
        self.path = path
        self.name.setText(title)
        self.about.setText(about)
        self.play_button.setEnabled(path is not None)
        if changed:
            self.image.clear()
            self._show_playing(self._listener.playing)
            if path is not None:
                self._listener.load(path)

    def _toggle(self) -> None:
        if self.path is not None:
            self._listener.toggle(self.path)

    def _show_sound(self, sound: Sound) -> None:
        if sound.path != self.path:
            return
        picture = np.ascontiguousarray(sound.spectrogram_db.T, np.float32)
        self.image.setImage(picture, levels=DEFAULT_LEVELS_DB, autoLevels=False)
        self.image.setRect(QRectF(0, 0, sound.duration_s, SAMPLE_RATE / 2))
        self.canvas.getPlotItem().setRange(
            xRange=(0, sound.duration_s), yRange=(0, SAMPLE_RATE / 2), padding=0
        )

    def _show_playing(self, path: Path | None) -> None:
        playing = path is not None and path == self.path
        self._theme.bind_icon(self.play_button, "pause" if playing else "play")
        text = "Stop" if playing else "Play"
        self.play_button.setToolTip(text)
        self.play_button.setAccessibleName(text)
        self._playhead.setVisible(playing)

    def _show_position(self, position_s: float) -> None:
        if self._playhead.isVisible():
            self._playhead.setValue(position_s)

    def _restyle(self) -> None:
        colour = self._theme.color
        self.canvas.setBackground(colour("surface"))
        self.canvas.getPlotItem().getAxis("left").setWidth(self._theme.px(46))
        self._playhead.setPen(pg.mkPen("#ffffff", width=1.5))
