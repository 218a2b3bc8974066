"""Fixtures for the denoisers: tiny bundles, a scripted classifier, and the bundles that ship."""

import numpy as np
import pytest

from tests.bundles.tiny import write_tiny_ddae
from workbench import resources
from workbench.bundles.store import find_bundles
from workbench.classifier.posterior import CLASSES, ClassPosterior
from workbench.denoisers import adaptive
from workbench.denoisers.adaptive import AdaptiveDenoiser

BLOCK_SIZES = (1, 37, 128, 480, 16_000)


def in_blocks(denoiser, signal, size):
    denoiser.reset()
    return np.concatenate([denoiser.process(signal[i : i + size]) for i in range(0, len(signal), size)])


class ScriptedClassifier:
    """Says at fixed times which class it hears, whatever it is given: {time in samples: class}."""

    def __init__(self, script):
        self._script = sorted(script.items())
        self.reset()

    def reset(self):
        self._consumed = 0

    def process(self, block):
        before, self._consumed = self._consumed, self._consumed + len(block)
        return [
            ClassPosterior(time, np.asarray([heard is c for c in CLASSES], np.float32))
            for time, heard in self._script
            if before < time <= self._consumed
        ]


@pytest.fixture
def tiny(tmp_path):
    return write_tiny_ddae(tmp_path)


@pytest.fixture
def scripted(tiny, monkeypatch):
    """Make an adaptive denoiser on the tiny bundle whose classifier follows a script."""

    def make(script, **options):
        monkeypatch.setattr(adaptive, "NoiseClassifier", lambda *_: ScriptedClassifier(script))
        return AdaptiveDenoiser(ddae_bundle=options.pop("ddae_bundle", tiny), **options)

    return make


@pytest.fixture
def bundled(tmp_path, monkeypatch):
    """Only the bundles that ship, without the user's own."""
    monkeypatch.setattr(resources, "user_models_dir", lambda: tmp_path / "no-bundles")
    assert find_bundles("ddae"), "a denoiser must ship in models/"
    assert find_bundles("nc"), "a classifier must ship in models/"


@pytest.fixture
def noise():
    """Half a second of white noise."""
    return np.random.default_rng(7).normal(0, 0.1, 8_000).astype(np.float32)
