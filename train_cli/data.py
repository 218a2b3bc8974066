"""Mixtures on the fly: real speech and noise, drawn and changed anew for every example.

Example `i` of a seed is always the same, so training resumes exactly where it stopped and any example can be
made again.
"""

import queue
from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from train_cli.simulation import (
    band_limit,
    clip,
    codec,
    colour,
    convolve,
    loudspeaker,
    room_response,
)
from workbench.audio.files import read
from workbench.classifier.posterior import CLASSES, NoiseClass
from workbench.corpora.recordings import find_recordings, select
from workbench.corpora.splits import OTHER_SOUNDS
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.dsp.level import rms_db
from workbench.dsp.mixing import fit_noise, mix
from workbench.errors import WorkbenchError
from workbench.lifeline import end_with_parent

NOISES: tuple[NoiseClass, ...] = CLASSES[:4]
_LONGEST_LEAD_SAMPLES = 8_000
SPEEDS = (0.9, 1.0, 1.1)
"""Speech is also played slower and faster, which changes pitch and formants as another speaker would."""


def classes_for(name: str) -> tuple[NoiseClass, ...]:
    """Return the classes that an option names: one of them, or "all"."""
    return NOISES if name == "all" else (NoiseClass(name),)


@dataclass(frozen=True)
class MixingOptions:
    """How training mixtures are drawn; all ranges are uniform.

    Attributes
    ----------
    seconds : float
        Length of an example.
    snr_db : tuple of float
        Range of the SNR.
    level_db : tuple of float
        Range of the RMS level of the mixture, dB re full scale.
    p_no_noise : float
        Share of examples with speech alone or with noise at 30 dB SNR or more.
    p_second_noise : float
        Share with a second recording of the same class, within 10 dB.
    p_colour : float
        Share of speech, and of noise, with a random smooth frequency response.
    speech_colour_db, noise_colour_db : float
        Largest gain and loss of that response.
    p_noise_speed : float
        Share of noise that is played slower or faster, as another machine would sound.
    noise_speed : tuple of float
        Range of that speed.
    p_room : float
        Share of speech with reverberation (the target is the reverberant speech).
    p_loudspeaker : float
        Share of "tv_radio" noise made from training speech and music through a loudspeaker in a room.
    p_babble : float
        Share of "human" noise made by adding three to eight other training speakers.
    p_codec : float
        Share of "tv_radio" noise, of either kind, that went through a codec.
    p_start : float
        Share of speech that is heard from the start of its recording, into silence, as most test sentences.
    p_band_limit : float
        Share of examples in which speech and noise end at 3.4 to 7 kHz.
    p_clip : float
        Share of examples whose noisy signal is clipped at 0.3 to 0.9 of its peak.
    p_noise_alone : float
        Share of examples without speech (for the classifier).
    classes : tuple of NoiseClass
        Classes of noise that occur, equally often.
    n_scenes : int
        Noise comes from so many scenes, which are the same in every epoch (`Mixer.scene`); 0 draws it anew
        for each example.
    p_two_classes : float
        Share of scenes with a second noise, of another class, within 8 dB: they are of no class.
    p_other : float
        Share of scenes of other sounds, where the corpus has any: every second has a noise beside it, within
        8 dB; they are of no class.
    """

    seconds: float = 3.0
    snr_db: tuple[float, float] = (-12.0, 20.0)
    level_db: tuple[float, float] = (-40.0, -16.0)
    p_no_noise: float = 0.06
    p_second_noise: float = 0.25
    p_colour: float = 0.5
    speech_colour_db: float = 4.0
    noise_colour_db: float = 6.0
    p_noise_speed: float = 0.7
    noise_speed: tuple[float, float] = (0.85, 1.15)
    p_room: float = 0.25
    p_loudspeaker: float = 0.25
    p_babble: float = 0.2
    p_codec: float = 0.0
    p_start: float = 0.0
    p_band_limit: float = 0.0
    p_clip: float = 0.0
    p_noise_alone: float = 0.0
    classes: tuple[NoiseClass, ...] = NOISES
    n_scenes: int = 0
    p_two_classes: float = 0.0
    p_other: float = 0.0


