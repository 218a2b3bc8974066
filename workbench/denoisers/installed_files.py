"""Files inside installed packages, found without importing what is around them."""

from importlib.metadata import distribution
from pathlib import Path


def installed_file(package: str, path: str) -> Path:
    """Return a file that an installed distribution brought.

    Parameters
    ----------
    package : str
        Name of the distribution.
    path : str
        Path below the folder that it is installed in.

    Raises
    ------
    ImportError
        If it is not there.
    """
    found = Path(str(distribution(package).locate_file(path)))
    if not found.is_file():
        raise ImportError(f"{package} is installed without {path}")
    return found
