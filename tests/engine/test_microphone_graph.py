import numpy as np
import pytest

from workbench.audio import files
from workbench.denoisers.protocol import denoise
from workbench.denoisers.registry import make_denoiser
from workbench.dsp.level import active_speech_level, rms_db
from workbench.dsp.mixing import fit_noise
from workbench.engine.microphone_graph import MicrophoneGraph, NoiseLoop
from workbench.errors import WorkbenchError
from workbench.resources import assets_dir

pytestmark = pytest.mark.usefixtures("late_methods")


@pytest.fixture(scope="module")
def speech():
    return np.tile(files.read(sorted((assets_dir() / "speech").iterdir())[0]), 2)


@pytest.fixture
def noise_path(scene):
    return scene.noise_path


def hear(graph, signal, block_samples=128):
    starts = range(0, len(signal), block_samples)
    return [
        block for start in starts if (block := graph.process(signal[start : start + block_samples])).n_samples
    ]


def joined(blocks, name):
    return np.concatenate([getattr(block, name) for block in blocks])


@pytest.mark.parametrize("method", ["late-200", "adaptive", "wiener"])
@pytest.mark.parametrize("block_samples", [128, 77])
def test_live_equals_offline(speech, method, block_samples):
    graph = MicrophoneGraph(method=method)
    speech = speech[: 4 * 16_000]
    blocks = hear(graph, speech, block_samples)
    mixed, denoised = joined(blocks, "mixed"), joined(blocks, "denoised")
    latency = graph.latency_samples
    np.testing.assert_array_equal(mixed, speech[: len(speech) - latency])
    from workbench.engine import chain

    offline = denoise(speech, chain.make_denoiser(method))
    np.testing.assert_allclose(denoised, offline[: len(denoised)], atol=1e-5)
    assert blocks[0].position_samples == 0
    ends = [block.position_samples + block.n_samples for block in blocks]
    assert [block.position_samples for block in blocks[1:]] == ends[:-1]
    assert all(block.clean is None for block in blocks)


def test_posteriors_tell_the_time_of_the_microphone(speech):
    blocks = hear(MicrophoneGraph(method="late-200"), speech[:32_000])
    times = [posterior.time_samples for block in blocks for posterior in block.posteriors]
    assert times == list(range(4000, 32_001, 4000))


def test_noise_is_added_at_the_snr_of_the_running_speech(speech, noise_path):
    graph = MicrophoneGraph(method="bypass", noise_path=noise_path, snr_db=5.0)
    blocks = hear(graph, speech)
    clean, mixed = joined(blocks, "clean"), joined(blocks, "mixed")
    np.testing.assert_array_equal(clean, speech[: len(clean)])
    half = slice(len(clean) // 2, None)
    level_db = active_speech_level(clean[half]).active_level_db
    assert level_db - rms_db(mixed[half] - clean[half]) == pytest.approx(5.0, abs=1.5)
    graph.snr_db = -5.0
    blocks = hear(graph, speech)
    clean, mixed = joined(blocks, "clean"), joined(blocks, "mixed")
    assert level_db - rms_db(mixed[half] - clean[half]) == pytest.approx(-5.0, abs=1.5)


def test_noise_comes_and_goes_without_a_jump(speech, noise_path):
    graph = MicrophoneGraph(method="bypass", snr_db=0.0)
    silence = np.zeros(16_000, np.float32)
    hear(graph, speech)
    with pytest.raises(WorkbenchError, match="add a noise"):
        graph.monitor = "clean"
    graph.noise = NoiseLoop(noise_path)
    graph.monitor = "clean"
    first = joined(hear(graph, silence), "mixed")
    assert rms_db(first[:200]) < rms_db(first[8000:]) - 20
    graph.noise = None
    assert graph.monitor == "mixed"
    blocks = hear(graph, silence)
    last = joined(blocks, "mixed")
    assert all(block.clean is None for block in blocks)
    np.testing.assert_array_equal(last[4000:], 0)
    noise = files.read(noise_path)
    steepest = np.abs(np.diff(noise)).max() * np.abs(first).max() / np.abs(noise).max()
    assert np.abs(np.diff(last)).max() < 3 * steepest


def test_a_noise_loop_has_no_seam(tmp_path):
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 10_000).astype(np.float32)
    files.write(tmp_path / "noise.wav", noise, subtype="FLOAT")
    loop = NoiseLoop(tmp_path / "noise.wav")
    taken = np.concatenate([loop.take(777) for _ in range(50)])
    # What the mixer makes of it, from its second turn on.
    fitted = fit_noise(noise, len(taken) + 9200)[9200:]
    np.testing.assert_allclose(taken, fitted, atol=1e-7)


