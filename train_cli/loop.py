"""The training loop that every network shares: batches, progress, validation, best weights, resume."""

import time
from collections import deque
from pathlib import Path
from typing import Protocol

import numpy as np
import tensorflow as tf

from train_cli.curve_figure import draw_curve
from train_cli.data import Batch, MixingOptions, prefetch
from train_cli.events import Reporter
from train_cli.examples import Example, write_examples
from train_cli.options import TrainingOptions
from train_cli.runs import append_curve, forget_stop, read_curve, stop_requested, validations_since_best
from workbench.corpora.recordings import doubts_about
from workbench.errors import WorkbenchError

AVERAGE_DECAY = 0.998
"""Decay per step of the averaged weights, which are those that are validated and exported."""
_REPORT_STEPS, _REPORT_S = 20, 2.0
"""Progress is told after so many steps, and sooner where they take long."""
_RENORMALISING_BATCHES = 32


class Trainer(Protocol):
    """What the loop needs of a network in training."""

    kept: "Kept"

    def update(self, batch: Batch) -> dict[str, float]:
        """Take one training step and return the losses."""

    def renormalise(self, batch: Batch) -> None:
        """Let the averaged weights see a batch, so that their normalisation fits them."""

    def validate(self) -> dict[str, float]:
        """Measure the averaged weights; ``quality`` is what the best weights are chosen by."""

    def examples(self) -> list[Example]:
        """Return sounds of the last validation."""

    def close(self) -> None:
        """End helping processes."""


class Kept:
    """Everything of a run that lives on disk: network, averaged network, optimiser, step.

    Restores the last checkpoint of the run's folder if there is one. The optimiser is AdamW if none is given.
    `beside` is trained with the network and is no part of its best weights.
    """

    def __init__(
        self,
        options: TrainingOptions,
        network: tf.Module,
        averaged: tf.Module,
        optimizer: tf.keras.optimizers.Optimizer | None = None,
        beside: tf.Module | None = None,
    ) -> None:
        self.options = options
        self.network, self.averaged = network, averaged
        self._trained = [*network.trainable_variables, *(beside.trainable_variables if beside else ())]
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.optimizer = optimizer or tf.keras.optimizers.AdamW(
            options.learning_rate, weight_decay=1e-3, beta_2=0.99, global_clipnorm=1.0
        )
        self.optimizer.build(self._trained)
        self.follow(0.0)
        parts = {"network": network, "averaged": averaged, "optimizer": self.optimizer, "step": self.step}
        everything = tf.train.Checkpoint(**parts, **({"beside": beside} if beside else {}))
        self.checkpoints = tf.train.CheckpointManager(everything, str(options.run / "checkpoints"), 2)
        best = tf.train.Checkpoint(averaged=averaged, step=self.step)
        self.best = tf.train.CheckpointManager(best, str(options.run / "best"), 1)
        if self.checkpoints.latest_checkpoint:
            everything.restore(self.checkpoints.latest_checkpoint).assert_existing_objects_matched()
        elif options.start_from is not None:
            self._begin_with(options.start_from)

    def _begin_with(self, run: Path) -> None:
        """Take over the best weights of another run."""
        path = tf.train.latest_checkpoint(str(run / "best"))
        if path is None:
            raise WorkbenchError(f"{run} has no weights to start from; name the folder of a finished run.")
        try:
            found = tf.train.Checkpoint(averaged=self.averaged).restore(path)
            found.assert_existing_objects_matched().expect_partial()
        except (AssertionError, ValueError):
            raise WorkbenchError(
                f"The weights of {run} do not fit this network; start from a run with the same settings."
            ) from None
        for current, average in zip(self.network.variables, self.averaged.variables, strict=True):
            current.assign(average)

    def descend(self, tape: tf.GradientTape, loss: tf.Tensor) -> None:
        """Apply the gradients and let the averaged weights follow."""
        variables = self._trained
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        self.follow(AVERAGE_DECAY)

    def follow(self, decay: float) -> None:
        """Move the averaged weights towards the current ones."""
        for average, current in zip(self.averaged.variables, self.network.variables, strict=True):
            average.assign(decay * average + (1 - decay) * current)

    def begin_step(self) -> np.random.Generator:
        """Set the learning rate of this step; return its own random numbers."""
        options, step = self.options, int(self.step)
        if step < options.warmup_steps:
            rate = options.learning_rate * (step + 1) / options.warmup_steps
        else:
            share = min((step - options.warmup_steps) / max(options.steps - options.warmup_steps, 1), 1.0)
            rate = options.learning_rate * (0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * share))))
        self.optimizer.learning_rate.assign(rate)
        self.step.assign_add(1)
        return np.random.default_rng([options.seed, 1, step])


