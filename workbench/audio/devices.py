"""The sound devices of this machine, and what to install where there are none.

PortAudio (through sounddevice) is loaded when it is first asked for. A machine without it, or without a sound
device, is a normal one: the workbench then plays silently and says so.
"""

import sys
import threading
from dataclasses import dataclass
from types import ModuleType

from workbench.errors import MissingPieceError

portaudio_lock = threading.RLock()
"""Held while devices are looked for, opened or closed: PortAudio is not safe against doing these at once."""

open_streams: set[object] = set()
"""The streams that are open now; while there are any, PortAudio's list of devices cannot be renewed."""

_was_listed = False


@dataclass(frozen=True)
class Device:
    """A sound device as PortAudio sees it.

    Attributes
    ----------
    index : int
        PortAudio's number, valid until devices are listed again.
    name, host_api : str
    max_input_channels, max_output_channels : int
    default_sample_rate_hz : int
    is_default_input, is_default_output : bool
        Whether the system uses it where no other is chosen (on Windows, that of WASAPI, which has the
        shortest latency).
    """

    index: int
    name: str
    host_api: str
    max_input_channels: int
    max_output_channels: int
    default_sample_rate_hz: int
    is_default_input: bool
    is_default_output: bool

    @property
    def label(self) -> str:
        """Name and host API, as in ``"Headphones (ALSA)"``: stable between starts, to be kept in settings."""
        return f"{self.name} ({self.host_api})"


def portaudio_problem() -> str | None:
    """Return one sentence that says what is missing for sound and how to get it, or None if all is there."""
    try:
        import sounddevice  # noqa: F401
    except ImportError:
        return "Python's sounddevice is not installed: install it with “pip install sounddevice”."
    except OSError:
        if sys.platform.startswith("linux"):
            return "PortAudio is not installed: install it with “sudo apt install libportaudio2”."
        return "PortAudio cannot be loaded: reinstall it with “pip install --force-reinstall sounddevice”."
    return None


def load_sounddevice() -> ModuleType:
    """Import sounddevice.

    Raises
    ------
    MissingPieceError
        With the sentence of `portaudio_problem`.
    """
    problem = portaudio_problem()
    if problem is not None:
        raise MissingPieceError(problem)
    import sounddevice

    return sounddevice


def list_devices() -> list[Device]:
    """List the sound devices, those plugged in since the last call included.

    PortAudio can look again only while no stream is open; until then the list is as it was.

    Returns
    -------
    list of Device
        Empty on a machine without any.

    Raises
    ------
    MissingPieceError
        If PortAudio or sounddevice is not installed.
    """
    with portaudio_lock:
        sounddevice = load_sounddevice()
        global _was_listed
        if _was_listed and not open_streams:
            # The only way to look again that PortAudio has; sounddevice offers no public name for it.
            sounddevice._terminate()
            sounddevice._initialize()
        _was_listed = True
        host_apis = sounddevice.query_hostapis()
        default_api = next((api for api in host_apis if "WASAPI" in api["name"]), None)
        default_input, default_output = (
            (default_api["default_input_device"], default_api["default_output_device"])
            if default_api
            else sounddevice.default.device
        )
        return [
            Device(
                index=index,
                name=entry["name"],
                host_api=host_apis[entry["hostapi"]]["name"],
                max_input_channels=entry["max_input_channels"],
                max_output_channels=entry["max_output_channels"],
                default_sample_rate_hz=round(entry["default_samplerate"]),
                is_default_input=index == default_input,
                is_default_output=index == default_output,
            )
            for index, entry in enumerate(sounddevice.query_devices())
        ]
