"""The form that makes a plan: speech, noise, SNRs, methods, metrics."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QPushButton,
)

from workbench.denoisers.registry import MethodInfo
from workbench.errors import WorkbenchError
from workbench.evaluation.metrics import METRICS, OPTIONAL_METRICS, find_metric
from workbench.evaluation.plan import NOISY, NoiseSet, SweepPlan
from workbench.evaluation.tables import class_title
from workbench.gui.settings import Settings
from workbench.gui.shared.card import Card
from workbench.gui.shared.card_form import CardForm
from workbench.gui.shared.check_tree import CheckTree, Choice
from workbench.gui.shared.elided_label import ElidedLabel
from workbench.gui.shared.labelled_fields import labelled, spin_box
from workbench.gui.shared.method_choices import method_choices
from workbench.gui.shared.mixture_fields import MixtureFields
from workbench.gui.theme import ThemeManager, role

_NOT_HERE = "In the plan, but not here"


class PlanForm(CardForm):
    """Everything that a plan says, to be chosen.

    Parameters
    ----------
    theme : ThemeManager
        Colours and sizes.
    settings : Settings
        What is kept between starts.
    """

    store_requested = Signal()

    def __init__(self, theme: ThemeManager, settings: Settings) -> None:
        super().__init__(theme)
        self._base = SweepPlan()
        self._methods: Sequence[MethodInfo] = ()
        self.mixtures = MixtureFields(theme, settings)
        self.mixtures.changed.connect(self.edited)
        self._lay_out(
            self._make_name_card(),
            self._make_speech_card(),
            self._make_noise_card(),
            self._make_mixture_card(),
            self._make_methods_card(),
            self._make_metrics_card(),
        )
        self.show_store(None)

    # --- what the page does with it --------------------------------------------------------------------

    def set_methods(self, methods: Sequence[MethodInfo]) -> None:
        """List the methods there are; those chosen stay chosen."""
        chosen = self.methods.chosen() if self._methods else self._base.methods
        self._methods = methods
        self._list_methods(chosen)

    def set_plan(self, plan: SweepPlan) -> None:
        """Show a plan, without telling it on."""
        self._base = plan
        with QSignalBlocker(self):
            self.title_edit.setText(plan.title)
            self.mixtures.show_design(plan)
            self.repetitions.setValue(plan.repetitions)
            self._list_methods(plan.methods)
            self._list_metrics(plan.metrics)

    def plan(self) -> SweepPlan:
        """Return the plan that the form shows.

        Raises
        ------
        WorkbenchError
            Something is missing in it or cannot be understood.
        """
        speech = self.mixtures.chosen_speech()
        for name, row in self.mixtures.noise.rows.items():
            if row.box.isChecked() and not row.sources:
                raise WorkbenchError(f"Choose recordings of {class_title(name)}, or turn the class off.")
        noise = self.mixtures.chosen_noise()
        metrics = self.metrics.chosen()
        if not metrics:
            raise WorkbenchError("Choose at least one metric.")
        methods = self.methods.chosen() if self._methods else self._base.methods
        return replace(
            self._base,
            title=self.title_edit.text().strip(),
            speech=speech,
            noise=_ordered(noise, [name for name, _ in self._base.noise]),
            snrs_db=_kept(self.mixtures.snrs_db(), self._base.snrs_db),
            repetitions=self.repetitions.value(),
            max_speech=self.mixtures.max_speech.value() or None,
            seed=self.mixtures.seed.value(),
            methods=_kept(methods, self._base.methods),
            metrics=_kept(metrics, self._base.metrics),
        )

    def show_store(self, path: Path | None) -> None:
        """Show where the results go."""
        self.store_label.set_text("a new file" if path is None else path.name)
        self.store_label.setToolTip(
            "The file is made when the sweep starts." if path is None else f"Results are kept in {path}"
        )

    # --- cards -----------------------------------------------------------------------------------------

    def _make_name_card(self) -> Card:
        card = Card("PLAN", self._theme)
        self.title_edit = QLineEdit()
        self.title_edit.setPlaceholderText("Title of the sweep")
        self.title_edit.setAccessibleName("Title of the sweep")
        self.title_edit.setToolTip("Heading of the report; it changes nothing that is measured.")
        self.title_edit.textEdited.connect(lambda _: self.edited.emit())
        self.store_label = ElidedLabel()
        role(self.store_label, "muted")
        self.store_button = QPushButton("Results…")
        self.store_button.setToolTip("Choose the file in which the results are kept")
        self.store_button.clicked.connect(self.store_requested)
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self.store_label, 0, 0)
        grid.addWidget(self.store_button, 0, 1)
        grid.setColumnStretch(0, 1)
        card.body.addWidget(self.title_edit)
        card.body.addLayout(grid)
        return card

    def _make_speech_card(self) -> Card:
        card = Card("SPEECH", self._theme)
        card.body.addWidget(self.mixtures.speech)
        card.body.addLayout(labelled(("Recordings", self.mixtures.max_speech)))
        return card

    def _make_noise_card(self) -> Card:
        card = Card("NOISE", self._theme)
        card.body.addWidget(self.mixtures.noise)
        self.add_class_button = QPushButton("Add a class…")
        self.add_class_button.setToolTip("Add a class of noise with a name of your own")
        self.add_class_button.clicked.connect(self._ask_class)
        card.body.addWidget(self.add_class_button, 0, Qt.AlignmentFlag.AlignLeft)
        return card

    def _make_mixture_card(self) -> Card:
        card = Card("MIXTURES", self._theme)
        snr_edit, seed = self.mixtures.snr_edit, self.mixtures.seed
        snr_edit.setToolTip("Speech over noise in dB: a list, as −10, −5, 0, or a range, as −10 to 15 by 5.")
        self.repetitions = spin_box(1, 1000, "Repetitions")
        self.repetitions.setToolTip(
            "Mixtures per sentence, class and SNR; each draws another noise and another place in it."
        )
        seed.setToolTip("Draws noises and places; the same seed gives the same mixtures on any machine.")
        self.repetitions.valueChanged.connect(self.edited)
        card.body.addLayout(
            labelled(("SNRs (dB)", snr_edit), ("Repetitions", self.repetitions), ("Seed", seed))
        )
        return card

    def _make_methods_card(self) -> Card:
        card = Card("METHODS", self._theme)
        self.methods = CheckTree("Methods", self._theme)
        self.methods.changed.connect(self.edited)
        note = role(QLabel("The noisy signal is always measured, too."), "small")
        note.setWordWrap(True)
        card.body.addWidget(self.methods)
        card.body.addWidget(note)
        return card

    def _make_metrics_card(self) -> Card:
        card = Card("METRICS", self._theme)
        self.metrics = CheckTree("Metrics", self._theme)
        self.metrics.changed.connect(self.edited)
        card.body.addWidget(self.metrics)
        return card

    # --- inside ----------------------------------------------------------------------------------------

    def _ask_class(self) -> None:
        name, accepted = QInputDialog.getText(self, "Add a class of noise", "Name of the class:")
        name = name.strip()
        if not accepted or not name:
            return
        row = self.mixtures.noise.add(name)
        row.button.setFocus()
        row.set_sources(())

    def _list_methods(self, chosen: tuple[str, ...]) -> None:
        choices = method_choices(self._methods, _about)
        known = {choice.name for choice in choices} | {NOISY}
        if self._methods:
            choices += [_absent(name) for name in chosen if name not in known]
        self.methods.set_choices(choices, chosen)

    def _list_metrics(self, chosen: tuple[str, ...]) -> None:
        names = [*METRICS, *OPTIONAL_METRICS]
        names += [name for name in chosen if name not in names]
        choices = []
        for name in names:
            metric = find_metric(name)
            title = (
                metric.title if name in METRICS or name in OPTIONAL_METRICS else f"{metric.title} ({name})"
            )
            about = f"{metric.explanation} {metric.variant}. {metric.paper}."
            group = "Always here" if name in METRICS else "Optional"
            choices.append(Choice(name, title, about, group, metric.how_to_install))
        self.metrics.set_choices(choices, chosen)

    def _restyle(self) -> None:
        super()._restyle()
        for spin in (self.mixtures.max_speech, self.repetitions, self.mixtures.seed):
            spin.setFixedWidth(self._theme.px(110))


def _about(method: MethodInfo) -> str:
    delay = f" Delay {round(method.latency_ms, 1):g} ms." if method.available else ""
    return method.description + delay


def _absent(name: str) -> Choice:
    return Choice(name, name, "The plan names this method.", _NOT_HERE, f"There is no method {name} here.")


def _kept(values: tuple[Any, ...], before: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the values in the order that the plan had, where it had the same ones."""
    return before if sorted(values) == sorted(before) else values


def _ordered(noise: NoiseSet, before: list[str]) -> NoiseSet:
    """Return classes of noise in the order that the plan had, new ones last."""
    return tuple(sorted(noise, key=lambda item: before.index(item[0]) if item[0] in before else len(before)))
