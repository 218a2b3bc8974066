"""The ``workbench`` command: everything that the window does, without a screen."""

from workbench.cli.app import main

__all__ = ["main"]