def test_a_silent_noise_is_refused(tmp_path):
    files.write(tmp_path / "noise.wav", np.zeros(1000, np.float32))
    with pytest.raises(WorkbenchError, match="is silent"):
        NoiseLoop(tmp_path / "noise.wav")


def test_another_method_is_faded_in_and_then_equals_itself(speech):
    graph = MicrophoneGraph(method="late-200")
    hear(graph, speech[:16_000])
    graph.method = "late-500"
    blocks = hear(graph, speech[16_000:48_000])
    assert graph.latency_samples == 500
    alone = make_after(speech, 16_000, 500)
    np.testing.assert_allclose(joined(blocks[-50:], "denoised"), alone[-50 * 128 :], atol=1e-3)
    steepest = np.abs(np.diff(alone)).max()
    assert np.abs(np.diff(joined(blocks, "denoised"))).max() < 2 * steepest


def make_after(speech, start, latency):
    from workbench.engine import chain

    return chain.make_denoiser(f"late-{latency}").process(speech[:48_000])[start:]


def test_methods_may_be_changed_faster_than_they_fade(speech):
    graph = MicrophoneGraph(method="late-200")
    for turn in range(60):
        graph.method = ("late-200", "late-37", "bypass")[turn % 3]
        hear(graph, speech[turn * 700 : (turn + 1) * 700], 100)
    hear(graph, speech[:8000])
    assert graph.latency_samples == make_denoiser("bypass").latency_samples


def test_a_bypass_passes_the_mixed_signal_with_the_same_delay(speech):
    graph = MicrophoneGraph(method="late-200")
    hear(graph, speech[:16_000])
    graph.bypassed = True
    blocks = hear(graph, speech[16_000:32_000])
    mixed, denoised = joined(blocks, "mixed"), joined(blocks, "denoised")
    np.testing.assert_allclose(mixed, speech[15_800:31_800], atol=1e-7)
    np.testing.assert_array_equal(denoised[128:], mixed[128:])
    graph.bypassed = False
    blocks = hear(graph, speech[32_000:64_000])
    np.testing.assert_allclose(joined(blocks, "mixed"), speech[31_800:63_800], atol=1e-7)
    assert rms_db(joined(blocks[-50:], "denoised") - joined(blocks[-50:], "mixed")) > -80


def test_a_change_of_monitor_is_faded(speech, noise_path):
    graph = MicrophoneGraph(method="late-200", noise_path=noise_path, monitor="clean", loudness_matched=False)
    blocks = hear(graph, speech[:16_000])
    np.testing.assert_array_equal(joined(blocks, "monitor")[300:], joined(blocks, "clean")[300:])
    graph.monitor = "denoised"
    blocks = hear(graph, speech[16_000:32_000])
    np.testing.assert_allclose(joined(blocks, "monitor")[400:], joined(blocks, "denoised")[400:], atol=1e-6)


def test_broken_samples_do_no_lasting_harm(speech):
    graph = MicrophoneGraph(method="late-200")
    broken = speech[:16_000].copy()
    broken[500:510] = np.nan
    hear(graph, broken)
    assert np.isfinite(joined(hear(graph, speech[:16_000]), "denoised")).all()


def test_the_gain_of_the_microphone_glides(speech):
    graph = MicrophoneGraph(method="bypass")
    ones = np.full(16_000, 0.1, np.float32)
    hear(graph, ones)
    graph.input_gain_db = 6.0
    mixed = joined(hear(graph, ones), "mixed")
    assert mixed[-1] == pytest.approx(0.1 * 10 ** (6 / 20), rel=1e-4)
    assert np.abs(np.diff(mixed)).max() < 1e-3
