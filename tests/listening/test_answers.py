import shutil
from pathlib import Path

import pytest

from workbench.errors import WorkbenchError
from workbench.listening.answers import Merged, merge, read_sessions
from workbench.listening.prepared import Key, open_prepared
from workbench.listening.session import list_sessions, open_session
from workbench.listening.simulate import SimulatedListener, simulate_session


@pytest.fixture
def other(folder: Path, tmp_path: Path) -> Path:
    """Copy of the test on another computer, without its key."""
    return Path(shutil.copytree(folder, tmp_path / "other", ignore=shutil.ignore_patterns("key")))


def test_computers_come_together_without_collisions(folder: Path, other: Path, key: Key) -> None:
    simulate_session(open_session(folder, "L01"), key, SimulatedListener())
    simulate_session(open_session(other, "L01"), key, SimulatedListener())
    simulate_session(open_session(other, "L02"), key, SimulatedListener())
    assert merge(folder, [other]) == Merged(2, 0, 0)
    assert merge(folder, [other]) == Merged(0, 0, 2)
    assert [each.listener for each in list_sessions(folder)] == ["L01", "L01", "L02"]
    assert all(each.is_finished for each in list_sessions(folder))


def test_a_session_that_went_on_elsewhere_is_continued(folder: Path, other: Path) -> None:
    session = open_session(other, "L01")
    session.answer({})
    merge(folder, [other])
    session.answer({"agreed": True})
    assert merge(folder, [other]) == Merged(0, 1, 0)
    assert list_sessions(folder)[0].n_done == 2
    # What is longer here stays.
    open_session(folder, "L01").answer({"gain_db": -3.0})
    assert merge(folder, [other]) == Merged(0, 0, 1)
    assert list_sessions(folder)[0].n_done == 3


def test_a_session_that_went_on_differently_is_refused(folder: Path, other: Path) -> None:
    open_session(other, "L01").answer({})
    merge(folder, [other])
    open_session(other, "L01").answer({"agreed": True})
    open_session(folder, "L01").answer({"agreed": True, "more": 1})
    with pytest.raises(WorkbenchError, match="went on differently"):
        merge(folder, [other])


def test_sessions_of_another_test_are_refused(folder: Path, other: Path) -> None:
    open_session(other, "L01")
    path = list_sessions(other)[0].path
    path.write_text(path.read_text("utf-8").replace(open_prepared(folder).digest, "0" * 16), "utf-8")
    with pytest.raises(WorkbenchError, match="another test"):
        merge(folder, [other])
    assert list_sessions(folder) == []


def test_a_folder_without_sessions_is_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="no sessions"):
        merge(folder, [tmp_path / "nowhere"])


def test_sessions_are_read_from_several_places_the_longest_once(folder: Path, other: Path) -> None:
    session = open_session(other, "L01")
    session.answer({})
    merge(folder, [other])
    session.answer({"agreed": True})
    (read,) = read_sessions(open_prepared(folder), [other / "sessions"])
    assert [entry["screen"] for entry in read.entries] == ["01", "02"]
