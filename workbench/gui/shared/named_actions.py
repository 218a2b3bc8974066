"""What a page can do, by name: for its menus, buttons and keys."""

from collections.abc import Callable

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget


class NamedActions(dict[str, QAction]):
    """The actions of a page.

    Parameters
    ----------
    page : QWidget
        What owns them; their keys work while it is shown.
    """

    def __init__(self, page: QWidget) -> None:
        super().__init__()
        self._page = page

    def add(self, name: str, text: str, run: Callable[[], object], *keys: str | QKeySequence) -> QAction:
        """Add an action that calls `run`, and return it."""
        action = QAction(text, self._page)
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.triggered.connect(lambda _=False: run())
        self._page.addAction(action)
        self[name] = action
        return action
