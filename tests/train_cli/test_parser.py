from dataclasses import fields
from pathlib import Path

import pytest

from train_cli.commands import COMMANDS, build_parser
from train_cli.parser import options_from
from workbench.errors import WorkbenchError


def _options(*arguments):
    namespace = build_parser().parse_args(arguments)
    return options_from(namespace, COMMANDS[namespace.command].options)


def test_defaults_and_given_values_arrive_with_their_types():
    options = _options("train-ddae", "--steps", "7", "--seconds", "2.5", "--run", "here", "--no-xla")
    assert (options.steps, options.seconds, options.run, options.xla) == (7, 2.5, Path("here"), False)
    assert (options.batch, options.events) == (8, False)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_every_option(command, capsys):
    with pytest.raises(SystemExit) as stopped:
        build_parser().parse_args([command, "--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    for each in fields(COMMANDS[command].options):
        name = each.name.upper() if each.metadata["positional"] else "--" + each.name.replace("_", "-")
        assert name in text


def test_ranges_are_kept():
    with pytest.raises(WorkbenchError, match=r"--learning-rate is 5\.0; choose a value from 1e-07 to 1\.0"):
        _options("train-nc", "--learning-rate", "5")
