"""The listener's window: one screen after the other, and nothing that names what is heard."""

import time
from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QCloseEvent,
    QKeyEvent,
    QResizeEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workbench.audio.devices import list_devices
from workbench.audio.playback import open_output
from workbench.errors import WorkbenchError
from workbench.gui.listening.deck import Deck, MakeOutput
from workbench.gui.listening.look import COLOUR_TITLES, Look
from workbench.gui.listening.views import ScreenView, view_for
from workbench.gui.settings import Settings
from workbench.gui.theme import role
from workbench.gui.workers import Job
from workbench.listening.screens import BreakScreen, LevelScreen, Screen, TextScreen, TrialScreen
from workbench.listening.session import Session

CONTENT_PX = 940
ROOMY_PX, WIDE_PX = 480, 700
"""Heights and widths at a scale of 1 below which things are left out or stand below each other."""
_DEVICE_KEY = "listening/device"
_SHOWN_TO_DO = 2


class ListenerWindow(QWidget):
    """Takes a listener through a session.

    Parameters
    ----------
    session : Session
        Where the answers go.
    settings : Settings
        Colours, size of text and sound device of this computer.
    make_output : callable
        Opens a sound device.
    is_preview : bool
        Whether nothing is kept; going on is then possible without sound.

    Signals
    -------
    closed
        The window is closed for good.
    view_shown
        Another screen is on show.
    """

    closed = Signal()
    view_shown = Signal()

    def __init__(
        self,
        session: Session,
        settings: Settings,
        *,
        make_output: MakeOutput = open_output,
        is_preview: bool = False,
    ) -> None:
        super().__init__()
        self.session = session
        self.view: ScreenView | None = None
        self._settings = settings
        self._is_preview = is_preview
        self._may_close = False
        self._shown_at = time.monotonic()
        self._saving_failed = ""
        self._device_job = Job()
        self.look = Look(settings)
        self.deck = Deck(make_output, settings.get_optional(_DEVICE_KEY, str))
        self.setObjectName("listener")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setWindowTitle("Preview of a listening test" if is_preview else "Listening test")
        self._lay_out()
        self.look.changed.connect(self._restyle)
        self.deck.trouble_changed.connect(self._show_trouble)
        self._restyle()
        self._show_screen(session.screen)

    # --- layout ----------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.progress_label = role(QLabel(), "question")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Progress")
        self.smaller_button = _quiet("A−", "Smaller text (Ctrl+−)", self.look.smaller)
        self.larger_button = _quiet("A+", "Larger text (Ctrl++)", self.look.larger)
        self.smaller_button.setAccessibleName("Smaller text")
        self.larger_button.setAccessibleName("Larger text")
        self.colours_button = _quiet("Colours", "Light, dark, or high contrast", self.look.next_colours)
        self.device_button = _quiet("Sound", "Choose where the sound is played", self._list_devices)
        self.stop_button = _quiet("Stop", "Stop here and go on another time (Esc)", self.ask_to_leave)
        self._head = QHBoxLayout()
        self._head.addWidget(self.progress_label)
        self._head.addStretch(1)
        if self._is_preview:
            self._head.addWidget(role(QLabel("Preview: nothing is saved"), "active"))
            self._head.addStretch(1)
        for button in (
            self.smaller_button,
            self.larger_button,
            self.colours_button,
            self.device_button,
            self.stop_button,
        ):
            self._head.addWidget(button)
        self.trouble = _Trouble()
        self.trouble.again.clicked.connect(self._try_again)
        self.trouble.other.clicked.connect(self._list_devices)
        self.scroller = _scroller()
        self.leave = _LeavePage(self.session, is_preview=self._is_preview)
        self.leave.stay_button.clicked.connect(self._stay)
        self.leave.leave_button.clicked.connect(self._leave)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.scroller)
        leave_scroller = _scroller()
        leave_scroller.setWidget(self.leave)
        self.stack.addWidget(leave_scroller)
        self.to_do = QLabel()
        self.to_do.setWordWrap(True)
        self.to_do.setTextFormat(Qt.TextFormat.PlainText)
        self.keys_label = role(QLabel(), "muted")
        self.keys_label.setWordWrap(True)
        self.next_button = QPushButton("Next")
        self.next_button.setProperty("main", True)
        self.next_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.next_button.clicked.connect(self.go_on)
        said = QVBoxLayout()
        said.setSpacing(2)
        said.addStretch(1)
        said.addWidget(self.to_do)
        said.addWidget(self.keys_label)
        said.addStretch(1)
        self.foot = QWidget()
        self._foot = QHBoxLayout(self.foot)
        self._foot.setContentsMargins(0, 0, 0, 0)
        self._foot.addLayout(said, 1)
        self._foot.addWidget(self.next_button, 0, Qt.AlignmentFlag.AlignVCenter)
        self._box = QVBoxLayout(self)
        self._box.addLayout(self._head)
        self._box.addWidget(self.progress)
        self._box.addWidget(self.trouble)
        self._box.addWidget(self.stack, 1)
        self._box.addWidget(self.foot)

    def _restyle(self) -> None:
        px = self.look.px
        self.setStyleSheet(self.look.style_sheet())
        self._box.setContentsMargins(px(24), px(12), px(24), px(18))
        self._box.setSpacing(px(10))
        self._head.setSpacing(px(4))
        self._foot.setSpacing(px(20))
        self.colours_button.setAccessibleName(f"Colours: {COLOUR_TITLES[self.look.colours]}")
        self.progress_label.setMinimumHeight(px(34))
        self._arrange()
        if (content := self.scroller.widget()) is not None and self.view is not None:
            self.view.setMaximumWidth(px(CONTENT_PX))
            content.update()

    def showEvent(self, event: QShowEvent) -> None:
        """Let the keyboard begin at the screen; Qt itself would take the first button of the window."""
        super().showEvent(event)
        if self.view is not None:
            self.view.focus_first()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the hint about keys out where it is cramped."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        self.keys_label.setVisible(self.height() > self.look.px(ROOMY_PX))
        self.trouble.set_narrow(self.width() < self.look.px(WIDE_PX))

    # --- what a listener does --------------------------------------------------------------------------

    def go_on(self) -> None:
        """Save the answer and show the next screen; where something is missing, say what."""
        if self.stack.currentIndex() or self.view is None:
            return
        if self.session.screen is None:
            self._leave()
            return
        if self._missing():
            self._announce(self.to_do.text())
            return
        self.deck.pause()
        heard = self._heard()
        try:
            self.session.answer(self.view.values(), heard=heard, seconds=time.monotonic() - self._shown_at)
        except WorkbenchError as error:
            self._saving_failed = str(error)
            self._show_trouble()
            return
        self._saving_failed = ""
        if self.session.screen is None and isinstance(self.session.screens[-1], TextScreen):
            self._leave()
            return
        self._show_screen(self.session.screen)

    def ask_to_leave(self) -> None:
        """Ask whether to stop here; at the end there is nothing to ask."""
        self.deck.pause()
        if self.session.is_finished:
            self._leave()
            return
        self.stack.setCurrentIndex(1)
        self.foot.hide()
        self.trouble.hide()
        self.stop_button.setEnabled(False)
        self.leave.stay_button.setFocus(Qt.FocusReason.TabFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take the keys that nobody else wanted."""
        key, control = event.key(), event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if key == Qt.Key.Key_Escape:
            self._stay() if self.stack.currentIndex() else self.ask_to_leave()
        elif control and key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.look.larger()
        elif control and key == Qt.Key.Key_Minus:
            self.look.smaller()
        elif control and key == Qt.Key.Key_0:
            self.look.set_scale(1.0)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._enter()
        elif not self.stack.currentIndex() and self.view is not None and self.view.take_key(event):
            pass
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask before a session is left; put everything away."""
        if not (self._may_close or self.session.is_finished or self._is_preview):
            self.ask_to_leave()
            event.ignore()
            return
        self._may_close = True
        self._device_job.cancel()
        self.deck.close()
        event.accept()
        self.closed.emit()

    # --- showing ---------------------------------------------------------------------------------------

    def _show_screen(self, screen: Screen | None) -> None:
        self.deck.unload()
        view = (
            ScreenView("Thank you", "That was all. Your answers are saved.", self.look)
            if screen is None
            else view_for(screen, self.deck, self.look)
        )
        self.view = view
        view.changed.connect(self._refresh)
        view.focused.connect(self._reveal)
        # The scroll area deletes the page before.
        self.scroller.setWidget(self._framed(view))
        if isinstance(screen, TrialScreen):
            self.deck.load(screen, self.session.gain_db)
        elif isinstance(screen, LevelScreen):
            self.deck.load(screen, float(view.values()["gain_db"] or 0.0))
        self._order_tabs(view)
        self._show_progress(screen)
        view.setAccessibleName(f"{self.progress_label.text()} {self._spoken(screen)}".strip())
        self.keys_label.setText(view.keys)
        is_last = screen is None or self.session.screens[-1] is screen
        self.next_button.setText(
            "Finish" if is_last else "Go on" if isinstance(screen, BreakScreen) else "Next"
        )
        self._shown_at = time.monotonic()
        self._refresh()
        view.focus_first()
        self.view_shown.emit()

    def _reveal(self, widget: QWidget) -> None:
        """Scroll to what is to be answered next."""
        margin = self.look.px(20)
        self.scroller.ensureWidgetVisible(widget, margin, margin)

    def _framed(self, view: ScreenView) -> QWidget:
        """Return a view in the middle of the page, no wider than can be read."""
        content = QWidget()
        across = QHBoxLayout(content)
        across.setContentsMargins(4, 4, 4, 4)
        column = QVBoxLayout()
        column.addStretch(0 if view.is_tall else 2)
        column.addWidget(view, 1 if view.is_tall else 0)
        column.addStretch(0 if view.is_tall else 3)
        view.setMaximumWidth(self.look.px(CONTENT_PX))
        view.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        across.addStretch(1)
        across.addLayout(column, 1000)
        across.addStretch(1)
        return content

    def _order_tabs(self, view: ScreenView) -> None:
        """Let Tab go from the screen to the button that goes on, and to the rest from there."""
        last: QWidget = view
        each = view.nextInFocusChain()
        while each is not None and view.isAncestorOf(each):
            if each.focusPolicy() & Qt.FocusPolicy.TabFocus:
                last = each
            each = each.nextInFocusChain()
        self.setTabOrder(last, self.next_button)

    def _show_progress(self, screen: Screen | None) -> None:
        done, total = self.session.progress
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        text = ""
        if isinstance(screen, TrialScreen):
            what = "Practice" if screen.is_training else "Trial"
            text = f"{what} {screen.number} of {screen.n_trials}"
        self.progress_label.setText(text)

    def _spoken(self, screen: Screen | None) -> str:
        return "" if screen is None else f"{screen.title}. {screen.text}"

    def _refresh(self) -> None:
        lacking = self._missing()
        self.next_button.setEnabled(not lacking)
        self.to_do.setText(" ".join(lacking[:_SHOWN_TO_DO]))
        self.to_do.setVisible(bool(lacking))

    def _missing(self) -> list[str]:
        """Return what is to be done before the next screen."""
        if self.view is None or self.session.screen is None:
            return []
        screen = self.session.screen
        if isinstance(screen, TrialScreen | LevelScreen) and self.deck.is_silent and not self._is_preview:
            return ["Nothing can be heard; see above."]
        lacking = self.session.missing(self.view.values(), self._heard())
        problem = self.view.problem()
        return [problem, *lacking] if problem else lacking

    def _heard(self) -> dict[str, float] | None:
        screen = self.session.screen
        if not isinstance(screen, TrialScreen):
            return None
        # While sounds are loaded nothing was heard.
        shares = self.deck.heard or [0.0] * len(screen.stimuli)
        return {each.label: share for each, share in zip(screen.stimuli, shares, strict=True)}

    def _announce(self, text: str) -> None:
        """Let screen readers say it."""
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, text))

    def _enter(self) -> None:
        """Press the button where the keyboard is, or go on; boxes and answers are for the space bar."""
        focused = self.focusWidget()
        if isinstance(focused, QPushButton) and focused.isEnabled():
            focused.click()
        else:
            self.go_on()

    # --- leaving ---------------------------------------------------------------------------------------

    def _stay(self) -> None:
        self.stack.setCurrentIndex(0)
        self.foot.show()
        self.stop_button.setEnabled(True)
        self._show_trouble()
        if self.view is not None:
            self.view.focus_first()

    def _leave(self) -> None:
        self._may_close = True
        self.close()

    # --- sound -----------------------------------------------------------------------------------------

    def _show_trouble(self) -> None:
        text = self._saving_failed or self.deck.trouble
        self.trouble.show_text(text, is_sound=not self._saving_failed)
        if text:
            self._announce(text)
        self._refresh()

    def _try_again(self) -> None:
        if self._saving_failed:
            self._saving_failed = ""
            self._show_trouble()
            self.go_on()
        else:
            self.deck.reopen(self.deck.device)

    def _list_devices(self) -> None:
        """Look for devices off this thread, then offer them."""
        if not self._device_job.is_running:
            self._device_job.start(output_names, done=self._offer_devices, failed=self._no_devices)

    def _offer_devices(self, names: list[str]) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("The system's choice", lambda: self._choose_device(None))
        for name in names:
            action = menu.addAction(name, partial(self._choose_device, name))
            action.setCheckable(True)
            action.setChecked(name == self.deck.device)
        menu.popup(self.device_button.mapToGlobal(QPoint(0, self.device_button.height())))

    def _no_devices(self, error: Exception) -> None:
        self.trouble.show_text(str(error), is_sound=True)

    def _choose_device(self, name: str | None) -> None:
        self._settings.set(_DEVICE_KEY, name)
        self.deck.reopen(name)


