"""The denoising methods by name. Importing this loads no model and no LiteRT."""

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from workbench.bundles.check import Bundle
from workbench.bundles.manifest import PRECISIONS
from workbench.bundles.store import default_bundle, find_bundles, get_bundle, original_bundle
from workbench.classifier.posterior import NOISES, NoiseClass
from workbench.denoisers.own_model_file import own_model_folders, read_own_model
from workbench.denoisers.packaged import PACKAGED, make_packaged
from workbench.denoisers.protocol import Denoiser
from workbench.dsp import SAMPLE_RATE
from workbench.errors import WorkbenchError

DEFAULT_METHOD = "adaptive"

Family: TypeAlias = Literal["ours", "yours", "classical", "rival", "reference"]
"""Where a method comes from: the workbench's bundles and those trained like them, models that the user added,
textbook methods, programs of others, and what every method is compared with (the original system too)."""

_CONDITIONS: dict[str, NoiseClass | None] = {"ddae": None} | {f"ddae-{noise}": noise for noise in NOISES}
_ORIGINALS: dict[str, NoiseClass | None] = {"original": None} | {
    f"original-{noise}": noise for noise in NOISES
}


@dataclass(frozen=True)
class MethodInfo:
    """A method as users choose it.

    Attributes
    ----------
    name : str
        Stable identifier for `make_denoiser`.
    title, description : str
        For people.
    latency_ms : float
        Delay from input to output, in ms; 0 where the method is not available.
    available : bool
        Whether `make_denoiser` can make it here.
    how_to_install : str or None
        What is missing and how to get it, one sentence; None where the method is available.
    family : str
        See `Family`; for lists that are grouped.
    precisions : tuple of str
        Precisions in which it can run, the one that runs unless another is asked for first; empty where there
        is no choice. `with_precision` gives the names.
    """

    name: str
    title: str
    description: str
    latency_ms: float
    available: bool
    how_to_install: str | None
    family: Family = "ours"
    precisions: tuple[str, ...] = ()


def methods() -> list[MethodInfo]:
    """Return all methods, the default one first.

    The plain names run the default bundles. Any other DDAE bundle, as a user trains it, adds the methods
    ``adaptive@BUNDLE`` and ``ddae@BUNDLE``; a LiteRT or ONNX model with a ``denoiser.toml`` adds
    ``model@FOLDER``. The original system is ``original``, ``original-CLASS`` where it is told the class, and
    ``original@BUNDLE`` for each further denoiser of it.
    """
    default, no_ddae = _found(default_bundle, "ddae")
    _, no_nc = _found(default_bundle, "nc")

    def info(name: str, title: str, description: str, bundle: Bundle | None = default) -> MethodInfo:
        missing = no_ddae or (no_nc if name.startswith("adaptive") else None)
        latency_ms = 1000 * bundle.manifest.latency_samples / SAMPLE_RATE if bundle and not missing else 0.0
        precisions = _precisions(bundle) if bundle and not missing else ()
        return MethodInfo(
            name, title, description, latency_ms, missing is None, missing, precisions=precisions
        )

    listed = [
        info("adaptive", "Adaptive", "Classifies the noise and tells the neural denoiser its class."),
        info("ddae", "DDAE", "Neural denoiser that is not told the class of the noise."),
    ]
    for noise in NOISES:
        description = f"Neural denoiser that expects {_as_text(noise)}."
        listed.append(info(f"ddae-{noise}", f"DDAE: {noise.label}", description))
    for bundle in find_bundles("ddae"):
        if bundle != default and not bundle.manifest.is_original:
            title, description = bundle.manifest.title, bundle.manifest.description
            listed.append(info(f"adaptive@{bundle.name}", f"Adaptive: {title}", description, bundle))
            listed.append(info(f"ddae@{bundle.name}", f"DDAE: {title}", description, bundle))
    listed.extend(_own_model(folder) for folder in own_model_folders())
    for method in PACKAGED.values():
        missing = method.missing()
        latency_ms = 0.0 if missing else 1000 * method.latency_samples / SAMPLE_RATE
        listed.append(
            MethodInfo(
                method.name,
                method.title,
                method.description,
                latency_ms,
                missing is None,
                missing,
                method.family,
            )
        )
    listed.extend(_originals())
    description = "Leaves the mixed signal as it is."
    listed.append(MethodInfo("bypass", "Bypass", description, 0.0, True, None, "reference"))
    return listed


def split_precision(name: str) -> tuple[str, str | None]:
    """Return the name of a method without its precision, and the precision (None where it names none)."""
    base, _, precision = name.rpartition(":")
    return (base, precision) if base and precision in PRECISIONS else (name, None)


def precisions_of(name: str) -> tuple[str, ...]:
    """Return the precisions in which a method can run, that of its bare name first; empty without a choice.

    Raises
    ------
    WorkbenchError
        If its bundle is not installed.
    """
    bundles = method_bundles(name)
    return _precisions(bundles[0]) if bundles else ()


def with_precision(name: str, precision: str) -> str:
    """Return the name of a method in another precision, such as ``adaptive:int8``; the usual has no suffix.

    Raises
    ------
    WorkbenchError
        If the method cannot run in this precision, or its bundle is not installed.
    """
    bare, _ = split_precision(name)
    held = precisions_of(name)
    if precision not in held:
        choices = f"it has {', '.join(held)}" if held else "it has only one"
        raise WorkbenchError(f"{bare} has no precision {precision!r}; {choices}.")
    return bare if precision == held[0] else f"{bare}:{precision}"


