"""A whole scene at once, through what the live graph also runs."""

from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np

from workbench.classifier.posterior import ClassPosterior
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.dsp.mixing import Mixture
from workbench.engine.chain import Chain
from workbench.engine.scene import LoadedScene
from workbench.engine.take import Stretch, Take

CHUNK_SAMPLES = SAMPLE_RATE


@dataclass(frozen=True, eq=False)
class RenderedScene:
    """A scene's signals, aligned sample by sample, each float32 of shape (n_samples,).

    Attributes
    ----------
    mixture : Mixture or None
        How speech and noise were mixed; None for a recording and for speech alone.
    clean : numpy.ndarray or None
        Speech at the level it has in the mixture; None without a reference.
    mixed, denoised : numpy.ndarray
        The noisy signal and what the method makes of it.
    posteriors : list of ClassPosterior
        The noise class over time.
    latency_samples : int
        The method's latency, which is undone here.
    method : str
        Name of the method.
    """

    mixture: Mixture | None
    clean: Signal | None
    mixed: Signal
    denoised: Signal
    posteriors: list[ClassPosterior]
    latency_samples: int
    method: str


def render_steps(loaded: LoadedScene) -> Generator[float, None, RenderedScene]:
    """Render a scene step by step.

    Yields
    ------
    float
        Share that is done, 0 to 1. Closing the generator cancels.

    Returns
    -------
    RenderedScene
        As the generator's return value.

    Raises
    ------
    WorkbenchError
        If the scene's method cannot be had, or a setting is out of range.
    """
    scene = loaded.scene
    chain = Chain(scene.method, scene.attenuation_limit_db, scene.wet)
    take = Take(loaded, chain, 0, loaded.gains(scene.snr_db))
    stretches: list[Stretch] = []
    while take.position_samples < loaded.duration_samples:
        stretches.append(take.render(min(CHUNK_SAMPLES, loaded.duration_samples - take.position_samples)))
        yield take.position_samples / loaded.duration_samples
    cleans = [stretch.clean for stretch in stretches if stretch.clean is not None]
    return RenderedScene(
        loaded.mixture(scene.snr_db),
        np.concatenate(cleans) if cleans else None,
        np.concatenate([stretch.mixed for stretch in stretches]),
        np.concatenate([stretch.denoised for stretch in stretches]),
        [posterior for stretch in stretches for posterior in stretch.posteriors],
        chain.latency_samples,
        scene.method,
    )


def render_scene(loaded: LoadedScene, *, progress: Callable[[float], object] | None = None) -> RenderedScene:
    """Render a scene; `progress`, if given, is called with the share that is done, 0 to 1.

    Raises
    ------
    WorkbenchError
        If the scene's method cannot be had, or a setting is out of range.
    """
    steps = render_steps(loaded)
    while True:
        try:
            done = next(steps)
        except StopIteration as finished:
            rendered: RenderedScene = finished.value
            return rendered
        if progress is not None:
            progress(done)
