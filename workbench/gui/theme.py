"""Colours, type and spacing of the window, light and dark, following the system or the user's choice."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import shiboken6
from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QFont, QGuiApplication, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel

ICONS = Path(__file__).parent / "icons"
BASE_FONT_PX = 13
MIN_SCALE, MAX_SCALE, SCALE_STEP = 0.8, 2.0, 0.1


class ThemeMode(StrEnum):
    """Which theme the user asked for."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True)
class Theme:
    """The colours of one theme, as CSS colour strings.

    `window` is behind everything, `surface` under groups of controls, `raised` on buttons and fields.
    `accent` marks what is heard and what is chosen, and nothing else.
    """

    name: str
    window: str
    surface: str
    raised: str
    hover: str
    border: str
    strong_border: str
    text: str
    muted: str
    accent: str
    on_accent: str
    accent_soft: str
    info_soft: str
    warning: str
    warning_soft: str
    error: str
    error_soft: str

    @property
    def is_dark(self) -> bool:
        """Whether text is light on dark."""
        return self.name == "dark"


DARK = Theme(
    name="dark",
    window="#141619",
    surface="#1b1e23",
    raised="#262a31",
    hover="#30353e",
    border="#2c3139",
    strong_border="#454c57",
    text="#e9ebee",
    muted="#9da4af",
    accent="#3dbfb0",
    on_accent="#06211e",
    accent_soft="#173733",
    info_soft="#1d2a36",
    warning="#e8b04a",
    warning_soft="#352b17",
    error="#f0776c",
    error_soft="#3b201e",
)

LIGHT = Theme(
    name="light",
    window="#f3f4f6",
    surface="#ffffff",
    raised="#ffffff",
    hover="#eceef1",
    border="#dde0e5",
    strong_border="#b6bcc6",
    text="#1a1d22",
    muted="#5b636f",
    accent="#0b7f76",
    on_accent="#ffffff",
    accent_soft="#d8efec",
    info_soft="#e4eef7",
    warning="#8a5a00",
    warning_soft="#fbf0d6",
    error="#b3261e",
    error_soft="#fbe5e3",
)


class ThemeManager(QObject):
    """Applies a theme and a font scale to the application and tells painted widgets when they change.

    Parameters
    ----------
    app : QApplication
        Whose palette, font and style sheet are set.
    mode : ThemeMode
        Follow the system, or keep to one theme.
    scale : float
        Font scale, 1 is the normal size.
    """

    changed = Signal()

    def __init__(self, app: QApplication, mode: ThemeMode = ThemeMode.SYSTEM, scale: float = 1.0) -> None:
        super().__init__()
        self._app = app
        self._mode = mode
        self._scale = min(max(scale, MIN_SCALE), MAX_SCALE)
        self._icons: list[tuple[QAbstractButton | QAction, str, str]] = []
        app.setStyle("Fusion")
        app.styleHints().colorSchemeChanged.connect(self._system_changed)
        self._apply()

    @property
    def theme(self) -> Theme:
        """The theme in force."""
        if self._mode is ThemeMode.SYSTEM:
            return DARK if system_is_dark() else LIGHT
        return DARK if self._mode is ThemeMode.DARK else LIGHT

    @property
    def mode(self) -> ThemeMode:
        """What the user asked for."""
        return self._mode

    @property
    def scale(self) -> float:
        """Font scale, 1 is the normal size."""
        return self._scale

    def set_mode(self, mode: ThemeMode) -> None:
        """Follow the system or keep to one theme."""
        self._mode = mode
        self._apply()

    def set_scale(self, scale: float) -> None:
        """Set the font scale, limited to 0.8 to 2."""
        self._scale = round(min(max(scale, MIN_SCALE), MAX_SCALE), 2)
        self._apply()

    def px(self, pixels: float) -> int:
        """Return a length of the normal size, in pixels, at the current font scale."""
        return round(pixels * self._scale)

    def font(self, px: float = BASE_FONT_PX, *, bold: bool = False) -> QFont:
        """Return the interface's font at a normal size in pixels, scaled."""
        font = QFont(self._app.font())
        font.setPixelSize(self.px(px))
        font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
        return font

    def color(self, role: str) -> QColor:
        """Return one of the theme's colours by its field name."""
        return QColor(getattr(self.theme, role))

    def bind_icon(self, target: QAbstractButton | QAction, name: str, role: str = "text") -> None:
        """Give a button or action an icon that follows the theme."""
        self._icons = [
            entry for entry in self._icons if entry[0] is not target and shiboken6.isValid(entry[0])
        ]
        self._icons.append((target, name, role))
        self._set_icon(target, name, role)

    def release(self) -> None:
        """Stop following the system (before the manager is dropped)."""
        self._app.styleHints().colorSchemeChanged.disconnect(self._system_changed)
        self._icons.clear()

    def _set_icon(self, target: QAbstractButton | QAction, name: str, role: str) -> None:
        target.setIcon(icon(name, self.color(role), self.theme.accent if role == "text" else None))
        if isinstance(target, QAbstractButton):
            size = self.px(18)
            target.setIconSize(QSize(size, size))

    def _system_changed(self) -> None:
        if self._mode is ThemeMode.SYSTEM:
            self._apply()

    def _apply(self) -> None:
        font = QFont(self._app.font())
        font.setPixelSize(self.px(BASE_FONT_PX))
        self._app.setFont(font)
        self._app.setPalette(_palette(self.theme))
        self._app.setStyleSheet(_style_sheet(self.theme, self.px))
        self._icons = [entry for entry in self._icons if shiboken6.isValid(entry[0])]
        for entry in self._icons:
            self._set_icon(*entry)
        self.changed.emit()


