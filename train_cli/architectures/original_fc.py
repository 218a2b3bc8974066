"""The original system's denoiser "FC": five dense layers over the frames of a slice, one set per noise class.

The layers act on the time axis with the same weights for each frequency bin: a bin's 126 frames (a second) go
in, its 126 frames of noise residual come out. What the other bins hold it never sees.
"""

from collections.abc import Sequence

import tensorflow as tf

from train_cli.architectures.layers import BatchNorm, Linear

N_BINS, N_FRAMES = 129, 126
"""Shape of a slice: 256-sample windows at 16 kHz, 128 samples apart."""


class OriginalFc(tf.Module):
    """Scaled noise residual of slices of scaled dB spectra."""

    WIDTH = 500
    N_LAYERS = 5
    DROPOUT = 0.1

    state_shapes: tuple[tuple[int, int], ...] = ()

    def __init__(self) -> None:
        super().__init__()
        widths = (N_FRAMES, *[self.WIDTH] * (self.N_LAYERS - 1))
        self.hidden = [Linear(n_in, self.WIDTH) for n_in in widths]
        self.norms = [BatchNorm(self.WIDTH) for _ in self.hidden]
        self.out = Linear(self.WIDTH, N_FRAMES)

    def __call__(self, slices: tf.Tensor, training: bool) -> tf.Tensor:
        """(batch, n_bins, n_frames) to the same shape."""
        x = slices
        for index, (layer, norm) in enumerate(zip(self.hidden, self.norms, strict=True)):
            x = norm(layer(x), training)
            if index % 2 == 0:
                x = tf.nn.relu(x)
            if training:
                x = tf.nn.dropout(x, self.DROPOUT)
        return self.out(x)

    def step(self, values: tf.Tensor, states: Sequence[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Denoise the next bin of a slice, (1, n_frames) to the same shape; no bin knows of another."""
        return self(values[None], training=False)[0], list(states)

    def multiply_accumulates(self) -> int:
        """Multiply-accumulate operations of one slice."""
        return N_BINS * (2 * N_FRAMES * self.WIDTH + (self.N_LAYERS - 1) * self.WIDTH**2)
