"""The noise suppressor of Speex's preprocessor: a log-MMSE variant in bands, from the package speexdsp-ns.

Its description is in the Speex manual (J.-M. Valin, 2007).
"""

from workbench.denoisers.framing import FramedDenoiser
from workbench.denoisers.pcm16 import from_pcm16, to_pcm16
from workbench.dsp import SAMPLE_RATE, Signal

_FRAME = 256


class SpeexDenoiser(FramedDenoiser):
    """Speex's suppressor with frames of 16 ms, the package's default."""

    def __init__(self) -> None:
        super().__init__("speex", _FRAME, inner_delay_samples=_FRAME)
        self.restart()

    def restart(self) -> None:
        """Forget all frames."""
        from speexdsp_ns import NoiseSuppression

        self._suppressor = NoiseSuppression.create(_FRAME, SAMPLE_RATE)

    def step(self, frame: Signal) -> Signal:
        """Denoise a frame."""
        return from_pcm16(self._suppressor.process(to_pcm16(frame)))
