"""The original system's features, targets and training, so that everything can be compared with it.

What is its own: the networks, the scaling of features and targets, the Huber loss, and Adam. What it shares
with ours: mixing on the fly, averaged weights, the course of the learning rate, validation and resume.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from train_cli.architectures.original_fc import N_FRAMES, OriginalFc
from train_cli.architectures.original_gru import OriginalGru
from train_cli.architectures.original_nc import N_BANDS, WINDOW_FRAMES, OriginalNc
from train_cli.convert import require_best
from train_cli.data import NOISES, Batch, MixingOptions, classes_for
from train_cli.examples import Example
from train_cli.loop import Kept
from train_cli.options import TrainDdaeOptions, TrainNcOptions
from train_cli.runs import read_run
from train_cli.spectral import frames_in, istft, stft
from train_cli.validation import ClassValidation, DenoiserValidation
from workbench.denoisers.original import (
    INPUT_OFFSET_DB,
    INPUT_SCALE_DB,
    LOWEST_DB,
    RESIDUAL_OFFSET_DB,
    RESIDUAL_SCALE_DB,
    SMALLEST,
)
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.dsp.mel import LogMelSpec, StreamingLogMel
from workbench.dsp.stft import REFERENCE_SPEC
from workbench.errors import WorkbenchError

NETWORKS: dict[str, type[OriginalFc] | type[OriginalGru]] = {
    "original-fc": OriginalFc,
    "original-gru": OriginalGru,
}
SLICE_SAMPLES = 16_384
MEL_SPEC = LogMelSpec()
"""64 bands, 125 to 7500 Hz, log offset 0.01."""


def slice_db(magnitude: tf.Tensor) -> tf.Tensor:
    """Return magnitudes in dB below the highest of their slice: (..., n_bins, n_frames) to the same.

    As librosa's ``amplitude_to_db(x, ref=np.max)`` with its defaults; each slice loses its absolute level.
    """
    level_db = _level_db(magnitude)
    return tf.maximum(level_db - _highest(level_db), LOWEST_DB)


def _level_db(magnitude: tf.Tensor) -> tf.Tensor:
    return tf.math.log(tf.maximum(magnitude, SMALLEST)) * (20.0 / np.log(10.0))


def _highest(level_db: tf.Tensor) -> tf.Tensor:
    return tf.reduce_max(level_db, axis=(-2, -1), keepdims=True)


def scale_input(noisy_db: tf.Tensor) -> tf.Tensor:
    """Scale the dB of a noisy slice for the network: about -0.7 to 0.9."""
    return (noisy_db + INPUT_OFFSET_DB) / INPUT_SCALE_DB


def scale_target(residual_db: tf.Tensor) -> tf.Tensor:
    """Scale the noise residual, noisy dB minus clean dB: about -1 to 0.9."""
    return (residual_db - RESIDUAL_OFFSET_DB) / RESIDUAL_SCALE_DB


def unscale_target(scaled: tf.Tensor) -> tf.Tensor:
    """Undo `scale_target`."""
    return scaled * RESIDUAL_SCALE_DB + RESIDUAL_OFFSET_DB


def slices_of(spectra: tf.Tensor) -> tf.Tensor:
    """Cut spectra into slices: (batch, k * 126, n_bins) to (batch * k, n_bins, 126)."""
    batch, n_frames, n_bins = spectra.shape
    cut = tf.reshape(spectra, (batch * (n_frames // N_FRAMES), N_FRAMES, n_bins))
    return tf.transpose(cut, (0, 2, 1))


def enhance(network: OriginalFc | OriginalGru, noisy: tf.Tensor) -> tf.Tensor:
    """Denoise whole signals slice by slice with the noisy phase: (n, n_samples) to the same.

    Each slice gets its maximum back, as in `workbench.denoisers.original`, which gives the same samples.
    """
    spec, (batch, n_samples) = REFERENCE_SPEC, noisy.shape
    margin = spec.window_samples - spec.hop_samples
    n_frames = frames_in(n_samples + 2 * margin + spec.hop_samples - 1, spec)
    n_frames += -n_frames % N_FRAMES
    padding = (n_frames - 1) * spec.hop_samples + spec.window_samples - n_samples - margin
    spectra = stft(tf.pad(noisy, [[0, 0], [margin, padding]]), spec)
    slices = slices_of(spectra)
    magnitude = tf.abs(slices)
    noisy_db = slice_db(magnitude)
    residual_db = unscale_target(network(scale_input(noisy_db), training=False))
    clean_db = _highest(_level_db(magnitude)) + noisy_db - residual_db
    gain = tf.pow(10.0, clean_db / 20.0) / tf.maximum(magnitude, 1e-12)
    clean = slices * tf.cast(gain, tf.complex64)
    clean = tf.reshape(tf.transpose(clean, (0, 2, 1)), (batch, n_frames, spec.n_bins))
    return istft(clean, spec)[:, margin : margin + n_samples]


def mixing_for(options: TrainDdaeOptions) -> MixingOptions:
    """Return how the original mixes: one noise, nothing simulated, of the class asked for; -10 to 15 dB."""
    return MixingOptions(seconds=options.seconds, snr_db=(-10.0, 15.0), p_no_noise=0, p_second_noise=0,
                         p_colour=0, p_room=0, p_loudspeaker=0, p_babble=0,
                         classes=classes_for(options.noise_class))  # fmt: skip


def load_denoiser(run: Path) -> Callable[[Signal], Signal]:
    """Return the best weights of a run as a function from noisy to denoised signals."""
    network = NETWORKS[read_run(run)["options"]["architecture"]]()
    require_best(run, network)
    return lambda noisy: enhance(network, tf.constant(noisy[None])).numpy()[0]


def load_classifier(run: Path) -> Callable[[Signal], NDArray[np.int64]]:
    """Return the best weights of a run as a function from a signal to the class index of each window."""
    network = OriginalNc(len(NOISES))
    require_best(run, network)
    return lambda signal: np.argmax(network(windows_of(signal[None]), training=False).numpy(), axis=-1)


def adam(options: TrainDdaeOptions | TrainNcOptions) -> tf.keras.optimizers.Optimizer:
    """Return the original's optimiser."""
    return tf.keras.optimizers.Adam(options.learning_rate)


