"""The recordings in the folder, and what to do with them."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QPushButton, QToolButton

from workbench.gui.live.controller import TakeLine
from workbench.gui.shared.card import Card
from workbench.gui.theme import ThemeManager, role

MOST_ROWS, FEWEST_ROWS = 7, 2


class _TakeList(QListWidget):
    delete_pressed = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.delete_pressed.emit()
        else:
            super().keyPressEvent(event)


class TakesCard(Card):
    """A list, the newest first; a double click or Return opens one in the studio."""

    open_requested = Signal(object)
    reveal_requested = Signal(object)
    delete_requested = Signal(object)
    folder_requested = Signal()

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__("RECORDINGS", theme)
        self.folder_button = QToolButton()
        self.folder_button.setProperty("flat", True)
        self.folder_button.setProperty("tight", True)
        self.folder_button.setAccessibleName("Choose the folder of recordings")
        self.folder_button.clicked.connect(self.folder_requested)
        theme.bind_icon(self.folder_button, "folder")
        self.head.addWidget(self.folder_button)
        self._empty = role(
            QLabel("None yet. Record (R), or keep the last minute (K): it is always at hand."), "small"
        )
        self._empty.setWordWrap(True)
        self.list = _TakeList()
        self.list.setAccessibleName("Recordings")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemActivated.connect(lambda _: self._ask(self.open_requested))
        self.list.delete_pressed.connect(lambda: self._ask(self.delete_requested))
        self.list.currentItemChanged.connect(lambda *_: self._enable())
        self.open_button = QPushButton("Open in studio")
        self.open_button.setToolTip("Listen to it, look at it and measure it in the studio (Return)")
        self.open_button.clicked.connect(lambda: self._ask(self.open_requested))
        self.reveal_button, self.delete_button = QToolButton(), QToolButton()
        for button, icon_name, tip, wish in (
            (self.reveal_button, "folder", "Show its folder", self.reveal_requested),
            (self.delete_button, "delete", "Delete it (Del)", self.delete_requested),
        ):
            button.setToolTip(tip)
            button.setAccessibleName(tip.split(" (")[0])
            theme.bind_icon(button, icon_name)
            button.clicked.connect(lambda _=False, wish=wish: self._ask(wish))
        self._row = QHBoxLayout()
        self._row.setSpacing(6)
        self._row.addWidget(self.open_button, 1)
        self._row.addWidget(self.reveal_button)
        self._row.addWidget(self.delete_button)
        self.body.addWidget(self._empty)
        self.body.addWidget(self.list)
        self.body.addLayout(self._row)
        self.set_takes([])

    def set_folder(self, folder: Path) -> None:
        """Show where the takes are."""
        self.folder_button.setToolTip(f"Recordings are kept in {folder}\nClick to choose another folder")

    def set_takes(self, takes: Sequence[TakeLine]) -> None:
        """List takes; the chosen one stays chosen."""
        chosen = self.chosen
        self.list.clear()
        for take in takes:
            item = QListWidgetItem(f"{take.title}   {take.detail}")
            item.setData(Qt.ItemDataRole.UserRole, str(take.folder))
            item.setToolTip(str(take.folder))
            self.list.addItem(item)
            if take.folder == chosen:
                self.list.setCurrentItem(item)
        if takes and self.list.currentItem() is None:
            self.list.setCurrentRow(0)
        self._empty.setVisible(not takes)
        self.list.setVisible(bool(takes))
        for widget in (self.open_button, self.reveal_button, self.delete_button):
            widget.setVisible(bool(takes))
        self._enable()
        self._fit()

    @property
    def chosen(self) -> Path | None:
        """The take that is chosen."""
        item = self.list.currentItem()
        return None if item is None else Path(item.data(Qt.ItemDataRole.UserRole))

    def _ask(self, wish: object) -> None:
        if self.chosen is not None:
            wish.emit(self.chosen)  # type: ignore[attr-defined]

    def _enable(self) -> None:
        for button in (self.open_button, self.reveal_button, self.delete_button):
            button.setEnabled(self.chosen is not None)

    def _fit(self) -> None:
        row = self._theme.px(22)
        for index in range(self.list.count()):
            self.list.item(index).setSizeHint(QSize(0, row))
        self.list.setFixedHeight(row * min(max(self.list.count(), FEWEST_ROWS), MOST_ROWS) + 4)

    def _restyle(self) -> None:
        super()._restyle()
        if hasattr(self, "list"):
            self._fit()
