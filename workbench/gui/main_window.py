"""The window: menus, the message bar and the pages."""

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QPaintEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QMessageBox,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from workbench import __version__
from workbench.gui.keys import BY_NAME, KeysDialog, sequences
from workbench.gui.messages import Message, MessageBar, Notifier, open_log
from workbench.gui.settings import Settings
from workbench.gui.theme import SCALE_STEP, ThemeManager, ThemeMode

DEFAULT_SIZE = QSize(1280, 800)
MINIMUM_SIZE = QSize(900, 560)


class Page(Protocol):
    """What the window asks of a page, which is a QWidget as well."""

    title: str
    icon_name: str

    def fill_file_menu(self, menu: QMenu) -> None:
        """Add to the File menu."""

    def fill_view_menu(self, menu: QMenu) -> None:
        """Add to the View menu."""

    def menus(self) -> list[QMenu]:
        """Return menus of the page's own."""

    def start(self) -> None:
        """Begin work that had to wait for the first paint; called once, when the page is first shown."""

    def may_close(self) -> bool:
        """Ask the user where closing the window would stop something; return whether it may close."""

    def close_page(self) -> None:
        """Stop and remember."""


class MainWindow(QMainWindow):
    """Menus, message bar, and pages behind a rail of buttons (which shows once there are two).

    Parameters
    ----------
    pages : sequence of Page
        Widgets, the first is shown.
    settings : Settings
        What is kept between starts.
    theme : ThemeManager
        Colours and font scale.
    notifier : Notifier
        Where messages come from.
    """

    painted = Signal()

    def __init__(
        self, pages: Sequence[Page], settings: Settings, theme: ThemeManager, notifier: Notifier
    ) -> None:
        super().__init__()
        self._pages = pages
        self._settings = settings
        self._theme = theme
        self._has_painted = self._is_closed = False
        self._started: set[int] = set()
        self.setWindowTitle("Denoise Workbench")
        self.setMinimumSize(MINIMUM_SIZE)
        self.messages = MessageBar(theme)
        notifier.posted.connect(self._post)
        notifier.withdrawn.connect(self.messages.withdraw)
        self._stack = QStackedWidget()
        self._rail = QWidget()
        self._rail.setObjectName("rail")
        self._rail.setVisible(len(pages) > 1)
        self._rail_buttons = QButtonGroup(self)
        rail = QVBoxLayout(self._rail)
        rail.setContentsMargins(6, 8, 0, 8)
        rail.setSpacing(4)
        for index, page in enumerate(pages):
            self._stack.addWidget(page)  # type: ignore[arg-type]
            rail.addWidget(self._rail_button(index, page))
        rail.addStretch(1)
        centre = QWidget()
        across = QHBoxLayout(centre)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(0)
        column = QVBoxLayout()
        column.setSpacing(0)
        self._message_frame = QVBoxLayout()
        self._message_frame.setContentsMargins(12, 6, 12, 0)
        self._message_frame.addWidget(self.messages)
        column.addLayout(self._message_frame)
        column.addWidget(self._stack, 1)
        across.addWidget(self._rail)
        across.addLayout(column, 1)
        self.setCentralWidget(centre)
        self.theme_actions: dict[ThemeMode, QAction] = {}
        self._make_actions()
        self._menus = [self._menus_of(page) for page in pages]
        self._rail_buttons.idClicked.connect(self.show_page)
        self._show(0)
        if not self.restoreGeometry(settings.bytes("window/geometry")):
            self.resize(DEFAULT_SIZE)

    def show_page(self, index: int) -> None:
        """Bring a page to the front, with its menus."""
        self._show(index)
        self._start(index)

    def show_page_titled(self, title: str) -> None:
        """Bring the page of this title to the front."""
        self.show_page([page.title for page in self._pages].index(title))

    def show_keys(self) -> None:
        """Show the list of keys."""
        dialog = KeysDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def set_theme_mode(self, mode: ThemeMode) -> None:
        """Follow the system's theme or keep to one."""
        self._theme.set_mode(mode)
        self._settings.set("window/theme", mode.value)
        self.theme_actions[mode].setChecked(True)

    def set_font_scale(self, scale: float) -> None:
        """Set the size of text."""
        self._theme.set_scale(scale)
        self._settings.set("window/scale", self._theme.scale)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell of the first paint."""
        super().paintEvent(event)
        if not self._has_painted:
            self._has_painted = True
            self.painted.emit()
            # Not in the paint event itself: the first frame has to reach the screen before the rest begins.
            QTimer.singleShot(0, self, lambda: self._start(self._stack.currentIndex()))

    def changeEvent(self, event: QEvent) -> None:
        """Keep the full screen entry true."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self._full_screen.setChecked(self.isFullScreen())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask the pages, remember the window and stop them."""
        if self._is_closed or not all(page.may_close() for page in self._pages):
            event.setAccepted(self._is_closed)
            return
        self._is_closed = True
        self._settings.set_bytes("window/geometry", self.saveGeometry())
        for page in self._pages:
            page.close_page()
        self._settings.sync()
        event.accept()

    def _post(self, message: Message) -> None:
        self.messages.show_message(message)

    def _rail_button(self, index: int, page: Page) -> QToolButton:
        button = QToolButton()
        button.setCheckable(True)
        button.setText(page.title)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setToolTip(f"{page.title} (Alt+{index + 1})")
        button.setShortcut(f"Alt+{index + 1}")
        button.setProperty("flat", True)
        self._theme.bind_icon(button, page.icon_name)
        self._rail_buttons.addButton(button, index)
        return button

    def _show(self, index: int) -> None:
        self._stack.setCurrentIndex(index)
        self._rail_buttons.button(index).setChecked(True)
        bar = self.menuBar()
        bar.clear()
        for menu in self._menus[index]:
            bar.addMenu(menu)
        if (shown := self._stack.currentWidget()) is not None:
            shown.setFocus()

    def _start(self, index: int) -> None:
        if index not in self._started:
            self._started.add(index)
            self._pages[index].start()

    def _make_actions(self) -> None:
        """Make what every page's menus share."""
        self._quit = self._action("quit", self.close, "&Quit")
        self._theme_menu = QMenu("Theme", self)
        group = QActionGroup(self)
        titles = {ThemeMode.SYSTEM: "Follow the system", ThemeMode.LIGHT: "Light", ThemeMode.DARK: "Dark"}
        for mode, title in titles.items():
            action = QAction(title, group)
            action.setCheckable(True)
            action.setChecked(mode is self._theme.mode)
            action.triggered.connect(lambda _=False, mode=mode: self.set_theme_mode(mode))
            self._theme_menu.addAction(action)
            self.theme_actions[mode] = action
        self._sizes = [
            self._action("larger", lambda: self.set_font_scale(self._theme.scale + SCALE_STEP)),
            self._action("smaller", lambda: self.set_font_scale(self._theme.scale - SCALE_STEP)),
            self._action("normal", lambda: self.set_font_scale(1.0)),
        ]
        self._full_screen = self._action("full_screen", self._toggle_full_screen, "Full screen")
        self._full_screen.setCheckable(True)
        self._help_menu = QMenu("&Help", self)
        self._help_menu.addAction(self._action("keys", self.show_keys, "Keys and mouse"))
        self._help_menu.addAction("Open the log", open_log)
        self._help_menu.addAction("About", self._about)

    def _menus_of(self, page: Page) -> list[QMenu]:
        file_menu, view_menu = QMenu("&File", self), QMenu("&View", self)
        page.fill_file_menu(file_menu)
        if not file_menu.isEmpty():
            file_menu.addSeparator()
        file_menu.addAction(self._quit)
        page.fill_view_menu(view_menu)
        if not view_menu.isEmpty():
            view_menu.addSeparator()
        view_menu.addMenu(self._theme_menu)
        view_menu.addActions([*self._sizes, self._full_screen])
        return [file_menu, *page.menus(), view_menu, self._help_menu]

    def _action(self, name: str, run: object, text: str | None = None) -> QAction:
        action = QAction(text or BY_NAME[name].text, self)
        action.setShortcuts(sequences(name))
        action.triggered.connect(lambda _=False: run())  # type: ignore[operator]
        return action

    def _toggle_full_screen(self) -> None:
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _about(self) -> None:
        QMessageBox.about(
            self,
            "About Denoise Workbench",
            f"<b>Denoise Workbench {__version__}</b><p>Classifies the noise around a hearing-aid "
            "listener, and removes it while keeping the voice.</p><p>MIT licence.</p>",
        )
