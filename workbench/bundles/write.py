"""Writing a bundle: complete and checked, or not at all."""

import dataclasses
import datetime
import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from workbench.bundles.check import Bundle, check_bundle
from workbench.bundles.manifest import FORMAT, MANIFEST_NAME, BundleFile, Manifest, check_values
from workbench.bundles.slices import load_model
from workbench.errors import WorkbenchError

CARD_NAME = "CARD.md"


def write_bundle(folder: Path, manifest: Manifest, files: Mapping[str, bytes], card: str) -> Bundle:
    """Write a bundle, load each of its models once, and put it in place in one move.

    Parameters
    ----------
    folder : pathlib.Path
        Where the bundle shall lie; a bundle that lies there is replaced, anything else is refused.
    manifest : Manifest
        What the bundle says; its `files` are filled in from `files`.
    files : mapping of str to bytes
        LiteRT models by precision (`workbench.bundles.manifest.PRECISIONS`), the default one first unless
        the manifest names another; written as ``model_<precision>.tflite``.
    card : str
        Markdown for ``CARD.md``.

    Returns
    -------
    Bundle
        The bundle in place.

    Raises
    ------
    WorkbenchError
        If the manifest breaks a rule, a model cannot be loaded, or the folder cannot be written; what lay
        there before then still does.
    """
    if folder.is_file() or (
        folder.is_dir() and not (folder / MANIFEST_NAME).is_file() and any(folder.iterdir())
    ):
        raise WorkbenchError(f"{folder} holds something that is not a bundle; choose another folder.")
    described = {
        precision: BundleFile(f"model_{precision}.tflite", hashlib.sha256(content).hexdigest(), len(content))
        for precision, content in files.items()
    }
    manifest = dataclasses.replace(manifest, files=described)
    check_values(manifest, "The manifest")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
            made = Path(scratch) / "new"
            made.mkdir()
            for precision, file in described.items():
                (made / file.path).write_bytes(files[precision])
            (made / CARD_NAME).write_text(card, encoding="utf-8")
            (made / MANIFEST_NAME).write_text(manifest_toml(manifest), encoding="utf-8")
            bundle = check_bundle(made)
            for precision in files:
                load_model(bundle, precision)
            _replace(folder, made, Path(scratch) / "old")
    except OSError as error:
        raise WorkbenchError(f"The bundle cannot be written to {folder} ({error}).") from None
    return Bundle(folder, bundle.manifest)


def _replace(folder: Path, made: Path, old: Path) -> None:
    if not folder.exists():
        made.rename(folder)
        return
    folder.rename(old)
    try:
        made.rename(folder)
    except OSError:
        old.rename(folder)
        raise


def manifest_toml(manifest: Manifest) -> str:
    """Return a manifest as the text of ``bundle.toml``."""
    content: dict[str, Any] = {"format": FORMAT, **dataclasses.asdict(manifest)}
    content["files"] = {
        precision: {"path": file.path, "sha256": file.sha256, "bytes": file.n_bytes}
        for precision, file in manifest.files.items()
    }
    return "\n".join(_table(content, ())) + "\n"


def _table(content: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """Yield the lines of one table: its own values, then the tables in it."""
    for key, value in content.items():
        if value is not None and not isinstance(value, Mapping):
            yield f"{_key(key)} = {_value(value)}"
    for key, value in content.items():
        if isinstance(value, Mapping):
            inner = (*path, key)
            yield ""
            yield f"[{'.'.join(map(_key, inner))}]"
            yield from _table(value, inner)


def _key(key: str) -> str:
    bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if bare else _string(key)


def _string(text: str) -> str:
    # A TOML basic string is a JSON string in which DEL is escaped too.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _value(value: Any) -> str:
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, bool):
        return "true" if value else "false"
    return (
        repr(value) if isinstance(value, int) else repr(float(value))
    )  # float(): NumPy's repr names its type.
