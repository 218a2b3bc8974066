"""A mixture of a sweep opens in the studio as the very same one, sample for sample."""

from pathlib import Path

import numpy as np
import pytest

from tests.gui.sweep.conftest import quick_plan
from workbench.audio.files import read, write
from workbench.denoisers.registry import make_denoiser
from workbench.engine.graph import LiveGraph
from workbench.engine.render import render_scene
from workbench.engine.scene import Scene, demo_scenes, load_scene
from workbench.errors import WorkbenchError
from workbench.evaluation.plan import NOISE_CLASSES, SweepPlan
from workbench.evaluation.trials import denoised_by, trial_mixture
from workbench.gui.sweep.mixtures import MixtureRow
from workbench.gui.sweep.work import mixture_scene


def row_of(trial: str, method: str) -> MixtureRow:
    return MixtureRow(trial, "", "", "", 0.0, 0, method, None, None, None, "")


def assert_same(plan: SweepPlan, method: str = "bypass") -> None:
    offsets = set()
    for trial in plan.trials():
        mixture, offset_samples = trial_mixture(trial)
        offsets.add(offset_samples)
        loaded = load_scene(mixture_scene(plan, row_of(trial.key, method)))
        rendered = render_scene(loaded)
        assert rendered.clean is not None
        np.testing.assert_array_equal(rendered.clean, mixture.clean)
        np.testing.assert_array_equal(rendered.mixed, mixture.noisy)
        np.testing.assert_array_equal(rendered.denoised, denoised_by(method, mixture))
    assert len(offsets) > 1, "the mixtures should begin at different places"


def test_demo_recordings_of_all_classes_and_repetitions() -> None:
    noise = tuple((name, ("demo",)) for name in NOISE_CLASSES)
    assert_same(quick_plan(noise=noise, max_speech=1, repetitions=3, snrs_db=(-20.0, 2.5)))


def test_noise_that_is_shorter_than_the_speech_is_looped_from_the_same_place(tmp_path: Path) -> None:
    scene = demo_scenes()[0]
    assert scene.noise_path is not None
    write(tmp_path / "short.wav", read(scene.noise_path)[:20_000])
    plan = quick_plan(noise=(("own", (str(tmp_path / "short.wav"),)),), repetitions=2, snrs_db=(0.0,))
    assert_same(plan)


def test_recordings_at_another_rate(tmp_path: Path) -> None:
    scene = demo_scenes()[1]
    assert scene.noise_path is not None
    noise = np.tile(read(scene.noise_path), 3)
    write(tmp_path / "other.wav", noise, sample_rate_hz=44_100)
    plan = quick_plan(noise=(("own", (str(tmp_path / "other.wav"),)),), repetitions=3, snrs_db=(0.0,))
    assert_same(plan)


def test_what_the_method_makes_of_it_is_the_same_too() -> None:
    assert make_denoiser("wiener").latency_samples > 0
    assert_same(quick_plan(snrs_db=(0.0,)), "wiener")


def test_the_live_graph_plays_the_same_mixture() -> None:
    plan = quick_plan(snrs_db=(-5.0,), max_speech=1)
    trial = plan.trials()[0]
    mixture, offset_samples = trial_mixture(trial)
    assert offset_samples > 0
    graph = LiveGraph(load_scene(mixture_scene(plan, row_of(trial.key, "bypass"))))
    played = graph.process(8000).mixed
    np.testing.assert_array_equal(played, mixture.noisy[: len(played)])


def test_the_noisy_signal_opens_with_no_method() -> None:
    plan = quick_plan(max_speech=1)
    assert mixture_scene(plan, row_of(plan.trials()[0].key, "noisy")).method == "bypass"


def test_a_recording_that_has_changed_is_refused(tmp_path: Path) -> None:
    speech = demo_scenes()[0].speech_path
    assert speech is not None
    write(tmp_path / "a.wav", read(speech))
    plan = quick_plan(speech=(str(tmp_path / "a.wav"),), max_speech=None)
    key = plan.trials()[0].key
    (tmp_path / "a.wav").unlink()
    with pytest.raises(WorkbenchError, match="no file or folder"):
        mixture_scene(plan, row_of(key, "wiener"))


def test_scene_with_a_place_in_the_noise_is_saved_and_read() -> None:
    scene = Scene(speech_path=Path("a.wav"), noise_path=Path("b.wav"), noise_offset_samples=123_456)
    assert Scene.from_json(scene.to_json()) == scene
    assert Scene.from_json('{"snr_db": 3}').noise_offset_samples == 0
    with pytest.raises(WorkbenchError):
        Scene.from_json('{"noise_offset_samples": "later"}')


def test_a_place_before_the_beginning_is_refused() -> None:
    scene = demo_scenes()[0]
    with pytest.raises(WorkbenchError, match="cannot begin"):
        load_scene(Scene(speech_path=scene.speech_path, noise_path=scene.noise_path, noise_offset_samples=-1))
