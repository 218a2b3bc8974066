"""Draw the three spectrograms of a scene, write its sounds and measure them.

Needs no screen. The folder gets the picture, the clean, mixed and denoised
signals as WAV, and numbers.json.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import workbench
from workbench.cli.scene_arguments import add_scene_arguments, chosen_scene, find_demo_scene
from workbench.cli.terminal import note, print_table, progress_bar
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.engine.render import RenderedScene
    from workbench.engine.scene import Scene

EXAMPLES = """\
  workbench render -o out                      the first demo scene
  workbench render --scene fan --snr-db -5 -o out
  workbench render --speech sentence.wav --noise engine.ogg --snr-db 0 -o out
  workbench render noisy.wav --format png svg -o out"""

SIGNALS = ("clean", "mixed", "denoised")
_LONGEST_SCORED_S = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_scene_arguments(parser)
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    parser.add_argument(
        "--format", choices=("png", "svg"), nargs="+", default=["png"], help="of the picture (default: png)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")


def run(options: argparse.Namespace) -> int:
    """Write picture, sounds and numbers, and print the scores."""
    from workbench.audio import files
    from workbench.engine.render import render_scene
    from workbench.engine.scene import load_scene

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
    figure = scene_figure(rendered)
    for path in pictures:
        save_figure(figure, path)
    about = _numbers(scene, rendered, scores)
    numbers.write_text(json.dumps(about, default=str, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if scores:
        print_table(
            ("metric", "unit", "mixed", "denoised", "note"),
            [(row["title"], row["unit"], *_values(row), row["gap"]) for row in scores],
            numbers=("mixed", "denoised"),
        )
    note(f"workbench: wrote {', '.join(str(path) for path in (*pictures, *sounds.values(), numbers))}")
    return 0


def _check_outputs(outputs: list[Path], scene: "Scene", *, overwrite: bool) -> None:
    inputs = {path.resolve() for path in (scene.speech_path, scene.noise_path, scene.recording_path) if path}
    for path in outputs:
        if path.resolve() in inputs:
            raise WorkbenchError(f"{path} is an input and would be overwritten; choose another folder.")
        if path.exists() and not overwrite:
            raise WorkbenchError(f"{path} exists already; add --overwrite or choose another folder.")


def _scores(rendered: "RenderedScene") -> list[dict[str, Any]]:
    """Return one row per metric; none without a reference, or without a noise to compare with."""
    from workbench.dsp import SAMPLE_RATE
    from workbench.evaluation.metrics import METRICS, score

    if rendered.clean is None or rendered.mixture is None:
        return []
    n_samples = _LONGEST_SCORED_S * SAMPLE_RATE
    clean = rendered.clean[:n_samples]
    rows = []
    for name, metric in METRICS.items():
        mixed = score(metric, clean, rendered.mixed[:n_samples])
        denoised = score(metric, clean, rendered.denoised[:n_samples])
        rows.append(
            {
                "metric": name,
                "title": metric.title,
                "variant": metric.variant,
                "unit": metric.unit,
                "decimals": metric.decimals,
                "mixed": mixed.value,
                "denoised": denoised.value,
                "gap": mixed.gap or denoised.gap or "",
            }
        )
    return rows


def _numbers(scene: "Scene", rendered: "RenderedScene", scores: list[dict[str, Any]]) -> dict[str, Any]:
    from workbench.classifier.posterior import CLASSES
    from workbench.dsp import SAMPLE_RATE

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
        "scores": scores,
        "classes": [str(noise_class) for noise_class in CLASSES],
        "posteriors": [
            {
                "time_samples": posterior.time_samples,
                "probabilities": [round(float(p), 5) for p in posterior.probabilities],
            }
            for posterior in rendered.posteriors
        ],
    }


def _values(row: dict[str, Any]) -> list[str]:
    values = (row["mixed"], row["denoised"])
    return ["-" if value is None else f"{value:.{row['decimals']}f}" for value in values]
