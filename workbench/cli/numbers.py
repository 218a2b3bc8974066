"""Numbers on the command line: checked while parsing, so that the message names the option."""

import argparse
from collections.abc import Callable


def number(low: float, high: float) -> Callable[[str], float]:
    """Return a converter for ``add_argument(type=...)`` that accepts `low` to `high`, both included."""

    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"'{text}' is not a number") from None
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not between {low:g} and {high:g}")
        return value

    return convert


def parse_snr_db(text: str) -> float:
    """Convert an SNR in dB."""
    return number(-60, 60)(text)
