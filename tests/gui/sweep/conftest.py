"""The sweep page in the real window, and sweeps whose results are made up."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QSettings

from workbench.evaluation.plan import NOISY, SweepPlan
from workbench.evaluation.store import SweepStore
from workbench.evaluation.trials import Row
from workbench.gui.app import Application
from workbench.gui.settings import Settings

GAP = "STOI needs at least 0.4 s of speech."


def quick_plan(**changes: Any) -> SweepPlan:
    """Two demo sentences in two classes of noise, with what is computed quickly."""
    values: dict[str, Any] = {
        "noise": (("human", ("demo",)), ("vehicle", ("demo",))),
        "snrs_db": (-5.0, 5.0),
        "methods": ("wiener",),
        "metrics": ("si_sdr", "lsd"),
        "max_speech": 2,
        "title": "Quick",
    }
    return SweepPlan(**values | changes)


def made_up_sweep(path: Path, plan: SweepPlan, gap_of: str | None = None) -> Path:
    """Store results that are drawn: 1 dB better than noisy, and one mixture that has gaps."""
    trials = plan.trials()
    draw = np.random.default_rng(0)
    rows = []
    for place, trial in enumerate(trials):
        for metric in plan.metrics:
            noisy = trial.snr_db + draw.normal()
            for method in plan.all_methods:
                value = noisy if method == NOISY else noisy + 1 + draw.normal() / 4
                is_gap = gap_of == metric and place == 0 and method != NOISY
                rows.append(
                    Row(trial.key, method, metric, None if is_gap else value, GAP if is_gap else None)
                )
    with SweepStore(path, create=True) as store:
        store.begin(plan, trials)
        store.add(rows)
    return path


@pytest.fixture
def open_sweep_page(
    open_application: Callable[..., Application], store: QSettings, tmp_path: Path, qtbot: Any
) -> Callable[[], Application]:
    """Open the application at the sweep page, with its files in a folder of the test's."""

    def open_it() -> Application:
        settings = Settings(store)
        settings.set("sweep/folder", str(tmp_path / "sweeps"))
        application = open_application(wait=False)
        application.window.show_page_titled("Sweep")
        qtbot.waitUntil(lambda: application.sweep_page.controller.cost.cost is not None, timeout=20_000)
        return application

    return open_it


def show_plan(application: Application, plan: SweepPlan, qtbot: Any) -> None:
    """Show a plan in the form, as if it had been opened, and wait until its cost is known."""
    controller = application.sweep_page.controller
    controller._show_plan(plan)
    qtbot.waitUntil(lambda: controller.cost.cost is not None, timeout=20_000)


def open_store(application: Application, path: Path, qtbot: Any) -> None:
    """Open an earlier sweep, and wait until it is shown with its tests of significance."""
    page = application.sweep_page
    with qtbot.waitSignals([page.controller.sweep_changed] * 2, timeout=20_000):
        page.controller.open(path)
