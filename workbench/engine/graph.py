"""The live graph: scene, mixer, classifier and denoiser, monitor, all of it adjustable while it runs."""

import math
from collections import deque
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

import numpy as np

from workbench.classifier.posterior import ClassPosterior
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.engine.chain import Chain
from workbench.engine.glide import Glide
from workbench.engine.monitor import MonitorChoice, MonitorSwitch
from workbench.engine.scene import LoadedScene
from workbench.engine.take import Stretch, Take
from workbench.errors import WorkbenchError

JUMP_FADE_SAMPLES = SAMPLE_RATE * 20 // 1000
METHOD_FADE_SAMPLES = SAMPLE_RATE * 50 // 1000
METHOD_LEAD_SAMPLES = SAMPLE_RATE * 100 // 1000
LOOP_LEAD_SAMPLES = SAMPLE_RATE // 2
"""Time before a change of method or a loop's seam over which the next take is warmed up, bit by bit."""

MIN_LOOP_SAMPLES = SAMPLE_RATE // 10


@dataclass(frozen=True, eq=False)
class GraphBlock:
    """A stretch of the scene without a jump in it; signals are float32, shape (n_samples,), and aligned.

    Attributes
    ----------
    position_samples : int
        Scene position of the first sample.
    clean : numpy.ndarray or None
        Speech at the level it has in the mixture; None without a reference.
    mixed, denoised : numpy.ndarray
        What the listener is exposed to, and what is left of it.
    posteriors : list of ClassPosterior
        What the classifier found out meanwhile; times are scene positions.
    monitor : numpy.ndarray
        What goes to the ear.
    """

    position_samples: int
    clean: Signal | None
    mixed: Signal
    denoised: Signal
    posteriors: list[ClassPosterior]
    monitor: Signal

    @property
    def n_samples(self) -> int:
        """Length of the block."""
        return len(self.mixed)

    @cached_property
    def levels(self) -> "Levels":
        """Levels for meters."""
        clean_db = None if self.clean is None else _rms_db(self.clean)
        peak = float(np.max(np.abs(self.monitor), initial=0.0))
        return Levels(clean_db, _rms_db(self.mixed), _rms_db(self.denoised), _rms_db(self.monitor), peak)


@dataclass(frozen=True)
class Levels:
    """RMS levels of a block in dB re full scale (-120 at the least), and the monitor's peak."""

    clean_db: float | None
    mixed_db: float
    denoised_db: float
    monitor_db: float
    monitor_peak: float


@dataclass(frozen=True, eq=False)
class _Cue:
    """A take that begins when the present one reaches `at_samples`, if method and loop are still the same."""

    at_samples: int
    take: Take
    method: str
    loop: tuple[int, int] | None


