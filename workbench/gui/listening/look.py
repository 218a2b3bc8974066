"""How the listener's screen looks: large and calm, light, dark or in high contrast, at any size of text."""

from enum import StrEnum

import shiboken6
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QBoxLayout

from workbench.gui.settings import Settings
from workbench.gui.theme import DARK, ICONS, LIGHT, MAX_SCALE, MIN_SCALE, SCALE_STEP, Theme, system_is_dark

TEXT_PX = 18
"""Size of text at a scale of 1."""


class Colours(StrEnum):
    """Sets of colours that a listener can choose from."""

    LIGHT = "light"
    DARK = "dark"
    CONTRAST = "contrast"


COLOUR_TITLES = {Colours.LIGHT: "Light", Colours.DARK: "Dark", Colours.CONTRAST: "High contrast"}

CONTRAST = Theme(
    name="contrast",
    window="#000000",
    surface="#000000",
    raised="#000000",
    hover="#2b2b00",
    border="#ffffff",
    strong_border="#ffffff",
    text="#ffffff",
    muted="#ffffff",
    accent="#ffe600",
    on_accent="#000000",
    accent_soft="#3b3600",
    info_soft="#000000",
    warning="#ffe600",
    warning_soft="#000000",
    error="#ffb3ab",
    error_soft="#000000",
)
_THEMES = {Colours.LIGHT: LIGHT, Colours.DARK: DARK, Colours.CONTRAST: CONTRAST}


