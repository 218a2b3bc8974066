"""Speed of the denoising methods on one core, with the bundles that ship and the packages that are here."""

import numpy as np
import pytest

from workbench.bundles.store import find_bundles
from workbench.denoisers.packaged import PACKAGED
from workbench.denoisers.registry import make_denoiser

pytestmark = pytest.mark.skipif(
    not (find_bundles("ddae") and find_bundles("nc")), reason="needs the bundles in models/"
)
METHODS = ("adaptive", "ddae", *(name for name, method in PACKAGED.items() if not method.missing()))


@pytest.fixture
def signal():
    """One second of noise that comes and goes like speech."""
    rng = np.random.default_rng(0)
    envelope = 0.1 * (1 + np.sin(2 * np.pi * 4 * np.arange(16_000) / 16_000))
    return (envelope * rng.standard_normal(16_000)).astype(np.float32)


@pytest.mark.parametrize("name", METHODS)
def test_seconds(benchmark, name, signal):
    """Blocks of 16000 samples, as files are denoised; the aim is 50 times real time or better."""
    denoiser = make_denoiser(name)
    benchmark.pedantic(denoiser.process, (signal,), rounds=30, warmup_rounds=3)
    benchmark.extra_info["times_real_time"] = round(1 / benchmark.stats.stats.mean, 1)


@pytest.mark.parametrize("name", METHODS)
def test_hops(benchmark, name, signal):
    """Blocks of 128 samples (8 ms), as they come in live; the aim is a 99th percentile below 0.8 ms."""
    denoiser = make_denoiser(name)
    hops = iter(np.resize(signal, (4_000, 128)))
    benchmark.pedantic(denoiser.process, setup=lambda: ((next(hops),), {}), rounds=3_000, warmup_rounds=100)
    benchmark.extra_info["p99_ms"] = round(1e3 * float(np.percentile(benchmark.stats.stats.data, 99)), 3)
