import json
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from workbench.errors import WorkbenchError
from workbench.listening.prepared import Key, PreparedTest
from workbench.listening.screens import (
    LevelScreen,
    QuestionScreen,
    Screen,
    TextScreen,
    TrialScreen,
    missing,
)
from workbench.listening.session import (
    Session,
    list_sessions,
    new_listener_id,
    open_session,
    preview,
    read_session,
)
from workbench.listening.simulate import SimulatedListener, simulate_session

# Forks a process for each page, so that only one has to load the program.
_ANSWER_AND_WAIT = """
import os, signal, sys
from pathlib import Path
from workbench.listening.prepared import read_key
from workbench.listening.session import open_session
from workbench.listening.simulate import SimulatedListener
folder = Path(sys.argv[1])
key = read_key(folder)
for _ in sys.stdin:
    if (child := os.fork()):
        os.waitpid(child, 0)
        print("killed", flush=True)
        continue
    session = open_session(folder, "L01")
    screen = session.screen
    session.answer(SimulatedListener({}).values(screen, key))
    print(os.getpid(), screen.id, session.screen.id, flush=True)
    signal.pause()
"""


def of_kind(session: Session, kind: type[Screen]) -> Screen:
    return next(screen for screen in session.screens if isinstance(screen, kind))


def go_to(session: Session, kind: str, key: Key) -> Screen:
    listener = SimulatedListener({})
    while session.screen is not None and session.screen.kind != kind:
        session.answer(listener.values(session.screen, key))
    assert session.screen is not None
    return session.screen


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and kill -9")
def test_a_kill_at_each_page_loses_nothing_that_was_answered(folder: Path) -> None:
    order = preview(folder).screens
    with subprocess.Popen(
        [sys.executable, "-c", _ANSWER_AND_WAIT, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for screen, following in pairwise(order):
            print("next", file=process.stdin, flush=True)
            pid, *said = process.stdout.readline().split()
            os.kill(int(pid), signal.SIGKILL)
            assert process.stdout.readline() == "killed\n"
            assert said == [screen.id, following.id]
        process.stdin.close()
    (found,) = list_sessions(folder)
    assert found.is_finished
    content = read_session(found.path)
    assert content is not None
    assert [entry["screen"] for entry in content[1]] == [screen.id for screen in order[:-1]]


def test_each_answer_is_on_disk_before_the_next_screen(folder: Path, key: Key) -> None:
    session = open_session(folder, "L01")
    listener = SimulatedListener({})
    while session.screen is not None:
        screen, before = session.screen, session.progress[0]
        values = listener.values(screen, key)
        session.answer(values, seconds=1.5)
        content = read_session(list_sessions(folder)[0].path)
        assert content is not None
        assert len(content[1]) == before + 1 == session.progress[0]
        assert content[1][-1]["values"] == values
        assert content[1][-1]["seconds"] == 1.5
    assert session.is_finished


def test_a_session_goes_on_where_it_broke_off_in_the_same_order(folder: Path, key: Key) -> None:
    open_session(folder, "other")
    session = open_session(folder, "L01")
    assert session.index == 1
    assert isinstance(go_to(session, "trial", key), TrialScreen)
    again = open_session(folder, "L01")
    assert (again.id, again.index, again.screen) == (session.id, session.index, session.screen)
    assert again.screens == session.screens
    assert again.gain_db == session.gain_db == -12.0
    assert len(list_sessions(folder)) == 2


@pytest.mark.parametrize("n_bytes", [1, 20, 200])
def test_a_line_that_was_cut_short_is_asked_again(folder: Path, key: Key, n_bytes: int) -> None:
    session = open_session(folder, "L01")
    go_to(session, "trial", key)
    asked = session.screen
    assert asked is not None
    path = list_sessions(folder)[0].path
    whole = path.read_bytes()
    session.answer(SimulatedListener({}).values(asked, key))
    path.write_bytes(path.read_bytes()[: len(whole) + n_bytes])
    again = open_session(folder, "L01")
    assert again.screen == asked
    again.answer(SimulatedListener({}).values(asked, key))
    simulate_session(again, key, SimulatedListener({}))
    assert all(json.loads(line) for line in path.read_text("utf-8").splitlines())
    assert list_sessions(folder)[0].is_finished


def test_a_session_that_died_before_its_first_line_is_no_session(folder: Path) -> None:
    (folder / "sessions" / "L01-0.jsonl").write_bytes(b'{"format": 1')
    assert list_sessions(folder) == []
    assert open_session(folder, "L01").progress[0] == 0


def test_two_windows_on_one_session_do_not_mix(folder: Path) -> None:
    first, second = open_session(folder, "L01"), open_session(folder, "L01")
    first.answer({})
    with pytest.raises(WorkbenchError, match="open in another window"):
        second.answer({})
    assert second.progress[0] == 0
    assert open_session(folder, "L01").progress[0] == 1


def test_a_full_disk_is_said_and_the_screen_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = open_session(folder, "L01")

    def refuse(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("workbench.listening.session._sync", refuse)
    before = list_sessions(folder)[0].path.read_bytes()
    with pytest.raises(WorkbenchError, match="could not be saved"):
        session.answer({})
    assert session.progress[0] == 0
    assert list_sessions(folder)[0].path.read_bytes() == before
    monkeypatch.undo()
    session.answer({})
    assert open_session(folder, "L01").progress[0] == 1


def test_who_has_finished_begins_again_only_if_told(folder: Path, key: Key) -> None:
    simulate_session(open_session(folder, "L01"), key, SimulatedListener())
    with pytest.raises(WorkbenchError, match="has finished"):
        open_session(folder, "L01")
    again = open_session(folder, "L01", again=True)
    assert again.progress[0] == 0
    assert len(list_sessions(folder)) == 2


@pytest.mark.parametrize("name", ["Jane Doe", "jane@example.org", "", "../L01", "L" * 33])
def test_names_are_no_codes(folder: Path, name: str) -> None:
    with pytest.raises(WorkbenchError, match="do not use a name"):
        open_session(folder, name)
    assert list_sessions(folder) == []


def test_codes_and_files_of_listeners_do_not_collide(folder: Path) -> None:
    assert len({new_listener_id() for _ in range(200)}) == 200
    assert open_session(folder).listener != open_session(folder).listener
    assert [each.index for each in list_sessions(folder)] == [0, 1]


def test_a_session_of_another_order_does_not_go_on(folder: Path, prepared: PreparedTest) -> None:
    open_session(folder, "L01").answer({})
    path = list_sessions(folder)[0].path
    path.write_text(path.read_text("utf-8").replace('"screen": "01"', '"screen": "77"'), "utf-8")
    with pytest.raises(WorkbenchError, match="does not go with this test"):
        open_session(folder, "L01")


def test_a_damaged_session_is_said(folder: Path) -> None:
    open_session(folder, "L01").answer({})
    path = list_sessions(folder)[0].path
    path.write_bytes(path.read_bytes()[:40] + b"\n" + path.read_bytes()[41:])
    with pytest.raises(WorkbenchError, match="damaged"):
        list_sessions(folder)


def test_a_preview_writes_nothing(folder: Path, key: Key) -> None:
    before = sorted(path for path in folder.rglob("*"))
    simulate_session(preview(folder, 3), key, SimulatedListener())
    assert sorted(path for path in folder.rglob("*")) == before


def test_session_files_name_no_condition(folder: Path, key: Key) -> None:
    simulate_session(open_session(folder, "L01"), key, SimulatedListener())
    text = list_sessions(folder)[0].path.read_text("utf-8")
    for word in ("log_mmse", "noisy", "clean", "anchor", "hidden", "vehicle", "woman"):
        assert word not in text


def test_a_folder_that_cannot_be_written_is_said(folder: Path) -> None:
    (folder / "sessions").rmdir()
    (folder / "sessions").write_bytes(b"")
    with pytest.raises(WorkbenchError, match="cannot be written"):
        open_session(folder, "L01")
    assert os.listdir(folder)


def test_what_is_missing_is_said_screen_by_screen(prepared: PreparedTest) -> None:
    session = Session(prepared, "L01", 0, identity="x")
    consent = next(screen for screen in session.screens if screen.kind == "consent")
    assert isinstance(consent, TextScreen)
    assert missing(consent, {}) == ["Tick that you agree."]
    assert missing(consent, {"agreed": True}) == []
    level = of_kind(session, LevelScreen)
    assert missing(level, {"gain_db": 3.0}) == ["Set the level."]
    assert missing(level, {"gain_db": -3.0}) == []
    questions = of_kind(session, QuestionScreen)
    assert missing(questions, {"age": 7}) == ["Answer “How old are you?”.", "Answer “How well do you hear?”."]
    assert missing(questions, {"hearing": "Well"}) == []


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("ab", {"preference": "none"}, {"preference": "C"}),
        ("abx", {"x": "A"}, {"x": "none"}),
        ("ccr", {"comparison": 0}, {"comparison": 4}),
        ("p835", {"sig": 1, "bak": 5, "ovrl": 3}, {"sig": 1, "bak": 5, "ovrl": 0}),
        ("mushra", dict.fromkeys("12345", 50), {**dict.fromkeys("1234", 50), "5": 101}),
    ],
)
def test_a_trial_is_complete_when_all_is_rated_and_heard(
    prepared: PreparedTest, kind: str, good: dict[str, int], bad: dict[str, int]
) -> None:
    session = Session(prepared, "L01", 0, identity="x")
    trial = next(each for each in session.screens if isinstance(each, TrialScreen) and each.test == kind)
    everything = {each.label: 1.0 for each in trial.stimuli}
    assert missing(trial, good, everything) == []
    assert len(missing(trial, bad, everything)) == 1
    last = trial.stimuli[-1].label
    assert missing(trial, good, everything | {last: 0.4}) == [f"Listen to {last}."]
    assert len(missing(trial, {}, everything)) == len(trial.scales)
