import pytest

from workbench.corpora.layouts import find_files
from workbench.errors import WorkbenchError


def _found(root):
    return {str(f.path.relative_to(root)): f for f in find_files(root).files}


def test_timit_in_upper_and_lower_case_and_sphere_and_flac(timit):
    files = find_files(timit).files
    assert not any(f.problem for f in files)
    assert {f.kind for f in files} == {"speech"}
    splits = {f.speaker: f.split for f in files}
    assert sorted(splits.values()) == ["test", "train", "train", "train"]
    assert all(speaker.isupper() for speaker in splits)
    assert {f.path.suffix for f in files} == {".WAV", ".flac"}
    assert {f.recording.split("/")[1][:2] for f in files} <= {"SA", "SI", "SX"}


@pytest.mark.parametrize(
    ("name", "kind", "group", "split"),
    [
        ("train/vehicle/a.wav", "noise", "vehicle", "train"),
        ("val/TV-Radio/a.wav", "noise", "tv_radio", "dev"),
        ("vehicle/train/a.wav", "noise", "vehicle", "train"),
        ("speech/alice/test_2/a.wav", "speech", "alice", ""),
        ("Household appliances/a.wav", "noise", "household", ""),
        ("alice/a.wav", "speech", "alice", ""),
        ("test/alice/a.wav", "speech", "alice", "test"),
        ("speech/dev/bob/chapter/a.flac", "speech", "bob", "dev"),
        ("train-clean-100/19/198/19-198-0000.flac", "speech", "19", "train"),
        ("noise/test/human/crowd/a.ogg", "noise", "human", "test"),
        ("speech/vehicle/a.wav", "speech", "vehicle", ""),
        ("noise/train/other/a.wav", "noise", "other", "train"),
        ("noise/train/vehicle/other/a.wav", "noise", "vehicle", "train"),
        ("train/other/a.wav", "speech", "other", "train"),
    ],
)
def test_plain_folders(write, tmp_path, name, kind, group, split):
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.touch()
    found = _found(tmp_path)[name]
    assert (found.kind, found.noise_class or found.speaker, found.split, found.problem) == (
        kind,
        group,
        split,
        "",
    )


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("noise/train/vehicel/a.wav", "unknown class “vehicel” (closest: vehicle)"),
        ("train/vehicel/a.wav", "unknown class “vehicel” (closest: vehicle)"),
        ("train/kitchen/a.wav", "unknown class “kitchen” (closest: "),
        ("noise/trian/vehicle/a.wav", "unknown split “trian” (closest: train)"),
        ("a.wav", "lies in no folder of a speaker or class"),
        ("noise/a.wav", "lies in no folder of a class"),
        ("train/vehicle/a.m4a", "a M4A file, which cannot be read: convert it to WAV"),
    ],
)
def test_what_is_mislabelled_is_named_with_what_is_closest(tmp_path, name, problem):
    for each in (name, "train/human/b.wav"):
        path = tmp_path / each
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert _found(tmp_path)[name].problem.startswith(problem)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("vehicle/102305-6-0-0.wav", "vehicle/102305-6-0-1.wav", True),
        ("vehicle/1-17367-A-10.wav", "vehicle/1-17367-B-10.wav", True),
        ("vehicle/engine_part1.wav", "vehicle/engine_part2.wav", True),
        ("vehicle/engine__fs-1234.wav", "vehicle/idling_fs1234.wav", True),
        ("vehicle/engine_1.wav", "vehicle/engine_2.wav", False),
        ("train/vehicle/engine.wav", "test/vehicle/engine.wav", True),
        ("train/vehicle/001.wav", "test/vehicle/001.wav", False),
    ],
)
def test_names_tell_the_source_recording(tmp_path, one, other, same):
    for name in (one, other):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = _found(tmp_path)
    assert (found[one].recording == found[other].recording) is same


def test_links_to_folders_are_followed_and_circles_left(write, tmp_path):
    write("elsewhere/alice/a.wav")
    root = tmp_path / "data"
    root.mkdir()
    (root / "speech").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "alice" / "back").symlink_to(root)
    assert [(f.kind, f.speaker) for f in find_files(root).files] == [("speech", "alice")]


def test_audioset_clips_are_sorted_by_their_labels(audioset):
    finds = find_files(audioset)
    found = {f.path.stem: f for f in finds.files}
    assert [(found[n].noise_class, found[n].split) for n in ("--4gqARaEJE_0.000", "Y-0RWZT-miFs")] == [
        ("vehicle", "train"),
        ("vehicle", "train"),
    ]
    # Decided by "Television", whatever else is heard.
    assert found["-0SdAVK79lg_30"].noise_class == "tv_radio"
    assert (found["-4gqARaEJ_e"].noise_class, found["-4gqARaEJ_e"].split) == ("household", "test")
    assert found["Y-0RWZT-miFs"].recording == "-0RWZT-miFs"
    problems = {name: f.problem for name, f in found.items() if f.problem}
    assert problems == {
        "-1LrH01Ei1w_10000_20000": "its labels belong to several classes: human, vehicle",
        "-2PDE7hUArE": "none of its labels belongs to a class",
        "-3z5mFRgbxc_30": "its label “Speech synthesizer” is never used",
        "unlisted": "not in AudioSet's segment lists",
    }
    assert any("8 segments; 7 of them have a clip" in note for note in finds.notes)


def test_the_audioset_table_can_be_changed(audioset, tmp_path):
    table = tmp_path / "mine.toml"
    table.write_text('[household]\nlabels = ["Animal", "Dishwasher"]\n')
    finds = find_files(audioset, table)
    found = {f.path.stem: f for f in finds.files}
    assert found["-2PDE7hUArE"].noise_class == "household"
    assert found["--4gqARaEJE_0.000"].problem == "none of its labels belongs to a class"
    assert "The class table names “Dishwasher”, which is no AudioSet label." in finds.notes


@pytest.mark.parametrize("text", ["[household", "household = 3", '[household]\nlabels = "Animal"\n'])
def test_a_broken_table_is_one_sentence(audioset, tmp_path, text):
    table = tmp_path / "mine.toml"
    table.write_text(text)
    with pytest.raises(WorkbenchError, match="no table of classes"):
        find_files(audioset, table)


def test_a_table_with_a_foreign_class_is_refused(audioset, tmp_path):
    table = tmp_path / "mine.toml"
    table.write_text('[kitchen]\nlabels = ["Animal"]\n')
    with pytest.raises(WorkbenchError, match="names the class kitchen"):
        find_files(audioset, table)


def test_audioset_without_its_ontology_is_refused(audioset):
    (audioset / "ontology.json").unlink()
    with pytest.raises(WorkbenchError, match=r"no ontology\.json"):
        find_files(audioset)


def test_a_missing_folder_is_one_sentence(tmp_path):
    with pytest.raises(WorkbenchError, match="There is no folder"):
        find_files(tmp_path / "nowhere")