class OriginalDdaeTrainer:
    """An original denoiser in training: see `train_cli.loop.Trainer`."""

    def __init__(self, options: TrainDdaeOptions) -> None:
        if round(options.seconds * SAMPLE_RATE) < SLICE_SAMPLES:
            raise WorkbenchError(
                f"--seconds {options.seconds} is less than a slice of {options.architecture}; choose 1.024."
            )
        tf.random.set_seed(options.seed)
        make = NETWORKS[options.architecture]
        self.kept = Kept(options, make(), make(), adam(options))
        self._compiled = tf.function(self._update, jit_compile=options.xla)
        self._see = tf.function(lambda x: self.kept.averaged(self._inputs(x), training=True))
        self._enhance = tf.function(lambda x: enhance(self.kept.averaged, x))
        self._validation = DenoiserValidation(
            options.data, options.validation_mixtures, mixing_for(options).classes
        )

    def update(self, batch: Batch) -> dict[str, float]:
        """Take one training step."""
        self.kept.begin_step()
        return {"loss": float(self._compiled(batch.noisy, batch.clean))}

    def renormalise(self, batch: Batch) -> None:
        """Let the averaged weights see a batch, so that their normalisation fits them."""
        self._see(batch.noisy)

    def validate(self) -> dict[str, float]:
        """Score the averaged weights on held-out mixtures."""
        return self._validation.run(lambda noisy, _: self._enhance(noisy).numpy())

    def examples(self) -> list[Example]:
        """Return sounds of the last validation."""
        return self._validation.examples()

    def close(self) -> None:
        """End the scoring processes."""
        self._validation.close()

    def _update(self, noisy: tf.Tensor, clean: tf.Tensor) -> tf.Tensor:
        noisy_db, clean_db = self._slices_db(noisy), self._slices_db(clean)
        target = scale_target(noisy_db - clean_db)
        with tf.GradientTape() as tape:
            error = tf.abs(self.kept.network(scale_input(noisy_db), training=True) - target)
            loss = tf.reduce_mean(tf.where(error < 1.0, 0.5 * tf.square(error), error - 0.5))
        self.kept.descend(tape, loss)
        return loss

    def _inputs(self, signals: tf.Tensor) -> tf.Tensor:
        return scale_input(self._slices_db(signals))

    @staticmethod
    def _slices_db(signals: tf.Tensor) -> tf.Tensor:
        spectra = stft(signals, REFERENCE_SPEC)
        n_frames = spectra.shape[1] - spectra.shape[1] % N_FRAMES
        return slice_db(tf.abs(slices_of(spectra[:, :n_frames])))


class OriginalNcTrainer:
    """The original classifier in training: see `train_cli.loop.Trainer`."""

    def __init__(self, options: TrainNcOptions) -> None:
        tf.random.set_seed(options.seed)
        self.kept = Kept(options, OriginalNc(len(NOISES)), OriginalNc(len(NOISES)), adam(options))
        self._compiled = tf.function(self._update)
        self._see = tf.function(lambda x: self.kept.averaged(x, training=True))
        self._classify = tf.function(lambda x: self.kept.averaged(x, training=False))
        self._validation = ClassValidation(options, p_no_noise=0.0)

    def update(self, batch: Batch) -> dict[str, float]:
        """Take one training step."""
        self.kept.begin_step()
        windows = windows_of(batch.noisy)
        labels = np.repeat(batch.classes, len(windows) // len(batch.classes))
        return {"loss": float(self._compiled(windows, labels))}

    def renormalise(self, batch: Batch) -> None:
        """Let the averaged weights see a batch, so that their normalisation fits them."""
        self._see(windows_of(batch.noisy))

    def validate(self) -> dict[str, float]:
        """Accuracy per window of half a second on held-out recordings, in mixtures and alone."""
        return self._validation.run(self._best)

    def examples(self) -> list[Example]:
        """Return sounds of the last validation."""
        return self._validation.examples()

    def close(self) -> None:
        """Nothing runs beside the training."""

    def _best(self, signals: NDArray[np.float32]) -> NDArray[np.int64]:
        logits = self._classify(windows_of(signals)).numpy()
        return np.argmax(logits, axis=-1).reshape(len(signals), -1)

    def _update(self, windows: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            logits = self.kept.network(windows, training=True)
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        self.kept.descend(tape, loss)
        return loss


def windows_of(signals: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut the log-mel frames of signals into windows: (n, n_samples) to (n * k, WINDOW_FRAMES, N_BANDS)."""
    frames = np.stack([StreamingLogMel(MEL_SPEC).process(signal) for signal in signals])
    n_windows = frames.shape[1] // WINDOW_FRAMES
    if not n_windows:
        raise WorkbenchError("--seconds is less than a window of half a second; choose 0.6 or more.")
    return frames[:, : n_windows * WINDOW_FRAMES].reshape(-1, WINDOW_FRAMES, N_BANDS)
