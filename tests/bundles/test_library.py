import pytest

from tests.bundles.tiny import write_tiny_ddae
from workbench.bundles import store
from workbench.bundles.library import (
    NameTakenError,
    delete_bundle,
    deleted_bundles,
    empty_trash,
    free_name,
    is_users,
    name_problem,
    rename_bundle,
    restore_bundle,
)
from workbench.errors import WorkbenchError


def names():
    return [bundle.name for bundle in store.find_bundles()]


@pytest.fixture
def mine(shipped, users):
    """Return a bundle of the user's, beside one that ships."""
    write_tiny_ddae(shipped, "a", default=True)
    return write_tiny_ddae(users, "mine", memory=0.1)


def test_renaming_moves_folder_name_and_choice(mine, users):
    store.choose_default("ddae", "mine")
    renamed = rename_bundle(mine, "street")
    assert renamed.folder == users / "street"
    assert names() == ["a", "street"]
    assert store.get_bundle("street").manifest.figures == mine.manifest.figures
    assert store.default_bundle("ddae").name == "street"
    assert rename_bundle(renamed, "street") == renamed


def test_names_that_cannot_be_are_refused(mine):
    with pytest.raises(NameTakenError, match="already a bundle named 'a'"):
        rename_bundle(mine, "a")
    for name in ("", "Mine", "my model", "../x", "x" * 65):
        with pytest.raises(WorkbenchError, match="cannot be a model's name"):
            rename_bundle(mine, name)
        assert name_problem(name)
    assert names() == ["a", "mine"]
    assert not name_problem("fine-1.0_b")
    assert free_name("fine") == "fine"
    assert free_name("mine") == "mine-2"


def test_what_ships_is_read_only(mine):
    shipped = store.get_bundle("a")
    assert not is_users(shipped.folder)
    assert is_users(mine.folder)
    for change in (lambda: rename_bundle(shipped, "b"), lambda: delete_bundle(shipped.folder)):
        with pytest.raises(WorkbenchError, match="ships with the workbench"):
            change()
    assert names() == ["a", "mine"]


def test_deleted_bundles_come_back(mine, users):
    store.choose_default("ddae", "mine")
    deleted = delete_bundle(mine.folder)
    assert names() == ["a"]
    assert store.default_bundle("ddae").name == "a"
    assert [each.name for each in deleted_bundles()] == ["mine"]
    assert restore_bundle(deleted) == mine.folder
    assert store.get_bundle("mine") == mine
    assert store.default_bundle("ddae").name == "mine"
    assert deleted_bundles() == []


def test_the_same_name_can_be_deleted_twice(mine, users):
    first = delete_bundle(mine.folder)
    write_tiny_ddae(users, "mine")
    with pytest.raises(WorkbenchError, match="a bundle of this name again"):
        restore_bundle(first)
    second = delete_bundle(users / "mine")
    assert {each.folder for each in deleted_bundles()} == {first.folder, second.folder}
    assert empty_trash() == 2
    assert deleted_bundles() == []
    with pytest.raises(WorkbenchError, match="cannot be restored"):
        restore_bundle(second)


def test_damaged_bundles_can_be_deleted_and_come_back_as_they_were(mine):
    mine.model_path().write_bytes(b"?")
    (refused,) = store.catalogue().refused
    deleted = delete_bundle(refused.folder)
    assert store.catalogue().refused == ()
    restore_bundle(deleted)
    assert store.catalogue().refused == (refused,)


def test_what_has_gone_meanwhile_is_told(mine):
    delete_bundle(mine.folder)
    with pytest.raises(WorkbenchError, match="cannot be deleted"):
        delete_bundle(mine.folder)
    with pytest.raises(WorkbenchError, match="cannot be renamed"):
        rename_bundle(mine, "other")