def icon(name: str, color: QColor | str, on_color: QColor | str | None = None) -> QIcon:
    """Return an icon of `workbench/gui/icons` drawn in one colour.

    Parameters
    ----------
    name : str
        File name without ``.svg``; the drawing uses ``currentColor``.
    color : QColor or str
        Colour of the drawing.
    on_color : QColor or str, optional
        Colour of the drawing while a toggle is on.
    """
    source = (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    result = QIcon()
    states = [(QIcon.State.Off, QColor(color)), (QIcon.State.On, QColor(on_color or color))]
    for state, shade in states:
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Disabled):
            drawn = QColor(shade)
            if mode is QIcon.Mode.Disabled:
                drawn.setAlphaF(0.35)
            for side in (18, 36, 54):
                result.addPixmap(_draw_svg(source, drawn, side), mode, state)
    return result


def _draw_svg(source: str, color: QColor, side: int) -> QPixmap:
    pixmap = QPixmap(side, side)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setOpacity(color.alphaF())
    renderer = QSvgRenderer(QByteArray(source.replace("currentColor", color.name()).encode()))
    renderer.render(painter, QRectF(0, 0, side, side))
    painter.end()
    return pixmap


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    group, role = QPalette.ColorGroup, QPalette.ColorRole
    for key, value in {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.raised,
        role.AlternateBase: theme.surface,
        role.Text: theme.text,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.error,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.ToolTipBase: theme.surface,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.muted,
        role.Link: theme.accent,
        role.Accent: theme.accent,
        role.Mid: theme.border,
        role.Light: theme.hover,
        role.Dark: theme.strong_border,
    }.items():
        palette.setColor(key, QColor(value))
    faint = QColor(theme.muted)
    faint.setAlphaF(0.55)
    for key in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(group.Disabled, key, faint)
    return palette


