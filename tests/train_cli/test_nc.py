"""What the classifier's training does beside descending."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from train_cli.events import Reporter
from train_cli.nc import change_scenes, class_members, fit_temperature, train
from train_cli.nc_figures import measure_nc, measure_recording, nc_figures, recording_figures
from train_cli.options import TrainNcOptions
from train_cli.trials import SNRS_DB, draw_trials
from workbench.audio.files import read
from workbench.bundles.store import default_bundle
from workbench.classifier.posterior import CLASSES
from workbench.corpora.recordings import Recording, find_recordings, select
from workbench.dsp import SAMPLE_RATE
from workbench.errors import WorkbenchError

KINDS = ["household/fan", "household/washer", "human/cafe", "tv_radio/music", "vehicle/siren", "no_noise"]


def test_kinds_belong_to_their_classes():
    members = class_members(KINDS)
    assert members.shape == (6, 5)
    assert [CLASSES[i].value for i in members.argmax(axis=1)] == [kind.split("/")[0] for kind in KINDS]
    np.testing.assert_array_equal(members.sum(axis=1), 1)


def test_a_scene_that_changes_takes_its_labels_along():
    rng = np.random.default_rng(0)
    classes = np.repeat(np.arange(40, dtype=np.int32)[:, None], 16, axis=1)
    chunks = np.broadcast_to(classes[:, :, None, None], (40, 16, 2, 3)).astype(np.float32).copy()
    kinds = classes + 100
    change_scenes([chunks, classes, kinds], rng)
    np.testing.assert_array_equal(chunks[:, :, 0, 0], classes)
    np.testing.assert_array_equal(kinds, classes + 100)
    changed = [len(set(row)) for row in classes]
    assert set(changed) == {1, 2}
    assert 6 <= changed.count(2) <= 26


def test_a_temperature_makes_overconfident_posteriors_honest():
    rng = np.random.default_rng(0)
    n, members = 4000, np.eye(5, dtype=np.float32)
    honest = rng.standard_normal((n, 1, 5)).astype(np.float32) * 1.5
    likelihood = np.exp(honest[:, 0])
    likelihood /= likelihood.sum(axis=1, keepdims=True)
    classes = np.array([rng.choice(5, p=p / p.sum()) for p in likelihood.astype(np.float64)], np.int32)
    assert fit_temperature(honest, classes, members) == pytest.approx(1.0, abs=0.15)
    assert fit_temperature(honest * 3, classes, members) == pytest.approx(3.0, abs=0.4)


def test_a_temperature_makes_the_mean_of_two_posteriors_honest():
    """Two that are honest each and know different things are not sure enough together."""
    rng = np.random.default_rng(0)
    n, members = 4000, np.eye(5, dtype=np.float32)
    classes = rng.integers(5, size=n).astype(np.int32)
    evidence = rng.standard_normal((n, 2, 5)).astype(np.float32)
    evidence[np.arange(n), :, classes] += 1.0
    assert fit_temperature(evidence[:, :1], classes, members) == pytest.approx(1.0, abs=0.1)
    assert fit_temperature(evidence, classes, members) < 0.9


def test_the_bundled_classifier_is_measured_in_every_way(tiny_corpus):
    folder = default_bundle("nc").folder
    trials = list(draw_trials(tiny_corpus, "test", SNRS_DB[:1], 1, 7))
    rows = [measure_nc(folder, None, a, b) for a, b in zip(trials, [*trials[1:], trials[0]], strict=True)]
    figures = nc_figures(trials, rows)
    alone = figures["All"]["noise alone"]
    assert 0 <= alone["accuracy of five classes"] <= alone["accuracy"] <= 1
    # 9 s of each are judged, in windows of 0.48 s.
    assert [sum(row[place].values()) for row in rows for place in (6, 7)] == [19] * 2 * len(rows)
    assert 0 <= figures["Scenes that go on, 3 to 12 s"]["noise alone"]["accuracy"] <= 1
    assert 0 <= figures["Posteriors in mixtures"]["all"]["expected calibration error"] <= 1
    (changes,) = figures["Changing scenes"].values()
    assert 0 <= changes["followed"] <= 1
    assert changes["changes per minute of a steady scene"] >= 0


def test_recordings_count_by_their_windows_and_by_their_sources():
    heard = [
        # file, class, source, windows heard as human and as vehicle
        ("1.wav", "human", "a", 8.0, 0.0),
        ("2.wav", "human", "a", 0.0, 2.0),
        ("3.wav", "human", "b", 0.0, 2.0),
        ("short.wav", "vehicle", "c", 0.0, 0.0),
    ]
    recordings = [
        Recording(Path("noise/test") / group / name, "noise", "test", group, source)
        for name, group, source, *_ in heard
    ]
    rows = [[{"human": human, "vehicle": vehicle}] for *_, human, vehicle in heard]
    (figures,) = recording_figures(recordings, rows).values()
    row = pytest.approx({"accuracy of windows": 8 / 12, "mean of the recordings": (8 / 10 + 0) / 2})
    assert figures == {"Human sounds, 2 recordings": row, "Mean over the classes": row}
    assert recording_figures([], []) == {}


@pytest.mark.parametrize("name", ["nc-standard", "original-nc"])
def test_recordings_are_heard_from_start_to_end(tiny_corpus, name):
    bundle = default_bundle("nc").folder.with_name(name)
    recordings = select(find_recordings(tiny_corpus), "noise", "test")
    rows = [measure_recording(bundle, None, each) for each in recordings]
    for recording, (counts,) in zip(recordings, rows, strict=True):
        assert sum(counts.values()) == pytest.approx(
            len(read(recording.path)) / SAMPLE_RATE / 0.49, rel=0.06, abs=3
        )
    (figures,) = recording_figures(recordings, rows).values()
    assert all(0 <= share <= 1 for row in figures.values() for share in row.values())
    assert len(figures) == len({each.group for each in recordings}) + 1


def test_the_original_classifier_has_no_fifth_answer(tiny_corpus):
    folder = default_bundle("nc").folder.with_name("original-nc")
    trials = list(draw_trials(tiny_corpus, "test", SNRS_DB[:1], 1, 7))
    rows = [measure_nc(folder, None, a, b) for a, b in zip(trials, [*trials[1:], trials[0]], strict=True)]
    figures = nc_figures(trials, rows)
    assert list(figures["All"]["noise alone"]) == ["accuracy"]
    assert all(row["No noise"] == 0 for row in figures["Heard as"].values())


def test_the_original_classifier_refuses_a_teacher(tmp_path):
    options = TrainNcOptions(run=tmp_path / "run", architecture="original-nc", teacher="yamnet")
    with pytest.raises(WorkbenchError, match="leave --teacher out"):
        train(options, Reporter(as_json=False))
    assert not (tmp_path / "run").exists()


def test_only_a_network_with_its_layers_begins_with_yamnet(tmp_path):
    options = TrainNcOptions(run=tmp_path / "run", begin_with="yamnet")
    with pytest.raises(WorkbenchError, match="chunk-net has no layers of yamnet"):
        train(options, Reporter(as_json=False))
    assert not (tmp_path / "run").exists()
