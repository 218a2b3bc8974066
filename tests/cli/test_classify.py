import csv
import io
import json

import pytest


def test_json_has_a_distribution_every_half_second(run, vehicle_noise):
    outcome = run("classify", vehicle_noise, "--format", "json")
    assert outcome.status == 0
    (about,) = json.loads(outcome.out)
    times = [window["until_s"] for window in about["windows"]]
    assert times == [0.5 * step for step in range(1, len(times) + 1)]
    for window in about["windows"]:
        assert sum(window["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert about["decision"] in about["mean"]
    assert sum(about["mean"].values()) == pytest.approx(1, abs=1e-3)


def test_csv_and_table_say_the_same(run, vehicle_noise):
    rows = list(csv.DictReader(io.StringIO(run("classify", vehicle_noise, "--format", "csv").out)))
    assert rows[0]["file"] == str(vehicle_noise)
    assert float(rows[0]["until_s"]) == 0.5
    table = run("classify", vehicle_noise).out
    assert table.startswith(str(vehicle_noise))
    assert all(f"{float(row['until_s']):.1f}" in table for row in rows)


def test_summary_has_a_line_per_file_and_bad_files_stop_nothing(run, tmp_path, make_sound):
    make_sound(tmp_path / "a.wav", seconds=2)
    make_sound(tmp_path / "b.wav", seconds=2)
    (tmp_path / "bad.wav").write_text("no sound")
    make_sound(tmp_path / "short.wav", seconds=0.1)
    outcome = run("classify", tmp_path, "--summary", "--format", "csv")
    assert outcome.status == 1
    assert [row["file"] for row in csv.DictReader(io.StringIO(outcome.out))] == [
        str(tmp_path / "a.wav"),
        str(tmp_path / "b.wav"),
    ]
    assert "bad.wav" in outcome.err
    assert "too short" in outcome.err


def test_folder_without_sound(run, tmp_path):
    outcome = run("classify", tmp_path)
    assert outcome.status == 2
    assert "no audio files" in outcome.err
