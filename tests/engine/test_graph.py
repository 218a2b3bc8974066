import numpy as np
import pytest

from tests.engine.conftest import POSTERIOR_HOP_SAMPLES, joined, run, with_settings
from workbench.engine.graph import JUMP_FADE_SAMPLES, METHOD_FADE_SAMPLES, METHOD_LEAD_SAMPLES, LiveGraph
from workbench.engine.render import render_scene
from workbench.errors import WorkbenchError

METHOD_CHANGE_SAMPLES = METHOD_LEAD_SAMPLES + METHOD_FADE_SAMPLES
SIGNALS = ("clean", "mixed", "denoised")


def largest_step(signal):
    return float(np.abs(np.diff(signal)).max())


@pytest.mark.parametrize("block_samples", [1, 37, 128, 480, 16000])
def test_the_live_graph_makes_what_rendering_makes(loaded, block_samples):
    rendered = render_scene(loaded)
    graph = LiveGraph(loaded)
    # One sample at a time takes a while: the beginning must do.
    n_samples = min(loaded.duration_samples, 9000 * block_samples)
    blocks = run(graph, n_samples, block_samples)

    assert [block.position_samples for block in blocks] == list(range(0, n_samples, block_samples))
    for name in SIGNALS:
        np.testing.assert_allclose(joined(blocks, name), getattr(rendered, name)[:n_samples], atol=1e-5)
    times = [found.time_samples for found in rendered.posteriors if found.time_samples <= n_samples + 200]
    assert [found.time_samples for block in blocks for found in block.posteriors] == times
    if n_samples == loaded.duration_samples:
        assert graph.ended
        assert graph.process(block_samples).n_samples == 0


@pytest.mark.parametrize("block_samples", [1, 37, 480, 16000])
def test_the_ear_hears_the_same_whatever_the_blocks(loaded, block_samples):
    def heard(block_samples):
        graph = LiveGraph(loaded, monitor="mixed")
        graph.seek(16_000, cut=True)
        blocks = run(graph, 6000, block_samples)
        graph.monitor = "denoised"
        return joined(blocks + run(graph, 4000, block_samples), "monitor")

    np.testing.assert_allclose(heard(block_samples), heard(256), atol=1e-5)


def test_a_seek_arrives_warmed_up(loaded):
    rendered = render_scene(loaded)
    graph = LiveGraph(loaded, monitor="denoised", loudness_matched=False)
    before = run(graph, 5000)
    graph.seek(30_011)
    assert graph.position_samples == 30_011
    after = run(graph, 8000)

    assert after[0].position_samples == 30_011
    for name in SIGNALS:
        np.testing.assert_allclose(joined(after, name), getattr(rendered, name)[30_011:38_011], atol=1e-5)
    times = [found.time_samples for block in after for found in block.posteriors]
    # The warm-up starts on the grid of frames, not on that of the classes.
    assert len(times) == 8000 // POSTERIOR_HOP_SAMPLES
    monitor = joined(before + after, "monitor")
    assert largest_step(monitor[4990:5400]) <= largest_step(rendered.denoised)
    np.testing.assert_allclose(
        joined(after, "monitor")[JUMP_FADE_SAMPLES:],
        rendered.denoised[30_011:38_011][JUMP_FADE_SAMPLES:],
        atol=1e-5,
    )


def test_a_cut_seek_lets_nothing_of_the_old_place_through(loaded):
    rendered = render_scene(loaded)
    graph = LiveGraph(loaded, monitor="mixed", loudness_matched=False)
    run(graph, 5000)
    graph.seek(20_000)
    run(graph, 100)
    graph.seek(30_000, cut=True)

    np.testing.assert_allclose(joined(run(graph, 2000), "monitor"), rendered.mixed[30_000:32_000], atol=1e-5)


def test_many_seeks_leave_the_last_one(loaded):
    graph = LiveGraph(loaded)
    for target in (10_000, -5, 10**9, 20_000):
        graph.seek(target)
    assert graph.process(256).position_samples == 20_000
    graph.seek(25_000)
    # The cross-fade is under way: the next place waits for its end.
    positions = [block.position_samples for block in run(graph, 2 * JUMP_FADE_SAMPLES)]
    assert 25_000 in positions


def test_seeking_back_from_the_end_goes_on(loaded):
    graph = LiveGraph(loaded)
    graph.seek(loaded.duration_samples - 100)
    run(graph, loaded.duration_samples)
    assert graph.ended
    graph.method = "late-0"
    assert graph.process(256).n_samples == 0
    graph.seek(0)
    assert not graph.ended
    assert graph.process(256).n_samples == 256
    assert graph.latency_samples == 0


def test_a_loop_repeats_its_region_without_a_click(loaded):
    rendered = render_scene(loaded)
    graph = LiveGraph(loaded, monitor="mixed", loudness_matched=False)
    start, end = 20_000, 24_000
    graph.loop = (start, end)
    blocks = run(graph, 3 * (end - start))

    positions = np.concatenate([block.position_samples + np.arange(block.n_samples) for block in blocks])
    np.testing.assert_array_equal(positions, np.tile(np.arange(start, end), 3))
    np.testing.assert_allclose(
        joined(blocks, "denoised"), np.tile(rendered.denoised[start:end], 3), atol=1e-5
    )
    monitor = joined(blocks, "monitor")[JUMP_FADE_SAMPLES:]
    assert largest_step(monitor) <= largest_step(rendered.mixed[start - 1000 : end + 1000])
    graph.loop = None
    run(graph, loaded.duration_samples)
    assert graph.ended


