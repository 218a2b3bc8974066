"""A noise classifier of causal separable convolutions, the first layers of a MobileNet, and a small GRU.

Convolutions look back only and keep the frames that they need of the past, so a streaming step hears 0.43 s
of context without computing any of it twice. Their shapes are those of YAMNet's first six convolutions, with
whose weights a training may begin: what tells sounds apart at this depth was learned there from thousands of
hours. The rest, from weights for the eight bands that are left to the classes, begins anew, and everything
is trained.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import tensorflow as tf

from train_cli.architectures.layers import BatchNorm
from train_cli.architectures.scene_classifier import SceneClassifier
from train_cli.teacher import SEPARABLE, YAMNET_EPSILON, YAMNET_MEL_SPEC, YamnetWeights

_KERNEL = 3
_N_EARLY = 3
"""Convolutions, and what follows each, that a step goes through piece by piece."""


@dataclass(frozen=True)
class StreamNetSize:
    """Dimensions of the network.

    Attributes
    ----------
    chunk_frames, n_bands : int
        Shape of what a step takes in; multiples of 8.
    first : int
        Channels of the first convolution, which halves frames and bands.
    separable : tuple of tuple of int
        Stride and channels of the separable convolutions.
    embedding, hidden : int
        Length of the vector that describes a chunk, and units of the GRU.
    n_classes, n_kinds : int
        As in `ChunkNetSize`.
    """

    chunk_frames: int = 24
    n_bands: int = 64
    first: int = 32
    separable: tuple[tuple[int, int], ...] = SEPARABLE[:5]
    embedding: int = 24
    hidden: int = 24
    n_classes: int = 5
    n_kinds: int = 0

    def as_dict(self) -> dict[str, object]:
        """Return the dimensions for the run's record."""
        return asdict(self)


