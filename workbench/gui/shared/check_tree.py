"""A list of things to choose from, in groups; what is not installed says how to get it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QFrame, QLabel, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from workbench.gui.theme import ThemeManager, role

_NAME = Qt.ItemDataRole.UserRole
_CHECK = Qt.ItemDataRole.CheckStateRole


@dataclass(frozen=True)
class Choice:
    """Something to choose.

    Attributes
    ----------
    name : str
        For the program.
    title, about : str
        For people.
    group : str
        Heading that it stands under.
    how_to_install : str or None
        Why it cannot be chosen, and what to do about it; None if it can.
    """

    name: str
    title: str
    about: str
    group: str
    how_to_install: str | None = None

    @property
    def command(self) -> str:
        """The command that installs it, empty if there is none."""
        text = self.how_to_install or ""
        place = text.find("pip install")
        return text[place:].rstrip(".") if place >= 0 else ""


class CheckTree(QWidget):
    """Groups with a box each for all, and a line below about the entry under the cursor.

    Parameters
    ----------
    name : str
        What is chosen, for screen readers.
    theme : ThemeManager
        Colours and sizes.
    """

    changed = Signal()

    def __init__(self, name: str, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self._choices: dict[str, Choice] = {}
        self.tree = _Tree()
        self.tree.setAccessibleName(name)
        self.about = role(QLabel(), "small")
        self.about.setWordWrap(True)
        self.about.setTextFormat(Qt.TextFormat.PlainText)
        self.about.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.about.hide()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addWidget(self.tree)
        box.addWidget(self.about)
        self.tree.itemChanged.connect(self._item_changed)
        self.tree.currentItemChanged.connect(self._show_about)
        self.tree.copied.connect(self._copy_command)
        theme.changed.connect(self._restyle)

    def set_choices(self, choices: Sequence[Choice], chosen: Iterable[str]) -> None:
        """List the choices in the order of their groups' first appearance, and check those chosen."""
        self._choices = {choice.name: choice for choice in choices}
        checked = set(chosen)
        with QSignalBlocker(self.tree):
            self.tree.clear()
            groups: dict[str, QTreeWidgetItem] = {}
            for choice in choices:
                if choice.group not in groups:
                    groups[choice.group] = group = QTreeWidgetItem(self.tree, [choice.group])
                    group.setExpanded(True)
                self._add(groups[choice.group], choice, choice.name in checked)
            for group in groups.values():
                _settle(group)
        self._restyle()

    def chosen(self) -> tuple[str, ...]:
        """Return the names of what is checked, from top to bottom."""
        return tuple(str(item.data(0, _NAME)) for item in self._items() if _is_checked(item))

    def item(self, name: str) -> QTreeWidgetItem:
        """Return the entry of a choice."""
        return next(item for item in self._items() if item.data(0, _NAME) == name)

    def _items(self) -> Iterable[QTreeWidgetItem]:
        root = self.tree.invisibleRootItem()
        for group in _children(root):
            yield from _children(group)

    def _add(self, group: QTreeWidgetItem, choice: Choice, is_checked: bool) -> None:
        item = QTreeWidgetItem(group, [choice.title])
        item.setData(0, _NAME, choice.name)
        item.setToolTip(0, choice.about)
        if choice.how_to_install is not None:
            item.setText(0, f"{choice.title} – not installed")
            item.setToolTip(0, f"{choice.about}\n{choice.how_to_install}")
        if choice.how_to_install is None or is_checked:
            item.setCheckState(0, Qt.CheckState.Checked if is_checked else Qt.CheckState.Unchecked)
        else:
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)

    def _item_changed(self, item: QTreeWidgetItem) -> None:
        with QSignalBlocker(self.tree):
            if (group := item.parent()) is None:
                for child in _children(item):
                    if child.data(0, _CHECK) is not None:
                        child.setCheckState(0, item.checkState(0))
            else:
                _settle(group)
        self.changed.emit()

    def _show_about(self, item: QTreeWidgetItem | None) -> None:
        choice = self._choices.get(str(item.data(0, _NAME))) if item else None
        self.about.setVisible(choice is not None)
        if choice is not None:
            copy = " (Ctrl+C copies the command.)" if choice.command else ""
            self.about.setText(f"{choice.how_to_install or choice.about}{copy}")

    def _copy_command(self) -> None:
        item = self.tree.currentItem()
        choice = self._choices.get(str(item.data(0, _NAME))) if item else None
        if choice is not None and choice.command:
            QGuiApplication.clipboard().setText(choice.command)

    def _restyle(self) -> None:
        """Colour what is missing, and be as high as the list is long: the form scrolls, not the list."""
        with QSignalBlocker(self.tree):
            for item in self._items():
                missing = self._choices[str(item.data(0, _NAME))].how_to_install is not None
                item.setForeground(0, self._theme.color("muted" if missing else "text"))
            root = self.tree.invisibleRootItem()
            for group in _children(root):
                group.setFont(0, self._theme.font(11.5, bold=True))
        n_rows = sum(1 for _ in self._items()) + self.tree.topLevelItemCount()
        self.tree.setFixedHeight(max(n_rows, 1) * self._theme.px(22) + 2)


class _Tree(QTreeWidget):
    copied = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setHeaderHidden(True)
        self.setIndentation(16)
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setUniformRowHeights(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copied.emit()
        else:
            super().keyPressEvent(event)


def _is_checked(item: QTreeWidgetItem) -> bool:
    # An entry without a box has no state; Qt would call it unchecked.
    return item.data(0, _CHECK) is not None and item.checkState(0) == Qt.CheckState.Checked


def _children(item: QTreeWidgetItem | None) -> Iterator[QTreeWidgetItem]:
    # Qt's own signatures differ between versions in whether an item may be missing.
    if item is not None:
        for place in range(item.childCount()):
            if (child := item.child(place)) is not None:
                yield child


def _settle(group: QTreeWidgetItem) -> None:
    """Let a group's box show what its entries have; a group that has none to choose has no box."""
    boxes = [child.checkState(0) for child in _children(group) if child.data(0, _CHECK) is not None]
    if boxes:
        same = len(set(boxes)) == 1
        group.setCheckState(0, boxes[0] if same else Qt.CheckState.PartiallyChecked)
