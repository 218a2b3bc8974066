import errno
from pathlib import Path

import numpy as np
import pytest
import soundfile

from workbench.audio import files, growing_wav
from workbench.audio.growing_wav import GrowingWav
from workbench.errors import WorkbenchError

SIGNAL = np.linspace(-2, 2, 5000, dtype=np.float32)


def test_what_is_committed_can_be_read_while_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    with GrowingWav(path) as wav:
        wav.write(SIGNAL[:3000])
        wav.commit()
        wav.write(SIGNAL[3000:4000])  # written, and not yet promised
        np.testing.assert_array_equal(files.read(path), SIGNAL[:3000])
        wav.write(SIGNAL[4000:])
    np.testing.assert_array_equal(files.read(path), SIGNAL)
    sound = soundfile.SoundFile(path)
    assert (sound.samplerate, sound.channels, sound.subtype) == (16_000, 1, "FLOAT")
    sound.close()
    wav.close()  # again


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    path.write_bytes(b"mine")
    with pytest.raises(WorkbenchError, match="cannot be written"):
        GrowingWav(path)
    assert path.read_bytes() == b"mine"


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wav = GrowingWav(tmp_path / "take.wav")

    class FullDisk:
        closed = False

        def write(self, data: bytes) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    file, wav._file = wav._file, FullDisk()  # type: ignore[assignment]
    with pytest.raises(WorkbenchError, match="No space left"):
        wav.write(SIGNAL)
    file.close()


def test_a_wav_file_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing_wav, "_MAX_SAMPLES", 4000)
    with GrowingWav(tmp_path / "take.wav") as wav:
        wav.write(SIGNAL[:4000])
        with pytest.raises(WorkbenchError, match="begin another recording"):
            wav.write(SIGNAL[:1])
    assert len(files.read(tmp_path / "take.wav")) == 4000
