"""RNNoise: a small recurrent network that scales the bands of the ear, at 48 kHz.

J.-M. Valin, "A hybrid DSP/deep learning approach to real-time full-band speech enhancement", MMSP 2018; the
library and its weights come in the package pyrnnoise.
"""

import ctypes
import sys
import weakref

import numpy as np

from workbench.denoisers.framing import FramedDenoiser, RateBridge
from workbench.denoisers.installed_files import installed_file
from workbench.dsp import Signal

_RATIO = 3
_FRAME_48K = 480
_DELAY_48K = 2 * _FRAME_48K
_FULL_SCALE = np.float32(32768)
_LIBRARY = {"win32": "rnnoise.dll", "darwin": "librnnoise.dylib"}.get(sys.platform, "librnnoise.so")


class RnnoiseDenoiser(FramedDenoiser):
    """RNNoise behind filters to 48 kHz and back."""

    def __init__(self) -> None:
        super().__init__("rnnoise", _FRAME_48K // _RATIO, RateBridge.delay_samples + _DELAY_48K // _RATIO)
        # The package's own module imports a whole audio stack to reach this library.
        self._library = ctypes.CDLL(str(installed_file("pyrnnoise", f"pyrnnoise/{_LIBRARY}")))
        samples = np.ctypeslib.ndpointer(np.float32, shape=_FRAME_48K, flags="C")
        self._library.rnnoise_create.argtypes = [ctypes.c_void_p]
        self._library.rnnoise_create.restype = ctypes.c_void_p
        self._library.rnnoise_destroy.argtypes = [ctypes.c_void_p]
        self._library.rnnoise_process_frame.argtypes = [ctypes.c_void_p, samples, samples]
        self._library.rnnoise_process_frame.restype = ctypes.c_float
        self._bridge = RateBridge(_RATIO)
        self._new_state()

    def restart(self) -> None:
        """Forget all frames."""
        self._bridge.reset()
        self._free()
        self._new_state()

    def step(self, frame: Signal) -> Signal:
        """Denoise a frame of 10 ms."""
        denoised = np.empty(_FRAME_48K, np.float32)
        noisy = np.ascontiguousarray(self._bridge.up(frame) * _FULL_SCALE)
        self._library.rnnoise_process_frame(self._state, denoised, noisy)
        return self._bridge.down(denoised / _FULL_SCALE)

    def _new_state(self) -> None:
        self._state = self._library.rnnoise_create(None)
        self._free = weakref.finalize(self, self._library.rnnoise_destroy, self._state)
