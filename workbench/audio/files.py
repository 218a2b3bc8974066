"""Sound files in and out: whatever libsndfile reads becomes a `Signal`; WAV and FLAC are written.

Conversion to mono at `SAMPLE_RATE` happens here and nowhere else: channels are averaged, the rate is changed
with soxr as a stream, so that a file of hours costs no more memory than one of seconds. What a damaged file
still gives is not passed off as the recording: it is refused with a sentence that says what is wrong.
"""

import errno
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
import soundfile

from workbench.audio.resample import StreamingResampler
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.errors import WorkbenchError

AUDIO_SUFFIXES = frozenset(
    "." + name
    for name in (
        *("wav", "wave", "flac", "ogg", "oga", "opus", "mp3", "aif", "aiff", "aifc"),
        *("au", "snd", "caf", "w64", "rf64", "sph", "nist"),
    )
)
"""Suffixes of file names that are taken for sound, in lower case."""

SUBTYPE = "PCM_24"
"""Sample format written unless another is asked for.

24 bits keep rounding noise at −144 dB full scale, below that of any recording and of our own float32
arithmetic, hold in WAV and FLAC alike, and open in every player, which float WAV does not.
"""

WRITTEN_FORMATS = {".wav": "WAV", ".flac": "FLAC"}

_CHUNK_VALUES = 1 << 18
_MAX_MAGNITUDE = 1e6
_MAX_WAV_BYTES = (1 << 32) - 4096
_SHORTFALL_BYTES = 64
_MP3_TAG_BYTES = 1 << 14
_MP3_ESTIMATE = 0.95
_RATES_HZ = (1_000, 1_536_000)

