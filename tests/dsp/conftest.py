import numpy as np
import pytest
import soundfile


@pytest.fixture(scope="session")
def speech(timit_sphere):
    """A TIMIT sentence, float32 at 16 kHz."""
    return soundfile.read(timit_sphere, dtype="float32")[0]


@pytest.fixture(scope="session")
def vehicle(vehicle_noise):
    """A recording of a vehicle, float32 at 16 kHz."""
    signal, rate = soundfile.read(vehicle_noise, dtype="float32")
    assert rate == 16_000
    return np.ascontiguousarray(signal)
