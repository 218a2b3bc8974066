"""A bundle as one file: a plain zip that can be sent, and that is checked before it is let in."""

import dataclasses
import os
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from workbench import resources
from workbench.bundles.check import Bundle, check_bundle
from workbench.bundles.library import demand_name, rewrite_manifest
from workbench.bundles.manifest import MANIFEST_NAME
from workbench.bundles.slices import load_model
from workbench.bundles.write import CARD_NAME
from workbench.errors import WorkbenchError

ARCHIVE_SUFFIX = ".zip"
MAX_BYTES = 512_000_000
"""An archive that unpacks to more is refused before anything is unpacked."""

_MAX_MEMBERS = 1000
_NO_DATE = (1980, 1, 1, 0, 0, 0)  # The same bundle gives the same archive, byte by byte.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError)
"""What `zipfile` raises for damaged, encrypted and unknown content; NotImplementedError is a RuntimeError."""


def export_bundle(bundle: Bundle, path: Path) -> Path:
    """Write a bundle as one file, whole or not at all; a file that is there is replaced.

    Parameters
    ----------
    bundle : Bundle
        Checked again before anything is written.
    path : pathlib.Path
        The archive; ``.zip`` is added if it has another suffix.

    Returns
    -------
    pathlib.Path
        The archive.

    Raises
    ------
    WorkbenchError
        If the bundle is damaged, or the archive cannot be written.
    """
    check_bundle(bundle.folder)
    if path.suffix.lower() != ARCHIVE_SUFFIX:
        path = path.with_name(path.name + ARCHIVE_SUFFIX)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".export-", dir=path.parent) as scratch:
            made = Path(scratch) / path.name
            with zipfile.ZipFile(made, "w") as archive:
                for name in _files_of(bundle):
                    # Weights do not get smaller; texts do.
                    is_text = name in (MANIFEST_NAME, CARD_NAME)
                    member = zipfile.ZipInfo(f"{bundle.name}/{name}", _NO_DATE)
                    member.compress_type = zipfile.ZIP_DEFLATED if is_text else zipfile.ZIP_STORED
                    member.external_attr = 0o644 << 16
                    archive.writestr(member, (bundle.folder / name).read_bytes())
            os.replace(made, path)
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be written ({error.strerror}); choose another place.") from None
    return path


def import_bundle(source: Path, name: str | None = None) -> Bundle:
    """Let a bundle into the user's models, once it is checked and each of its models has been loaded.

    Only the manifest, the card and the model files that the manifest names are taken. An imported bundle is
    never the default by its own word.

    Parameters
    ----------
    source : pathlib.Path
        An archive made by `export_bundle` (or any zip of one bundle), or a bundle's folder.
    name : str, optional
        What to call it; its own name when None.

    Returns
    -------
    Bundle
        The bundle among the user's.

    Raises
    ------
    NameTakenError
        If a bundle has this name already.
    WorkbenchError
        If the archive is damaged, foreign, too large or reaches out of its folder, a model cannot be
        loaded, or the bundle cannot be written; nothing is left behind.
    """
    root = resources.user_models_dir()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".import-", dir=root) as scratch:
            made = Path(scratch) / "made"
            made.mkdir()
            found = source if source.is_dir() else _unpack(source, Path(scratch) / "unpacked")
            try:
                _take(found, made)
                bundle = check_bundle(made)
                for precision in bundle.manifest.files:
                    load_model(bundle, precision)
            except WorkbenchError as error:
                # Said of the file that the user knows, not of the folder it was unpacked to.
                text = str(error).replace(str(made), str(source)).replace(str(found), str(source))
                raise WorkbenchError(text) from None
            manifest = dataclasses.replace(bundle.manifest, name=name or bundle.name, default=False)
            demand_name(manifest.name)
            if manifest != bundle.manifest:
                rewrite_manifest(made, manifest)
            target = made.rename(root / manifest.name)
    except OSError as error:
        raise WorkbenchError(f"{source} cannot be imported ({error.strerror or error}).") from None
    return check_bundle(target)


def _files_of(bundle: Bundle) -> Iterator[str]:
    """Yield what belongs to a bundle, relative to its folder."""
    yield MANIFEST_NAME
    if (bundle.folder / CARD_NAME).is_file():
        yield CARD_NAME
    # Two precisions may share a file.
    yield from dict.fromkeys(file.path for file in bundle.manifest.files.values())


def _take(folder: Path, made: Path) -> None:
    for name in _files_of(check_bundle(folder)):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, made / name)


def _unpack(path: Path, folder: Path) -> Path:
    """Unpack an archive of one bundle and return the bundle's folder."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            top = _check_members(path, members)
            for member in members:
                inside = PurePosixPath(member.filename)
                if inside.is_relative_to(top):
                    target = folder / inside
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with archive.open(member) as packed, target.open("wb") as unpacked:
                        shutil.copyfileobj(packed, unpacked)
    except zipfile.BadZipFile as error:
        if "not a zip file" in str(error).lower():
            raise WorkbenchError(
                f"{path} is not a model bundle; choose a {ARCHIVE_SUFFIX} file that the workbench exported."
            ) from None
        raise WorkbenchError(f"{path} is damaged ({error}); get it again.") from None
    except _UNREADABLE as error:
        raise WorkbenchError(f"{path} cannot be unpacked ({error}); get it again.") from None
    return folder / top


def _check_members(path: Path, members: list[zipfile.ZipInfo]) -> PurePosixPath:
    """Refuse what must not be unpacked; return the folder in the archive that is the bundle."""
    if len(members) > _MAX_MEMBERS or sum(member.file_size for member in members) > MAX_BYTES:
        raise WorkbenchError(
            f"{path} is refused because it unpacks to more than {MAX_BYTES / 1e6:.0f} MB or "
            f"{_MAX_MEMBERS} files; a model bundle is smaller."
        )
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        is_link = stat.S_ISLNK(member.external_attr >> 16)
        if is_link or not parts or parts[0] == "/" or ".." in parts or ":" in parts[0]:
            raise WorkbenchError(
                f"{path} is refused because {member.filename!r} in it reaches out of its folder; "
                "get the bundle from someone whom you trust."
            )
    places = [PurePosixPath(member.filename) for member in members]
    tops = {place.parent for place in places if place.name == MANIFEST_NAME and len(place.parts) <= 2}
    if len(tops) > 1:
        raise WorkbenchError(f"{path} holds {len(tops)} bundles; unpack it and import them one by one.")
    if not tops:
        raise WorkbenchError(
            f"{path} is not a model bundle because there is no {MANIFEST_NAME} in it; "
            "choose a file that the workbench exported."
        )
    return tops.pop()
