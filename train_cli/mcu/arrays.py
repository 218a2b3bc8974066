"""NumPy arrays as C source."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_PER_LINE = 8


def c_array(declaration: str, values: NDArray) -> str:
    """Return the definition of a constant array, such as ``const float table[3][2] = {...};``.

    Parameters
    ----------
    declaration : str
        Type and name; the shape of the array is added.
    values : numpy.ndarray
        Floats or integers.
    """
    shape = "".join(f"[{size}]" for size in values.shape)
    return f"{declaration}{shape} = {_initialiser(values)};\n"


def c_bytes(declaration: str, content: bytes) -> str:
    """Return the definition of a constant array of bytes, aligned as TensorFlow Lite Micro asks."""
    lines = (
        ",".join(f"0x{byte:02x}" for byte in content[start : start + 20])
        for start in range(0, len(content), 20)
    )
    return f"{declaration}[{len(content)}] DW_ALIGNED = {{\n" + ",\n".join(lines) + "};\n"


def c_float(value: float) -> str:
    """Return a single-precision constant that is read back exactly."""
    text = f"{np.float32(value):.9g}"
    return f"{text if any(mark in text for mark in '.en') else text + '.0'}f"


def _initialiser(values: NDArray) -> str:
    if values.ndim > 1:
        return "{" + ",\n".join(_initialiser(row) for row in values) + "}"
    is_float = np.issubdtype(values.dtype, np.floating)
    texts = [c_float(value) if is_float else str(int(value)) for value in values]
    return "{" + ",\n".join(_lines(texts)) + "}"


def _lines(texts: list[str]) -> Iterator[str]:
    for start in range(0, len(texts), _PER_LINE):
        yield ", ".join(texts[start : start + _PER_LINE])
