from types import SimpleNamespace

import numpy as np
import pytest

from workbench.engine.round_trip import round_trip
from workbench.errors import WorkbenchError


class Loopback:
    """Both ends of a cable that delays, with bursts of 160 samples, and a time that passes in sleep."""

    name = "cable"
    message = None
    burst_samples = 160
    underruns = device_xruns = overflows = 0

    def __init__(self, delay_samples, gain=1.0):
        self.queue = np.zeros(0, np.float32)
        self.cable = np.zeros(delay_samples, np.float32)
        self.gain = gain
        self.came = []
        self.rng = np.random.default_rng(0)

    def sleep(self, seconds):
        played, self.queue = self.queue[:160], self.queue[160:]
        self.cable = np.concatenate((self.cable, np.pad(played, (0, 160 - len(played)))))
        heard, self.cable = self.cable[:160], self.cable[160:]
        self.came.append(self.gain * heard + 1e-3 * self.rng.standard_normal(160).astype(np.float32))

    def read(self):
        came, self.came = self.came, []
        return np.concatenate(came) if came else np.zeros(0, np.float32)

    @property
    def queued_samples(self):
        return len(self.queue)

    def write(self, block):
        self.queue = np.concatenate((self.queue, block))

    def flush(self):
        self.queue = self.queue[:0]


@pytest.mark.parametrize("delay_samples", [100, 1000, 4000])
def test_the_delay_of_the_cable_is_found(delay_samples):
    cable = Loopback(delay_samples, gain=-0.2)
    measured = round_trip(cable, cable, sleep=cable.sleep)
    # And that of the queue, which is between its margin and what it begins with.
    assert 48 <= measured.delay_ms * 16 - delay_samples <= 600
    assert measured.spread_ms < 2
    assert measured.clarity_db > 30


def test_nothing_comes_back():
    cable = Loopback(100, gain=0.0)
    with pytest.raises(WorkbenchError, match="did not come back from “cable” to “cable”"):
        round_trip(cable, cable, sleep=cable.sleep)


def test_a_device_that_dies_meanwhile_is_said():
    cable = Loopback(100)
    dead = SimpleNamespace(read=cable.read, message="“cable” has stopped.", burst_samples=0, name="cable")
    with pytest.raises(WorkbenchError, match="has stopped"):
        round_trip(dead, cable, sleep=cable.sleep)
