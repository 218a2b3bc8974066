"""Scenes of real recordings, and denoisers whose right output is known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter

import workbench.engine.chain
from workbench.classifier.posterior import CLASSES, ClassPosterior
from workbench.denoisers.registry import make_denoiser
from workbench.dsp import Signal
from workbench.engine.graph import GraphBlock, LiveGraph
from workbench.engine.scene import LoadedScene, Scene, demo_scenes_by_id, load_scene

POSTERIOR_HOP_SAMPLES = 4000


class LateDenoiser:
    """Delays, and smooths with a memory of some hundred samples; tells a class at fixed times."""

    def __init__(self, latency_samples: int) -> None:
        self.name = f"late-{latency_samples}"
        self.latency_samples = latency_samples
        self.reset()

    def reset(self) -> None:
        self._waiting = np.zeros(self.latency_samples, np.float32)
        self._state = np.zeros(1)
        self._consumed = 0
        self._said: list[ClassPosterior] = []

    def process(self, block: Signal) -> Signal:
        smooth, self._state = lfilter([0.02], [1, -0.98], block, zi=self._state)
        out = np.concatenate([self._waiting, smooth.astype(np.float32)])
        self._waiting = out[len(block) :]
        for time in range(self._consumed + 1, self._consumed + len(block) + 1):
            if time % POSTERIOR_HOP_SAMPLES == 0:
                self._said.append(ClassPosterior(time, np.full(len(CLASSES), 0.2, np.float32)))
        self._consumed += len(block)
        return out[: len(block)]

    def posteriors(self) -> list[ClassPosterior]:
        said, self._said = self._said, []
        return said


@pytest.fixture
def late_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    """Add the methods "late-N" with a latency of N samples."""

    def make(name: str) -> object:
        return LateDenoiser(int(name[5:])) if name.startswith("late-") else make_denoiser(name)

    monkeypatch.setattr(workbench.engine.chain, "make_denoiser", make)


@pytest.fixture
def scene() -> Scene:
    return replace(demo_scenes_by_id()["street"], snr_db=0.0, method="late-200")


@pytest.fixture
def loaded(scene: Scene, late_methods: None) -> LoadedScene:
    return load_scene(scene)


@pytest.fixture
def recording(scene: Scene, late_methods: None) -> LoadedScene:
    return load_scene(Scene(recording_path=scene.noise_path, method="late-200"))


def with_settings(loaded: LoadedScene, **settings: object) -> LoadedScene:
    return replace(loaded, scene=replace(loaded.scene, **settings))


def run(graph: LiveGraph, n_samples: int, block_samples: int = 256) -> list[GraphBlock]:
    """Run that many samples, fewer only if the scene ends."""
    blocks, done = [], 0
    while done < n_samples and not graph.ended:
        blocks.append(graph.process(min(block_samples, n_samples - done)))
        done += blocks[-1].n_samples
    return blocks


def joined(blocks: list[GraphBlock], name: str) -> Signal:
    return np.concatenate([getattr(block, name) for block in blocks])
