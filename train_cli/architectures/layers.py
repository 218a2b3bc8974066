"""The few layers that the architectures share, as plain TensorFlow modules.

They are written for XLA (static shapes, no Python state in the graph) and for conversion to LiteRT
operators that have int8 microcontroller kernels.
"""

from collections.abc import Callable

import tensorflow as tf


class Linear(tf.Module):
    """``x @ W + b`` on the last axis.

    Parameters
    ----------
    n_in, n_out : int
    scale : float
        Multiplies the Glorot-uniform initial weights.
    """

    def __init__(self, n_in: int, n_out: int, scale: float = 1.0, name: str | None = None) -> None:
        super().__init__(name=name)
        limit = scale * (6.0 / (n_in + n_out)) ** 0.5
        self.weight = tf.Variable(tf.random.uniform((n_in, n_out), -limit, limit), name="weight")
        self.bias = tf.Variable(tf.zeros(n_out), name="bias")

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """(..., n_in) to (..., n_out)."""
        return tf.matmul(x, self.weight) + self.bias


class BatchNorm(tf.Module):
    """Batch normalisation of the last axis; in inference a constant scale and shift.

    Every batch holds thousands of frames, so the running statistics may follow quickly.
    """

    MOMENTUM = 0.9
    EPSILON = 1e-3

    def __init__(self, n: int, name: str | None = None) -> None:
        super().__init__(name=name)
        self.gain = tf.Variable(tf.ones(n), name="gain")
        self.shift = tf.Variable(tf.zeros(n), name="shift")
        self.mean = tf.Variable(tf.zeros(n), trainable=False, name="mean")
        self.variance = tf.Variable(tf.ones(n), trainable=False, name="variance")

    def __call__(self, x: tf.Tensor, training: bool) -> tf.Tensor:
        """Normalise (..., n); in training by the batch, whose statistics are remembered."""
        if training:
            normal, mean, variance = self._by_batch(x)
            self.mean.assign(self.MOMENTUM * self.mean + (1 - self.MOMENTUM) * mean)
            self.variance.assign(self.MOMENTUM * self.variance + (1 - self.MOMENTUM) * variance)
            return normal
        return self._scaled(x, self.mean, self.variance)

    def _by_batch(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Normalise by the batch; return its mean and variance too."""
        if x.shape.rank == 4:
            # Images are large: all in one pass takes a training step of the classifier 60 % of the time.
            normal, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
                x=x, scale=self.gain, offset=self.shift, mean=[], variance=[], epsilon=self.EPSILON
            )
            return normal, mean, variance
        axes = list(range(x.shape.rank - 1))
        mean = tf.reduce_mean(x, axes)
        variance = tf.reduce_mean(tf.square(x), axes) - tf.square(mean)
        return self._scaled(x, mean, variance), mean, variance

    def _scaled(self, x: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor) -> tf.Tensor:
        scale = self.gain * tf.math.rsqrt(tf.maximum(variance, 0.0) + self.EPSILON)
        return x * scale + (self.shift - mean * scale)


def neighbours(x: tf.Tensor) -> tf.Tensor:
    """Each band beside the one below and the one above: (n, bands, c) to (n, bands, 3 c)."""
    padded = tf.pad(x, [[0, 0], [1, 1], [0, 0]])
    return tf.concat([padded[:, :-2], x, padded[:, 2:]], axis=-1)


class FrequencyConv(tf.Module):
    """Convolution over three neighbouring bands: (n, bands, n_in) to (n, bands, n_out)."""

    def __init__(self, n_in: int, n_out: int, name: str | None = None) -> None:
        super().__init__(name=name)
        self.linear = Linear(3 * n_in, n_out)

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """(n, bands, n_in) to (n, bands, n_out)."""
        return self.linear(neighbours(x))


class Gru(tf.Module):
    """Gated recurrent unit (Cho et al. 2014, reset-after form) for sequences and for single frames."""

    def __init__(self, n_in: int, n_hidden: int, name: str | None = None) -> None:
        super().__init__(name=name)
        self.n_hidden = n_hidden
        self.input = Linear(n_in, 3 * n_hidden)
        square = tf.concat([_orthogonal(n_hidden) for _ in range(3)], axis=1)
        self.recurrent = tf.Variable(square, name="recurrent")
        self.candidate_bias = tf.Variable(tf.zeros(n_hidden), name="candidate_bias")

    def step(self, x: tf.Tensor, state: tf.Tensor) -> tf.Tensor:
        """Advance by one frame: x (rows, n_in), state (rows, n_hidden) -> new state."""
        update, _, candidate, _ = _gates(self.input(x), state, self.recurrent, self.candidate_bias)
        return candidate + update * (state - candidate)

    def sequence(self, x: tf.Tensor) -> tf.Tensor:
        """Run over time-major frames from a zero state: (n_frames, rows, n_in) -> (..., n_hidden)."""
        return _run_gru(
            self.input(x), tf.convert_to_tensor(self.recurrent), tf.convert_to_tensor(self.candidate_bias)
        )


def _gates(
    projected: tf.Tensor, state: tf.Tensor, recurrent: tf.Tensor, candidate_bias: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Update gate, reset gate, candidate, and what the reset gate lets into the candidate."""
    update_in, reset_in, candidate_in = tf.split(projected, 3, axis=-1)
    update_h, reset_h, candidate_h = tf.split(tf.matmul(state, recurrent), 3, axis=-1)
    remembered = candidate_h + candidate_bias
    reset = tf.sigmoid(reset_in + reset_h)
    return tf.sigmoid(update_in + update_h), reset, tf.tanh(candidate_in + reset * remembered), remembered


@tf.custom_gradient
def _run_gru(
    projected: tf.Tensor, recurrent: tf.Tensor, candidate_bias: tf.Tensor
) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor, tf.Tensor]]]:
    """States of a GRU over projected frames (n_frames, rows, 3 n_hidden), with a gradient of its own.

    The gradient that TensorFlow derives adds up tensors of the whole sequence in every frame. Here only what
    depends on the frame after runs frame by frame; gates and weight gradients are products over all frames.
    """

    def advance(frame: tf.Tensor, state: tf.Tensor) -> tf.Tensor:
        update, _, candidate, _ = _gates(frame, state, recurrent, candidate_bias)
        return candidate + update * (state - candidate)

    start = tf.zeros_like(projected[0, :, : recurrent.shape[0]])
    states = _loop(lambda t, state: (advance(projected[t], state),) * 2, start, projected.shape[0])

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        before = tf.concat([start[None], states[:-1]], axis=0)
        update, reset, candidate, remembered = _gates(projected, before, recurrent, candidate_bias)
        to_update = (before - candidate) * update * (1 - update)
        to_candidate = (1 - update) * (1 - tf.square(candidate))
        to_reset = to_candidate * remembered * reset * (1 - reset)
        to_recurrent = tf.concat([to_update, to_reset, to_candidate * reset], axis=-1)

        def back(t: tf.Tensor, from_after: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            total = upstream[t] + from_after
            spread = tf.tile(total, (1, 3)) * to_recurrent[t]
            return total * update[t] + tf.matmul(spread, recurrent, transpose_b=True), total

        totals = _loop(back, start, projected.shape[0], backwards=True)
        spread = tf.tile(totals, (1, 1, 3))
        of_products = spread * to_recurrent
        of_projected = spread * tf.concat([to_update, to_reset, to_candidate], axis=-1)
        of_recurrent = tf.tensordot(before, of_products, ((0, 1), (0, 1)))
        return of_projected, of_recurrent, tf.reduce_sum(totals * to_candidate * reset, axis=(0, 1))

    return states, gradient


def _loop(
    body: Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]],
    start: tf.Tensor,
    n_frames: int,
    *,
    backwards: bool = False,
) -> tf.Tensor:
    """Run ``carried, output = body(t, carried)`` over the frames; the outputs, stacked by `t`."""
    outputs = tf.TensorArray(tf.float32, n_frames, element_shape=start.shape)

    def once(
        done: tf.Tensor, carried: tf.Tensor, outputs: tf.TensorArray
    ) -> tuple[tf.Tensor, tf.Tensor, tf.TensorArray]:
        t = n_frames - 1 - done if backwards else done
        carried, output = body(t, carried)
        return done + 1, carried, outputs.write(t, output)

    _, _, outputs = tf.while_loop(
        lambda done, *_: done < n_frames, once, (tf.constant(0), start, outputs), parallel_iterations=1
    )
    return outputs.stack()


def _orthogonal(n: int) -> tf.Tensor:
    return tf.linalg.qr(tf.random.normal((n, n)))[0]


def hard_swish(x: tf.Tensor) -> tf.Tensor:
    """``x * relu6(x + 3) / 6`` (Howard et al. 2019): one operator in int8 kernels."""
    return x * tf.nn.relu6(x + 3.0) * (1 / 6)
