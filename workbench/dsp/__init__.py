"""Signal processing in NumPy: transforms, mel features, levels and mixing.

Signals are ``float32`` arrays of shape ``(n_samples,)``, mono at `SAMPLE_RATE`, nominal range -1 to 1.
Spectra are frame-major: ``(n_frames, n_bins)``.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE = 16_000
"""Sampling rate in Hz of every signal inside the workbench."""

Signal: TypeAlias = NDArray[np.float32]
"""A mono signal: float32, shape (n_samples,), at `SAMPLE_RATE`, nominal range -1 to 1."""

Spectra: TypeAlias = NDArray[np.complex64]
"""Short-time spectra: complex64, shape (n_frames, n_bins)."""
