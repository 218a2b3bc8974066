"""What the streaming classifiers share: a memory of the scene, and kinds of noise whose classes are told."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

import tensorflow as tf

from train_cli.architectures.layers import BatchNorm, Gru, Linear
from workbench.dsp.mel import LogMelSpec


class ClassifierSize(Protocol):
    """Dimensions that all have.

    Attributes
    ----------
    chunk_frames, n_bands : int
        Shape of the log-mel frames that a step takes in.
    embedding : int
        Length of the vector that describes a chunk.
    hidden : int
        Units of the GRU.
    n_classes : int
    n_kinds : int
        Kinds of noise that are told apart in training, each of one class; 0 for the classes alone.
    """

    @property
    def chunk_frames(self) -> int: ...  # noqa: D102
    @property
    def n_bands(self) -> int: ...  # noqa: D102
    @property
    def embedding(self) -> int: ...  # noqa: D102
    @property
    def hidden(self) -> int: ...  # noqa: D102
    @property
    def n_classes(self) -> int: ...  # noqa: D102
    @property
    def n_kinds(self) -> int: ...  # noqa: D102


class SceneClassifier(tf.Module):
    """Class scores of a sequence of chunks; `_see` says how a chunk is looked at.

    Parameters
    ----------
    size : ClassifierSize
    n_seen : int
        Length of what `_see` tells of a chunk.
    """

    DROPOUT = 0.15
    MEL_SPEC = LogMelSpec()
    """What is heard."""

    def __init__(self, size: ClassifierSize, n_seen: int) -> None:
        super().__init__()
        self.n_seen, self._dimensions = n_seen, size
        self.embed, self.embed_norm = Linear(n_seen, size.embedding), BatchNorm(size.embedding)
        self.gru = Gru(size.embedding, size.hidden)
        self.classify = Linear(size.embedding + size.hidden, size.n_kinds or size.n_classes)
        if size.n_kinds:
            members = tf.zeros((size.n_kinds, size.n_classes))
            self.members = tf.Variable(members, trainable=False, name="members")
            self.temperature = tf.Variable(1.0, trainable=False, name="temperature")

    @property
    def state_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the states of a step; that of the GRU is the last."""
        return [*self._seen_state_shapes(), (1, self._dimensions.hidden)]

    def over_sequences(self, chunks: tf.Tensor, training: bool) -> tf.Tensor:
        """Logits: (batch, n_chunks, frames, bands) -> (batch, n_chunks, n_kinds or n_classes)."""
        return self.classify(self.describe_sequences(chunks, training)[0])

    def describe_sequences(self, chunks: tf.Tensor, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """Describe what is classified, and what is seen in each chunk.

        (batch, n_chunks, frames, bands) -> (batch, n_chunks, embedding + hidden), (batch, n_chunks, n_seen).
        """
        seen = self._see_sequences(chunks, training)
        embedded = self._embed(seen, training)
        remembered = tf.transpose(self.gru.sequence(tf.transpose(embedded, (1, 0, 2))), (1, 0, 2))
        joined = tf.concat([embedded, remembered], axis=-1)
        return tf.nn.dropout(joined, self.DROPOUT) if training else joined, seen

    def step(self, chunk: tf.Tensor, states: Sequence[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Advance by one chunk: probabilities (1, n_classes) and the new states."""
        seen, new_states = self._see(chunk, states[:-1], training=False)
        embedded = self._embed(seen, training=False)
        remembered = self.gru.step(embedded, states[-1])
        logits = self.classify(tf.concat([embedded, remembered], axis=-1))
        return self.probabilities(logits), [*new_states, remembered]

    def probabilities(self, logits: tf.Tensor) -> tf.Tensor:
        """Probabilities of the classes: (..., n_kinds or n_classes) -> (..., n_classes)."""
        if not self._dimensions.n_kinds:
            return tf.nn.softmax(logits)
        return tf.matmul(tf.nn.softmax(logits / self.temperature), self.members)

    def _head_multiply_accumulates(self) -> int:
        """Multiply-accumulate operations of one chunk after it was looked at."""
        size = self._dimensions
        joined = size.embedding + size.hidden
        return (
            self.n_seen * size.embedding
            + 3 * size.hidden * joined
            + joined * (size.n_kinds or size.n_classes)
            + size.n_kinds * size.n_classes
        )

    def _embed(self, seen: tf.Tensor, training: bool) -> tf.Tensor:
        if training:
            seen = tf.nn.dropout(seen, self.DROPOUT)
        return tf.nn.relu(self.embed_norm(self.embed(seen), training))

    def _seen_state_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of what `_see` keeps."""
        return []

    @abstractmethod
    def _see(
        self, chunk: tf.Tensor, states: Sequence[tf.Tensor], training: bool
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Look at one chunk: (n, frames, bands, 1) -> (n, n_seen), and the new states."""

    def _see_sequences(self, chunks: tf.Tensor, training: bool) -> tf.Tensor:
        """Look at all chunks: (batch, n_chunks, frames, bands) -> (batch, n_chunks, n_seen)."""
        batch, n_chunks, *shape = chunks.shape
        flat = tf.reshape(chunks, (batch * n_chunks, *shape, 1))
        return tf.reshape(self._see(flat, (), training)[0], (batch, n_chunks, self.n_seen))
