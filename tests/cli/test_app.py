import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import workbench
from workbench.cli import app, methods
from workbench.cli.parser import COMMANDS, build_parser, with_command


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, timeout=120)


def test_version(run):
    outcome = run("--version")
    assert (outcome.status, outcome.out) == (0, f"workbench {workbench.__version__}\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(run, command):
    outcome = run(command, "--help")
    assert outcome.status == 0
    assert "examples:\n  workbench" in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 100


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_parse(command):
    examples = import_module(f"workbench.cli.{command}").EXAMPLES
    lines = re.findall(r"^  (?:\w+=\w+ )?workbench ?(.*?)(?:  .*|)$", examples, re.MULTILINE)
    assert lines
    for line in lines:
        arguments = shlex.split(line.partition(">")[0])
        build_parser().parse_args(with_command(arguments))


def test_help_names_every_command(run):
    outcome = run("--help")
    assert outcome.status == 0
    assert all(f"\n    {command} " in outcome.out for command in COMMANDS)


def test_help_loads_nothing_heavy():
    script = """
import sys
from workbench.cli import main
main(["denoise", "--help"])
heavy = {"numpy", "rich", "soundfile", "PySide6", "ai_edge_litert"} & set(sys.modules)
assert not heavy, heavy
"""
    ended = python("-c", script)
    assert ended.returncode == 0, ended.stderr


def test_the_application_never_imports_tensorflow():
    script = """
import importlib, pkgutil, sys
import workbench
for module in pkgutil.walk_packages(workbench.__path__, "workbench."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
from workbench.denoisers.registry import methods
methods()
assert {"workbench.cli.app", "workbench.gui.app", "workbench.engine.player"} <= set(sys.modules)
found = {"tensorflow", "keras"} & {name.partition(".")[0] for name in sys.modules}
assert not found, found
"""
    ended = python("-c", script)
    assert ended.returncode == 0, ended.stderr


def test_mistyped_command_is_said_in_one_line(run):
    outcome = run("denois", "a.wav", "-o", "b.wav")
    assert outcome.status == 2
    assert outcome.err.count("\n") == 1
    assert "did you mean `workbench denoise`?" in outcome.err


def test_missing_recording_is_said_before_a_window_opens(run, tmp_path):
    outcome = run(tmp_path / "nothing.wav")
    assert outcome.status == 2
    assert "nothing.wav" in outcome.err


def test_wrong_usage_exits_with_2(run):
    assert run("denoise").status == 2
    outcome = run("denoise", "a.wav", "-o", "b.wav", "--wet", "2")
    assert outcome.status == 2
    assert "--wet: 2 is not between 0 and 1" in outcome.err


def test_interruption_exits_with_130(run, monkeypatch):
    def interrupt(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(methods, "run", interrupt)
    outcome = run("methods")
    assert outcome.status == app.EXIT_INTERRUPTED
    assert outcome.err == "workbench: interrupted\n"


def test_a_defect_goes_to_the_log_with_its_traceback(run, monkeypatch, log):
    def fail(options):
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(methods, "run", fail)
    outcome = run("methods")
    assert outcome.status == app.EXIT_DEFECT
    assert outcome.err == f"workbench: unexpected ZeroDivisionError; the details are in {log}\n"
    assert "ZeroDivisionError: a defect" in log.read_text("utf-8")


def test_refusal_of_the_file_system_is_no_defect(run, tmp_path):
    (tmp_path / "file").write_text("")
    outcome = run(
        "mix", "--speech", "a.wav", "--noise", "b.wav", "--snr-db", 0, "-o", tmp_path / "file" / "folder"
    )
    assert outcome.status == 2
    assert "unexpected" not in outcome.err


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise on Windows")
def test_a_reader_that_leaves_is_no_error():
    shell = f"{sys.executable} -m workbench --help | true; echo ${{PIPESTATUS[0]}}"
    ended = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=60)
    assert (ended.stdout, ended.stderr) == ("0\n", "")


def test_module_runs_as_the_command():
    ended = python("-m", "workbench", "--version")
    assert ended.stdout.startswith("workbench ")


def test_console_script_is_this_main():
    project = Path(__file__).parents[2] / "pyproject.toml"
    assert 'workbench = "workbench.cli:main"' in project.read_text("utf-8")
