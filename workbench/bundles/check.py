"""Whether a folder is a bundle that may be run: nothing in it is loaded before it has passed."""

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from workbench.bundles.manifest import (
    BundleFile,
    Manifest,
    log_mel_features,
    read_manifest,
    slice_features,
    spectral_features,
)
from workbench.errors import WorkbenchError

_IDENTIFIER = slice(4, 8)  # A flatbuffer carries its file identifier after the root offset.
_TFLITE = b"TFL3"


@dataclass(frozen=True)
class Bundle:
    """A checked bundle.

    Attributes
    ----------
    folder : pathlib.Path
        Where it lies.
    manifest : Manifest
        What it says about itself.
    """

    folder: Path
    manifest: Manifest

    @property
    def name(self) -> str:
        """Identifier of the bundle."""
        return self.manifest.name

    @property
    def precision(self) -> str:
        """Precision that runs unless another is asked for."""
        return self.manifest.default_precision or next(iter(self.manifest.files))

    def model_path(self, precision: str | None = None) -> Path:
        """Return the model file of a precision, the default one when None.

        Raises
        ------
        WorkbenchError
            If the bundle has no such file.
        """
        file = self.manifest.files.get(precision or self.precision)
        if file is None:
            raise WorkbenchError(
                f"Bundle {self.name!r} has no {precision} model; it has {', '.join(self.manifest.files)}."
            )
        return self.folder / file.path


def check_bundle(folder: Path) -> Bundle:
    """Check a bundle's manifest and every file that it names.

    The signature of a model is checked when `workbench.bundles.runtime.StatefulModel` loads it.

    Parameters
    ----------
    folder : pathlib.Path
        The bundle's folder.

    Returns
    -------
    Bundle
        Fit to be loaded.

    Raises
    ------
    WorkbenchError
        If anything is missing, damaged, outside the folder or not a LiteRT model.
    """
    manifest = read_manifest(folder)
    if manifest.kind == "ddae":
        latency_samples = _latency_samples(manifest)
        if manifest.latency_samples != latency_samples:
            raise WorkbenchError(
                f"Bundle {manifest.name!r} states a latency of {manifest.latency_samples} samples where its "
                f"window makes {latency_samples}; export it again."
            )
    else:
        log_mel_features(manifest)
    for file in manifest.files.values():
        _check_file(folder, file, manifest.name)
    return Bundle(folder, manifest)


def _latency_samples(manifest: Manifest) -> int:
    """Return the delay that the features of a denoiser make."""
    if manifest.works_on_slices:
        return slice_features(manifest).latency_samples
    features = spectral_features(manifest)
    return (features.synthesis_samples or features.window_samples) - 1


def _check_file(folder: Path, file: BundleFile, name: str) -> None:
    relative = PurePosixPath(file.path)
    path = folder / file.path
    inside = ".." not in relative.parts and path.resolve().is_relative_to(folder.resolve())
    if relative.is_absolute() or not inside:
        raise WorkbenchError(
            f"Bundle {name!r} is refused because its file {file.path!r} lies outside its folder."
        )
    again = "get the bundle again"
    try:
        content = path.read_bytes() if path.stat().st_size == file.n_bytes else None
    except OSError:
        raise WorkbenchError(f"{path} is missing or cannot be read; {again}.") from None
    if content is None:
        raise WorkbenchError(f"{path} is not {file.n_bytes} bytes long as its manifest says; {again}.")
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise WorkbenchError(f"{path} is damaged (its SHA-256 is not that of the manifest); {again}.")
    if content[_IDENTIFIER] != _TFLITE:
        raise WorkbenchError(f"{path} is not a LiteRT model (no TFL3 identifier); {again}.")
