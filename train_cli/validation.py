"""Validation on held-out speakers and recordings: the same mixtures every time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from train_cli.data import NOISES, Batch, Corpus, Mixer, MixingOptions
from train_cli.examples import Example
from train_cli.options import TrainNcOptions
from train_cli.scoring import Scorer
from train_cli.simulation import colour
from workbench.classifier.posterior import CLASSES, NoiseClass
from workbench.dsp.mixing import mix

VALIDATION_SNRS_DB = (-10.0, -5.0, 0.0, 5.0, 10.0, 15.0)
VALIDATION_METRICS = ("pesq_wb", "stoi", "si_sdr")
_COLOUR_DB = 8.0
_AS_RECORDED = MixingOptions(p_second_noise=0, p_colour=0, p_room=0, p_loudspeaker=0, p_babble=0)


class DenoiserValidation:
    """Mixtures of the classes in turn at all SNRs, scored by PESQ, STOI and SI-SDR.

    In the second half the speech is coloured, as other rooms, microphones and corpora would.
    """

    def __init__(
        self,
        root: Path,
        n_mixtures: int,
        classes: Sequence[NoiseClass] = NOISES,
        seconds: float = 4.0,
    ) -> None:
        self._n_classes = len(classes)
        corpus = Corpus.load(root, "dev")
        drawn = Mixer(corpus, MixingOptions(seconds, p_colour=0, p_room=0, p_second_noise=0), seed=0)
        rng = np.random.default_rng(0)
        mixtures = []
        for index in range(n_mixtures):
            noise_class = classes[index % len(classes)]
            snr_db = VALIDATION_SNRS_DB[index // len(classes) % len(VALIDATION_SNRS_DB)]
            clean, noise = drawn.draw_pair(rng, noise_class)
            if index >= n_mixtures // 2:
                clean = colour(clean, rng.uniform(-_COLOUR_DB, _COLOUR_DB, 6))
            mixtures.append((mix(clean, noise, snr_db), CLASSES.index(noise_class)))
        self.clean = np.stack([m.clean for m, _ in mixtures])
        self.noisy = np.stack([m.noisy for m, _ in mixtures])
        self.classes = np.array([c for _, c in mixtures], np.int32)
        self._scorer = Scorer(VALIDATION_METRICS)
        self.before = self._scorer.mean(self.clean, self.noisy)
        self._titles = [
            f"{CLASSES[c].label} at {m.snr_db:+.0f} dB".replace("-", "−").replace("+0", "0")
            for m, c in mixtures
        ]
        self._denoised = self.noisy

    def run(self, enhance: Callable[..., NDArray[np.float32]]) -> dict[str, float]:
        """Return the mean figures of a network, and what it gains over the noisy signal."""
        parts = [
            enhance(self.noisy[i : i + 12], self.classes[i : i + 12]) for i in range(0, len(self.noisy), 12)
        ]
        self._denoised = np.concatenate(parts)
        after = self._scorer.mean(self.clean, self._denoised)
        gains = {f"{name}_gain": after[name] - self.before[name] for name in after}
        return {**after, **gains, "quality": after["pesq_wb"] + 5 * after["stoi"]}

    def examples(self) -> list[Example]:
        """Return what the last run made of the mixtures, the classes in turn, at middle SNRs first."""
        by_snr = sorted(
            range(len(self._titles)), key=lambda i: abs(i // self._n_classes % len(VALIDATION_SNRS_DB) - 2)
        )
        return [
            Example(
                self._titles[i],
                {"clean": self.clean[i], "noisy": self.noisy[i], "denoised": self._denoised[i]},
            )
            for i in by_snr
        ]

    def close(self) -> None:
        """End the scoring processes."""
        self._scorer.close()


class ClassValidation:
    """Mixtures at -10 to 15 dB, and noise alone."""

    def __init__(self, options: TrainNcOptions, p_no_noise: float = 0.1) -> None:
        recorded = replace(_AS_RECORDED, seconds=options.seconds)
        mixtures = replace(recorded, snr_db=(-10.0, 15.0), p_no_noise=p_no_noise)
        alone = replace(recorded, p_no_noise=0, p_noise_alone=1.0)
        corpus = Corpus.load(options.data, "dev")
        n_batches = max(options.validation_mixtures // 16, 1)
        self._examples: list[Example] = []
        self._batches = {
            name: [Mixer(corpus, mixing, seed=0).batch(index, 16) for index in range(n_batches)]
            for name, mixing in (("mixed", mixtures), ("alone", alone))
        }

    def run(self, classify: Callable[[NDArray[np.float32]], NDArray[np.int64]]) -> dict[str, float]:
        """Return the accuracies of a network that hears signals and names classes: (n, k) indices."""
        figures = {}
        for name, batches in self._batches.items():
            heard = [classify(batch.noisy) for batch in batches]
            if name == "mixed":
                self._examples = _heard_examples(batches[0], heard[0])
            hits = [h == batch.classes[:, None] for h, batch in zip(heard, batches, strict=True)]
            figures[f"accuracy_{name}"] = float(np.mean(np.concatenate(hits)))
        return {**figures, "quality": sum(figures.values()) / len(figures)}

    @property
    def mixtures(self) -> list[Batch]:
        """The mixtures at -10 to 15 dB."""
        return self._batches["mixed"]

    def examples(self) -> list[Example]:
        """Return mixtures with what the last run heard in them."""
        return self._examples


def _heard_examples(batch: Batch, heard: NDArray[np.int64]) -> list[Example]:
    """One mixture of each class, with the class that was heard most."""
    examples = []
    for index in sorted({int(c): i for i, c in enumerate(batch.classes)}.values()):
        most = int(np.bincount(heard[index], minlength=len(CLASSES)).argmax())
        title = f"{CLASSES[batch.classes[index]].label}, heard as {CLASSES[most].label.lower()}"
        examples.append(Example(title, {"noisy": batch.noisy[index]}))
    return examples