class _Causal(tf.Module):
    """A 3 x 3 convolution that hears no frame after its own, batch normalisation, ReLU; full or depthwise.

    Bands are padded as TensorFlow pads images; frames are what came before.
    """

    def __init__(self, n_in: int, n_out: int, stride: int, *, depthwise: bool) -> None:
        super().__init__()
        self.stride, self.depthwise, self.n_in = stride, depthwise, n_in
        self.n_before = _KERNEL - stride
        fan_in = _KERNEL**2 * (1 if depthwise else n_in)
        limit = (6.0 / fan_in) ** 0.5
        shape = (_KERNEL, _KERNEL, n_in, 1 if depthwise else n_out)
        self.kernel = tf.Variable(tf.random.uniform(shape, -limit, limit), name="kernel")
        self.norm = BatchNorm(n_out)

    def __call__(self, x: tf.Tensor, before: tf.Tensor, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
        """(n, frames, bands, n_in) and the frames before; the result, and the frames before the next."""
        heard = tf.concat([before, x], axis=1)
        below = 1 if self.stride == 1 else 0
        padded = tf.pad(heard, [[0, 0], [0, 0], [below, 1], [0, 0]])
        strides = (1, self.stride, self.stride, 1)
        convolve = tf.nn.depthwise_conv2d if self.depthwise else tf.nn.conv2d
        convolved = convolve(padded, self.kernel, strides, "VALID")
        return tf.nn.relu(self.norm(convolved, training)), heard[:, -self.n_before :]


class _Pointwise(tf.Module):
    """A 1 x 1 convolution, batch normalisation, ReLU."""

    def __init__(self, n_in: int, n_out: int) -> None:
        super().__init__()
        limit = (6.0 / n_in) ** 0.5
        self.kernel = tf.Variable(tf.random.uniform((1, 1, n_in, n_out), -limit, limit), name="kernel")
        self.norm = BatchNorm(n_out)

    def __call__(self, x: tf.Tensor, training: bool) -> tf.Tensor:
        return tf.nn.relu(self.norm(tf.nn.conv2d(x, self.kernel, 1, "VALID"), training))


class StreamNet(SceneClassifier):
    """Class scores of a sequence of chunks."""

    MEL_SPEC = YAMNET_MEL_SPEC

    def __init__(self, size: StreamNetSize) -> None:
        super().__init__(size, size.separable[-1][1])
        self.size = size
        self.causal = [_Causal(1, size.first, 2, depthwise=False)]
        self.pointwise = []
        n_channels = size.first
        for stride, n_out in size.separable:
            self.causal.append(_Causal(n_channels, n_channels, stride, depthwise=True))
            self.pointwise.append(_Pointwise(n_channels, n_out))
            n_channels = n_out
        n_bands = size.n_bands // self._shrink()
        self.band_weights = tf.Variable(tf.fill((n_bands, n_channels), 1 / n_bands), name="band_weights")

    def begin_with_yamnet(self, weights: YamnetWeights) -> None:
        """Take over YAMNet's first convolutions."""
        self.causal[0].kernel.assign(weights.kernel(0))
        _take_norm(self.causal[0].norm, weights, 1)
        # Here silence is 0, there it is the logarithm of the offset.
        self.causal[0].norm.mean.assign_sub(
            np.log(self.MEL_SPEC.log_offset) * tf.reduce_sum(self.causal[0].kernel, axis=(0, 1, 2))
        )
        for index, (causal, pointwise) in enumerate(zip(self.causal[1:], self.pointwise, strict=True)):
            layer = 2 + 4 * index
            causal.kernel.assign(weights.depthwise_kernel(layer))
            _take_norm(causal.norm, weights, layer + 1)
            pointwise.kernel.assign(weights.kernel(layer + 2))
            _take_norm(pointwise.norm, weights, layer + 3)

    def multiply_accumulates(self) -> int:
        """Multiply-accumulate operations of one chunk."""
        size = self.size
        frames, bands, n_channels = size.chunk_frames // 2, size.n_bands // 2, size.first
        total = frames * bands * _KERNEL**2 * size.first
        for stride, n_out in size.separable:
            frames, bands = frames // stride, bands // stride
            total += frames * bands * n_channels * (_KERNEL**2 + n_out)
            n_channels = n_out
        return total + frames * bands * n_channels + self._head_multiply_accumulates()

    def _shrink(self) -> int:
        return int(np.prod([layer.stride for layer in self.causal]))

    def _seen_state_shapes(self) -> list[tuple[int, ...]]:
        shapes: list[tuple[int, ...]] = []
        bands = self.size.n_bands
        for layer in self.causal:
            shapes.append((1, layer.n_before, bands, layer.n_in))
            bands //= layer.stride
        return shapes

    def _see(
        self, chunk: tf.Tensor, states: Sequence[tf.Tensor], training: bool
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        # What the first layers make of a chunk is large: piece by piece it takes half the memory.
        before, pieces = list(states[:_N_EARLY]), []
        for piece in tf.split(chunk, self.size.chunk_frames // self._shrink(), axis=1):
            x, before = self._convolve(_from_silence(piece), range(_N_EARLY), before, training)
            pieces.append(x)
        late = range(_N_EARLY, len(self.causal))
        x, after = self._convolve(tf.concat(pieces, axis=1), late, states[_N_EARLY:], training)
        return tf.reduce_mean(self._weigh(x), axis=1), [*before, *after]

    def _see_sequences(self, chunks: tf.Tensor, training: bool) -> tf.Tensor:
        batch, n_chunks = chunks.shape[0], chunks.shape[1]
        frames = tf.reshape(chunks, (batch, n_chunks * self.size.chunk_frames, self.size.n_bands, 1))
        states = [tf.zeros((batch, *shape[1:])) for shape in self._seen_state_shapes()]
        x, _ = self._convolve(_from_silence(frames), range(len(self.causal)), states, training)
        return tf.reduce_mean(tf.reshape(self._weigh(x), (batch, n_chunks, -1, self.n_seen)), axis=2)

    def _convolve(
        self, x: tf.Tensor, layers: range, states: Sequence[tf.Tensor], training: bool
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Go through some layers; return the frames that are kept for the next time, too."""
        new_states = []
        for layer, before in zip(layers, states, strict=True):
            x, state = self.causal[layer](x, before, training)
            new_states.append(state)
            if layer:
                x = self.pointwise[layer - 1](x, training)
        return x, new_states

    def _weigh(self, x: tf.Tensor) -> tf.Tensor:
        """Add up the bands: (n, frames, bands, channels) -> (n, frames, channels)."""
        return tf.nn.depthwise_conv2d(x, self.band_weights[None, :, :, None], (1, 1, 1, 1), "VALID")[:, :, 0]


def _from_silence(frames: tf.Tensor) -> tf.Tensor:
    return frames - float(np.log(StreamNet.MEL_SPEC.log_offset))


def _take_norm(norm: BatchNorm, weights: YamnetWeights, layer: int) -> None:
    shift, mean, variance = weights.norm(layer)
    norm.shift.assign(shift)
    norm.mean.assign(mean)
    norm.variance.assign(variance)
    # The same scale with the offset that is ours.
    norm.gain.assign(np.sqrt((variance + norm.EPSILON) / (variance + YAMNET_EPSILON)))
