"""Where the files that travel with the program are, in a checkout and in an installed wheel."""

from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parent
_BUNDLED = _PACKAGE / "_bundled"
APP_NAME = "denoise-workbench"


def _travelling(name: str) -> Path:
    installed = _BUNDLED / name
    return installed if installed.is_dir() else _PACKAGE.parent / name


def bundled_models_dir() -> Path:
    """Return the folder of the bundles that ship with the program (read-only)."""
    return _travelling("models")


def assets_dir() -> Path:
    """Return the folder of demo scenes and icons (read-only)."""
    return _travelling("assets")


def user_models_dir() -> Path:
    """Return the folder of the user's own bundles; it need not exist yet."""
    return Path(platformdirs.user_data_dir(APP_NAME, appauthor=False)) / "models"


def log_path() -> Path:
    """Return the file that the application logs to; its folder need not exist yet."""
    return Path(platformdirs.user_log_dir(APP_NAME, appauthor=False)) / "workbench.log"
