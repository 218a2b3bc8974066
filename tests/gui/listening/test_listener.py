"""The real listener's screen, driven by keys."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QPlainTextEdit, QSlider, QWidget

from tests.gui.listening.driver import FastClock, answer, listen, press, rate
from workbench.audio.playback import ClockOutput
from workbench.dsp import SAMPLE_RATE
from workbench.gui.listening.look import Colours
from workbench.gui.listening.window import ListenerWindow
from workbench.listening.analysis import analyse
from workbench.listening.prepared import Key
from workbench.listening.screens import LevelScreen, Screen, TrialScreen
from workbench.listening.session import list_sessions, open_session, preview, read_session
from workbench.listening.simulate import SimulatedListener

Open = Callable[..., ListenerWindow]
PREFERS = {"log_mmse": 4.5, "noisy": 1.5}


def skip_to(session: Any, key: Key, wanted: Callable[[Screen], bool]) -> None:
    """Answer a session without a screen until the wanted one is next."""
    listener = SimulatedListener(PREFERS, spread=0.1)
    while not wanted(session.screen):
        screen = session.screen
        heard = {each.label: 1.0 for each in screen.stimuli} if isinstance(screen, TrialScreen) else None
        session.answer(listener.values(screen, key), heard=heard)


def is_trial(test: str) -> Callable[[Screen], bool]:
    return lambda screen: isinstance(screen, TrialScreen) and screen.test == test and not screen.is_training


def open_at(open_listener: Open, folder: Path, key: Key, test: str, **options: Any) -> ListenerWindow:
    session = open_session(folder, "L01")
    skip_to(session, key, is_trial(test))
    return open_listener(session=session, **options)


def test_a_listener_with_known_preferences_gives_the_results_that_they_imply(
    qtbot: Any, open_listener: Open, folder: Path, key: Key
) -> None:
    for number in (1, 2):
        listener = SimulatedListener(PREFERS, spread=0.1, seed=number)
        window = open_listener(f"L0{number}")
        asked = []
        while window.session.screen is not None:
            asked.append(window.session.screen.kind)
            values = dict(listener.values(window.session.screen, key))
            if window.session.screen.kind == "questionnaire":
                values |= {"age": 44.0, "remarks": "none"}
            answer(qtbot, window, values)
        assert {"welcome", "consent", "level", "trial", "break", "questionnaire", "thanks"} <= set(asked)
        qtbot.waitUntil(lambda window=window: not window.isVisible())

    assert [each.is_finished for each in list_sessions(folder)] == [True, True]
    result = analyse(folder, screening=False)
    rows = {
        (block.block.test, row.measure, row.condition): row
        for block in result.blocks
        for row in block.rows
        if row.noise_class == "all" and row.snr_db is None
    }
    assert rows["ab", "preference", "log_mmse"].estimate == 1.0
    assert rows["abx", "correct", "log_mmse"].estimate == 1.0
    assert rows["ccr", "comparison", "log_mmse"].estimate == pytest.approx(3, abs=0.3)
    for measure in ("sig", "bak", "ovrl"):
        better, worse = (rows["p835", measure, name].estimate for name in ("log_mmse", "noisy"))
        assert better - worse > 2
    assert rows["mushra", "quality", "reference"].estimate == 100
    assert rows["mushra", "quality", "log_mmse"].estimate == pytest.approx(87.5, abs=8)
    assert rows["mushra", "quality", "noisy"].estimate == pytest.approx(12.5, abs=8)


def test_every_answer_is_on_disk_before_the_next_screen(
    qtbot: Any, open_listener: Open, folder: Path, key: Key
) -> None:
    window = open_listener()
    listener = SimulatedListener(PREFERS)
    (info,) = list_sessions(folder)
    shown = []
    window.view_shown.connect(lambda: shown.append(len(read_session(info.path)[1])))  # type: ignore[index]
    for _ in range(6):
        answer(qtbot, window, listener.values(window.session.screen, key))  # type: ignore[arg-type]
    assert shown == [1, 2, 3, 4, 5, 6]


def test_nobody_goes_on_before_all_is_heard_and_rated(
    qtbot: Any, open_listener: Open, folder: Path, key: Key
) -> None:
    window = open_at(open_listener, folder, key, "p835")
    done = window.session.progress[0]
    assert not window.next_button.isEnabled()
    assert "Listen to A." in window.to_do.text()
    press(window, Qt.Key.Key_Return)
    assert window.session.progress[0] == done
    listen(qtbot, window)
    qtbot.waitUntil(lambda: "Listen" not in window.to_do.text())
    press(window, "5", "4")
    assert not window.next_button.isEnabled()
    assert "Choose an answer" in window.to_do.text()
    press(window, "3")
    assert window.next_button.isEnabled()
    press(window, Qt.Key.Key_Return)
    assert window.session.progress[0] == done + 1


def test_switching_keeps_the_position(qtbot: Any, open_listener: Open, folder: Path, key: Key) -> None:
    window = open_at(open_listener, folder, key, "abx", make_output=lambda _: FastClock(speed=1))
    qtbot.waitUntil(lambda: window.deck.is_ready)
    press(window, "a")
    qtbot.waitUntil(lambda: window.deck.position_samples > SAMPLE_RATE // 4)
    before = window.deck.position_samples
    press(window, "x")
    assert window.deck.selected == 2
    assert 0 <= window.deck.position_samples - before < SAMPLE_RATE // 2
    assert window.deck.is_playing


def test_a_region_is_repeated_by_mouse_and_keys(
    qtbot: Any, open_listener: Open, folder: Path, key: Key
) -> None:
    window = open_at(open_listener, folder, key, "ab", make_output=lambda _: FastClock(speed=1))
    qtbot.waitUntil(lambda: window.deck.is_ready)
    deck, line = window.deck, window.view.transport.timeline  # type: ignore[union-attr]
    assert deck.loop == (0, deck.duration_samples)
    middle = line.height() // 2
    QTest.mousePress(line, Qt.MouseButton.LeftButton, pos=QPoint(line.width() // 4, middle))
    QTest.mouseMove(line, QPoint(line.width() // 2, middle))
    QTest.mouseRelease(line, Qt.MouseButton.LeftButton, pos=QPoint(line.width() // 2, middle))
    first, last = deck.loop  # type: ignore[misc]
    assert first == pytest.approx(deck.duration_samples / 4, rel=0.1)
    assert last == pytest.approx(deck.duration_samples / 2, rel=0.1)
    press(window, Qt.Key.Key_Backspace)
    assert deck.loop == (0, deck.duration_samples)
    press(window, "l")
    assert deck.loop is None
    deck.seek(SAMPLE_RATE)
    press(window, "[")
    assert deck.loop == (SAMPLE_RATE, deck.duration_samples)


def test_ratings_by_the_mouse(qtbot: Any, open_listener: Open, folder: Path, key: Key) -> None:
    window = open_at(open_listener, folder, key, "mushra")
    qtbot.waitUntil(lambda: window.deck.is_ready)
    board = window.view.board  # type: ignore[union-attr]
    assert all(value is None for value in board.values().values())
    slider = board.sliders["2"]
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(5, round(slider.y_of(80))))
    assert slider.rating == pytest.approx(80, abs=1)
    assert board.sliders["1"].rating is None
    assert slider.accessibleName() == "Rating of 2"


def test_an_answer_can_be_changed_until_one_goes_on(open_listener: Open, folder: Path, key: Key) -> None:
    window = open_at(open_listener, folder, key, "ccr")
    press(window, "-", "2")
    assert window.view.values() == {"comparison": -2}  # type: ignore[union-attr]
    press(window, "3")
    assert window.view.values() == {"comparison": 3}  # type: ignore[union-attr]


def test_without_sound_nobody_goes_on_until_there_is_some(
    qtbot: Any, open_listener: Open, folder: Path, key: Key
) -> None:
    outputs: list[ClockOutput] = [ClockOutput("Playback is silent: no device."), FastClock()]
    window = open_at(open_listener, folder, key, "ab", make_output=lambda _: outputs.pop(0))
    qtbot.waitUntil(window.trouble.isVisible)
    assert window.trouble.label.text() == "Playback is silent: no device."
    window.deck.select(0)
    window.deck.select(1)
    press(window, "1")
    assert not window.next_button.isEnabled()
    QTest.mouseClick(window.trouble.again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.trouble.isVisible())
    qtbot.waitUntil(lambda: window.deck.is_ready)
    listen(qtbot, window)
    qtbot.waitUntil(window.next_button.isEnabled)


class Dying(FastClock):
    """A device that is pulled out."""

    def die(self) -> None:
        self.is_silent = True
        self.message = "“Headphones” has stopped playing: check that it is connected."


def test_a_device_that_is_pulled_out_is_told_of_and_another_takes_over(
    qtbot: Any, open_listener: Open, folder: Path, key: Key
) -> None:
    first = Dying()
    outputs = [first, FastClock()]
    window = open_at(open_listener, folder, key, "ab", make_output=lambda _: outputs.pop(0))
    qtbot.waitUntil(lambda: window.deck.is_ready)
    press(window, "a")
    qtbot.waitUntil(lambda: window.deck.heard[0] > 0)
    first.die()
    qtbot.waitUntil(window.trouble.isVisible)
    assert "Headphones" in window.trouble.label.text()
    window.deck.reopen("Loudspeakers")
    qtbot.waitUntil(lambda: not window.trouble.isVisible())
    listen(qtbot, window)


def test_an_answer_that_cannot_be_saved_stays_on_the_screen(
    qtbot: Any, open_listener: Open, folder: Path
) -> None:
    window = open_listener()
    (info,) = list_sessions(folder)
    content = info.path.read_bytes()
    info.path.unlink()
    press(window, Qt.Key.Key_Return)
    assert window.session.progress[0] == 0
    assert "could not be saved" in window.trouble.label.text()
    info.path.write_bytes(content)
    QTest.mouseClick(window.trouble.again, Qt.MouseButton.LeftButton)
    assert window.session.progress[0] == 1
    assert not window.trouble.isVisible()


def test_stopping_is_asked_for_and_going_on_resumes(
    qtbot: Any, open_listener: Open, folder: Path, key: Key
) -> None:
    window = open_at(open_listener, folder, key, "ccr")
    screen, order = window.session.screen, [each.id for each in window.session.screens]
    press(window, Qt.Key.Key_Escape)
    assert window.leave.isVisible()
    window.close()
    assert window.isVisible()
    press(window, Qt.Key.Key_Escape)
    assert not window.leave.isVisible()
    press(window, Qt.Key.Key_Escape, Qt.Key.Key_Tab, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.isVisible())
    again = open_listener("L01")
    assert again.session.screen == screen
    assert [each.id for each in again.session.screens] == order


def test_the_level_that_was_set_is_kept_through_the_session(
    qtbot: Any, open_listener: Open, folder: Path, key: Key
) -> None:
    session = open_session(folder, "L01")
    skip_to(session, key, lambda screen: isinstance(screen, LevelScreen))
    window = open_listener(session=session)
    answer(qtbot, window, {"gain_db": -14.0})
    assert session.gain_db == -14.0
    answer(qtbot, window, {})
    qtbot.waitUntil(lambda: window.deck.is_ready)
    assert window.deck._source.gain_db == -14.0  # type: ignore[union-attr]


def test_a_preview_keeps_nothing(qtbot: Any, open_listener: Open, folder: Path) -> None:
    window = open_listener(session=preview(folder), is_preview=True)
    answer(qtbot, window, {})
    assert window.session.progress[0] == 1
    assert list_sessions(folder) == []
    window.close()
    assert not window.isVisible()


def test_size_of_text_and_colours_are_remembered(open_listener: Open, folder: Path) -> None:
    window = open_listener()
    QTest.keyClick(window, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert window.look.scale == pytest.approx(1.1)
    while window.look.colours is not Colours.CONTRAST:
        QTest.mouseClick(window.colours_button, Qt.MouseButton.LeftButton)
    again = open_listener("L02")
    assert again.look.scale == pytest.approx(1.1)
    assert again.look.colours is Colours.CONTRAST


@pytest.mark.parametrize("test", ["ab", "ccr", "p835", "mushra"])
def test_tab_reaches_everything_and_everything_has_a_name(
    qtbot: Any, open_listener: Open, folder: Path, key: Key, test: str
) -> None:
    window = open_at(open_listener, folder, key, test)
    qtbot.waitUntil(lambda: window.deck.is_ready)
    listen(qtbot, window)
    screen = window.session.screen
    assert isinstance(screen, TrialScreen)
    rate(
        window, screen, {scale.name: scale.options[0][0] if scale.options else 50 for scale in screen.scales}
    )
    window.view.focus_first()  # type: ignore[union-attr]
    reached: list[QWidget] = []
    for _ in range(60):
        press(window, Qt.Key.Key_Tab)
        focused = window.focusWidget()
        assert focused is not None
        if focused in reached:
            break
        reached.append(focused)
    wanted = [*window.view.buttons, window.next_button, window.stop_button]  # type: ignore[union-attr]
    assert set(wanted) <= set(reached)
    for widget in reached:
        assert isinstance(widget, QAbstractButton | QSlider | QLineEdit | QPlainTextEdit)
        named = widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text())
        assert named, widget
