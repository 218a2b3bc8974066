import json

import numpy as np
import pytest

from workbench.audio import files
from workbench.engine.graph import GraphBlock
from workbench.engine.recording import write_take
from workbench.engine.scene import demo_scenes_by_id, load_scene


@pytest.fixture(scope="module")
def mixed():
    loaded = load_scene(demo_scenes_by_id()["street"])
    return loaded.mixture(0.0).noisy[: 4 * 16_000]


@pytest.fixture
def take(tmp_path, mixed):
    return write_take(tmp_path, [GraphBlock(0, None, mixed, mixed, [], mixed)], {"method": "bypass"})


def test_a_take_and_a_file_are_rated_alike_and_denoising_helps(run, tmp_path, take, mixed):
    pytest.importorskip("speechmos")
    pytest.importorskip("onnxruntime")
    files.write(tmp_path / "mixed.wav", mixed, subtype="FLOAT")
    outcome = run("rate", take, tmp_path / "mixed.wav", "--method", "adaptive", "--format", "json")
    assert outcome.status == 0
    of_take, denoised_take, of_file, _ = json.loads(outcome.out)
    assert (of_take["method"], denoised_take["method"]) == ("noisy", "adaptive")
    values = [{name: value for name, value in one.items() if "mos" in name} for one in (of_take, of_file)]
    assert values[0] == pytest.approx(values[1])
    assert len(values[0]) == 3
    background = next(name for name in of_take if "bak" in name)
    assert denoised_take[background] > of_take[background] + 0.3
    assert np.all([1 <= value <= 5 for value in values[0].values()])


def test_a_table(run, take):
    pytest.importorskip("speechmos")
    pytest.importorskip("onnxruntime")
    outcome = run("rate", take, "--method", "bypass")
    assert outcome.status == 0
    assert len(outcome.out.splitlines()) == 3


def test_what_cannot_be_rated_is_said(run, tmp_path):
    pytest.importorskip("speechmos")
    pytest.importorskip("onnxruntime")
    assert "There is no file" in run("rate", tmp_path / "nothing.wav").err
    (tmp_path / "empty").mkdir()
    assert "is not a recording" in run("rate", tmp_path / "empty").err
