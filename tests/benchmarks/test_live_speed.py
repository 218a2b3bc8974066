"""Cost of live sound: 8 ms at a time, of which at most 0.8 may be spent at the 99th percentile."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.audio import files
from workbench.audio.live_resample import LiveResampler
from workbench.bundles.store import find_bundles
from workbench.engine.live import BLOCK_SAMPLES
from workbench.engine.microphone_graph import MicrophoneGraph
from workbench.engine.scene import demo_scenes_by_id

needs_bundles = pytest.mark.skipif(
    not (find_bundles("ddae") and find_bundles("nc")), reason="needs the bundles in models/"
)
N_BLOCKS = 4000


@pytest.fixture(scope="module")
def street() -> tuple[np.ndarray, Path]:
    scene = demo_scenes_by_id()["street"]
    assert scene.speech_path is not None
    assert scene.noise_path is not None
    return files.read(scene.speech_path), scene.noise_path


@needs_bundles
@pytest.mark.parametrize("added", ["microphone alone", "with noise from a file"])
def test_a_hop_of_the_adaptive_method(benchmark: Any, street: tuple[np.ndarray, Path], added: str) -> None:
    speech, noise_path = street
    graph = MicrophoneGraph(method="adaptive", noise_path=noise_path if "noise" in added else None)
    blocks = iter(np.resize(speech, (N_BLOCKS + 200, BLOCK_SAMPLES)))
    benchmark.pedantic(graph.process, setup=lambda: ((next(blocks),), {}), rounds=N_BLOCKS, warmup_rounds=100)
    benchmark.extra_info["p99_ms"] = round(1e3 * float(np.percentile(benchmark.stats.stats.data, 99)), 3)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(48_000, 16_000), (16_000, 48_000), (44_100, 16_000)])
def test_resampling_8_ms(benchmark: Any, from_hz: int, to_hz: int) -> None:
    resampler = LiveResampler(from_hz, to_hz)
    benchmark(resampler.process, np.zeros(from_hz * 8 // 1000, np.float32))
