"""Samples of 16 bits, as two of the rivals take them."""

import numpy as np

from workbench.dsp import Signal

_FULL_SCALE = np.float32(32768)


def to_pcm16(signal: Signal) -> bytes:
    """Return the signal as little-endian 16-bit samples; what is beyond full scale is clipped."""
    return np.clip(np.rint(signal * _FULL_SCALE), -32768, 32767).astype("<i2").tobytes()


def from_pcm16(samples: bytes) -> Signal:
    """Return 16-bit samples as a signal, float32, shape (n_samples,)."""
    return np.frombuffer(samples, "<i2").astype(np.float32) / _FULL_SCALE
