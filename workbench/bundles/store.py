"""Where bundles are found: those that ship with the program, then the user's own."""

import difflib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from workbench import resources
from workbench.bundles.check import Bundle, check_bundle
from workbench.bundles.manifest import MANIFEST_NAME
from workbench.errors import WorkbenchError

_Stamp: TypeAlias = tuple[tuple[str, int, int], ...]
_checked: dict[Path, tuple[_Stamp, Bundle | WorkbenchError]] = {}


_DEFAULTS_NAME = "defaults.json"


@dataclass(frozen=True)
class RefusedBundle:
    """A folder with a manifest that may not be run.

    Attributes
    ----------
    folder : pathlib.Path
        Where it lies.
    problem : str
        What is wrong with it, one sentence.
    """

    folder: Path
    problem: str


@dataclass(frozen=True)
class Catalogue:
    """What a look into the model folders found.

    Attributes
    ----------
    bundles : tuple of Bundle
        Those that may be run: shipped ones first, then the user's, each by name.
    refused : tuple of RefusedBundle
        Those that may not.
    """

    bundles: tuple[Bundle, ...]
    refused: tuple[RefusedBundle, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """One sentence for each folder that was refused."""
        return tuple(refused.problem for refused in self.refused)


def catalogue() -> Catalogue:
    """Look through the model folders; a bundle that cannot be used is a problem, not an error.

    A bundle is hashed again only when its files change.
    """
    bundles: dict[str, Bundle] = {}
    refused = []
    for root in (resources.bundled_models_dir(), resources.user_models_dir()):
        found: list[Bundle] = []
        for manifest_path in sorted(root.glob(f"*/{MANIFEST_NAME}")):
            folder = manifest_path.parent
            checked = _check(folder)
            if isinstance(checked, WorkbenchError):
                refused.append(RefusedBundle(folder, str(checked)))
            elif checked.name in bundles or any(checked.name == other.name for other in found):
                problem = (
                    f"{folder} is left out because another bundle is named {checked.name!r}; "
                    f"change its name in {MANIFEST_NAME}."
                )
                refused.append(RefusedBundle(folder, problem))
            else:
                found.append(checked)
        bundles |= {bundle.name: bundle for bundle in sorted(found, key=lambda bundle: bundle.name)}
    return Catalogue(tuple(bundles.values()), tuple(refused))


def find_bundles(kind: str | None = None) -> list[Bundle]:
    """Return the bundles that may be run, of one kind or of all.

    Parameters
    ----------
    kind : str, optional
        ``"nc"`` or ``"ddae"``.
    """
    return [bundle for bundle in catalogue().bundles if kind in (None, bundle.manifest.kind)]


def get_bundle(name: str) -> Bundle:
    """Return a bundle by name.

    Raises
    ------
    WorkbenchError
        If no usable bundle has that name.
    """
    found = catalogue()
    by_name = {bundle.name: bundle for bundle in found.bundles}
    if name in by_name:
        return by_name[name]
    near = difflib.get_close_matches(name, by_name) or list(by_name)
    known = f"did you mean {' or '.join(near)}?" if near else "none is installed."
    raise WorkbenchError(" ".join([f"There is no bundle {name!r}; {known}", *found.problems]))


def find_bundle(name_or_folder: str) -> Bundle:
    """Return a bundle by its folder, or by name where there is no such folder.

    Raises
    ------
    WorkbenchError
        If there is neither, or the folder is no usable bundle.
    """
    folder = Path(name_or_folder)
    return check_bundle(folder) if folder.is_dir() else get_bundle(name_or_folder)


def default_bundle(kind: str) -> Bundle:
    """Return the bundle that is used where none is named.

    The user's choice (`choose_default`) wins, as long as it can be used; then one that says
    ``default = true``, the user's before a shipped one; otherwise it is the first of the shipped ones, then
    of the user's. Those of the original system are never the default.

    Raises
    ------
    WorkbenchError
        If there is no usable bundle of that kind.
    """
    candidates = [bundle for bundle in find_bundles(kind) if not bundle.manifest.is_original]
    flagged = [bundle for bundle in candidates if bundle.manifest.default]
    shipped_root = resources.bundled_models_dir()
    flagged.sort(key=lambda bundle: bundle.folder.parent == shipped_root)
    if not candidates:
        raise WorkbenchError(
            f"No {kind} bundle is installed; put one into {resources.user_models_dir()} "
            "or train one with train_cli."
        )
    chosen = [bundle for bundle in candidates if bundle.name == chosen_default(kind)]
    return (chosen or flagged or candidates)[0]


def is_default(bundle: Bundle) -> bool:
    """Return whether a bundle is the one that is used where none of its kind is named."""
    return not bundle.manifest.is_original and default_bundle(bundle.manifest.kind).name == bundle.name


def original_bundle(kind: str) -> Bundle:
    """Return the original system's denoiser or classifier, shipped ones before the user's.

    Raises
    ------
    WorkbenchError
        If there is none of that kind; says how to get it.
    """
    found = [bundle for bundle in find_bundles(kind) if bundle.manifest.is_original]
    if not found:
        what, recipe = {"ddae": ("denoiser", "original-gru"), "nc": ("classifier", "original-nc")}[kind]
        raise WorkbenchError(
            f"The original system's {what} is not installed; 'train_cli recipe {recipe} --run' makes it and "
            f"'workbench models import runs/recipes/{recipe}/{recipe}' installs it."
        )
    return found[0]


def chosen_default(kind: str) -> str | None:
    """Return the name of the bundle that the user chose as default of a kind, None without a choice."""
    return _chosen_defaults().get(kind)


def choose_default(kind: str, name: str | None) -> None:
    """Keep the user's choice of a default bundle; None takes it back.

    Parameters
    ----------
    kind : str
        ``"nc"`` or ``"ddae"``.
    name : str or None
        Name of a bundle of that kind; one that is not there (any more) counts as no choice.

    Raises
    ------
    WorkbenchError
        If the bundle is of the original system, or the choice cannot be written.
    """
    if any(bundle.name == name and bundle.manifest.is_original for bundle in find_bundles(kind)):
        raise WorkbenchError(
            f"{name} is of the original system and cannot be the default; the method 'original' runs it."
        )
    chosen = {other: value for other, value in _chosen_defaults().items() if other != kind}
    if name is not None:
        chosen[kind] = name
    path = resources.user_models_dir() / _DEFAULTS_NAME
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(chosen, indent=1) + "\n", encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise WorkbenchError(f"The default model cannot be kept in {path} ({error.strerror}).") from None


def _chosen_defaults() -> dict[str, str]:
    try:
        text = (resources.user_models_dir() / _DEFAULTS_NAME).read_text(encoding="utf-8")
        return {str(kind): str(name) for kind, name in json.loads(text).items()}
    except (OSError, ValueError, AttributeError):
        return {}  # No choice, or none that can be read: the same as none.


def _check(folder: Path) -> Bundle | WorkbenchError:
    stamp = _stamp(folder)
    known = _checked.get(folder)
    if known is None or known[0] != stamp:
        try:
            known = stamp, check_bundle(folder)
        except WorkbenchError as error:
            known = stamp, error
        _checked[folder] = known
    return known[1]


def _stamp(folder: Path) -> _Stamp:
    stats = ((path, path.stat()) for path in sorted(folder.rglob("*")) if path.exists())
    return tuple((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in stats)
