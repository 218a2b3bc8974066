import shlex
from dataclasses import fields

import numpy as np
import pytest

from train_cli.__main__ import main
from train_cli.commands import build_parser
from train_cli.options import TrainDdaeOptions, TrainNcOptions
from train_cli.parser import options_from
from workbench.bundles.store import find_bundles
from workbench.errors import WorkbenchError


def _lines(capfd):
    return [shlex.split(line)[1:] for line in capfd.readouterr().out.splitlines()]


def _bundle(kind):
    bundles = [b for b in find_bundles(kind) if b.manifest.training.command.startswith("train_cli ")]
    assert bundles, f"a {kind} bundle must ship in models/"
    return bundles[0]


def test_every_option_that_decides_what_is_learnt_is_recorded():
    pytest.importorskip("tensorflow")
    from train_cli.export import RECORDED_OPTIONS

    names = {each.name for options in (TrainNcOptions, TrainDdaeOptions) for each in fields(options)}
    where_and_how_long = {"data", "run", "start_from", "patience", "max_minutes", "xla", "examples", "events"}
    assert names - set(RECORDED_OPTIONS) == where_and_how_long


@pytest.mark.parametrize("kind", ["nc", "ddae"])
def test_a_recipe_repeats_what_the_bundle_says(kind, capfd):
    bundle = _bundle(kind)
    assert main(["recipe", bundle.name, "--data=here"]) == 0
    lines = _lines(capfd)
    stages = bundle.manifest.training.command.split(" && ")
    assert lines[0][:3] == ["scan", "--data", "here"]
    after = ["export", "evaluate", "export", *(["verify"] if len(bundle.manifest.files) > 1 else [])]
    assert [line[0] for line in lines[1:]] == [f"train-{kind}"] * len(stages) + after
    runs = []
    for stage, line in zip(stages, lines[1:], strict=False):
        words = shlex.split(stage)
        folders = [words.index(name) for name in ("--data", "--start-from") if name in words]
        wanted = [word for i, word in enumerate(words[2:], 2) if i not in folders and i - 1 not in folders]
        given = line[5:]
        if "--start-from" in words:
            assert given[-2:] == ["--start-from", runs[-1]]
            given = given[:-2]
        assert given == wanted
        runs.append(line[4])
    assert ["--run", runs[-1]] == lines[len(stages) + 1][1:3]
    assert len(set(runs)) == len(runs)


@pytest.mark.parametrize("name", ["original-nc", "original-fc", "original-gru"])
@pytest.mark.parametrize("small", [[], ["--small"]])
def test_every_printed_command_is_one_that_can_be_given(name, small, capfd):
    from train_cli.commands import COMMANDS

    assert main(["recipe", name, *small]) == 0
    lines = _lines(capfd)
    assert len(lines) == (5 if name == "original-nc" else 8)
    for line in lines:
        namespace = build_parser().parse_args(line)
        options = options_from(namespace, COMMANDS[namespace.command].options)
        if line[0].startswith("train"):
            assert options.architecture == name


def test_an_unknown_recipe_names_the_nearest(capfd):
    assert main(["recipe", "original-fx"]) == 2
    assert "did you mean original-fc?" in " ".join(capfd.readouterr().err.split())


def test_a_small_recipe_goes_from_folders_to_a_bundle_that_the_application_runs(tiny_corpus, tmp_path, capfd):
    pytest.importorskip("tensorflow")
    from workbench.bundles.check import check_bundle
    from workbench.classifier.streaming import NoiseClassifier, classify

    name = _bundle("nc").name
    arguments = ["recipe", name, "--run", "--small", f"--data={tiny_corpus}", f"--work={tmp_path}"]
    assert main(arguments) == 0
    work = tmp_path / f"{name}-small"
    bundle = check_bundle(work / f"{name}-small")
    noise = (0.05 * np.random.default_rng(0).standard_normal(16_000)).astype(np.float32)
    assert classify(noise, NoiseClassifier(bundle))
    assert "Heard as" in bundle.manifest.figures
    assert (work / "run" / "curve.png").stat().st_size > 5_000
    assert "accuracy" in (work / f"{name}-small" / "CARD.md").read_text()


def test_a_small_recipe_of_the_original_ends_with_its_methods(tiny_corpus, tmp_path, monkeypatch, capfd):
    pytest.importorskip("tensorflow")
    from train_cli import recipe
    from workbench import resources
    from workbench.bundles.check import check_bundle
    from workbench.denoisers.registry import make_denoiser

    monkeypatch.setattr(recipe, "_SMALL", recipe._SMALL | {"steps": "2", "epoch-steps": "2", "batch": "2"})
    arguments = ["--run", "--small", f"--data={tiny_corpus}", f"--work={tmp_path}"]
    assert main(["recipe", "original-fc", *arguments]) == 0
    work = tmp_path / "original-fc-small"
    bundle = check_bundle(work / "original-fc-small")
    assert list(bundle.manifest.files) == ["dynamic"]
    assert bundle.manifest.training.command.count("--architecture original-fc") == 4
    assert list(bundle.manifest.figures["By class"]) == [
        "Human sounds", "TV / radio", "Vehicles", "Household appliances"
    ]  # fmt: skip
    monkeypatch.setattr(resources, "user_models_dir", lambda: work)
    denoiser = make_denoiser("original-vehicle@original-fc-small")
    assert denoiser.process(np.ones(20_000, np.float32)).any()
    assert main(["recipe", "original-fc-small"]) == 2
    assert "whose recipes are original-nc, original-fc, original-gru" in " ".join(
        capfd.readouterr().err.split()
    )


def test_a_failing_step_is_one_sentence(tmp_path, capfd):
    name = _bundle("nc").name
    assert main(["recipe", name, "--run", f"--data={tmp_path / 'none'}", f"--work={tmp_path}"]) == 2
    assert "There is no folder" in capfd.readouterr().err


def test_no_figure_without_a_validation(tmp_path):
    from train_cli.curve_figure import draw_curve

    assert draw_curve(tmp_path) is None


def test_errors_of_options_are_found_before_anything_runs():
    with pytest.raises(WorkbenchError, match="--seed"):
        options_from(build_parser().parse_args(["mix", "--seed=-1"]), _options("mix"))


def _options(command):
    from train_cli.commands import COMMANDS

    return COMMANDS[command].options
