"""What the numbers of a sweep depend on besides its plan: versions, and the content of models."""

import platform
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version

import workbench
from workbench.bundles.check import Bundle
from workbench.bundles.store import default_bundle, get_bundle
from workbench.evaluation.plan import NOISY

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


@lru_cache(maxsize=1)
def versions() -> dict[str, str]:
    """Return the versions of the workbench, of Python and of the packages that compute."""
    found = {"denoise-workbench": workbench.__version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def method_identity(method: str) -> str:
    """Return what tells two states of a method apart: the workbench's version and its models' hashes.

    Raises
    ------
    WorkbenchError
        The method's bundle is not installed.
    """
    parts = [f"denoise-workbench {workbench.__version__}"]
    if method != NOISY:
        parts += [_bundle_identity(bundle) for bundle in _bundles(method)]
    return "; ".join(parts)


def _bundles(method: str) -> list[Bundle]:
    base, at, bundle = method.partition("@")
    if base != "adaptive" and base != "ddae" and not base.startswith("ddae-"):
        return []
    ddae = get_bundle(bundle) if at else default_bundle("ddae")
    return [ddae, default_bundle("nc")] if base == "adaptive" else [ddae]


def _bundle_identity(bundle: Bundle) -> str:
    hashes = ", ".join(
        f"{precision} sha256:{file.sha256}" for precision, file in sorted(bundle.manifest.files.items())
    )
    return f"{bundle.name} {bundle.manifest.version} ({hashes})"
