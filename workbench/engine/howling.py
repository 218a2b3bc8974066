"""Feedback protection: the sound of a loudspeaker that gets back into the microphone and howls."""

import numpy as np

from workbench.dsp import SAMPLE_RATE, Signal
from workbench.engine.glide import Glide

FRAME_SAMPLES = 512
START_RAMP_S = 2.0
"""Length of the gentle start on loudspeakers: what howls can be heard coming and be stopped."""

DUCK_DB = -30.0
DUCK_SAMPLES = SAMPLE_RATE * 10 // 1000
RECOVERY_SAMPLES = SAMPLE_RATE * 3 // 2

_PURITY = 0.85
_LOUD_DB = -32.0
_N_FRAMES = 8
_REST_S = 1.5


class HowlGuard:
    """Turns the output down where the microphone hears one steady, loud tone, as feedback makes it.

    A frame of 32 ms is suspicious if one narrow line of its spectrum holds 85 % of its power above -32 dB
    full scale. Eight in a row on the same line and not fading are taken for howling: a quarter of a second,
    longer than a voice holds a note so pure. The output then falls by 30 dB in 10 ms and comes
    back over 1.5 s after as long a rest.

    Attributes
    ----------
    is_howling : bool
        Whether the output is turned down now.
    """

    def __init__(self) -> None:
        self.is_howling = False
        self._rest = np.zeros(0, np.float32)
        self._window = np.hanning(FRAME_SAMPLES).astype(np.float32)
        self._line = -1
        self._n_same = 0
        self._first_power = 0.0
        self._quiet_samples = 0
        self._target = 1.0
        self._gain = Glide([1.0], 1)

    def listen(self, microphone: Signal) -> None:
        """Hear the next block of the microphone, float32, shape (n_samples,)."""
        known = np.concatenate((self._rest, microphone))
        n_frames = len(known) // FRAME_SAMPLES
        for start in range(0, n_frames * FRAME_SAMPLES, FRAME_SAMPLES):
            self._judge(known[start : start + FRAME_SAMPLES])
        self._rest = known[n_frames * FRAME_SAMPLES :]

    def _judge(self, frame: Signal) -> None:
        spectrum = np.square(np.abs(np.fft.rfft(frame * self._window)))
        line = int(spectrum[2:-2].argmax()) + 2
        share = float(spectrum[line - 2 : line + 3].sum()) / (float(spectrum.sum()) + 1e-12)
        power = float(np.mean(np.square(frame)))
        loud = power > 10 ** (_LOUD_DB / 10)
        if share > _PURITY and loud and abs(line - self._line) <= 1 and power > 0.5 * self._first_power:
            self._n_same += 1
        else:
            self._n_same, self._first_power = int(share > _PURITY and loud), power
        self._line = line
        if self._n_same >= _N_FRAMES:
            self.is_howling = True
            self._quiet_samples = 0
            self._turn_to(10 ** (DUCK_DB / 20), DUCK_SAMPLES)
        elif self.is_howling:
            self._quiet_samples += FRAME_SAMPLES
            if self._quiet_samples > _REST_S * SAMPLE_RATE:
                self.is_howling = False
                self._turn_to(1.0, RECOVERY_SAMPLES)

    def _turn_to(self, gain: float, n_samples: int) -> None:
        if gain != self._target:
            self._target = gain
            self._gain = Glide(self._gain.values.tolist(), n_samples)
            self._gain.to([gain])

    def take(self, n_samples: int) -> Signal:
        """Return the gain of the output for the next samples, float32, shape (n_samples,)."""
        gain: Signal = self._gain.take(n_samples)[0]
        return gain
