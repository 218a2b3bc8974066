import dataclasses
import shutil
import stat
import zipfile

import pytest

from tests.bundles.tiny import ddae_manifest, ddae_model, write_tiny_ddae
from workbench.bundles import archive
from workbench.bundles.archive import export_bundle, import_bundle
from workbench.bundles.library import NameTakenError
from workbench.bundles.store import default_bundle, find_bundles, get_bundle
from workbench.bundles.write import write_bundle
from workbench.errors import WorkbenchError


@pytest.fixture
def exported(tmp_path, shipped, users):
    """Return an archive of a bundle that ships."""
    return export_bundle(write_tiny_ddae(shipped, "tiny", default=True), tmp_path / "out" / "tiny.zip")


def repack(path, change):
    """Write an archive again with other members; `change` gets and returns ``{name: content}``."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w") as new:
        for name, content in change(members).items():
            new.writestr(name, content)


def test_what_is_exported_is_imported_alike(exported, shipped, users):
    original = get_bundle("tiny")
    bundle = import_bundle(exported, "mine")
    assert bundle.folder == users / "mine"
    assert bundle.manifest == dataclasses.replace(original.manifest, name="mine", default=False)
    assert bundle.model_path().read_bytes() == original.model_path().read_bytes()
    assert (bundle.folder / "CARD.md").read_text() == "# Tiny\n"
    assert [each.name for each in find_bundles()] == ["tiny", "mine"]
    assert default_bundle("ddae").name == "tiny", "a foreign bundle does not make itself the default"
    assert {path.name for path in users.iterdir()} == {"mine"}


def test_the_archive_is_a_plain_zip_with_what_belongs_to_the_bundle(exported, shipped, tmp_path):
    (shipped / "tiny" / "notes.txt").write_text("not part of it")
    again = export_bundle(get_bundle("tiny"), tmp_path / "again")
    assert again.name == "again.zip"
    with zipfile.ZipFile(again) as opened:
        assert opened.namelist() == ["tiny/bundle.toml", "tiny/CARD.md", "tiny/model_float.tflite"]
    assert again.read_bytes() == exported.read_bytes(), "the same bundle gives the same bytes"


def test_all_precisions_travel(tmp_path, shipped, users):
    manifest = dataclasses.replace(ddae_manifest("both"), default_precision="int8")
    write_bundle(shipped / "both", manifest, {"float": ddae_model(), "int8": ddae_model(int8=True)}, "")
    bundle = import_bundle(export_bundle(get_bundle("both"), tmp_path / "both.zip"), "mine")
    assert list(bundle.manifest.files) == ["float", "int8"]
    assert bundle.precision == "int8"


def test_a_folder_can_be_imported(tmp_path, users):
    bundle = write_tiny_ddae(tmp_path, "made")
    (bundle.folder / "stray.txt").write_text("")
    assert import_bundle(bundle.folder).name == "made"
    assert {path.name for path in (users / "made").iterdir()} == {
        "bundle.toml",
        "CARD.md",
        "model_float.tflite",
    }


def test_a_zip_without_a_folder_or_with_company_is_taken_too(exported, users):
    repack(exported, lambda members: {name.split("/")[1]: content for name, content in members.items()})
    assert import_bundle(exported, "flat").name == "flat"
    repack(exported, lambda members: {f"x/{n}": c for n, c in members.items()} | {"__MACOSX/._x": b"-"})
    assert import_bundle(exported, "other").name == "other"


def test_a_name_that_is_taken_asks_for_another(exported, users):
    with pytest.raises(NameTakenError, match="already a bundle named 'tiny'") as raised:
        import_bundle(exported)
    assert raised.value.name == "tiny"
    assert not any(users.iterdir())
    import_bundle(exported, "mine")
    shutil.rmtree(users / "mine" / "bundle.toml", ignore_errors=True)
    with pytest.raises(NameTakenError):
        import_bundle(exported, "mine")
    with pytest.raises(WorkbenchError, match="cannot be a model's name"):
        import_bundle(exported, "../mine")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda m: {n: c for n, c in m.items() if "toml" not in n}, r"no bundle\.toml in it"),
        (lambda m: {n: c for n, c in m.items() if "tflite" not in n}, "model_float.tflite is missing"),
        (lambda m: m | {"tiny/model_float.tflite": b"x" * 10}, "bytes long as its manifest says"),
        (lambda m: m | {"tiny/bundle.toml": b"format = "}, "not valid TOML"),
        (lambda m: m | {"other/bundle.toml": b""}, "holds 2 bundles"),
        (lambda m: m | {"../evil": b""}, "'../evil' in it reaches out"),
        (lambda m: m | {"tiny/../../evil": b""}, "reaches out of its folder"),
        (lambda m: m | {"..\\evil": b""}, "reaches out of its folder"),
        (lambda m: m | {"/etc/evil": b""}, "reaches out of its folder"),
        (lambda m: m | {"C:/evil": b""}, "reaches out of its folder"),
        (lambda m: m | {f"tiny/{n}": b"" for n in range(1001)}, "1000 files"),
        (lambda m: m | {"tiny/model_float.tflite/x": b""}, "cannot be imported"),
    ],
)
def test_what_is_damaged_foreign_or_evil_is_refused(exported, users, tmp_path, change, sentence):
    repack(exported, change)
    before = set(tmp_path.rglob("*"))
    with pytest.raises(WorkbenchError, match=sentence) as raised:
        import_bundle(exported, "mine")
    assert ".import-" not in str(raised.value), "nobody knows the folder it was unpacked to"
    assert set(tmp_path.rglob("*")) - before <= {users}, "nothing is left behind"


def test_links_are_refused(exported, users):
    with zipfile.ZipFile(exported, "a") as opened:
        link = zipfile.ZipInfo("tiny/link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")
    with pytest.raises(WorkbenchError, match="'tiny/link' in it reaches out"):
        import_bundle(exported, "mine")


def test_a_bomb_is_refused_before_it_is_unpacked(exported, users, monkeypatch):
    monkeypatch.setattr(archive, "MAX_BYTES", 1000)
    with pytest.raises(WorkbenchError, match="unpacks to more than"):
        import_bundle(exported, "mine")
    assert not any(users.iterdir())


def test_one_changed_byte_is_noticed(exported, users):
    content = bytearray(exported.read_bytes())
    content[len(content) // 2] ^= 1
    exported.write_bytes(content)
    with pytest.raises(WorkbenchError, match="is damaged"):
        import_bundle(exported, "mine")


def test_a_cut_archive_and_other_files_are_refused(exported, users, tmp_path):
    exported.write_bytes(exported.read_bytes()[:-100])
    with pytest.raises(WorkbenchError, match=r"is not a model bundle; choose a \.zip file"):
        import_bundle(exported)
    text = tmp_path / "text.zip"
    text.write_text("hello")
    with pytest.raises(WorkbenchError, match="is not a model bundle"):
        import_bundle(text)
    with pytest.raises(WorkbenchError, match="No such file"):
        import_bundle(tmp_path / "nowhere.zip")


def test_a_model_of_another_kind_is_refused(tmp_path, shipped, users):
    bundle = write_tiny_ddae(shipped, "tiny")
    text = (bundle.folder / "bundle.toml").read_text()
    (bundle.folder / "bundle.toml").write_text(text.replace("n_bins = 256", "n_bins = 200"))
    with pytest.raises(WorkbenchError, match=r"tiny\.zip/model_float\.tflite is not a model of kind 'ddae'"):
        import_bundle(export_bundle(bundle, tmp_path / "tiny.zip"), "mine")
    assert not any(users.iterdir())


def test_a_damaged_bundle_is_not_exported(tmp_path, shipped, users):
    bundle = write_tiny_ddae(shipped, "tiny")
    bundle.model_path().write_bytes(b"")
    with pytest.raises(WorkbenchError, match="bytes long"):
        export_bundle(bundle, tmp_path / "out.zip")
    assert not (tmp_path / "out.zip").exists()


def test_a_place_that_cannot_be_written_is_told(tmp_path, shipped):
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkbenchError, match=r"out\.zip cannot be written"):
        export_bundle(write_tiny_ddae(shipped), tmp_path / "file" / "out.zip")
