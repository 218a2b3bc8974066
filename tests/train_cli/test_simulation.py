import numpy as np
import pytest

from train_cli.simulation import band_limit, clip, codec, colour, convolve, loudspeaker, room_response
from workbench.dsp import SAMPLE_RATE


def _level_db(signal):
    return 10 * np.log10(np.mean(np.square(signal)) + 1e-20)


def _tone(hz):
    return (0.3 * np.sin(2 * np.pi * hz * np.arange(SAMPLE_RATE) / SAMPLE_RATE)).astype(np.float32)


def test_a_room_decays_by_60_db_in_its_reverberation_time():
    tails = [room_response(np.random.default_rng(seed), 0.4, 0.0)[1:] for seed in range(50)]
    energy = np.mean(np.square(tails), axis=0)
    quarter = SAMPLE_RATE // 10
    early, late = energy[500 : 500 + 800].mean(), energy[500 + quarter : 1300 + quarter].mean()
    assert 10 * np.log10(early / late) == pytest.approx(15.0, abs=1.0)


def test_direct_to_reverberant_ratio_holds():
    response = room_response(np.random.default_rng(0), 0.3, 6.0)
    assert -10 * np.log10(np.sum(response[1:] ** 2)) == pytest.approx(6.0, abs=0.01)


def test_convolution_is_that_of_numpy():
    rng = np.random.default_rng(0)
    signal, response = rng.standard_normal((2, 500)).astype(np.float32)
    np.testing.assert_allclose(convolve(signal, response), np.convolve(signal, response)[:500], atol=1e-4)


def test_colour_applies_its_gain():
    assert _level_db(colour(_tone(1000), np.full(6, -6.0))) - _level_db(_tone(1000)) == pytest.approx(
        -6, abs=0.01
    )


def test_a_loudspeaker_loses_bass_and_treble_but_not_the_middle():
    played = {
        hz: _level_db(loudspeaker(_tone(hz), 300, 4000, 0.3)) - _level_db(_tone(hz))
        for hz in (75, 1000, 7500)
    }
    assert played[1000] > -1
    assert played[75] < -15
    assert played[7500] < -8


def test_a_loudspeaker_driven_hard_distorts():
    spectrum = np.abs(np.fft.rfft(loudspeaker(_tone(1000), 100, 7000, 3.0)))
    assert spectrum[3000] > 0.05 * spectrum[1000]


def test_a_codec_keeps_length_and_place_but_not_the_samples():
    rng = np.random.default_rng(0)
    signal = 0.3 * colour(rng.standard_normal(SAMPLE_RATE + 77).astype(np.float32), np.linspace(0, -30, 6))
    for compression in (0.0, 0.9):
        coded = codec(signal, compression)
        assert coded.shape == signal.shape
        assert coded.dtype == np.float32
        middle = slice(2000, -2000)
        assert 0.5 < np.corrcoef(coded[middle], signal[middle])[0, 1] < 0.99999


def test_a_band_limit_takes_what_is_above_and_nothing_below():
    assert _level_db(band_limit(_tone(3000), 3400)) == pytest.approx(_level_db(_tone(3000)), abs=0.01)
    assert _level_db(band_limit(_tone(4500), 3400)) < -100


def test_clipping_stops_at_its_share_of_the_peak():
    tone = _tone(500)
    assert np.max(np.abs(clip(tone, 0.4))) == pytest.approx(0.4 * np.max(np.abs(tone)))
    np.testing.assert_array_equal(clip(tone, 1.0), tone)