@dataclass(frozen=True, eq=False)
class Noise:
    """A stretch of noise.

    Attributes
    ----------
    signal : numpy.ndarray
        float32, shape (n_samples,).
    class_index, kind_index : int
        Of `CLASSES` and `kind_names`; -1 where it is of two classes or of none.
    voices : collection of str
        The speakers whose recordings are in it.
    """

    signal: Signal
    class_index: int
    kind_index: int
    voices: Collection[str]


@dataclass(frozen=True, eq=False)
class Batch:
    """Examples of one training step.

    Attributes
    ----------
    noisy, clean : numpy.ndarray
        float32, shape (n_examples, n_samples).
    classes : numpy.ndarray
        int32, shape (n_examples,): index into `CLASSES`; -1 where the noise is of two or of none.
    snr_db : numpy.ndarray
        float32, shape (n_examples,).
    kinds : numpy.ndarray
        int32, shape (n_examples,): index into `kind_names`; -1 where the class is.
    scenes : numpy.ndarray
        int32, shape (n_examples,): the scene that the noise is of; -1 where it is of none.
    """

    noisy: NDArray[np.float32]
    clean: NDArray[np.float32]
    classes: NDArray[np.int32]
    snr_db: NDArray[np.float32]
    kinds: NDArray[np.int32]
    scenes: NDArray[np.int32]


BABBLE, BROADCAST = "babble", "broadcast"
"""Kinds of noise that are made from training speech."""


def kind_names(found: Iterable[tuple[NoiseClass, str]]) -> list[str]:
    """Return the kinds of noise that examples are of, as "class/kind": those found, those made, and none."""
    made = [(NoiseClass.HUMAN, BABBLE), (NoiseClass.TV_RADIO, BROADCAST)]
    return [*sorted({f"{noise_class}/{kind}" for noise_class, kind in [*found, *made]}), NoiseClass.NO_NOISE]


def kinds_in(root: Path, split: str) -> list[str]:
    """Return `kind_names` of a folder or catalogue, without decoding anything."""
    recordings = find_recordings(root)
    return kind_names((c, kind_of(r.path)) for c in NOISES for r in select(recordings, "noise", split, c))


@dataclass
class Corpus:
    """All recordings of one split, decoded, as 16-bit integers to save memory.

    Attributes
    ----------
    speech : list of tuple
        Speaker and samples.
    noise, kinds : dict of list
        Samples and kinds of each class, and of `OTHER_SOUNDS` where there are any.
    """

    speech: list[tuple[str, NDArray[np.int16]]] = field(default_factory=list)
    noise: dict[str, list[NDArray[np.int16]]] = field(default_factory=dict)
    kinds: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def load(cls, root: Path, split: str, speeds: Sequence[float] = (1.0,)) -> "Corpus":
        """Decode the speech and noise of a split.

        Raises
        ------
        WorkbenchError
            The split has no speech, or a class without noise.
        """
        recordings = find_recordings(root)
        corpus = cls()
        for recording in select(recordings, "speech", split):
            signal = read(recording.path)
            for speed in speeds:
                changed = signal if speed == 1.0 else soxr.resample(signal, speed * SAMPLE_RATE, SAMPLE_RATE)
                corpus.speech.append((recording.group, _to_int16(changed)))
        for noise_class in (*NOISES, OTHER_SOUNDS):
            found = select(recordings, "noise", split, noise_class)
            if found:
                corpus.noise[noise_class] = [_to_int16(read(recording.path)) for recording in found]
                corpus.kinds[noise_class] = [kind_of(recording.path) for recording in found]
            elif noise_class != OTHER_SOUNDS:
                raise WorkbenchError(f"{root} has no {split} noise of the class {noise_class}; add some.")
        if not corpus.speech:
            raise WorkbenchError(f"{root} has no {split} speech; add some to speech/{split}/<speaker>.")
        return corpus


def _to_int16(signal: Signal) -> NDArray[np.int16]:
    peak = float(np.max(np.abs(signal), initial=1e-9))
    return np.asarray(np.round(signal * (32_000 / peak)), np.int16)


def _to_float(stored: NDArray[np.int16]) -> Signal:
    return stored.astype(np.float32) * np.float32(1 / 32_768)


