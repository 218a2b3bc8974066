"""What goes to the ear: one of three aligned signals, cross-faded and equally loud."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from workbench.dsp import SAMPLE_RATE, Signal
from workbench.dsp.loudness import StreamingLoudness
from workbench.engine.glide import Glide
from workbench.errors import WorkbenchError

MonitorChoice = Literal["clean", "mixed", "denoised"]
MONITOR_CHOICES: tuple[MonitorChoice, ...] = get_args(MonitorChoice)

FADE_SAMPLES = SAMPLE_RATE * 15 // 1000
MATCH_STEP_SAMPLES = SAMPLE_RATE // 10
"""How often the loudness match is looked at; its grid makes the result independent of block sizes."""

MATCH_DB_PER_SECOND = 6.0
MATCH_RANGE_DB = 15.0
"""The most that matching turns a signal down: a denoiser that leaves nothing must not silence the rest."""

_SILENCE_DB = -70.0
_PAUSE_DB = 15.9
"""So far below its own loudness the speech is taken to pause (the margin of ITU-T P.56)."""


class MonitorSwitch:
    """Sends one of three aligned signals to the ear.

    A switch cross-fades from the next sample on; where blocks begin and end changes nothing else. Loudness
    matching only ever turns down, toward the quietest of the signals, so that nothing clips. It goes by the
    stretches in which there is speech: pauses, in which the clean signal is silent, say nothing about how
    loud it is.

    Parameters
    ----------
    has_clean : bool
        Whether there is a clean signal.
    loudness_matched : bool
        Whether to begin with matching on.
    mixed_gain_db : float
        What matching is expected to do to the mixed signal, at most 0: where to begin.
    """

    def __init__(self, *, has_clean: bool, loudness_matched: bool = True, mixed_gain_db: float = 0.0) -> None:
        self.loudness_matched = loudness_matched
        self._offered = MONITOR_CHOICES if has_clean else MONITOR_CHOICES[1:]
        self._choice: MonitorChoice = "mixed"
        self._fade = Glide(self._weights(), FADE_SAMPLES)
        self._meters = [StreamingLoudness() for _ in self._offered]
        self._recent = np.zeros((len(self._offered), MATCH_STEP_SAMPLES), np.float32)
        self._n_recent = 0
        self._goals_db = np.array([mixed_gain_db if name == "mixed" else 0.0 for name in self._offered])
        self._goals_db = np.maximum(self._goals_db, -MATCH_RANGE_DB)
        self._gains_db = self._goals_db if loudness_matched else np.zeros(len(self._offered))

    @property
    def choice(self) -> MonitorChoice:
        """Which signal is heard; raises `WorkbenchError` for one that there is not."""
        return self._choice

    @choice.setter
    def choice(self, choice: MonitorChoice) -> None:
        if choice not in self._offered:
            raise WorkbenchError(
                f"There is no {choice} signal to listen to; choose {' or '.join(self._offered)}."
            )
        self._choice = choice

    def process(self, clean: Signal | None, mixed: Signal, denoised: Signal) -> Signal:
        """Return what goes to the ear.

        Parameters
        ----------
        clean : numpy.ndarray or None
            As was said at construction.
        mixed, denoised : numpy.ndarray
            float32, shape (n_samples,), all aligned.

        Returns
        -------
        numpy.ndarray
            float32, shape (n_samples,).
        """
        signals = np.stack([mixed, denoised] if clean is None else [clean, mixed, denoised])
        self._fade.to(self._weights())
        weights = self._fade.take(signals.shape[1])
        heard = np.empty(signals.shape[1], np.float32)
        done = 0
        while done < len(heard):
            part = slice(done, done + min(MATCH_STEP_SAMPLES - self._n_recent, len(heard) - done))
            gains = self._gains(part.stop - part.start, np.any(weights[:, part], axis=1))
            heard[part] = (signals[:, part] * weights[:, part] * gains).sum(axis=0)
            self._measure(signals[:, part])
            done = part.stop
        return heard

    def _weights(self) -> list[float]:
        return [float(name == self._choice) for name in self._offered]

    def _gains(self, n_samples: int, audible: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Return the next gains, shape (n_signals, n_samples); those of signals not heard need no glide."""
        goals_db = self._goals_db if self.loudness_matched else np.zeros(len(self._offered))
        start_db = np.where(audible, self._gains_db, goals_db)
        most_db = MATCH_DB_PER_SECOND / SAMPLE_RATE * np.arange(1, n_samples + 1)
        gains_db = start_db[:, None] + np.clip((goals_db - start_db)[:, None], -most_db, most_db)
        self._gains_db = gains_db[:, -1]
        return (10 ** (gains_db / 20)).astype(np.float32)

    def _measure(self, signals: NDArray[np.float32]) -> None:
        """Collect a step of signals; when it is full, and has speech in it, set the goals anew."""
        stop = self._n_recent + signals.shape[1]
        self._recent[:, self._n_recent : stop] = signals
        self._n_recent = stop % MATCH_STEP_SAMPLES
        if self._n_recent:
            return
        # The clean signal tells where there is speech, or else the denoised one.
        reference = 0 if "clean" in self._offered else -1
        power = float(np.mean(np.square(self._recent[reference])))
        threshold_db = max(_SILENCE_DB, self._meters[reference].loudness_db - _PAUSE_DB)
        if power <= 10 ** (threshold_db / 10):
            return
        levels_db = np.array(
            [meter.process(part) for meter, part in zip(self._meters, self._recent, strict=True)]
        )
        # A signal of nothing but zeros has a level of minus infinity.
        levels_db = np.maximum(levels_db, _SILENCE_DB)
        self._goals_db = np.clip(levels_db.min() - levels_db, -MATCH_RANGE_DB, 0.0)