def run_training(
    options: TrainingOptions,
    mixing: MixingOptions,
    trainer: Trainer,
    reporter: Reporter,
) -> None:
    """Train until the steps, the time or the patience are used up, from wherever the run stood.

    A file ``stop`` in the run's folder ends it at once with a last validation, as if its time were over.

    Raises
    ------
    WorkbenchError
        The data cannot be used, or the run cannot be written.
    """
    for doubt in doubts_about(options.data):
        reporter.warning(doubt)
    kept = trainer.kept
    first = int(kept.step)
    batches = prefetch(options.data, "train", mixing, options.seed, options.batch, first, options.steps)
    start_s, waited_s = time.monotonic(), 0.0
    reported_s = -np.inf
    curve = read_curve(options.run)
    best = max((row["quality"] for row in curve), default=-np.inf)
    n_worse = validations_since_best(curve)
    ending = "The run is complete"
    losses: list[dict[str, float]] = []
    recent: deque[Batch] = deque(maxlen=_RENORMALISING_BATCHES)
    try:
        for done in range(first + 1, options.steps + 1):
            before_s = time.monotonic()
            batch = next(batches)
            waited_s += time.monotonic() - before_s
            losses.append(trainer.update(batch))
            recent.append(batch)
            elapsed_s = time.monotonic() - start_s
            if done % _REPORT_STEPS == 0 or time.monotonic() - reported_s > _REPORT_S:
                reported_s = time.monotonic()
                remaining_s = elapsed_s / (done - first) * (options.steps - done)
                reporter.progress(done, options.steps, remaining_s, **_means(losses[-_REPORT_STEPS:]))
            out_of_time = bool(options.max_minutes) and elapsed_s > 60 * options.max_minutes
            stopped = stop_requested(options.run)
            if done % options.epoch_steps == 0 or done == options.steps or out_of_time or stopped:
                # Averaged statistics are not those of averaged weights (Izmailov et al. 2018, section 3.2).
                for seen in recent:
                    trainer.renormalise(seen)
                figures = {
                    **_means(losses),
                    "mixtures_per_s": (done - first) * options.batch / elapsed_s,
                    "waiting_share": waited_s / elapsed_s,
                    **trainer.validate(),
                }
                losses.clear()
                if figures["quality"] > best:
                    best, n_worse = figures["quality"], 0
                    _save(kept.best, done)
                else:
                    n_worse += 1
                _save(kept.checkpoints, done)
                append_curve(options.run, {"step": done, **figures})
                reporter.epoch(done, **figures)
                for details in write_examples(options.run, done, trainer.examples()[: options.examples]):
                    reporter.artifact("example", **details)
                if options.patience and n_worse >= options.patience:
                    ending = f"Stopped early after {n_worse} validations that were no better than the best"
                    break
            if stopped:
                forget_stop(options.run)
                ending = f"Stopped at step {done} as asked, with the best weights so far"
                break
            if out_of_time:
                ending = f"The time was over at step {done}"
                break
    finally:
        batches.close()
        trainer.close()
    picture = draw_curve(options.run)
    if picture is not None:
        reporter.artifact("learning curve", str(picture))
    advice = f"{options.run}; make a bundle of it with 'train_cli export'."
    reporter.finished(f"{ending}: {advice}", ending=ending)


def _save(manager: tf.train.CheckpointManager, step: int) -> None:
    try:
        manager.save(checkpoint_number=step)
    except tf.errors.OpError as error:
        # A full disk, mostly; the checkpoint before is still whole.
        reason = str(error.message).splitlines()[0].removesuffix(".")
        raise WorkbenchError(
            f"The weights cannot be written to {manager.directory}: {reason}; make room on the disk, then go "
            "on with the same command."
        ) from None


def _means(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[-1]}
