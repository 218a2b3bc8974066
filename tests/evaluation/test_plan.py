import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.evaluation.sweeps import small_plan, write_recordings
from workbench.errors import WorkbenchError
from workbench.evaluation.plan import NOISY, SweepPlan, demo_plan, read_plan
from workbench.evaluation.trials import trial_mixture


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    write_recordings(tmp_path)
    return tmp_path


def test_a_plan_file_says_the_same(tmp_path: Path) -> None:
    plan = SweepPlan(
        speech=("speech dir", "demo"),
        noise=(("vehicle", ("a.wav", "b")), ("my noise", ('c "quoted"',))),
        snrs_db=(-2.5, 0.0, 5.0),
        repetitions=3,
        methods=("adaptive", "ddae"),
        metrics=("stoi", "haspi@N2"),
        seed=7,
        max_speech=4,
        title="My “sweep”",
    )
    path = tmp_path / "plan.toml"
    path.write_text(plan.to_toml(), "utf-8")
    read = read_plan(path)
    assert read == plan
    assert read.title == plan.title
    assert read.digest == plan.digest
    assert hash(read) == hash(plan)
    assert read.folder == tmp_path


def test_whole_numbers_and_fine_steps_are_the_same_snrs(recordings: Path, tmp_path: Path) -> None:
    plan = small_plan(recordings, snrs_db=(0, 5))
    same = small_plan(recordings, snrs_db=(0.0, 5.0))
    assert plan.digest == same.digest
    assert plan.trials() == same.trials()
    fine = SweepPlan(snrs_db=(-1.0000001234,))
    assert SweepPlan.from_toml(fine.to_toml()) == fine


def test_what_a_plan_file_leaves_out_has_the_default() -> None:
    assert SweepPlan.from_toml("") == SweepPlan()
    assert SweepPlan().all_methods == (NOISY,)


def test_the_digest_never_changes_between_versions() -> None:
    # Published with results: a change here breaks every earlier plan.
    assert SweepPlan(methods=("adaptive",)).digest == "a426dadbdb610c90"


def test_the_digest_does_not_depend_on_order_or_place(tmp_path: Path) -> None:
    plan = SweepPlan(methods=("adaptive", "ddae"), snrs_db=(0.0, 5.0))
    same = replace(plan, methods=("ddae", "adaptive"), snrs_db=(5.0, 0.0), folder=tmp_path, title="other")
    assert same.digest == plan.digest
    assert replace(plan, seed=1).digest != plan.digest


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("snrs_db = []", "no snrs_db"),
        ("snrs_db = [nan]", "cannot be measured"),
        ("snrs_db = [0, 0]", "twice"),
        ("metrics = ['magic']", "no metric named 'magic'"),
        ("metrics = 'stoi'", "list of texts"),
        ("metrics = ['haspi@loud']", "no audiogram"),
        ("repetitions = 0", "1 or more"),
        ("seed = 'x'", "whole number"),
        ("colour = 'blue'", "unknown entry 'colour'"),
        ("folder = '/'", "unknown entry 'folder'"),
        ("[noise", "not valid TOML"),
        ("[noise]\nvehicle = []", "at least one file"),
        ("noise = 3", "cannot be read"),
    ],
)
def test_impossible_plans_are_refused(text: str, words: str) -> None:
    with pytest.raises(WorkbenchError, match=words):
        SweepPlan.from_toml(text)


def test_a_mixture_is_the_same_in_any_plan_and_place(recordings: Path, tmp_path_factory) -> None:
    plan = small_plan(recordings)
    trials = plan.trials()
    assert len(trials) == len({trial.key for trial in trials}) == 2 * 2 * 2
    more = replace(
        plan, snrs_db=(0.0, 5.0, -5.0), methods=("bypass", "ddae"), metrics=("stoi",), repetitions=2
    )
    assert set(trials) <= set(more.trials())
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "moved"
    shutil.copytree(recordings, elsewhere)
    assert replace(plan, folder=elsewhere).trials() == trials
    assert {t.key for t in replace(plan, seed=1).trials()}.isdisjoint(t.key for t in trials)


def test_the_snr_alone_differs_between_the_snrs(recordings: Path) -> None:
    by_speech: dict = {}
    for trial in small_plan(recordings).trials():
        by_speech.setdefault((trial.speech, trial.noise_class), []).append(trial)
    for trials in by_speech.values():
        assert len(trials) == 2
        assert len({(trial.noise, trial.position) for trial in trials}) == 1
        mixtures = {trial.snr_db: trial_mixture(trial) for trial in trials}
        assert {offset for _, offset in mixtures.values()} == {mixtures[5.0][1]}
        for snr_db, (mixture, _) in mixtures.items():
            assert mixture.measured_snr_db == pytest.approx(snr_db, abs=0.1)


def test_another_recording_of_speech_leaves_the_mixtures_of_the_others(recordings: Path) -> None:
    plan = small_plan(recordings)
    before = set(plan.trials())
    write_recordings(recordings, n_speech=3)
    assert before < set(plan.trials())


def test_max_speech_draws_with_the_seed(recordings: Path) -> None:
    write_recordings(recordings, n_speech=8)
    plan = small_plan(recordings, max_speech=3)
    drawn = {trial.speech.name for trial in plan.trials()}
    assert len(drawn) == 3
    assert drawn <= {trial.speech.name for trial in replace(plan, max_speech=4).trials()}
    others = [{t.speech.name for t in replace(plan, seed=seed).trials()} for seed in range(1, 5)]
    assert any(names != drawn for names in others)


def test_a_recording_that_changed_is_noticed(recordings: Path) -> None:
    trial = small_plan(recordings).trials()[0]
    trial.noise.path.write_bytes(b"something else")
    with pytest.raises(WorkbenchError, match="has changed"):
        trial_mixture(trial)


def test_missing_recordings_are_named(recordings: Path) -> None:
    with pytest.raises(WorkbenchError, match="no file or folder"):
        small_plan(recordings, speech=("nowhere",)).trials()
    (recordings / "empty").mkdir()
    with pytest.raises(WorkbenchError, match="no sound files"):
        small_plan(recordings, speech=("empty",)).trials()
    with pytest.raises(WorkbenchError, match="no demo recordings for 'trains'"):
        small_plan(recordings, noise=(("trains", ("demo",)),)).trials()


def test_paths_can_be_moved_to_another_folder(recordings: Path) -> None:
    plan = small_plan(recordings)
    (recordings / "plans").mkdir()
    moved = plan.moved_to(recordings / "plans")
    assert moved.speech == ("../speech",)
    assert moved.trials() == plan.trials()


def test_the_demo_plan_covers_all_classes() -> None:
    trials = demo_plan().trials()
    assert len({trial.noise_class for trial in trials}) == 4
    assert {trial.snr_db for trial in trials} == {-10, -5, 0, 5, 10, 15}
    assert demo_plan(seed=3).seed == 3


def test_timit_as_it_comes(shared_data: Path) -> None:
    plan = SweepPlan(speech=("speech/timit/TIMIT",), noise=(("vehicle", ("demo",)),), folder=shared_data)
    assert len({trial.speech for trial in plan.trials()}) == 80
