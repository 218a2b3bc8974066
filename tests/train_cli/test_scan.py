import json
import shutil

import pytest

from train_cli.__main__ import main
from workbench.audio import files
from workbench.corpora.catalogue import read_catalogue


@pytest.fixture
def data(tiny_corpus, tmp_path):
    """Return a copy of the tiny corpus that a test may damage."""
    root = tmp_path / "data"
    shutil.copytree(tiny_corpus, root)
    return root


def _scan(data, catalogue, *arguments):
    return main(["scan", f"--data={data}", f"--output={catalogue}", *arguments])


def test_a_report_says_what_was_used_and_what_was_not(data, tmp_path, capfd):
    vehicle = data / "noise" / "train" / "vehicle"
    first = sorted(vehicle.iterdir())[0]
    files.write(vehicle / "telephone.wav", files.read(first), sample_rate_hz=8_000)
    (vehicle / "empty.wav").touch()
    (data / "noise" / "train" / "vehicel").mkdir()
    shutil.copy(first, data / "noise" / "train" / "vehicel")
    catalogue = tmp_path / "c.csv"
    assert _scan(data, catalogue) == 0
    captured = capfd.readouterr()
    assert "| vehicle | 2 | " in captured.out
    assert "| sampled at 8000 Hz, below 16000 Hz | 1 | vehicle/telephone.wav |" in captured.out
    assert "| empty (0 bytes) | 1 | vehicle/empty.wav |" in captured.out
    assert "| unknown class “vehicel” (closest: vehicle) | 1 |" in captured.out
    assert "files are used" in captured.err
    entries = read_catalogue(catalogue)
    assert sum(not entry.use for entry in entries) == 3


def test_a_second_scan_decodes_nothing_and_keeps_edits(data, tmp_path, capfd):
    catalogue = tmp_path / "c.csv"
    assert _scan(data, catalogue, "--events") == 0
    lines = catalogue.read_text().splitlines()
    lines[1] = lines[1].replace("yes,", "no,", 1)
    catalogue.write_text("\n".join(lines) + "\n")
    capfd.readouterr()
    assert _scan(data, catalogue, "--events") == 0
    events = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert not [event for event in events if event["event"] == "progress"]
    assert [event["why"] for event in events if event["event"] == "left_out"] == [""]
    assert [event["event"] for event in events][-2:] == ["finished", "ended"]
    assert catalogue.read_text().splitlines() == lines
    assert _scan(data, catalogue, "--fresh") == 0
    assert all(entry.use for entry in read_catalogue(catalogue))


def test_a_scan_that_was_stopped_goes_on(data, tmp_path, capfd):
    catalogue, partial = tmp_path / "c.csv", tmp_path / "c.csv.partial"
    assert _scan(data, catalogue) == 0
    complete = catalogue.read_text()
    # What a scan leaves that is killed half-way: some rows, the splits not drawn yet.
    rows = complete.splitlines()[:9]
    partial.write_text("\n".join(row.replace(",train,", ",,") for row in rows) + "\n")
    catalogue.unlink()
    capfd.readouterr()
    assert _scan(data, catalogue, "--events") == 0
    progress = [line for line in capfd.readouterr().out.splitlines() if '"progress"' in line]
    assert json.loads(progress[-1])["steps"] == len(complete.splitlines()) - 9
    assert not partial.exists()


def test_shared_speakers_are_refused_by_name(data, tmp_path, capfd):
    train = data / "speech" / "train"
    speaker = sorted(train.iterdir())[0]
    shutil.copytree(speaker, data / "speech" / "dev" / speaker.name)
    catalogue = tmp_path / "c.csv"
    assert _scan(data, catalogue) == 2
    message = capfd.readouterr().err
    assert f"speaker {speaker.name} is in train and dev" in message
    assert "edit its columns" in message
    # The catalogue is there to be mended.
    rows = catalogue.read_text().splitlines()
    mended = [row.replace("yes,", "no,", 1) if f"/dev/{speaker.name}/" in row else row for row in rows]
    catalogue.write_text("\n".join(mended) + "\n")
    assert _scan(data, catalogue) == 0


@pytest.mark.parametrize("make", ["missing", "empty", "useless"])
def test_nothing_to_use_is_one_sentence(tmp_path, make, capfd):
    data = tmp_path / "data"
    if make != "missing":
        data.mkdir()
    if make == "useless":
        (data / "speech" / "alice").mkdir(parents=True)
        (data / "speech" / "alice" / "a.wav").write_text("no sound")
    assert _scan(data, tmp_path / "c.csv") == 2
    captured = capfd.readouterr()
    assert "Traceback" not in captured.err
    expected = {
        "missing": "There is no folder",
        "empty": "holds no sound files",
        "useless": "None of the 1 files can be used",
    }
    assert expected[make] in captured.err


def test_a_training_takes_a_catalogue(data, tmp_path):
    from train_cli.data import Corpus

    catalogue = tmp_path / "c.csv"
    assert _scan(data, catalogue) == 0
    text = catalogue.read_text()
    assert len(Corpus.load(catalogue, "train").speech) == len(Corpus.load(data, "train").speech)
    speaker = read_catalogue(catalogue)[-1]
    assert speaker.path.exists()
    catalogue.write_text(text.replace("yes,", "no,", 1))
    total = sum(map(len, Corpus.load(catalogue, "dev").noise.values()))
    assert total == sum(map(len, Corpus.load(data, "dev").noise.values())) - 1
