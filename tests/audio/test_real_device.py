"""Plays through the real PortAudio into a private PulseAudio server and compares what its monitor heard."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.pulse import Pulse, heard_signal, needs_pulse, private_pulse, share_found

REPOSITORY = Path(__file__).resolve().parents[2]

pytestmark = needs_pulse

# sounddevice looks for devices when it is imported, so the environment has to be right beforehand.
PLAYER = """
import sys
import time
import numpy as np
from workbench.audio.playback import DeviceOutput, open_output

signal = np.load(sys.argv[1])
output = open_output()
if not isinstance(output, DeviceOutput):
    sys.exit(output.message)
n = output.write(signal)
output.start()
counts = []
give_up_s = time.monotonic() + 20
while output.played_samples < len(signal) and time.monotonic() < give_up_s:
    n += output.write(signal[n:])
    counts.append(output.played_samples)
    time.sleep(0.01)
assert counts == sorted(counts), "the count went back"
assert n == output.written_samples == output.played_samples == len(signal), (n, output.played_samples)
assert 0 < output.latency_samples < 8000
assert output.message is None, output.message
output.stop()
output.start()  # again after a stop
output.write(signal)
time.sleep(0.1)
output.flush()
assert output.played_samples == output.written_samples
output.close()
print(output.describe())
"""


@pytest.fixture
def pulse(tmp_path: Path) -> Iterator[Pulse]:
    with private_pulse(tmp_path) as server:
        yield server


def test_what_is_written_is_what_is_heard(tmp_path: Path, pulse: Pulse) -> None:
    rng = np.random.default_rng(0)
    signal = (0.1 * rng.standard_normal(16_000)).astype(np.float32)
    np.save(tmp_path / "signal.npy", signal)
    with pulse.hearing() as heard_path:
        player = subprocess.run(
            [sys.executable, "-B", "-c", PLAYER, str(tmp_path / "signal.npy")],
            env=pulse.environment,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert player.returncode == 0, player.stderr
    assert "16000 Hz" in player.stdout
    assert share_found(signal, heard_signal(heard_path), piece_samples=800, tolerance=1e-4) >= 0.75