def test_a_loop_to_the_end_of_the_scene_never_ends(loaded):
    graph = LiveGraph(loaded)
    graph.loop = (loaded.duration_samples - 2000, 10**9)
    graph.seek(loaded.duration_samples - 50)

    assert sum(block.n_samples for block in run(graph, 10_000)) == 10_000
    assert not graph.ended
    with pytest.raises(WorkbenchError, match=r"0\.1 s"):
        graph.loop = (1000, 1100)


def test_another_snr_glides_in_and_is_exact_afterwards(loaded):
    low, high = (render_scene(with_settings(loaded, snr_db=snr_db)) for snr_db in (-5.0, 10.0))
    graph = LiveGraph(loaded, snr_db=-5.0)
    before = run(graph, 20_000)
    graph.snr_db = 10.0
    after = run(graph, 10_000)

    mixed = joined(before + after, "mixed")
    np.testing.assert_allclose(mixed[:20_000], low.mixed[:20_000], atol=1e-6)
    settled = 20_000 + 200 + 480
    np.testing.assert_allclose(mixed[settled:], high.mixed[settled:30_000], atol=1e-6)
    ramp = slice(20_000, settled)
    assert (
        largest_step(mixed[ramp]) <= max(largest_step(low.mixed[ramp]), largest_step(high.mixed[ramp])) * 1.01
    )
    # The denoiser hears the very signal that is shown.
    np.testing.assert_allclose(joined(after, "denoised")[5000:], high.denoised[25_000:30_000], atol=1e-5)


def test_a_slider_that_keeps_moving_makes_no_zipper_noise(loaded):
    graph = LiveGraph(loaded, snr_db=-10.0)
    blocks = []
    for snr_db in np.linspace(-10, 15, 60):
        graph.snr_db = float(snr_db)
        blocks += run(graph, 256)
    gain = joined(blocks, "clean") / np.where(loaded.clean == 0, np.nan, loaded.clean)[: 60 * 256]

    assert np.nanmax(np.abs(np.diff(gain[np.isfinite(gain)]))) < 0.01


def test_another_method_fades_in_aligned(loaded):
    old = render_scene(loaded)
    new = render_scene(with_settings(loaded, method="late-37"))
    graph = LiveGraph(loaded, monitor="denoised", loudness_matched=False)
    before = run(graph, 20_000)
    graph.method = "late-37"
    after = run(graph, 10_000)
    graph.method = "bypass"
    last = run(graph, 10_000)

    for name in ("clean", "mixed"):
        np.testing.assert_allclose(
            joined(before + after + last, name), getattr(old, name)[:40_000], atol=1e-6
        )
    np.testing.assert_allclose(joined(after, "denoised"), new.denoised[20_000:30_000], atol=1e-5)
    np.testing.assert_allclose(
        joined(last, "denoised")[METHOD_CHANGE_SAMPLES:],
        new.mixed[30_000 + METHOD_CHANGE_SAMPLES : 40_000],
        atol=1e-6,
    )
    assert largest_step(joined(before + after, "monitor")) <= largest_step(old.denoised) * 1.01
    assert graph.latency_samples == 0


def test_an_unknown_method_leaves_the_graph_as_it_is(loaded):
    graph = LiveGraph(loaded)
    with pytest.raises(WorkbenchError, match="no method"):
        graph.method = "nonsense"
    assert graph.method == "late-200"
    assert graph.process(256).n_samples == 256


def test_strength_may_change_while_it_runs(loaded):
    graph = LiveGraph(loaded)
    run(graph, 5000)
    graph.wet = 0.0
    blocks = run(graph, 5000)
    np.testing.assert_allclose(joined(blocks, "denoised")[1000:], joined(blocks, "mixed")[1000:], atol=1e-6)
    graph.attenuation_limit_db = 6.0
    with pytest.raises(WorkbenchError):
        graph.wet = 2.0
    with pytest.raises(WorkbenchError):
        graph.attenuation_limit_db = -1.0
    assert (graph.wet, graph.attenuation_limit_db) == (0.0, 6.0)


def test_a_recording_has_no_clean_signal_to_hear(recording):
    graph = LiveGraph(recording)
    block = graph.process(1000)

    assert block.clean is None
    assert block.levels.clean_db is None
    with pytest.raises(WorkbenchError, match="no clean"):
        graph.monitor = "clean"
    with pytest.raises(WorkbenchError, match="no clean"):
        LiveGraph(recording, monitor="clean")


def test_levels_are_those_of_the_block(loaded):
    graph = LiveGraph(loaded, monitor="mixed", loudness_matched=False)
    graph.seek(20_000, cut=True)
    block = graph.process(1000)

    assert block.levels.mixed_db == pytest.approx(20 * np.log10(np.sqrt(np.mean(block.mixed**2))), abs=1e-3)
    assert block.levels.monitor_db == block.levels.mixed_db
    assert block.levels.monitor_peak == pytest.approx(np.abs(block.mixed).max())


def test_anything_may_change_at_any_time(loaded):
    rng = np.random.default_rng(1)
    graph = LiveGraph(loaded, monitor="denoised", loudness_matched=False)
    edges = rng.integers(0, loaded.duration_samples, (200, 2))
    for start, end in edges.tolist():
        match rng.integers(6):
            case 0:
                graph.seek(start, cut=bool(end % 2))
            case 1:
                graph.method = ("late-200", "late-0", "late-37")[end % 3]
            case 2 if end - start > 2000:
                graph.loop = (start, end)
            case 3:
                graph.loop = None
            case 4:
                graph.snr_db = end % 25 - 10.0
        blocks = run(graph, 2500, int(rng.integers(1, 4000)))
        assert sum(block.n_samples for block in blocks) == 2500 or graph.ended
        assert all(block.n_samples > 0 for block in blocks)
        assert all(np.isfinite(block.monitor).all() for block in blocks)
