"""Training of the denoising autoencoder."""

from dataclasses import asdict
from functools import partial

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from train_cli.architectures.band_gru import BandGru, BandGruSize
from train_cli.data import Batch, MixingOptions, classes_for
from train_cli.events import Reporter
from train_cli.examples import Example
from train_cli.loop import Kept, run_training
from train_cli.options import TrainDdaeOptions
from train_cli.original import OriginalDdaeTrainer
from train_cli.original import mixing_for as original_mixing
from train_cli.runs import open_run
from train_cli.spectral import COMPRESSION, compress, expand, features_of, frames_in, istft, stft
from train_cli.validation import DenoiserValidation
from workbench.classifier.posterior import CLASSES
from workbench.dsp import SAMPLE_RATE
from workbench.dsp.stft import StftSpec


def losses_of(mask: tf.Tensor, features: tf.Tensor, clean: tf.Tensor, spec: StftSpec) -> dict[str, tf.Tensor]:
    """Loss for listening: spectrum, magnitude with a penalty on lost speech, SI-SDR and intelligibility.

    The compressed complex and magnitude terms are those of Braun & Tashev (2021); what is missing from the
    speech counts more than what is left of the noise, for that is what listeners and STOI punish. The last
    term follows STOI itself (`envelope_correlation`).

    Parameters
    ----------
    mask : tf.Tensor
        (batch, n_frames, n_bins, 2), as by `masks_of`.
    features : tf.Tensor
        (batch, n_frames, n_bins, 3) of the noisy signal.
    clean : tf.Tensor
        (batch, n_samples).
    spec : StftSpec

    Returns
    -------
    dict
        Scalars: ``loss``, and the parts of which it is made.
    """
    real, imaginary = _apply(mask, features)
    magnitude = tf.sqrt(tf.square(real) + tf.square(imaginary) + 1e-10)
    target_real, target_imaginary, target_magnitude = compress(stft(clean, spec)[..., 1:])

    # Loud and quiet examples count alike.
    weight = 1.0 / (tf.reduce_mean(tf.square(target_magnitude), axis=(1, 2)) + 1e-3)

    def weighted(error: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(weight * tf.reduce_mean(error, axis=(1, 2)))

    complex_loss = weighted(tf.square(real - target_real) + tf.square(imaginary - target_imaginary))
    missing = tf.nn.relu(target_magnitude - magnitude)
    magnitude_loss = weighted(tf.square(magnitude - target_magnitude) + 0.5 * tf.square(missing))

    overlap = spec.overlap_samples
    estimate = _resynthesise(real, imaginary, spec)[:, overlap:-overlap]
    first = spec.window_samples - spec.hop_samples
    si_sdr_db = tf.reduce_mean(_si_sdr_db(clean[:, first : first + estimate.shape[1]], estimate))
    correlation = envelope_correlation(magnitude, target_magnitude, spec)
    loss = complex_loss + 2.0 * magnitude_loss - 0.01 * si_sdr_db - 8.0 * correlation
    return {
        "loss": loss,
        "complex": complex_loss,
        "magnitude": magnitude_loss,
        "si_sdr_db": si_sdr_db,
        "correlation": correlation,
    }


def envelope_correlation(magnitude: tf.Tensor, target_magnitude: tf.Tensor, spec: StftSpec) -> tf.Tensor:
    """Correlation of third-octave envelopes over 384 ms, the measure behind STOI (Taal et al. 2011).

    The frames are the network's own, and nothing is clipped, so it is near STOI and smooth. Stretches more
    than 40 dB below the loudest of an example do not count.

    Parameters
    ----------
    magnitude, target_magnitude : tf.Tensor
        (batch, n_frames, n_bins): compressed magnitudes.
    spec : StftSpec

    Returns
    -------
    tf.Tensor
        Scalar, at most 1.
    """
    bands = _third_octaves(spec)
    n_frames = round(0.384 * SAMPLE_RATE / spec.hop_samples)

    def segments(compressed: tf.Tensor) -> tf.Tensor:
        power = tf.matmul(tf.pow(compressed, 2 / COMPRESSION), bands)
        return tf.signal.frame(tf.sqrt(power + 1e-9), n_frames, n_frames // 4, axis=1)

    def centred(envelopes: tf.Tensor) -> tf.Tensor:
        return envelopes - tf.reduce_mean(envelopes, axis=2, keepdims=True)

    target, estimate = segments(target_magnitude), segments(magnitude)
    level = tf.reduce_sum(tf.square(target), axis=(2, 3))
    counts = tf.cast(level > 1e-4 * tf.reduce_max(level, axis=1, keepdims=True), tf.float32)
    target, estimate = centred(target), centred(estimate)
    energy = tf.reduce_sum(tf.square(target), axis=2) * tf.reduce_sum(tf.square(estimate), axis=2)
    correlation = tf.reduce_sum(target * estimate, axis=2) * tf.math.rsqrt(energy + 1e-12)
    by_segment = tf.reduce_mean(correlation, axis=-1)
    return tf.reduce_sum(counts * by_segment) / (tf.reduce_sum(counts) + 1e-6)


def masks_of(
    network: BandGru, features: tf.Tensor, condition: tf.Tensor, frames_per_mask: int, training: bool
) -> tf.Tensor:
    """Let the network see the first of every `frames_per_mask` frames; its mask serves for all of them.

    Parameters
    ----------
    network : BandGru
    features : tf.Tensor
        (batch, n_frames, n_bins, 3).
    condition : tf.Tensor
        (batch, n_conditions).
    frames_per_mask : int
    training : bool

    Returns
    -------
    tf.Tensor
        (batch, n_frames, n_bins, 2).
    """
    masks = network.over_sequences(features[:, ::frames_per_mask], condition, training)
    return tf.repeat(masks, frames_per_mask, axis=1)[:, : features.shape[1]]


def _third_octaves(spec: StftSpec) -> NDArray[np.float32]:
    """Bins of each of STOI's fifteen bands, 150 Hz to 3.8 kHz: (n_bins - 1, 15)."""
    bins_hz = np.arange(1, spec.n_bins) * SAMPLE_RATE / spec.transform_samples
    centres_hz = 150 * 2 ** (np.arange(15) / 3)
    low_hz, high_hz = centres_hz / 2 ** (1 / 6), centres_hz * 2 ** (1 / 6)
    return ((bins_hz[:, None] >= low_hz) & (bins_hz[:, None] < high_hz)).astype(np.float32)


def _apply(mask: tf.Tensor, features: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Multiply the compressed spectrum by the complex mask: real and imaginary part."""
    real = mask[..., 0] * features[..., 0] - mask[..., 1] * features[..., 1]
    imaginary = mask[..., 0] * features[..., 1] + mask[..., 1] * features[..., 0]
    return real, imaginary


def _resynthesise(real: tf.Tensor, imaginary: tf.Tensor, spec: StftSpec) -> tf.Tensor:
    return istft(tf.pad(expand(real, imaginary), [[0, 0], [0, 0], [1, 0]]), spec)


def _si_sdr_db(reference: tf.Tensor, estimate: tf.Tensor) -> tf.Tensor:
    scale = tf.reduce_sum(reference * estimate, -1, keepdims=True) / (
        tf.reduce_sum(tf.square(reference), -1, keepdims=True) + 1e-8
    )
    target = scale * reference
    ratio = (tf.reduce_sum(tf.square(target), -1) + 1e-8) / (
        tf.reduce_sum(tf.square(estimate - target), -1) + 1e-8
    )
    # Beyond 30 dB nobody hears a difference; without the limit, clean examples would dominate.
    return tf.minimum(10.0 / np.log(10.0) * tf.math.log(ratio), 30.0)


def mixing_for(options: TrainDdaeOptions) -> MixingOptions:
    """Return how the denoiser's examples are drawn."""
    return MixingOptions(
        seconds=options.seconds,
        classes=classes_for(options.noise_class),
        snr_db=(-12.0, 15.0),
        p_colour=0.7,
        speech_colour_db=10.0,
        noise_colour_db=8.0,
        p_room=0.15,
        p_codec=0.2,
        p_start=0.3,
        p_band_limit=0.05,
        p_clip=0.03,
    )


class DdaeTrainer:
    """The network, its averaged copy and its validation."""

    def __init__(self, options: TrainDdaeOptions) -> None:
        tf.random.set_seed(options.seed)
        self.spec = StftSpec(
            options.window, options.hop, "sqrt_hann", synthesis_samples=options.synthesis or None
        )
        self._frames_per_mask = options.frames_per_mask
        size = BandGruSize.for_window(options.window, options.size)
        self.kept = Kept(options, BandGru(size), BandGru(size))
        self._n_frames = frames_in(round(options.seconds * SAMPLE_RATE), self.spec)
        self._validation = DenoiserValidation(
            options.data, options.validation_mixtures, mixing_for(options).classes
        )
        self._compiled = tf.function(self._update, jit_compile=options.xla)
        averaged = self.kept.averaged
        self._renormalise = tf.function(self._see, jit_compile=options.xla)
        self._enhance = tf.function(
            partial(enhance, averaged, self.spec, options.frames_per_mask), jit_compile=options.xla
        )

    def update(self, batch: Batch) -> dict[str, float]:
        """Take one training step."""
        condition = draw_conditions(batch.classes, self.kept.begin_step())
        losses = self._compiled(batch.noisy, batch.clean, condition)
        return {name: float(value) for name, value in losses.items()}

    def renormalise(self, batch: Batch) -> None:
        """Let the averaged weights see a batch, so that their normalisation fits them."""
        condition = draw_conditions(batch.classes, np.random.default_rng(0))
        self._renormalise(batch.noisy, condition)

    def validate(self) -> dict[str, float]:
        """Score the averaged weights on held-out mixtures."""
        return self._validation.run(self.enhance)

    def examples(self) -> list[Example]:
        """Return sounds of the last validation."""
        return self._validation.examples()

    def close(self) -> None:
        """End the scoring processes."""
        self._validation.close()

    def enhance(self, noisy: NDArray[np.float32], classes: NDArray[np.int32]) -> NDArray[np.float32]:
        """Denoise a batch with the averaged weights, the classes known: (n, n_samples) -> the same."""
        return self._enhance(noisy, np.eye(len(CLASSES), dtype=np.float32)[classes]).numpy()

    def _see(self, noisy: tf.Tensor, condition: tf.Tensor) -> None:
        features = features_of(noisy, self.spec)
        masks_of(self.kept.averaged, features, condition, self._frames_per_mask, training=True)

    def _update(self, noisy: tf.Tensor, clean: tf.Tensor, condition: tf.Tensor) -> dict[str, tf.Tensor]:
        features = features_of(noisy, self.spec)[:, : self._n_frames]
        with tf.GradientTape() as tape:
            mask = masks_of(self.kept.network, features, condition, self._frames_per_mask, training=True)
            losses = losses_of(mask, features, clean, self.spec)
        self.kept.descend(tape, losses["loss"])
        return losses


def enhance(
    network: BandGru, spec: StftSpec, frames_per_mask: int, noisy: tf.Tensor, condition: tf.Tensor
) -> tf.Tensor:
    """Denoise whole signals at once: (n, n_samples), (n, n_conditions) -> (n, n_samples)."""
    lead, n_samples = spec.window_samples - spec.hop_samples, noisy.shape[1]
    overlap = spec.overlap_samples
    tail = overlap + -(n_samples + overlap) % spec.hop_samples
    features = features_of(tf.pad(noisy, [[0, 0], [lead, tail]]), spec)
    mask = masks_of(network, features, condition, frames_per_mask, training=False)
    return _resynthesise(*_apply(mask, features), spec)[:, overlap : overlap + n_samples]


def draw_conditions(classes: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Class vectors as a classifier would give them: mostly right, at times unsure, wrong or missing."""
    one_hot = np.eye(len(CLASSES), dtype=np.float32)[classes]
    kind = rng.random(len(classes))
    unsure = rng.dirichlet(np.ones(len(CLASSES)), len(classes)).astype(np.float32)
    share = rng.random((len(classes), 1), np.float32)
    conditions = np.where(kind[:, None] < 0.6, one_hot, share * one_hot + (1 - share) * unsure)
    conditions[kind > 0.8] = 0.0
    return conditions


def train(options: TrainDdaeOptions, reporter: Reporter) -> None:
    """Train a DDAE, or go on with a run that was stopped.

    Raises
    ------
    WorkbenchError
        The data cannot be used, or the run's folder belongs to other options.
    """
    is_original = options.architecture.startswith("original")
    mixing = (original_mixing if is_original else mixing_for)(options)
    open_run(
        "train-ddae",
        options,
        mixing,
        fixed=("architecture", "noise_class", "window", "hop", "synthesis", "frames_per_mask", "size"),
    )
    reporter.started("train-ddae", asdict(options))
    trainer = OriginalDdaeTrainer(options) if is_original else DdaeTrainer(options)
    run_training(options, mixing, trainer, reporter)
