import dataclasses
import re

import pytest

from tests.bundles.tiny import LOG_MEL, ddae_manifest, ddae_model, write_tiny_ddae
from workbench import resources
from workbench.bundles.check import Bundle, check_bundle
from workbench.bundles.speed import hop_samples, speed_steps
from workbench.bundles.workload import macs_per_second
from workbench.bundles.write import write_bundle
from workbench.errors import WorkbenchError


def measure(bundle, *args, **options):
    steps, shares = speed_steps(bundle, *args, **options), []
    while True:
        try:
            shares.append(next(steps))
        except StopIteration as end:
            return end.value, shares


def test_speed_is_measured_step_by_step(tmp_path):
    speed, shares = measure(write_tiny_ddae(tmp_path), n_steps=200)
    assert (speed.precision, speed.hop_ms, speed.n_steps) == ("float", 16.0, 200)
    assert 0 < speed.median_ms <= speed.p99_ms
    assert 0 < speed.real_time_factor < 1
    assert shares == sorted(shares)
    assert 0 <= shares[0] < shares[-1] <= 1


def test_a_slow_model_is_measured_in_fewer_steps(tmp_path):
    speed, _ = measure(write_tiny_ddae(tmp_path), n_steps=10**9, at_most_s=1e-4)
    assert 100 <= speed.n_steps < 200


def test_each_precision_can_be_measured(tmp_path):
    bundle = write_bundle(
        tmp_path / "both", ddae_manifest(), {"float": ddae_model(), "int8": ddae_model(int8=True)}, ""
    )
    assert measure(bundle, "int8", n_steps=100)[0].precision == "int8"
    with pytest.raises(WorkbenchError, match="has no dynamic model"):
        measure(bundle, "dynamic")


def test_hops():
    assert hop_samples(ddae_manifest()) == 256
    assert hop_samples(ddae_manifest(kind="nc", features=LOG_MEL)) == 63 * 128


def test_multiply_accumulates_of_a_dense_layer(tmp_path):
    bundle = write_tiny_ddae(tmp_path)
    assert macs_per_second(bundle) == 5 * 2 * 256 * 16_000 / 256
    rough = write_bundle(tmp_path / "int8", ddae_manifest(), {"int8": ddae_model(int8=True)}, "")
    assert macs_per_second(rough) == macs_per_second(bundle)


@pytest.mark.parametrize("folder", sorted(resources.bundled_models_dir().glob("*/")), ids=lambda f: f.name)
def test_what_ships_computes_what_its_card_says(folder):
    bundle = check_bundle(folder)
    said = re.search(r"Multiply-accumulates \| ([\d.]+) million", (folder / "CARD.md").read_text())
    assert macs_per_second(bundle) / 1e6 == pytest.approx(float(said[1]), abs=0.06)


def test_a_file_that_is_no_model_is_told(tmp_path):
    bundle = write_tiny_ddae(tmp_path)
    files = {"float": dataclasses.replace(bundle.manifest.files["float"], sha256="1" * 64)}
    other = Bundle(bundle.folder, dataclasses.replace(bundle.manifest, files=files))
    bundle.model_path().write_bytes(b"\xff" * 50)
    with pytest.raises(WorkbenchError, match="cannot be read as a LiteRT model"):
        macs_per_second(other)
