"""A WAV file that is whole at every moment, for recordings that must survive a crash."""

import os
import struct
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from workbench.dsp import SAMPLE_RATE, Signal
from workbench.errors import WorkbenchError

_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sII4sI")
_FLOAT_FORMAT = 3
_MAX_SAMPLES = ((1 << 32) - 4096) // 4


class GrowingWav:
    """A mono WAV file of 32-bit floats at `SAMPLE_RATE`, written as the sound comes.

    Samples are appended first; `commit` then lets the header count them. So the header never promises what is
    not there: killed at any moment, the file plays up to the last commit. Floats keep every bit, and what
    goes beyond full scale.

    Parameters
    ----------
    path : pathlib.Path
        Must not exist yet.

    Raises
    ------
    WorkbenchError
        If the file cannot be made, now, or cannot grow, later: no room, or beyond WAV's 4 GiB (18 hours).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.n_samples = 0
        try:
            self._file = path.open("xb", buffering=0)
            self._file.write(self._header())
        except OSError as error:
            raise self._failed(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def write(self, block: Signal) -> None:
        """Append a block, float32, shape (n_samples,)."""
        if self.n_samples + len(block) > _MAX_SAMPLES:
            raise WorkbenchError(f"“{self.path}” is as long as a WAV file can be: begin another recording.")
        data = np.ascontiguousarray(block, "<f4").tobytes()
        try:
            while data:
                data = data[self._file.write(data) :]
        except OSError as error:
            raise self._failed(error) from error
        self.n_samples += len(block)

    def commit(self) -> None:
        """Let the header count what has been written."""
        try:
            self._file.seek(0)
            self._file.write(self._header())
            self._file.seek(0, os.SEEK_END)
        except OSError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Commit and close; more than once does no harm."""
        if not self._file.closed:
            try:
                self.commit()
            finally:
                self._file.close()

    def _header(self) -> bytes:
        n_bytes = 4 * self.n_samples
        form = (16, _FLOAT_FORMAT, 1, SAMPLE_RATE, 4 * SAMPLE_RATE, 4, 32)
        # A "fact" chunk is what the format asks of anything but PCM.
        fact = (b"fact", 4, self.n_samples)
        return _HEADER.pack(
            b"RIFF", n_bytes + _HEADER.size - 8, b"WAVE", b"fmt ", *form, *fact, b"data", n_bytes
        )

    def _failed(self, error: OSError) -> WorkbenchError:
        return WorkbenchError(f"“{self.path}” cannot be written: {error.strerror}; choose another place.")
