import os

import numpy as np
import pytest

from workbench.audio import files
from workbench.corpora.catalogue import read_catalogue, write_catalogue
from workbench.corpora.inspection import Rules, clipped_share
from workbench.corpora.recordings import doubts_about, find_recordings, select
from workbench.corpora.scanning import Scanner, why_left_out
from workbench.errors import WorkbenchError


def _scan(*roots, known=(), **options):
    scanner = Scanner(roots, known, **options)
    steps = list(scanner.inspect())
    return scanner.finish(), steps


def _problems(scan):
    return {entry.path.name: entry.problems for entry in scan.left_out}


def test_each_kind_of_damage_is_found_and_named(write, tmp_path, sentence):
    write("noise/vehicle/good.wav")
    write("noise/vehicle/slow.wav", rate_hz=8_000)
    write("noise/vehicle/short.wav", seconds=0.2)
    write("noise/vehicle/silent.wav", gain=0.0)
    (tmp_path / "noise/vehicle/empty.wav").touch()
    (tmp_path / "noise/vehicle/text.wav").write_text("not a sound")
    cut = write("noise/vehicle/cut.wav")
    cut.write_bytes(cut.read_bytes()[:9_000])
    write("noise/vehicel/misnamed.wav")
    (tmp_path / "noise/vehicle/notes.txt").write_text("no sound and no name of one")
    loud = write("speech/alice/loud.wav")
    files.write(loud, np.clip(sentence * 20 / np.abs(sentence).max(), -1, 1)[:16_000], subtype="PCM_16")
    scan, _ = _scan(tmp_path)
    assert {entry.path.name for entry in scan.used} == {"good.wav"}
    problems = _problems(scan)
    assert problems.pop("loud.wav").startswith("clipped: ")
    assert problems == {
        "slow.wav": "sampled at 8000 Hz, below 16000 Hz",
        "short.wav": "too short: 0.20 s, below 0.5 s",
        "silent.wav": "silent: below -70 dB",
        "empty.wav": "empty (0 bytes)",
        "text.wav": "not a sound file that can be read",
        "cut.wav": problems["cut.wav"],
        "misnamed.wav": "unknown class “vehicel” (closest: vehicle)",
    }
    assert "damaged" in problems["cut.wav"]
    reasons = why_left_out(scan.left_out)
    assert sum(map(len, reasons.values())) == len(scan.left_out)
    assert "too short" in reasons


def test_the_limits_can_be_moved(write, tmp_path):
    write("noise/vehicle/slow.wav", rate_hz=8_000)
    write("noise/vehicle/short.wav", seconds=0.2)
    scan, _ = _scan(tmp_path, rules=Rules(min_seconds=0.1, min_rate_hz=8_000))
    assert len(scan.used) == 2


def test_clipped_noise_is_used_with_a_remark(write, tmp_path, sentence):
    path = write("noise/vehicle/horn.wav")
    files.write(path, np.clip(sentence * 20 / np.abs(sentence).max(), -1, 1)[:16_000], subtype="PCM_16")
    scan, _ = _scan(tmp_path)
    assert scan.used[0].problems.startswith("clipped")


def test_clipping_is_told_from_loudness(sentence):
    loud = sentence / np.abs(sentence).max()
    time_s = np.arange(16_000) / 16_000
    assert clipped_share(loud) < 1e-4
    assert clipped_share(np.sin(2 * np.pi * 440 * time_s).astype(np.float32)) < 1e-4
    assert clipped_share(np.clip(3 * loud, -1, 1)) > 1e-3
    assert clipped_share(np.clip(3 * loud, -1, 1) * np.float32(0.5)) == 0.0


def test_copies_are_used_once_within_a_split(write, tmp_path):
    path = write("noise/train/vehicle/a.wav")
    (path.parent / "b.wav").write_bytes(path.read_bytes())
    scan, _ = _scan(tmp_path)
    assert _problems(scan) == {"b.wav": "the same sound as a.wav"}
    assert not scan.leaks
    path.unlink()
    again, steps = _scan(tmp_path, known=scan.entries)
    assert not steps
    assert [entry.path.name for entry in again.used] == ["b.wav"]


def test_a_noise_whose_class_is_known_is_not_left_out_as_a_copy_of_another_sound(write, tmp_path):
    path = write("noise/train/vehicle/a.wav")
    (tmp_path / "noise/train/other").mkdir()
    (tmp_path / "noise/train/other/b.wav").write_bytes(path.read_bytes())
    scan, _ = _scan(tmp_path)
    assert _problems(scan) == {"b.wav": "the same sound as a.wav"}
    assert [entry.noise_class for entry in scan.used] == ["vehicle"]


def test_copies_in_two_splits_are_a_leak(write, tmp_path):
    path = write("noise/train/vehicle/a.wav")
    (tmp_path / "noise/test/vehicle").mkdir(parents=True)
    (tmp_path / "noise/test/vehicle/b.wav").write_bytes(path.read_bytes())
    scan, _ = _scan(tmp_path)
    assert scan.leaks == ["b.wav in test and a.wav in train are the same recording"]


