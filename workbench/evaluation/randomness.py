"""The same random numbers for packages that draw from NumPy's global generator."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


@contextmanager
def fixed_global_randomness() -> Iterator[None]:
    """Seed NumPy's global generator for the time of a call, and put it back as it was."""
    state = np.random.get_state()  # noqa: NPY002 - the generator that the packages use
    np.random.seed(0)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002
