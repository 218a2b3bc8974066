"""The noise suppressor of WebRTC, a Wiener filter with a speech model, from the package webrtc-noise-gain."""

from workbench.denoisers.framing import FramedDenoiser
from workbench.denoisers.pcm16 import from_pcm16, to_pcm16
from workbench.dsp import Signal

_FRAME = 160
_DELAY = 96
_NO_GAIN_CONTROL = 0
_HIGH_SUPPRESSION = 3


class WebRtcDenoiser(FramedDenoiser):
    """WebRTC's suppressor at its setting "high" (3 of 4), without gain control."""

    def __init__(self) -> None:
        super().__init__("webrtc", _FRAME, inner_delay_samples=_DELAY)
        self.restart()

    def restart(self) -> None:
        """Forget all frames."""
        from webrtc_noise_gain import AudioProcessor

        self._processor = AudioProcessor(_NO_GAIN_CONTROL, _HIGH_SUPPRESSION)

    def step(self, frame: Signal) -> Signal:
        """Denoise a frame of 10 ms."""
        return from_pcm16(self._processor.Process10ms(to_pcm16(frame)).audio)
