"""How the page's list, tabs and documents look; the rest comes from the window's style sheet."""

from workbench.gui.shared.style_rules import (
    horizontal_scroll_bar_rules,
    splitter_rules,
    tab_rules,
)
from workbench.gui.theme import ThemeManager


def style_sheet(manager: ThemeManager) -> str:
    """Return the style sheet of the page in the theme in force."""
    t, s = manager.theme, manager.px
    return f"""
    {tab_rules(manager)}
    {splitter_rules(manager)}
    {horizontal_scroll_bar_rules(manager)}
    QListWidget {{ background: {t.surface}; border: 1px solid {t.border}; border-radius: {s(8)}px;
        outline: none; padding: {s(2)}px; }}
    QTextBrowser {{ background: {t.surface}; border: 1px solid {t.border}; border-radius: {s(8)}px;
        padding: {s(6)}px {s(8)}px; selection-background-color: {t.accent_soft};
        selection-color: {t.text}; }}
    QTextBrowser:focus {{ border-color: {t.accent}; }}
    QPushButton[tight="true"] {{ padding: {s(5)}px {s(4)}px; }}
    """
