"""What the user may do with bundles of their own: rename, delete and have back, make the default."""

import dataclasses
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from workbench import resources
from workbench.bundles.check import Bundle, check_bundle
from workbench.bundles.manifest import MANIFEST_NAME, Manifest, is_name
from workbench.bundles.store import catalogue, choose_default, chosen_default
from workbench.bundles.write import manifest_toml
from workbench.errors import WorkbenchError

_TRASH_NAME = ".trash"


class NameTakenError(WorkbenchError):
    """There is a bundle of this name already: another name is all that is needed.

    Attributes
    ----------
    name : str
        The name that is taken.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"There is already a bundle named {name!r}; choose another name.")
        self.name = name


@dataclass(frozen=True)
class DeletedBundle:
    """A bundle in the trash.

    Attributes
    ----------
    folder : pathlib.Path
        Where it lies now.
    name : str
        Name of the folder that it had.
    deleted_s : float
        When it was deleted, seconds since the epoch.
    """

    folder: Path
    name: str
    deleted_s: float


def is_users(folder: Path) -> bool:
    """Return whether a bundle's folder is the user's own; shipped ones are read-only."""
    return folder.parent == resources.user_models_dir()


def is_taken(name: str) -> bool:
    """Return whether a bundle has this name, or a folder where a bundle of this name would lie."""
    folder = resources.user_models_dir() / name
    return folder.exists() or any(bundle.name == name for bundle in catalogue().bundles)


def free_name(name: str) -> str:
    """Return `name`, or `name` with the first number that makes it a name which is not taken."""
    candidate, number = name, 2
    while is_taken(candidate):
        candidate, number = f"{name[:60]}-{number}", number + 1
    return candidate


def name_problem(name: str) -> str:
    """Return why a bundle cannot be given this name, one sentence; empty if it can."""
    try:
        demand_name(name)
    except WorkbenchError as error:
        return str(error)
    return ""


def demand_name(name: str) -> None:
    """Check a name that a bundle shall be given.

    Raises
    ------
    NameTakenError
        If a bundle has it.
    WorkbenchError
        If it breaks the rules.
    """
    if not is_name(name):
        raise WorkbenchError(
            f"{name!r} cannot be a model's name; use up to 64 lower-case letters, digits, '.', '_' and '-', "
            "beginning with a letter or digit."
        )
    if is_taken(name):
        raise NameTakenError(name)


def rename_bundle(bundle: Bundle, name: str) -> Bundle:
    """Give a bundle of the user's another name; a choice as default goes with it.

    Parameters
    ----------
    bundle : Bundle
        One of the user's.
    name : str
        Its new name; its folder is named alike.

    Returns
    -------
    Bundle
        The bundle in its new place.

    Raises
    ------
    NameTakenError
        If another bundle has this name.
    WorkbenchError
        If the bundle ships with the program, the name breaks the rules, or the files cannot be changed.
    """
    _demand_users(bundle.folder)
    if name == bundle.name:
        return bundle
    demand_name(name)
    target = resources.user_models_dir() / name
    try:
        # The manifest last: until then the bundle is whole, whatever happens.
        bundle.folder.rename(target)
        rewrite_manifest(target, dataclasses.replace(bundle.manifest, name=name))
    except OSError as error:
        raise WorkbenchError(f"{bundle.name} cannot be renamed ({error.strerror}).") from None
    if chosen_default(bundle.manifest.kind) == bundle.name:
        choose_default(bundle.manifest.kind, name)
    return check_bundle(target)


def delete_bundle(folder: Path) -> DeletedBundle:
    """Move a bundle of the user's, whole or damaged, to the trash.

    Raises
    ------
    WorkbenchError
        If the bundle ships with the program, or cannot be moved.
    """
    _demand_users(folder)
    now_s = time.time()
    # A time and a dot before the name: deleting a name twice keeps both.
    target = _trash() / f"{int(now_s * 1000)}.{folder.name}"
    try:
        target.parent.mkdir(exist_ok=True)
        folder.rename(target)
    except OSError as error:
        raise WorkbenchError(f"{folder} cannot be deleted ({error.strerror}).") from None
    return DeletedBundle(target, folder.name, now_s)


def deleted_bundles() -> list[DeletedBundle]:
    """Return what is in the trash, the newest first."""
    found = []
    for folder in _trash().glob("*.*"):
        stamp, _, name = folder.name.partition(".")
        if stamp.isdecimal() and name:
            found.append(DeletedBundle(folder, name, int(stamp) / 1000))
    return sorted(found, key=lambda deleted: -deleted.deleted_s)


def restore_bundle(deleted: DeletedBundle) -> Path:
    """Put a bundle from the trash back where it was.

    Returns
    -------
    pathlib.Path
        Its folder.

    Raises
    ------
    WorkbenchError
        If there is a bundle of this name again, or it cannot be moved.
    """
    target = resources.user_models_dir() / deleted.name
    if is_taken(deleted.name):
        raise WorkbenchError(
            f"{deleted.name} cannot be restored because there is a bundle of this name again; "
            "rename that one first."
        )
    try:
        deleted.folder.rename(target)
    except OSError as error:
        raise WorkbenchError(f"{deleted.name} cannot be restored ({error.strerror}).") from None
    return target


def empty_trash() -> int:
    """Delete what is in the trash for good, and return how many bundles it was.

    Raises
    ------
    WorkbenchError
        If something cannot be deleted.
    """
    deleted = deleted_bundles()
    try:
        for each in deleted:
            if each.folder.is_symlink():
                each.folder.unlink()
            else:
                shutil.rmtree(each.folder)
    except OSError as error:
        raise WorkbenchError(f"{error.filename} cannot be deleted ({error.strerror}).") from None
    return len(deleted)


def rewrite_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace a bundle's manifest in one move.

    Raises
    ------
    OSError
        If it cannot be written; the old one still holds.
    """
    fresh = folder / f"{MANIFEST_NAME}.new"
    fresh.write_text(manifest_toml(manifest), encoding="utf-8")
    fresh.replace(folder / MANIFEST_NAME)


def _demand_users(folder: Path) -> None:
    if not is_users(folder):
        raise WorkbenchError(
            f"{folder.name} ships with the workbench and stays as it is; export it, and import it under "
            "another name, to have one of your own."
        )


def _trash() -> Path:
    return resources.user_models_dir() / _TRASH_NAME
