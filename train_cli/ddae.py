"""Training of the denoising autoencoder."""

import csv
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from train_cli.architectures.band_gru import BandGru, BandGruSize
from train_cli.data import NOISES, Batch, Corpus, Mixer, MixingOptions, prefetch
from train_cli.events import Reporter
from train_cli.options import TrainDdaeOptions
from train_cli.spectral import compress, expand, features_of, frames_in, istft, stft
from workbench.classifier.posterior import CLASSES
from workbench.dsp.mixing import mix
from workbench.dsp.stft import StftSpec
from workbench.errors import WorkbenchError
from workbench.evaluation.metrics import score

AVERAGE_DECAY = 0.998
"""Decay per step of the averaged weights, which are those that are validated and exported."""
VALIDATION_SNRS_DB = (-10.0, -5.0, 0.0, 5.0, 10.0, 15.0)
VALIDATION_METRICS = ("pesq_wb", "stoi", "si_sdr")


def loss_of(
    mask: tf.Tensor, features: tf.Tensor, clean: tf.Tensor, spec: StftSpec
) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """Loss for listening: compressed spectrum, magnitude with a penalty on lost speech, and SI-SDR.

    The compressed complex and magnitude terms are those of Braun & Tashev (2021); what is missing from the
    speech counts more than what is left of the noise, for that is what listeners and STOI punish.

    Parameters
    ----------
    mask : tf.Tensor
        (batch, n_frames, n_bins, 2).
    features : tf.Tensor
        (batch, n_frames, n_bins, 3) of the noisy signal.
    clean : tf.Tensor
        (batch, n_samples).
    spec : StftSpec

    Returns
    -------
    loss : tf.Tensor
        Scalar.
    parts : dict
        Its parts.
    """
    real = mask[..., 0] * features[..., 0] - mask[..., 1] * features[..., 1]
    imaginary = mask[..., 0] * features[..., 1] + mask[..., 1] * features[..., 0]
    magnitude = tf.sqrt(tf.square(real) + tf.square(imaginary) + 1e-10)
    target_real, target_imaginary, target_magnitude = compress(stft(clean, spec)[..., 1:])

    # Loud and quiet examples count alike.
    weight = 1.0 / (tf.reduce_mean(tf.square(target_magnitude), axis=(1, 2)) + 1e-3)

    def weighted(error: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(weight * tf.reduce_mean(error, axis=(1, 2)))

    complex_loss = weighted(tf.square(real - target_real) + tf.square(imaginary - target_imaginary))
    missing = tf.nn.relu(target_magnitude - magnitude)
    magnitude_loss = weighted(tf.square(magnitude - target_magnitude) + 0.5 * tf.square(missing))

    spectrum = tf.pad(expand(real, imaginary), [[0, 0], [0, 0], [1, 0]])
    estimate = istft(spectrum, spec)
    margin = spec.window_samples - spec.hop_samples
    estimate = estimate[:, margin:-margin]
    reference = clean[:, margin : margin + estimate.shape[1]]
    si_sdr_db = _si_sdr_db(reference, estimate)
    loss = complex_loss + 2.0 * magnitude_loss - 0.01 * tf.reduce_mean(si_sdr_db)
    return loss, {
        "complex": complex_loss,
        "magnitude": magnitude_loss,
        "si_sdr_db": tf.reduce_mean(si_sdr_db),
    }


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


class Trainer:
    """Network, averaged network, optimiser and checkpoints of one run."""

    def __init__(self, options: TrainDdaeOptions) -> None:
        tf.random.set_seed(options.seed)
        self.options = options
        self.spec = StftSpec(options.window, options.hop, "sqrt_hann")
        self.size = size_for(self.spec)
        self.n_samples = round(options.seconds * 16_000)
        self.network, self.averaged = BandGru(self.size), BandGru(self.size)
        self._follow(0.0)
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.optimizer = tf.keras.optimizers.AdamW(
            options.learning_rate, weight_decay=1e-3, beta_2=0.99, global_clipnorm=1.0
        )
        self.optimizer.build(self.network.trainable_variables)
        self._compiled = tf.function(self._update, jit_compile=True)
        self._infer = tf.function(self._estimate, jit_compile=True)
        kept = tf.train.Checkpoint(
            network=self.network, averaged=self.averaged, optimizer=self.optimizer, step=self.step
        )
        self.checkpoints = tf.train.CheckpointManager(kept, str(options.run / "checkpoints"), max_to_keep=2)
        self.best = tf.train.CheckpointManager(
            tf.train.Checkpoint(averaged=self.averaged, step=self.step), str(options.run / "best"), max_to_keep=1
        )
        if self.checkpoints.latest_checkpoint:
            kept.restore(self.checkpoints.latest_checkpoint).assert_existing_objects_matched()

    def update(self, batch: Batch) -> dict[str, float]:
        """Take one training step."""
        self.optimizer.learning_rate.assign(self._learning_rate(int(self.step)))
        condition = draw_conditions(batch.classes, np.random.default_rng([self.options.seed, 1, int(self.step)]))
        loss, parts = self._compiled(batch.noisy, batch.clean, condition)
        self.step.assign_add(1)
        return {"loss": float(loss), **{name: float(value) for name, value in parts.items()}}

    def enhance(self, noisy: NDArray[np.float32], classes: NDArray[np.int32]) -> NDArray[np.float32]:
        """Denoise a batch with the averaged weights, the classes known: (n, n_samples) -> the same."""
        lead = self.spec.window_samples - self.spec.hop_samples
        tail = lead + -(noisy.shape[1] + lead) % self.spec.hop_samples
        padded = np.pad(noisy, ((0, 0), (lead, tail)))
        one_hot = np.eye(len(CLASSES), dtype=np.float32)[classes]
        return self._infer(padded, one_hot).numpy()[:, lead : lead + noisy.shape[1]]

    def _update(
        self, noisy: tf.Tensor, clean: tf.Tensor, condition: tf.Tensor
    ) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        n_frames = frames_in(self.n_samples, self.spec)
        features = features_of(noisy, self.spec)[:, :n_frames]
        with tf.GradientTape() as tape:
            mask = self.network.over_sequences(features, condition, training=True)
            loss, parts = loss_of(mask, features, clean, self.spec)
        variables = self.network.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        self._follow(AVERAGE_DECAY)
        return loss, parts

    def _estimate(self, noisy: tf.Tensor, condition: tf.Tensor) -> tf.Tensor:
        features = features_of(noisy, self.spec)
        mask = self.averaged.over_sequences(features, condition, training=False)
        real = mask[..., 0] * features[..., 0] - mask[..., 1] * features[..., 1]
        imaginary = mask[..., 0] * features[..., 1] + mask[..., 1] * features[..., 0]
        return istft(tf.pad(expand(real, imaginary), [[0, 0], [0, 0], [1, 0]]), self.spec)

    def _follow(self, decay: float) -> None:
        for average, current in zip(self.averaged.variables, self.network.variables, strict=True):
            average.assign(decay * average + (1 - decay) * current)

    def _learning_rate(self, step: int) -> float:
        options = self.options
        if step < options.warmup_steps:
            return options.learning_rate * (step + 1) / options.warmup_steps
        done = min((step - options.warmup_steps) / max(options.steps - options.warmup_steps, 1), 1.0)
        return options.learning_rate * (0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * done))))


