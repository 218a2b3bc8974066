import json

import numpy as np
import pytest

from workbench.audio import files
from workbench.classifier.posterior import ClassPosterior, NoiseClass
from workbench.engine.graph import GraphBlock
from workbench.engine.recording import (
    TakeWriter,
    find_takes,
    new_take_folder,
    read_take,
    take_scene,
    write_take,
)
from workbench.engine.scene import load_scene
from workbench.errors import WorkbenchError


@pytest.fixture
def blocks(loaded):
    """Two seconds of the street, as they come live, from the tenth second of a session on."""
    clean_gain, noise_gain = loaded.gains(5.0)
    made = []
    for start in range(0, 32_000, 128):
        clean = loaded.clean[start : start + 128] * np.float32(clean_gain)
        mixed = clean + loaded.noise[start : start + 128] * np.float32(noise_gain)
        found = []
        if start % 8064 == 0:
            found = [ClassPosterior(160_000 + start, np.eye(5, dtype=np.float32)[2])]
        made.append(GraphBlock(160_000 + start, clean, mixed, 0.5 * clean, found, mixed))
    return made


def without_clean(blocks):
    return [
        GraphBlock(block.position_samples, None, block.mixed, block.denoised, block.posteriors, block.monitor)
        for block in blocks
    ]


def joined(blocks, name):
    return np.concatenate([getattr(block, name) for block in blocks])


def test_a_take_is_read_as_it_was_written(tmp_path, blocks):
    folder = write_take(tmp_path / "takes", blocks, {"method": "wiener"})
    for name in ("clean", "mixed", "denoised"):
        np.testing.assert_array_equal(files.read(folder / f"{name}.wav"), joined(blocks, name))
    take = read_take(folder)
    assert take.duration_s == 2.0
    assert take.finished
    assert take.has_clean
    assert take.about["method"] == "wiener"
    assert [posterior.time_samples for posterior in take.posteriors] == [0, 8064, 16_128, 24_192]
    assert all(posterior.best is NoiseClass.VEHICLE for posterior in take.posteriors)
    assert find_takes(tmp_path / "takes") == [folder]
    assert find_takes(tmp_path / "nowhere") == []


def test_a_take_with_clean_speech_becomes_a_scene_that_can_be_mixed_anew(tmp_path, blocks):
    folder = write_take(tmp_path, blocks, {"method": "late-200"})
    scene = take_scene(folder)
    assert scene == take_scene(folder)  # the noise is there already
    assert scene.has_reference
    assert scene.method == "late-200"
    loaded = load_scene(scene)
    mixture = loaded.mixture(scene.snr_db)
    assert mixture.measured_snr_db == pytest.approx(scene.snr_db, abs=0.01)
    mixed = joined(blocks, "mixed")
    # The same mixture, but for a rounded SNR and a common gain.
    likeness = np.dot(mixture.noisy, mixed) / np.linalg.norm(mixture.noisy) / np.linalg.norm(mixed)
    assert likeness > 0.9999


def test_a_take_of_the_microphone_alone_becomes_a_recording(tmp_path, blocks):
    folder = write_take(tmp_path, without_clean(blocks), {"method": "wiener"})
    scene = take_scene(folder)
    assert not (folder / "clean.wav").exists()
    assert not scene.has_reference
    assert scene.recording_path == folder / "mixed.wav"
    np.testing.assert_array_equal(load_scene(scene).recording, joined(blocks, "mixed"))


def test_noise_that_is_taken_away_leaves_the_clean_signal_whole(tmp_path, blocks):
    folder = write_take(tmp_path, [*blocks[:100], *without_clean(blocks[100:])], {})
    clean = files.read(folder / "clean.wav")
    np.testing.assert_array_equal(clean[:12_800], joined(blocks[:100], "clean"))
    np.testing.assert_array_equal(clean[12_800:], joined(blocks[100:], "mixed"))


def test_a_take_that_was_cut_off_is_read_up_to_there(tmp_path, blocks):
    writer = TakeWriter(new_take_folder(tmp_path), {"method": "wiener"}, has_clean=True)
    for block in blocks[:100]:
        writer.write(block)
    writer.commit()
    for block in blocks[100:]:
        writer.write(block)
    # As a crash leaves it: no last commit, half a line.
    with (writer.folder / "take.jsonl").open("a") as log:
        log.write('{"time_s": 1.7, "eve')
    take = read_take(writer.folder)
    assert take.duration_s == 0.8
    assert not take.finished
    assert len(take.posteriors) == 4
    np.testing.assert_array_equal(
        files.read(writer.folder / "denoised.wav"), joined(blocks[:100], "denoised")
    )
    assert take_scene(writer.folder).has_reference
    writer.close()


def test_takes_of_the_same_second_have_folders_of_their_own(tmp_path):
    folders = {new_take_folder(tmp_path) for _ in range(5)}
    assert len(folders) == 5


@pytest.mark.parametrize("text", [None, "", "not JSON", "[1]", json.dumps({"format": 99, "has_clean": True})])
def test_what_is_no_take_is_refused(tmp_path, text):
    if text is not None:
        (tmp_path / "take.jsonl").write_text(text)
    with pytest.raises(WorkbenchError, match="is not a recording"):
        read_take(tmp_path)
