"""The deployment folder: its C code against the reference, on this computer and on an emulated Cortex-M."""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tflite_micro", reason="needs tflite-micro (pre-releases only)")

from train_cli.__main__ import main
from train_cli.mcu.arrays import c_array, c_float
from train_cli.mcu.models import method_name
from train_cli.mcu.tables import sparse_filterbank
from workbench.bundles.check import Bundle
from workbench.bundles.write import write_bundle
from workbench.dsp.mel import REFERENCE_MEL_SPEC, mel_filterbank

HOST = ("make", "cc", "c++")
ARM = ("make", "arm-none-eabi-gcc", "qemu-system-arm")
STAGES = (
    "spectrum",
    "features",
    "gains",
    "enhanced",
    "output",
    "log-mel",
    "decision",
    "condition",
    "quantise",
)

TFLM_STUB = """
#pragma once
#include <cstddef>
#include <cstdint>
enum TfLiteStatus { kTfLiteOk, kTfLiteError };
struct TfLiteTensor { struct { void *raw; } data; };
namespace tflite {
struct Model {};
const Model *GetModel(const void *data);
struct MicroOpResolver {};
struct MicroAllocator { static MicroAllocator *Create(uint8_t *arena, size_t size); };
struct MicroInterpreter {
  MicroInterpreter(const Model *model, const MicroOpResolver &resolver, MicroAllocator *allocator);
  TfLiteStatus AllocateTensors();
  TfLiteStatus Invoke();
  TfLiteTensor *input(size_t index);
  TfLiteTensor *output(size_t index);
};
void InitializeTarget();
template <unsigned n> struct MicroMutableOpResolver : MicroOpResolver {
%s
};
}
"""
"""The part of TFLM's interface that the example uses, as its headers declare it."""


def needs(*tools: str) -> None:
    for tool in tools:
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}")


@pytest.fixture(scope="session")
def deployed(
    quantised: dict[str, Bundle], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str, str], Path]:
    """Return a function that gives the deployment folder of two precisions."""
    made: dict[tuple[str, str], Path] = {}

    def folder(ddae: str, nc: str) -> Path:
        if (ddae, nc) not in made:
            made[ddae, nc] = tmp_path_factory.mktemp("mcu") / "out"
            chosen = [f"{quantised['ddae'].folder}:{ddae}", f"{quantised['nc'].folder}:{nc}"]
            arguments = ["export", "--target", "mcu", "--bundle", *chosen, "--output", str(made[ddae, nc])]
            assert main(arguments) == 0
        return made[ddae, nc]

    return folder


def make(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["make", *arguments], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def errors(said: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r"^(\S+) +error (\S+) ok", said, re.MULTILINE)}


def test_c_agrees_with_the_reference_on_this_computer(deployed: Callable[[str, str], Path]) -> None:
    needs(*HOST)
    said = make(deployed("int8", "int8"), "test")
    assert all(re.search(rf"^{stage} .*ok$", said, re.MULTILINE) for stage in STAGES), said
    assert max(errors(said).values()) <= 1e-4
    assert said.endswith("all ok\n")


@pytest.mark.parametrize("board", ["m4", "m7"])
def test_c_agrees_with_the_reference_on_a_cortex_m(deployed: Callable[[str, str], Path], board: str) -> None:
    needs(*ARM)
    said = make(deployed("int8", "int8"), "qemu", f"BOARD={board}")
    assert max(errors(said).values()) <= 1e-4
    counts = dict(re.findall(r"^(\S+) .*?(\d+) instructions$", said, re.MULTILINE))
    assert counts.keys() == {"spectrum", "features", "gains", "output", "log-mel"}
    assert all(1_000 < int(count) < 1_000_000 for count in counts.values())


@pytest.mark.parametrize("frames_per_mask", [1, 5])
def test_c_knows_short_synthesis_windows_and_any_hop(
    quantised: dict[str, Bundle], tmp_path: Path, frames_per_mask: int
) -> None:
    needs(*HOST)
    bundle = quantised["ddae"]
    frames = {"hop_samples": 72, "synthesis_samples": 128, "frames_per_mask": frames_per_mask}
    features = {**bundle.manifest.features, **frames}
    manifest = replace(bundle.manifest, name="short", features=features, latency_samples=127)
    write_bundle(tmp_path / "short", manifest, {"int8": bundle.model_path("int8").read_bytes()}, "# Short\n")
    chosen = [str(tmp_path / "short"), str(quantised["nc"].folder)]
    assert main(["export", "--target", "mcu", "--bundle", *chosen, "--output", str(tmp_path / "out")]) == 0
    assert make(tmp_path / "out", "test").endswith("all ok\n")


