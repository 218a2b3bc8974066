"""How much denoising is heard: a limit on the attenuation, and the share of the denoised signal."""

import numpy as np
from numpy.typing import NDArray

from workbench.denoisers.protocol import Denoiser
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.errors import WorkbenchError

RAMP_SAMPLES = round(0.02 * SAMPLE_RATE)
"""Time in which a new setting takes hold."""


class StrengthControl:
    """A denoiser, blended with its own input, aligned in time.

    With ``a = 10^(-limit/20)`` the limited signal is ``(1-a) y + a x``: what the denoiser removes altogether
    stays audible at `attenuation_limit_db` below its level, and what it keeps stays as it is. `wet` then
    blends the limited signal with the input. Both may be set while running.

    Parameters
    ----------
    denoiser : Denoiser
        The method to control; also an attribute.
    attenuation_limit_db : float, optional
        The most that noise is attenuated, in dB, at least 0; no limit when None.
    wet : float
        Share of the denoised signal, 0 to 1.

    Raises
    ------
    WorkbenchError
        If a setting is out of range, also when it is set later.
    """

    def __init__(
        self, denoiser: Denoiser, attenuation_limit_db: float | None = None, wet: float = 1.0
    ) -> None:
        self.denoiser = denoiser
        self.name = denoiser.name
        self.latency_samples = denoiser.latency_samples
        self.attenuation_limit_db = attenuation_limit_db
        self.wet = wet
        self._recent = np.zeros(self.latency_samples, np.float32)
        self._dry_gain: _Ramp | None = None

    @property
    def attenuation_limit_db(self) -> float | None:
        """The most that noise is attenuated, in dB; None for no limit."""
        return self._attenuation_limit_db

    @attenuation_limit_db.setter
    def attenuation_limit_db(self, limit_db: float | None) -> None:
        if limit_db is not None and not limit_db >= 0:
            raise WorkbenchError(f"The attenuation limit must be at least 0 dB, not {limit_db:g} dB.")
        self._attenuation_limit_db = limit_db

    @property
    def wet(self) -> float:
        """Share of the denoised signal, 0 to 1."""
        return self._wet

    @wet.setter
    def wet(self, share: float) -> None:
        if not 0 <= share <= 1:
            raise WorkbenchError(f"The share of the denoised signal must be from 0 to 1, not {share:g}.")
        self._wet = share

    def reset(self) -> None:
        """Forget all signal history; the settings stay and hold from the first sample on."""
        self.denoiser.reset()
        self._recent = np.zeros(self.latency_samples, np.float32)
        self._dry_gain = None

    def process(self, block: Signal) -> Signal:
        """Denoise and blend the next block; see `workbench.denoisers.protocol.Denoiser.process`."""
        recent = np.concatenate((self._recent, block))
        dry, self._recent = recent[: len(block)], recent[len(block) :]
        wet = self.denoiser.process(block)
        floor = 0.0 if self._attenuation_limit_db is None else 10 ** (-self._attenuation_limit_db / 20)
        target = 1 - self._wet * (1 - floor)
        if self._dry_gain is None:
            self._dry_gain = _Ramp(target)
        gains = self._dry_gain.towards(target, len(block))
        return (1 - gains) * wet + gains * dry


class _Ramp:
    """A gain that goes to each new target in a straight line, from where it is."""

    def __init__(self, value: float) -> None:
        self._from = self._to = value
        self._done = RAMP_SAMPLES

    def towards(self, target: float, n_samples: int) -> NDArray[np.float32]:
        """Return the gain at the next samples, shape (n_samples,)."""
        if target != self._to:
            now = self._from + min(self._done / RAMP_SAMPLES, 1) * (self._to - self._from)
            self._from, self._to, self._done = now, target, 0
        shares = np.arange(self._done + 1, self._done + n_samples + 1) / RAMP_SAMPLES
        self._done = min(self._done + n_samples, RAMP_SAMPLES)
        # Interpolation gives the target itself, to the bit, once it is reached.
        return np.interp(shares, (0, 1), (self._from, self._to)).astype(np.float32)
