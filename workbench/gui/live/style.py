"""Colours and shapes of the live page; the rest comes from the window's style sheet."""

from PySide6.QtGui import QColor

from workbench.classifier.posterior import NoiseClass
from workbench.engine.latency import Grade
from workbench.evaluation.palette import class_colour
from workbench.gui.theme import ThemeManager


def grade_colour(grade: Grade, manager: ThemeManager) -> QColor:
    """Return green, amber or red."""
    if grade == "good":
        # The palette's green, told apart from amber and red with each common kind of colour blindness.
        return QColor(class_colour(NoiseClass.HOUSEHOLD, dark=manager.theme.is_dark))
    return manager.color("warning" if grade == "fair" else "error")


def style_sheet(manager: ThemeManager) -> str:
    """Return the style sheet of the page in the theme in force."""
    t, s = manager.theme, manager.px
    return f"""
    QPushButton#liveStart {{ background: {t.accent}; color: {t.on_accent}; border: 2px solid {t.accent};
        border-radius: {s(22)}px; padding: 0 {s(18)}px; font-size: {s(16)}px; font-weight: 600; }}
    QPushButton#liveStart:hover, QPushButton#liveStart:focus {{ border-color: {t.text}; }}
    QPushButton#liveStart:disabled {{ background: {t.border}; border-color: {t.border}; color: {t.muted}; }}
    QPushButton#liveStart[running="true"] {{ background: {t.surface}; color: {t.text};
        border-color: {t.strong_border}; }}
    QPushButton#liveStart[running="true"]:hover, QPushButton#liveStart[running="true"]:focus {{
        border-color: {t.text}; }}
    QToolButton[recording="true"] {{ background: {t.error_soft}; border-color: {t.error}; color: {t.error}; }}
    QLabel[role="alarm"] {{ color: {t.error}; font-size: {s(11)}px; }}
    QFrame#curtain {{ background: {t.surface}; border: 1px solid {t.strong_border};
        border-radius: {s(10)}px; }}
    QLabel#onPicture {{ color: #b9bfca; }}
    QPushButton#onPicture {{ background: #262a31; color: #e9ebee; border: 1px solid #454c57; }}
    QPushButton#onPicture:hover {{ background: #30353e; }}
    QPushButton#onPicture:focus {{ border-color: #3dbfb0; }}
    QListWidget {{ background: transparent; border: 1px solid transparent; border-radius: {s(4)}px;
        outline: none; }}
    QListWidget:focus {{ border-color: {t.accent}; }}
    QListWidget::item {{ padding: {s(2)}px {s(4)}px; border-radius: {s(4)}px; }}
    QListWidget::item:selected {{ background: {t.accent_soft}; color: {t.text}; }}
    """