# Beginnings of files that are sound, and that libsndfile knows: if it still refuses them, they are damaged.
_KNOWN_STARTS = (
    b"RIFF",
    b"RIFX",
    b"RF64",
    b"fLaC",
    b"OggS",
    b"FORM",
    b"NIST_1A",
    b"ID3",
    b".snd",
    b"caff",
    b"riff",
)
# Beginnings of files that hold sound which libsndfile does not decode.
_FOREIGN_STARTS = (
    (rb".{4}ftyp", "an MPEG-4 file (as M4A, MP4 or MOV)"),
    (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file"),
    (rb"\x1a\x45\xdf\xa3", "a Matroska or WebM file"),
    (rb"RIFF.{4}AVI ", "a video file"),
    (rb"\xff[\xf0\xf1\xf8\xf9]", "an AAC stream"),
    (rb"#!AMR", "an AMR recording"),
    (rb"wvpk", "a WavPack file"),
    (rb"MAC ", "a Monkey's Audio file"),
    (rb"ajkg", "a Shorten file"),
)


@dataclass(frozen=True)
class AudioInfo:
    """What the header of a sound file says.

    Attributes
    ----------
    sample_rate_hz : int
    n_channels : int
    n_samples : int
        Per channel, at `sample_rate_hz`. An estimate for an MP3 file without an index, exact for all others.
    duration_s : float
    format : str
        In words, such as ``"WAV (Microsoft), Signed 16 bit PCM"``.
    """

    sample_rate_hz: int
    n_channels: int
    n_samples: int
    duration_s: float
    format: str


def is_audio_name(path: str | os.PathLike[str]) -> bool:
    """Tell by its suffix whether a file is likely to be one that `read` takes."""
    return Path(path).suffix.lower() in AUDIO_SUFFIXES


def info(path: str | os.PathLike[str]) -> AudioInfo:
    """Read the header of a sound file.

    Raises
    ------
    WorkbenchError
        As `read`, as far as the header shows it.
    """
    with _opened(Path(path)) as (file, _):
        return AudioInfo(
            sample_rate_hz=file.samplerate,
            n_channels=file.channels,
            n_samples=file.frames,
            duration_s=file.frames / file.samplerate,
            format=f"{file.format_info}, {file.subtype_info}",
        )


def read(path: str | os.PathLike[str], *, max_seconds: float | None = None) -> Signal:
    """Read a sound file of any rate and channel count as mono at `SAMPLE_RATE`.

    Parameters
    ----------
    path : path-like
        WAV, FLAC, Ogg Vorbis, Opus, MP3, AIFF, NIST SPHERE (PCM) or what else libsndfile reads; the content
        decides, not the name.
    max_seconds : float, optional
        Stop after this much; the samples are those of the whole file up to there.

    Returns
    -------
    numpy.ndarray
        float32, shape (n_samples,): the mean of all channels, not limited to −1 to 1 where a float file goes
        beyond. ``n_samples`` is ``round(n * SAMPLE_RATE / rate)`` for a file of ``n`` samples.

    Raises
    ------
    WorkbenchError
        If the file is missing, a folder, unreadable, empty, without samples, damaged, cut short, not audio,
        of a kind that libsndfile does not decode, or holds NaN or infinite samples. These are not patched
        over: a file that has them was written by something broken.
    """
    max_samples = None if max_seconds is None else round(max_seconds * SAMPLE_RATE)
    chunks: list[Signal] = []
    n_samples = 0
    for chunk in _chunks(Path(path)):
        chunks.append(chunk)
        n_samples += len(chunk)
        if max_samples is not None and n_samples >= max_samples:
            break
    return np.concatenate(chunks)[:max_samples]


def blocks(path: str | os.PathLike[str], block_samples: int) -> Iterator[Signal]:
    """Read a sound file of any length in blocks, in bounded memory.

    Parameters
    ----------
    path : path-like
        As for `read`; together the blocks are exactly what `read` returns.
    block_samples : int
        Samples per block at `SAMPLE_RATE`, at least 1.

    Yields
    ------
    numpy.ndarray
        float32, shape (block_samples,); the last may be shorter, and is never empty.

    Raises
    ------
    WorkbenchError
        As `read`, when the first block is asked for, or later where the damage comes later.
    """
    if block_samples < 1:
        raise ValueError(f"block_samples must be at least 1, not {block_samples}")
    rest: Signal = np.zeros(0, np.float32)
    for chunk in _chunks(Path(path)):
        rest = np.concatenate([rest, chunk])
        n_whole = len(rest) - len(rest) % block_samples
        for start in range(0, n_whole, block_samples):
            yield rest[start : start + block_samples].copy()
        rest = rest[n_whole:]
    if len(rest):
        yield rest


def _chunks(path: Path) -> Iterator[Signal]:
    """Decode, average and resample a file piece by piece; at least one sample in all, or an error."""
    with _opened(path) as (file, raw):
        resampler = StreamingResampler(file.samplerate, SAMPLE_RATE)
        chunk_frames = max(1, _CHUNK_VALUES // file.channels)
        n_read = n_out = 0
        while True:
            try:
                frames = file.read(chunk_frames, dtype="float32", always_2d=True)
            except soundfile.LibsndfileError as error:
                raise _damaged(
                    path, f"it cannot be decoded after {n_read / file.samplerate:.2f} s"
                ) from error
            with np.errstate(all="ignore"):
                mono = frames.mean(axis=1, dtype=np.float32)
            _require_sane(path, mono, n_read, file.samplerate)
            n_read += len(mono)
            last = len(mono) < chunk_frames
            if last:
                _require_end(path, file, raw, n_read)
            out = resampler.process(mono, last=last)
            n_out += len(out)
            if len(out):
                yield out
            if last:
                break
    if n_out == 0:
        raise WorkbenchError(f"“{path}” is too short: it holds less than one sample at 16 kHz.")


@contextmanager
def _opened(path: Path) -> Iterator[tuple[soundfile.SoundFile, BinaryIO]]:
    """Open a file for decoding, with the stream of bytes behind it, or say why that cannot be."""
    try:
        if path.is_dir():
            raise WorkbenchError(f"“{path}” is a folder: choose a sound file in it.")
        if path.exists() and not path.is_file():
            raise WorkbenchError(f"“{path}” is not a file: choose a sound file.")
        raw = path.open("rb")
    except FileNotFoundError as error:
        raise WorkbenchError(f"“{path}” does not exist: check the name.") from error
    except PermissionError as error:
        raise WorkbenchError(
            f"“{path}” may not be read: change its permissions or copy it elsewhere."
        ) from error
    except (OSError, ValueError) as error:
        raise WorkbenchError(f"“{path}” cannot be opened: {_reason(error)}.") from error
    with raw:
        try:
            head = raw.read(1024)
            raw.seek(0)
        except OSError as error:
            raise WorkbenchError(f"“{path}” cannot be read: {_reason(error)}.") from error
        if not head:
            raise WorkbenchError(f"“{path}” is empty (0 bytes): copy or record it again.")
        if head.startswith(b"NIST_1A") and b"shorten" in head:
            raise WorkbenchError(
                f"“{path}” is a SPHERE file compressed with Shorten, which cannot be read: convert it, for"
                f" example with: sph2pipe -f wav {_names(path)}"
            )
        try:
            # Through the open file, not its name: libsndfile takes any bytes named .au or .vox for sound.
            file = soundfile.SoundFile(raw)
        except (soundfile.LibsndfileError, TypeError) as error:
            raise _not_opened(path, head) from error
        with file:
            _require_sound_header(path, file, head)
            yield file, raw


def _require_sound_header(path: Path, file: soundfile.SoundFile, head: bytes) -> None:
    lowest_hz, highest_hz = _RATES_HZ
    if not lowest_hz <= file.samplerate <= highest_hz:
        raise _damaged(path, f"its header gives a sampling rate of {file.samplerate} Hz")
    if file.frames == 0:
        raise WorkbenchError(f"“{path}” holds no samples: record or export it again.")
    frame_s = 1 / file.samplerate
    # libsndfile quietly shortens what lacks its end; only its log and the header still tell.
    size = re.search(r"^\s*(?:data|SSND)\s*:\s*(\d+) \(should be (\d+)\)", file.extra_info, re.MULTILINE)
    if size:
        declared, present = int(size[1]), int(size[2])
        # Programs that write to a pipe leave the size at 0 or at the largest value: nothing is missing there.
        if present + _SHORTFALL_BYTES < declared < 0x7FFFF000:
            raise _cut_short(path, file.frames * frame_s, file.frames * frame_s * declared / present)
    count = re.search(rb"sample_count -i (\d+)", head) if head.startswith(b"NIST_1A") else None
    if count and file.frames < int(count[1]):
        raise _cut_short(path, file.frames * frame_s, int(count[1]) * frame_s)


def _require_end(path: Path, file: soundfile.SoundFile, raw: BinaryIO, n_read: int) -> None:
    """Refuse a file that stopped before its end, be it the end that it declares or its last byte."""
    if file.format == "MP3":
        # Without an index in the file, libsndfile estimates the length from the first frame's bit rate, and
        # reads no further: good to a percent for a constant bit rate, senseless for a varying one.
        n_bytes = path.stat().st_size
        if n_bytes - raw.tell() > max(_MP3_TAG_BYTES, n_bytes // 10):
            raise WorkbenchError(
                f"“{path}” is an MP3 file without an index of which only the first"
                f" {n_read / file.samplerate:.1f} s can be read: {_how_to_convert(path)}"
            )
    if n_read < file.frames * (_MP3_ESTIMATE if file.format == "MP3" else 1):
        raise _cut_short(path, n_read / file.samplerate, file.frames / file.samplerate)


def _require_sane(path: Path, mono: Signal, first_sample: int, sample_rate_hz: int) -> None:
    bad = ~(np.abs(mono) < _MAX_MAGNITUDE)
    if bad.any():
        time_s = (first_sample + int(bad.argmax())) / sample_rate_hz
        raise WorkbenchError(
            f"“{path}” holds samples that are not numbers, infinite or absurdly large, the first at"
            f" {time_s:.3f} s: export it again from the program that made it."
        )


def _not_opened(path: Path, head: bytes) -> WorkbenchError:
    """Say why libsndfile refuses a file, judging by how it begins."""
    for pattern, what in _FOREIGN_STARTS:
        if re.match(pattern, head, re.DOTALL):
            return WorkbenchError(f"“{path}” is {what}, which cannot be read: {_how_to_convert(path)}")
    if path.suffix.lower() in (".raw", ".pcm"):
        return WorkbenchError(
            f"“{path}” has no header that tells its rate and format: convert it to WAV, for example with:"
            f" ffmpeg -f s16le -ar 16000 -ac 1 -i {_names(path)}"
        )
    if head.startswith(_KNOWN_STARTS):
        return _damaged(path, "its header cannot be understood")
    return WorkbenchError(
        f"“{path}” is not a sound file that can be read: if it does hold sound, {_how_to_convert(path)}"
    )


def _how_to_convert(path: Path) -> str:
    return f"convert it to WAV, for example with: ffmpeg -i {_names(path)}"


def _names(path: Path) -> str:
    """Return the name of a file and one for its conversion, as a shell takes them."""
    names = (path.name, f"{path.stem}{'-converted' if path.suffix.lower() == '.wav' else ''}.wav")
    return " ".join(f'"{name}"' if " " in name else name for name in names)


def _damaged(path: Path, why: str) -> WorkbenchError:
    return WorkbenchError(f"“{path}” is damaged, {why}: copy or export it again.")


def _cut_short(path: Path, present_s: float, declared_s: float) -> WorkbenchError:
    return _damaged(
        path, f"only {present_s:.2f} s of the {declared_s:.2f} s that its header promises are there"
    )


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).rstrip(".")


def write(
    path: str | os.PathLike[str],
    signal: Signal,
    *,
    sample_rate_hz: int = SAMPLE_RATE,
    subtype: str | None = None,
) -> int:
    """Write a signal as WAV or FLAC; the file appears whole or not at all.

    Parameters
    ----------
    path : path-like
        The suffix, ``.wav`` or ``.flac``, chooses the format. An existing file is replaced.
    signal : numpy.ndarray
        float32, shape (n_samples,), at `SAMPLE_RATE`.
    sample_rate_hz : int
        Rate of the file; the signal is resampled to it.
    subtype : str, optional
        As libsndfile names it: ``PCM_16``, ``PCM_24`` (see `SUBTYPE`), in WAV also ``FLOAT``, which keeps
        every bit and values beyond ±1.

    Returns
    -------
    int
        Number of samples beyond full scale that were set to full scale; they never wrap around. The level
        is not changed, so that files written together stay comparable. 0 for ``FLOAT``.

    Raises
    ------
    WorkbenchError
        If the suffix or `subtype` is not one of these, there are no samples, or the file cannot be written.
    """
    with Writer(path, sample_rate_hz=sample_rate_hz, subtype=subtype) as writer:
        writer.write(signal)
    return writer.clipped_samples


class Writer:
    """A WAV or FLAC file that is written block by block, with the guarantees of `write`.

    A context manager: the file takes its name when the block is left in peace; after an exception nothing
    stays behind and an earlier file of that name is untouched.

    Parameters
    ----------
    path, sample_rate_hz, subtype
        As for `write`.
    n_samples : int, optional
        Exact length of the file at `sample_rate_hz`: the end is cut or filled with zeros. A signal that came
        from another rate returns to the length of its source, which rounding can miss by a few samples.

    Attributes
    ----------
    clipped_samples : int
        Samples beyond full scale so far, as `write` returns them.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        sample_rate_hz: int = SAMPLE_RATE,
        subtype: str | None = None,
        n_samples: int | None = None,
    ) -> None:
        self.path = Path(path)
        self.sample_rate_hz = sample_rate_hz
        self.clipped_samples = 0
        self._n_samples = n_samples
        self._n_written = 0
        self._subtype = subtype or SUBTYPE
        file_format = WRITTEN_FORMATS.get(self.path.suffix.lower())
        if file_format is None:
            raise WorkbenchError(
                f"“{self.path}” cannot be written: choose a name that ends in .wav or .flac."
            )
        if not soundfile.check_format(file_format, self._subtype):
            raise WorkbenchError(
                f"“{self.path}” cannot be written as {self._subtype}: choose PCM_16, PCM_24 or (WAV) FLOAT."
            )
        self._format = file_format
        self._resampler = StreamingResampler(SAMPLE_RATE, sample_rate_hz)

    def __enter__(self) -> Self:
        # Through a link to the file itself, which would otherwise be replaced by a new file.
        target = Path(os.path.realpath(self.path))
        self._target = target
        self._part = target.with_name(f".workbench-{secrets.token_hex(6)}.part")
        try:
            if target.is_dir():
                raise WorkbenchError(f"“{self.path}” is a folder: choose a file name in it.")
            if not target.parent.is_dir():
                raise self._failed(f"the folder “{target.parent}” does not exist")
            if target.exists() and not os.access(target, os.W_OK):
                raise self._failed("it is write-protected")
            self._part.open("xb").close()
        except OSError as error:
            raise self._failed(_reason(error)) from error
        try:
            self._file = soundfile.SoundFile(
                self._part, "w", self.sample_rate_hz, 1, self._subtype, format=self._format
            )
        except (soundfile.LibsndfileError, OSError) as error:
            self._discard()
            raise self._failed(_reason(error)) from error
        return self

    def write(self, block: Signal) -> None:
        """Append a block.

        Parameters
        ----------
        block : numpy.ndarray
            float32, shape (n_samples,), at `SAMPLE_RATE`, of any length.

        Raises
        ------
        WorkbenchError
            If the disk is full or the file would outgrow what WAV can hold.
        """
        self._append(self._resampler.process(block))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            self._discard()

    def _finish(self) -> None:
        self._append(self._resampler.process(np.zeros(0, np.float32), last=True))
        if self._n_samples is not None:
            self._append(np.zeros(self._n_samples - self._n_written, np.float32))
        if self._n_written == 0:
            raise WorkbenchError(f"“{self.path}” was not written: there are no samples to write.")
        self._file.close()
        self._require_whole()
        try:
            os.replace(self._part, self._target)
        except OSError as error:
            raise self._failed(_reason(error)) from error

    def _append(self, samples: Signal) -> None:
        if self._n_samples is not None:
            samples = samples[: self._n_samples - self._n_written]
        if not np.isfinite(samples).all():
            raise ValueError("the signal holds NaN or infinite samples")
        if self._subtype not in ("FLOAT", "DOUBLE"):
            self.clipped_samples += int(np.count_nonzero(np.abs(samples) > 1))
            samples = np.clip(samples, -1, 1)
        self._n_written += len(samples)
        try:
            self._file.write(samples)
        except (soundfile.LibsndfileError, OSError, AssertionError) as error:
            raise self._failed(os.strerror(errno.ENOSPC)) from error
        if self._format == "WAV" and self._part.stat().st_size > _MAX_WAV_BYTES:
            raise self._failed("a WAV file holds at most 4 GiB; choose a name that ends in .flac")

    def _require_whole(self) -> None:
        """Read the end back: libsndfile does not report what fails while it closes a file."""
        try:
            with soundfile.SoundFile(self._part) as file:
                file.seek(self._n_written - 1)
                whole = file.frames == self._n_written and len(file.read(1)) == 1
        except soundfile.LibsndfileError:
            whole = False
        if not whole:
            raise self._failed(os.strerror(errno.ENOSPC))

    def _discard(self) -> None:
        """Remove what is left of the temporary file: nothing, where it has taken its name."""
        with suppress(AttributeError, soundfile.LibsndfileError):
            self._file.close()
        self._part.unlink(missing_ok=True)

    def _failed(self, why: str) -> WorkbenchError:
        return WorkbenchError(f"“{self.path}” cannot be written: {why}; choose another place or name.")
