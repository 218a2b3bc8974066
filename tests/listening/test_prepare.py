import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.listening.conftest import ALL_KINDS, prepare
from workbench.dsp import SAMPLE_RATE
from workbench.dsp.loudness import integrated_loudness_db
from workbench.errors import WorkbenchError
from workbench.evaluation.trials import denoised_by, trial_mixture
from workbench.listening.prepare import low_pass, prepare_steps
from workbench.listening.prepared import Key, PreparedTest, open_prepared, read_key
from workbench.listening.validate import check_prepared


def sound(prepared: PreparedTest, name: str) -> np.ndarray:
    return soundfile.read(prepared.stimulus_path(name), dtype="float32")[0]


def test_what_is_prepared_is_valid(prepared_once: Path) -> None:
    assert check_prepared(prepared_once) == []


def test_the_sounds_are_those_of_a_sweep_with_the_gain_that_the_key_says(
    prepared: PreparedTest, key: Key
) -> None:
    trials = {trial.key: trial for trial in key.test.plan.trials()}
    seen = set()
    for name, entry in key.stimuli.items():
        if entry.condition in seen or entry.condition.startswith("anchor"):
            continue
        seen.add(entry.condition)
        mixture, _ = trial_mixture(trials[entry.mixture])
        expected = {"clean": mixture.clean, "reference": mixture.clean, "noisy": mixture.noisy}.get(
            entry.condition
        )
        if expected is None:
            expected = denoised_by(entry.condition, mixture)
        np.testing.assert_allclose(
            sound(prepared, name), expected * 10 ** (entry.gain_db / 20), atol=2e-4 * np.abs(expected).max()
        )
    assert seen == {"clean", "reference", "noisy", "log_mmse"}


def test_all_sounds_are_equally_loud_and_those_of_a_trial_equally_long(prepared: PreparedTest) -> None:
    loudness = [integrated_loudness_db(sound(prepared, name)) for name in prepared.stimuli]
    assert max(abs(each - prepared.loudness_lufs) for each in loudness) < 0.05
    for block in prepared.blocks:
        for trial in block.pool:
            assert len({prepared.stimuli[name].n_samples for name in trial.stimuli}) == 1


def test_nothing_that_listeners_get_names_a_condition(prepared_once: Path, prepared: PreparedTest) -> None:
    blind = [path for path in prepared_once.rglob("*") if "key" not in path.relative_to(prepared_once).parts]
    said = (prepared_once / "test.json").read_text("utf-8") + " ".join(path.name for path in blind)
    for word in ("log_mmse", "Log-MMSE", "noisy", "clean", "anchor", "vehicle", "household", "en_woman"):
        assert word.lower() not in said.lower()
    sounds = [path for path in blind if path.suffix == ".wav"]
    assert len({path.stat().st_mtime for path in sounds}) == 1
    for block in prepared.blocks:
        for trial in block.pool:
            assert len({prepared.stimulus_path(name).stat().st_size for name in trial.stimuli}) == 1
    content = b"".join(path.read_bytes()[:64] + path.read_bytes()[-64:] for path in sounds)
    assert b"mmse" not in content


def test_a_hidden_reference_is_a_file_of_its_own(prepared: PreparedTest, key: Key) -> None:
    block = next(block for block in prepared.blocks if block.test == "mushra")
    for trial in block.pool:
        conditions = [key.stimuli[name].condition for name in trial.stimuli]
        assert sorted(conditions) == ["anchor_3500", "anchor_7000", "log_mmse", "noisy", "reference"]
        assert trial.reference is not None
        assert trial.reference not in trial.stimuli
        hidden = trial.stimuli[conditions.index("reference")]
        np.testing.assert_array_equal(sound(prepared, hidden), sound(prepared, trial.reference))


def test_two_preparations_share_no_names(prepared: PreparedTest, tmp_path: Path) -> None:
    again = prepare(
        replace(
            ALL_KINDS,
            max_speech=1,
            snrs_db=(5.0,),
            pages=(replace(ALL_KINDS.blocks[0], n_trials=None),),
        ),
        tmp_path / "again",
    )
    assert not again.stimuli.keys() & prepared.stimuli.keys()


