"""How the page's lists, tables and fields look; the rest comes from the window's style sheet."""

from workbench.gui.theme import ICONS, ThemeManager


def style_sheet(manager: ThemeManager) -> str:
    """Return the style sheet of the page and its dialogs in the theme in force."""
    t, s = manager.theme, manager.px
    chevron = (ICONS / "chevron-down.svg").as_posix()
    return f"""
    QTableView {{ background: {t.surface}; alternate-background-color: {t.window};
        border: 1px solid {t.border}; border-radius: {s(8)}px; gridline-color: {t.border};
        selection-background-color: {t.accent_soft}; selection-color: {t.text}; }}
    QTableView:focus {{ border-color: {t.accent}; }}
    QTableView::item {{ padding: 0 {s(6)}px; }}
    QHeaderView {{ background: {t.surface}; border: none; }}
    QHeaderView::section {{ background: {t.surface}; color: {t.muted}; border: none;
        border-bottom: 1px solid {t.border}; padding: {s(4)}px {s(6)}px; font-weight: 600; }}
    QHeaderView::section:hover {{ color: {t.text}; }}
    QHeaderView::down-arrow {{ image: url({chevron}); width: {s(10)}px; }}
    QListView {{ background: transparent; border: 1px solid transparent; outline: none; }}
    QListView:focus {{ border-color: {t.border}; border-radius: {s(8)}px; }}
    QTextBrowser {{ background: {t.surface}; }}
    QPlainTextEdit {{ background: {t.surface}; border: 1px solid {t.border}; border-radius: {s(8)}px;
        padding: {s(4)}px; }}
    QPlainTextEdit[field="true"] {{ background: {t.raised}; border-radius: {s(6)}px; }}
    QPlainTextEdit:focus {{ border-color: {t.accent}; }}
    QLineEdit[invalid="true"], QPlainTextEdit[invalid="true"], QComboBox[invalid="true"] {{
        border: 1px solid {t.error}; background: {t.error_soft}; }}
    QPushButton::menu-indicator {{ image: none; width: 0; }}
    QLabel[role="field-error"] {{ color: {t.error}; font-size: {s(11)}px; }}
    QPushButton[danger="true"] {{ color: {t.error}; }}
    QToolButton[segment="true"] {{ padding: {s(4)}px {s(10)}px; }}
    QTabWidget::pane {{ border: none; }}
    QTabBar::tab {{ background: transparent; color: {t.muted}; border: none;
        border-bottom: 2px solid transparent; padding: {s(5)}px {s(10)}px; margin-right: {s(2)}px; }}
    QTabBar::tab:selected {{ color: {t.text}; border-bottom-color: {t.accent}; }}
    QTabBar::tab:hover {{ color: {t.text}; }}
    QTabBar::tab:focus {{ background: {t.hover}; border-radius: {s(4)}px; }}
    QSplitter::handle {{ background: transparent; }}
    QSplitter::handle:hover {{ background: {t.border}; }}
    QFrame#problem {{ background: {t.error_soft}; border: 1px solid {t.error}; border-radius: {s(8)}px; }}
    QScrollBar:horizontal {{ height: {s(10)}px; background: transparent; margin: 0; }}
    QScrollBar::handle:horizontal {{ background: {t.strong_border}; border-radius: {s(3)}px;
        margin: {s(2)}px; min-width: {s(24)}px; }}
    """
