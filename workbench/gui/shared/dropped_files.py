"""The files of a drag."""

from pathlib import Path

from PySide6.QtCore import QMimeData


def local_files(data: QMimeData) -> list[Path]:
    """Return the local files of a drag."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
