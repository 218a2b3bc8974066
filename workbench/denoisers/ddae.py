"""The deep denoising autoencoder (DDAE): a recurrent network that masks the compressed complex spectrum.

Frame by frame, the network sees ``X |X|^(c-1)`` in its bins, the magnitude of that, and the class of the
noise, and gives a complex mask for the same values; the masked spectrum, expanded again, is the enhanced one.
A compression of ``c`` = 0.3 keeps weak speech in the network's sight (Braun and Tashev, "A consolidated view
of loss functions for supervised deep learning-based speech enhancement", 2021).

Where frames come so often that the network could not follow, it sees every n-th, and its mask serves until
the next. So the delay is that of a short hop and the work that of a long one: masks change slowly.
"""

from typing import cast

import numpy as np
from numpy.typing import NDArray

from workbench.bundles.check import Bundle
from workbench.bundles.manifest import spectral_features
from workbench.bundles.runtime import StatefulModel
from workbench.bundles.store import default_bundle
from workbench.classifier.posterior import CLASSES, NoiseClass
from workbench.denoisers.finite import finite
from workbench.dsp import Signal, Spectra
from workbench.dsp.stft import FrameProcessor, StftSpec, WindowName
from workbench.errors import WorkbenchError

POWER_FLOOR = 1e-12
"""Added to the power before it is compressed."""


def condition_vector(noise_class: NoiseClass | None) -> NDArray[np.float32]:
    """Return what tells the network the class: float32, shape (5,), one-hot, or zeros if it is unknown."""
    return np.asarray([noise_class == known for known in CLASSES], np.float32)


def stft_spec(bundle: Bundle) -> StftSpec:
    """Return the transform around a denoiser's network.

    Raises
    ------
    WorkbenchError
        The bundle's features are not those of a denoiser.
    """
    features = spectral_features(bundle.manifest)
    return spec_of(
        features.window, features.window_samples, features.hop_samples, features.synthesis_samples or None
    )


def spec_of(
    window: str, window_samples: int, hop_samples: int, synthesis_samples: int | None = None
) -> StftSpec:
    """Return a transform as a manifest describes it; its window is any text there.

    Raises
    ------
    WorkbenchError
        There is no such window, or it cannot be used so.
    """
    return StftSpec(
        window_samples, hop_samples, cast(WindowName, window), synthesis_samples=synthesis_samples
    )