def test_only_what_is_new_or_changed_is_decoded_again(write, tmp_path):
    data = tmp_path / "noise"
    kept, changed, gone = (write(f"noise/vehicle/{name}.wav") for name in ("kept", "changed", "gone"))
    first, _ = _scan(data)
    write_catalogue(tmp_path / "c.csv", first.entries)
    # Edits of unchanged rows stay.
    text = (tmp_path / "c.csv").read_text().replace(",kept,", ",my-recording,")
    (tmp_path / "c.csv").write_text(text)
    files.write(changed, files.read(gone) * np.float32(0.5))
    os.utime(changed, ns=(1, 1))
    gone.unlink()
    write("noise/vehicle/new.wav")
    second, steps = _scan(data, known=read_catalogue(tmp_path / "c.csv"))
    assert steps[-1] == (2, 2)
    assert second.n_kept == 1
    recordings = {entry.path.name: entry.recording for entry in second.entries}
    assert recordings == {"kept.wav": "my-recording", "changed.wav": "changed", "new.wav": "new"}
    assert any("missing in these folders and were taken out: gone.wav" in note for note in second.notes)
    assert kept.exists()


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(WorkbenchError, match="holds no sound files"):
        Scanner([tmp_path])


def test_a_catalogue_gives_what_it_lists_from_anywhere(timit, write, tmp_path, monkeypatch):
    write("noise/train/vehicle/a.wav")
    write("noise/train/vehicle/b.wav")
    scan, _ = _scan(timit, tmp_path / "noise")
    catalogue = tmp_path / "lists" / "c.csv"
    write_catalogue(catalogue, scan.entries)
    assert read_catalogue(catalogue)[0].n_bytes == scan.entries[0].n_bytes
    monkeypatch.chdir(tmp_path / "lists")
    recordings = find_recordings(catalogue)
    assert len(recordings) == len(scan.used)
    assert all(recording.path.exists() for recording in recordings)
    train, dev = (select(recordings, "noise", split, "vehicle") for split in ("train", "dev"))
    assert len(train) == len(dev) == 1
    assert {r.group for r in select(recordings, "speech", "test")} == {
        entry.speaker for entry in scan.entries if entry.split == "test"
    }


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("maybe,a.wav,noise,vehicle,,train", "line 2: use must be yes or no"),
        ("yes,a.wav,noise,vehicel,,train", "line 2: class must be one of"),
        ("yes,a.wav,noise,vehicle,,", "line 2: split must be"),
        ("yes,a.wav,speech,,,train", "line 2: speaker is empty"),
        ("yes,a.wav,music,,,train", "line 2: kind must be"),
    ],
)
def test_a_slip_in_a_catalogue_is_named_with_its_line(tmp_path, row, message):
    (tmp_path / "c.csv").write_text(f"use,path,kind,class,speaker,split\n{row}\n")
    with pytest.raises(WorkbenchError, match=message):
        find_recordings(tmp_path / "c.csv")


def test_a_catalogue_with_a_leak_is_refused(tmp_path):
    rows = "yes,a.wav,speech,,alice,train\nyes,b.wav,speech,,alice,test\n"
    (tmp_path / "c.csv").write_text(f"use,path,kind,class,speaker,split\n{rows}")
    with pytest.raises(WorkbenchError, match="speaker alice is in train and test"):
        find_recordings(tmp_path / "c.csv")
    (tmp_path / "c.csv").write_text(f"use,path,kind,class,speaker,split\n{rows.replace('yes,b', 'no,b')}")
    assert len(find_recordings(tmp_path / "c.csv")) == 1


def test_what_is_no_catalogue_is_refused(tmp_path, timit_sphere):
    (tmp_path / "c.csv").write_text("name,size\n")
    with pytest.raises(WorkbenchError, match="no catalogue because it has no column “path”"):
        find_recordings(tmp_path / "c.csv")
    with pytest.raises(WorkbenchError, match="is no catalogue"):
        find_recordings(timit_sphere)


def test_a_folder_without_splits_can_be_trained_on(write, tmp_path):
    for speaker in "abc":
        write(f"speech/{speaker}/one.wav")
    assert sorted(r.split for r in find_recordings(tmp_path)) == ["dev", "test", "train"]


def test_a_training_on_a_folder_is_warned(write, tmp_path):
    write("noise/train/vehicel/a.wav")
    write("noise/train/vehicle/b.wav", rate_hz=8_000)
    (tmp_path / "noise/train/vehicle/broken.wav").touch()
    unused, slow = doubts_about(tmp_path)
    assert unused.startswith("1 files are not used, such as ")
    assert "closest: vehicle" in unused
    assert slow.startswith("1 files are sampled at less than 16000 Hz, such as ")
    assert doubts_about(tmp_path / "c.csv") == []


def test_a_folder_with_a_leak_is_refused(write, tmp_path):
    write("speech/train/a/one.wav")
    write("speech/dev/a/two.wav")
    with pytest.raises(WorkbenchError, match="speaker a is in train and dev"):
        find_recordings(tmp_path)
