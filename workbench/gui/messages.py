"""The one place where problems reach the user, and the log that keeps the rest."""

import logging
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from workbench import resources
from workbench.errors import WorkbenchError
from workbench.gui.theme import ThemeManager

logger = logging.getLogger("workbench")
INFO_SHOWN_MS = 6000
OFFER_SHOWN_MS = 12_000


@dataclass(frozen=True)
class Message:
    """One thing to tell the user.

    Attributes
    ----------
    text : str
        One or two sentences, with what to do.
    level : str
        "info" (goes by itself), "warning" or "error".
    action : str
        Text of a button, empty for none.
    on_action : callable, optional
        What the button does.
    """

    text: str
    level: str = "info"
    action: str = ""
    on_action: Callable[[], object] | None = None


class MessageBar(QFrame):
    """A strip above the page with the newest message; closing it shows the one before."""

    def __init__(self, theme: ThemeManager, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messages")
        self._theme = theme
        self._messages: list[Message] = []
        self._icon = QToolButton()
        self._icon.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._icon.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.action_button = QPushButton()
        self.action_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.action_button.clicked.connect(self._act)
        self.close_button = QToolButton()
        self.close_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.close_button.setToolTip("Close this message")
        self.close_button.setAccessibleName("Close this message")
        self.close_button.clicked.connect(self.dismiss)
        theme.bind_icon(self.close_button, "close", "muted")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 6, 4)
        row.addWidget(self._icon)
        row.addWidget(self.label, 1)
        row.addWidget(self.action_button)
        row.addWidget(self.close_button)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.dismiss)
        self.hide()

    @property
    def current(self) -> Message | None:
        """The message on show."""
        return self._messages[-1] if self._messages else None

    def show_message(self, message: Message) -> None:
        """Show a message above those that are still open; the same text is not repeated.

        News give way to whatever comes after. News that offer something, such as undoing it, only give way to
        other news: an error stands above them meanwhile, a warning waits below.
        """
        self._messages = [
            m
            for m in self._messages
            if m.text != message.text and (m.level != "info" or (m.action and message.level != "info"))
        ]
        waits = message.level == "warning" and self.current is not None and self.current.level == "info"
        self._messages.insert(len(self._messages) - waits, message)
        if message.level != "info":
            logger.warning("%s", message.text)
        self._refresh()

    def dismiss(self) -> None:
        """Close the message on show."""
        if self._messages:
            self._messages.pop()
        self._refresh()

    def withdraw(self, text: str) -> None:
        """Take back a message that no longer holds."""
        self._messages = [m for m in self._messages if m.text != text]
        self._refresh()

    def _act(self) -> None:
        message = self.current
        if message is not None and message.on_action is not None:
            message.on_action()
        self.dismiss()

    def _refresh(self) -> None:
        self._timer.stop()
        message = self.current
        self.setVisible(message is not None)
        if message is None:
            return
        self.label.setText(message.text)
        self.action_button.setText(message.action)
        self.action_button.setVisible(bool(message.action))
        self._theme.bind_icon(self._icon, message.level, "text" if message.level == "info" else message.level)
        self.setProperty("level", message.level)
        self.style().polish(self)
        if message.level == "info":
            self._timer.start(OFFER_SHOWN_MS if message.action else INFO_SHOWN_MS)


class Notifier(QObject):
    """Carries messages and failures from any thread to the message bar.

    While installed it takes the exceptions that nobody caught, of the main thread and of others.
    """

    posted = Signal(object)
    withdrawn = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._hooks: tuple[Callable[..., object], Callable[..., object]] | None = None

    def info(self, text: str, action: str = "", on_action: Callable[[], object] | None = None) -> None:
        """Tell something that went well."""
        self.posted.emit(Message(text, "info", action, on_action))

    def warn(self, text: str) -> None:
        """Tell something that limits what the user can do."""
        self.posted.emit(Message(text, "warning"))

    def withdraw(self, text: str) -> None:
        """Take back a message that no longer holds."""
        self.withdrawn.emit(text)

    def failure(self, error: BaseException) -> None:
        """Tell a failure: the user's own in one sentence, a defect of ours with the way to the log."""
        if isinstance(error, WorkbenchError):
            self.posted.emit(Message(str(error), "error"))
            return
        logger.error("unexpected failure", exc_info=error)
        summary = str(error).strip().splitlines()[0][:160] if str(error).strip() else ""
        text = f"Something went wrong ({type(error).__name__}{': ' if summary else ''}{summary})."
        self.posted.emit(Message(f"{text} The log file has the details.", "error", "Open the log", open_log))

    def install(self) -> None:
        """Take over the hooks for uncaught exceptions."""
        self._hooks = (sys.excepthook, threading.excepthook)
        sys.excepthook = self._uncaught
        threading.excepthook = self._uncaught_in_thread

    def uninstall(self) -> None:
        """Give the hooks back."""
        if self._hooks is not None:
            sys.excepthook, threading.excepthook = self._hooks
            self._hooks = None

    def _uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        self.failure(error.with_traceback(trace))

    def _uncaught_in_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self.failure(args.exc_value)


def open_log() -> None:
    """Open the log file in the system's viewer."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(resources.log_path())))


def start_log(path: Path | None = None) -> logging.Handler | None:
    """Log to a file of at most 1 MB (and one old one); returns None where the file cannot be written."""
    path = path or resources.log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(path, maxBytes=1_000_000, backupCount=1, encoding="utf-8", delay=True)
    except OSError:
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    return handler
