"""Cost of the signal processing in the audio path and in training."""

import numpy as np
import pytest

from workbench.dsp.level import active_speech_level
from workbench.dsp.loudness import StreamingLoudness, integrated_loudness_db
from workbench.dsp.mel import StreamingLogMel
from workbench.dsp.mixing import mix
from workbench.dsp.stft import REFERENCE_SPEC, FrameProcessor

TEN_SECONDS = (np.random.default_rng(0).standard_normal(160_000) * 0.1).astype(np.float32)


def stream(process, block_samples):
    for start in range(0, 16_000, block_samples):
        process(TEN_SECONDS[start : start + block_samples])


@pytest.mark.parametrize("block_samples", [1, 128, 480, 16_000])
def test_one_second_through_frames(benchmark, block_samples):
    benchmark(stream, FrameProcessor(REFERENCE_SPEC, lambda spectra, first: spectra).process, block_samples)


@pytest.mark.parametrize("block_samples", [128, 512])
def test_one_second_of_loudness(benchmark, block_samples):
    benchmark(stream, StreamingLoudness().process, block_samples)


@pytest.mark.parametrize("block_samples", [128, 16_000])
def test_one_second_of_log_mel(benchmark, block_samples):
    benchmark(stream, StreamingLogMel().process, block_samples)


def test_speech_level_of_ten_seconds(benchmark):
    benchmark(active_speech_level, TEN_SECONDS)


def test_integrated_loudness_of_ten_seconds(benchmark):
    benchmark(integrated_loudness_db, TEN_SECONDS)


def test_mixing_four_seconds_of_known_level(benchmark):
    benchmark(mix, TEN_SECONDS[:64_000], TEN_SECONDS, 0, clean_level_db=-20.0, offset_samples=1000)