def size_for(spec: StftSpec) -> BandGruSize:
    """Dimensions of the network for a window: the bands keep their width in Hz."""
    n_bins = spec.transform_samples // 2
    if n_bins % 64:
        raise WorkbenchError(f"A window of {spec.window_samples} samples does not fit; choose 128, 256 or 512.")
    scale = n_bins / 256
    return BandGruSize(
        low_bins=n_bins // 4,
        low_stride=max(round(4 * scale), 1),
        high_bins=3 * n_bins // 4,
        high_stride=max(round(12 * scale), 1),
    )


def draw_conditions(classes: NDArray[np.int32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Class vectors as a classifier would give them: mostly right, at times unsure, wrong or missing."""
    one_hot = np.eye(len(CLASSES), dtype=np.float32)[classes]
    kind = rng.random(len(classes))
    unsure = rng.dirichlet(np.ones(len(CLASSES)), len(classes)).astype(np.float32)
    share = rng.random((len(classes), 1), np.float32)
    conditions = np.where(kind[:, None] < 0.6, one_hot, share * one_hot + (1 - share) * unsure)
    conditions[kind > 0.8] = 0.0
    return conditions


class Validation:
    """The same mixtures of held-out speakers and recordings every time, scored by PESQ, STOI and SI-SDR."""

    def __init__(self, root: Path, n_mixtures: int, seconds: float = 4.0) -> None:
        corpus = Corpus.load(root, "dev")
        drawn = Mixer(corpus, MixingOptions(seconds, p_colour=0, p_room=0, p_second_noise=0), seed=0)
        rng = np.random.default_rng(0)
        mixtures = []
        for index in range(n_mixtures):
            noise_class = NOISES[index % len(NOISES)]
            snr_db = VALIDATION_SNRS_DB[index // len(NOISES) % len(VALIDATION_SNRS_DB)]
            clean, noise = drawn.draw_pair(rng, noise_class)
            mixtures.append((mix(clean, noise, snr_db), CLASSES.index(noise_class)))
        self.clean = np.stack([m.clean for m, _ in mixtures])
        self.noisy = np.stack([m.noisy for m, _ in mixtures])
        self.classes = np.array([c for _, c in mixtures], np.int32)
        self._pool = ProcessPoolExecutor(2, get_context("spawn"))
        self.before = self._scores(self.noisy)

    def run(self, enhance: Callable[..., NDArray[np.float32]]) -> dict[str, float]:
        """Return the mean figures of a network, and what it gains over the noisy signal."""
        parts = [
            enhance(self.noisy[i : i + 12], self.classes[i : i + 12]) for i in range(0, len(self.noisy), 12)
        ]
        after = self._scores(np.concatenate(parts))
        return {**after, **{f"{name}_gain": after[name] - self.before[name] for name in after}}

    def close(self) -> None:
        """End the scoring processes."""
        self._pool.shutdown(cancel_futures=True)

    def _scores(self, processed: NDArray[np.float32]) -> dict[str, float]:
        rows = list(self._pool.map(_score_row, self.clean, processed))
        return {
            name: float(np.mean([row[i] for row in rows if row[i] is not None]))
            for i, name in enumerate(VALIDATION_METRICS)
        }


def _score_row(clean: NDArray[np.float32], processed: NDArray[np.float32]) -> list[float | None]:
    return [score(name, clean, processed).value for name in VALIDATION_METRICS]


def train(options: TrainDdaeOptions, reporter: Reporter) -> Path:
    """Train a DDAE, or go on with a run that was stopped.

    Returns
    -------
    Path
        The run's folder, ready for ``train_cli export``.

    Raises
    ------
    WorkbenchError
        The data cannot be used, or the run's folder belongs to other options.
    """
    mixing = MixingOptions(seconds=options.seconds)
    _open_run(options, mixing)
    reporter.started("train-ddae", asdict(options))
    trainer = Trainer(options)
    validation = Validation(options.data, options.validation_mixtures)
    try:
        for _ in _run(options, mixing, trainer, validation, reporter):
            pass
    finally:
        validation.close()
    reporter.finished(f"The run is in {options.run}; make a bundle of it with 'train_cli export'.")
    return options.run


def _run(
    options: TrainDdaeOptions,
    mixing: MixingOptions,
    trainer: Trainer,
    validation: Validation,
    reporter: Reporter,
) -> Iterator[int]:
    start_s, waited_s = time.monotonic(), 0.0
    first = int(trainer.step)
    batches = prefetch(options.data, "train", mixing, options.seed, options.batch, first, options.steps)
    best = _best_so_far(options.run)
    losses: list[dict[str, float]] = []
    for step in range(first, options.steps):
        before_s = time.monotonic()
        batch = next(batches)
        waited_s += time.monotonic() - before_s
        losses.append(trainer.update(batch))
        done, elapsed_s = step + 1, time.monotonic() - start_s
        out_of_time = bool(options.max_minutes) and elapsed_s > 60 * options.max_minutes
        if done % 20 == 0:
            recent = {name: float(np.mean([row[name] for row in losses[-20:]])) for name in losses[-1]}
            remaining_s = elapsed_s / (done - first) * (options.steps - done)
            reporter.progress(done, options.steps, remaining_s, **recent)
        if done % options.epoch_steps == 0 or done == options.steps or out_of_time:
            figures = validation.run(trainer.enhance)
            means = {name: float(np.mean([row[name] for row in losses])) for name in losses[-1]}
            means["mixtures_per_s"] = (done - first) * options.batch / elapsed_s
            means["waiting_share"] = waited_s / elapsed_s
            losses.clear()
            _append_curve(options.run, {"step": done, **means, **figures})
            reporter.epoch(done, **means, **figures)
            quality = figures["pesq_wb"] + 5 * figures["stoi"]
            if quality > best:
                best = quality
                trainer.best.save(checkpoint_number=done)
            trainer.checkpoints.save(checkpoint_number=done)
            yield done
        if out_of_time:
            break
    batches.close()


def _open_run(options: TrainDdaeOptions, mixing: MixingOptions) -> None:
    """Record the options of a new run; refuse to go on with another network's run."""
    options.run.mkdir(parents=True, exist_ok=True)
    path = options.run / "run.json"
    record = {"command": "train-ddae", "options": asdict(options), "mixing": asdict(mixing)}
    if path.exists():
        known = json.loads(path.read_text())["options"]
        for name in ("window", "hop", "batch", "seed", "seconds"):
            if known[name] != getattr(options, name):
                raise WorkbenchError(
                    f"{options.run} was trained with --{name} {known[name]}; use the same or another --run folder."
                )
    path.write_text(json.dumps(record, indent=2, default=str))


def _best_so_far(run: Path) -> float:
    path = run / "curve.csv"
    if not path.exists():
        return -np.inf
    with path.open(newline="") as file:
        return max(
            (float(row["pesq_wb"]) + 5 * float(row["stoi"]) for row in csv.DictReader(file)), default=-np.inf
        )


def _append_curve(run: Path, row: dict[str, float]) -> None:
    path = run / "curve.csv"
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        if is_new:
            writer.writeheader()
        writer.writerow({name: f"{value:.6g}" for name, value in row.items()})
