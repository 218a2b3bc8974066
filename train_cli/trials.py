"""Which mixtures are made of a split: speech, noise, SNR and where in the noise to begin, drawn by a seed.

`mix` writes and `evaluate` measures the same ones.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.audio.files import read
from workbench.classifier.posterior import CLASSES, NoiseClass
from workbench.corpora.recordings import find_recordings, select
from workbench.dsp import Signal
from workbench.errors import WorkbenchError

SNRS_DB = (-10.0, -5.0, 0.0, 5.0, 10.0, 15.0)


@dataclass(frozen=True)
class Trial:
    """One mixture to make.

    Attributes
    ----------
    speech, noise : Path
    speaker, recording : str
        Of the speech, and the source recording of the noise.
    noise_class : NoiseClass
    snr_db : float
    position : float
        Where in the noise to begin, as a share of what is left over.
    index : int
        Number among those of the same class and SNR.
    """

    speech: Path
    noise: Path
    speaker: str
    recording: str
    noise_class: NoiseClass
    snr_db: float
    position: float
    index: int

    @property
    def name(self) -> str:
        """Name of the mixture, different for each of a seed."""
        return f"{self.noise_class}_{self.snr_db:+g}dB_{self.index:04d}"


def draw_trials(
    data: Path, split: str, snrs_db: Sequence[float], per_cell: int, seed: int
) -> Iterator[Trial]:
    """Draw `per_cell` mixtures for each class and SNR.

    Raises
    ------
    WorkbenchError
        The data cannot be used, or lacks speech or a class in this split.
    """
    recordings = find_recordings(data)
    speech = select(recordings, "speech", split)
    if not speech:
        raise WorkbenchError(f"{data} has no {split} speech; choose another --split or --data.")
    for class_index, noise_class in enumerate(CLASSES[:4]):
        noises = select(recordings, "noise", split, noise_class)
        if not noises:
            raise WorkbenchError(f"{data} has no {split} noise of the class {noise_class}.")
        for snr_index, snr_db in enumerate(snrs_db):
            for index in range(per_cell):
                rng = np.random.default_rng([seed, class_index, snr_index, index])
                voice = speech[rng.integers(len(speech))]
                noise = noises[rng.integers(len(noises))]
                yield Trial(
                    voice.path,
                    noise.path,
                    voice.group,
                    noise.source,
                    noise_class,
                    snr_db,
                    rng.random(),
                    index,
                )


def read_trial(trial: Trial) -> tuple[Signal, Signal, int]:
    """Read the speech, the whole noise, and the sample of the noise at which the mixture begins."""
    clean, noise = read(trial.speech), read(trial.noise)
    return clean, noise, int(trial.position * max(len(noise) - len(clean), 1))
