"""The network of the bundled noise classifier: convolutions over short chunks, a GRU over chunks.

Each chunk of log-mel frames is looked at by itself, so a streaming step needs no frames of the past; the GRU
remembers the scene and steadies the posterior. The mean of a chunk is taken away first: how loud a noise is
says nothing about its class. In training it learns the kinds of noise that recordings name (siren, engine,
dishwasher, ...), whose probabilities are added to those of the classes.
"""

from dataclasses import asdict, dataclass

import tensorflow as tf

from train_cli.architectures.layers import BatchNorm, Gru, Linear


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


class ChunkNet(tf.Module):
    """Class scores of a sequence of chunks."""

    DROPOUT = 0.15

    def __init__(self, size: ChunkNetSize) -> None:
        super().__init__()
        self.size = size
        ends = zip((1, *size.channels[:-1]), size.channels, strict=True)
        self.convolutions = [_Conv(n_in, n_out) for n_in, n_out in ends]
        shrink = 2 ** len(size.channels)
        width = (size.n_bands // shrink) * size.channels[-1]
        self.embed, self.embed_norm = Linear(width, size.embedding), BatchNorm(size.embedding)
        self.gru = Gru(size.embedding, size.hidden)
        self.classify = Linear(size.embedding + size.hidden, size.n_kinds or size.n_classes)
        if size.n_kinds:
            members = tf.zeros((size.n_kinds, size.n_classes))
            self.members = tf.Variable(members, trainable=False, name="members")
            self.temperature = tf.Variable(1.0, trainable=False, name="temperature")

    def _describe(self, chunks: tf.Tensor, training: bool) -> tf.Tensor:
        x = chunks - tf.reduce_mean(chunks, axis=(1, 2), keepdims=True)
        for convolution in self.convolutions:
            x = convolution(x, training)
        x = tf.reduce_mean(x, axis=1)
        x = tf.reshape(x, (-1, x.shape[1] * x.shape[2]))
        if training:
            x = tf.nn.dropout(x, self.DROPOUT)
        return tf.nn.relu(self.embed_norm(self.embed(x), training))

    def over_sequences(self, chunks: tf.Tensor, training: bool) -> tf.Tensor:
        """Logits: (batch, n_chunks, frames, bands) -> (batch, n_chunks, n_kinds or n_classes)."""
        return self.classify(self.describe_sequences(chunks, training))

    def describe_sequences(self, chunks: tf.Tensor, training: bool) -> tf.Tensor:
        """Describe what is classified: (batch, n_chunks, frames, bands) -> (batch, n_chunks, n)."""
        batch, n_chunks = chunks.shape[0], chunks.shape[1]
        flat = tf.reshape(chunks, (batch * n_chunks, self.size.chunk_frames, self.size.n_bands, 1))
        described = tf.reshape(self._describe(flat, training), (batch, n_chunks, -1))
        remembered = tf.transpose(self.gru.sequence(tf.transpose(described, (1, 0, 2))), (1, 0, 2))
        joined = tf.concat([described, remembered], axis=-1)
        return tf.nn.dropout(joined, self.DROPOUT) if training else joined

    def step(self, chunk: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Advance by one chunk: probabilities (1, n_classes) and the new state (1, hidden)."""
        described = self._describe(chunk, training=False)
        state = self.gru.step(described, state)
        return self.probabilities(self.classify(tf.concat([described, state], axis=-1))), state

    def probabilities(self, logits: tf.Tensor) -> tf.Tensor:
        """Probabilities of the classes: (..., n_kinds or n_classes) -> (..., n_classes)."""
        if not self.size.n_kinds:
            return tf.nn.softmax(logits)
        return tf.matmul(tf.nn.softmax(logits / self.temperature), self.members)

    def multiply_accumulates(self) -> int:
        """Multiply-accumulate operations of one chunk."""
        size = self.size
        frames, bands, total, n_in = size.chunk_frames, size.n_bands, 0, 1
        for n_out in size.channels:
            total += frames * bands * 9 * n_in * n_out
            frames, bands, n_in = frames // 2, bands // 2, n_out
        recurrent = 3 * size.hidden * (size.embedding + size.hidden)
        return (
            total
            + bands * n_in * size.embedding
            + recurrent
            + (size.embedding + size.hidden) * (size.n_kinds or size.n_classes)
            + size.n_kinds * size.n_classes
        )