def test_a_wrong_stage_is_noticed(deployed: Callable[[str, str], Path], tmp_path: Path) -> None:
    needs(*HOST)
    folder = tmp_path / "spoilt"
    shutil.copytree(deployed("int8", "int8"), folder, ignore=shutil.ignore_patterns("build"))
    source = folder / "features" / "dw_denoiser.c"
    source.write_text(source.read_text().replace("0.5f * DW_COMPRESSION", "0.49f * DW_COMPRESSION"))
    done = subprocess.run(["make", "test"], cwd=folder, capture_output=True, text=True)
    assert done.returncode != 0
    assert "features     error" in done.stdout
    assert "TOO LARGE" in done.stdout


@pytest.mark.parametrize("precisions", [("int8", "int8"), ("int16x8", "int8"), ("float", "float")])
def test_models_and_example_compile(
    deployed: Callable[[str, str], Path], tmp_path: Path, precisions: tuple[str, str]
) -> None:
    needs(*HOST)
    folder = deployed(*precisions)
    calls = sorted(set(re.findall(r"\)\.(Add\w+)\(", (folder / "example" / "dw_ops.h").read_text())))
    stub = TFLM_STUB % "\n".join(f"  TfLiteStatus {call}();" for call in calls)
    names = ("micro_allocator", "micro_interpreter", "micro_op_resolver", "micro_mutable_op_resolver")
    root = tmp_path / "tensorflow" / "lite"
    for path in (*(f"micro/{name}.h" for name in (*names, "system_setup")), "schema/schema_generated.h"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text('#include "tensorflow/lite/stub.h"\n')
    (root / "stub.h").write_text(stub)
    places = [f"-I{folder / part}" for part in ("features", "models", "example", "test")]
    warnings = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
    for source in sorted((folder / "models").glob("*.c")):
        subprocess.run(["cc", "-std=c99", *warnings, *places, str(source)], check=True)
    for define in ("-DDW_SELF_TEST", "-DDW_ON_BOARD"):
        example = str(folder / "example" / "main.cc")
        subprocess.run(
            ["c++", "-std=c++17", *warnings, define, f"-I{tmp_path}", *places, example], check=True
        )


def test_the_folder_says_what_it_holds(deployed: Callable[[str, str], Path]) -> None:
    folder = deployed("int16x8", "int8")
    text = (folder / "README.md").read_text()
    assert "int16x8" in text
    assert "{" not in text
    model = (folder / "models" / "dw_ddae.c").read_text()
    assert "0x54, 0x46, 0x4c, 0x33" in model.replace(",", ", ").replace(",  ", ", ")  # TFL3


def test_an_earlier_export_is_replaced_and_nothing_else(
    quantised: dict[str, Bundle], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    chosen = [str(quantised[kind].folder) for kind in ("ddae", "nc")]
    arguments = ["export", "--target", "mcu", "--bundle", *chosen, "--output"]
    assert main([*arguments, str(tmp_path)]) == 2
    assert "holds something else" in capsys.readouterr().err
    assert main([*arguments, str(tmp_path / "out")]) == 0
    assert main([*arguments, str(tmp_path / "out")]) == 0
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (("{nc}", "{nc}:int8"), "are both of kind 'nc'"),
        (("{nc}:dynamic",), "TFLM runs no dynamic-range models"),
        (("no-such",), "There is no bundle 'no-such'"),
    ],
)
def test_what_cannot_be_deployed_is_refused(
    quantised: dict[str, Bundle],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    names: tuple[str, ...],
    complaint: str,
) -> None:
    given = [name.format(nc=quantised["nc"].folder) for name in names]
    assert main(["export", "--target", "mcu", "--bundle", *given, "--output", str(tmp_path / "out")]) == 2
    assert complaint in capsys.readouterr().err


def test_constants_are_read_back_exactly() -> None:
    values = np.float32([0, -1.5, 1e-12, 0.1, 3e8])
    assert [np.float32(c_float(value).removesuffix("f")) for value in values] == list(values)
    assert c_float(2.0) == "2.0f"
    assert (
        c_array("const short x", np.array([[1, 2], [3, 4]])) == "const short x[2][2] = {{1, 2},\n{3, 4}};\n"
    )
    assert method_name("MAX_POOL_2D") == "MaxPool2D"
    assert method_name("FULLY_CONNECTED") == "FullyConnected"


def test_the_sparse_filterbank_is_the_filterbank() -> None:
    first, count, weights = sparse_filterbank(REFERENCE_MEL_SPEC)
    dense = np.zeros_like(mel_filterbank(REFERENCE_MEL_SPEC))
    starts = np.concatenate([[0], np.cumsum(count)])
    for band, (start, n) in enumerate(zip(first, count, strict=True)):
        dense[band, start : start + n] = weights[starts[band] : starts[band + 1]]
    np.testing.assert_array_equal(dense, mel_filterbank(REFERENCE_MEL_SPEC))
