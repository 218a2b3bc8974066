import pytest

from tests.bundles.tiny import write_tiny_ddae
from workbench.bundles import store
from workbench.errors import WorkbenchError


def names(kind=None):
    return [bundle.name for bundle in store.find_bundles(kind)]


def test_no_folders_at_all_is_no_error(users):
    assert store.catalogue() == store.Catalogue((), ())
    with pytest.raises(WorkbenchError, match=r"No nc bundle is installed; put one into .*user"):
        store.default_bundle("nc")
    with pytest.raises(WorkbenchError, match="There is no bundle 'x'; none is installed"):
        store.get_bundle("x")


def test_shipped_bundles_come_first(shipped, users):
    write_tiny_ddae(users, "a")
    write_tiny_ddae(shipped, "z")
    write_tiny_ddae(shipped, "m")
    assert names() == ["m", "z", "a"]
    assert names("ddae") == ["m", "z", "a"]
    assert names("nc") == []
    assert store.get_bundle("a").folder == users / "a"


def test_a_damaged_bundle_is_told_and_left_out(shipped, users):
    write_tiny_ddae(shipped, "good")
    damaged = write_tiny_ddae(users, "bad")
    damaged.model_path().write_bytes(b"")
    (users / "worse").mkdir()
    (users / "worse" / "bundle.toml").write_text("format = ")
    (users / "not-a-bundle").mkdir()
    (users / "stray.txt").write_text("")
    found = store.catalogue()
    assert [bundle.name for bundle in found.bundles] == ["good"]
    assert len(found.problems) == 2
    assert "model_float.tflite is not" in found.problems[0]
    assert "worse" in found.problems[1]
    with pytest.raises(WorkbenchError, match=r"There is no bundle 'bad'; did you mean good\?.*model_float"):
        store.get_bundle("bad")


def test_a_name_is_used_once(shipped, users):
    write_tiny_ddae(shipped, "same")
    write_tiny_ddae(users, "same")
    found = store.catalogue()
    assert [bundle.folder.parent for bundle in found.bundles] == [shipped]
    assert "another bundle is named 'same'" in found.problems[0]


def test_the_default_bundle(shipped, users):
    write_tiny_ddae(users, "a")
    assert store.default_bundle("ddae").name == "a"
    write_tiny_ddae(shipped, "b")
    write_tiny_ddae(shipped, "c")
    assert store.default_bundle("ddae").name == "b"
    write_tiny_ddae(shipped, "d", default=True)
    assert store.default_bundle("ddae").name == "d"
    write_tiny_ddae(users, "e", default=True)
    assert store.default_bundle("ddae").name == "e"


def test_a_bundle_is_checked_again_only_when_it_changes(shipped, users, monkeypatch):
    bundle = write_tiny_ddae(shipped, "one")
    checked = []
    check_bundle = store.check_bundle
    monkeypatch.setattr(store, "check_bundle", lambda folder: checked.append(folder) or check_bundle(folder))
    assert names() == names() == ["one"]
    assert len(checked) == 1
    bundle.model_path().write_bytes(bundle.model_path().read_bytes()[:-4])
    assert names() == []
    assert len(checked) == 2
    write_tiny_ddae(shipped, "one")
    assert names() == ["one"]


def test_the_users_choice_of_default_wins_as_long_as_it_is_there(shipped, users):
    write_tiny_ddae(shipped, "a", default=True)
    mine = write_tiny_ddae(users, "mine")
    store.choose_default("ddae", "mine")
    assert store.default_bundle("ddae").name == "mine"
    assert store.chosen_default("nc") is None
    mine.folder.rename(users.parent / "elsewhere")
    assert store.default_bundle("ddae").name == "a"
    (users.parent / "elsewhere").rename(mine.folder)
    assert store.default_bundle("ddae").name == "mine"
    store.choose_default("ddae", None)
    assert store.default_bundle("ddae").name == "a"


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"ddae": 3}', "\x00"])
def test_a_choice_that_cannot_be_read_is_none(shipped, users, text):
    write_tiny_ddae(shipped, "a")
    users.mkdir()
    (users / "defaults.json").write_text(text)
    assert store.default_bundle("ddae").name == "a"
    store.choose_default("ddae", "a")
    assert store.chosen_default("ddae") == "a"


def test_the_folder_of_what_is_refused_is_known(shipped, users):
    write_tiny_ddae(users, "bad").model_path().unlink()
    (refused,) = store.catalogue().refused
    assert refused.folder == users / "bad"
    assert "is missing" in refused.problem
