import warnings

import numpy as np
import pytest
from pesq import pesq
from pystoi import stoi

from workbench.dsp import Signal
from workbench.dsp.mixing import Mixture
from workbench.errors import WorkbenchError
from workbench.evaluation.metrics import METRICS, format_value, score, score_all

# Frozen from the packages themselves (pesq 0.0.4, pystoi 0.4.1) on the demo recordings.
FROZEN = {
    "pesq_wb": 1.06320,
    "pesq_nb": 1.38510,
    "stoi": 0.85290,
    "estoi": 0.68375,
    "si_sdr": 4.93161,
    "seg_snr": 2.06870,
    "lsd": 6.53473,
}


def test_known_pair(pair: Mixture) -> None:
    found = score_all(pair.clean, pair.noisy)
    assert list(found) == list(METRICS)
    for name, expected in FROZEN.items():
        assert found[name].gap is None
        assert found[name].value == pytest.approx(expected, abs=2e-3), name


def test_the_packages_compute(pair: Mixture) -> None:
    assert score("pesq_wb", pair.clean, pair.noisy).value == pytest.approx(
        pesq(16000, pair.clean, pair.noisy, "wb")
    )
    clean, noisy = pair.clean.astype(float), pair.noisy.astype(float)
    assert score("stoi", pair.clean, pair.noisy).value == pytest.approx(stoi(clean, noisy, 16000))
    assert score("estoi", pair.clean, pair.noisy).value == pytest.approx(
        stoi(clean, noisy, 16000, extended=True)
    )


def test_less_noise_scores_better(pair: Mixture) -> None:
    cleaner = pair.clean + np.float32(0.3) * pair.noise
    for name in ("pesq_wb", "stoi", "estoi", "si_sdr"):
        worse, better = score(name, pair.clean, pair.noisy).value, score(name, pair.clean, cleaner).value
        assert worse is not None
        assert better is not None
        assert better > worse


def test_si_sdr_of_orthogonal_noise_is_the_power_ratio_at_any_level() -> None:
    time = np.arange(16000)
    clean = np.sin(2 * np.pi * 200 * time / 16000).astype(np.float32)
    noise = np.sin(2 * np.pi * 300 * time / 16000).astype(np.float32)
    for gain in (1.0, 0.01, -2.0):
        processed = (gain * (clean + 0.1 * noise)).astype(np.float32)
        assert score("si_sdr", clean, processed).value == pytest.approx(20.0, abs=1e-3)


@pytest.mark.parametrize("gain_db", [-12.0, 3.0])
def test_level_change_is_the_gain_and_the_others_ignore_it(pair: Mixture, gain_db: float) -> None:
    louder = pair.noisy * np.float32(10 ** (gain_db / 20))
    changed, plain = score_all(pair.clean, louder), score_all(pair.clean, pair.noisy)
    for name in METRICS.keys() - {"seg_snr", "lsd"}:
        expected = plain[name].value
        assert expected is not None
        tolerance = 0.02
        if name == "level_change":
            expected += gain_db
            tolerance = 0.3
        assert changed[name].value == pytest.approx(expected, abs=tolerance), name


def _broken(signal: Signal) -> Signal:
    signal = signal.copy()
    signal[1000] = np.nan
    return signal


@pytest.mark.parametrize("name", list(METRICS))
@pytest.mark.parametrize(
    ("damage_clean", "damage_processed", "reason"),
    [
        (np.zeros_like, np.copy, "clean signal is silent"),
        (np.copy, np.zeros_like, "processed signal is silent"),
        (_broken, np.copy, "clean signal has samples that are not numbers"),
        (np.copy, _broken, "processed signal has samples that are not numbers"),
        (lambda x: x[:-1], np.copy, "equally long"),
        (lambda x: x[:0], lambda x: x[:0], "empty"),
    ],
)
def test_unusable_signals_are_explained_gaps(
    pair: Mixture, name: str, damage_clean, damage_processed, reason: str
) -> None:
    found = score(name, damage_clean(pair.clean), damage_processed(pair.noisy))
    assert found.value is None
    assert found.gap is not None
    assert reason in found.gap
    assert found.gap.endswith(".")


