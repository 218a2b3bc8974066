"""Segmental SNR and log-spectral distance, and the metrics of optional extras."""

import numpy as np
import pytest

from workbench.dsp import Signal
from workbench.dsp.mixing import Mixture
from workbench.errors import WorkbenchError
from workbench.evaluation.distortion import log_spectral_distance_db, segmental_snr_db
from workbench.evaluation.hearing import parse_audiogram
from workbench.evaluation.metrics import METRICS, OPTIONAL_METRICS, find_metric, score


def _noise(seed: int, level: float) -> Signal:
    return (level * np.random.default_rng(seed).standard_normal(32_000)).astype(np.float32)


def test_segmental_snr_of_steady_signals_is_their_snr() -> None:
    clean = _noise(0, 0.1)
    for snr_db in (0.0, 10.0, 20.0):
        processed = clean + _noise(1, 0.1 * 10 ** (-snr_db / 20))
        assert segmental_snr_db(clean, processed) == pytest.approx(snr_db, abs=0.2)


def test_segmental_snr_is_limited_in_each_frame() -> None:
    clean = _noise(0, 0.1)
    assert segmental_snr_db(clean, clean) == pytest.approx(35.0)
    assert segmental_snr_db(clean, clean + _noise(1, 10.0)) == pytest.approx(-10.0)
    half = clean.copy()
    half[16_000:] += _noise(1, 10.0)[16_000:]
    assert segmental_snr_db(clean, half) == pytest.approx(12.5, abs=0.5)


@pytest.mark.parametrize("gain_db", [-6.0, 3.0])
def test_the_log_spectral_distance_of_a_gain_is_the_gain(gain_db: float) -> None:
    clean = _noise(0, 0.1)
    louder = clean * np.float32(10 ** (gain_db / 20))
    assert log_spectral_distance_db(clean, louder) == pytest.approx(abs(gain_db), abs=0.01)


def test_the_log_spectral_distance_grows_with_the_noise(pair: Mixture) -> None:
    shares = [
        log_spectral_distance_db(pair.clean, pair.clean + np.float32(share) * pair.noise)
        for share in (0.0, 0.1, 0.3, 1.0)
    ]
    assert shares[0] == 0
    assert shares == sorted(shares)


@pytest.mark.parametrize("name", ["seg_snr", "lsd"])
def test_shorter_than_a_frame_is_a_gap(pair: Mixture, name: str) -> None:
    assert "at least 0.032 s" in (score(name, pair.clean[:400], pair.noisy[:400]).gap or "")


def test_estoi_is_the_same_each_time_and_leaves_the_generator_alone(pair: Mixture) -> None:
    np.random.seed(5)  # noqa: NPY002
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    first = score("estoi", pair.clean, pair.noisy)
    assert np.random.random() == expected  # noqa: NPY002
    assert score("estoi", pair.clean, pair.noisy) == first


def test_optional_metrics_say_how_to_get_them(pair: Mixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.evaluation.metrics.find_spec", lambda name: None)
    for name, metric in OPTIONAL_METRICS.items():
        found = score(name, pair.clean, pair.noisy)
        assert found.value is None
        assert found.gap == metric.how_to_install
        assert f"denoise-workbench[{metric.extra}]" in (found.gap or "")
    assert all(metric.how_to_install is None for metric in METRICS.values())


def test_dnsmos_needs_no_reference_and_prefers_clean_speech(pair: Mixture) -> None:
    pytest.importorskip("speechmos")
    pytest.importorskip("onnxruntime")
    for name in ("dnsmos_sig", "dnsmos_bak", "dnsmos_ovrl"):
        clean, noisy = score(name, None, pair.clean), score(name, None, pair.noisy)
        assert clean.value is not None
        assert noisy.value is not None
        assert 1 < noisy.value < clean.value < 5
    loud = score("dnsmos_ovrl", None, pair.noisy * np.float32(20))
    assert loud.gap is None
    assert "no clean reference" in (score("stoi", None, pair.noisy).gap or "")


def test_dnsmos_is_that_of_the_package(pair: Mixture) -> None:
    package = pytest.importorskip("speechmos.dnsmos")
    theirs = package.run(pair.noisy, 16_000)
    for scale in ("sig", "bak", "ovrl"):
        found = score(f"dnsmos_{scale}", None, pair.noisy).value
        assert found == pytest.approx(theirs[f"{scale}_mos"], abs=1e-4)


def test_haspi_and_hasqi_fall_with_noise_and_hearing_loss(pair: Mixture) -> None:
    pytest.importorskip("clarity")
    clean, noisy = pair.clean[:32_000], pair.noisy[:32_000]
    values = {
        name: (score(name, clean, clean).value, score(name, clean, noisy).value)
        for name in ("haspi@NH", "haspi@N5", "hasqi@NH")
    }
    for best, worse in values.values():
        assert best is not None
        assert worse is not None
        assert 0 <= worse < best <= 1
    assert values["haspi@N5"][1] < values["haspi@NH"][1]  # type: ignore[operator]
    assert score("hasqi@NH", clean, noisy).value == values["hasqi@NH"][1]


def test_audiograms() -> None:
    assert parse_audiogram("N3") == (35, 35, 40, 50, 60, 65)
    assert parse_audiogram("0,5.5,10,20,30,40") == (0, 5.5, 10, 20, 30, 40)
    for text in ("", "N9", "1,2,3", "0,0,0,0,0,500", "a,b,c,d,e,f"):
        with pytest.raises(WorkbenchError, match="no audiogram"):
            parse_audiogram(text)
    metric = find_metric("haspi@N2")
    assert metric.name == "haspi@N2"
    assert "N2" in metric.variant
    with pytest.raises(WorkbenchError, match="no metric named 'stoi@N2'"):
        find_metric("stoi@N2")
