"""The original system's noise classifier: three convolution blocks over windows of 63 log-mel frames.

Each window (0.504 s, without overlap) is judged by itself; a recording gets the class whose scores have the
highest sum.
"""

import numpy as np
import tensorflow as tf

from train_cli.architectures.layers import BatchNorm, Linear

WINDOW_FRAMES, N_BANDS = 63, 64


class OriginalNc(tf.Module):
    """Class scores of windows of log-mel frames."""

    CHANNELS = (16, 32, 16)
    KERNEL = 4
    DROPOUT = 0.3

    def __init__(self, n_classes: int = 4) -> None:
        super().__init__()
        self.kernels, self.biases, self.norms = [], [], []
        frames, bands, n_in = WINDOW_FRAMES, N_BANDS, 1
        for n_out in self.CHANNELS:
            limit = (6.0 / (self.KERNEL**2 * (n_in + n_out))) ** 0.5
            shape = (self.KERNEL, self.KERNEL, n_in, n_out)
            self.kernels.append(tf.Variable(tf.random.uniform(shape, -limit, limit), name="kernel"))
            self.biases.append(tf.Variable(tf.zeros(n_out), name="bias"))
            self.norms.append(BatchNorm(n_out))
            # Convolutions without padding: only so the size comes out at the 18 thousand weights reported.
            frames, bands, n_in = (frames - 3) // 2, (bands - 3) // 2, n_out
        self.classify = Linear(frames * bands * n_in, n_classes)

    def __call__(self, windows: tf.Tensor, training: bool) -> tf.Tensor:
        """Logits: (batch, WINDOW_FRAMES, N_BANDS) to (batch, n_classes)."""
        x = windows[..., None]
        for kernel, bias, norm in zip(self.kernels, self.biases, self.norms, strict=True):
            x = tf.nn.relu(norm(tf.nn.conv2d(x, kernel, 1, "VALID") + bias, training))
            x = tf.nn.max_pool2d(x, 2, 2, "VALID")
            if training:
                x = tf.nn.dropout(x, self.DROPOUT)
        return self.classify(tf.reshape(x, (x.shape[0], -1)))

    def multiply_accumulates(self) -> int:
        """Multiply-accumulate operations of one window."""
        frames, bands, n_in, total = WINDOW_FRAMES, N_BANDS, 1, 0
        for n_out in self.CHANNELS:
            frames, bands = frames - self.KERNEL + 1, bands - self.KERNEL + 1
            total += frames * bands * self.KERNEL**2 * n_in * n_out
            frames, bands, n_in = frames // 2, bands // 2, n_out
        return total + int(np.prod(self.classify.weight.shape))
