import numpy as np
import pytest

from train_cli.data import NOISES, Corpus, Mixer, MixingOptions, draw_weights, kinds_in, prefetch
from workbench.classifier.posterior import CLASSES, NoiseClass
from workbench.dsp.level import active_speech_level, rms_db
from workbench.errors import WorkbenchError


@pytest.fixture(scope="module")
def corpus(tiny_corpus):
    return Corpus.load(tiny_corpus, "train")


def test_the_same_seed_makes_the_same_batch_whatever_came_before(corpus):
    first, again = Mixer(corpus, MixingOptions(), 3), Mixer(corpus, MixingOptions(), 3)
    first.batch(0, 4)
    for name in ("noisy", "clean", "classes", "snr_db", "kinds"):
        np.testing.assert_array_equal(getattr(first.batch(7, 4), name), getattr(again.batch(7, 4), name))
    assert np.any(Mixer(corpus, MixingOptions(), 4).batch(7, 4).noisy != again.batch(7, 4).noisy)


def test_mixtures_have_the_snr_they_claim_and_stay_in_range(corpus):
    options = MixingOptions(p_no_noise=0.0)
    batch = Mixer(corpus, options, 0).batch(1, 24)
    for noisy, clean, snr_db in zip(batch.noisy, batch.clean, batch.snr_db, strict=True):
        measured_db = active_speech_level(clean).active_level_db - rms_db(noisy - clean)
        assert measured_db == pytest.approx(snr_db, abs=0.3)
        assert np.max(np.abs(noisy)) <= 1.0
        assert rms_db(noisy) <= options.level_db[1] + 0.01
    assert batch.noisy.shape == batch.clean.shape == (24, 48_000)


def test_all_classes_occur_and_no_noise_is_nearly_clean(corpus):
    batch = Mixer(corpus, MixingOptions(seconds=1.0, p_no_noise=0.3), 0).batch(0, 64)
    assert set(batch.classes) == set(range(len(CLASSES)))
    quiet = batch.classes == CLASSES.index(NoiseClass.NO_NOISE)
    assert np.all(batch.snr_db[quiet] >= 30.0)


def test_every_example_is_of_a_kind_of_its_class(corpus, tiny_corpus):
    names = kinds_in(tiny_corpus, "train")
    options = MixingOptions(seconds=1.0, p_no_noise=0.2, p_loudspeaker=0.5, p_babble=0.5)
    batch = Mixer(corpus, options, 0).batch(0, 64)
    kinds = [names[index] for index in batch.kinds]
    assert [kind.split("/")[0] for kind in kinds] == [CLASSES[index] for index in batch.classes]
    assert {"human/babble", "tv_radio/broadcast", "no_noise"} < set(kinds)
    assert any(kind not in ("human/babble", "tv_radio/broadcast", "no_noise") for kind in kinds)


def test_speech_may_begin_where_its_recording_does(corpus):
    mixer = Mixer(corpus, MixingOptions(seconds=2.0, p_start=1.0, p_colour=0.0, p_room=0.0), 0)
    starts = [stored[:16_000].astype(np.float32) / 32_768 for _, stored in corpus.speech]
    rng = np.random.default_rng(0)
    for _ in range(5):
        _, heard = mixer._speech(rng)
        assert heard.shape == (32_000,)
        first = int(np.flatnonzero(heard)[0])
        assert first < 8_500
        assert any(
            np.array_equal(heard[first : first + 8000], s[np.flatnonzero(s)[0] :][:8000]) for s in starts
        )


def test_damage_on_the_way_reaches_the_mixture(corpus):
    limited = Mixer(corpus, MixingOptions(seconds=1.0, p_band_limit=1.0), 0).batch(0, 4)
    for noisy in limited.noisy:
        spectrum = np.abs(np.fft.rfft(noisy)) ** 2
        assert spectrum[8000 - 4 :].sum() < 1e-6 * spectrum.sum() or spectrum[7990:].max() < 1e-4
    clipped = Mixer(corpus, MixingOptions(seconds=1.0, p_clip=1.0, p_no_noise=0.0), 0).batch(0, 4)
    for noisy in clipped.noisy:
        peak = np.max(np.abs(noisy))
        assert np.sum(np.abs(noisy) > 0.999 * peak) >= 3


def test_noise_alone_holds_no_speech(corpus):
    batch = Mixer(corpus, MixingOptions(seconds=1.0, p_no_noise=0.0, p_noise_alone=1.0), 0).batch(0, 8)
    assert not batch.clean.any()
    assert all(rms_db(noisy) > -60 for noisy in batch.noisy)


def test_noise_that_is_played_slower_or_faster_keeps_its_spectrum():
    white = (np.random.default_rng(1).standard_normal(100_000) * 8000).clip(-32_000, 32_000).astype(np.int16)
    corpus = Corpus([("a", white)], {each: [white] for each in NOISES}, {each: [""] for each in NOISES})
    plain = {"p_colour": 0.0, "p_second_noise": 0.0, "p_loudspeaker": 0.0, "p_babble": 0.0}
    for speed in (0.85, 1.15):
        options = MixingOptions(p_noise_speed=1.0, noise_speed=(speed, speed), **plain)
        signals = [Mixer(corpus, options, 0).scene(index).signal for index in range(20)]
        assert all(signal.shape == (48_000,) for signal in signals)
        power = np.mean(np.abs(np.fft.rfft(np.stack(signals))) ** 2, axis=0)
        band_db = 10 * np.log10([power[1000 * 3 * k : 1000 * 3 * (k + 1)].mean() for k in range(8)])
        # Up to where it ends when played at 0.85 of its speed: 6.8 kHz.
        assert np.ptp(band_db[:6]) < 0.5
        assert (band_db[7] < band_db[0] - 20) == (speed < 1)


def test_an_interferer_is_never_the_target_speaker(corpus):
    mixer = Mixer(corpus, MixingOptions(seconds=1.0), 0)
    rng = np.random.default_rng(0)
    target = corpus.speech[0][0]
    assert all(mixer._speech(rng, avoid=target)[0] != target for _ in range(50))


def test_prefetched_batches_are_those_of_the_mixer(tiny_corpus):
    options = MixingOptions(seconds=1.0)
    made = list(prefetch(tiny_corpus, "dev", options, 5, 2, 3, 5))
    assert len(made) == 2
    assert made[0].noisy.shape == (2, 16_000)
    assert np.any(made[0].noisy != made[1].noisy)


def test_a_missing_corpus_is_said_by_the_mixing_process(tmp_path):
    with pytest.raises(WorkbenchError, match="no folder"):
        next(prefetch(tmp_path / "nowhere", "train", MixingOptions(), 0, 1, 0, 1))


def test_a_corpus_without_a_class_is_refused(tiny_corpus, tmp_path):
    (tmp_path / "noise").mkdir()
    (tmp_path / "speech").symlink_to(tiny_corpus / "speech")
    with pytest.raises(WorkbenchError, match="no train noise of the class human"):
        Corpus.load(tmp_path, "train")


def test_noises_are_the_four_classes():
    assert len(NOISES) == 4
    assert NoiseClass.NO_NOISE not in NOISES


def test_rare_kinds_of_noise_are_drawn_more_often_than_their_length_says():
    weights = draw_weights([100, 100, 200, 25], ["horn", "horn", "horn", "traffic"])
    assert weights.sum() == pytest.approx(1.0)
    assert weights[3] / (1 - weights[3]) == pytest.approx((25 / 400) ** 0.5)
    assert weights[2] / weights[0] == pytest.approx(2**0.5)
