import librosa
import numpy as np
import pytest

from workbench.dsp.stft import (
    REFERENCE_SPEC,
    FrameProcessor,
    StftSpec,
    StreamingIstft,
    StreamingStft,
    istft,
    stft,
)
from workbench.errors import WorkbenchError

SPECS = [
    REFERENCE_SPEC,
    StftSpec(256, 64, "hann"),
    StftSpec(256, 100, "hann"),
    StftSpec(512, 256, "sqrt_hann", 1024),
    StftSpec(512, 96, "sqrt_hann", synthesis_samples=160),
    StftSpec(256, 64, "sqrt_hann", synthesis_samples=128),
    StftSpec(255, 77, "blackman", 300),
    StftSpec(320, 320, "rectangular"),
    StftSpec(32, 1, "hann"),
    StftSpec(200, 150, "hamming"),
    StftSpec(2, 1, "hamming"),
]
BLOCK_SIZES = [1, 37, 128, 480, 16000]


def noise(n_samples, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, n_samples).astype(np.float32)


def in_blocks(process, signal, block_samples):
    starts = range(0, len(signal), block_samples)
    return np.concatenate([process(signal[start : start + block_samples]) for start in starts])


@pytest.mark.parametrize("spec", SPECS, ids=str)
@pytest.mark.parametrize("n_samples", [0, 1, 300, 4001])
def test_inverse_rebuilds_every_sample(spec, n_samples):
    signal = noise(n_samples)
    spectra = stft(signal, spec)
    assert spectra.dtype == np.complex64
    assert spectra.shape[1] == spec.n_bins
    rebuilt = istft(spectra, spec, n_samples)
    assert rebuilt.dtype == np.float32
    np.testing.assert_allclose(rebuilt, signal, atol=1e-6, rtol=0)


@pytest.mark.parametrize("spec", [spec for spec in SPECS if not spec.synthesis_samples], ids=str)
def test_synthesis_window_is_the_canonical_dual(spec):
    analysis, synthesis = spec.analysis_window(), spec.synthesis_window()
    sums = np.zeros(spec.hop_samples)
    for n in range(spec.window_samples):
        sums[n % spec.hop_samples] += float(analysis[n]) * float(synthesis[n])
    np.testing.assert_allclose(sums, 1, atol=1e-6)
    # Among all duals the canonical one is the window times something hop-periodic.
    inside = analysis[: -spec.hop_samples] > 1e-3
    ratio = synthesis[analysis > 1e-3] / analysis[analysis > 1e-3]
    assert np.all(ratio > 0)
    for n in np.flatnonzero(inside):
        if analysis[n + spec.hop_samples] > 1e-3:
            periodic = synthesis[n + spec.hop_samples] / analysis[n + spec.hop_samples]
            assert synthesis[n] / analysis[n] == pytest.approx(periodic, rel=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((256, 257, "rectangular"), "hop from 1 to the window"),
        ((256, 0, "hamming"), "hop from 1 to the window"),
        ((1, 1, "rectangular"), "at least 2 samples"),
        ((256, 256, "hann"), "shorter hop"),
        ((256, 240, "hann"), "shorter hop"),
        ((256, 256, "hamming"), "shorter hop"),
        ((256, 128, "hamming", 255), "at least as long as the window"),
        ((256, 128, "kaiser"), "no window named 'kaiser'"),
        ((512, 64, "sqrt_hann", None, 64), "more than the hop"),
        ((512, 64, "sqrt_hann", None, 160), "at most twice the hop"),
        ((512, 96, "hann", None, 160), "sqrt_hann window"),
    ],
)
def test_refuses_what_cannot_reconstruct(arguments, message):
    with pytest.raises(WorkbenchError, match=message):
        StftSpec(*arguments)


@pytest.mark.parametrize("window", ["hamming", "hann", "blackman"])
def test_frames_are_those_of_librosa(window):
    spec = StftSpec(256, 128, window, 512)
    signal = noise(4096)
    padded = np.concatenate((np.zeros(128, np.float32), signal))
    # librosa centres a short window in the transform; ours starts it there, as a causal system must.
    n_frames = len(signal) // 128
    frames = librosa.util.frame(padded, frame_length=256, hop_length=128).T[:n_frames]
    expected = np.fft.rfft(frames * librosa.filters.get_window(window, 256), 512)
    np.testing.assert_allclose(stft(signal, spec)[:n_frames], expected, atol=2e-5)
    same_length = StftSpec(256, 128, window)
    expected = librosa.stft(padded, n_fft=256, hop_length=128, window=window, center=False).T
    np.testing.assert_allclose(stft(signal, same_length)[:n_frames], expected[:n_frames], atol=2e-5)


