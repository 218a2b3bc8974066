"""The colours of spectrograms."""

import numpy as np
from numpy.typing import NDArray

COLOUR_MAPS = ("magma", "viridis", "cividis")


def colour_map(name: str) -> NDArray[np.uint8]:
    """Return a perceptually uniform colour map of `COLOUR_MAPS`, uint8, shape (256, 3)."""
    import pyqtgraph as pg

    table: NDArray[np.uint8] = pg.colormap.get(name).getLookupTable(nPts=256, alpha=False)
    return table
