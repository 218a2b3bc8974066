"""Nothing that a listener can see, hear read out, or find in the log names a condition."""

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from tests.gui.listening.conftest import close
from tests.gui.listening.driver import answer
from workbench.denoisers.registry import methods
from workbench.gui.listening.window import ListenerWindow
from workbench.listening.design import ANCHORS_HZ, CLEAN
from workbench.listening.prepared import Key
from workbench.listening.simulate import SimulatedListener

_TEXTS = ("text", "title", "toolTip", "statusTip", "whatsThis", "accessibleName", "accessibleDescription")
_TEXTS += ("windowTitle", "windowFilePath", "objectName", "placeholderText", "toPlainText", "iconText")


def texts_of(window: QWidget) -> Iterator[str]:
    """Yield everything that the widgets of a window say, hidden ones included."""
    for widget in (window, *window.findChildren(QWidget), *window.findChildren(QAction)):
        for name in _TEXTS:
            read = getattr(widget, name, None)
            if callable(read) and isinstance(text := read(), str) and text:
                yield text


def names_of(key: Key) -> set[str]:
    """Return all names that would tell: of methods, anchors, recordings, classes, SNRs and sounds."""
    known = {method.name: method.title for method in methods()}
    names = {CLEAN, "noisy", "anchor", *ANCHORS_HZ, *known, *known.values(), "dB SNR"}
    for blind, entry in key.stimuli.items():
        names |= {blind, entry.speech, entry.noise, entry.noise_class, entry.mixture}
    return {name.lower() for name in names if name}


def test_no_screen_and_no_log_names_a_condition(
    qtbot: Any,
    open_listener: Callable[..., ListenerWindow],
    key: Key,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="workbench")
    window = open_listener()
    names = names_of(key)
    listener = SimulatedListener()
    kinds = set()
    while window.session.screen is not None:
        screen = window.session.screen
        kinds.add(screen.kind)
        said = "\n".join(texts_of(window)).lower()
        assert "next" in said or "finish" in said or "go on" in said
        found = {name for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said)}
        assert not found, screen
        answer(qtbot, window, listener.values(screen, key))
    logged = caplog.text.lower()
    assert not {name for name in names if name in logged}
    assert {"level", "trial", "break", "questionnaire"} <= kinds


def test_the_walk_would_find_a_name(
    qtbot: Any, open_listener: Callable[..., ListenerWindow], key: Key, folder: Path
) -> None:
    window = open_listener()
    window.next_button.setToolTip("Log-MMSE")
    said = "\n".join(texts_of(window)).lower()
    assert any(name in said for name in names_of(key) if name == "log-mmse")
    close(window)