class Mixer:
    """Draws examples from a corpus."""

    def __init__(self, corpus: Corpus, options: MixingOptions, seed: int) -> None:
        self.corpus = corpus
        self.options = options
        self.seed = seed
        self.n_samples = round(options.seconds * SAMPLE_RATE)
        self._speech_weights = draw_weights(
            [len(stored) for _, stored in corpus.speech], [speaker for speaker, _ in corpus.speech]
        )
        self._speakers = {speaker for speaker, _ in corpus.speech}
        self._weights = {
            noise_class: draw_weights([len(noise) for noise in noises], corpus.kinds[noise_class])
            for noise_class, noises in corpus.noise.items()
        }
        names = kind_names((each, kind) for each in NOISES for kind in corpus.kinds.get(each, ()))
        self._kind_indices = {name: index for index, name in enumerate(names)}

    def batch(self, index: int, n_examples: int) -> Batch:
        """Make batch `index`: always the same for the same seed."""
        rng = np.random.default_rng([self.seed, index])
        examples = [self._example(rng) for _ in range(n_examples)]
        noisy, clean, classes, snr_db, kinds, scenes = zip(*examples, strict=True)
        return Batch(
            np.stack(noisy),
            np.stack(clean),
            np.array(classes, np.int32),
            np.array(snr_db, np.float32),
            np.array(kinds, np.int32),
            np.array(scenes, np.int32),
        )

    def scene(self, index: int) -> Noise:
        """Draw noise `index` of all that occur: always the same for the same seed."""
        options = self.options
        rng = np.random.default_rng([self.seed, 2, index])
        order = rng.permutation(len(options.classes))
        # One speaker at least is not in it, to speak over it.
        spared = {self.corpus.speech[rng.integers(len(self.corpus.speech))][0]}
        noise = self._noise(rng, options.classes[order[0]], spared)
        if OTHER_SOUNDS in self.corpus.noise and rng.random() < options.p_other:
            other = self._other(rng)
            if rng.random() < 0.5:
                return other
        elif rng.random() < options.p_two_classes:
            other = self._noise(rng, options.classes[order[-1]], spared)
        else:
            return noise
        joined = self._join(noise.signal, other.signal, rng.uniform(-8, 8))
        return Noise(joined, -1, -1, {*noise.voices, *other.voices})

    def _example(self, rng: np.random.Generator) -> tuple[Signal, Signal, int, float, int, int]:
        options = self.options
        drawn = int(rng.integers(options.n_scenes or len(options.classes)))
        without_noise = rng.random() < options.p_no_noise
        snr_db = float(rng.uniform(*options.snr_db))
        if options.n_scenes:
            scene, known = drawn, self.scene(drawn)
            clean = self._speech(rng, avoid=known.voices)[1]
        else:
            speaker, clean = self._speech(rng)
            scene, known = -1, self._noise(rng, options.classes[drawn], {speaker})
        noise, class_index, kind_index = known.signal, known.class_index, known.kind_index
        if without_noise:
            class_index, scene = CLASSES.index(NoiseClass.NO_NOISE), -1
            kind_index, snr_db = self._kind_indices[NoiseClass.NO_NOISE], float(rng.uniform(30.0, 60.0))
        if rng.random() < options.p_band_limit:
            high_hz = rng.uniform(3400, 7000)
            clean, noise = band_limit(clean, high_hz), band_limit(noise, high_hz)
        mixture = mix(clean, noise, snr_db)
        noisy, clean = mixture.noisy, mixture.clean
        if rng.random() < options.p_clip:
            noisy = clip(noisy, rng.uniform(0.3, 0.9))
        if rng.random() < options.p_noise_alone and not without_noise:
            noisy, clean, snr_db = mixture.noise, np.zeros_like(clean), -np.inf
        gain_db = rng.uniform(*options.level_db) - rms_db(noisy)
        headroom_db = -20 * np.log10(float(np.max(np.abs(noisy))) / 0.99)
        gain = np.float32(10 ** (min(gain_db, headroom_db) / 20))
        return noisy * gain, clean * gain, class_index, snr_db, kind_index, scene

    def draw_pair(self, rng: np.random.Generator, noise_class: NoiseClass) -> tuple[Signal, Signal]:
        """Draw a stretch of speech and one of a class's recorded noise, of equal length."""
        return self._speech(rng)[1], self._recorded(rng, noise_class)[0]

    def _speech(self, rng: np.random.Generator, avoid: Collection[str] = ()) -> tuple[str, Signal]:
        """Draw a stretch of speech that is not mostly a pause, by none of the speakers to `avoid`."""
        options = self.options
        while True:
            index = rng.choice(len(self._speech_weights), p=self._speech_weights)
            speaker, stored = self.corpus.speech[index]
            if speaker in avoid:
                continue
            whole_level_db = rms_db(stored.astype(np.float32))
            signal = self._stretch(rng, stored, from_start=rng.random() < options.p_start)
            if rms_db(signal) + 90.31 > whole_level_db - 9.0:
                break
        if rng.random() < options.p_colour:
            signal = colour(signal, rng.uniform(-1, 1, 6) * options.speech_colour_db)
        if rng.random() < options.p_room:
            signal = convolve(signal, room_response(rng, rng.uniform(0.1, 0.5), rng.uniform(0, 12)))
        return speaker, signal

    def _stretch(
        self, rng: np.random.Generator, stored: NDArray[np.int16], *, from_start: bool = False
    ) -> Signal:
        if from_start:
            before = int(rng.integers(_LONGEST_LEAD_SAMPLES))
            heard = _to_float(stored[: max(self.n_samples - before, 0)])
            return np.pad(heard, (before, max(self.n_samples - before - len(heard), 0)))[: self.n_samples]
        spare = len(stored) - self.n_samples
        start = int(rng.integers(spare + 1)) if spare > 0 else 0
        stretch = _to_float(stored[start : start + self.n_samples])
        missing = self.n_samples - len(stretch)
        if missing:
            before = int(rng.integers(missing + 1))
            stretch = np.pad(stretch, (before, missing - before))
        return stretch

    def _noise(self, rng: np.random.Generator, noise_class: NoiseClass, avoid: Collection[str]) -> Noise:
        options = self.options
        # Where nobody is left over, no noise is made of voices.
        chance = rng.random() if self._speakers.difference(avoid) else 1.0
        voices: Collection[str] = ()
        if noise_class is NoiseClass.TV_RADIO and chance < options.p_loudspeaker:
            noise, voices = self._broadcast(rng, avoid)
            kind = BROADCAST
        elif noise_class is NoiseClass.HUMAN and chance < options.p_babble:
            noise, voices = self._babble(rng, avoid)
            kind = BABBLE
        else:
            noise, kind = self._recorded(rng, noise_class)
        if rng.random() < options.p_second_noise:
            noise = self._join(noise, self._recorded(rng, noise_class)[0], rng.uniform(-10, 10))
        if noise_class is NoiseClass.TV_RADIO and rng.random() < options.p_codec:
            noise = codec(noise, rng.uniform(0.0, 0.9))
        kind_index = self._kind_indices[f"{noise_class}/{kind}"]
        return Noise(self._coloured(rng, noise), CLASSES.index(noise_class), kind_index, voices)

    def _other(self, rng: np.random.Generator) -> Noise:
        return Noise(self._coloured(rng, self._recorded(rng, OTHER_SOUNDS)[0]), -1, -1, ())

    def _coloured(self, rng: np.random.Generator, noise: Signal) -> Signal:
        if rng.random() < self.options.p_colour:
            return colour(noise, rng.uniform(-1, 1, 6) * self.options.noise_colour_db)
        return noise

    def _recorded(self, rng: np.random.Generator, noise_class: str) -> tuple[Signal, str]:
        """Draw a stretch of a recording that is not silent, and its kind."""
        options = self.options
        while True:
            index = rng.choice(len(self._weights[noise_class]), p=self._weights[noise_class])
            stored = self.corpus.noise[noise_class][index]
            speed = rng.uniform(*options.noise_speed) if rng.random() < options.p_noise_speed else 1.0
            n_needed = int(self.n_samples * speed) + 2
            start = int(rng.integers(max(len(stored) - n_needed, 1)))
            noise = fit_noise(_to_float(stored), n_needed, start)
            if speed != 1.0:
                noise = soxr.resample(noise, speed * SAMPLE_RATE, SAMPLE_RATE)
            noise = noise[: self.n_samples]
            if rms_db(noise) > -70.0:
                return noise, self.corpus.kinds[noise_class][index]

    def _babble(self, rng: np.random.Generator, avoid: Collection[str]) -> tuple[Signal, set[str]]:
        noise, voices = np.zeros(self.n_samples, np.float32), set()
        for _ in range(rng.integers(3, 9)):
            speaker, voice = self._speech(rng, avoid)
            voices.add(speaker)
            noise = self._join(noise, voice, rng.uniform(-6, 6)) if noise.any() else voice
        return convolve(noise, room_response(rng, rng.uniform(0.3, 0.8), rng.uniform(-6, 3))), voices

    def _broadcast(self, rng: np.random.Generator, avoid: Collection[str]) -> tuple[Signal, set[str]]:
        music, _ = self._recorded(rng, NoiseClass.TV_RADIO)
        speaker, voice = self._speech(rng, avoid)
        programme = self._join(music, voice, rng.uniform(-12, 12))
        played = loudspeaker(programme, rng.uniform(100, 400), rng.uniform(3000, 7500), rng.uniform(0.5, 3))
        return convolve(played, room_response(rng, rng.uniform(0.2, 0.7), rng.uniform(-3, 9))), {speaker}

    @staticmethod
    def _join(first: Signal, second: Signal, second_db: float) -> Signal:
        """Add a second sound at a level relative to the first."""
        gain = 10 ** ((rms_db(first) - rms_db(second) + second_db) / 20)
        return first + second * np.float32(gain)


