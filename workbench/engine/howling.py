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
_LOUD_DB = -26.0
_LOWEST_HZ = 400
_N_FRAMES = 10
_TRIAL_FRAMES = 12
_REST_FRAMES = 48


class HowlGuard:
    """Turns the output down where the microphone hears one steady, loud tone, as feedback makes it.

    A frame of 32 ms is suspicious if one line of its spectrum above 400 Hz holds 85 % of its power, and that
    is above -26 dB full scale. Ten in a row on the same line are taken for howling: a third of a second,
    longer than a voice holds a note so pure. The output then falls by 30 dB in 10 ms. Feedback dies with
    that, and the output comes back over 1.5 s after a rest. A tone that goes on is somebody's siren: it is
    let through, and not suspected again before it has ended.

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
        self._n_frames_down = 0
        self._is_foreign = False
        self._gain = Glide([1.0], 1)

    def listen(self, microphone: Signal) -> None:
        """Hear the next block of the microphone, float32, shape (n_samples,)."""
        known = np.concatenate((self._rest, microphone))
        n_frames = len(known) // FRAME_SAMPLES
        for start in range(0, n_frames * FRAME_SAMPLES, FRAME_SAMPLES):
            self._judge(known[start : start + FRAME_SAMPLES])
        self._rest = known[n_frames * FRAME_SAMPLES :]

    def take(self, n_samples: int) -> Signal:
        """Return the gain of the output for the next samples, float32, shape (n_samples,)."""
        gain: Signal = self._gain.take(n_samples)[0]
        return gain

    def _judge(self, frame: Signal) -> None:
        spectrum = np.square(np.abs(np.fft.rfft(frame * self._window)))
        line = int(spectrum[2:-2].argmax()) + 2
        is_pure = float(spectrum[line - 2 : line + 3].sum()) > _PURITY * float(spectrum.sum())
        is_loud = float(np.mean(np.square(frame))) > 10 ** (_LOUD_DB / 10)
        if is_pure and is_loud and line * SAMPLE_RATE / FRAME_SAMPLES >= _LOWEST_HZ:
            self._n_same = self._n_same + 1 if abs(line - self._line) <= 1 else 1
        else:
            self._n_same = 0
            self._is_foreign = False
        self._line = line
        if self.is_howling:
            self._n_frames_down += 1
            if self._n_frames_down == _TRIAL_FRAMES and self._n_same >= _TRIAL_FRAMES:
                self._is_foreign = True
            if self._is_foreign or self._n_frames_down > _REST_FRAMES:
                self.is_howling = False
                self._turn_to(1.0, RECOVERY_SAMPLES)
        elif self._n_same >= _N_FRAMES and not self._is_foreign:
            self.is_howling = True
            self._n_frames_down = 0
            self._turn_to(10 ** (DUCK_DB / 20), DUCK_SAMPLES)

    def _turn_to(self, gain: float, n_samples: int) -> None:
        self._gain = Glide(self._gain.values.tolist(), n_samples)
        self._gain.to([gain])
