"""The engine with what ships: demo scenes and trained models."""

import time
from dataclasses import replace

import numpy as np
import pytest

from tests.engine.conftest import joined, run
from workbench.audio.playback import ClockOutput
from workbench.bundles.store import find_bundles
from workbench.classifier.posterior import CLASSES
from workbench.dsp import SAMPLE_RATE
from workbench.engine.graph import LiveGraph
from workbench.engine.player import Player
from workbench.engine.render import RenderedScene, render_scene
from workbench.engine.scene import LoadedScene, demo_scenes, demo_scenes_by_id, load_scene
from workbench.engine.take import PREROLL_GRID_SAMPLES


@pytest.fixture(scope="module")
def demo() -> LoadedScene:
    return load_scene(demo_scenes_by_id()["street"])


@pytest.fixture(scope="module")
def rendered(demo: LoadedScene) -> RenderedScene:
    return render_scene(demo)


def distance_db(signal, reference):
    return 10 * np.log10(np.mean((signal - reference) ** 2) / np.mean(reference**2))


@pytest.mark.parametrize("block_samples", [37, 128, 480, 16000])
def test_the_live_graph_makes_what_rendering_makes(demo, rendered, block_samples):
    n_samples = min(demo.duration_samples, 4 * SAMPLE_RATE)
    blocks = run(LiveGraph(demo), n_samples, block_samples)

    for name in ("clean", "mixed", "denoised"):
        np.testing.assert_allclose(joined(blocks, name), getattr(rendered, name)[:n_samples], atol=1e-5)
    live = [found for block in blocks for found in block.posteriors]
    for found, expected in zip(live, rendered.posteriors, strict=False):
        assert found.time_samples == expected.time_samples
        np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-4)
    assert len(live) >= n_samples // (SAMPLE_RATE // 2) - 1


def test_a_seek_sounds_as_if_it_had_played_up_to_there(demo, rendered):
    graph = LiveGraph(demo)
    run(graph, 1000)
    target = demo.duration_samples // 2 + 77
    graph.seek(target)
    blocks = run(graph, SAMPLE_RATE)
    sought = joined(blocks, "denoised")

    assert distance_db(sought, rendered.denoised[target : target + len(sought)]) < -20
    times = {found.time_samples for found in rendered.posteriors}
    assert times.issuperset(found.time_samples for block in blocks for found in block.posteriors)


def test_a_seek_begins_where_a_step_of_every_bundled_model_does():
    streaming = [bundle for bundle in find_bundles() if not bundle.manifest.is_original]
    assert {bundle.manifest.kind for bundle in streaming} == {"nc", "ddae"}
    for bundle in streaming:
        features = bundle.manifest.features
        frames = int(features.get("chunk_frames", features.get("frames_per_mask", 1)))
        assert PREROLL_GRID_SAMPLES % (frames * int(features["hop_samples"])) == 0, bundle.name


@pytest.mark.parametrize("method", ["bypass", "ddae", "ddae-vehicle"])
def test_every_method_tells_the_class(demo, rendered, method):
    forced = render_scene(replace(demo, scene=replace(demo.scene, method=method)))

    assert [found.best for found in forced.posteriors] == [found.best for found in rendered.posteriors]


def test_changing_between_all_methods_never_clicks(demo, rendered):
    graph = LiveGraph(demo, monitor="denoised", loudness_matched=False)
    blocks = run(graph, SAMPLE_RATE)
    for method in ("ddae", "ddae-human", "adaptive"):
        graph.method = method
        blocks += run(graph, SAMPLE_RATE // 2)

    steps = np.abs(np.diff(joined(blocks, "monitor")))
    assert steps.max() <= 1.1 * np.abs(np.diff(rendered.mixed)).max()


def test_the_demo_plays(demo):
    player = Player(LiveGraph(demo), ClockOutput("no device"))
    try:
        player.seek(demo.duration_samples - SAMPLE_RATE)
        player.play()
        while player.playing:
            time.sleep(0.01)
        assert player.failure == ""
        assert sum(block.n_samples for block in player.poll()) == SAMPLE_RATE
    finally:
        player.close()


def test_the_first_scene_that_a_newcomer_plays_is_heard_for_what_it_is():
    first = demo_scenes()[0]
    heard = np.mean([found.probabilities for found in render_scene(load_scene(first)).posteriors], axis=0)
    assert CLASSES[int(np.argmax(heard))] == first.noise_path.parent.name
