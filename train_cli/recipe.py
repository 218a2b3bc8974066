"""Prints or runs the commands that make a model, from raw folders to a bundle.

How a bundle was trained is read from the bundle itself, so a recipe cannot drift from what it describes.
"""

import difflib
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from train_cli.commands import build_parser, run_command
from train_cli.events import Reporter
from train_cli.options import NOISE_CLASSES, RecipeOptions
from workbench.bundles.check import Bundle
from workbench.bundles.store import find_bundles
from workbench.errors import WorkbenchError

Options = dict[str, str]
_NOTES = Path("docs/models")
_SLICE = {"seconds": "1.024", "batch": "150", "learning-rate": "0.01", "warmup-steps": "0"}
_SHORT = {"steps": "180", "epoch-steps": "60", "validation-mixtures": "24"}
ORIGINALS: Mapping[str, tuple[str, Options]] = {
    "original-nc": ("train-nc", {"architecture": "original-nc", "seconds": "4.04", "steps": "4500"}),
    "original-fc": ("train-ddae", {"architecture": "original-fc", **_SLICE, **_SHORT}),
    "original-gru": ("train-ddae", {"architecture": "original-gru", **_SLICE, **_SHORT}),
}
"""The original system's networks: its batch, learning rate and slices, until `dev` gains no more."""
_DESCRIPTIONS = {
    "original-nc": "The original's classifier, trained on our data: judges each half second by itself.",
    "original-fc": "The original's dense denoiser, trained on our data: a network for each class.",
    "original-gru": "The original's recurrent denoiser, trained on our data: a network for each class.",
}
_SMALL = {"steps": "20", "epoch-steps": "20", "validation-mixtures": "8", "batch": "4", "warmup-steps": "5"}


def recipe(options: RecipeOptions, reporter: Reporter) -> None:
    """Print the commands of a recipe, or run them one after the other.

    Raises
    ------
    WorkbenchError
        There is no such model, or one of its commands cannot go on.
    """
    commands = list(_commands(options))
    for command in commands:
        reporter.command(shlex.join(["train_cli", *command]))
        if options.run:
            run_command(build_parser().parse_args(command), reporter)


def _commands(options: RecipeOptions) -> Iterator[list[str]]:
    work = options.work / (f"{options.name}-small" if options.small else options.name)
    catalogue = work / "catalogue.csv"
    scan = ["scan", "--data", *map(str, options.data), "--output", str(catalogue)]
    if options.name in ORIGINALS:
        yield scan
        yield from _original(options, work, catalogue)
        return
    bundle = _bundle(options.name)
    if bundle.manifest.is_original:
        raise WorkbenchError(
            f"{bundle.name} is of the original system, whose recipes are {', '.join(ORIGINALS)}; choose one."
        )
    runs = [work / "run"]
    stages = _stages(bundle)
    for number in range(1, len(stages)):
        runs.insert(number - 1, work / f"run-{number}")
    target = work / (f"{bundle.name}-small" if options.small else bundle.name)
    figures = work / "figures.json"
    export = ["export", "--run", str(work / "run"), "--output", str(target)]
    export += ["--title", bundle.manifest.title, "--description", bundle.manifest.description]
    export += ["--licence", bundle.manifest.training.licence]
    export += _notes(bundle.name)
    export += ["--default"] if bundle.manifest.default and not options.small else []
    quantised = [precision for precision in bundle.manifest.files if precision != "float"]
    export += ["--precisions", *quantised, "--data", str(catalogue)] if quantised else []
    beside = ["--precision", "float", *quantised] if quantised else []
    yield scan
    for (command, training), run, earlier in zip(stages, runs, [None, *runs], strict=False):
        chosen = {**training, "start-from": str(earlier)} if earlier else training
        yield _train(command, chosen, catalogue, run, options.small)
    yield export
    yield [*_evaluate(target, catalogue, figures, options.small), *beside]
    yield [*export, "--figures", str(figures)]
    if quantised:
        yield ["verify", str(target), "--card"]


def _original(options: RecipeOptions, work: Path, catalogue: Path) -> Iterator[list[str]]:
    """Yield the way to a bundle: of one classifier, or of a denoiser for each class of noise."""
    command, training = ORIGINALS[options.name]
    for noise_class in NOISE_CLASSES if command == "train-ddae" else ("",):
        run = work / f"run-{noise_class}" if noise_class else work / "run"
        chosen = {**training, **({"noise-class": noise_class} if noise_class else {})}
        yield _train(command, chosen, catalogue, run, options.small)
    target, figures = work / work.name, work / "figures.json"
    export = ["export", "--run", str(work if command == "train-ddae" else work / "run")]
    export += [
        "--output",
        str(target),
        "--title",
        f"Original {options.name.removeprefix('original-').upper()}",
    ]
    export += ["--description", _DESCRIPTIONS[options.name], *_notes(options.name)]
    yield export
    yield _evaluate(target, catalogue, figures, options.small)
    yield [*export, "--figures", str(figures)]


def _notes(name: str) -> list[str]:
    notes = _NOTES / f"{name}.md"
    return ["--notes", str(notes)] if notes.is_file() else []


def _train(command: str, training: Options, catalogue: Path, run: Path, small: bool) -> list[str]:
    chosen = {**training, **(_SMALL if small else {})}
    if small:
        # Hearing all scenes takes the teacher minutes, and its weights are a package of their own.
        chosen.pop("teacher", None)
        chosen.pop("begin-with", None)
    options = [part for name, value in chosen.items() for part in (f"--{name}", value)]
    compiled = ["--no-xla"] if small and command == "train-ddae" else []
    return [command, "--data", str(catalogue), "--run", str(run), *options, *compiled]


def _evaluate(bundle: Path, catalogue: Path, figures: Path, small: bool) -> list[str]:
    command = ["evaluate", "--bundle", str(bundle), "--data", str(catalogue), "--output", str(figures)]
    return [*command, "--per-cell", "1"] if small else command


def _bundle(name: str) -> Bundle:
    bundles = {bundle.name: bundle for bundle in find_bundles()}
    if name not in bundles:
        known = list(dict.fromkeys([*bundles, *ORIGINALS]))
        near = difflib.get_close_matches(name, known, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise WorkbenchError(f"There is no recipe for {name!r}{hint}; there are {', '.join(known)}.")
    return bundles[name]


def _stages(bundle: Bundle) -> list[tuple[str, Options]]:
    """Read how a bundle was trained: the name and the options, without folders, of each command."""
    stages = []
    for command in bundle.manifest.training.command.split(" && "):
        words = shlex.split(command)
        if len(words) % 2 or words[:1] != ["train_cli"] or words[1] not in ("train-nc", "train-ddae"):
            raise WorkbenchError(
                f"{bundle.name} does not say how 'train_cli' made it, so it has no recipe; its card may say "
                "more."
            )
        names = [word.removeprefix("--") for word in words[2::2]]
        training = dict(zip(names, words[3::2], strict=True))
        folders = ("data", "run", "start-from")
        stages.append((words[1], {name: value for name, value in training.items() if name not in folders}))
    return stages
