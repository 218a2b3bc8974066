"""Training of the noise classifier."""

from dataclasses import asdict, replace

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from train_cli.architectures.chunk_net import ChunkNet, ChunkNetSize
from train_cli.data import Batch, MixingOptions
from train_cli.events import Reporter
from train_cli.examples import Example
from train_cli.loop import Kept, run_training
from train_cli.options import TrainNcOptions
from train_cli.original import OriginalNcTrainer
from train_cli.runs import open_run
from train_cli.validation import ClassValidation
from workbench.classifier.posterior import CLASSES
from workbench.dsp import SAMPLE_RATE
from workbench.dsp.mel import LogMelSpec, StreamingLogMel
from workbench.errors import WorkbenchError

MEL_SPEC = LogMelSpec(log_offset=0.001)
"""The reference classifier's bands, with an offset that leaves quiet scenes visible."""
LABEL_SMOOTHING = 0.05
MAX_MASKED_BANDS = 10
"""Widest stretch of bands that is hidden from the network in training (Park et al. 2019, SpecAugment)."""


_SETTLED_CHUNKS = 4
"""Chunks at the beginning that are not counted: a second."""


def mixing_for(seconds: float) -> MixingOptions:
    """Return how the classifier's examples are drawn: also noise alone, and more speech alone."""
    return MixingOptions(
        seconds=seconds, p_no_noise=0.16, p_noise_alone=0.25, p_colour=0.3, noise_colour_db=2.0
    )


class NcTrainer:
    """The network, its averaged copy and its validation."""

    def __init__(self, options: TrainNcOptions) -> None:
        tf.random.set_seed(options.seed)
        self.size = ChunkNetSize()
        self._n_chunks = round(options.seconds * SAMPLE_RATE) // (
            self.size.chunk_frames * MEL_SPEC.hop_samples
        )
        if self._n_chunks < 2:
            raise WorkbenchError(f"--seconds {options.seconds} is less than two chunks; choose 0.6 or more.")
        self.kept = Kept(options, ChunkNet(self.size), ChunkNet(self.size))
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
            example[:, :, first : first + rng.integers(MAX_MASKED_BANDS)] = np.log(MEL_SPEC.log_offset)
        loss = self._compiled(chunks, batch.classes)
        return {"loss": float(loss)}

    def renormalise(self, batch: Batch) -> None:
        """Let the averaged weights see a batch, so that their normalisation fits them."""
        self._see(self._chunks(batch.noisy))

    def validate(self) -> dict[str, float]:
        """Accuracy per chunk after the first second on held-out recordings, in mixtures and alone."""
        return self._validation.run(self._best)

    def examples(self) -> list[Example]:
        """Return sounds of the last validation."""
        return self._validation.examples()

    def close(self) -> None:
        """Nothing runs beside the training."""

    def _best(self, signals: NDArray[np.float32]) -> NDArray[np.int64]:
        return np.argmax(self._classify(self._chunks(signals)).numpy()[:, _SETTLED_CHUNKS:], axis=-1)

    def _update(self, chunks: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
        n_classes = len(CLASSES)
        target = tf.one_hot(classes, n_classes) * (1 - LABEL_SMOOTHING) + LABEL_SMOOTHING / n_classes
        with tf.GradientTape() as tape:
            logits = self.kept.network.over_sequences(chunks, training=True)
            targets = tf.repeat(target[:, None, :], self._n_chunks, axis=1)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(targets, logits))
        self.kept.descend(tape, loss)
        return loss

    def _chunks(self, signals: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cut into chunks of log-mel frames: (batch, n_chunks, chunk_frames, n_bands)."""
        size = self.size
        n_frames = self._n_chunks * size.chunk_frames
        frames = np.stack([StreamingLogMel(MEL_SPEC).process(signal)[:n_frames] for signal in signals])
        return frames.reshape(len(signals), self._n_chunks, size.chunk_frames, size.n_bands)


def train(options: TrainNcOptions, reporter: Reporter) -> None:
    """Train a noise classifier, or go on with a run that was stopped.

    Raises
    ------
    WorkbenchError
        The data cannot be used, or the run's folder belongs to other options.
    """
    is_original = options.architecture.startswith("original")
    mixing = mixing_for(options.seconds)
    if is_original:
        # It knows no class for the absence of noise.
        mixing = replace(mixing, p_no_noise=0.0)
    open_run("train-nc", options, mixing, fixed=("architecture",))
    reporter.started("train-nc", asdict(options))
    trainer = OriginalNcTrainer(options) if is_original else NcTrainer(options)
    run_training(options, mixing, trainer, reporter)