def _style_sheet(t: Theme, px: object) -> str:
    s = px if callable(px) else round
    chevron = (ICONS / "chevron-down.svg").as_posix()
    check = (ICONS / ("check-dark.svg" if t.is_dark else "check-light.svg")).as_posix()
    return f"""
    QToolTip {{ background: {t.surface}; color: {t.text}; border: 1px solid {t.strong_border};
        padding: {s(5)}px {s(7)}px; }}
    QMenuBar {{ background: {t.window}; padding: {s(2)}px {s(6)}px; }}
    QMenuBar::item {{ padding: {s(4)}px {s(9)}px; border-radius: {s(4)}px; background: transparent; }}
    QMenuBar::item:selected {{ background: {t.hover}; }}
    QMenu {{ background: {t.surface}; border: 1px solid {t.strong_border}; padding: {s(5)}px; }}
    QMenu::item {{ padding: {s(5)}px {s(24)}px {s(5)}px {s(22)}px; border-radius: {s(4)}px; }}
    QMenu::item:selected {{ background: {t.accent_soft}; color: {t.text}; }}
    QMenu::item:disabled {{ color: {t.muted}; }}
    QMenu::separator {{ height: 1px; background: {t.border}; margin: {s(5)}px {s(8)}px; }}
    QMenu::indicator {{ left: {s(6)}px; }}

    QLabel[role="muted"] {{ color: {t.muted}; }}
    QLabel[role="heading"] {{ color: {t.muted}; font-size: {s(11)}px; font-weight: 600; }}
    QLabel[role="value"] {{ font-weight: 600; }}
    QLabel[role="title"] {{ font-size: {s(17)}px; font-weight: 600; }}
    QLabel[role="error"], QLabel[role="worse"] {{ color: {t.error}; }}
    QLabel[role="better"] {{ color: {t.accent}; }}
    QLabel[role="small"] {{ color: {t.muted}; font-size: {s(11)}px; }}
    QLabel[role="key"] {{ background: {t.raised}; border: 1px solid {t.strong_border};
        border-radius: {s(4)}px; padding: {s(1)}px {s(6)}px; font-weight: 600; }}

    QPushButton, QToolButton {{ background: {t.raised}; border: 1px solid {t.border};
        border-radius: {s(6)}px; padding: {s(5)}px {s(11)}px; }}
    QPushButton:hover, QToolButton:hover {{ background: {t.hover}; border-color: {t.strong_border}; }}
    QPushButton:pressed, QToolButton:pressed {{ background: {t.border}; }}
    QPushButton:focus, QToolButton:focus, QComboBox:focus, QLineEdit:focus {{ border: 1px solid {t.accent}; }}
    QPushButton:disabled, QToolButton:disabled {{ color: {t.muted}; background: transparent; }}
    QPushButton:default {{ background: {t.accent}; color: {t.on_accent};
        border-color: {t.accent}; }}
    QPushButton:default:disabled {{ background: {t.border}; color: {t.muted}; border-color: {t.border}; }}
    QToolButton {{ padding: {s(5)}px; }}
    QToolButton[flat="true"] {{ background: transparent; border-color: transparent; }}
    QToolButton[flat="true"]:hover {{ background: {t.hover}; }}
    QToolButton[flat="true"]:focus {{ border-color: {t.accent}; }}
    QToolButton:checked, QToolButton[flat="true"]:checked {{ background: {t.accent_soft};
        border-color: {t.accent_soft}; }}
    QToolButton[flat="true"]:checked:focus {{ border-color: {t.accent}; }}
    QToolButton[tight="true"] {{ padding: {s(1)}px; }}
    QToolButton::menu-indicator {{ image: none; }}
    QToolButton#play {{ border-radius: {s(20)}px; background: {t.accent}; border: 2px solid {t.accent}; }}
    QToolButton#play:hover {{ border-color: {t.text}; }}
    QToolButton#play:focus {{ border-color: {t.text}; }}
    QToolButton#play:disabled {{ background: {t.border}; border-color: {t.border}; }}

    QComboBox {{ background: {t.raised}; border: 1px solid {t.border}; border-radius: {s(6)}px;
        padding: {s(4)}px {s(8)}px; min-height: {s(18)}px; }}
    QComboBox {{ combobox-popup: 0; }}
    QComboBox:hover {{ border-color: {t.strong_border}; }}
    QComboBox::drop-down {{ border: none; width: {s(22)}px; }}
    QComboBox::down-arrow {{ image: url({chevron}); width: {s(12)}px; height: {s(12)}px; }}
    QComboBox QAbstractItemView {{ background: {t.surface}; border: 1px solid {t.strong_border};
        padding: {s(4)}px; outline: none; selection-background-color: {t.accent_soft};
        selection-color: {t.text}; }}
    QComboBox QAbstractItemView::item {{ min-height: {s(24)}px; padding: 0 {s(6)}px; }}
    QComboBox QAbstractItemView::item:selected {{ background: {t.accent_soft}; color: {t.text}; }}
    QComboBox QAbstractItemView::item:disabled {{ color: {t.muted}; }}
    QLineEdit {{ background: {t.raised}; border: 1px solid {t.border}; border-radius: {s(6)}px;
        padding: {s(4)}px {s(8)}px; min-height: {s(18)}px; }}

    QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    QCheckBox {{ spacing: {s(7)}px; border: 1px solid transparent; border-radius: {s(4)}px;
        padding: {s(2)}px; }}
    QCheckBox:focus {{ border-color: {t.accent}; }}
    QCheckBox::indicator {{ width: {s(15)}px; height: {s(15)}px; border-radius: {s(4)}px;
        border: 1px solid {t.strong_border}; background: {t.raised}; }}
    QCheckBox::indicator:hover {{ border-color: {t.accent}; }}
    QCheckBox::indicator:checked {{ background: {t.accent}; border-color: {t.accent}; image: url({check}); }}

    QSlider:horizontal {{ min-height: {s(16)}px; }}
    QSlider::groove:horizontal {{ height: {s(4)}px; border-radius: {s(2)}px; background: {t.strong_border}; }}
    QSlider::sub-page:horizontal {{ height: {s(4)}px; border-radius: {s(2)}px; background: {t.muted}; }}
    QSlider::handle:horizontal {{ width: {s(14)}px; height: {s(14)}px; margin: -{s(6)}px 0;
        border-radius: {s(8)}px; background: {t.text}; border: 2px solid {t.surface}; }}
    QSlider::handle:horizontal:hover {{ background: {t.accent}; }}
    QSlider::handle:horizontal:focus {{ background: {t.accent}; border-color: {t.text}; }}
    QSlider::groove:horizontal:disabled, QSlider::sub-page:horizontal:disabled {{ background: {t.border}; }}
    QSlider::handle:horizontal:disabled {{ background: {t.strong_border}; }}

    QScrollArea, QScrollArea > QWidget > QWidget {{ background: transparent; border: none; }}
    QScrollBar:vertical {{ width: {s(10)}px; background: transparent; margin: 0; }}
    QScrollBar::handle:vertical {{ background: {t.strong_border}; border-radius: {s(3)}px;
        margin: {s(2)}px; min-height: {s(24)}px; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ height: 0; width: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QProgressBar {{ border: none; border-radius: {s(2)}px; background: {t.border}; max-height: {s(4)}px; }}
    QProgressBar::chunk {{ background: {t.accent}; border-radius: {s(2)}px; }}

    QFrame#card {{ background: {t.surface}; border: 1px solid {t.border}; border-radius: {s(8)}px; }}
    QFrame#rule {{ background: {t.border}; border: none; max-height: 1px; min-height: 1px; }}
    QFrame#messages {{ border: 1px solid {t.border}; border-radius: {s(8)}px; }}
    QFrame#messages[level="info"] {{ background: {t.info_soft}; }}
    QFrame#messages[level="warning"] {{ background: {t.warning_soft}; border-color: {t.warning}; }}
    QFrame#messages[level="error"] {{ background: {t.error_soft}; border-color: {t.error}; }}
    QFrame#messages QToolButton {{ background: transparent; border-color: transparent; }}
    QFrame#messages QToolButton:hover {{ background: {t.hover}; }}
    QFrame#messages QPushButton {{ padding: {s(3)}px {s(10)}px; }}
    """


def role(label: QLabel, name: str) -> QLabel:
    """Give a label one of the style sheet's roles ("muted", "heading", "value", "title", "error")."""
    label.setProperty("role", name)
    return label


def system_is_dark() -> bool:
    """Return whether the desktop asks for a dark theme."""
    return QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
