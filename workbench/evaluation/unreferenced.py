"""Measuring what methods make of recordings that have no clean reference."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.audio import files
from workbench.denoisers.protocol import denoise
from workbench.denoisers.registry import make_denoiser
from workbench.evaluation.metrics import METRICS, OPTIONAL_METRICS, Score, score

NOISY = "noisy"
"""In place of a method's name: the recording as it is."""

UNREFERENCED_METRICS = tuple(
    name for name, metric in {**METRICS, **OPTIONAL_METRICS}.items() if not metric.needs_reference
)
"""Metrics that compare with nothing."""


@dataclass(frozen=True)
class Rating:
    """What one method makes of one recording.

    Attributes
    ----------
    recording : str
        As it was given.
    method : str
        Name of the method, or `NOISY`.
    scores : dict of str to Score
        In the order of `UNREFERENCED_METRICS`.
    """

    recording: str
    method: str
    scores: dict[str, Score]


def rate(recordings: Sequence[Path], methods: Sequence[str]) -> Generator[Rating]:
    """Denoise recordings with methods and score each result, the recordings themselves first.

    Parameters
    ----------
    recordings : sequence of pathlib.Path
        Sound files.
    methods : sequence of str
        Names as in `workbench.denoisers.registry.methods`.

    Yields
    ------
    Rating
        One for each recording and method, and one for the recording as it is.

    Raises
    ------
    WorkbenchError
        If a method cannot be had, when the first rating is asked for, or a file cannot be read, when its turn
        comes.
    """
    denoisers = {name: make_denoiser(name) for name in methods}
    for path in recordings:
        noisy = files.read(path)
        results = ((name, denoise(noisy, denoiser)) for name, denoiser in denoisers.items())
        for name, signal in ((NOISY, noisy), *results):
            scores = {metric: score(metric, None, signal) for metric in UNREFERENCED_METRICS}
            yield Rating(str(path), name, scores)
