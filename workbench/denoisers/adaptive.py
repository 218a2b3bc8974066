"""The adaptive method: the noise classifier (NC) listens along and tells the DDAE the class of the noise."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from workbench.bundles.check import Bundle
from workbench.classifier.decision import ClassDecision
from workbench.classifier.posterior import CLASSES, ClassPosterior, NoiseClass
from workbench.classifier.streaming import NoiseClassifier
from workbench.denoisers.ddae import MaskModel, condition_vector
from workbench.denoisers.finite import finite
from workbench.dsp import SAMPLE_RATE, Signal, Spectra
from workbench.dsp.stft import FrameProcessor

GLIDE_SAMPLES = round(0.3 * SAMPLE_RATE)
"""Time in which the condition moves from one class to the next."""

# Where nobody asks for posteriors, the oldest are dropped after some minutes.
_MAX_SAID = 1024


def class_to_tell(heard: NoiseClass | None) -> NoiseClass | None:
    """Return what the DDAE is told of a class that the NC hears: nothing, where it hears no noise.

    What the NC takes for no noise may be a faint one, which a DDAE that is told of none leaves in place.
    """
    return None if heard is NoiseClass.NO_NOISE else heard


class AdaptiveDenoiser:
    """Denoise with a DDAE that is told the class of noise that the NC hears, if it hears one.

    A new class is told gradually, over `GLIDE_SAMPLES`, and from the sample on at which it was known, so that
    nothing clicks and the output does not depend on how the input is cut into blocks.

    Parameters
    ----------
    nc_bundle, ddae_bundle : Bundle, optional
        Bundles of kind "nc" and "ddae"; the default ones when None.
    force_class : NoiseClass, optional
        See the attribute.
    precision, nc_precision : str, optional
        Which files of the DDAE's and of the NC's bundle to run; their defaults when None.
    name : str
        Identifier.

    Attributes
    ----------
    force_class : NoiseClass or None
        Class to tell the DDAE whatever the NC says; may be set while running and takes effect, with a glide,
        from the next block on. None leaves it to the NC.

    Raises
    ------
    WorkbenchError
        If a bundle is missing or cannot be used.
    """

    def __init__(
        self,
        nc_bundle: Bundle | None = None,
        ddae_bundle: Bundle | None = None,
        force_class: NoiseClass | None = None,
        *,
        precision: str | None = None,
        nc_precision: str | None = None,
        name: str = "adaptive",
    ) -> None:
        self.name = name
        self.force_class = force_class
        self._classifier = NoiseClassifier(nc_bundle, nc_precision)
        self._decision = ClassDecision()
        self._model = MaskModel(ddae_bundle, precision)
        self._frames = FrameProcessor(self._model.spec, self._enhance)
        self.latency_samples = self._frames.latency_samples
        self._said: deque[ClassPosterior] = deque(maxlen=_MAX_SAID)
        self._consumed_samples = 0
        self._glide = ConditionGlide(force_class)

    @property
    def current_class(self) -> NoiseClass | None:
        """The class that is acted on; None before the first is known."""
        return self.force_class or self._decision.current

    def posteriors(self) -> list[ClassPosterior]:
        """Return what the NC said since the last call, whether or not a class is forced."""
        said = list(self._said)
        self._said.clear()
        return said

    def reset(self) -> None:
        """Forget all signal history; a forced class stays."""
        self._classifier.reset()
        self._decision.reset()
        self._model.reset()
        self._frames.reset()
        self._said.clear()
        self._consumed_samples = 0

    def process(self, block: Signal) -> Signal:
        """Denoise the next block; see `workbench.denoisers.protocol.Denoiser.process`."""
        block = finite(block)
        force_class = self.force_class  # Read once: another thread may set it at any time.
        if self._consumed_samples == 0:
            self._glide = ConditionGlide(force_class)
        self._glide.to(force_class or class_to_tell(self._decision.current), self._consumed_samples)
        for posterior in self._classifier.process(block):
            self._said.append(posterior)
            decided = self._decision.update(posterior)
            self._glide.to(force_class or class_to_tell(decided), posterior.time_samples)
        self._consumed_samples += len(block)
        return self._frames.process(block)

    def _enhance(self, spectra: Spectra, first_frame_index: int) -> Spectra:
        frames = first_frame_index + np.arange(len(spectra))
        last_samples = (frames + 1) * self._model.spec.hop_samples - 1
        return self._model.enhance(spectra, self._glide.at(last_samples))


class ConditionGlide:
    """The condition over time: it moves in a straight line to each new class from where it is."""

    def __init__(self, noise_class: NoiseClass | None) -> None:
        self._aim = noise_class
        self._from = self._to = condition_vector(noise_class)
        self._start = 0
        self._ahead: deque[tuple[int, NDArray[np.float32]]] = deque()

    def to(self, noise_class: NoiseClass | None, time_samples: int) -> None:
        """Move to a class from a time on that is not before any given earlier."""
        if noise_class != self._aim:
            self._aim = noise_class
            self._ahead.append((time_samples, condition_vector(noise_class)))

    def at(self, times_samples: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the conditions at rising times, float32, shape (n_times, 5)."""
        conditions = np.empty((len(times_samples), len(CLASSES)), np.float32)
        for condition, time in zip(conditions, times_samples.tolist(), strict=True):
            while self._ahead and self._ahead[0][0] <= time:
                start, target = self._ahead.popleft()
                self._from, self._to, self._start = self._value(start), target, start
            condition[:] = self._value(time)
        return conditions

    def _value(self, time_samples: int) -> NDArray[np.float32]:
        share = np.float32(min((time_samples - self._start) / GLIDE_SAMPLES, 1.0))
        return self._from + share * (self._to - self._from)
