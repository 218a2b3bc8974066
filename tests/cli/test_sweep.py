import json

import numpy as np
import pytest

from workbench.audio import files
from workbench.evaluation.plan import read_plan

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def recordings(tmp_path, make_sound):
    make_sound(tmp_path / "speech" / "a.wav", seconds=1.0)
    make_sound(tmp_path / "speech" / "b.wav", seconds=1.2)
    make_sound(tmp_path / "cars" / "c.wav", seconds=2.5)
    return tmp_path


def _sweep(run, recordings, *more):
    arguments = ["--speech", recordings / "speech", "--noise", f"vehicle={recordings / 'cars'}"]
    arguments += ["--snr-db", 0, "--methods", "bypass", "--metrics", "si_sdr", "--workers", 1]
    return run("sweep", *arguments, "-o", recordings / "my.sweep", *more)


def test_a_sweep_and_its_report(run, recordings):
    store, out = recordings / "my.sweep", recordings / "out"
    outcome = _sweep(run, recordings)
    assert outcome.status == 0, outcome.err
    assert "SI-SDR (dB), all classes" in outcome.out
    assert "4 results of 2 mixtures" in outcome.err
    again = _sweep(run, recordings)
    assert again.out == outcome.out
    assert "everything is measured already" in again.err
    assert run("report", store).out == outcome.out
    assert run("report", store, "--format", "md").out.startswith("**SI-SDR")
    assert "toprule" in run("report", store, "--format", "tex").out
    assert len(json.loads(run("report", store, "--format", "json").out)["results"]) == 4
    written = run("report", store, "-o", out, "--format", "csv", "png", "html", "--no-sounds")
    assert written.status == 0, written.err
    assert {path.name for path in out.iterdir()} == {
        "results.csv",
        "summary.csv",
        "si_sdr.png",
        "report.html",
    }
    assert (out / "si_sdr.png").read_bytes().startswith(PNG)
    assert "<audio" not in (out / "report.html").read_text("utf-8")


def test_an_earlier_sweep_goes_on_with_another_metric(run, recordings, monkeypatch):
    _sweep(run, recordings)
    monkeypatch.chdir(recordings / "cars")
    outcome = run("sweep", recordings / "my.sweep", "--metrics", "si_sdr", "lsd", "--workers", 1)
    assert outcome.status == 0, outcome.err
    assert "4 results of 2 mixtures" in outcome.err
    assert "Log-spectral distance" in outcome.out


def test_worst_cases_and_their_sounds(run, recordings):
    _sweep(run, recordings)
    listed = run("report", recordings / "my.sweep", "--worst", 1)
    assert listed.status == 0, listed.err
    trial = listed.out.splitlines()[-1].split()[0]
    outcome = run("report", recordings / "my.sweep", "--trial", trial, "-o", recordings / "mixture")
    assert outcome.status == 0, outcome.err
    signals = {path.stem: files.read(path) for path in (recordings / "mixture").iterdir()}
    assert signals.keys() == {"clean", "noise", "mixed", "bypass"}
    np.testing.assert_allclose(signals["mixed"], signals["clean"] + signals["noise"], atol=1e-5)
    assert "--snr-db 0" in outcome.err


def test_a_plan_as_a_file(run, recordings):
    plan = recordings / "plans" / "plan.toml"
    plan.parent.mkdir()
    assert _sweep(run, recordings, "--write-plan", plan).status == 0
    assert not (recordings / "my.sweep").exists()
    assert read_plan(plan).speech == ("../speech",) or read_plan(plan).speech[0].startswith("/")
    outcome = run("sweep", plan, "--workers", 1)
    assert outcome.status == 0, outcome.err
    assert plan.with_suffix(".sweep").is_file()
    refused = _sweep(run, recordings, "--write-plan", plan)
    assert (refused.status, "exists already" in refused.err) == (2, True)


def test_the_cost_of_the_demo_is_estimated(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    outcome = run("sweep", "--demo", "--estimate")
    assert outcome.status == 0, outcome.err
    assert "168 mixtures" in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_gaps_are_said_and_tried_again(run, recordings, make_sound):
    make_sound(recordings / "speech" / "b.wav", seconds=0.2)
    outcome = _sweep(run, recordings, "--metrics", "pesq_wb")
    assert outcome.status == 1
    assert "PESQ needs at least 0.25 s" in outcome.err
    again = _sweep(run, recordings, "--metrics", "pesq_wb", "--retry-gaps")
    assert again.status == 1
    assert "2 results of 1 mixtures" in again.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sweep",), "Say what to sweep"),
        (("sweep", "--demo", "{folder}/x.toml"), "Choose one"),
        (("sweep", "{folder}/x.toml"), "cannot be read"),
        (("sweep", "--speech", "demo"), "Say with -o"),
        (("sweep", "--demo", "--noise", "cars"), "CLASS=PATH"),
        (("sweep", "--demo", "--metrics", "magic"), "no metric named 'magic'"),
        (("sweep", "--demo", "--methods", "magic", "-o", "{folder}/a.sweep"), "magic"),
        (("sweep", "--demo", "--workers", "0"), "1 or more"),
        (("report", "{folder}/none.sweep"), "There is no sweep"),
    ],
)
def test_what_cannot_be_meant_is_said(run, tmp_path, monkeypatch, arguments, words):
    monkeypatch.chdir(tmp_path)
    outcome = run(*(text.format(folder=tmp_path) for text in arguments))
    assert outcome.status == 2
    assert words in outcome.err


def test_report_refuses_what_it_cannot_do(run, recordings):
    _sweep(run, recordings)
    store = recordings / "my.sweep"
    assert "give -o" in run("report", store, "--format", "png").err
    assert "standard output" in run("report", store, "--format", "table", "-o", recordings / "o").err
    assert "has no stoi" in run("report", store, "--worst", 3, "--metric", "stoi").err
    assert "-o" in run("report", store, "--trial", "0").err
    assert "no trial" in run("report", store, "--trial", "zzz", "-o", recordings / "o").err


@pytest.mark.parametrize("figure", ["grid", "classes"])
def test_overviews_of_a_scene(run, tmp_path, figure):
    outcome = run(
        "render", "--figure", figure, "--scene", "fan", "--method", "bypass", "-o", tmp_path / "out"
    )
    assert outcome.status == 0, outcome.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"{figure}.png"]
    assert (tmp_path / "out" / f"{figure}.png").read_bytes().startswith(PNG)


def test_a_recording_has_no_grid(run, tmp_path, make_sound):
    sound = make_sound(tmp_path / "a.wav")
    outcome = run("render", sound, "--figure", "grid", "--method", "bypass", "-o", tmp_path / "out")
    assert outcome.status == 2
    assert "--speech and --noise" in outcome.err
    assert run("render", sound, "--figure", "classes", "-o", tmp_path / "out").status == 0
