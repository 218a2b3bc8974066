"""Constants and tables of the C feature code, from the specifications of `workbench.dsp`."""

import inspect
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train_cli.mcu.arrays import c_array, c_float
from workbench.bundles.check import Bundle
from workbench.bundles.manifest import log_mel_features, spectral_features
from workbench.classifier.decision import ClassDecision
from workbench.classifier.memory import LEAST_PROBABILITY, SceneMemory
from workbench.classifier.posterior import CLASSES, NoiseClass
from workbench.classifier.streaming import log_mel_spec
from workbench.denoisers.adaptive import GLIDE_SAMPLES
from workbench.denoisers.ddae import POWER_FLOOR, stft_spec
from workbench.dsp import SAMPLE_RATE
from workbench.dsp.mel import LogMelSpec, mel_filterbank
from workbench.dsp.stft import StftSpec
from workbench.errors import WorkbenchError

_HEAD = "/* Made by `train_cli export --target mcu`; do not edit. */\n"


@dataclass(frozen=True)
class FeatureSpec:
    """What the C code computes around a pair of models.

    Attributes
    ----------
    ddae, nc : Bundle
    stft : StftSpec
        Of the denoiser.
    mel : LogMelSpec
        Of the classifier.

    Raises
    ------
    WorkbenchError
        The features are not those of a DDAE and an NC, or a transform is no power of two.
    """

    ddae: Bundle
    nc: Bundle

    def __post_init__(self) -> None:
        for name, samples in (
            (self.ddae.name, self.stft.transform_samples),
            (self.nc.name, self.mel.fft_samples),
        ):
            if samples < 8 or samples & (samples - 1):
                raise WorkbenchError(
                    f"{name} has a transform of {samples} samples; the C code needs a power of two from 8 on."
                )

    @property
    def stft(self) -> StftSpec:
        """Transform of the denoiser."""
        return stft_spec(self.ddae)

    @property
    def mel(self) -> LogMelSpec:
        """Log-mel spectra of the classifier."""
        return log_mel_spec(self.nc)


def config_header(spec: FeatureSpec) -> str:
    """Return ``dw_config.h``: sizes and constants."""
    stft, mel = spec.stft, spec.mel
    features = spectral_features(spec.ddae.manifest)
    memory = inspect.signature(SceneMemory).parameters
    decision = inspect.signature(ClassDecision).parameters
    values = {
        "DW_SAMPLE_RATE": SAMPLE_RATE,
        "DW_WINDOW": stft.window_samples,
        "DW_HOP": stft.hop_samples,
        "DW_FRAMES_PER_MASK": features.frames_per_mask,
        "DW_FFT": stft.transform_samples,
        "DW_BINS": stft.n_bins,
        "DW_SYNTHESIS": len(stft.synthesis_window()),
        "DW_LATENCY": spec.ddae.manifest.latency_samples,
        "DW_FIRST_BIN": features.first_bin,
        "DW_NETWORK_BINS": features.n_bins,
        "DW_COMPRESSION": features.compression,
        "DW_POWER_FLOOR": POWER_FLOOR,
        "DW_MEL_WINDOW": mel.window_samples,
        "DW_MEL_HOP": mel.hop_samples,
        "DW_MEL_FFT": mel.fft_samples,
        "DW_MEL_BINS": mel.stft.n_bins,
        "DW_MEL_BANDS": mel.n_bands,
        "DW_MEL_LOG_OFFSET": mel.log_offset,
        "DW_CHUNK_FRAMES": log_mel_features(spec.nc.manifest).chunk_frames,
        "DW_CLASSES": len(CLASSES),
        "DW_NO_NOISE": CLASSES.index(NoiseClass.NO_NOISE),
        "DW_LEAST_PROBABILITY": LEAST_PROBABILITY,
        "DW_EVIDENCE_SAMPLES": float(memory["evidence_s"].default * SAMPLE_RATE),
        "DW_FORGET_SAMPLES": float(memory["forget_s"].default * SAMPLE_RATE),
        "DW_QUICK_SAMPLES": float(memory["quick_s"].default * SAMPLE_RATE),
        "DW_LEAD": float(memory["lead"].default),
        "DW_MARGIN": float(decision["margin"].default),
        "DW_GLIDE_SAMPLES": GLIDE_SAMPLES,
    }
    defines = "".join(
        f"#define {name} {c_float(value) if isinstance(value, float) else value}\n"
        for name, value in values.items()
    )
    classes = ", ".join(str(each) for each in CLASSES)
    return (
        f"{_HEAD}#ifndef DW_CONFIG_H\n#define DW_CONFIG_H\n\n/* Classes in order: {classes}. */\n"
        f"{defines}\n#endif\n"
    )


def tables_header() -> str:
    """Return ``dw_tables.h``."""
    return (
        f'{_HEAD}#ifndef DW_TABLES_H\n#define DW_TABLES_H\n\n#include "dw_config.h"\n#include "dw_fft.h"\n\n'
        "extern const dw_fft_plan dw_plan, dw_mel_plan;\n"
        "extern const float dw_analysis_window[DW_WINDOW], dw_synthesis_window[DW_SYNTHESIS];\n"
        "extern const float dw_mel_window[DW_MEL_WINDOW];\n"
        "/* Each band adds up `count` bins from `first` on, with the next weights of the table. */\n"
        "extern const short dw_mel_first[DW_MEL_BANDS], dw_mel_count[DW_MEL_BANDS];\n"
        "extern const float dw_mel_weights[];\n\n#endif\n"
    )


def tables_source(spec: FeatureSpec) -> str:
    """Return ``dw_tables.c``: windows, twiddle factors and the mel filterbank."""
    stft, mel = spec.stft, spec.mel
    lengths = sorted({stft.transform_samples, mel.fft_samples})
    first, count, weights = sparse_filterbank(mel)
    parts = [
        f'{_HEAD}#include "dw_tables.h"\n',
        *(c_array(f"static const float twiddle_{n}", twiddle_factors(n)) for n in lengths),
        *(
            f"const dw_fft_plan {name} = {{{n}, twiddle_{n}}};\n"
            for name, n in (("dw_plan", stft.transform_samples), ("dw_mel_plan", mel.fft_samples))
        ),
        c_array("const float dw_analysis_window", stft.analysis_window()),
        c_array("const float dw_synthesis_window", stft.synthesis_window()),
        c_array("const float dw_mel_window", mel.stft.analysis_window()),
        c_array("const short dw_mel_first", first),
        c_array("const short dw_mel_count", count),
        c_array("const float dw_mel_weights", weights),
    ]
    return "\n".join(parts)


def twiddle_factors(n: int) -> NDArray[np.float32]:
    """Return ``exp(-2 pi i k / n)`` for the first half of a turn, real and imaginary in turn: shape (n,)."""
    return np.exp(-2j * np.pi * np.arange(n // 2) / n).astype(np.complex64).view(np.float32)


def sparse_filterbank(
    spec: LogMelSpec,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Return the first bin and the number of bins of each band, and the weights of all in turn."""
    filters = mel_filterbank(spec)
    reach = [np.flatnonzero(band) for band in filters]
    first = np.array([bins[0] for bins in reach])
    count = np.array([bins[-1] - bins[0] + 1 for bins in reach])
    weights = [band[start : start + n] for band, start, n in zip(filters, first, count, strict=True)]
    return first, count, np.concatenate(weights)
