"""Which stretch of time and which band of frequencies is on show, the same in every picture of the page."""

from PySide6.QtCore import QObject, Signal

TOP_HZ = 8000.0
OPENING_SPAN_S = 6.0
MIN_SPAN_S = 0.05
MIN_BAND_HZ = 200.0
FOLLOW_PLACE = 0.6
"""Where in the picture the playhead stays while the picture follows it."""


class ViewRange(QObject):
    """The visible range of time (s) and frequency (Hz), kept inside the scene."""

    changed = Signal()
    can_loop = True

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.duration_s = 1.0
        self.time_s = (0.0, 1.0)
        self.band_hz = (0.0, TOP_HZ)

    @property
    def span_s(self) -> float:
        """Length of the visible stretch."""
        return self.time_s[1] - self.time_s[0]

    def open_scene(self, duration_s: float) -> None:
        """Begin at the start of a new scene: all of it if it is short."""
        self.duration_s = max(duration_s, MIN_SPAN_S)
        self._set((0.0, min(self.duration_s, OPENING_SPAN_S)), (0.0, TOP_HZ))

    def show_all(self) -> None:
        """Show the whole scene and all frequencies."""
        self._set((0.0, self.duration_s), (0.0, TOP_HZ))

    def show(self, start_s: float, stop_s: float) -> None:
        """Show a stretch of time."""
        self._set((start_s, stop_s), self.band_hz)

    def pan(self, by_s: float, by_hz: float = 0.0) -> None:
        """Move the picture."""
        self._set(
            (self.time_s[0] + by_s, self.time_s[1] + by_s), (self.band_hz[0] + by_hz, self.band_hz[1] + by_hz)
        )

    def zoom_time(self, factor: float, around_s: float) -> None:
        """Show `factor` times the stretch; `around_s` keeps its place."""
        self._set(_scaled(self.time_s, factor, around_s, MIN_SPAN_S, self.duration_s), self.band_hz)

    def zoom_band(self, factor: float, around_hz: float) -> None:
        """Show `factor` times the band; `around_hz` keeps its place."""
        self._set(self.time_s, _scaled(self.band_hz, factor, around_hz, MIN_BAND_HZ, TOP_HZ))

    def follow(self, position_s: float) -> None:
        """Keep a playhead at its place in the picture, where there is more to show."""
        start = position_s - FOLLOW_PLACE * self.span_s
        self._set((start, start + self.span_s), self.band_hz)

    def reveal(self, position_s: float) -> None:
        """Bring a position into the picture if it is outside."""
        if not self.time_s[0] <= position_s <= self.time_s[1]:
            self.follow(position_s)

    def _set(self, time_s: tuple[float, float], band_hz: tuple[float, float]) -> None:
        fitted = self._fit_time(time_s), _inside(band_hz, TOP_HZ)
        if fitted != (self.time_s, self.band_hz):
            self.time_s, self.band_hz = fitted
            self.changed.emit()

    def _fit_time(self, time_s: tuple[float, float]) -> tuple[float, float]:
        return _inside(time_s, self.duration_s)


def _inside(span: tuple[float, float], end: float) -> tuple[float, float]:
    width = min(span[1] - span[0], end)
    start = min(max(span[0], 0.0), end - width)
    return start, start + width


def _scaled(
    span: tuple[float, float], factor: float, around: float, least: float, most: float
) -> tuple[float, float]:
    width = min(max((span[1] - span[0]) * factor, least), most)
    share = (around - span[0]) / (span[1] - span[0])
    start = around - share * width
    return start, start + width
