"""The program is killed at each page of a session; the next start goes on there with everything answered."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import REPOSITORY
from workbench.listening.screens import Screen, TrialScreen
from workbench.listening.session import list_sessions, open_session, read_session


def run_until_shown(folder: Path, settings: Path, n_answers: int) -> tuple[str, str]:
    """Answer so many screens, kill the program, and return the screen that was shown then."""
    command = [
        sys.executable,
        "-m",
        "tests.gui.listening.crash_target",
        str(folder),
        str(settings),
        str(n_answers),
    ]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        line = program.stdout.readline()
        program.kill()
        errors = program.stderr.read()
    assert line.startswith("at "), errors
    assert program.returncode == -9
    _, screen, order = line.split()
    return screen, order


def first_places(screens: tuple[Screen, ...]) -> list[int]:
    """Return where each kind of page comes for the first time."""
    kinds = [
        (each.test, each.is_training) if isinstance(each, TrialScreen) else each.kind for each in screens
    ]
    return [place for place, kind in enumerate(kinds) if kind not in kinds[:place]]


def test_a_kill_at_any_page_loses_nothing_answered(folder: Path, tmp_path: Path) -> None:
    session = open_session(folder, "L01")
    order = ",".join(each.id for each in session.screens)
    (info,) = list_sessions(folder)
    lines: list[bytes] = []
    n_done = 0
    for place in first_places(session.screens):
        screen, shown_order = run_until_shown(folder, tmp_path / "s.ini", place - n_done)
        n_done = place
        assert screen == session.screens[place].id
        assert shown_order == order
        _, answered = read_session(info.path)  # type: ignore[misc]
        assert [each["screen"] for each in answered] == [each.id for each in session.screens[:place]]
        now = info.path.read_bytes().splitlines()
        assert now[: len(lines)] == lines
        lines = now
    assert [each.listener for each in list_sessions(folder)] == ["L01"]
    assert list_sessions(folder)[0].is_finished


def test_half_a_line_on_disk_was_never_answered(folder: Path, tmp_path: Path) -> None:
    run_until_shown(folder, tmp_path / "s.ini", 2)
    (info,) = list_sessions(folder)
    whole = info.path.read_bytes()
    info.path.write_bytes(whole + b'{"screen": "03", "kind": "lev')
    screen, _ = run_until_shown(folder, tmp_path / "s.ini", 0)
    assert info.path.read_bytes() == whole
    assert screen == open_session(folder, "L01").screens[2].id
