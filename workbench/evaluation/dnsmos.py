"""DNSMOS P.835: speech, background and overall quality as listeners would rate them, without a reference.

Reddy, Gopal & Cutler, ICASSP 2022; the models come with the package ``speechmos``.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from workbench.dsp import SAMPLE_RATE, Signal

Scale = Literal["sig_mos", "bak_mos", "ovrl_mos"]


def dnsmos(processed: Signal, scale: Scale) -> float:
    """Return one of the three ratings.

    Parameters
    ----------
    processed : numpy.ndarray
        float32, shape (n_samples,); repeated until it lasts 9.01 s, scaled down where it goes beyond full
        scale.
    scale : str
        "sig_mos" for the speech, "bak_mos" for the background, "ovrl_mos" for both together.

    Returns
    -------
    float
        1 to 5.

    Raises
    ------
    ImportError
        ``speechmos`` or ``onnxruntime`` is not installed.
    """
    return _ratings(processed.astype(np.float32).tobytes())[scale]


@lru_cache(maxsize=2)
def _ratings(samples: bytes) -> dict[str, float]:
    """Rate a signal once for the three scales."""
    signal = np.frombuffer(samples, np.float32)
    rated = _model()(signal / max(1.0, float(np.abs(signal).max())), SAMPLE_RATE, False)
    return {name: float(value) for name, value in rated.items()}


@lru_cache(maxsize=1)
def _model() -> Any:
    """Load the models once per process, on one thread each: a sweep has a process per core."""
    import onnxruntime
    from speechmos import dnsmos as package

    folder = Path(package.__file__).parent / "dnsmos_models"
    one_thread = onnxruntime.SessionOptions()
    one_thread.intra_op_num_threads = one_thread.inter_op_num_threads = 1
    primary, p808 = str(folder / "sig_bak_ovr.onnx"), str(folder / "model_v8.onnx")
    model = package.DNSMOS.__new__(package.DNSMOS)
    model.onnx_sess = onnxruntime.InferenceSession(primary, one_thread)
    model.p808_onnx_sess = onnxruntime.InferenceSession(p808, one_thread)
    return model
