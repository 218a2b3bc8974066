"""What one page asks of another: signals that the application connects."""

from PySide6.QtCore import QObject, Signal


class Hub(QObject):
    """The pages know the hub and not each other.

    Signals
    -------
    scene_requested : Scene
        Open this scene in the studio and show it.
    bundles_changed
        Models were added, removed or renamed on disk.
    page_requested : str
        Show the page of this title.
    """

    scene_requested = Signal(object)
    bundles_changed = Signal()
    page_requested = Signal(str)