class Look(QObject):
    """Colours and size of text; painted widgets are told when they change.

    Parameters
    ----------
    settings : Settings
        Keeps what was chosen on this computer.
    """

    changed = Signal()

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        usual = Colours.DARK if system_is_dark() else Colours.LIGHT
        name = settings.get("listening/colours", usual.value)
        self.colours = Colours(name) if name in list(Colours) else usual
        self.scale = _limited(settings.get("listening/scale", 1.0))
        self._spaced: list[tuple[QBoxLayout, float]] = []

    @property
    def theme(self) -> Theme:
        """The colours in force."""
        return _THEMES[self.colours]

    @property
    def line_px(self) -> int:
        """Width of lines and frames, in pixels."""
        return 2 if self.colours is Colours.CONTRAST else 1

    def set_colours(self, colours: Colours) -> None:
        """Take another set of colours."""
        self.colours = colours
        self._settings.set("listening/colours", colours.value)
        self.changed.emit()

    def next_colours(self) -> None:
        """Take the next set of colours."""
        every = list(Colours)
        self.set_colours(every[(every.index(self.colours) + 1) % len(every)])

    def set_scale(self, scale: float) -> None:
        """Set the size of text, 1 being the normal one."""
        self.scale = _limited(scale)
        self._settings.set("listening/scale", self.scale)
        for layout, pixels in self._spaced:
            if shiboken6.isValid(layout):
                layout.setSpacing(self.px(pixels))
        self.changed.emit()

    def larger(self) -> None:
        """Make text larger."""
        self.set_scale(self.scale + SCALE_STEP)

    def smaller(self) -> None:
        """Make text smaller."""
        self.set_scale(self.scale - SCALE_STEP)

    def px(self, pixels: float) -> int:
        """Return a length at the size of text in force, in pixels."""
        return round(pixels * self.scale)

    def space(self, layout: QBoxLayout, pixels: float) -> None:
        """Keep a distance between a layout's items that goes with the size of text."""
        self._spaced = [entry for entry in self._spaced if shiboken6.isValid(entry[0])]
        self._spaced.append((layout, pixels))
        layout.setSpacing(self.px(pixels))

    def color(self, role: str) -> QColor:
        """Return a colour by its name in `Theme`."""
        return QColor(getattr(self.theme, role))

    def font(self, px: float = TEXT_PX, *, bold: bool = False) -> QFont:
        """Return the font at a size in pixels at scale 1."""
        font = QFont()
        font.setPixelSize(self.px(px))
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        return font

    def style_sheet(self) -> str:
        """Return the style sheet of the listener's window."""
        t, s, line = self.theme, self.px, self.line_px
        check = (ICONS / f"check-{'light' if self.colours is Colours.LIGHT else 'dark'}.svg").as_posix()
        return f"""
        QWidget {{ color: {t.text}; font-size: {s(TEXT_PX)}px; }}
        QWidget#listener {{ background: {t.window}; }}
        QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}
        QLabel {{ background: transparent; }}
        QLabel[role="title"] {{ font-size: {s(28)}px; font-weight: 600; }}
        QLabel[role="muted"] {{ color: {t.muted}; font-size: {s(15)}px; }}
        QLabel[role="question"] {{ font-weight: 600; }}
        QLabel[role="active"] {{ font-weight: 600; color: {t.accent}; }}
        QLabel[role="value"] {{ font-weight: 600; }}
        QPushButton {{ background: {t.raised}; color: {t.text}; border: {line}px solid {t.strong_border};
            border-radius: {s(8)}px; padding: {s(8)}px {s(18)}px; font-size: {s(TEXT_PX)}px; }}
        QPushButton:hover {{ background: {t.hover}; border-color: {t.strong_border}; }}
        QPushButton:pressed {{ background: {t.border}; }}
        QPushButton:focus {{ border: 3px solid {t.accent}; }}
        QPushButton:checked {{ background: {t.accent_soft}; border-color: {t.accent}; }}
        QPushButton:disabled {{ color: {t.muted}; background: transparent; border: {line}px dashed
            {t.strong_border}; }}
        QPushButton[main="true"] {{ background: {t.accent}; color: {t.on_accent}; font-weight: 600;
            border: 3px solid {t.accent}; padding: {s(10)}px {s(34)}px; }}
        QPushButton[main="true"]:focus, QPushButton[main="true"]:hover {{ border-color: {t.text}; }}
        QPushButton[main="true"]:disabled {{ background: transparent; color: {t.muted};
            border: {line}px dashed {t.strong_border}; }}
        QPushButton[quiet="true"] {{ background: transparent; border: 2px solid transparent;
            padding: {s(4)}px {s(10)}px; font-size: {s(15)}px; color: {t.muted}; }}
        QPushButton[quiet="true"]:hover {{ background: {t.hover}; color: {t.text}; }}
        QPushButton[quiet="true"]:focus {{ border-color: {t.accent}; }}
        QPushButton[small="true"] {{ padding: {s(5)}px {s(12)}px; font-size: {s(15)}px; }}
        QLineEdit, QPlainTextEdit {{ placeholder-text-color: {t.muted}; background: {t.raised};
            border: {line}px solid {t.strong_border};
            border-radius: {s(8)}px; padding: {s(8)}px; font-size: {s(TEXT_PX)}px;
            selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
        QLineEdit:focus, QPlainTextEdit:focus {{ border: 3px solid {t.accent}; }}
        QCheckBox {{ spacing: {s(12)}px; border: 3px solid transparent; border-radius: {s(6)}px;
            padding: {s(6)}px; font-size: {s(TEXT_PX)}px; }}
        QCheckBox:focus {{ border-color: {t.accent}; }}
        QCheckBox::indicator {{ width: {s(24)}px; height: {s(24)}px; border-radius: {s(5)}px;
            border: 2px solid {t.strong_border}; background: {t.raised}; image: none; }}
        QCheckBox::indicator:checked {{ background: {t.accent}; border-color: {t.accent};
            image: url({check}); }}
        QSlider {{ border: 3px solid transparent; border-radius: {s(8)}px; }}
        QSlider:focus {{ border-color: {t.accent}; }}
        QSlider:horizontal {{ min-height: {s(40)}px; }}
        QSlider::groove:horizontal {{ height: {s(6)}px; border-radius: {s(3)}px;
            background: {t.strong_border}; }}
        QSlider::sub-page:horizontal {{ height: {s(6)}px; border-radius: {s(3)}px; background: {t.accent}; }}
        QSlider::handle:horizontal {{ width: {s(20)}px; height: {s(28)}px; margin: -{s(12)}px 0;
            border-radius: {s(6)}px; background: {t.accent}; border: 2px solid {t.text}; }}
        QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus {{ background: {t.accent};
            border: 2px solid {t.text}; }}
        QProgressBar {{ border: none; background: {t.accent_soft if line > 1 else t.border};
            border-radius: 3px; min-height: 6px; max-height: 6px; }}
        QProgressBar::chunk {{ background: {t.accent}; border-radius: 3px; }}
        QFrame#rule {{ background: {t.border}; border: none; min-height: 1px; max-height: 1px; }}
        QFrame#trouble {{ background: {t.warning_soft}; border: {line}px solid {t.warning};
            border-radius: {s(8)}px; }}
        QFrame#trouble QLabel {{ color: {t.text}; font-size: {s(16)}px; border: none; }}
        QFrame#trouble QPushButton {{ padding: {s(4)}px {s(12)}px; font-size: {s(16)}px; }}
        QMenu {{ background: {t.surface}; border: {line}px solid {t.strong_border}; padding: {s(5)}px; }}
        QMenu::item {{ padding: {s(6)}px {s(22)}px; font-size: {s(16)}px; color: {t.text}; }}
        QMenu::item:selected {{ background: {t.accent_soft}; color: {t.text}; }}
        QScrollBar:vertical {{ width: {s(14)}px; background: transparent; margin: 0; }}
        QScrollBar::handle:vertical {{ background: {t.strong_border}; border-radius: {s(5)}px;
            margin: {s(2)}px; min-height: {s(30)}px; }}
        QScrollBar:horizontal {{ height: {s(14)}px; background: transparent; margin: 0; }}
        QScrollBar::handle:horizontal {{ background: {t.strong_border}; border-radius: {s(5)}px;
            margin: {s(2)}px; min-width: {s(30)}px; }}
        QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
        QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
        """


def _limited(scale: float) -> float:
    return round(min(max(scale, MIN_SCALE), MAX_SCALE), 2)
