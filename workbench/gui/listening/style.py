"""How the researcher's page looks; the rest comes from the window's style sheet."""

from workbench.gui.shared.style_rules import (
    check_list_rules,
    horizontal_scroll_bar_rules,
    number_rules,
    tab_rules,
    table_rules,
)
from workbench.gui.theme import ThemeManager


def style_sheet(manager: ThemeManager) -> str:
    """Return the style sheet of the page in the theme in force."""
    t, s = manager.theme, manager.px
    return f"""
    {table_rules(manager)}
    {check_list_rules(manager, "QTreeView")}
    {number_rules(manager)}
    {tab_rules(manager)}
    {horizontal_scroll_bar_rules(manager)}
    QListWidget {{ background: {t.surface}; border: 1px solid {t.border}; border-radius: {s(8)}px;
        outline: none; padding: {s(4)}px; }}
    QListWidget:focus {{ border-color: {t.accent}; }}
    QListWidget::item {{ padding: {s(6)}px {s(8)}px; border-radius: {s(5)}px; color: {t.text}; }}
    QListWidget::item:selected {{ background: {t.accent_soft}; color: {t.text}; }}
    QListWidget::item:hover:!selected {{ background: {t.hover}; }}
    QTextBrowser {{ background: {t.surface}; border: 1px solid {t.border}; border-radius: {s(8)}px;
        padding: {s(6)}px; }}
    QTextBrowser:focus {{ border-color: {t.accent}; }}
    QSplitter::handle {{ background: transparent; }}
    """
