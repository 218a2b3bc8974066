import librosa
import numpy as np
import pytest
import scipy.fft

from workbench.dsp.mel import (
    REFERENCE_MEL_SPEC,
    WINDOW_FRAMES,
    LogMelSpec,
    StreamingLogMel,
    log_mel,
    mel_filterbank,
    mfcc,
)
from workbench.errors import WorkbenchError

SPECS = [
    REFERENCE_MEL_SPEC,
    LogMelSpec(n_bands=26, low_hz=0, high_hz=8000, window_samples=512, hop_samples=160),
]


def noise(n_samples):
    return np.random.default_rng(0).uniform(-1, 1, n_samples).astype(np.float32)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_filters_are_those_of_librosa(spec):
    expected = librosa.filters.mel(
        sr=16_000,
        n_fft=spec.fft_samples,
        n_mels=spec.n_bands,
        fmin=spec.low_hz,
        fmax=spec.high_hz,
        htk=True,
        norm=None,
    )
    np.testing.assert_allclose(mel_filterbank(spec), expected, atol=1e-6)


def test_every_band_of_the_reference_hears_something():
    assert mel_filterbank(REFERENCE_MEL_SPEC).max(axis=1).min() > 0.6


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_log_mel_is_that_of_librosa(spec):
    signal = noise(16_000)
    # librosa centres the window in the transform, which the magnitude does not see, and frames accordingly.
    margin = (spec.fft_samples - spec.window_samples) // 2
    lead = spec.window_samples - spec.hop_samples
    padded = np.pad(signal, (lead + margin, margin))
    mel = librosa.feature.melspectrogram(
        y=padded,
        sr=16_000,
        n_fft=spec.fft_samples,
        hop_length=spec.hop_samples,
        win_length=spec.window_samples,
        window="hann",
        center=False,
        power=1.0,
        n_mels=spec.n_bands,
        fmin=spec.low_hz,
        fmax=spec.high_hz,
        htk=True,
        norm=None,
    )
    ours = log_mel(signal, spec)
    assert ours.shape == (16_000 // spec.hop_samples, spec.n_bands)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, np.log(mel + 0.01).T, atol=1e-4)


@pytest.mark.parametrize("block_samples", [1, 37, 128, 480, 16_000])
def test_streaming_gives_the_same_for_any_block_size(block_samples):
    signal = noise(20_000)
    stream = StreamingLogMel()
    starts = range(0, len(signal), block_samples)
    streamed = np.concatenate([stream.process(signal[i : i + block_samples]) for i in starts])
    np.testing.assert_allclose(streamed, log_mel(signal), atol=1e-4)
    stream.reset()
    np.testing.assert_allclose(stream.process(signal), streamed, atol=1e-4)


def test_half_a_second_fills_the_classifier():
    assert len(log_mel(noise(round(0.504 * 16_000)))) == WINDOW_FRAMES
    assert log_mel(noise(127)).shape == (0, 64)
    assert log_mel(noise(0)).shape == (0, 64)


def test_silence_is_the_offset():
    np.testing.assert_allclose(log_mel(np.zeros(1280, np.float32)), np.log(0.01), rtol=1e-6)


def test_a_tone_sounds_in_its_band():
    tone = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000).astype(np.float32)
    mel_of = lambda hz: 2595 * np.log10(1 + hz / 700)  # noqa: E731
    width = (mel_of(7500) - mel_of(125)) / 65
    expected = round((mel_of(1000) - mel_of(125)) / width) - 1
    assert np.all(np.argmax(log_mel(tone)[2:], axis=1) == expected)


def test_mfcc_is_the_cosine_transform_of_log_mel():
    signal = noise(8000)
    expected = scipy.fft.dct(log_mel(signal), type=2, norm="ortho", axis=1)
    np.testing.assert_allclose(mfcc(signal, n_coefficients=13), expected[:, :13], atol=1e-4)
    assert mfcc(signal).shape == (62, 20)
    with pytest.raises(WorkbenchError, match="1 to 64"):
        mfcc(signal, n_coefficients=65)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"low_hz": 8000.0}, "rising frequencies"),
        ({"high_hz": 8001.0}, "rising frequencies"),
        ({"n_bands": 0}, "at least 1 band"),
        ({"log_offset": 0.0}, "offset above 0"),
        ({"fft_samples": 256}, "too narrow"),
        ({"hop_samples": 512}, "hop"),
    ],
)
def test_refuses_impossible_settings(arguments, message):
    with pytest.raises(WorkbenchError, match=message):
        LogMelSpec(**arguments)
