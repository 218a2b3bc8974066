"""The metrics of a rendered scene, computed in another process, as lines to show."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

from workbench.dsp import SAMPLE_RATE, Signal
from workbench.engine.render import RenderedScene
from workbench.engine.scene import Scene
from workbench.evaluation.metrics import METRICS, Metric, Score, score
from workbench.gui.studio.scores_view import ScoreLine
from workbench.gui.workers import ComputeProcess

SHOWN = ("pesq_wb", "stoi", "si_sdr")
LONGEST_S = 60
"""PESQ and STOI are made for sentences: of longer scenes the first minute is scored."""


def blank_scores(gap: str) -> list[ScoreLine]:
    """Return the lines without values: being computed, or with the reason why there are none."""
    return [_line(METRICS[name], gap) for name in SHOWN]


def unscored(scene: Scene, rendered: RenderedScene) -> str:
    """Return why a scene cannot be scored, empty if it can."""
    if rendered.clean is None:
        return "A recording has no clean reference to compare with; open speech and noise to get scores."
    if scene.noise_path is None:
        return "There is no noise in this scene; open one to get scores."
    return ""


def score_steps(
    rendered: RenderedScene, compute: ComputeProcess
) -> Generator[list[ScoreLine] | None, None, list[ScoreLine]]:
    """Compute the scores one by one.

    Yields
    ------
    list of ScoreLine or None
        All lines each time one more is known; None while waiting.
    """
    assert rendered.clean is not None
    n = LONGEST_S * SAMPLE_RATE
    lines = blank_scores("")
    clean = rendered.clean[:n]
    for place, name in enumerate(SHOWN):
        mixed = yield from compute.call(_score_one, name, clean, rendered.mixed[:n])
        denoised = yield from compute.call(_score_one, name, clean, rendered.denoised[:n])
        gaps = [
            f"{which}: {found.gap}"
            for which, found in (("Mixed", mixed), ("Denoised", denoised))
            if found.gap
        ]
        lines = [*lines]
        lines[place] = replace(lines[place], mixed=mixed.value, denoised=denoised.value, gap="\n".join(gaps))
        yield lines
    return lines


def score_table(
    rendered: RenderedScene, compute: ComputeProcess
) -> Generator[None, None, list[dict[str, Any]]]:
    """Compute every metric for files of numbers: one row per metric, with what its variant is."""
    assert rendered.clean is not None
    n = LONGEST_S * SAMPLE_RATE
    rows = []
    for name, metric in METRICS.items():
        found: dict[str, Score] = {}
        for which, signal in (("mixed", rendered.mixed), ("denoised", rendered.denoised)):
            found[which] = yield from compute.call(_score_one, name, rendered.clean[:n], signal[:n])
        rows.append(
            {
                "metric": name,
                "title": metric.title,
                "variant": metric.variant,
                "unit": metric.unit,
                "mixed": found["mixed"].value,
                "denoised": found["denoised"].value,
                "gap": found["mixed"].gap or found["denoised"].gap or "",
            }
        )
    return rows


def _score_one(name: str, clean: Signal, processed: Signal) -> Score:
    return score(METRICS[name], clean, processed)


def _line(metric: Metric, gap: str) -> ScoreLine:
    low, high = metric.low, metric.high
    way = "Higher" if metric.higher_is_better else "Lower"
    meaning = (
        f"{metric.title} ({metric.variant}): {metric.explanation}\n{low:g} to {high:g} {metric.unit}".rstrip()
    )
    return ScoreLine(
        metric.title, metric.unit, f"{meaning}. {way} is better.", low, high, metric.higher_is_better, gap=gap
    )


def legend(names: Sequence[str] = SHOWN) -> str:
    """Return one line that says what the metrics are about."""
    return "Higher is better" if all(METRICS[name].higher_is_better for name in names) else ""
