import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from workbench.dsp import SAMPLE_RATE
from workbench.dsp.mixing import Mixture
from workbench.errors import WorkbenchError
from workbench.evaluation.spectrogram import DisplaySpec, StreamingSpectrogram, spectrogram_db


@pytest.mark.parametrize("spec", [DisplaySpec(), DisplaySpec(256, 64, "hamming")])
def test_full_scale_sine_reads_zero_db(spec: DisplaySpec) -> None:
    k = 40
    time = np.arange(SAMPLE_RATE)
    sine = np.sin(2 * np.pi * k * time / spec.window_samples).astype(np.float32)
    columns = spectrogram_db(sine, spec)
    assert columns.shape == (spec.n_frames(len(sine)), spec.n_bins)
    assert columns.dtype == np.float32
    assert_allclose(columns[:, k], 0.0, atol=0.01)
    assert_allclose(spectrogram_db(sine * np.float32(0.1), spec)[:, k], -20.0, atol=0.01)
    assert (columns.argmax(axis=1) == k).all()


@pytest.mark.parametrize("block_samples", [1, 37, 128, 480, 16000])
def test_streaming_gives_the_same_columns(pair: Mixture, block_samples: int) -> None:
    signal = pair.noisy[: 16000 if block_samples > 1 else 3000]
    stream = StreamingSpectrogram(DisplaySpec())
    parts = [stream.process(signal[i : i + block_samples]) for i in range(0, len(signal), block_samples)]
    whole = spectrogram_db(signal)
    assert_allclose(np.concatenate(parts), whole, atol=1e-3)
    stream.reset()
    assert_array_equal(stream.process(signal), whole)


def test_long_signals_are_done_in_chunks_without_seams(pair: Mixture) -> None:
    signal = np.tile(pair.noisy, 3)
    columns = spectrogram_db(signal)
    assert len(columns) == DisplaySpec().n_frames(len(signal))
    for k in (1020, 1024, 1030, 2048):
        assert_allclose(columns[k], spectrogram_db(signal[k * 128 : k * 128 + 512])[0], atol=1e-3)


def test_click_appears_where_it_is() -> None:
    signal = np.zeros(4096, np.float32)
    signal[1280 + 256] = 1.0
    energy = spectrogram_db(signal).mean(axis=1)
    assert energy.argmax() == 10


def test_silence_is_the_floor_and_short_signals_have_no_columns() -> None:
    assert (spectrogram_db(np.zeros(1024, np.float32)) == np.float32(-100)).all()
    assert spectrogram_db(np.zeros(511, np.float32)).shape == (0, 257)
    assert spectrogram_db(np.zeros(0, np.float32)).shape == (0, 257)


@pytest.mark.parametrize(("window", "hop"), [(512, 100), (512, 0), (512, 1024), (1, 1)])
def test_impossible_settings_are_refused(window: int, hop: int) -> None:
    with pytest.raises(WorkbenchError):
        DisplaySpec(window, hop)
