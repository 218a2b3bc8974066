"""Forms and parser are two views of one definition."""

from dataclasses import fields, replace
from pathlib import Path

import pytest

from train_cli.commands import COMMANDS, build_parser
from train_cli.options import OPTIONS, PRESETS
from train_cli.parser import options_from
from workbench.errors import WorkbenchError
from workbench.training.forms import arguments, form_for


def _parsed(words):
    return options_from(build_parser().parse_args(words), COMMANDS[words[0]].options)


def test_every_command_has_a_form_with_every_option():
    assert {name: command.options for name, command in COMMANDS.items()} == dict(OPTIONS)
    for command, options in OPTIONS.items():
        form = form_for(command)
        assert [field.name for field in form.fields] == [
            f.name for f in fields(options) if f.name != "events"
        ]
        assert any(not field.advanced for field in form.fields)
        for field in form.fields:
            assert field.label
            assert field.help
            if field.kind is Path:
                assert field.pick, f"{command} {field.name} does not say what can be chosen"


@pytest.mark.parametrize("command", OPTIONS)
def test_what_a_form_holds_is_what_the_parser_reads(command, tmp_path):
    form = form_for(command)
    values = form.defaults()
    if "name" in values:
        values["name"] = "ddae-standard"
    options = form.read(values)
    assert options.events
    assert _parsed(arguments(command, options)) == options


def test_changed_values_of_every_kind_survive_the_command_line(tmp_path):
    form = form_for("mix")
    values = form.defaults() | {"snr_db": "-7.5, 0 20", "data": str(tmp_path / "two words"), "split": "dev"}
    options = form.read(values)
    assert options.snr_db == (-7.5, 0.0, 20.0)
    assert _parsed(arguments("mix", options)) == options
    form = form_for("train-ddae")
    options = form.read(form.defaults() | {"xla": False, "learning_rate": "2e-4", "patience": "3"})
    words = arguments("train-ddae", options)
    assert "--no-xla" in words
    assert _parsed(words) == options
    single = replace(_parsed(["mix", "--snr-db", "-5"]), events=True)
    assert _parsed(arguments("mix", single)) == single
    scan = form_for("scan")
    options = scan.read(scan.defaults() | {"data": f"{tmp_path}/a\n{tmp_path}/b c\n"})
    assert options.data == (tmp_path / "a", tmp_path / "b c")
    assert _parsed(arguments("scan", options)) == options


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("command", [name for name in OPTIONS if form_for(name).presets])
def test_presets_are_valid_and_standard_is_the_default(command, preset, tmp_path):
    form = form_for(command)
    values = form.defaults() | form.preset(preset)
    for field in form.fields:
        # The defaults name folders of a checkout's neighbourhood.
        values |= {field.name: ""} if field.is_optional else {}
    here = {field.name: str(tmp_path) for field in form.fields if field.pick in ("data", "folder")}
    assert form.problems(values | here) == {}
    assert (values == form.defaults()) == (preset == "standard")


def test_problems_are_the_parsers_sentences(capsys, tmp_path):
    form = form_for("train-nc")
    assert (
        form.field("learning_rate").problem("5") == "Learning rate is 5.0; choose a value from 1e-07 to 1.0."
    )
    with pytest.raises(WorkbenchError, match=r"^--learning-rate is 5.0; choose a value from 1e-07 to 1.0.$"):
        _parsed(["train-nc", "--learning-rate", "5"])
    assert form.field("steps").problem("1.5") == "Steps: '1.5' is not a whole number."
    with pytest.raises(SystemExit):
        _parsed(["train-nc", "--steps", "1.5"])
    assert "'1.5' is not a whole number" in capsys.readouterr().err
    assert "did you mean chunk-net" in form.field("architecture").problem("chunknet")
    assert form.field("learning_rate").problem("nan")
    assert form.field("data").problem("  ") == "Data is empty; fill it in."
    assert (
        form_for("recipe").problems(form_for("recipe").defaults())["name"] == "Recipe is empty; fill it in."
    )
    export = form_for("export")
    assert "There is no folder" in export.problems(export.defaults())["run"]
    assert export.problems(export.defaults() | {"run": str(tmp_path)}) == {}