class LiveGraph:
    """Runs a scene block by block; every setting may be changed by another thread while it runs.

    The three signals are aligned sample by sample: the denoiser runs ahead by its latency. Changes never
    click: gains glide, and seeks, loop seams and changes of method are cross-faded between two takes.

    Parameters
    ----------
    loaded : LoadedScene
        What is heard.
    snr_db, method, attenuation_limit_db, wet : optional
        As in `Scene`, whose values are taken where these are left out.
    monitor : str
        Which signal goes to the ear: "clean", "mixed" or "denoised".
    loudness_matched : bool
        Whether the three are made equally loud for the ear.

    Raises
    ------
    WorkbenchError
        If the method cannot be had, or there is no clean signal to listen to.
    """

    def __init__(
        self,
        loaded: LoadedScene,
        *,
        snr_db: float | None = None,
        method: str | None = None,
        attenuation_limit_db: float | None = None,
        wet: float | None = None,
        monitor: MonitorChoice = "mixed",
        loudness_matched: bool = True,
    ) -> None:
        scene = loaded.scene
        self.loaded = loaded
        self.snr_db = scene.snr_db if snr_db is None else snr_db
        self._limit_db = scene.attenuation_limit_db if attenuation_limit_db is None else attenuation_limit_db
        self._wet = scene.wet if wet is None else wet
        self._chains: list[Chain] = []
        # A method may be loading in one thread while another changes the strength.
        self._strength_lock = Lock()
        self._spare: dict[str, list[Chain]] = {}
        self._seeks: deque[tuple[int, bool]] = deque()
        self._loop: tuple[int, int] | None = None
        self._switch = MonitorSwitch(
            has_clean=loaded.clean is not None,
            loudness_matched=loudness_matched,
            mixed_gain_db=0.0 if loaded.noise is None else -10 * math.log10(1 + 10 ** (-self.snr_db / 10)),
        )
        self.monitor = monitor
        self.method = scene.method if method is None else method
        self._fade = Glide([1.0], 1)
        self._leaving: Take | None = None
        self._cue: _Cue | None = None
        self._take = self._new_take(0)

    @property
    def snr_db(self) -> float:
        """SNR of the mixture in dB; the gains glide to a new one, from the next block on."""
        return self._snr_db

    @snr_db.setter
    def snr_db(self, snr_db: float) -> None:
        # In the caller's thread, because a look at the peaks of ten minutes takes longer than a block.
        self._gains = self.loaded.gains(snr_db)
        self._snr_db = snr_db

    @property
    def method(self) -> str:
        """Name of the denoising method.

        Setting it loads the method in the caller's thread; raises `WorkbenchError` if it cannot be had.
        """
        return self._method

    @method.setter
    def method(self, name: str) -> None:
        if name not in self._spare:
            # Two, because a take fades out while the next one has begun.
            chains = [Chain(name), Chain(name)]
            with self._strength_lock:
                for chain in chains:
                    chain.strength.attenuation_limit_db, chain.strength.wet = self._limit_db, self._wet
                self._chains += chains
            self._spare[name] = chains
        self._method = name

    @property
    def attenuation_limit_db(self) -> float | None:
        """The most that the denoiser attenuates, dB; None for no limit. As in `StrengthControl`."""
        return self._limit_db

    @attenuation_limit_db.setter
    def attenuation_limit_db(self, limit_db: float | None) -> None:
        with self._strength_lock:
            for chain in self._chains:
                chain.strength.attenuation_limit_db = limit_db
            self._limit_db = limit_db

    @property
    def wet(self) -> float:
        """Share of the denoised signal, 0 to 1. As in `StrengthControl`."""
        return self._wet

    @wet.setter
    def wet(self, share: float) -> None:
        with self._strength_lock:
            for chain in self._chains:
                chain.strength.wet = share
            self._wet = share

    @property
    def monitor(self) -> MonitorChoice:
        """Which signal goes to the ear; raises `WorkbenchError` for "clean" where there is no reference."""
        return self._switch.choice

    @monitor.setter
    def monitor(self, choice: MonitorChoice) -> None:
        self._switch.choice = choice

    @property
    def loudness_matched(self) -> bool:
        """Whether the three signals are made equally loud for the ear."""
        return self._switch.loudness_matched

    @loudness_matched.setter
    def loudness_matched(self, matched: bool) -> None:
        self._switch.loudness_matched = matched

    @property
    def loop(self) -> tuple[int, int] | None:
        """Start and end in samples of the part that is repeated; None for no loop.

        Setting it moves the position to the loop's start if it is outside. Raises `WorkbenchError` if the
        loop is shorter than 0.1 s.
        """
        return self._loop

    @loop.setter
    def loop(self, region: tuple[int, int] | None) -> None:
        if region is not None:
            start, end = (min(max(0, int(edge)), self.duration_samples) for edge in region)
            if end - start < MIN_LOOP_SAMPLES:
                raise WorkbenchError("A loop must be at least 0.1 s long; drag a wider region.")
            region = (start, end)
            if not start <= self.position_samples < end:
                self.seek(start)
        self._loop = region

    def seek(self, position_samples: int, *, cut: bool = False) -> None:
        """Go on from a scene position, cut to the scene's ends, with the next block.

        Parameters
        ----------
        position_samples : int
            Where to go.
        cut : bool
            Begin without a cross-fade, for a listener who does not hear what came before.
        """
        self._seeks.append((min(max(0, int(position_samples)), self.duration_samples), cut))

    @property
    def duration_samples(self) -> int:
        """Length of the scene."""
        return self.loaded.duration_samples

    @property
    def position_samples(self) -> int:
        """Scene position of the next block's first sample."""
        try:
            return self._seeks[-1][0]
        except IndexError:
            return self._take.position_samples

    @property
    def latency_samples(self) -> int:
        """Latency of the denoiser that runs now; the block's signals are aligned already."""
        return self._take.chain.latency_samples

    @property
    def ended(self) -> bool:
        """Whether the scene is over; a seek or a loop starts it again."""
        return self._loop is None and self.position_samples >= self.duration_samples

    def process(self, n_samples: int) -> GraphBlock:
        """Run the next stretch of the scene.

        Parameters
        ----------
        n_samples : int
            The most to run.

        Returns
        -------
        GraphBlock
            At most `n_samples` long: a block stops short where the position jumps (a loop's seam) or the
            scene ends, and is empty once it has ended.
        """
        loop = self._loop  # Read once: another thread may set it at any time.
        self._turn(loop)
        take, cue = self._take, self._cue
        take.set_gains(self._gains)
        position = take.position_samples
        if self._leaving is not None:
            n_samples = min(n_samples, self._fade.remaining_samples)
        elif loop is not None:
            n_samples = min(n_samples, loop[1] - position)
        if loop is None:
            n_samples = max(0, min(n_samples, self.duration_samples - position))
        if cue is not None:
            n_left = cue.at_samples - position
            n_samples = min(n_samples, n_left)
            cue.take.set_gains(self._gains)
            cue.take.warm_up(-(-cue.take.behind_samples * n_samples // n_left))
        shown = heard = take.render(n_samples)
        if self._leaving is not None:
            jumped = self._leaving.position_samples != position
            self._leaving.set_gains(self._gains)
            heard = _cross_fade(self._leaving.render(n_samples), shown, self._fade.take(n_samples)[0])
            # After a jump the picture shows the new place alone; a change of method is shown as it is heard.
            shown = shown if jumped else heard
        monitor = self._switch.process(heard.clean, heard.mixed, heard.denoised)
        return GraphBlock(position, shown.clean, shown.mixed, shown.denoised, shown.posteriors, monitor)

    def _turn(self, loop: tuple[int, int] | None) -> None:
        """Begin what is due, one cross-fade at a time, and get ready for what will be."""
        position, method = self._take.position_samples, self._method
        end = self.duration_samples if loop is None else loop[1]
        seeks = list(self._seeks)
        target, cut = seeks[-1] if seeks else (position, False)
        if self._leaving is not None:
            if self._fade.remaining_samples and not cut and (loop is not None or position < end):
                return
            self._retire(self._leaving)
            self._leaving = None
        cue = self._cue
        if cue is not None and (target != position or (cue.method, cue.loop) != (method, loop)):
            self._retire(cue.take)
            self._cue = cue = None
        if loop is not None and target >= end:
            target = loop[0]
        changed = method != self._take.chain.method
        if cue is not None and position >= cue.at_samples:
            self._cue = None
            self._go(cue.take)
        elif target != position:
            self._go(self._new_take(target), cut=cut)
        elif cue is None and changed and position + METHOD_LEAD_SAMPLES < end:
            self._cue_up(position + METHOD_LEAD_SAMPLES, position + METHOD_LEAD_SAMPLES, loop)
        elif cue is None and changed and position < end:
            self._go(self._new_take(position))
        elif cue is None and loop is not None and end - position <= LOOP_LEAD_SAMPLES:
            self._cue_up(end, loop[0], loop)
        for _ in seeks:
            # Only now, so that `position_samples` never shows the old place again.
            self._seeks.popleft()

    def _cue_up(self, at_samples: int, start_samples: int, loop: tuple[int, int] | None) -> None:
        take = self._new_take(start_samples)
        self._cue = _Cue(at_samples, take, take.chain.method, loop)

    def _go(self, take: Take, *, cut: bool = False) -> None:
        if cut:
            self._retire(self._take)
        else:
            jumps = take.position_samples != self._take.position_samples
            self._fade = Glide([0.0], JUMP_FADE_SAMPLES if jumps else METHOD_FADE_SAMPLES)
            self._fade.to([1.0])
            self._leaving = self._take
        self._take = take

    def _retire(self, take: Take) -> None:
        self._spare[take.chain.method].append(take.chain)

    def _new_take(self, position_samples: int) -> Take:
        chain = self._spare[self._method].pop()
        return Take(self.loaded, chain, position_samples, self._gains)


def _cross_fade(old: Stretch, new: Stretch, weight: Signal) -> Stretch:
    """Go from one take to another; they may differ in everything, so the weights add up to one."""

    def fade(before: Signal, after: Signal) -> Signal:
        return before * (1 - weight) + after * weight

    clean = None if old.clean is None or new.clean is None else fade(old.clean, new.clean)
    return Stretch(clean, fade(old.mixed, new.mixed), fade(old.denoised, new.denoised), new.posteriors)


def _rms_db(signal: Signal) -> float:
    power = float(np.mean(np.square(signal), dtype=np.float64)) if len(signal) else 0.0
    return 10 * math.log10(max(power, 1e-12))
