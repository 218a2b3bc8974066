"""Numbers with their sign, as people write them."""


def signed(value: float) -> str:
    """Return a whole number with its sign: "+3", "0", "−5"."""
    return "0" if value == 0 else f"+{value:g}" if value > 0 else f"−{-value:g}"
