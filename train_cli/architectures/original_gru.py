"""The original system's denoiser "GRU": ten stacked recurrent layers that step from bin to bin of a slice.

As in "FC", the 126 frames of a bin are the features; the recurrence runs over the 129 bins.
"""

from collections.abc import Sequence

import tensorflow as tf

from train_cli.architectures.layers import Gru
from train_cli.architectures.original_fc import N_BINS, N_FRAMES


class OriginalGru(tf.Module):
    """Scaled noise residual of slices of scaled dB spectra."""

    UNITS = (126, 126, 63, 63, 32, 32, 63, 63, 126, 126)

    state_shapes = tuple((1, n_hidden) for n_hidden in UNITS)

    def __init__(self) -> None:
        super().__init__()
        ends = zip((N_FRAMES, *self.UNITS[:-1]), self.UNITS, strict=True)
        self.layers = [Gru(n_in, n_hidden) for n_in, n_hidden in ends]

    def __call__(self, slices: tf.Tensor, training: bool) -> tf.Tensor:
        """(batch, n_bins, n_frames) to the same shape; it is the same in training and in use."""
        x = tf.transpose(slices, (1, 0, 2))
        for layer in self.layers:
            x = layer.sequence(x)
        return tf.transpose(x, (1, 0, 2))

    def step(self, values: tf.Tensor, states: Sequence[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Denoise the next bin of a slice, (1, n_frames) to the same shape; states begin with zeros."""
        x, after = values, []
        for layer, state in zip(self.layers, states, strict=True):
            x = layer.step(x, state)
            after.append(x)
        return x, after

    def multiply_accumulates(self) -> int:
        """Multiply-accumulate operations of one slice."""
        ends = zip((N_FRAMES, *self.UNITS[:-1]), self.UNITS, strict=True)
        return N_BINS * sum(3 * n_hidden * (n_in + n_hidden) for n_in, n_hidden in ends)
