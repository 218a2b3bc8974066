"""Rules that pages put into their style sheets; the rest comes from the window's style sheet."""

from workbench.gui.theme import ICONS, ThemeManager


def tab_rules(manager: ThemeManager) -> str:
    """Return flat tabs, underlined where chosen."""
    t, s = manager.theme, manager.px
    return f"""
    QTabWidget::pane {{ border: none; }}
    QTabBar::tab {{ background: transparent; color: {t.muted}; border: none;
        border-bottom: 2px solid transparent; padding: {s(5)}px {s(10)}px; margin-right: {s(2)}px; }}
    QTabBar::tab:selected {{ color: {t.text}; border-bottom-color: {t.accent}; }}
    QTabBar::tab:hover {{ color: {t.text}; }}
    QTabBar::tab:focus {{ background: {t.hover}; border-radius: {s(4)}px; }}
    """


def table_rules(manager: ThemeManager) -> str:
    """Return tables with round corners and quiet headers."""
    t, s = manager.theme, manager.px
    return f"""
    QTableView {{ background: {t.surface}; alternate-background-color: {t.window};
        border: 1px solid {t.border}; border-radius: {s(8)}px; gridline-color: {t.border};
        selection-background-color: {t.accent_soft}; selection-color: {t.text}; }}
    QTableView:focus {{ border-color: {t.accent}; }}
    QTableView::item {{ padding: 0 {s(6)}px; }}
    QHeaderView {{ background: {t.surface}; border: none; }}
    QHeaderView::section {{ background: {t.surface}; color: {t.muted}; border: none;
        border-bottom: 1px solid {t.border}; padding: {s(4)}px {s(6)}px; font-weight: 600; }}
    """


def header_sorting_rules(manager: ThemeManager) -> str:
    """Return headers that a click sorts by."""
    t, s = manager.theme, manager.px
    chevron = (ICONS / "chevron-down.svg").as_posix()
    return f"""
    QHeaderView::section:hover {{ color: {t.text}; }}
    QHeaderView::down-arrow {{ image: url({chevron}); width: {s(10)}px; }}
    """


def check_list_rules(manager: ThemeManager, *views: str) -> str:
    """Return lists of boxes to check, for the classes `views` of Qt."""
    t, s = manager.theme, manager.px
    check = (ICONS / ("check-dark.svg" if t.is_dark else "check-light.svg")).as_posix()

    def each(part: str) -> str:
        return ", ".join(view + part for view in views)

    return f"""
    {each("")} {{ background: transparent; border: 1px solid transparent; outline: none;
        border-radius: {s(4)}px; selection-background-color: {t.accent_soft}; selection-color: {t.text}; }}
    {each(":focus")} {{ border-color: {t.accent}; }}
    QTreeView::item {{ height: {s(22)}px; }}
    {each("::item:selected")} {{ background: {t.accent_soft}; color: {t.text}; }}
    {each("::indicator")} {{ width: {s(14)}px; height: {s(14)}px; border-radius: {s(4)}px;
        border: 1px solid {t.strong_border}; background: {t.raised}; }}
    {each("::indicator:checked")} {{ background: {t.accent}; border-color: {t.accent};
        image: url({check}); }}
    {each("::indicator:indeterminate")} {{ background: {t.accent_soft}; border-color: {t.accent}; }}
    """


def number_rules(manager: ThemeManager) -> str:
    """Return fields for numbers, without buttons."""
    t, s = manager.theme, manager.px
    return f"""
    QSpinBox, QDoubleSpinBox {{ background: {t.raised}; border: 1px solid {t.border};
        border-radius: {s(6)}px; padding: {s(3)}px {s(8)}px; min-height: {s(18)}px; }}
    QSpinBox:focus, QDoubleSpinBox:focus {{ border-color: {t.accent}; }}
    QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button,
    QDoubleSpinBox::down-button {{ width: 0; border: none; }}
    """


def splitter_rules(manager: ThemeManager) -> str:
    """Return handles of splitters that show under the pointer alone."""
    return f"""
    QSplitter::handle {{ background: transparent; }}
    QSplitter::handle:hover {{ background: {manager.theme.border}; }}
    """


def horizontal_scroll_bar_rules(manager: ThemeManager) -> str:
    """Return horizontal scroll bars like the window's vertical ones."""
    t, s = manager.theme, manager.px
    return f"""
    QScrollBar:horizontal {{ height: {s(10)}px; background: transparent; margin: 0; }}
    QScrollBar::handle:horizontal {{ background: {t.strong_border}; border-radius: {s(3)}px;
        margin: {s(2)}px; min-width: {s(24)}px; }}
    """