def method_titles(names: Iterable[str]) -> dict[str, str]:
    """Return names for people, a precision in brackets; a method that is not listed keeps its name."""
    known = {method.name: method.title for method in methods()}

    def title(name: str) -> str:
        bare, precision = split_precision(name)
        shown = known.get(bare, bare)
        return shown if precision is None else f"{shown} ({precision})"

    return {name: title(name) for name in names}


def make_denoiser(name: str) -> Denoiser:
    """Make a denoiser.

    Parameters
    ----------
    name : str
        One of `methods`; ``@BUNDLE`` after "adaptive", "ddae", "ddae-CLASS", "original" or "original-CLASS"
        runs that DDAE bundle, and ``:PRECISION`` at the end runs its models in another precision (the
        classifier of "adaptive" and "original" too, where its bundle has it).

    Returns
    -------
    Denoiser
        Newly made; its `name` is the one given.

    Raises
    ------
    WorkbenchError
        If there is no such method, bundle or precision, or what it needs is not installed.
    """
    if name == "bypass":
        from workbench.denoisers.bypass import BypassDenoiser

        return BypassDenoiser()
    if name in PACKAGED:
        return make_packaged(PACKAGED[name])
    bare, precision = split_precision(name)
    own_models = {f"model@{folder.name}": folder for folder in own_model_folders()}
    if name in own_models:
        from workbench.denoisers.own_model import OwnModelDenoiser

        return OwnModelDenoiser(own_models[name])
    bundles = method_bundles(bare)
    if not bundles:
        known = [method.name for method in methods()]
        near = difflib.get_close_matches(name, known, cutoff=0.5)
        advice = f"did you mean {' or '.join(near)}?" if near else f"choose one of {', '.join(known)}."
        raise WorkbenchError(f"There is no method {name!r}; {advice}")
    from workbench.denoisers.adaptive import AdaptiveDenoiser
    from workbench.denoisers.ddae import DdaeDenoiser
    from workbench.denoisers.original import AdaptiveOriginalDenoiser, OriginalDenoiser

    base, _, _ = bare.partition("@")
    condition = (_CONDITIONS | _ORIGINALS).get(base)
    if len(bundles) == 1:
        if base in _ORIGINALS and condition:
            return OriginalDenoiser(bundles[0], condition, precision=precision, name=name)
        return DdaeDenoiser(bundles[0], condition, precision=precision, name=name)
    ddae, nc = bundles
    make = AdaptiveDenoiser if base == "adaptive" else AdaptiveOriginalDenoiser
    nc_precision = precision if precision in nc.manifest.files else None
    return make(nc, ddae, precision=precision, nc_precision=nc_precision, name=name)


def method_bundles(name: str) -> tuple[Bundle, ...]:
    """Return the bundles that a method runs: its denoiser, then its classifier; empty for all other methods.

    Raises
    ------
    WorkbenchError
        If one of them is not installed.
    """
    base, at, bundle_name = split_precision(name)[0].partition("@")
    if base != "adaptive" and base not in _CONDITIONS and base not in _ORIGINALS:
        return ()
    installed = original_bundle if base in _ORIGINALS else default_bundle
    ddae = get_bundle(bundle_name) if at else installed("ddae")
    return (ddae, installed("nc")) if base in ("adaptive", "original") else (ddae,)


def _originals() -> list[MethodInfo]:
    """Return the methods of the original system, as those that are compared with."""
    first, no_ddae = _found(original_bundle, "ddae")
    _, no_nc = _found(original_bundle, "nc")
    others = [bundle for bundle in find_bundles("ddae") if bundle.manifest.is_original and bundle != first]

    def info(name: str, title: str, description: str, bundle: Bundle | None) -> MethodInfo:
        missing = no_ddae or (None if _ORIGINALS.get(name) else no_nc)
        latency_ms = 1000 * bundle.manifest.latency_samples / SAMPLE_RATE if bundle and not missing else 0.0
        precisions = _precisions(bundle) if bundle and not missing else ()
        return MethodInfo(
            name, title, description, latency_ms, missing is None, missing, "reference", precisions
        )

    description = "The original system: classifies the noise and runs its denoiser for that class."
    listed = [info("original", "Original system", description, first)]
    for noise in NOISES:
        description = f"The original system's denoiser for {_as_text(noise)}."
        listed.append(info(f"original-{noise}", f"Original system: {noise.label}", description, first))
    for bundle in others:
        title = f"Original system: {bundle.manifest.title}"
        listed.append(info(f"original@{bundle.name}", title, bundle.manifest.description, bundle))
    return listed


def _precisions(bundle: Bundle) -> tuple[str, ...]:
    others = [each for each in PRECISIONS if each in bundle.manifest.files and each != bundle.precision]
    return (bundle.precision, *others)


def _found(look: Callable[[str], Bundle], kind: str) -> tuple[Bundle | None, str | None]:
    """Return the bundle of a kind that is looked for, or why there is none."""
    try:
        return look(kind), None
    except WorkbenchError as error:
        return None, str(error)


def _own_model(folder: Path) -> MethodInfo:
    name = f"model@{folder.name}"
    try:
        model = read_own_model(folder)
    except WorkbenchError as error:
        return MethodInfo(name, folder.name, "A model of your own.", 0.0, False, str(error), "yours")
    missing = model.missing()
    latency_ms = 0.0 if missing else 1000 * model.latency_samples / SAMPLE_RATE
    return MethodInfo(name, model.title, model.description, latency_ms, missing is None, missing, "yours")


def _as_text(noise: NoiseClass) -> str:
    return "TV or radio" if noise is NoiseClass.TV_RADIO else noise.label.lower()
