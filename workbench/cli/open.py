"""Open the application: with its demo scene, a scene of yours or a noisy recording."""

import argparse

from workbench.cli.scene_arguments import add_scene_arguments, chosen_scene
from workbench.cli.screen import qt_library_problem, screen_problem
from workbench.errors import MissingPieceError, WorkbenchError

EXAMPLES = """\
  workbench
  workbench noisy.wav
  workbench --speech sentence.wav --noise engine.ogg --snr-db 0
  workbench --scene ID               one of `workbench scenes`
  QT_QPA_PLATFORM=offscreen workbench render -o out    no screen? draw instead"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    add_scene_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Open the window and return its exit status once it is closed."""
    scene = chosen_scene(options)
    if problem := qt_library_problem():
        raise MissingPieceError(f"the window cannot be opened: {problem}")
    if problem := screen_problem():
        raise WorkbenchError(problem)

    if scene is not None and (options.method or options.noise_class):
        from workbench.denoisers.registry import make_denoiser

        make_denoiser(scene.method)  # a mistyped method is better said here than in the window

    from workbench.gui.app import run_app

    return run_app(scene=scene)
