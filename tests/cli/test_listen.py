"""`workbench listen`: from a test file to a report."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Outcome
from workbench.cli import main
from workbench.listening.design import read_test

Run = Callable[..., Outcome]
SMALL = ["--max-speech", 1, "--noise", "vehicle=demo", "--snr-db", 5]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a prepared AB test."""
    folder = tmp_path_factory.mktemp("cli") / "ab"
    arguments = ["listen", "make", folder, "--kind", "ab", "--methods", "log_mmse", "noisy", *SMALL]
    assert main([str(each) for each in arguments]) == 0
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "ab"))


def test_a_test_is_simulated_and_analysed(run: Run, folder: Path, tmp_path: Path) -> None:
    assert run("listen", "run", folder, "--simulate", 7, "--quality", "log_mmse=4.5", "noisy=2").status == 0
    outcome = run("listen", "analyse", folder, "-o", tmp_path / "out", "--no-free-text")
    assert outcome.status == 0
    row = next(line for line in outcome.out.splitlines() if "against" in line)
    assert "Log-MMSE against Noisy" in row
    assert "100 %" in row
    assert "0.016" in row
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"report.html", "results.csv", "results.tex", "ratings.csv", "1-listening.png"}
    assert "remarks" not in (tmp_path / "out" / "listeners.csv").read_text("utf-8")


def test_check_says_how_many_listeners_it_takes(run: Run, folder: Path) -> None:
    outcome = run("listen", "check", folder)
    assert outcome.status == 0
    assert "nothing is wrong" in outcome.err
    assert "80 % power" in outcome.out


def test_check_refuses_and_says_why(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text('[[page]]\nkind = "block"\nname = "x"\ntest = "ab"\nmethods = ["noisy"]\n', "utf-8")
    outcome = run("listen", "check", path)
    assert outcome.status == 1
    assert "error: Block “x”: It needs at least 2 methods." in outcome.err
    outcome = run("listen", "make", tmp_path / "new", "--test", path)
    assert outcome.status == 2
    assert "at least 2 methods" in outcome.err


def test_a_test_file_is_written_to_be_changed(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    options = ["--kind", "ccr", "--methods", "adaptive", "noisy", "--trials", 3, "--title", "Mine", *SMALL]
    assert run("listen", "make", tmp_path / "x", *options, "--write-test", path).status == 0
    test = read_test(path)
    assert (test.title, test.blocks[0].test, test.blocks[0].n_trials) == ("Mine", "ccr", 3)
    assert not (tmp_path / "x").exists()
    assert run("listen", "make", tmp_path / "x", "--write-test", path).status == 2


def test_sessions_of_another_computer_come_in(run: Run, folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "other"))
    run("listen", "run", other, "--simulate", 2)
    outcome = run("listen", "merge", folder, other)
    assert outcome.status == 0
    assert "2 sessions added" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "FOLDER", "--quality", "noisy=2"], "goes with --simulate"),
        (["run", "FOLDER", "--simulate", "0"], "1 or more"),
        (["run", "FOLDER", "--simulate", "1", "--quality", "nothing=2"], "This test has no 'nothing'"),
        (["run", "FOLDER", "--simulate", "1", "--quality", "noisy=9"], "from 1 to 5"),
        (["analyse", "FOLDER"], "Nobody has finished"),
        (["check", "FOLDER/none"], "cannot be read"),
        (["make", "FOLDER"], "exists already"),
        (["make", "FOLDER/x", "--methods", "noisy"], "goes with --kind"),
        (["make", "FOLDER/x", "--noise", "vehicle"], "CLASS=PATH"),
        (["merge", "FOLDER", "FOLDER/none"], "no sessions"),
    ],
)
def test_wrong_usage_is_said(run: Run, folder: Path, arguments: list[str], message: str) -> None:
    outcome = run("listen", *(each.replace("FOLDER", str(folder)) for each in arguments))
    assert outcome.status == 2
    assert message in outcome.err


def test_people_and_simulated_listeners_do_not_mix(run: Run, folder: Path) -> None:
    from workbench.listening.session import open_session

    open_session(folder, "L01")
    outcome = run("listen", "run", folder, "--simulate", 1)
    assert outcome.status == 2
    assert "in a copy" in outcome.err
