import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from tests.bundles.tiny import CLASS_GAINS, LOG_MEL, UNKNOWN_GAIN, ddae_manifest, ddae_model, write_tiny_ddae
from workbench.bundles.check import Bundle
from workbench.bundles.runtime import StatefulModel
from workbench.bundles.write import write_bundle
from workbench.errors import WorkbenchError

UNKNOWN = np.zeros(5, np.float32)


def test_state_is_carried_from_step_to_step_and_reset(tmp_path):
    model = StatefulModel(write_tiny_ddae(tmp_path, memory=0.1))
    ones = np.ones((1, 256, 3), np.float32)
    real_parts = [model.step(features=ones, condition=UNKNOWN)["mask"][0, 7, 0] for _ in range(3)]
    expected = [UNKNOWN_GAIN + 0.1 * mean for mean in (0.5, 0.75, 0.875)]
    np.testing.assert_allclose(real_parts, expected, rtol=1e-6)
    model.reset()
    np.testing.assert_allclose(model.step(features=ones, condition=UNKNOWN)["mask"][0, 7, 0], expected[0])


def test_inputs_are_found_by_name_and_may_lack_the_leading_axis(tmp_path):
    model = StatefulModel(write_tiny_ddae(tmp_path))
    features = np.zeros((256, 3), np.float32)
    for index, gain in enumerate(CLASS_GAINS):
        mask = model.step(condition=np.eye(5)[index], features=features)["mask"]
        assert mask.shape == (1, 256, 2)
        np.testing.assert_allclose(mask[0], np.tile([gain, 0], (256, 1)), atol=1e-6)


def test_outputs_are_copies(tmp_path):
    model = StatefulModel(write_tiny_ddae(tmp_path))
    features = np.zeros((256, 3), np.float32)
    first = model.step(features=features, condition=UNKNOWN)["mask"]
    model.step(features=features, condition=np.eye(5)[0])
    np.testing.assert_allclose(first[0, :, 0], UNKNOWN_GAIN)


def test_wrong_sizes_are_not_broadcast(tmp_path):
    model = StatefulModel(write_tiny_ddae(tmp_path))
    with pytest.raises(ValueError, match="reshape"):
        model.step(features=np.zeros((1, 3), np.float32), condition=UNKNOWN)


def test_two_models_share_no_state(tmp_path):
    bundle = write_tiny_ddae(tmp_path, memory=0.1)
    one, other = StatefulModel(bundle), StatefulModel(bundle)
    ones = np.ones((256, 3), np.float32)
    for _ in range(3):
        one.step(features=ones, condition=UNKNOWN)
    np.testing.assert_allclose(
        other.step(features=ones, condition=UNKNOWN)["mask"][0, 0, 0], UNKNOWN_GAIN + 0.05
    )


def test_quantised_models_take_and_give_floats(tmp_path):
    manifest = dataclasses.replace(ddae_manifest(), default_precision="int8")
    files = {"float": ddae_model(memory=0.1), "int8": ddae_model(memory=0.1, int8=True)}
    bundle = write_bundle(tmp_path / "both", manifest, files, "")
    precise, rough = StatefulModel(bundle, "float"), StatefulModel(bundle)
    features = np.random.default_rng(0).uniform(-1, 1, (20, 256, 3)).astype(np.float32)
    for frame in features:
        inputs = {"features": frame, "condition": np.eye(5)[2]}
        difference = rough.step(**inputs)["mask"] - precise.step(**inputs)["mask"]
        assert 0 < np.abs(difference).max() < 0.02
    loud = rough.step(features=np.full((256, 3), 1e6, np.float32), condition=UNKNOWN)["mask"]
    assert np.isfinite(loud).all()


@pytest.mark.parametrize(
    ("changes", "flaw"),
    [
        ({"n_bins": 200}, r"its inputs are .*'features': \(1, 200, 3\)"),
        ({"classes": ("human", "tv_radio")}, r"its inputs are .*'condition': \(1, 5\)"),
        ({"kind": "nc", "features": LOG_MEL}, r"its inputs are .* and not .*\(1, 63, 64, 1\)"),
    ],
)
def test_a_signature_of_another_kind_is_refused(tmp_path, changes, flaw):
    bundle = write_tiny_ddae(tmp_path)
    foreign = dataclasses.replace(ddae_manifest(**changes), files=bundle.manifest.files)
    with pytest.raises(WorkbenchError, match=f"is not a model of kind .*: {flaw}"):
        StatefulModel(Bundle(bundle.folder, foreign))


@pytest.mark.parametrize("content", [b"\0\0\0\0TFL3", ddae_model()[:4000]])
def test_a_model_that_litert_cannot_read_is_refused(tmp_path, content):
    bundle = write_tiny_ddae(tmp_path)
    bundle.model_path().write_bytes(content)
    with pytest.raises(WorkbenchError, match="cannot be run by LiteRT"):
        StatefulModel(bundle)


def test_nothing_is_printed_on_the_terminal(tmp_path):
    """LiteRT greets on the first model of a process, so this needs a process of its own."""
    bundle = write_tiny_ddae(tmp_path)
    program = (
        "import sys; from pathlib import Path; from workbench.bundles.check import check_bundle;"
        "from workbench.bundles.runtime import StatefulModel;"
        f"StatefulModel(check_bundle(Path({str(bundle.folder)!r}))); print('err', file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "err\n")
