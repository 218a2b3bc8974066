"""Denoise Workbench: classify the noise around a listener and remove it while keeping the voice."""

import os

__version__ = "0.1.0"

# The matrix products here are small: several BLAS threads only wait for one another, which made them ten to
# forty times slower on two busy cores. This must be said before NumPy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