@pytest.mark.parametrize("spec", SPECS, ids=str)
@pytest.mark.parametrize("block_samples", BLOCK_SIZES)
def test_streaming_gives_the_offline_frames(spec, block_samples):
    signal = noise(2000)
    streamed = in_blocks(StreamingStft(spec).process, signal, block_samples)
    assert len(streamed) == len(signal) // spec.hop_samples
    np.testing.assert_allclose(streamed, stft(signal, spec)[: len(streamed)], atol=1e-5)


def test_a_frame_ends_with_its_last_sample():
    stream = StreamingStft(REFERENCE_SPEC)
    signal = noise(384)
    assert len(stream.process(signal[:127])) == 0
    assert len(stream.process(signal[127:128])) == 1
    assert len(stream.process(signal[128:383])) == 1
    (third,) = stream.process(signal[383:])
    expected = np.fft.rfft(signal[128:384] * REFERENCE_SPEC.analysis_window())
    np.testing.assert_allclose(third, expected, atol=1e-5)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_streaming_inverse_does_not_depend_on_the_batch(spec):
    spectra = stft(noise(3000), spec)
    whole = StreamingIstft(spec).process(spectra)
    assert whole.shape == (len(spectra) * spec.hop_samples,)
    single = in_blocks(StreamingIstft(spec).process, spectra, 1)
    np.testing.assert_allclose(single, whole, atol=1e-6)


@pytest.mark.parametrize("spec", SPECS, ids=str)
@pytest.mark.parametrize("block_samples", BLOCK_SIZES)
def test_processor_delays_by_exactly_its_latency(spec, block_samples):
    processor = FrameProcessor(spec, lambda spectra, first: spectra)
    signal = noise(3000)
    out = in_blocks(processor.process, signal, block_samples)
    assert out.dtype == np.float32
    assert out.shape == signal.shape
    assert processor.latency_samples == (spec.synthesis_samples or spec.window_samples) - 1
    lead = processor.latency_samples
    np.testing.assert_allclose(out[lead:], signal[: len(signal) - lead], atol=1e-6)
    np.testing.assert_allclose(out[:lead], 0, atol=1e-6)


class FadingGain:
    """Changes spectra by bin and by frame, and notes the calls."""

    def __init__(self):
        self.calls = []

    def __call__(self, spectra, first_frame_index):
        self.calls.append((first_frame_index, len(spectra)))
        frame = first_frame_index + np.arange(len(spectra))[:, None]
        bins = np.arange(spectra.shape[1])
        spectra *= (0.5 + 0.5 * np.cos(frame * 0.7 + bins * 0.1)).astype(np.float32)
        return spectra


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_processor_gives_the_same_samples_for_any_block_size(spec):
    signal = noise(20_000 if spec.hop_samples > 1 else 3000)
    spectra = stft(signal, spec)
    expected = istft(FadingGain()(spectra, 0), spec, len(signal))
    for block_samples in BLOCK_SIZES:
        transform = FadingGain()
        out = in_blocks(FrameProcessor(spec, transform).process, signal, block_samples)
        lead = spec.latency_samples
        np.testing.assert_allclose(out[lead:], expected[: len(signal) - lead], atol=1e-6)
        firsts, counts = zip(*transform.calls, strict=True)
        assert list(firsts) == [sum(counts[:i]) for i in range(len(counts))]
        assert sum(counts) == len(signal) // spec.hop_samples
        assert len(counts) <= -(-len(signal) // block_samples)


def test_processor_starts_afresh_after_reset():
    transform = FadingGain()
    processor = FrameProcessor(REFERENCE_SPEC, transform)
    signal = noise(1000)
    first = processor.process(signal).copy()
    processor.reset()
    np.testing.assert_array_equal(processor.process(signal), first)
    assert [call[0] for call in transform.calls] == [0, 0]


def test_processor_takes_empty_blocks_and_keeps_no_hold_on_memory():
    processor = FrameProcessor(REFERENCE_SPEC, lambda spectra, first: spectra)
    signal = noise(2000)
    out = []
    for start in range(0, 2000, 50):
        assert processor.process(signal[:0]).shape == (0,)
        block = signal[start : start + 50].copy()
        processed = processor.process(block)
        out.append(processed.copy())
        block[:] = 7
        processed[:] = 7
    out = np.concatenate(out)
    np.testing.assert_allclose(out[255:], signal[:-255], atol=1e-6)


def test_windows_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        REFERENCE_SPEC.analysis_window()[0] = 1
