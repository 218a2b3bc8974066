"""A PulseAudio server of our own: sound devices for the real PortAudio on machines without any."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from workbench.dsp import Signal

needs_pulse = pytest.mark.skipif(
    not all(map(shutil.which, ("pulseaudio", "pactl", "parec", "pacat")))
    or not any(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")),
    reason="needs pulseaudio, pulseaudio-utils and libasound2-plugins",
)

_FORMAT = ("--rate=16000", "--channels=1", "--format=float32le", "--raw")
_SINK = "rate=16000 channels=1 format=float32le"
_MICROPHONE = "source_name=mic master=voice.monitor"


class Pulse:
    """A running server with a silent sink "out" and a microphone "mic" that hears what is played on "voice".

    Attributes
    ----------
    environment : dict of str
        For processes that are to use it; sounddevice looks for devices when it is imported.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment

    def control(self, *arguments: str) -> str:
        """Run ``pactl`` and return what it prints."""
        done = subprocess.run(
            ["pactl", *arguments], env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def unload(self, *modules: str) -> None:
        """Unload the modules whose arguments hold these texts."""
        lines = self.control("list", "short", "modules").splitlines()
        for text in modules:
            self.control("unload-module", next(line.split()[0] for line in lines if text in line))

    def load_sink(self, name: str) -> None:
        """Plug in a silent sink."""
        self.control("load-module", "module-null-sink", f"sink_name={name}", *_SINK.split())

    def load_microphone(self) -> None:
        """Plug in the microphone."""
        self.control("load-module", "module-remap-source", *_MICROPHONE.split())

    @contextmanager
    def hearing(self, source: str = "out.monitor") -> Iterator[Path]:
        """Record a source into a file of raw floats."""
        path = self.folder / f"{source}.raw"
        with path.open("wb") as file:
            recorder = subprocess.Popen(
                ["parec", f"--device={source}", *_FORMAT, "--latency-msec=100"],
                env=self.environment,
                stdout=file,
            )
            try:
                _wait_for(lambda: path.stat().st_size > 0)
                yield path
                time.sleep(0.1)
            finally:
                recorder.terminate()
                recorder.wait(10)

    @contextmanager
    def speaking(self, signal: Signal) -> Iterator[None]:
        """Speak into the microphone."""
        path = self.folder / "spoken.raw"
        path.write_bytes(signal.astype("<f4").tobytes())
        with path.open("rb") as file:
            speaker = subprocess.Popen(
                ["pacat", "--device=voice", *_FORMAT, "--latency-msec=1500"], env=self.environment, stdin=file
            )
            try:
                yield
            finally:
                speaker.terminate()
                speaker.wait(10)


def _wait_for(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline_s = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline_s:
        time.sleep(0.05)


@contextmanager
def private_pulse(folder: Path) -> Iterator[Pulse]:
    """Run a server below `folder`; skips the test where it does not start."""
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    socket = folder / "pulse.socket"
    (folder / ".asoundrc").write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
    environment = {
        **os.environ,
        "HOME": str(folder),
        "XDG_RUNTIME_DIR": str(runtime),
        "PULSE_SERVER": f"unix:{socket}",
        "PULSE_SINK": "out",
        "PULSE_SOURCE": "mic",
    }
    ours = ("PULSE_SERVER", "PULSE_SINK", "PULSE_SOURCE")
    server = subprocess.Popen(
        [
            *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=yes"),
            *("--use-pid-file=no", "--realtime=yes", "--log-target=stderr"),
            f"--load=module-native-protocol-unix socket={socket} auth-anonymous=1",
            f"--load=module-null-sink sink_name=out {_SINK}",
            f"--load=module-null-sink sink_name=voice {_SINK}",
            f"--load=module-remap-source {_MICROPHONE}",
        ],
        env={key: value for key, value in environment.items() if key not in ours},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    pulse = Pulse(folder, environment)
    try:
        for _ in range(50):
            if subprocess.run(["pactl", "info"], env=environment, capture_output=True).returncode == 0:
                break
            time.sleep(0.1)
        else:
            # Where it has to be there, its absence must not pass for a success.
            give_up = pytest.fail if os.environ.get("CI") else pytest.skip
            give_up("PulseAudio does not start here")
        yield pulse
    finally:
        server.terminate()
        server.wait(10)


def heard_signal(path: Path) -> Signal:
    """Return what `Pulse.hearing` recorded, float32, shape (n_samples,)."""
    data = path.read_bytes()
    return np.frombuffer(data[: len(data) // 4 * 4], "<f4")


def share_found(signal: Signal, heard: Signal, piece_samples: int, tolerance: float) -> float:
    """Return the share of a signal's pieces that were heard sample by sample, wherever.

    A busy machine may make a device break off now and then, so each piece is looked for by itself.
    """
    n_fft = 1 << (len(heard) + piece_samples).bit_length()
    spectrum = np.fft.rfft(heard.astype(np.float64), n_fft)
    energies = np.concatenate(([0.0], np.cumsum(np.square(heard, dtype=np.float64))))
    energies = energies[piece_samples:] - energies[:-piece_samples]
    n_found = n_pieces = 0
    for start in range(0, len(signal) - piece_samples + 1, piece_samples):
        piece = signal[start : start + piece_samples]
        likeness = np.fft.irfft(spectrum * np.conj(np.fft.rfft(piece, n_fft)), n_fft)
        # The place of the least squared difference, less the energy of the piece.
        at = int((energies - 2 * likeness[: len(energies)]).argmin())
        n_found += bool(np.allclose(heard[at : at + piece_samples], piece, atol=tolerance))
        n_pieces += 1
    return n_found / n_pieces
