import numpy as np
import pytest

from tests.engine.conftest import with_settings
from workbench.dsp import SAMPLE_RATE
from workbench.dsp.loudness import integrated_loudness_db
from workbench.engine.monitor import FADE_SAMPLES, MATCH_DB_PER_SECOND, MATCH_RANGE_DB, MonitorSwitch
from workbench.engine.render import render_scene
from workbench.errors import WorkbenchError


@pytest.fixture
def signals(loaded):
    rendered = render_scene(with_settings(loaded, snr_db=-5.0))
    return rendered.clean, rendered.mixed, rendered.denoised


def feed(switch, signals, start, stop, block_samples=256):
    parts = [slice(i, min(i + block_samples, stop)) for i in range(start, stop, block_samples)]
    return np.concatenate([switch.process(*(signal[part] for signal in signals)) for part in parts])


def test_the_choice_passes_unchanged_without_matching(signals):
    for choice, signal in zip(("clean", "mixed", "denoised"), signals, strict=True):
        switch = MonitorSwitch(has_clean=True, loudness_matched=False)
        switch.choice = choice
        heard = feed(switch, signals, 0, 5000)
        np.testing.assert_array_equal(heard[FADE_SAMPLES:], signal[FADE_SAMPLES:5000])


def test_switching_never_steps_more_than_the_signals_do(signals):
    own_step = max(float(np.abs(np.diff(signal)).max()) for signal in signals)
    switch = MonitorSwitch(has_clean=True, loudness_matched=False)
    heard = [feed(switch, signals, 0, 10_000)]
    # The second switch comes in the middle of the first one's fade.
    for start, stop, choice in (
        (10_000, 10_100, "clean"),
        (10_100, 30_000, "denoised"),
        (30_000, 40_000, "mixed"),
    ):
        switch.choice = choice
        heard.append(feed(switch, signals, start, stop))

    assert float(np.abs(np.diff(np.concatenate(heard))).max()) < own_step


def test_a_switch_is_aligned_to_the_sample(signals):
    switch = MonitorSwitch(has_clean=True, loudness_matched=False)
    feed(switch, signals, 0, 10_000)
    switch.choice = "clean"
    heard = feed(switch, signals, 10_000, 12_000)

    fade = 0.5 - 0.5 * np.cos(np.pi * np.arange(1, FADE_SAMPLES + 1) / FADE_SAMPLES)
    clean, mixed = (signal[10_000:12_000] for signal in signals[:2])
    expected = clean.copy()
    expected[:FADE_SAMPLES] = mixed[:FADE_SAMPLES] * (1 - fade) + clean[:FADE_SAMPLES] * fade
    np.testing.assert_allclose(heard, expected, atol=1e-6)


def test_matched_signals_are_equally_loud_and_none_is_turned_up(signals):
    long = [np.tile(signal, 3) for signal in signals]
    n_settle = len(signals[0])
    loudness = []
    for choice, signal in zip(("clean", "mixed", "denoised"), long, strict=True):
        switch = MonitorSwitch(has_clean=True)
        switch.choice = choice
        heard = feed(switch, long, 0, len(signal))[n_settle:]
        assert np.all(np.abs(heard) <= np.abs(signal[n_settle:]) + 1e-6)
        loudness.append(integrated_loudness_db(heard))

    assert max(loudness) - min(loudness) < 1.5
    unmatched = [integrated_loudness_db(signal) for signal in signals]
    assert max(unmatched) - min(unmatched) > 4.0


def test_the_gain_glides(signals):
    clean = np.where(np.arange(3 * SAMPLE_RATE) // 20 % 2, 0.01, -0.01).astype(np.float32)
    switch = MonitorSwitch(has_clean=True)
    heard = feed(switch, (clean, 2 * clean, 2 * clean), 0, len(clean))
    gain_db = 20 * np.log10(heard / (2 * clean))

    assert np.abs(np.diff(gain_db)).max() <= MATCH_DB_PER_SECOND / SAMPLE_RATE + 1e-4
    assert gain_db[-1] == pytest.approx(-6.02, abs=0.01)
    switch.loudness_matched = False
    heard = feed(switch, (clean, 2 * clean, 2 * clean), 0, 2 * SAMPLE_RATE)
    assert heard[-1] == pytest.approx(2 * clean[2 * SAMPLE_RATE - 1])


def test_a_signal_of_almost_nothing_does_not_silence_the_rest(signals):
    mixed = signals[1]
    switch = MonitorSwitch(has_clean=False)
    parts = [mixed[start : start + 256] for start in range(0, len(mixed), 256)]
    heard = np.concatenate([switch.process(None, part, part * 0.001) for part in parts])

    floor = 10 ** (-MATCH_RANGE_DB / 20)
    assert np.abs(heard).sum() >= np.abs(mixed).sum() * floor * 0.999


def test_pauses_do_not_move_the_gain(signals):
    clean, mixed, _ = signals
    switch = MonitorSwitch(has_clean=True)
    feed(switch, signals, 0, len(clean))
    noise = np.where(mixed == clean, 0.001, mixed - clean)
    pause = (np.zeros_like(clean), noise, noise * 0.01)
    gain = feed(switch, pause, 0, 4 * SAMPLE_RATE)[SAMPLE_RATE:] / noise[SAMPLE_RATE : 4 * SAMPLE_RATE]

    np.testing.assert_allclose(gain, gain[0], rtol=1e-4)


def test_what_is_not_there_cannot_be_chosen():
    switch = MonitorSwitch(has_clean=False)
    with pytest.raises(WorkbenchError, match="choose mixed or denoised"):
        switch.choice = "clean"
    with pytest.raises(WorkbenchError):
        MonitorSwitch(has_clean=True).choice = "noise"
