"""Plays through the real PortAudio into a private PulseAudio server and compares what its monitor heard."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("pulseaudio", "pactl", "parec")))
    or not any(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")),
    reason="needs pulseaudio, pulseaudio-utils and libasound2-plugins",
)

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
def pulse(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Run a PulseAudio server of our own with one silent sink, and return the environment to reach it."""
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    socket = tmp_path / "pulse.socket"
    (tmp_path / ".asoundrc").write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(runtime),
        "PULSE_SERVER": f"unix:{socket}",
    }
    server = subprocess.Popen(
        [
            *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=yes"),
            *("--use-pid-file=no", "--realtime=no", "--log-target=stderr"),
            f"--load=module-native-protocol-unix socket={socket} auth-anonymous=1",
            "--load=module-null-sink sink_name=out rate=16000 channels=1 format=float32le",
        ],
        env={key: value for key, value in environment.items() if key != "PULSE_SERVER"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(50):
            if subprocess.run(["pactl", "info"], env=environment, capture_output=True).returncode == 0:
                break
            time.sleep(0.1)
        else:
            pytest.skip("PulseAudio does not start here")
        yield environment
    finally:
        server.terminate()
        server.wait(10)


def test_what_is_written_is_what_is_heard(tmp_path: Path, pulse: dict[str, str]) -> None:
    rng = np.random.default_rng(0)
    signal = (0.1 * rng.standard_normal(16_000)).astype(np.float32)
    np.save(tmp_path / "signal.npy", signal)
    heard_path = tmp_path / "heard.raw"
    with heard_path.open("wb") as heard_file:
        recorder = subprocess.Popen(
            [
                *("parec", "--device=out.monitor", "--rate=16000", "--channels=1", "--format=float32le"),
                *("--raw", "--latency-msec=20"),
            ],
            env=pulse,
            stdout=heard_file,
        )
        try:
            for _ in range(100):
                if heard_path.stat().st_size:
                    break
                time.sleep(0.05)
            player = subprocess.run(
                [sys.executable, "-B", "-c", PLAYER, str(tmp_path / "signal.npy")],
                env=pulse,
                cwd=REPOSITORY,
                capture_output=True,
                text=True,
                timeout=60,
            )
            time.sleep(0.1)
        finally:
            recorder.terminate()
            recorder.wait(10)
    assert player.returncode == 0, player.stderr
    assert "16000 Hz" in player.stdout
    heard = np.frombuffer(heard_path.read_bytes(), np.float32)
    # A busy machine may break the stream off now and then, so each piece is looked for by itself.
    n_found = 0
    pieces = np.split(signal, 20)
    for piece in pieces:
        matches = np.abs(np.correlate(heard, piece, "valid")) / np.sum(piece**2)
        start = int(matches.argmax())
        n_found += bool(np.allclose(heard[start : start + len(piece)], piece, atol=1e-4))
    assert n_found >= 15
