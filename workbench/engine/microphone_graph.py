"""What is done with live sound: noise added, classified, denoised, monitored; adjustable while it runs.

The counterpart of `LiveGraph` for sound that comes instead of being fetched: nothing can be read ahead, so
the clean and the mixed signal wait for the denoiser instead.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.audio import files
from workbench.classifier.posterior import ClassPosterior
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.dsp.level import rms_db
from workbench.dsp.mixing import SEAM_S, SILENCE_DB, fit_noise
from workbench.engine.chain import Chain
from workbench.engine.glide import Glide
from workbench.engine.graph import METHOD_FADE_SAMPLES, METHOD_LEAD_SAMPLES, GraphBlock
from workbench.engine.monitor import MonitorChoice, MonitorSwitch
from workbench.engine.running_level import RunningSpeechLevel
from workbench.engine.scene import MAX_SCENE_SECONDS
from workbench.errors import WorkbenchError

ASSUMED_LEVEL_DB = -26.0
"""Active speech level taken before anything has been said: that of ITU-T speech material."""

BYPASS_FADE_SAMPLES = SAMPLE_RATE * 8 // 1000
GAIN_GLIDE_SAMPLES = SAMPLE_RATE * 100 // 1000
LEVEL_DB_PER_SECOND = 6.0
"""How fast the noise follows another speech level, so that it does not pump."""


class NoiseLoop:
    """A noise from a file, over and over without a seam.

    Parameters
    ----------
    path : pathlib.Path
        The file; its first ten minutes are used.

    Raises
    ------
    WorkbenchError
        If it cannot be read or is silent.
    """

    def __init__(self, path: Path) -> None:
        noise = files.read(path, max_seconds=MAX_SCENE_SECONDS)
        self.path = path
        self.level_db = rms_db(noise)
        if not self.level_db > SILENCE_DB:
            raise WorkbenchError(f"“{path.name}” is silent, so no SNR can be set: choose another noise.")
        n_seam = min(round(SEAM_S * SAMPLE_RATE), len(noise) // 4)
        # From the second turn on, all turns are the same.
        self._turn = fit_noise(noise, 2 * len(noise) - 2 * n_seam)[len(noise) - n_seam :]
        self._next = 0

    def take(self, n_samples: int) -> Signal:
        """Return the next part, float32, shape (n_samples,)."""
        start, self._next = self._next, (self._next + n_samples) % len(self._turn)
        if start + n_samples <= len(self._turn):
            return self._turn[start : start + n_samples]
        return np.resize(np.roll(self._turn, -start), n_samples)


class _Line:
    """One denoiser (or none, in a bypass) at work, with the signals beside it that wait for it.

    Rows of its signals: microphone, mixed, denoised; all late by `latency_samples`.
    """

    def __init__(self, chain: Chain | None, latency_samples: int, origin: int) -> None:
        self.chain = chain
        self.latency_samples = latency_samples
        self.waiting = np.zeros((2, latency_samples), np.float32)
        self._origin = origin
        if chain is not None:
            chain.reset()

    def process(self, dry: NDArray[np.float32]) -> tuple[NDArray[np.float32], list[ClassPosterior]]:
        known = np.concatenate((self.waiting, dry), axis=1)
        n_samples = dry.shape[1]
        late, self.waiting = known[:, :n_samples], known[:, n_samples:]
        if self.chain is None:
            return late[[0, 1, 1]], []
        denoised, found = self.chain.process(dry[1])
        placed = [replace(one, time_samples=one.time_samples + self._origin) for one in found]
        return np.concatenate((late, denoised[None])), placed


class MicrophoneGraph:
    """Makes clean, mixed and denoised sound of what the microphone hears, block by block.

    Every setting may be changed by another thread. Changes never click: gains glide, another method is warmed
    up for 0.1 s on what is heard and then faded in. Positions count the samples of the microphone.

    Parameters
    ----------
    method : str
        Name of a denoising method.
    attenuation_limit_db, wet : optional
        As in `StrengthControl`.
    snr_db : float
        Active speech level over the noise from the file, dB.
    noise_path : pathlib.Path, optional
        Noise to add; the microphone then is the clean signal. Without it there is no clean signal.
    input_gain_db : float
        Gain of the microphone.
    monitor : str
        Which signal goes to the ear.
    loudness_matched : bool
        Whether the signals are made equally loud for the ear.

    Attributes
    ----------
    snr_db, input_gain_db : float
        As above; the gains glide to new ones.
    bypassed : bool
        Whether the denoiser rests and the mixed signal is passed on in place of the denoised one, with the
        same delay.

    Raises
    ------
    WorkbenchError
        If the method cannot be had or the noise cannot be read.
    """

    def __init__(
        self,
        *,
        method: str,
        attenuation_limit_db: float | None = None,
        wet: float = 1.0,
        snr_db: float = 0.0,
        noise_path: Path | None = None,
        input_gain_db: float = 0.0,
        monitor: MonitorChoice = "denoised",
        loudness_matched: bool = True,
    ) -> None:
        self.snr_db = snr_db
        self.input_gain_db = input_gain_db
        self._limit_db, self._wet = attenuation_limit_db, wet
        self._chains: dict[str, Chain] = {}
        self.method = method
        self._noise = None if noise_path is None else NoiseLoop(noise_path)
        self._sounding = self._noise
        # The microphone always stands in for the clean signal, so that noise may come and go.
        self._switch = MonitorSwitch(has_clean=True, loudness_matched=loudness_matched)
        self.monitor = monitor
        self.restart()

    def restart(self) -> None:
        """Forget all sound, as if newly made; the settings stay."""
        self.bypassed = False
        self._speech = RunningSpeechLevel()
        self._level_db = ASSUMED_LEVEL_DB
        self._gains = Glide([10 ** (self.input_gain_db / 20), 0.0], GAIN_GLIDE_SAMPLES)
        chain = self._chains[self._method]
        self._line = _Line(chain, chain.latency_samples, 0)
        self._next: _Line | None = None
        self._lead_samples = 0
        self._leaving: _Line | None = None
        self._fade = Glide([1.0], 1)
        self._fed = 0

    @property
    def method(self) -> str:
        """Name of the denoising method.

        Setting it loads the method in the caller's thread; raises `WorkbenchError` if it cannot be had.
        """
        return self._method

    @method.setter
    def method(self, name: str) -> None:
        if name not in self._chains:
            self._chains[name] = Chain(name, self._limit_db, self._wet)
        self._method = name

    @property
    def attenuation_limit_db(self) -> float | None:
        """The most that the denoiser attenuates, dB; None for no limit. As in `StrengthControl`."""
        return self._limit_db

    @attenuation_limit_db.setter
    def attenuation_limit_db(self, limit_db: float | None) -> None:
        for chain in self._chains.values():
            chain.strength.attenuation_limit_db = limit_db
        self._limit_db = limit_db

    @property
    def wet(self) -> float:
        """Share of the denoised signal, 0 to 1. As in `StrengthControl`."""
        return self._wet

    @wet.setter
    def wet(self, share: float) -> None:
        for chain in self._chains.values():
            chain.strength.wet = share
        self._wet = share

    @property
    def noise(self) -> NoiseLoop | None:
        """Noise that is added; another begins when the one before has faded out."""
        return self._noise

    @noise.setter
    def noise(self, noise: NoiseLoop | None) -> None:
        self._noise = noise
        if noise is None and self.monitor == "clean":
            self._switch.choice = "mixed"

    @property
    def has_clean(self) -> bool:
        """Whether there is a clean signal: the microphone, where noise from a file is added."""
        return self._noise is not None

    @property
    def monitor(self) -> MonitorChoice:
        """Which signal goes to the ear; raises `WorkbenchError` for "clean" where there is none."""
        return self._switch.choice

    @monitor.setter
    def monitor(self, choice: MonitorChoice) -> None:
        if choice == "clean" and not self.has_clean:
            raise WorkbenchError("There is no clean signal to listen to: add a noise from a file first.")
        self._switch.choice = choice

    @property
    def loudness_matched(self) -> bool:
        """Whether the signals are made equally loud for the ear."""
        return self._switch.loudness_matched

    @loudness_matched.setter
    def loudness_matched(self, matched: bool) -> None:
        self._switch.loudness_matched = matched

    @property
    def speech_level_db(self) -> float | None:
        """Running active speech level of the microphone, gain included; None before anybody spoke."""
        return self._speech.level_db

    @property
    def latency_samples(self) -> int:
        """Latency of what is heard now."""
        return self._line.latency_samples

    def process(self, block: Signal) -> GraphBlock:
        """Run the next block of the microphone.

        Parameters
        ----------
        block : numpy.ndarray
            float32, shape (n_samples,).

        Returns
        -------
        GraphBlock
            As long, but shorter at the very beginning: what comes out before the latency is left out.
        """
        noise = self._noise  # Read once: another thread may set it at any time.
        dry = self._dry(block, noise)
        self._turn()
        # The fade of one line into another may end within the block.
        parts = [self._run(part) for part in self._cut(dry)]
        signals = np.concatenate([part for part, _ in parts], axis=1)
        self._fed += len(block)
        position = self._fed - len(block) - self._line.latency_samples
        signals = signals[:, max(0, -position) :]
        microphone, mixed, denoised = signals
        monitor = self._switch.process(microphone, mixed, denoised)
        posteriors = [posterior for _, found in parts for posterior in found]
        clean = None if noise is None else microphone
        return GraphBlock(max(0, position), clean, mixed, denoised, posteriors, monitor)

    def _dry(self, block: Signal, noise: NoiseLoop | None) -> NDArray[np.float32]:
        """Return microphone and mixed signal, shape (2, n_samples)."""
        if self._sounding is not noise and (self._sounding is None or self._gains.values[1] == 0):
            self._sounding = noise
        gain = self._noise_gain(noise, len(block)) if self._sounding is noise else 0.0
        self._gains.to([10 ** (self.input_gain_db / 20), gain])
        gains = self._gains.take(len(block))
        # What is not a number comes from a broken driver, and would stay in every filter for ever.
        microphone = np.nan_to_num(block, nan=0.0, posinf=0.0, neginf=0.0) * gains[0]
        self._speech.process(microphone)
        if self._sounding is None:
            return np.stack([microphone, microphone])
        return np.stack([microphone, microphone + self._sounding.take(len(block)) * gains[1]])

    def _noise_gain(self, noise: NoiseLoop | None, n_samples: int) -> float:
        if self._speech.level_db is not None:
            most_db = LEVEL_DB_PER_SECOND * n_samples / SAMPLE_RATE
            self._level_db += float(np.clip(self._speech.level_db - self._level_db, -most_db, most_db))
        if noise is None:
            return 0.0
        # In steps of a tenth, since each new goal begins a new glide.
        gain_db = round(self._level_db - self.snr_db - noise.level_db, 1)
        return float(10 ** (gain_db / 20))

    def _turn(self) -> None:
        """Begin the change to another method, to the bypass or back, that is due; one at a time."""
        if self._leaving is not None:
            return
        if self.bypassed:
            if self._next is not None:
                self._next = None
            if self._line.chain is not None:
                line = _Line(None, self._line.latency_samples, self._fed)
                line.waiting = self._line.waiting
                self._go(line, BYPASS_FADE_SAMPLES)
            return
        method = self._method
        if self._next is not None:
            if self._next.chain is not self._chains[method]:
                self._next = None
            elif self._lead_samples <= 0:
                self._go(self._next, METHOD_FADE_SAMPLES)
                self._next = None
        elif self._line.chain is not self._chains[method]:
            chain = self._chains[method]
            self._next = _Line(chain, chain.latency_samples, self._fed)
            self._lead_samples = METHOD_LEAD_SAMPLES

    def _go(self, line: _Line, fade_samples: int) -> None:
        self._leaving, self._line = self._line, line
        self._fade = Glide([0.0], fade_samples)
        self._fade.to([1.0])

    def _cut(self, dry: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        n_fading = self._fade.remaining_samples
        parts = [dry[:, :n_fading], dry[:, n_fading:]] if self._leaving is not None else [dry]
        return [part for part in parts if part.shape[1]]

    def _run(self, dry: NDArray[np.float32]) -> tuple[NDArray[np.float32], list[ClassPosterior]]:
        signals, found = self._line.process(dry)
        if self._leaving is not None:
            before, _ = self._leaving.process(dry)
            weight = self._fade.take(dry.shape[1])[0]
            signals = before * (1 - weight) + signals * weight
            if not self._fade.remaining_samples:
                self._leaving = None
        if self._next is not None:
            self._next.process(dry)
            self._lead_samples -= dry.shape[1]
        return signals, found
