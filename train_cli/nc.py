"""Training of the noise classifier."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from train_cli.architectures.chunk_net import ChunkNet, ChunkNetSize
from train_cli.architectures.layers import Linear
from train_cli.architectures.stream_net import StreamNet, StreamNetSize
from train_cli.data import Batch, MixingOptions, kinds_in
from train_cli.events import Reporter
from train_cli.examples import Example
from train_cli.lessons import Lessons, hear_scenes
from train_cli.loop import Kept, run_training
from train_cli.options import TrainNcOptions
from train_cli.original import OriginalNcTrainer
from train_cli.runs import open_run
from train_cli.teacher import N_FEATURES, YamnetWeights
from train_cli.validation import ClassValidation
from workbench.classifier.posterior import CLASSES, NoiseClass
from workbench.dsp import SAMPLE_RATE
from workbench.dsp.mel import StreamingLogMel
from workbench.errors import WorkbenchError

LABEL_SMOOTHING = 0.05
KINDS_SHARE = 0.5
"""How much telling kinds of noise apart counts beside telling classes apart."""
TAUGHT_LABELS_SHARE = 0.3
"""How much classes and kinds count where there is a teacher, whose answer is known for every example."""
ANSWERS_SHARE, FEATURES_SHARE = 2.0, 0.3
"""How much it counts to give the teacher's answer, and to predict its features."""
CHANGES_PER_CHUNK = 0.025
"""How often one scene goes over into another: once in ten seconds, at most once in an example."""
MAX_MASKED_BANDS = 10
"""Widest stretch of bands that is hidden from the network in training (Park et al. 2019, SpecAugment)."""


_SETTLED_CHUNKS = 4
"""Chunks at the beginning that are not counted: a second."""


def build_network(architecture: str, size: str, n_kinds: int) -> ChunkNet | StreamNet:
    """Return an untrained network, as the options name it."""
    if architecture == "stream-net":
        return StreamNet(StreamNetSize(n_kinds=n_kinds))
    return ChunkNet(ChunkNetSize.named(size, n_kinds))


def mixing_for(options: TrainNcOptions) -> MixingOptions:
    """Return how the classifier's examples are drawn: also noise alone, and more speech alone.

    A teacher says what odd noises are like, so that they are changed and joined more, and other sounds are
    among them.
    """
    loudest_db = -15.0 if options.architecture == "stream-net" else MixingOptions.level_db[1]
    mixing = MixingOptions(
        seconds=options.seconds,
        level_db=(options.quietest_db, loudest_db),
        p_no_noise=0.16,
        p_noise_alone=0.25,
        p_colour=0.3,
        noise_colour_db=2.0,
    )
    if options.teacher == "none":
        return mixing
    return replace(
        mixing,
        p_noise_alone=0.35,
        p_colour=0.5,
        noise_colour_db=6.0,
        noise_speed=(0.8, 1.25),
        n_scenes=options.scenes,
        p_two_classes=0.35,
        p_other=0.3,
    )


