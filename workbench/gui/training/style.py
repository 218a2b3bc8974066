"""How the page's lists, tables and fields look; the rest comes from the window's style sheet."""

from workbench.gui.shared.style_rules import (
    header_sorting_rules,
    horizontal_scroll_bar_rules,
    splitter_rules,
    tab_rules,
    table_rules,
)
from workbench.gui.theme import ThemeManager


def style_sheet(manager: ThemeManager) -> str:
    """Return the style sheet of the page and its dialogs in the theme in force."""
    t, s = manager.theme, manager.px
    return f"""
    {table_rules(manager)}
    {header_sorting_rules(manager)}
    {tab_rules(manager)}
    {splitter_rules(manager)}
    {horizontal_scroll_bar_rules(manager)}
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
    QFrame#problem {{ background: {t.error_soft}; border: 1px solid {t.error}; border-radius: {s(8)}px; }}
    """