class _Trouble(QFrame):
    """What is wrong, in a sentence, and the way on."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("trouble")
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.again = QPushButton("Try again")
        self.other = QPushButton("Other device…")
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.addWidget(self.label, 1)
        buttons = QHBoxLayout()
        for button in (self.again, self.other):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            buttons.addWidget(button)
        buttons.addStretch(1)
        self._box.addLayout(buttons)
        self.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the whole sentence in sight where it is cramped; the page scrolls."""
        super().resizeEvent(event)
        self.label.setMinimumHeight(max(self.label.heightForWidth(self.label.width()), 0))

    def set_narrow(self, narrow: bool) -> None:
        """Put the buttons below the sentence, or beside it."""
        down, across = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._box.setDirection(down if narrow else across)

    def show_text(self, text: str, *, is_sound: bool) -> None:
        """Show a sentence; an empty one hides the strip."""
        self.label.setText(text)
        self.other.setVisible(is_sound)
        self.setVisible(bool(text))


class _LeavePage(QWidget):
    """Asks whether to stop here."""

    def __init__(self, session: Session, *, is_preview: bool) -> None:
        super().__init__()
        text = (
            "This is a preview; nothing is saved."
            if is_preview
            else "Your answers so far are saved. The test goes on from here when it is opened again with "
            f"the code {session.listener}."
        )
        label = QLabel(text)
        label.setWordWrap(True)
        self.stay_button, self.leave_button = QPushButton("Go on with the test"), QPushButton("Stop here")
        row = QHBoxLayout()
        row.setSpacing(16)
        for button in (self.stay_button, self.leave_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        row.addStretch(1)
        column = QVBoxLayout()
        column.setSpacing(16)
        column.addStretch(2)
        column.addWidget(role(QLabel("Stop here?"), "title"))
        column.addWidget(label)
        column.addLayout(row)
        column.addStretch(3)
        across = QHBoxLayout(self)
        across.addStretch(1)
        across.addLayout(column, 4)
        across.addStretch(1)


def output_names() -> list[str]:
    """Return the devices that sound can be played on, as `open_output` knows them."""
    return [device.label for device in list_devices() if device.max_output_channels > 0]


def _scroller() -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area


def _quiet(text: str, tip: str, act: object) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("quiet", True)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(lambda _=False: act())  # type: ignore[operator]
    return button
