"""The precision of a method is chosen beside it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.bundles.tiny import ddae_manifest, ddae_model
from workbench import resources
from workbench.bundles.write import write_bundle
from workbench.gui.app import Application


@pytest.fixture
def two_precisions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "user_models_dir", lambda: tmp_path)
    files = {"float": ddae_model(), "int8": ddae_model(int8=True)}
    write_bundle(tmp_path / "two", ddae_manifest("two", title="Two"), files, "# Two\n")


@pytest.mark.usefixtures("two_precisions")
def test_precision_is_chosen_beside_the_method_and_kept_where_it_can_be(
    open_application: Callable[..., Application], qtbot: Any
) -> None:
    application = open_application()
    card, controller = application.page.denoise_card, application.controller

    def choose(name: str) -> None:
        index = card.method.findData(name)
        card.method.setCurrentIndex(index)
        card.method.activated.emit(index)

    choose("ddae@two")
    assert controller.scene.method == "ddae@two"
    assert card.precision.isVisible()
    assert [card.precision.itemText(i) for i in range(card.precision.count())] == ["Float", "int8"]
    card.precision.setFocus()
    QTest.keyClick(card.precision, Qt.Key.Key_Down)
    assert controller.scene.method == "ddae@two:int8"
    assert (card.method.currentData(), card.precision.currentData()) == ("ddae@two", "int8")
    choose("adaptive@two")
    assert controller.scene.method == "adaptive@two:int8"
    assert card.method_text() == "Adaptive: Two, int8"
    choose("bypass")
    assert controller.scene.method == "bypass"
    assert not card.precision.isVisible()
    qtbot.waitUntil(lambda: controller._graph.method == "bypass", timeout=20_000)
