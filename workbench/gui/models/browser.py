"""Documents in the window: read-only, and with nothing in them fetched from anywhere."""

from typing import Any

from PySide6.QtCore import QByteArray, Qt, QUrl
from PySide6.QtGui import (
    QBrush,
    QDesktopServices,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
)
from PySide6.QtWidgets import QFrame, QTextBrowser

from workbench.gui.models.documents import document_style
from workbench.gui.theme import ThemeManager


class LocalBrowser(QTextBrowser):
    """A page of HTML or Markdown that follows the theme.

    Pictures and other pages are not loaded, wherever they are said to lie; a click on a link to the web opens
    it outside.

    Parameters
    ----------
    name : str
        What it shows, for screen readers.
    theme : ThemeManager
        Colours and sizes.
    """

    def __init__(self, name: str, theme: ThemeManager) -> None:
        super().__init__()
        self._theme = theme
        self._html: str | None = None
        self._markdown: str | None = None
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setAcceptDrops(False)
        self.viewport().setAcceptDrops(False)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextBrowserInteraction | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.anchorClicked.connect(self._follow)
        theme.changed.connect(self._show)

    def show_html(self, html: str) -> None:
        """Show trusted HTML of our own."""
        self._html, self._markdown = html, None
        self._show()

    def show_markdown(self, markdown: str) -> None:
        """Show Markdown from anywhere; HTML in it stays text."""
        self._html, self._markdown = None, markdown
        self._show()

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        """Load nothing."""
        return QByteArray()

    def _follow(self, url: QUrl) -> None:
        if url.scheme() in ("http", "https"):
            QDesktopServices.openUrl(url)
        elif url.hasFragment() and not url.path():
            self.scrollToAnchor(url.fragment())

    def _show(self) -> None:
        place = self.verticalScrollBar().value()
        document = self.document()
        document.setDefaultFont(self._theme.font())
        document.setDocumentMargin(self._theme.px(4))
        document.setDefaultStyleSheet(document_style(self._theme))
        if self._html is not None:
            document.setHtml(f"<body>{self._html}</body>")
        elif self._markdown is not None:
            features = QTextDocument.MarkdownFeature
            document.setMarkdown(self._markdown, features.MarkdownDialectGitHub | features.MarkdownNoHTML)
            self._style_markdown()
        # What is put in pushes the cursor to the end, which is scrolled to once this is shown or resized.
        self.moveCursor(QTextCursor.MoveOperation.Start)
        self.verticalScrollBar().setValue(place)

    def _style_markdown(self) -> None:
        """Give tables lines, code a ground and headings a size; Markdown comes without any."""
        theme, px = self._theme, self._theme.px
        cursor = QTextCursor(self.document())
        block = self.document().begin()
        while block.isValid():
            how = block.blockFormat()
            cursor.setPosition(block.position())
            cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
            if level := how.headingLevel():
                shape = QTextCharFormat()
                shape.setProperty(QTextFormat.Property.FontSizeAdjustment, 1 if level == 1 else 0)
                cursor.mergeCharFormat(shape)
                room = QTextBlockFormat()
                room.setTopMargin(0 if level == 1 else px(14))
                room.setBottomMargin(px(5))
                cursor.mergeBlockFormat(room)
            elif how.hasProperty(QTextFormat.Property.BlockCodeFence) or how.nonBreakableLines():
                code = QTextCharFormat()
                code.setProperty(QTextFormat.Property.FontPixelSize, px(12))
                cursor.mergeCharFormat(code)
                ground = QTextBlockFormat()
                ground.setBackground(QBrush(theme.color("window")))
                # A command is one long line.
                ground.setNonBreakableLines(False)
                cursor.mergeBlockFormat(ground)
            block = block.next()
        for frame in self.document().rootFrame().childFrames():
            if isinstance(frame, QTextTable):
                # Markdown's tables begin with a heading, if an empty one.
                if not any(self._says(frame, column) for column in range(frame.columns())):
                    frame.removeRows(0, 1)
                grid = frame.format()
                grid.setBorder(1)
                grid.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
                grid.setBorderBrush(QBrush(theme.color("border")))
                grid.setBorderCollapse(True)
                grid.setCellPadding(px(4))
                grid.setCellSpacing(0)
                grid.setBottomMargin(px(10))
                grid.setWidth(QTextLength())
                frame.setFormat(grid)

    @staticmethod
    def _says(table: QTextTable, column: int) -> bool:
        """Return whether a cell of the first row says anything."""
        cell = table.cellAt(0, column)
        return cell.lastPosition() > cell.firstPosition()
