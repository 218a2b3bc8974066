"""Whether a window can be shown here, and what to do when it cannot."""

import ctypes
import importlib
import os
import sys
from pathlib import Path

LINUX_PACKAGES = (
    "libportaudio2 libegl1 libgl1 libglib2.0-0 libfontconfig1 libdbus-1-3 libxkbcommon0 libxkbcommon-x11-0 "
    "libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-xinerama0"
)
"""Debian and Ubuntu packages that a bare Linux lacks: PortAudio and what Qt's window needs."""


def qt_library_problem() -> str | None:
    """Return what keeps Qt from loading and how to mend it, or None."""
    remedy = f"install it with: sudo apt install {LINUX_PACKAGES}"
    try:
        qt = importlib.import_module("PySide6.QtWidgets")
    except ImportError as error:
        return f"{error}; {remedy}" if sys.platform.startswith("linux") else str(error)
    if not sys.platform.startswith("linux"):
        return None
    # Where its X11 plugin lacks a library, Qt aborts the process; loaded here first, that is an error.
    plugin = Path(str(qt.__file__)).parent / "Qt" / "plugins" / "platforms" / "libqxcb.so"
    try:
        if plugin.exists():
            ctypes.CDLL(str(plugin))
    except OSError as error:
        return f"{error}; {remedy}"
    return None


def screen_problem() -> str | None:
    """Return why no window can be shown although Qt loads, or None."""
    chosen = os.environ.get("QT_QPA_PLATFORM", "").partition(":")[0]
    if not sys.platform.startswith("linux") or chosen not in {"", "xcb", "wayland"}:
        return None
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return None
    return (
        "there is no screen (neither DISPLAY nor WAYLAND_DISPLAY is set): use `workbench render`, "
        "`xvfb-run workbench` or QT_QPA_PLATFORM=offscreen"
    )