def test_a_sound_that_would_clip_is_refused_with_what_would_not(tmp_path: Path) -> None:
    block = replace(ALL_KINDS.blocks[2], n_trials=None)
    loud = replace(ALL_KINDS, max_speech=1, snrs_db=(5.0,), loudness_lufs=-15.0, pages=(block,))
    with pytest.raises(
        WorkbenchError, match=r"would clip by .* set loudness_lufs to (-\d+) or less"
    ) as caught:
        prepare(loud, tmp_path / "loud")
    assert list(tmp_path.iterdir()) == []
    allowed = float(str(caught.value).split("loudness_lufs to ")[1].split(" ")[0])
    prepare(replace(loud, loudness_lufs=allowed), tmp_path / "loud")
    assert check_prepared(tmp_path / "loud") == []


def test_cancelling_leaves_nothing_behind(tmp_path: Path) -> None:
    steps = prepare_steps(ALL_KINDS, tmp_path / "test")
    next(steps)
    steps.close()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_left_alone(folder: Path) -> None:
    with pytest.raises(WorkbenchError, match="exists already"):
        prepare(ALL_KINDS, folder)


def test_an_invalid_test_is_not_prepared(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="no block of trials"):
        prepare(replace(ALL_KINDS, pages=()), tmp_path / "test")


def test_damage_is_found(folder: Path, prepared: PreparedTest) -> None:
    names = sorted(prepared.stimuli)
    path = prepared.stimulus_path(names[0])
    (folder / "stimuli" / path.name).unlink()
    other = folder / "stimuli" / f"{names[1]}.wav"
    content = bytearray(other.read_bytes())
    content[-1000] ^= 0x40
    other.write_bytes(content)
    found = check_prepared(folder)
    assert [finding.where for finding in found] == [f"{names[0]}.wav", f"{names[1]}.wav"]
    assert "missing" in found[0].message
    assert "changed" in found[1].message


def test_sounds_of_unequal_length_are_found(folder: Path) -> None:
    path = folder / "test.json"
    content = json.loads(path.read_text("utf-8"))
    blocks = [page for page in content["pages"] if page["kind"] == "block"]
    lengths = {name: each["n_samples"] for name, each in content["stimuli"].items()}
    trial = blocks[0]["pool"][0]
    trial["stimuli"][1] = next(name for name in lengths if lengths[name] != lengths[trial["stimuli"][0]])
    blocks[4]["pool"][0]["reference"] = None
    path.write_text(json.dumps(content), "utf-8")
    said = [finding.message for finding in check_prepared(folder)]
    assert any("differ in length" in message for message in said)
    assert any("no reference" in message for message in said)
    assert any("belongs to another test" in message for message in said)


def test_a_folder_that_is_no_test_and_a_key_that_is_away_are_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="not a prepared listening test"):
        open_prepared(tmp_path)
    (folder / "key").rename(tmp_path / "elsewhere")
    assert check_prepared(folder) == []
    with pytest.raises(WorkbenchError, match="no key"):
        read_key(folder)
    assert read_key(tmp_path / "elsewhere").stimuli
    (folder / "test.json").write_text("{}", "utf-8")
    with pytest.raises(WorkbenchError, match="damaged"):
        open_prepared(folder)


@pytest.mark.parametrize(
    ("cutoff_hz", "stop_hz"), [(3500.0, [(4000, 25), (4500, 50)]), (7000.0, [(7900, 25)])]
)
def test_the_anchors_are_those_of_the_recommendation(
    cutoff_hz: float, stop_hz: list[tuple[int, int]]
) -> None:
    impulse = np.zeros(4001, np.float32)
    impulse[2000] = 1
    response = low_pass(impulse, cutoff_hz)
    np.testing.assert_allclose(response, response[::-1], atol=1e-6)
    gains_db = 20 * np.log10(np.abs(np.fft.rfft(response, 1 << 16)) + 1e-12)
    hz = np.fft.rfftfreq(1 << 16, 1 / SAMPLE_RATE)
    assert np.abs(gains_db[(hz > 40) & (hz <= cutoff_hz)]).max() < 0.1
    for edge_hz, least_db in stop_hz:
        assert gains_db[hz >= edge_hz].max() < -least_db
    assert math.isfinite(gains_db.max())