@pytest.mark.parametrize(
    ("name", "n_samples"), [("pesq_wb", 3900), ("stoi", 20), ("stoi", 4800), ("estoi", 6000), ("estoi", 1)]
)
def test_too_short_is_an_explained_gap(pair: Mixture, name: str, n_samples: int) -> None:
    found = score(name, pair.clean[8000 : 8000 + n_samples], pair.noisy[8000 : 8000 + n_samples])
    assert found.value is None
    assert "at least" in (found.gap or "")


def test_stoi_of_little_speech_in_a_long_pause_is_a_gap(pair: Mixture) -> None:
    clean = np.zeros(32000, np.float32)
    clean[8000:11000] = pair.clean[8000:11000]
    assert "pauses not counted" in (score("stoi", clean, pair.noisy[:32000]).gap or "")


def test_infinite_si_sdr_is_a_gap(pair: Mixture) -> None:
    assert "infinite" in (score("si_sdr", pair.clean, pair.clean * np.float32(0.5)).gap or "")
    time = np.arange(16000)
    sines = [np.sin(2 * np.pi * hz * time / 16000).astype(np.float32) for hz in (200, 300)]
    assert "infinitely low" in (score("si_sdr", *sines).gap or "")
    assert "offset" in (score("si_sdr", np.ones(16000, np.float32), sines[0]).gap or "")


def test_pesq_of_long_signals_does_not_crash_and_agrees_with_its_parts(pair: Mixture) -> None:
    # The package ends the whole process at more than 50 utterances.
    time = np.arange(100 * 16000) / 16000
    rng = np.random.default_rng(1)
    bursts = (0.1 * rng.standard_normal(len(time)) * (time % 0.45 < 0.22)).astype(np.float32)
    noisy = bursts + np.float32(0.001) * rng.standard_normal(len(time)).astype(np.float32)
    whole = score("pesq_wb", bursts, noisy).value
    part = score("pesq_wb", bursts[: 20 * 16000], noisy[: 20 * 16000]).value
    assert whole == pytest.approx(part, abs=0.05)


def test_pesq_skips_long_pauses(pair: Mixture) -> None:
    silence = np.zeros(20 * 16000, np.float32)
    clean, noisy = (np.concatenate((x[: 7 * 16000], silence, silence)) for x in (pair.clean, pair.noisy))
    assert score("pesq_wb", clean, noisy).gap is None


def test_no_exception_no_nan_no_warning(pair: Mixture) -> None:
    odd = [
        np.full(16000, 0.1, np.float32),
        np.full(16000, 1e-38, np.float32),
        np.full(16000, 3e38, np.float32),
        np.eye(1, 16000, 8000, dtype=np.float32)[0],
        pair.clean[:16000],
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for clean in odd:
            for processed in odd:
                for name, found in score_all(clean, processed).items():
                    assert (found.value is None) == bool(found.gap), name
                    assert found.value is None or np.isfinite(found.value), name


def test_every_metric_says_what_it_is() -> None:
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.low < metric.high
        assert metric.title
        assert metric.paper
        assert metric.variant
        assert len(metric.explanation) > 80
    assert "without Corrigendum 2" in METRICS["pesq_wb"].variant


def test_format_value() -> None:
    assert format_value(METRICS["si_sdr"], -3.14159) == "−3.1 dB"
    assert format_value(METRICS["si_sdr"], -0.01) == "0.0 dB"
    assert format_value(METRICS["stoi"], 0.12345) == "0.123"


def test_unknown_metric_names_those_there_are(pair: Mixture) -> None:
    with pytest.raises(WorkbenchError, match="pesq_wb"):
        score("mos", pair.clean, pair.noisy)
