"""The metrics of a rendered scene, computed in another process, as lines to show."""

from collections.abc import Generator
from dataclasses import dataclass, replace

from workbench.dsp import SAMPLE_RATE
from workbench.engine.render import RenderedScene
from workbench.engine.scene import Scene
from workbench.evaluation.metrics import METRICS, Metric, Score, score
from workbench.gui.studio.scores_view import ScoreLine
from workbench.gui.workers import ComputeProcess

SHOWN = ("pesq_wb", "stoi", "si_sdr")
_LEGEND = "PESQ: quality · STOI: intelligibility · SI-SDR: speech over all the rest. Higher is better."
LONGEST_S = 60
"""PESQ and STOI are made for sentences: of longer scenes the first minute is scored."""


def legend(rendered: RenderedScene | None = None) -> str:
    """Return what the metrics mean, and how much of the scene they cover where that is not all of it."""
    if rendered is None or len(rendered.mixed) <= LONGEST_S * SAMPLE_RATE:
        return _LEGEND
    return f"{_LEGEND} Of the first {LONGEST_S} s."


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
        mixed = yield from compute.call(score, name, clean, rendered.mixed[:n])
        denoised = yield from compute.call(score, name, clean, rendered.denoised[:n])
        gaps = [
            f"{which}: {found.gap}"
            for which, found in (("Mixed", mixed), ("Denoised", denoised))
            if found.gap
        ]
        lines = [*lines]
        lines[place] = replace(lines[place], mixed=mixed.value, denoised=denoised.value, gap="\n".join(gaps))
        yield lines
    return lines


@dataclass(frozen=True)
class ScoreRow:
    """One metric of both signals."""

    metric: str
    mixed: Score
    denoised: Score


def score_rows(rendered: RenderedScene, compute: ComputeProcess) -> Generator[None, None, list[ScoreRow]]:
    """Compute every metric there is; yields while it waits."""
    assert rendered.clean is not None
    n = LONGEST_S * SAMPLE_RATE
    clean, rows = rendered.clean[:n], []
    for name in METRICS:
        mixed = yield from compute.call(score, name, clean, rendered.mixed[:n])
        denoised = yield from compute.call(score, name, clean, rendered.denoised[:n])
        rows.append(ScoreRow(name, mixed, denoised))
    return rows


def _line(metric: Metric, gap: str) -> ScoreLine:
    scale = f"{metric.low:g} to {metric.high:g} {metric.unit}".rstrip().replace("-", "−")
    meaning = f"{metric.title}, {scale}. {metric.explanation}\n{metric.paper}; {metric.variant}."
    return ScoreLine(
        metric.title,
        metric.unit,
        meaning,
        metric.low,
        metric.high,
        metric.higher_is_better,
        metric.decimals,
        gap=gap,
    )
