"""How the researcher's page looks; the rest comes from the window's style sheet."""

from workbench.gui.theme import ICONS, ThemeManager


def style_sheet(manager: ThemeManager) -> str:
    """Return the style sheet of the page in the theme in force."""
    t, s = manager.theme, manager.px
    check = (ICONS / ("check-dark.svg" if t.is_dark else "check-light.svg")).as_posix()
    return f"""
    QTableView {{ background: {t.surface}; alternate-background-color: {t.window};
        border: 1px solid {t.border}; border-radius: {s(8)}px; gridline-color: {t.border};
        selection-background-color: {t.accent_soft}; selection-color: {t.text}; }}
    QTableView:focus {{ border-color: {t.accent}; }}
    QTableView::item {{ padding: 0 {s(6)}px; }}
    QHeaderView {{ background: {t.surface}; border: none; }}
    QHeaderView::section {{ background: {t.surface}; color: {t.muted}; border: none;
        border-bottom: 1px solid {t.border}; padding: {s(4)}px {s(6)}px; font-weight: 600; }}
    QListWidget {{ background: {t.surface}; border: 1px solid {t.border}; border-radius: {s(8)}px;
        outline: none; padding: {s(4)}px; }}
    QListWidget:focus {{ border-color: {t.accent}; }}
    QListWidget::item {{ padding: {s(6)}px {s(8)}px; border-radius: {s(5)}px; color: {t.text}; }}
    QListWidget::item:selected {{ background: {t.accent_soft}; color: {t.text}; }}
    QListWidget::item:hover:!selected {{ background: {t.hover}; }}
    QTreeView {{ background: transparent; border: 1px solid transparent; outline: none;
        border-radius: {s(4)}px; selection-background-color: {t.accent_soft}; selection-color: {t.text}; }}
    QTreeView:focus {{ border-color: {t.accent}; }}
    QTreeView::item {{ height: {s(22)}px; }}
    QTreeView::item:selected {{ background: {t.accent_soft}; color: {t.text}; }}
    QTreeView::indicator {{ width: {s(14)}px; height: {s(14)}px; border-radius: {s(4)}px;
        border: 1px solid {t.strong_border}; background: {t.raised}; }}
    QTreeView::indicator:checked {{ background: {t.accent}; border-color: {t.accent};
        image: url({check}); }}
    QTreeView::indicator:indeterminate {{ background: {t.accent_soft}; border-color: {t.accent}; }}
    QSpinBox, QDoubleSpinBox {{ background: {t.raised}; border: 1px solid {t.border};
        border-radius: {s(6)}px; padding: {s(3)}px {s(8)}px; min-height: {s(18)}px; }}
    QSpinBox:focus, QDoubleSpinBox:focus {{ border-color: {t.accent}; }}
    QSpinBox::up-button, QSpinBox::down-button, QDoubleSpinBox::up-button,
    QDoubleSpinBox::down-button {{ width: 0; border: none; }}
    QTextBrowser {{ background: {t.surface}; border: 1px solid {t.border}; border-radius: {s(8)}px;
        padding: {s(6)}px; }}
    QTextBrowser:focus {{ border-color: {t.accent}; }}
    QTabBar::tab {{ background: transparent; color: {t.muted}; border: none;
        border-bottom: 2px solid transparent; padding: {s(5)}px {s(10)}px; margin-right: {s(2)}px; }}
    QTabBar::tab:selected {{ color: {t.text}; border-bottom-color: {t.accent}; }}
    QTabBar::tab:hover {{ color: {t.text}; }}
    QTabBar::tab:focus {{ background: {t.hover}; border-radius: {s(4)}px; }}
    QSplitter::handle {{ background: transparent; }}
    QScrollBar:horizontal {{ height: {s(10)}px; background: transparent; margin: 0; }}
    QScrollBar::handle:horizontal {{ background: {t.strong_border}; border-radius: {s(3)}px;
        margin: {s(2)}px; min-width: {s(24)}px; }}
    """
