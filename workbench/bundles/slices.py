"""Running the original system's denoiser with LiteRT: slices of a spectrum, one signature for each class.

Its networks treat the 126 frames of a frequency bin as their features and go from bin to bin, so a file holds
what they do with one bin; their state begins anew with each slice.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workbench.bundles.check import Bundle
from workbench.bundles.manifest import Manifest, slice_features
from workbench.bundles.runtime import STATE_PREFIX, StatefulModel, loading, open_interpreter


class SliceModel:
    """One LiteRT interpreter on one thread over slices of a spectrum; nothing is kept between slices.

    Parameters
    ----------
    bundle : Bundle
        A checked bundle that works on slices.
    precision : str, optional
        Which of its files to run; its default when None.

    Attributes
    ----------
    input_shapes : dict of str to tuple of int
        Shape of a slice, under the name "features".

    Raises
    ------
    WorkbenchError
        If the model cannot be loaded or its signatures are not those of the bundle.
    """

    def __init__(self, bundle: Bundle, precision: str | None = None) -> None:
        features = slice_features(bundle.manifest)
        self.input_shapes = {"features": (features.n_bins, features.slice_frames)}
        self._classes = bundle.manifest.classes
        path = bundle.model_path(precision)
        with loading(path):
            self._interpreter = open_interpreter(path)
            self._runners: dict[str, Any] = {
                name: self._interpreter.get_signature_runner(name) for name in self._classes
            }
            for runner in self._runners.values():
                if flaw := _flaw(runner, features.slice_frames):
                    raise ValueError(flaw)
            first = self._runners[self._classes[0]]
            self._start = {
                name: np.zeros(detail["shape"], np.float32)
                for name, detail in first.get_input_details().items()
                if name.startswith(STATE_PREFIX)
            }
            for name in self._classes:  # Memory is taken at the first run: not in the midst of a stream.
                self.step(np.zeros(self.input_shapes["features"], np.float32), name)

    def step(self, features: ArrayLike, noise_class: str | None = None) -> dict[str, NDArray[np.float32]]:
        """Run the network of a class over a slice.

        Parameters
        ----------
        features : array_like
            Shape (n_bins, slice_frames).
        noise_class : str, optional
            One of the bundle's classes; the first when None.

        Returns
        -------
        dict of str to numpy.ndarray
            ``residual``: float32, shape (n_bins, slice_frames).
        """
        bins = np.ascontiguousarray(features, np.float32)
        residual = np.empty_like(bins)
        run = self._runners[noise_class or self._classes[0]]
        states = self._start
        for row, values in zip(residual, bins, strict=True):
            states = run(features=values[None], **states)
            row[:] = states.pop("residual")[0]
        return {"residual": residual}


def load_model(bundle: Bundle, precision: str | None = None) -> StatefulModel | SliceModel:
    """Load a bundle's model, of whatever kind; see `StatefulModel` and `SliceModel`."""
    return (SliceModel if bundle.manifest.works_on_slices else StatefulModel)(bundle, precision)


def runs_per_step(manifest: Manifest) -> int:
    """Return how often a bundle's network runs in one step: once, or for each bin of a slice."""
    return slice_features(manifest).n_bins if manifest.works_on_slices else 1


def _flaw(runner: Any, slice_frames: int) -> str | None:
    """Say what is wrong with a signature; None when nothing is."""
    inputs, outputs = (
        {name: tuple(map(int, detail["shape"])) for name, detail in details.items()}
        for details in (runner.get_input_details(), runner.get_output_details())
    )
    bin_shape = (1, slice_frames)
    if inputs.pop("features", None) != bin_shape or outputs.pop("residual", None) != bin_shape:
        return f"'features' and 'residual' are not both {bin_shape}"
    if inputs != outputs:
        return "its states do not go in as they come out"
    details = (*runner.get_input_details().values(), *runner.get_output_details().values())
    if any(detail["dtype"] != np.float32 for detail in details):
        return "its inputs and outputs are not float32"
    return None