class MaskModel:
    """The network of a DDAE bundle over the frames of a signal, one by one.

    Parameters
    ----------
    bundle : Bundle, optional
        A bundle of kind "ddae"; the default one when None.
    precision : str, optional
        Which of its files to run; its default when None.

    Attributes
    ----------
    spec : StftSpec
        The transform that makes its spectra.

    Raises
    ------
    WorkbenchError
        If there is no bundle, or it is not a denoiser for the classes of this program.
    """

    def __init__(self, bundle: Bundle | None = None, precision: str | None = None) -> None:
        bundle = bundle or default_bundle("ddae")
        manifest = bundle.manifest
        if manifest.works_on_slices:
            raise WorkbenchError(
                f"Bundle {bundle.name!r} is of the original system; run it as original@{bundle.name}."
            )
        if manifest.kind != "ddae" or manifest.classes != CLASSES:
            raise WorkbenchError(
                f"Bundle {bundle.name!r} is not a denoiser for the classes {', '.join(CLASSES)}; "
                "choose one that is."
            )
        features = spectral_features(manifest)
        self.spec = stft_spec(bundle)
        self._bins = slice(features.first_bin, features.first_bin + features.n_bins)
        self._compression = features.compression
        self._frames_per_mask = features.frames_per_mask
        self._model = StatefulModel(bundle, precision)
        self._gain = np.zeros((1, self.spec.n_bins), np.complex64)
        self._n_frames = 0

    def reset(self) -> None:
        """Forget all frames."""
        self._model.reset()
        self._n_frames = 0

    def features(self, spectra: Spectra) -> NDArray[np.float32]:
        """Return what the network sees of each frame.

        Parameters
        ----------
        spectra : numpy.ndarray
            complex64, shape (n_frames, n_bins), made with `spec`.

        Returns
        -------
        numpy.ndarray
            float32, shape (n_frames, bins of the network, 3): real part, imaginary part and magnitude of the
            compressed spectrum.
        """
        noisy = spectra[:, self._bins]
        power = _power(noisy) + POWER_FLOOR
        compressed = noisy * power ** ((self._compression - 1) / 2)
        magnitude = power ** (self._compression / 2)
        return np.stack([compressed.real, compressed.imag, magnitude], axis=-1)

    def enhance(self, spectra: Spectra, conditions: NDArray[np.float32]) -> Spectra:
        """Enhance the next frames.

        Parameters
        ----------
        spectra : numpy.ndarray
            complex64, shape (n_frames, n_bins), made with `spec` from a signal of nominal range -1 to 1.
        conditions : numpy.ndarray
            float32, shape (n_frames, 5): class of the noise in each frame, as by `condition_vector`; values
            in between are allowed.

        Returns
        -------
        numpy.ndarray
            complex64, shape (n_frames, n_bins); zero in bins that the network does not see.
        """
        seen = (self._n_frames + np.arange(len(spectra))) % self._frames_per_mask == 0
        features = self.features(spectra[seen])
        masks = np.empty((*features.shape[:2], 2), np.float32)
        for mask, frame, condition in zip(masks, features, conditions[seen], strict=True):
            mask[:] = self._model.step(features=frame, condition=condition)["mask"][0]
        gains = np.concatenate((self._gain, self.gains(masks)))
        self._gain = gains[-1:]
        self._n_frames += len(spectra)
        return spectra * gains[np.cumsum(seen)]

    def gains(self, masks: NDArray[np.float32]) -> Spectra:
        """Return what multiplies the spectrum where the network masks its compressed values.

        Parameters
        ----------
        masks : numpy.ndarray
            float32, shape (n, bins of the network, 2): real and imaginary part, from the network.

        Returns
        -------
        numpy.ndarray
            complex64, shape (n, n_bins); zero in bins that the network does not see.
        """
        mask = masks.view(np.complex64)[..., 0]
        gains = np.zeros((len(masks), self.spec.n_bins), np.complex64)
        gains[:, self._bins] = mask * _power(mask) ** ((1 / self._compression - 1) / 2)
        return gains


def _power(spectra: Spectra) -> NDArray[np.float32]:
    return np.square(spectra.real) + np.square(spectra.imag)


class DdaeDenoiser:
    """Denoise with one DDAE that is told the class of the noise once, or never.

    Parameters
    ----------
    bundle : Bundle, optional
        A bundle of kind "ddae"; the default one when None.
    condition : NoiseClass, optional
        Class of the noise; unknown when None.
    precision : str, optional
        Which of the bundle's files to run; its default when None.
    name : str, optional
        Identifier; "ddae", or "ddae-" and the class, when None.

    Raises
    ------
    WorkbenchError
        If there is no bundle, or it cannot be used.
    """

    def __init__(
        self,
        bundle: Bundle | None = None,
        condition: NoiseClass | None = None,
        *,
        precision: str | None = None,
        name: str | None = None,
    ) -> None:
        self.name = name or ("ddae" if condition is None else f"ddae-{condition}")
        self._condition = condition_vector(condition)
        self._model = MaskModel(bundle, precision)
        self._frames = FrameProcessor(self._model.spec, self._enhance)
        self.latency_samples = self._frames.latency_samples

    def reset(self) -> None:
        """Forget all signal history."""
        self._model.reset()
        self._frames.reset()

    def process(self, block: Signal) -> Signal:
        """Denoise the next block; see `workbench.denoisers.protocol.Denoiser.process`."""
        return self._frames.process(finite(block))

    def _enhance(self, spectra: Spectra, first_frame_index: int) -> Spectra:
        return self._model.enhance(spectra, np.broadcast_to(self._condition, (len(spectra), len(CLASSES))))
