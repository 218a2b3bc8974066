"""How the page's list, tabs and documents look; the rest comes from the window's style sheet."""

from workbench.gui.theme import ThemeManager


def style_sheet(manager: ThemeManager) -> str:
    """Return the style sheet of the page in the theme in force."""
    t, s = manager.theme, manager.px
    return f"""
    QListWidget {{ background: {t.surface}; border: 1px solid {t.border}; border-radius: {s(8)}px;
        outline: none; padding: {s(2)}px; }}
    QTextBrowser {{ background: {t.surface}; border: 1px solid {t.border}; border-radius: {s(8)}px;
        padding: {s(6)}px {s(8)}px; selection-background-color: {t.accent_soft};
        selection-color: {t.text}; }}
    QTextBrowser:focus {{ border-color: {t.accent}; }}
    QTabWidget::pane {{ border: none; }}
    QTabBar::tab {{ background: transparent; color: {t.muted}; border: none;
        border-bottom: 2px solid transparent; padding: {s(5)}px {s(10)}px; margin-right: {s(2)}px; }}
    QTabBar::tab:selected {{ color: {t.text}; border-bottom-color: {t.accent}; }}
    QTabBar::tab:hover {{ color: {t.text}; }}
    QTabBar::tab:focus {{ background: {t.hover}; border-radius: {s(4)}px; }}
    QSplitter::handle {{ background: transparent; }}
    QSplitter::handle:hover {{ background: {t.border}; }}
    QScrollBar:horizontal {{ height: {s(10)}px; background: transparent; margin: 0; }}
    QScrollBar::handle:horizontal {{ background: {t.strong_border}; border-radius: {s(3)}px;
        margin: {s(2)}px; min-width: {s(24)}px; }}
    QPushButton[tight="true"] {{ padding: {s(5)}px {s(4)}px; }}
    """
