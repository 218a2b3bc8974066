"""What the numbers of a sweep depend on besides its plan: versions, and the content of models."""

import platform
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

import workbench
from workbench.bundles.check import Bundle
from workbench.denoisers.own_model_file import own_model_folders
from workbench.denoisers.packaged import PACKAGED
from workbench.denoisers.registry import method_bundles, split_precision
from workbench.evaluation.plan import content_key

_PACKAGES = (
    "numpy",
    "scipy",
    "ai-edge-litert",
    "pesq",
    "pystoi",
    "soxr",
    "soundfile",
    "speechmos",
    "pyclarity",
)


_ABSENT = "not installed"


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Return the versions of the workbench, of Python and of the packages that compute."""
    found = {"denoise-workbench": workbench.__version__, "python": platform.python_version()}
    return found | {name: number for name in _PACKAGES if (number := _version(name)) != _ABSENT}


def method_identity(method: str) -> str:
    """Return what tells two states of a method apart: versions, and the hashes of its models.

    Raises
    ------
    WorkbenchError
        The method's bundle is not installed.
    """
    base, _, name = split_precision(method)[0].partition("@")
    parts = [f"denoise-workbench {workbench.__version__}"]
    if method in PACKAGED:
        parts += [f"{package} {_version(package)}" for package in PACKAGED[method].requires]
    elif base == "model":
        folders = [folder for folder in own_model_folders() if folder.name == name]
        files = [path for folder in folders for path in sorted(folder.iterdir()) if path.is_file()]
        parts += [f"{path.name} sha256:{content_key(path)}" for path in files]
    else:
        parts += [_bundle_identity(bundle) for bundle in method_bundles(method)]
    return "; ".join(parts)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return _ABSENT


def _bundle_identity(bundle: Bundle) -> str:
    hashes = ", ".join(
        f"{precision} sha256:{file.sha256}" for precision, file in sorted(bundle.manifest.files.items())
    )
    return f"{bundle.name} {bundle.manifest.version} ({hashes})"
