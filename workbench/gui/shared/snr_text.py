"""SNRs as people write them: a list, or a range."""

import re

import numpy as np

from workbench.errors import WorkbenchError

DEFAULT_STEP_DB = 5.0
MAX_SNRS = 200
_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_RANGE = re.compile(
    rf"({_NUMBER})\s*(?:\.\.|to|:)\s*({_NUMBER})(?:\s*(?:step|by|in steps of|:)\s*({_NUMBER}))?"
)


def parse_snrs(text: str) -> tuple[float, ...]:
    """Return the SNRs that a text names, in dB, each once and in order.

    Parameters
    ----------
    text : str
        Numbers with commas or spaces between them, as "-10, -5, 0"; or a range, as "-10 to 15", "-10 to 15 by
        5" or "-10:15:5" (in steps of 5 unless told otherwise).

    Raises
    ------
    WorkbenchError
        The text names none, or cannot be understood.
    """
    plain = text.replace("−", "-").replace("dB", " ").strip()
    if found := _RANGE.fullmatch(plain):
        low, high = sorted((float(found[1]), float(found[2])))
        step = abs(float(found[3])) if found[3] else DEFAULT_STEP_DB
        if step == 0 or (high - low) / step >= MAX_SNRS:
            raise WorkbenchError(f"The range {text} has too many steps; write a larger one.")
        values = low + step * np.arange(int((high - low) / step + 1e-9) + 1)
        return tuple(round(float(value), 6) for value in values)
    parts = [part for part in re.split(r"[,;\s]+", plain) if part]
    if not parts or not all(re.fullmatch(_NUMBER, part) for part in parts):
        raise WorkbenchError("Write the SNRs as numbers, as −10, −5, 0, or as a range, as −10 to 15 by 5.")
    return tuple(sorted({float(part) for part in parts}))


def format_snrs(snrs_db: tuple[float, ...]) -> str:
    """Return SNRs as a text that `parse_snrs` reads."""
    return ", ".join(f"{snr_db:g}" for snr_db in snrs_db).replace("-", "−")
