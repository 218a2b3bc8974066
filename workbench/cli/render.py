"""Draw the three spectrograms of a scene, write its sounds and measure them.

Needs no screen. The folder gets the picture, the clean, mixed and denoised
signals as WAV, and numbers.json; with --figure grid or classes, that picture.
"""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import workbench
from workbench.cli.scene_arguments import add_scene_arguments, chosen_scene, find_demo_scene
from workbench.cli.terminal import note, print_table, progress_bar
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from workbench.engine.render import RenderedScene
    from workbench.engine.scene import Scene
    from workbench.evaluation.metrics import Score
    from workbench.evaluation.overview_figures import Theme

EXAMPLES = """\
  workbench render -o out                      the first demo scene
  workbench render --scene fan --snr-db -5 -o out
  workbench render --speech sentence.wav --noise engine.ogg --snr-db 0 -o out
  workbench render noisy.wav --format png svg -o out
  workbench render --figure grid -o out        spectrograms from -10 to 15 dB
  workbench render --figure classes -o out     what the classifier hears, by class"""

SIGNALS = ("clean", "mixed", "denoised")
PICTURES = ("png", "svg", "pdf")
LONGEST_SCORED_S = 60.0
"""PESQ and STOI are made for sentences: of longer scenes the first minute is scored."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_scene_arguments(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    parser.add_argument(
        "--figure",
        choices=("scene", "grid", "classes"),
        default="scene",
        help="the scene (default), its spectrograms over SNRs, or waveform, spectrogram and noise class of "
        "a scene (without one, of a demo scene per class)",
    )
    parser.add_argument(
        "--format", choices=PICTURES, nargs="+", default=["png"], help="of the picture (default: png)"
    )
    parser.add_argument("--theme", choices=("light", "dark"), default="light", help="default: light")
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")


def run(options: argparse.Namespace) -> int:
    """Write picture, sounds and numbers, and print the scores."""
    from workbench.audio import files
    from workbench.engine.render import render_scene
    from workbench.engine.scene import load_scene

    if options.figure != "scene":
        return _draw_overview(options)
    scene = chosen_scene(options) or find_demo_scene("1")
    signals = [what for what in SIGNALS if what != "clean" or scene.has_reference]
    sounds = {what: options.output / f"{what}.wav" for what in signals}
    pictures = [options.output / f"scene.{suffix}" for suffix in dict.fromkeys(options.format)]
    numbers = options.output / "numbers.json"
    _check_outputs([*sounds.values(), *pictures, numbers], scene, overwrite=options.overwrite)

    loaded = load_scene(scene)
    if loaded.notice:
        note(f"workbench: {loaded.notice}")
    with progress_bar() as bar:
        task = bar.add_task("rendering", total=1.0)
        rendered = render_scene(loaded, progress=lambda done: bar.update(task, completed=done))
        bar.update(task, description="scoring", total=None)
        scores = _scores(rendered)

    from workbench.evaluation.figures import save_figure, scene_figure

    options.output.mkdir(parents=True, exist_ok=True)
    for what, path in sounds.items():
        files.write(path, getattr(rendered, what))
    figure = scene_figure(
        rendered.clean,
        rendered.mixed,
        rendered.denoised,
        rendered.posteriors,
        title=scene.title,
        snr_db=scene.snr_db if rendered.mixture else None,
        method=rendered.method,
        scores=scores,
        theme=options.theme,
    )
    for path in pictures:
        save_figure(figure, path)
    about = _numbers(scene, rendered, scores)
    numbers.write_text(json.dumps(about, default=str, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if scores:
        print_table(("metric", "mixed", "denoised", "variant"), _score_rows(scores))
    note(f"workbench: wrote {', '.join(str(path) for path in (*pictures, *sounds.values(), numbers))}")
    return 0


def _draw_overview(options: argparse.Namespace) -> int:
    """Draw one of the two overviews."""
    from workbench.evaluation.figures import save_figure

    chosen = chosen_scene(options)
    if options.figure == "grid":
        scenes = _over_snrs(chosen or find_demo_scene("1"))
    else:
        scenes = [chosen] if chosen else _one_per_class()
    pictures = [options.output / f"{options.figure}.{suffix}" for suffix in dict.fromkeys(options.format)]
    for scene in scenes:
        _check_outputs(pictures, scene, overwrite=options.overwrite)
    with progress_bar() as bar:
        task = bar.add_task("rendering", total=len(scenes))
        rendered = []
        for scene in scenes:
            rendered.append(_render_quietly(scene))
            bar.advance(task)
    draw = _grid if options.figure == "grid" else _classes
    figure = draw(scenes, rendered, options.theme)
    options.output.mkdir(parents=True, exist_ok=True)
    for path in pictures:
        save_figure(figure, path)
    note(f"workbench: wrote {', '.join(str(path) for path in pictures)}")
    return 0


def _over_snrs(scene: "Scene") -> "list[Scene]":
    from workbench.evaluation.plan import DEFAULT_SNRS_DB

    if scene.noise_path is None:
        raise WorkbenchError("--figure grid mixes at several SNRs: give --speech and --noise, or a --scene.")
    return [replace(scene, snr_db=snr_db) for snr_db in DEFAULT_SNRS_DB]


def _one_per_class() -> "list[Scene]":
    from workbench.engine.scene import demo_scenes

    by_class: dict[str, Scene] = {}
    for scene in demo_scenes():
        by_class.setdefault(scene.noise_path.parent.name if scene.noise_path else "", scene)
    return list(by_class.values())


def _render_quietly(scene: "Scene") -> "RenderedScene":
    from workbench.engine.render import render_scene
    from workbench.engine.scene import load_scene

    return render_scene(load_scene(scene))


def _grid(scenes: "list[Scene]", rendered: "list[RenderedScene]", theme: "Theme") -> "Figure":
    from workbench.evaluation.overview_figures import GridRow, snr_grid_figure

    rows = [
        GridRow(scene.snr_db, each.clean, each.mixed, each.denoised)
        for scene, each in zip(scenes, rendered, strict=True)
        if each.clean is not None
    ]
    return snr_grid_figure(rows, title=scenes[0].title, method=rendered[0].method, theme=theme)


def _classes(scenes: "list[Scene]", rendered: "list[RenderedScene]", theme: "Theme") -> "Figure":
    from workbench.evaluation.overview_figures import HeardScene, classes_figure
    from workbench.evaluation.tables import class_title, snr_title

    columns = []
    for scene, each in zip(scenes, rendered, strict=True):
        title = scene.title
        if len(scenes) > 1 and scene.noise_path is not None:
            title = class_title(scene.noise_path.parent.name)
        if each.mixture is not None:
            title += f", {snr_title(scene.snr_db)}"
        columns.append(HeardScene(title, each.mixed, each.posteriors))
    return classes_figure(columns, title="What the noise classifier hears", theme=theme)


def _check_outputs(outputs: list[Path], scene: "Scene", *, overwrite: bool) -> None:
    inputs = {path.resolve() for path in (scene.speech_path, scene.noise_path, scene.recording_path) if path}
    for path in outputs:
        if path.resolve() in inputs:
            raise WorkbenchError(f"{path} is an input and would be overwritten; choose another folder.")
        if path.exists() and not overwrite:
            raise WorkbenchError(f"{path} exists already; add --overwrite or choose another folder.")


def _scores(rendered: "RenderedScene") -> "dict[str, dict[str, Score]]":
    """Score mixed and denoised; nothing without a reference, or without a noise to compare with."""
    from workbench.dsp import SAMPLE_RATE
    from workbench.evaluation.metrics import score_all

    if rendered.clean is None or rendered.mixture is None:
        return {}
    n_samples = round(LONGEST_SCORED_S * SAMPLE_RATE)
    clean = rendered.clean[:n_samples]
    return {
        "mixed": score_all(clean, rendered.mixed[:n_samples]),
        "denoised": score_all(clean, rendered.denoised[:n_samples]),
    }


def _score_rows(scores: "dict[str, dict[str, Score]]") -> list[tuple[str, ...]]:
    from workbench.evaluation.metrics import METRICS, format_value

    rows = []
    for name in scores["mixed"]:
        metric, pair = METRICS[name], (scores["mixed"][name], scores["denoised"][name])
        values = ("-" if score.value is None else format_value(metric, score.value) for score in pair)
        gap = next((score.gap for score in pair if score.gap), None)
        rows.append((metric.title, *values, gap or metric.variant))
    return rows


def _numbers(
    scene: "Scene", rendered: "RenderedScene", scores: "dict[str, dict[str, Score]]"
) -> dict[str, Any]:
    from workbench.classifier.posterior import CLASSES
    from workbench.dsp import SAMPLE_RATE
    from workbench.evaluation.metrics import METRICS

    mixture = rendered.mixture
    return {
        "workbench_version": workbench.__version__,
        "scene": asdict(scene),
        "sample_rate_hz": SAMPLE_RATE,
        "n_samples": len(rendered.mixed),
        "latency_samples": rendered.latency_samples,
        "measured_snr_db": mixture and mixture.measured_snr_db,
        "clean_gain": mixture and mixture.clean_gain,
        "noise_gain": mixture and mixture.noise_gain,
        "scored_s": min(LONGEST_SCORED_S, len(rendered.mixed) / SAMPLE_RATE) if scores else None,
        "scores": [
            {
                "metric": name,
                "title": METRICS[name].title,
                "variant": METRICS[name].variant,
                "unit": METRICS[name].unit,
                **{which: found[name].value for which, found in scores.items()},
                "gap": next((found[name].gap for found in scores.values() if found[name].gap), None),
            }
            for name in scores.get("mixed", {})
        ],
        "classes": [str(noise_class) for noise_class in CLASSES],
        "posteriors": [
            {
                "time_samples": posterior.time_samples,
                "probabilities": [round(float(p), 5) for p in posterior.probabilities],
            }
            for posterior in rendered.posteriors
        ],
    }
