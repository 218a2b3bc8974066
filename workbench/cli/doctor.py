"""Check what is installed, what is missing and how to get it; nothing is changed."""

import argparse
import importlib
import platform
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from importlib.util import find_spec
from typing import Literal

import workbench
from workbench.cli.screen import qt_library_problem, screen_problem
from workbench.cli.terminal import print_json, print_table
from workbench.errors import WorkbenchError
from workbench.resources import log_path, user_models_dir

EXAMPLES = """\
  workbench doctor
  workbench doctor --format json     for a bug report

exit codes: 0 nothing that is needed is missing, 1 something is"""

Verdict = Literal["ok", "limited", "missing"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Attributes
    ----------
    name : str
        What was looked at.
    verdict : {"ok", "limited", "missing"}
        "limited": the workbench works without it, but can do less.
    detail : str
        What was found, or what is wrong.
    remedy : str
        How to get it; empty where there is nothing to do.
    """

    name: str
    verdict: Verdict
    detail: str
    remedy: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: table")


def run(options: argparse.Namespace) -> int:
    """Print every finding; 1 when something needed is missing."""
    findings = list(examine())
    if options.format == "json":
        print_json([asdict(finding) for finding in findings])
    else:
        print_table(
            ("what", "state", "found", "how to get it"),
            [(found.name, found.verdict, found.detail, found.remedy) for found in findings],
        )
        missing = sum(found.verdict == "missing" for found in findings)
        limited = sum(found.verdict == "limited" for found in findings)
        print(
            f"{missing} missing, {limited} limited. Log: {log_path()}  Your own models: {user_models_dir()}"
        )
    return int(any(found.verdict == "missing" for found in findings))


def examine() -> Iterator[Finding]:
    """Yield findings, what is needed first."""
    yield Finding("workbench", "ok", workbench.__version__)
    yield Finding("Python", "ok", f"{platform.python_version()} on {platform.platform()}")
    yield from _libraries()
    yield _litert()
    yield from _bundles()
    yield _demo_scenes()
    yield _qt()
    yield _screen()
    yield from _sound()
    yield from _optional_methods()
    yield _tensorflow()


def _libraries() -> Iterator[Finding]:
    try:
        requirements = metadata.requires("denoise-workbench") or []
    except metadata.PackageNotFoundError:
        yield Finding("libraries", "limited", "not installed as a package, so not checked", "pip install .")
        return
    for requirement in requirements:
        if "extra ==" in requirement:
            continue
        name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
        try:
            yield Finding(name, "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Finding(name, "missing", "not installed", f'pip install "{requirement}"')


def _litert() -> Finding:
    try:
        importlib.import_module("ai_edge_litert.interpreter")
    except (ImportError, OSError) as error:
        return Finding(
            "LiteRT runtime", "missing", str(error), "pip install --force-reinstall ai-edge-litert"
        )
    return Finding("LiteRT runtime", "ok", "loads")


def _bundles() -> Iterator[Finding]:
    from workbench.bundles.store import catalogue

    found = catalogue()
    for bundle in found.bundles:
        about = bundle.manifest
        yield Finding(f"model {bundle.name}", "ok", f"intact, {about.kind}, version {about.version}")
    for problem in found.problems:
        yield Finding("model", "missing", problem, "install the workbench again; remove it if it is yours")
    held = {bundle.manifest.kind for bundle in found.bundles if not bundle.manifest.is_original}
    for kind in sorted({"nc", "ddae"} - held):
        yield Finding(f"{kind} models", "missing", "none that is intact", "install the workbench again")


def _demo_scenes() -> Finding:
    from workbench.engine.scene import demo_scenes

    try:
        scenes = demo_scenes()
    except WorkbenchError as error:
        return Finding("demo scenes", "limited", str(error), "install the workbench again")
    if not scenes:
        return Finding("demo scenes", "limited", "none", "install the workbench again")
    return Finding("demo scenes", "ok", str(len(scenes)))


def _qt() -> Finding:
    problem = qt_library_problem()
    if problem is None:
        return Finding("Qt", "ok", "loads, with all that its window needs")
    found, _, remedy = problem.partition("; ")
    return Finding("Qt", "missing", found, remedy)


def _screen() -> Finding:
    problem = screen_problem()
    if problem is None:
        return Finding("screen", "ok", "found")
    found, _, remedy = problem.partition(": ")
    return Finding("screen", "limited", found, remedy)


def _sound() -> Iterator[Finding]:
    from workbench.audio.devices import list_devices, portaudio_problem

    if problem := portaudio_problem():
        found, _, remedy = problem.partition(": ")
        yield Finding("PortAudio", "limited", f"{found}: playback is silent", remedy)
        return
    yield Finding("PortAudio", "ok", "loads")
    n_outputs = sum(device.max_output_channels > 0 for device in list_devices())
    if n_outputs:
        yield Finding("sound outputs", "ok", f"{n_outputs}; see `workbench devices`")
    else:
        yield Finding("sound outputs", "limited", "none: playback is silent", "connect a sound device")


def _optional_methods() -> Iterator[Finding]:
    from workbench.denoisers.registry import methods

    for method in methods():
        if method.available:
            yield Finding(f"method {method.name}", "ok", method.title)
        else:
            yield Finding(f"method {method.name}", "limited", "not available", method.how_to_install or "")


def _tensorflow() -> Finding:
    if find_spec("tensorflow") is None:
        return Finding(
            "TensorFlow (training)",
            "limited",
            "not installed; only training needs it",
            'pip install ".[train]" in the source folder',
        )
    for name in ("tensorflow", "tensorflow-cpu"):
        try:
            return Finding("TensorFlow (training)", "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            continue
    return Finding("TensorFlow (training)", "ok", "found")