class NcTrainer:
    """The network, its averaged copy and its validation."""

    def __init__(self, options: TrainNcOptions, lessons: Lessons | None = None) -> None:
        tf.random.set_seed(options.seed)
        self.kinds = kinds_in(options.data, "train")
        network, averaged = (
            build_network(options.architecture, options.size, len(self.kinds)) for _ in range(2)
        )
        if isinstance(network, StreamNet) and options.begin_with == "yamnet":
            network.begin_with_yamnet(YamnetWeights())
        self.size, self._mel_spec = network.size, network.MEL_SPEC
        self._lessons = lessons
        self._chunk_samples = self.size.chunk_frames * self._mel_spec.hop_samples
        self._n_chunks = round(options.seconds * SAMPLE_RATE) // self._chunk_samples
        if self._n_chunks < 2:
            raise WorkbenchError(f"--seconds {options.seconds} is less than two chunks; choose 0.6 or more.")
        self._imitate = Linear(network.n_seen, N_FEATURES) if lessons else None
        self.kept = Kept(options, network, averaged, beside=self._imitate)
        for network in (self.kept.network, self.kept.averaged):
            network.members.assign(class_members(self.kinds))
        self._compiled = tf.function(self._update)
        self._see = tf.function(lambda x: self.kept.averaged.over_sequences(x, training=True))
        self._classify = tf.function(lambda x: self.kept.averaged.over_sequences(x, training=False))
        self._validation = ClassValidation(options)

    def update(self, batch: Batch) -> dict[str, float]:
        """Take one training step."""
        rng = self.kept.begin_step()
        chunks = self._chunks(batch.noisy)
        for example in chunks:
            first = rng.integers(self.size.n_bands)
            example[:, :, first : first + rng.integers(MAX_MASKED_BANDS)] = np.log(self._mel_spec.log_offset)
        truths: list[NDArray[Any]]
        truths = [np.repeat(each[:, None], self._n_chunks, 1) for each in (batch.classes, batch.kinds)]
        if self._lessons:
            truths += self._answers(self._lessons, batch)
        change_scenes([chunks, *truths], rng)
        return {name: float(loss) for name, loss in self._compiled(chunks, *truths).items()}

    def renormalise(self, batch: Batch) -> None:
        """Let the averaged weights see a batch, so that their normalisation fits them."""
        self._see(self._chunks(batch.noisy))

    def validate(self) -> dict[str, float]:
        """Accuracy per chunk after the first second on held-out recordings, in mixtures and alone.

        The temperature of the averaged weights' posteriors is fitted to the same mixtures first (Guo et al.
        2017), so that the exported ones are calibrated.
        """
        self.kept.averaged.temperature.assign(1.0)
        logits = [self._logits(batch.noisy)[:, _SETTLED_CHUNKS:] for batch in self._validation.mixtures]
        classes = np.concatenate([batch.classes for batch in self._validation.mixtures])
        temperature = fit_temperature(np.concatenate(logits), classes, class_members(self.kinds))
        self.kept.averaged.temperature.assign(temperature)
        return {**self._validation.run(self._best), "temperature": temperature}

    def examples(self) -> list[Example]:
        """Return sounds of the last validation."""
        return self._validation.examples()

    def close(self) -> None:
        """Nothing runs beside the training."""

    def _logits(self, signals: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._classify(self._chunks(signals)).numpy()

    def _best(self, signals: NDArray[np.float32]) -> NDArray[np.int64]:
        probabilities = self.kept.averaged.probabilities(self._logits(signals)).numpy()
        return np.argmax(probabilities[:, _SETTLED_CHUNKS:], axis=-1)

    def _answers(self, lessons: Lessons, batch: Batch) -> list[NDArray[np.float32]]:
        """Return what the teacher says of each chunk, and its features; without noise, that there is none."""
        features, answers = lessons.of_chunks(batch.scenes, self._n_chunks, self._chunk_samples)
        nothing = CLASSES.index(NoiseClass.NO_NOISE)
        answers[batch.classes == nothing] = np.eye(len(CLASSES), dtype=np.float32)[nothing]
        return [answers, features]

    def _update(
        self,
        chunks: tf.Tensor,
        classes: tf.Tensor,
        kinds: tf.Tensor,
        answers: tf.Tensor | None = None,
        features: tf.Tensor | None = None,
    ) -> dict[str, tf.Tensor]:
        network = self.kept.network
        with tf.GradientTape() as tape:
            described, heard = network.describe_sequences(chunks, training=True)
            logits = network.classify(described)
            says = tf.math.log(network.probabilities(logits) + 1e-6)
            of_kinds = _cross_entropy(tf.nn.log_softmax(logits), kinds)
            loss = _cross_entropy(says, classes) + KINDS_SHARE * of_kinds
            losses = {"loss": loss}
            if self._imitate is not None:
                losses["answers_loss"] = _divergence(answers, says)
                losses["features_loss"] = _mean_square(self._imitate(heard), features)
                loss = TAUGHT_LABELS_SHARE * loss
                loss += ANSWERS_SHARE * losses["answers_loss"] + FEATURES_SHARE * losses["features_loss"]
        self.kept.descend(tape, loss)
        return losses

    def _chunks(self, signals: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cut into chunks of log-mel frames: (batch, n_chunks, chunk_frames, n_bands)."""
        size = self.size
        n_frames = self._n_chunks * size.chunk_frames
        frames = np.stack([StreamingLogMel(self._mel_spec).process(signal)[:n_frames] for signal in signals])
        return frames.reshape(len(signals), self._n_chunks, size.chunk_frames, size.n_bands)


def change_scenes(sequences: Sequence[NDArray[Any]], rng: np.random.Generator) -> None:
    """Let some examples go over into another one of the batch, in place.

    Without such changes the memory learns that a scene lasts for ever, and is slow to give it up.

    Parameters
    ----------
    sequences : sequence of numpy.ndarray
        What is heard and what is true of it: (batch, n_chunks, ...) each.
    rng : numpy.random.Generator
    """
    n_examples, n_chunks = sequences[0].shape[:2]
    next_of = rng.permutation(n_examples)
    before = [each.copy() for each in sequences]
    for index in np.flatnonzero(rng.random(n_examples) < CHANGES_PER_CHUNK * n_chunks):
        at = rng.integers(1, n_chunks)
        for now, then in zip(sequences, before, strict=True):
            now[index, at:] = then[next_of[index], at:]


def class_members(kinds: Sequence[str]) -> NDArray[np.float32]:
    """Which class each kind of noise belongs to: (n_kinds, n_classes), one 1 in each row."""
    classes = [NoiseClass(kind.split("/")[0]) for kind in kinds]
    return np.eye(len(CLASSES), dtype=np.float32)[[CLASSES.index(each) for each in classes]]


def fit_temperature(
    logits: NDArray[np.float32], classes: NDArray[np.int32], members: NDArray[np.float32]
) -> float:
    """Return the temperature that makes the true classes likeliest in windows of two chunks, half a second.

    A mean of two posteriors is less sure than each of them, and it is what is measured and acted on.

    Parameters
    ----------
    logits : numpy.ndarray
        (n, n_chunks, n_kinds).
    classes : numpy.ndarray
        (n,).
    members : numpy.ndarray
        As by `class_members`.
    """

    def surprise(temperature: float) -> float:
        scaled = logits / temperature
        likelihood = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
        of_classes = (likelihood / likelihood.sum(axis=-1, keepdims=True)) @ members
        n_paired = of_classes.shape[1] // 2 * 2
        if n_paired:
            of_classes = (of_classes[:, :n_paired:2] + of_classes[:, 1:n_paired:2]) / 2
        return -float(np.mean(np.log(of_classes[np.arange(len(classes)), :, classes] + 1e-9)))

    return min(np.geomspace(0.4, 4.0, 47).tolist(), key=surprise)


def _cross_entropy(log_probabilities: tf.Tensor, truth: tf.Tensor) -> tf.Tensor:
    """Mean over (batch, n_chunks, n) against the truth of each chunk, smoothed; -1 is not counted."""
    n = log_probabilities.shape[-1]
    target = tf.one_hot(truth, n) * (1 - LABEL_SMOOTHING) + LABEL_SMOOTHING / n
    known = tf.cast(truth >= 0, tf.float32)
    surprise = -tf.reduce_sum(target * log_probabilities, axis=-1)
    return tf.reduce_sum(known * surprise) / tf.maximum(tf.reduce_sum(known), 1.0)


def _divergence(answers: tf.Tensor, log_probabilities: tf.Tensor) -> tf.Tensor:
    """Mean Kullback-Leibler divergence from the teacher's answers, over (batch, n_chunks, n)."""
    surprise = answers * (tf.math.log(answers + 1e-6) - log_probabilities)
    return tf.reduce_mean(tf.reduce_sum(surprise, axis=-1))


def _mean_square(predicted: tf.Tensor, truth: tf.Tensor) -> tf.Tensor:
    """Mean squared error over (batch, n_chunks, n), without what is not known (NaN)."""
    known = tf.math.is_finite(truth)
    error = tf.square(predicted - tf.where(known, truth, predicted))
    return tf.reduce_sum(error) / tf.maximum(tf.reduce_sum(tf.cast(known, tf.float32)), 1.0)


def train(options: TrainNcOptions, reporter: Reporter) -> None:
    """Train a noise classifier, or go on with a run that was stopped.

    Raises
    ------
    WorkbenchError
        The data cannot be used, or the run's folder belongs to other options.
    """
    is_original = options.architecture.startswith("original")
    has_teacher = options.teacher != "none"
    if is_original and has_teacher:
        raise WorkbenchError(
            "The original classifier learns from no teacher; leave --teacher out, or train stream-net."
        )
    if options.begin_with != "none" and options.architecture != "stream-net":
        raise WorkbenchError(
            f"{options.architecture} has no layers of {options.begin_with}; leave --begin-with out, or train "
            "stream-net."
        )
    mixing = mixing_for(options)
    if is_original:
        # It knows no class for the absence of noise.
        mixing = replace(mixing, p_no_noise=0.0)
    open_run("train-nc", options, mixing, fixed=("architecture", "teacher", "begin_with", "scenes", "size"))
    reporter.started("train-nc", asdict(options))
    lessons = None
    if has_teacher:
        lessons = hear_scenes(options.data, mixing, options.seed, options.run / "heard", reporter)
    trainer = OriginalNcTrainer(options) if is_original else NcTrainer(options, lessons)
    run_training(options, mixing, trainer, reporter)
