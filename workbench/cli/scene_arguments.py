"""The options that choose a scene, shared by ``open`` and ``render``."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.method_arguments import add_method_arguments, chosen_method
from workbench.cli.numbers import parse_snr_db
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.engine.scene import Scene


def add_scene_arguments(parser: argparse.ArgumentParser) -> None:
    """Add a recording, ``--scene``, ``--speech``, ``--noise``, ``--snr-db`` and the method's options."""
    parser.add_argument(
        "recording", nargs="?", type=Path, metavar="FILE", help="a noisy recording, without a reference"
    )
    group = parser.add_argument_group("scene")
    group.add_argument("--scene", metavar="ID", help="a demo scene, see `workbench scenes`")
    group.add_argument("--speech", type=Path, metavar="FILE", help="clean speech")
    group.add_argument("--noise", type=Path, metavar="FILE", help="noise, looped or cut to the speech")
    group.add_argument(
        "--snr-db", type=parse_snr_db, metavar="DB", help="active speech level over noise level"
    )
    add_method_arguments(parser)


def find_demo_scene(name: str) -> "Scene":
    """Return the demo scene of that id or number, counted from 1.

    Raises
    ------
    WorkbenchError
        If there is none.
    """
    from workbench.engine.scene import demo_scenes_by_id

    scenes = demo_scenes_by_id()
    if name.isdecimal() and 1 <= int(name) <= len(scenes):
        return list(scenes.values())[int(name) - 1]
    if name not in scenes:
        raise WorkbenchError(f"There is no scene '{name}'; choose one of {', '.join(scenes)}.")
    return scenes[name]


def chosen_scene(options: argparse.Namespace) -> "Scene | None":
    """Return the scene that the options ask for, or None when they ask for nothing.

    Raises
    ------
    WorkbenchError
        If they ask for several, for noise without speech, or for a file that is not there.
    """
    if sum(source is not None for source in (options.recording, options.scene, options.speech)) > 1:
        raise WorkbenchError("Choose one: a recording, --scene, or --speech with --noise.")
    if options.noise is not None and options.speech is None:
        raise WorkbenchError("--noise needs --speech, the clean speech to mix it with.")
    if options.snr_db is not None and options.recording is not None:
        raise WorkbenchError("--snr-db does not go with a recording, which is noisy already.")
    for path in (options.recording, options.speech, options.noise):
        if path is not None and not path.is_file():
            raise WorkbenchError(f"There is no file {path}.")
    changes = _changes(options)
    if options.recording is not None or options.speech is not None:
        return replace(_scene_of_files(options), **changes)
    if options.scene is not None or changes:
        return replace(find_demo_scene(options.scene or "1"), **changes)
    return None


def _scene_of_files(options: argparse.Namespace) -> "Scene":
    from workbench.engine.scene import Scene

    files = {
        "recording_path": options.recording,
        "speech_path": options.speech,
        "noise_path": options.noise,
    }
    given = {name: path.resolve() for name, path in files.items() if path is not None}
    return Scene(**given, title=" + ".join(path.stem for path in given.values()))


def _changes(options: argparse.Namespace) -> dict[str, Any]:
    changes = {
        "snr_db": options.snr_db,
        "method": chosen_method(options) if options.method or options.noise_class else None,
        "attenuation_limit_db": options.attenuation_limit_db,
        "wet": options.wet,
    }
    return {name: value for name, value in changes.items() if value is not None}
