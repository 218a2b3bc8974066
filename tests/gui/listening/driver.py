"""A listener with ten fingers: answers the screen that is shown by keys alone."""

import time
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from workbench.audio.playback import ClockOutput
from workbench.dsp import SAMPLE_RATE
from workbench.gui.listening.window import ListenerWindow
from workbench.listening.screens import LevelScreen, QuestionScreen, TextScreen, TrialScreen, Values

SPEED = 60


class FastClock(ClockOutput):
    """An output that counts as heard, and whose time runs fast."""

    is_silent = False

    def __init__(self, message: str = "", *, speed: float = SPEED) -> None:
        super().__init__(message)
        self._speed = speed

    def _advance(self) -> int:
        with self._lock:
            if self._at_s is not None:
                now_s = time.monotonic()
                due = self._n_played + (now_s - self._at_s) * SAMPLE_RATE * self._speed
                self._n_played = min(due, self._n_written)
                self._at_s = now_s
            return int(self._n_played)


def fast_output(device: str | None) -> FastClock:
    return FastClock()


def press(window: ListenerWindow, *keys: Qt.Key | str) -> None:
    """Press keys where the keyboard is."""
    for key in keys:
        target = window.focusWidget() or window
        if isinstance(key, str):
            QTest.keyClicks(target, key)
        else:
            QTest.keyClick(target, key)


def answer(qtbot: Any, window: ListenerWindow, values: Values) -> None:
    """Answer the screen and go on to the next."""
    screen = window.session.screen
    done = window.session.progress[0]
    if isinstance(screen, TextScreen) and values.get("agreed"):
        press(window, Qt.Key.Key_Space)
    elif isinstance(screen, LevelScreen):
        set_level(qtbot, window, int(values["gain_db"]))  # type: ignore[arg-type]
    elif isinstance(screen, TrialScreen):
        listen(qtbot, window)
        rate(window, screen, values)
    elif isinstance(screen, QuestionScreen):
        fill_in(window, screen, values)
    press(window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.session.progress[0] == done + 1)


def listen(qtbot: Any, window: ListenerWindow) -> None:
    """Listen to every sound of a trial for as long as it asks for."""
    screen = window.session.screen
    assert isinstance(screen, TrialScreen)
    qtbot.waitUntil(lambda: window.deck.is_ready)
    for place, stimulus in enumerate(screen.stimuli):
        press(window, "r" if stimulus.label == "Reference" else stimulus.label.lower())
        assert window.deck.selected == place
        qtbot.waitUntil(lambda place=place: window.deck.heard[place] >= screen.must_hear, timeout=20_000)


def rate(window: ListenerWindow, screen: TrialScreen, values: Values) -> None:
    """Type the answers of a trial."""
    for scale in screen.scales:
        value = values[scale.name]
        if not scale.options:
            assert isinstance(value, int)
            press(window, scale.stimulus, Qt.Key.Key_Home)
            press(window, *[Qt.Key.Key_PageUp] * (value // 10), *[Qt.Key.Key_Up] * (value % 10))
        elif isinstance(value, int):
            press(window, str(value))
        else:
            press(window, str([option for option, _ in scale.options].index(value) + 1))


def set_level(qtbot: Any, window: ListenerWindow, gain_db: int) -> None:
    """Play the sound and move the level."""
    qtbot.waitUntil(lambda: window.deck.is_ready)
    press(window, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: any(window.deck.heard))
    steps = gain_db - round(float(window.view.values()["gain_db"]))  # type: ignore[union-attr, arg-type]
    press(window, *[Qt.Key.Key_Right if steps > 0 else Qt.Key.Key_Left] * abs(steps))


def fill_in(window: ListenerWindow, screen: QuestionScreen, values: Values) -> None:
    """Answer a questionnaire, going from question to question with Tab."""
    for question in screen.questions:
        value = values.get(question.name)
        if question.type == "choice":
            press(window, Qt.Key.Key_Space, *[Qt.Key.Key_Down] * question.options.index(str(value)))
        elif value is not None:
            press(window, f"{value:g}" if isinstance(value, float) else str(value))
        press(window, Qt.Key.Key_Tab)
