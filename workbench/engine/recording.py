"""Takes: live sound recorded to a folder as it comes, and read back.

A take is a folder with ``mixed.wav``, ``denoised.wav``, ``clean.wav`` where the clean signal is known, and
``take.jsonl``: one JSON object per line, the first about the whole, the others a posterior, a change of a
setting or an event, with the time since the take began. All of it is written while it happens and can be read
after a crash at any moment.
"""

import json
import logging
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from workbench.audio import files
from workbench.audio.growing_wav import GrowingWav
from workbench.classifier.posterior import ClassPosterior
from workbench.denoisers.registry import DEFAULT_METHOD
from workbench.dsp import SAMPLE_RATE
from workbench.dsp.level import active_speech_level, rms_db
from workbench.dsp.mixing import SILENCE_DB
from workbench.engine.graph import GraphBlock
from workbench.engine.scene import Scene
from workbench.errors import WorkbenchError

LOG_NAME = "take.jsonl"
FORMAT = 1
COMMIT_S = 0.5
"""The most that a crash costs."""

BACKLOG_S = 60.0
"""Sound that may wait for a slow disk; what comes beyond is lost, and the recording says so."""

_SOUNDS = ("mixed", "denoised", "clean")

log = logging.getLogger(__name__)


def new_take_folder(parent: Path) -> Path:
    """Make a folder for a take, named by the time.

    Raises
    ------
    WorkbenchError
        If it cannot be made.
    """
    stamp = f"take {datetime.now():%Y-%m-%d %H-%M-%S}"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        for number in range(1, 100):
            folder = parent / (stamp if number == 1 else f"{stamp} ({number})")
            if not folder.exists():
                folder.mkdir()
                return folder
    except OSError as error:
        raise WorkbenchError(
            f"“{parent}” cannot hold a recording: {error.strerror}; choose another folder."
        ) from error
    raise WorkbenchError(f"“{parent}” holds too many recordings of this second; try again.")


class TakeWriter:
    """Writes one take; for one thread.

    Parameters
    ----------
    folder : pathlib.Path
        As made by `new_take_folder`.
    about : mapping
        Settings at the beginning: what JSON can hold.
    has_clean : bool
        Whether there is a clean signal to be kept.

    Raises
    ------
    WorkbenchError
        If the disk does not take it, now or later.
    """

    def __init__(self, folder: Path, about: Mapping[str, Any], *, has_clean: bool) -> None:
        self.folder = folder
        self.n_samples = 0
        # Position of the first sample.
        self._origin: int | None = None
        self._sounds = {name: GrowingWav(folder / f"{name}.wav") for name in _SOUNDS[: 2 + has_clean]}
        try:
            self._log = (folder / LOG_NAME).open("x", encoding="utf-8", buffering=1)
        except OSError as error:
            raise self._failed(error) from error
        started = datetime.now().astimezone().isoformat(timespec="seconds")
        head = {"format": FORMAT, "started": started, "sample_rate_hz": SAMPLE_RATE, "has_clean": has_clean}
        self._line({**head, **about})

    def write(self, block: GraphBlock) -> None:
        """Append a block and its posteriors."""
        if self._origin is None:
            self._origin = block.position_samples
        self._sounds["mixed"].write(block.mixed)
        self._sounds["denoised"].write(block.denoised)
        if "clean" in self._sounds:
            # Once the noise has been taken away, what is mixed is clean.
            self._sounds["clean"].write(block.mixed if block.clean is None else block.clean)
        for posterior in block.posteriors:
            shares = [round(float(share), 4) for share in posterior.probabilities]
            self.note("posterior", posterior.time_samples, probabilities=shares)
        self.n_samples += block.n_samples

    def note(self, what: str, position_samples: int, **values: Any) -> None:
        """Write down an event at a position."""
        since = 0 if self._origin is None else position_samples - self._origin
        time_s = round(max(0, since) / SAMPLE_RATE, 4)
        self._line({"time_s": time_s, "event": what, **values})

    def commit(self) -> None:
        """Let everything written so far survive a crash."""
        for sound in self._sounds.values():
            sound.commit()

    def close(self) -> None:
        """Finish the take."""
        for sound in self._sounds.values():
            sound.close()
        if not self._log.closed:
            self.note("finished", (self._origin or 0) + self.n_samples)
            self._log.close()

    def _line(self, entry: Mapping[str, Any]) -> None:
        try:
            # Line buffered: every line reaches the system at once.
            self._log.write(json.dumps(entry, ensure_ascii=False) + "\n")
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> WorkbenchError:
        return WorkbenchError(f"“{self.folder}” cannot be written: {error.strerror}; choose another folder.")


