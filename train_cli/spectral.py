"""The transform around the DDAE in TensorFlow: the same frames and features as `workbench.denoisers.ddae`."""

import numpy as np
import tensorflow as tf

from workbench.dsp.stft import StftSpec

COMPRESSION = 0.3
"""Exponent of the magnitude, as in most recent enhancement networks."""
POWER_FLOOR = 1e-12
"""Added to the power before it is compressed."""


def frames_in(n_samples: int, spec: StftSpec) -> int:
    """Complete frames in a stretch of signal."""
    return (n_samples - spec.window_samples) // spec.hop_samples + 1


def stft(signals: tf.Tensor, spec: StftSpec) -> tf.Tensor:
    """Short-time spectra: (batch, n_samples) -> complex64 (batch, n_frames, n_bins)."""
    frames = tf.signal.frame(signals, spec.window_samples, spec.hop_samples)
    return tf.signal.rfft(frames * spec.analysis_window(), [spec.transform_samples])


def istft(spectra: tf.Tensor, spec: StftSpec) -> tf.Tensor:
    """Inverse of `stft`; the first and last `overlap_samples` are incomplete.

    The signal starts where the synthesis window of the first frame does.
    """
    window, last = spec.synthesis_window(), spec.window_samples
    frames = tf.signal.irfft(spectra, [spec.transform_samples])[..., last - len(window) : last]
    return tf.signal.overlap_and_add(frames * window, spec.hop_samples)


def compress(spectra: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Real part, imaginary part and magnitude of the compressed spectrum."""
    real, imaginary = tf.math.real(spectra), tf.math.imag(spectra)
    power = tf.square(real) + tf.square(imaginary) + POWER_FLOOR
    scale = tf.pow(power, (COMPRESSION - 1) / 2)
    return real * scale, imaginary * scale, tf.pow(power, COMPRESSION / 2)


def expand(real: tf.Tensor, imaginary: tf.Tensor) -> tf.Tensor:
    """Undo the compression: complex64 spectrum."""
    power = tf.square(real) + tf.square(imaginary) + POWER_FLOOR
    scale = tf.pow(power, (1 / COMPRESSION - 1) / 2)
    return tf.complex(real * scale, imaginary * scale)


def features_of(signals: np.ndarray, spec: StftSpec) -> tf.Tensor:
    """Features of a network: (batch, n_frames, n_bins - 1, 3); the bin at 0 Hz is left out."""
    return tf.stack(compress(stft(signals, spec)[..., 1:]), axis=-1)
