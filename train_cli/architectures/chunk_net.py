"""The network of the bundled noise classifier: convolutions over short chunks, a GRU over chunks.

Each chunk of log-mel frames is looked at by itself, so a streaming step needs no frames of the past; the GRU
remembers the scene and steadies the posterior. The mean of a chunk is taken away first: how loud a noise is
says nothing about its class. In training it learns the kinds of noise that recordings name (siren, engine,
dishwasher, ...), whose probabilities are added to those of the classes.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import tensorflow as tf

from train_cli.architectures.layers import BatchNorm
from train_cli.architectures.scene_classifier import SceneClassifier
from workbench.dsp.mel import LogMelSpec


@dataclass(frozen=True)
class ChunkNetSize:
    """Dimensions of the network.

    Attributes
    ----------
    chunk_frames, n_bands : int
        Shape of a chunk; multiples of 16.
    channels : tuple of int
        Channels of the convolutions; after each, frames and bands are halved.
    embedding : int
        Length of the vector that describes a chunk.
    hidden : int
        Units of the GRU.
    n_classes : int
    n_kinds : int
        Kinds of noise that are told apart in training, each of one class; 0 for the classes alone.
    """

    chunk_frames: int = 32
    n_bands: int = 64
    channels: tuple[int, ...] = (16, 32, 64, 64)
    embedding: int = 64
    hidden: int = 64
    n_classes: int = 5
    n_kinds: int = 0

    @classmethod
    def named(cls, name: str, n_kinds: int) -> "ChunkNetSize":
        """Return the dimensions that an option names: "standard" or "wide"."""
        if name == "wide":
            return cls(channels=(16, 32, 64, 96), embedding=72, hidden=72, n_kinds=n_kinds)
        return cls(n_kinds=n_kinds)

    def as_dict(self) -> dict[str, object]:
        """Return the dimensions for the run's record."""
        return asdict(self)


class _Conv(tf.Module):
    """A 3 x 3 convolution, batch normalisation, ReLU, and the maximum of each 2 x 2 values."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        limit = (6.0 / (9 * (n_in + n_out))) ** 0.5
        self.kernel = tf.Variable(tf.random.uniform((3, 3, n_in, n_out), -limit, limit), name="kernel")
        self.norm = BatchNorm(n_out)

    def __call__(self, x: tf.Tensor, training: bool) -> tf.Tensor:
        x = tf.nn.relu(self.norm(tf.nn.conv2d(x, self.kernel, 1, "SAME"), training))
        return tf.nn.max_pool2d(x, 2, 2, "VALID")


class ChunkNet(SceneClassifier):
    """Class scores of a sequence of chunks."""

    MEL_SPEC = LogMelSpec(log_offset=0.001)
    """The reference classifier's bands, with an offset that leaves quiet scenes visible."""

    def __init__(self, size: ChunkNetSize) -> None:
        shrink = 2 ** len(size.channels)
        super().__init__(size, (size.n_bands // shrink) * size.channels[-1])
        self.size = size
        ends = zip((1, *size.channels[:-1]), size.channels, strict=True)
        self.convolutions = [_Conv(n_in, n_out) for n_in, n_out in ends]

    def multiply_accumulates(self) -> int:
        """Multiply-accumulate operations of one chunk."""
        size = self.size
        frames, bands, total, n_in = size.chunk_frames, size.n_bands, 0, 1
        for n_out in size.channels:
            total += frames * bands * 9 * n_in * n_out
            frames, bands, n_in = frames // 2, bands // 2, n_out
        return total + self._head_multiply_accumulates()

    def _see(
        self, chunk: tf.Tensor, states: Sequence[tf.Tensor], training: bool
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        x = chunk - tf.reduce_mean(chunk, axis=(1, 2), keepdims=True)
        for convolution in self.convolutions:
            x = convolution(x, training)
        return tf.reshape(tf.reduce_mean(x, axis=1), (-1, self.n_seen)), []
