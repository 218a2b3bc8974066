"""One method, ready to run: noise classifier and denoiser over the same mixed signal."""

from typing import TYPE_CHECKING

from workbench.classifier.posterior import ClassPosterior
from workbench.denoisers.registry import make_denoiser
from workbench.denoisers.strength import StrengthControl
from workbench.dsp import Signal
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.classifier.streaming import NoiseClassifier


class Chain:
    """A denoising method with its strength control, and a classifier where the method has none of its own.

    Parameters
    ----------
    method : str
        Name as in `workbench.denoisers.registry.methods`.
    attenuation_limit_db, wet : optional
        As in `StrengthControl`; `strength` holds them from then on.

    Raises
    ------
    WorkbenchError
        If the method is unknown or cannot be had here, or a setting is out of range.
    """

    def __init__(self, method: str, attenuation_limit_db: float | None = None, wet: float = 1.0) -> None:
        denoiser = make_denoiser(method)
        self.method = method
        self.strength = StrengthControl(denoiser, attenuation_limit_db, wet)
        self.latency_samples: int = self.strength.latency_samples
        self._own_posteriors = getattr(denoiser, "posteriors", None)
        self._classifier = _classifier() if self._own_posteriors is None else None

    def reset(self) -> None:
        """Forget all signal history."""
        self.strength.reset()
        if self._classifier is not None:
            self._classifier.reset()

    def process(self, mixed: Signal) -> tuple[Signal, list[ClassPosterior]]:
        """Run the next block; the denoised one is late by `latency_samples`.

        Parameters
        ----------
        mixed : numpy.ndarray
            float32, shape (n_samples,).

        Returns
        -------
        tuple
            Denoised block, float32, shape (n_samples,), and the posteriors that became known, with times
            counted from the last reset.
        """
        denoised = self.strength.process(mixed)
        if self._own_posteriors is not None:
            return denoised, self._own_posteriors()
        return denoised, [] if self._classifier is None else self._classifier.process(mixed)


def _classifier() -> "NoiseClassifier | None":
    """Return a classifier; without a usable bundle the sound goes on, only without classes."""
    from workbench.classifier.streaming import NoiseClassifier  # Brings LiteRT.

    try:
        return NoiseClassifier()
    except WorkbenchError:
        return None
