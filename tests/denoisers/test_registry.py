import subprocess
import sys

import numpy as np
import pytest

from tests.bundles.tiny import ddae_manifest, ddae_model, write_tiny_ddae
from workbench import resources
from workbench.bundles.write import write_bundle
from workbench.denoisers.packaged import PACKAGED
from workbench.denoisers.registry import (
    DEFAULT_METHOD,
    make_denoiser,
    method_titles,
    methods,
    precisions_of,
    split_precision,
    with_precision,
)
from workbench.errors import WorkbenchError

PLAIN = ["adaptive", "ddae", "ddae-human", "ddae-tv_radio", "ddae-vehicle", "ddae-household"]
ORIGINALS = ["original", *(f"original{name[4:]}" for name in PLAIN[2:])]


@pytest.fixture
def models(tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "bundled_models_dir", lambda: tmp_path / "shipped")
    monkeypatch.setattr(resources, "user_models_dir", lambda: tmp_path / "user")
    return tmp_path


def test_without_bundles_methods_say_what_is_missing(models):
    listed = {method.name: method for method in methods()}
    assert list(listed) == [*PLAIN, *PACKAGED, *ORIGINALS, "bypass"]
    for name in PLAIN:
        assert not listed[name].available
        assert listed[name].how_to_install.startswith("No ddae bundle is installed; put one into")
        with pytest.raises(WorkbenchError, match="No ddae bundle is installed"):
            make_denoiser(name)
    assert listed["bypass"].available


def test_without_a_classifier_only_adaptive_is_missing(models):
    write_tiny_ddae(models / "shipped", "standard")
    available = {method.name: method.available for method in methods() if method.family == "ours"}
    assert [name for name, is_there in available.items() if not is_there] == ["adaptive"]
    with pytest.raises(WorkbenchError, match="No nc bundle is installed"):
        make_denoiser("adaptive")


def test_bundles_of_the_user_are_methods_too(models):
    write_tiny_ddae(models / "shipped", "standard", default=True)
    write_tiny_ddae(models / "user", "fast", title="Fast one", window_samples=128, hop_samples=64, n_bins=64)
    listed = {method.name: method for method in methods()}
    assert list(listed) == [*PLAIN, "adaptive@fast", "ddae@fast", *PACKAGED, *ORIGINALS, "bypass"]
    assert listed["ddae@fast"].title == "DDAE: Fast one"
    assert listed["ddae@fast"].latency_ms == pytest.approx(127 / 16)
    assert listed["ddae"].latency_ms == pytest.approx(511 / 16)
    denoiser = make_denoiser("ddae@fast")
    assert (denoiser.name, denoiser.latency_samples) == ("ddae@fast", 127)
    assert make_denoiser("ddae-human@fast").latency_samples == 127
    assert make_denoiser("ddae@standard").latency_samples == 511


def test_every_available_method_is_made_under_its_name(models):
    write_tiny_ddae(models / "shipped", "standard")
    listed = [method for method in methods() if method.available]
    made = [make_denoiser(method.name) for method in listed]
    assert [denoiser.name for denoiser in made] == [method.name for method in listed]
    assert {*PLAIN[1:], "wiener", "log_mmse", "klt", "bypass"} <= {denoiser.name for denoiser in made}
    for method, denoiser in zip(listed, made, strict=True):
        assert denoiser.latency_samples == pytest.approx(16 * method.latency_ms)
    block = np.ones(1_000, np.float32)
    assert {denoiser.process(block).shape for denoiser in made} == {(1_000,)}


def test_a_damaged_bundle_of_the_user_breaks_nothing(models):
    write_tiny_ddae(models / "shipped", "standard")
    damaged = write_tiny_ddae(models / "user", "broken")
    damaged.model_path().write_bytes(b"")
    assert "ddae@broken" not in [method.name for method in methods()]
    with pytest.raises(WorkbenchError, match=r"There is no bundle 'broken'.*model_float\.tflite"):
        make_denoiser("ddae@broken")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("adaptiv", "There is no method 'adaptiv'; did you mean adaptive?"),
        ("ddae-vehicles", "did you mean ddae-vehicle"),
        ("xyzzy", "There is no method 'xyzzy'; choose one of adaptive, ddae"),
        ("", "There is no method ''; choose one of adaptive"),
        ("bypass@standard", "There is no method 'bypass@standard'"),
        ("ddae@", "There is no bundle ''"),
        ("ddae@standart", "There is no bundle 'standart'; did you mean standard?"),
    ],
)
def test_unknown_names_have_a_sentence(models, name, sentence):
    write_tiny_ddae(models / "shipped", "standard")
    with pytest.raises(WorkbenchError) as raised:
        make_denoiser(name)
    assert sentence in str(raised.value)


def test_bypass_changes_nothing_and_keeps_its_own_memory():
    denoiser = make_denoiser("bypass")
    block = np.arange(10, dtype=np.float32)
    out = denoiser.process(block)
    np.testing.assert_array_equal(out, block)
    assert not np.shares_memory(out, block)
    assert denoiser.latency_samples == 0


def test_listing_loads_no_runtime():
    program = (
        "import sys, workbench.denoisers.registry as r; r.methods();"
        "heavy = {'ai_edge_litert', 'scipy', 'librosa', 'tensorflow', 'workbench.denoisers.adaptive'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_default_method_is_listed_first(models):
    assert methods()[0].name == DEFAULT_METHOD


def write_two_precisions(folder, name):
    files = {"float": ddae_model(memory=0.3), "int8": ddae_model(memory=0.3, int8=True)}
    return write_bundle(folder / name, ddae_manifest(name, title="Two"), files, "# Two\n")


def test_a_method_runs_in_the_precision_that_its_name_ends_with(models):
    write_tiny_ddae(models / "shipped", "standard", default=True)
    write_two_precisions(models / "user", "two")
    signal = np.random.default_rng(0).normal(0, 0.1, 8_000).astype(np.float32)
    made = [make_denoiser(name) for name in ("ddae@two", "ddae@two:float", "ddae@two:int8")]
    assert made[2].name == "ddae@two:int8"
    usual, same, coarse = (denoiser.process(signal) for denoiser in made)
    np.testing.assert_array_equal(usual, same)
    assert 0 < np.abs(coarse - usual).max() < 0.05
    with pytest.raises(WorkbenchError, match=r"has no int16x8 model; it has float, int8\."):
        make_denoiser("ddae@two:int16x8")
    with pytest.raises(WorkbenchError, match="two:int4"):
        make_denoiser("ddae@two:int4")


def test_names_with_a_precision_are_made_and_taken_apart(models):
    write_tiny_ddae(models / "shipped", "standard", default=True)
    write_two_precisions(models / "user", "two")
    assert precisions_of("ddae@two") == precisions_of("ddae-vehicle@two:int8") == ("float", "int8")
    assert precisions_of("ddae") == ("float",)
    assert precisions_of("wiener") == ()
    assert with_precision("ddae-vehicle@two", "int8") == "ddae-vehicle@two:int8"
    assert with_precision("ddae@two:int8", "float") == "ddae@two"
    assert split_precision("ddae@two:int8") == ("ddae@two", "int8")
    assert split_precision("model@C:a") == ("model@C:a", None)
    assert method_titles(["ddae@two:int8"]) == {"ddae@two:int8": "DDAE: Two (int8)"}
    assert {method.name: method.precisions for method in methods()}["ddae@two"] == ("float", "int8")
    with pytest.raises(WorkbenchError, match="wiener has no precision 'int8'; it has only one"):
        with_precision("wiener", "int8")
