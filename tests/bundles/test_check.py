import re

import pytest

from tests.bundles.tiny import write_tiny_ddae
from workbench.bundles.check import check_bundle
from workbench.errors import WorkbenchError


@pytest.fixture
def bundle(tmp_path):
    return write_tiny_ddae(tmp_path)


def edit(bundle, pattern, replacement):
    path = bundle.folder / "bundle.toml"
    text = path.read_text(encoding="utf-8")
    changed = re.sub(pattern, replacement, text)
    assert changed != text
    path.write_text(changed, encoding="utf-8")


def test_an_intact_bundle_passes(bundle):
    checked = check_bundle(bundle.folder)
    assert checked.manifest == bundle.manifest
    assert checked.model_path() == bundle.folder / "model_float.tflite"


def test_one_changed_byte_is_noticed(bundle):
    content = bytearray(bundle.model_path().read_bytes())
    content[-100] ^= 1
    bundle.model_path().write_bytes(content)
    with pytest.raises(WorkbenchError, match="is damaged"):
        check_bundle(bundle.folder)


def test_a_cut_file_is_noticed(bundle):
    bundle.model_path().write_bytes(bundle.model_path().read_bytes()[:-1])
    with pytest.raises(WorkbenchError, match="bytes long as its manifest says"):
        check_bundle(bundle.folder)


def test_a_missing_file_is_noticed(bundle):
    bundle.model_path().unlink()
    with pytest.raises(WorkbenchError, match="is missing"):
        check_bundle(bundle.folder)


def test_a_folder_in_place_of_the_file_is_noticed(bundle):
    size = bundle.model_path().stat().st_size
    bundle.model_path().unlink()
    bundle.model_path().mkdir()
    assert bundle.model_path().stat().st_size != size
    with pytest.raises(WorkbenchError, match="model_float"):
        check_bundle(bundle.folder)


@pytest.mark.parametrize("path", ["../outside.tflite", "sub/../../outside.tflite", "/etc/hostname"])
def test_paths_out_of_the_folder_are_refused(bundle, path):
    bundle.model_path().rename(bundle.folder.parent / "outside.tflite")
    edit(bundle, 'path = ".*"', f'path = "{path}"')
    with pytest.raises(WorkbenchError, match="lies outside its folder"):
        check_bundle(bundle.folder)


def test_links_out_of_the_folder_are_refused(bundle):
    outside = bundle.folder.parent / "outside.tflite"
    bundle.model_path().rename(outside)
    try:
        bundle.model_path().symlink_to(outside)
    except OSError:
        pytest.skip("this system makes no symbolic links")
    with pytest.raises(WorkbenchError, match="lies outside its folder"):
        check_bundle(bundle.folder)


def test_what_is_no_litert_model_is_refused(bundle):
    import hashlib

    content = b"PK\x03\x04 a zip archive, with the right size and hash"
    bundle.model_path().write_bytes(content)
    edit(bundle, 'sha256 = ".*"', f'sha256 = "{hashlib.sha256(content).hexdigest()}"')
    edit(bundle, "bytes = .*", f"bytes = {len(content)}")
    with pytest.raises(WorkbenchError, match="is not a LiteRT model"):
        check_bundle(bundle.folder)


def test_a_wrong_latency_is_refused(bundle):
    edit(bundle, "latency_samples = 511", "latency_samples = 256")
    with pytest.raises(WorkbenchError, match="latency of 256 samples where its window makes 511"):
        check_bundle(bundle.folder)


def test_a_precision_that_is_not_there_has_a_sentence(bundle):
    with pytest.raises(WorkbenchError, match="has no int8 model; it has float"):
        bundle.model_path("int8")
