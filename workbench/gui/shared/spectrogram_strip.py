"""A spectrogram held as one byte per cell, cheap to write a column to and cheap to draw a part of."""

import numpy as np
from numpy.typing import NDArray

LOWEST_DB = -100.0
HIGHEST_DB = 0.0
STEPS_PER_DB = 255.0 / (HIGHEST_DB - LOWEST_DB)
COARSE = 16


class SpectrogramStrip:
    """The whole scene's spectrogram in bytes: 0 is `LOWEST_DB`, 255 is `HIGHEST_DB`.

    The dB scale on show is a matter of the colour table alone, so that moving it never touches the cells.

    Parameters
    ----------
    n_columns, n_bins : int
        Size of the scene.
    """

    def __init__(self, n_columns: int, n_bins: int) -> None:
        self.cells: NDArray[np.uint8] = np.zeros((n_columns, n_bins), np.uint8)
        # The loudest of each 16 columns, so that minutes on show cost no more than seconds.
        self._coarse: NDArray[np.uint8] = np.zeros((-(-n_columns // COARSE), n_bins), np.uint8)

    @property
    def n_columns(self) -> int:
        """Number of columns in time."""
        return len(self.cells)

    def write(self, first_column: int, columns_db: NDArray[np.float32]) -> None:
        """Put columns in place; what lies outside the scene is left out.

        Parameters
        ----------
        first_column : int
            Where the first goes.
        columns_db : numpy.ndarray
            float32, shape (n, n_bins), dB re full scale.
        """
        skipped = max(0, -first_column)
        start = first_column + skipped
        n = min(len(columns_db) - skipped, self.n_columns - start)
        if n > 0:
            scaled = (columns_db[skipped : skipped + n] - LOWEST_DB) * STEPS_PER_DB
            self.cells[start : start + n] = np.clip(scaled + 0.5, 0, 255)
            self._update_coarse(start, start + n)

    def take_over(self, other: "SpectrogramStrip", from_column: int) -> None:
        """Take over another strip of the same size from a column on."""
        self.cells[from_column:] = other.cells[from_column:]
        self._update_coarse(from_column, self.n_columns)

    def window(self, start: int, stop: int, max_columns: int) -> tuple[NDArray[np.uint8], int, int]:
        """Return a part as an image no wider than `max_columns`; groups of columns keep their loudest.

        Parameters
        ----------
        start, stop : int
            Columns wanted; widened to whole groups, so that the grouping does not change while it scrolls.
        max_columns : int
            The most columns to return, at least 1.

        Returns
        -------
        tuple
            Image, uint8, shape (n_bins, n), lowest frequency first, C-contiguous; and the first and the
            last (exclusive) column of the strip that it covers.
        """
        start, stop = max(0, start), min(self.n_columns, stop)
        if stop <= start:
            return np.zeros((self.cells.shape[1], 0), np.uint8), start, start
        group = max(1, -(-(stop - start) // max_columns))
        if group < COARSE:
            image, start, stop = _grouped(self.cells, start, stop, group)
        else:
            image, start, stop = _grouped(
                self._coarse, start // COARSE, -(-stop // COARSE), -(-group // COARSE)
            )
            start, stop = start * COARSE, stop * COARSE
        return image, start, stop

    def _update_coarse(self, start: int, stop: int) -> None:
        first, last = start // COARSE, -(-stop // COARSE)
        if last > first:
            edges = np.arange(first, last) * COARSE
            part = self.cells[: min(last * COARSE, self.n_columns)]
            self._coarse[first:last] = np.maximum.reduceat(part, edges, axis=0)


def _grouped(
    cells: NDArray[np.uint8], start: int, stop: int, group: int
) -> tuple[NDArray[np.uint8], int, int]:
    start -= start % group
    part = cells[start:stop]
    if group > 1:
        padded = -len(part) % group
        if padded:
            part = np.concatenate([part, np.zeros((padded, part.shape[1]), np.uint8)])
        part = part.reshape(-1, group, part.shape[1]).max(axis=1)
    return np.ascontiguousarray(part.T), start, start + len(part) * group


def colour_table(colours: NDArray[np.uint8], low_db: float, high_db: float) -> NDArray[np.uint8]:
    """Return the 256 colours of the cells for a dB scale from `low_db` to `high_db`.

    Parameters
    ----------
    colours : numpy.ndarray
        uint8, shape (256, 3): the colour map from its low to its high end.
    """
    cell_db = LOWEST_DB + np.arange(256) / STEPS_PER_DB
    place = (cell_db - low_db) / max(high_db - low_db, 1e-6)
    table: NDArray[np.uint8] = colours[np.clip(np.round(place * 255), 0, 255).astype(np.intp)]
    return table
