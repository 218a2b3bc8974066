"""What a job says, line by line: its events in words, and its error output."""

from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from workbench.gui.theme import ThemeManager
from workbench.training.queue import Watch

MAX_LINES = 4000


class Console(QWidget):
    """Follows the end unless the user has scrolled up."""

    def __init__(self, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setAccessibleName("Console")
        self.text.setMaximumBlockCount(MAX_LINES)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._watch: Watch | None = None
        self._n_messages = self._n_log_lines = 0
        box = QVBoxLayout(self)
        box.setContentsMargins(0, theme.px(6), 0, 0)
        box.addWidget(self.text)
        theme.changed.connect(self._restyle)
        self._restyle()

    def show_watch(self, watch: Watch) -> None:
        """Add what has been said since the last time."""
        if watch is not self._watch:
            self._watch = watch
            self._n_messages = self._n_log_lines = 0
            self.text.clear()
        messages = watch.history.messages[self._n_messages :]
        n_new = min(watch.n_log_lines - self._n_log_lines, len(watch.log_lines))
        log_lines = list(watch.log_lines)[len(watch.log_lines) - n_new :]
        self._n_messages, self._n_log_lines = len(watch.history.messages), watch.n_log_lines
        lines = [*messages, *log_lines][-MAX_LINES:]
        if lines:
            self.text.appendPlainText("\n".join(lines))

    def _restyle(self) -> None:
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPixelSize(self._theme.px(12))
        self.text.setFont(font)