class Recorder:
    """A `TakeWriter` in a thread of its own, so that a slow disk never makes the sound wait.

    Attributes
    ----------
    folder : pathlib.Path
        Of the take.
    failure : str
        Why it stopped by itself, one sentence; what was written until then stays. Empty while all is well.
    """

    def __init__(self, writer: TakeWriter) -> None:
        self.folder = writer.folder
        self.failure = ""
        self._writer = writer
        self._waiting: deque[GraphBlock | tuple[str, int, dict[str, Any]]] = deque()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def recorded_samples(self) -> int:
        """Length of the take so far."""
        return self._writer.n_samples

    def put(self, block: GraphBlock) -> None:
        """Hand over a block; returns at once."""
        if len(self._waiting) * block.n_samples > BACKLOG_S * SAMPLE_RATE:
            self.failure = "The recording has stopped because the disk is too slow: choose another folder."
        if not self.failure and block.n_samples:
            self._waiting.append(block)

    def note(self, what: str, position_samples: int, **values: Any) -> None:
        """Hand over an event; returns at once."""
        if not self.failure:
            self._waiting.append((what, position_samples, values))

    def close(self) -> None:
        """Write what is waiting, and finish."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._closing.wait(COMMIT_S):
                self._drain()
            self._drain()
        except WorkbenchError as error:
            self.failure = str(error)
        except Exception as error:
            log.exception("Recording stopped")
            self.failure = f"The recording stopped because of an internal error ({error}); start another one."
        try:
            self._writer.close()
        except WorkbenchError as error:
            self.failure = self.failure or str(error)

    def _drain(self) -> None:
        for _ in range(len(self._waiting)):
            entry = self._waiting.popleft()
            if isinstance(entry, GraphBlock):
                self._writer.write(entry)
            else:
                what, position_samples, values = entry
                self._writer.note(what, position_samples, **values)
        self._writer.commit()


def write_take(parent: Path, blocks: Iterable[GraphBlock], about: Mapping[str, Any]) -> Path:
    """Write blocks that are there already as a take, and return its folder.

    Raises
    ------
    WorkbenchError
        If there are none, or the folder cannot be written.
    """
    kept = [block for block in blocks if block.n_samples]
    if not kept:
        raise WorkbenchError("Nothing has been heard yet that could be kept.")
    writer = TakeWriter(new_take_folder(parent), about, has_clean=kept[0].clean is not None)
    try:
        for block in kept:
            writer.write(block)
    finally:
        writer.close()
    return writer.folder


@dataclass(frozen=True, eq=False)
class RecordedTake:
    """What the log of a take says.

    Attributes
    ----------
    folder : pathlib.Path
    about : dict
        The first line: when it started, settings, devices.
    duration_s : float
        Length of its sounds.
    has_clean : bool
        Whether the clean signal was kept.
    finished : bool
        False after a crash: what had been committed is there.
    posteriors : list of ClassPosterior
        The noise class over time, from the take's beginning.
    events : list of dict
        Everything else, with "time_s" and "event".
    """

    folder: Path
    about: dict[str, Any]
    duration_s: float
    has_clean: bool
    finished: bool
    posteriors: list[ClassPosterior]
    events: list[dict[str, Any]]


def find_takes(parent: Path) -> list[Path]:
    """Return the folders of the takes in a folder, the newest first."""
    if not parent.is_dir():
        return []
    return sorted((path.parent for path in parent.glob(f"*/{LOG_NAME}")), reverse=True)


def read_take(folder: Path) -> RecordedTake:
    """Read a take's log; a last line that a crash cut off is left out.

    Raises
    ------
    WorkbenchError
        If the folder is not a take, or its sounds cannot be read.
    """
    try:
        lines = (folder / LOG_NAME).read_text("utf-8").splitlines()
        about: dict[str, Any] = dict(json.loads(lines[0]))
        if about["format"] != FORMAT:
            raise ValueError("another format")
        has_clean = bool(about["has_clean"])
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise WorkbenchError(f"“{folder}” is not a recording of the workbench; choose another.") from error
    entries: list[dict[str, Any]] = []
    for line in lines[1:]:
        try:
            entries.append(dict(json.loads(line)))
        except ValueError:
            break
    posteriors = [
        ClassPosterior(round(entry["time_s"] * SAMPLE_RATE), np.array(entry["probabilities"], np.float32))
        for entry in entries
        if entry["event"] == "posterior"
    ]
    events = [entry for entry in entries if entry["event"] != "posterior"]
    finished = any(entry["event"] == "finished" for entry in events)
    duration_s = (
        min(files.info(folder / f"{name}.wav").n_samples for name in _SOUNDS[: 2 + has_clean]) / SAMPLE_RATE
    )
    return RecordedTake(folder, about, duration_s, has_clean, finished, posteriors, events)


def take_scene(folder: Path) -> Scene:
    """Return a take as a scene for the studio, with the method that it was heard with.

    Where the clean signal is known the scene is speech and noise at the SNR that they had, so that it can be
    mixed anew and measured; the noise, mixed less clean, is then written beside them as ``noise.wav``.
    Otherwise the scene is a recording without a reference.

    Raises
    ------
    WorkbenchError
        If it is not a take or cannot be read.
    """
    take = read_take(folder)
    method = str(take.about.get("method", DEFAULT_METHOD))
    if take.has_clean:
        clean, mixed = (files.read(folder / f"{name}.wav") for name in ("clean", "mixed"))
        n_samples = min(len(clean), len(mixed))
        noise = mixed[:n_samples] - clean[:n_samples]
        speech_db, noise_db = active_speech_level(clean).active_level_db, rms_db(noise)
        if min(speech_db, noise_db) > SILENCE_DB:
            noise_path = folder / "noise.wav"
            if not noise_path.exists():
                files.write(noise_path, noise, subtype="FLOAT")
            return Scene(
                speech_path=folder / "clean.wav",
                noise_path=noise_path,
                snr_db=round(speech_db - noise_db, 1),
                method=method,
                title=folder.name,
            )
    return Scene(recording_path=folder / "mixed.wav", method=method, title=folder.name)
