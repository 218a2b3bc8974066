"""Bundles in the kernels of TensorFlow Lite Micro."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tflite_micro", reason="needs tflite-micro (pre-releases only)")

from train_cli import verify
from train_cli.__main__ import main
from train_cli.litert_model import work_of
from train_cli.microkernels import MicroModel
from workbench.bundles.check import Bundle, check_bundle
from workbench.bundles.store import find_bundles
from workbench.bundles.write import CARD_NAME


@pytest.mark.parametrize(
    "name", [bundle.name for bundle in find_bundles() if not bundle.manifest.works_on_slices]
)
def test_each_bundled_model_runs_in_tflm_as_in_litert(name: str, tmp_path: Path) -> None:
    assert main(["verify", name, "--output", str(tmp_path / "report.json")]) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert report.pop("bundle") == name
    assert report
    for precision, found in report.items():
        assert found["agreement_db"] >= verify.LEAST_AGREEMENT_DB[precision]
        assert 0 < found["shared_arena_bytes"] < found["arena_bytes"] < 320 * 1024


@pytest.mark.parametrize("kind", ["ddae", "nc"])
def test_quantised_models_agree_and_fit(quantised: dict[str, Bundle], kind: str) -> None:
    found = {each: verify.report(quantised[kind], each, 160.0) for each in ("int8", "int16x8")}
    assert found["int8"]["agreement_db"] > 15
    assert found["int16x8"]["agreement_db"] > 40
    assert found["int16x8"]["step_difference"] < 0.01
    assert found["int8"]["flash_bytes"] < 400_000
    assert found["int8"]["load"]["Cortex-M55"] < found["int8"]["load"]["Cortex-M4F"]


def test_the_pair_shares_its_memory(quantised: dict[str, Bundle]) -> None:
    from train_cli.mcu.models import arena_bytes

    models = [MicroModel(quantised[kind].model_path("int8").read_bytes()) for kind in ("ddae", "nc")]
    together = arena_bytes(*models)
    assert max(model.arena()[0] for model in models) < together < sum(model.arena()[0] for model in models)
    assert together <= 128 * 1024
    assert sum(quantised[kind].manifest.files["int8"].n_bytes for kind in quantised) <= 512 * 1024


def test_work_is_what_the_architecture_says(quantised: dict[str, Bundle]) -> None:
    from train_cli.nc import build_network

    work = work_of(quantised["nc"].model_path("int8").read_bytes())
    # The last of its trainings.
    command = quantised["nc"].manifest.training.command.split(" && ")[-1].split()
    options = dict(zip(command[2::2], command[3::2], strict=True))
    networks = [
        # How many kinds of noise a classifier was taught is not in its bundle.
        build_network(options["--architecture"], options.get("--size", "standard"), n_kinds)
        for n_kinds in range(40, 60)
    ]
    assert work.multiply_accumulates in {network.multiply_accumulates() for network in networks}
    # What a step goes through piece by piece counts for each piece.
    assert work.operators["DEPTHWISE_CONV_2D"] > 5 < work.operators["CONV_2D"]


def test_a_model_that_differs_is_refused(
    quantised: dict[str, Bundle], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = MicroModel.run

    def spoilt(self: MicroModel, frames: list) -> list:
        return [{name: -values for name, values in step.items()} for step in run(self, frames)]

    monkeypatch.setattr(MicroModel, "run", spoilt)
    assert main(["verify", str(quantised["nc"].folder)]) == 2
    assert "differs between LiteRT and TFLM: they agree to -6.0 dB" in capsys.readouterr().err


def test_the_report_goes_into_the_card_once(quantised: dict[str, Bundle], tmp_path: Path) -> None:
    folder = tmp_path / "nc"
    shutil.copytree(quantised["nc"].folder, folder)
    card = folder / CARD_NAME
    before = card.read_text()
    assert main(["verify", str(folder), "--card"]) == 0
    first = card.read_text()
    assert main(["verify", str(folder), "--card", "--clock-mhz", "80"]) == 0
    second = card.read_text()
    assert second.count(verify.HEADING) == 1
    assert first.startswith(before.rstrip())
    assert "Load at 80 MHz" in second
    assert "| int8 |" in second
    check_bundle(folder)


def test_a_bundle_of_dynamic_range_alone_is_told_what_to_do(
    quantised: dict[str, Bundle], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "nc"
    shutil.copytree(quantised["nc"].folder, folder)
    manifest = folder / "bundle.toml"
    kept = re.sub(r"\[files\.(float|int8|int16x8)\]\n(?:\w.*\n)+\n?", "", manifest.read_text())
    manifest.write_text(kept)
    assert list(check_bundle(folder).manifest.files) == ["dynamic"]
    assert main(["verify", str(folder)]) == 2
    assert "has no model for microcontrollers" in capsys.readouterr().err


def test_ports_round_as_the_runtime_does(quantised: dict[str, Bundle]) -> None:
    micro = MicroModel(quantised["nc"].model_path("int8").read_bytes())
    port = micro.inputs["features"]
    values = np.linspace(-20, 20, int(np.prod(port.shape)), dtype=np.float32)
    stored = port.quantise(values)
    assert (stored.min(), stored.max()) == (-128, 127)
    inside = (stored > -128) & (stored < 127)
    back = port.dequantise(stored)
    assert np.abs(back - values.reshape(port.shape))[inside].max() <= 0.51 * port.scale
