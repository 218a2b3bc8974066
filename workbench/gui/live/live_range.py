"""What stretch of live sound is on show: always up to now."""

from PySide6.QtCore import QObject

from workbench.gui.shared.view_range import ViewRange

KEPT_S = 30.0
"""The longest stretch that can be shown."""

OPENING_SPAN_S = 6.0
SHORTEST_SPAN_S = 1.0


class LiveRange(ViewRange):
    """A range of time that ends now, at 0 s: zooming changes how far back it reaches."""

    can_loop = False

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.duration_s = KEPT_S
        self.show(-OPENING_SPAN_S, 0.0)

    def _fit_time(self, time_s: tuple[float, float]) -> tuple[float, float]:
        return -min(max(time_s[1] - time_s[0], SHORTEST_SPAN_S), self.duration_s), 0.0