def draw_weights(lengths: Sequence[int], kinds: Sequence[str]) -> NDArray[np.float64]:
    """Probability of each recording of speech, where kinds are speakers, or of a class of noise.

    Long recordings, and kinds of which there is much, are drawn more often, but by the root of their length
    only: variety counts for more.
    """
    roots = np.sqrt(np.asarray(lengths, np.float64))
    names = np.asarray(kinds)
    weights = np.zeros_like(roots)
    for name in set(kinds):
        same = names == name
        weights[same] = np.sqrt(np.sum(np.square(roots[same]))) * roots[same] / np.sum(roots[same])
    return weights / weights.sum()


def kind_of(path: Path) -> str:
    """Return what a file's name says before a double underscore, as in ``siren__fs-118279.ogg``."""
    return path.stem.split("__")[0] if "__" in path.stem else ""


def prefetch(
    root: Path,
    split: str,
    options: MixingOptions,
    seed: int,
    n_examples: int,
    first: int,
    last: int,
) -> Generator[Batch]:
    """Make batches `first` to `last - 1` in a process of their own, a few ahead of their use.

    Raises
    ------
    WorkbenchError
        The mixing process stopped early.
    """
    context = get_context("spawn")
    batches: Queue[Batch | WorkbenchError] = context.Queue(maxsize=6)
    stop = context.Event()
    arguments = (batches, stop, root, split, options, seed, n_examples, first, last)
    process = context.Process(target=_produce, args=arguments, daemon=True)
    process.start()
    try:
        for _ in range(first, last):
            while True:
                try:
                    batch = batches.get(timeout=5)
                    break
                except queue.Empty:
                    if not process.is_alive():
                        raise WorkbenchError(
                            "The process that mixes the training data stopped; see its message above, "
                            "then run the same command again to go on."
                        ) from None
            if isinstance(batch, WorkbenchError):
                raise batch
            yield batch
    finally:
        stop.set()
        batches.cancel_join_thread()
        process.terminate()
        process.join()


def _produce(
    batches: "Queue[Batch | WorkbenchError]",
    stop: Event,
    root: Path,
    split: str,
    options: MixingOptions,
    seed: int,
    n_examples: int,
    first: int,
    last: int,
) -> None:
    end_with_parent()
    try:
        mixer = Mixer(Corpus.load(root, split, SPEEDS), options, seed)
    except WorkbenchError as error:
        batches.put(error)
        return
    for index in range(first, last):
        if stop.is_set():
            return
        batches.put(mixer.batch(index, n_examples))
