"""The mixtures of a sweep, one line for each mixture and method, with one metric."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from workbench.evaluation.plan import NOISY
from workbench.evaluation.statistics import ALL, worst_cases
from workbench.evaluation.store import Result


class MixtureRow(NamedTuple):
    """What a metric says about a method on a mixture.

    Attributes
    ----------
    trial, speech, noise, noise_class, snr_db, repetition, method
        Which mixture and which method, as `workbench.evaluation.store.Result` has them.
    noisy, value : float or None
        Of the noisy signal, and of what the method made of it.
    loss : float or None
        How much worse than the noisy signal it is, positive if it is worse; None where that is not known.
    gap : str
        Why there is no value, empty if there is one.
    """

    trial: str
    speech: str
    noise: str
    noise_class: str
    snr_db: float
    repetition: int
    method: str
    noisy: float | None
    value: float | None
    loss: float | None
    gap: str

    @property
    def gain(self) -> float | None:
        """Value less that of the noisy signal."""
        if self.value is None or self.noisy is None or self.method == NOISY:
            return None
        return self.value - self.noisy


@dataclass(frozen=True)
class MixtureFilter:
    """Which mixtures are listed; None and an empty text stand for all.

    Attributes
    ----------
    method, noise_class : str or None
    snr_db : float or None
    text : str
        To be found in the names of speech, noise or mixture, whatever the case.
    only_gaps : bool
        Only those without a value.
    """

    method: str | None = None
    noise_class: str | None = None
    snr_db: float | None = None
    text: str = ""
    only_gaps: bool = False

    def takes(self, row: MixtureRow) -> bool:
        """Return whether a mixture is listed."""
        return (
            (self.method is None or row.method == self.method)
            and (self.noise_class in (None, ALL) or row.noise_class == self.noise_class)
            and (self.snr_db is None or row.snr_db == self.snr_db)
            and not (self.only_gaps and not row.gap)
            and (
                not self.text or self.text in f"{row.speech}\n{row.noise}\n{row.trial}\n{row.gap}".casefold()
            )
        )


def mixture_rows(results: Sequence[Result], metric: str) -> list[MixtureRow]:
    """Return a row for each mixture and method with a result of the metric, in the order of the results."""
    losses = {
        (case.result.trial, case.result.method): case.loss
        for case in worst_cases(results, metric, n=len(results))
    }
    chosen = [result for result in results if result.metric == metric]
    noisy = {result.trial: result.value for result in chosen if result.method == NOISY}
    return [
        MixtureRow(
            result.trial,
            result.speech,
            result.noise,
            result.noise_class,
            result.snr_db,
            result.repetition,
            result.method,
            noisy.get(result.trial),
            result.value,
            losses.get((result.trial, result.method)),
            result.gap or "",
        )
        for result in chosen
    ]
