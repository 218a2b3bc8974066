"""The form that makes a plan: speech, noise, SNRs, methods, metrics."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QInputDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from workbench.denoisers.registry import Family, MethodInfo
from workbench.errors import WorkbenchError
from workbench.evaluation.metrics import METRICS, OPTIONAL_METRICS, find_metric
from workbench.evaluation.plan import NOISE_CLASSES, NOISY, SweepPlan
from workbench.evaluation.tables import class_title
from workbench.gui.settings import Settings
from workbench.gui.studio.controls import Card, ElidedLabel
from workbench.gui.sweep.check_tree import CheckTree, Choice
from workbench.gui.sweep.snr_text import format_snrs, parse_snrs
from workbench.gui.sweep.sources import SourceRow
from workbench.gui.theme import ThemeManager, role

FAMILIES: dict[Family, str] = {
    "ours": "This workbench",
    "yours": "Your models",
    "classical": "Textbook methods",
    "rival": "Methods of others",
    "reference": "Reference",
}
_NOT_HERE = "In the plan, but not here"


class PlanForm(QScrollArea):
    """Everything that a plan says, to be chosen.

    Parameters
    ----------
    theme : ThemeManager
        Colours and sizes.
    settings : Settings
        What is kept between starts.
    """

    edited = Signal()
    store_requested = Signal()

    def __init__(self, theme: ThemeManager, settings: Settings) -> None:
        super().__init__()
        self._theme = theme
        self._settings = settings
        self._base = SweepPlan()
        self._methods: Sequence[MethodInfo] = ()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._inner = QWidget()
        self._box = QVBoxLayout(self._inner)
        self._box.setContentsMargins(0, 0, 0, 0)
        for card in (
            self._make_name_card(),
            self._make_speech_card(),
            self._make_noise_card(),
            self._make_mixture_card(),
            self._make_methods_card(),
            self._make_metrics_card(),
        ):
            self._box.addWidget(card)
        self._box.addStretch(1)
        self.setWidget(self._inner)
        self.show_store(None)
        theme.changed.connect(self._restyle)
        self._restyle()

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
            self.speech.set_sources(plan.speech)
            noise = dict(plan.noise)
            for name in noise:
                if name not in self.noise:
                    self._add_noise(name)
            for name, row in self.noise.items():
                row.set_sources(noise.get(name, ()))
            self.snr_edit.setText(format_snrs(plan.snrs_db))
            self.repetitions.setValue(plan.repetitions)
            self.max_speech.setValue(plan.max_speech or 0)
            self.seed.setValue(plan.seed)
            self._list_methods(plan.methods)
            self._list_metrics(plan.metrics)

    def plan(self) -> SweepPlan:
        """Return the plan that the form shows.

        Raises
        ------
        WorkbenchError
            Something is missing in it or cannot be understood.
        """
        noise = {name: row.sources for name, row in self.noise.items() if row.sources}
        if not self.speech.sources:
            raise WorkbenchError("Choose speech: the demo recordings, or files or folders of yours.")
        for name, row in self.noise.items():
            if row.box.isChecked() and not row.sources:
                raise WorkbenchError(f"Choose recordings of {class_title(name)}, or turn the class off.")
        if not noise:
            raise WorkbenchError("Choose noise of at least one class.")
        metrics = self.metrics.chosen()
        if not metrics:
            raise WorkbenchError("Choose at least one metric.")
        methods = self.methods.chosen() if self._methods else self._base.methods
        return replace(
            self._base,
            title=self.title_edit.text().strip(),
            speech=self.speech.sources,
            noise=_ordered(noise.items(), [name for name, _ in self._base.noise]),
            snrs_db=_kept(parse_snrs(self.snr_edit.text()), self._base.snrs_db),
            repetitions=self.repetitions.value(),
            max_speech=self.max_speech.value() or None,
            seed=self.seed.value(),
            methods=_kept(methods, self._base.methods),
            metrics=_kept(metrics, self._base.metrics),
        )

    def show_store(self, path: Path | None) -> None:
        """Show where the results go."""
        self.store_label.set_text("a new file" if path is None else path.name)
        self.store_label.setToolTip(
            "The file is made when the sweep starts." if path is None else f"Results are kept in {path}"
        )

    def set_enabled(self, enabled: bool) -> None:
        """Let the plan be changed, or only be looked at; the form scrolls all the same."""
        self._inner.setEnabled(enabled)

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
        self.speech = SourceRow("Clean speech", self._theme, self._settings)
        self.speech.changed.connect(self.edited)
        self.max_speech = _spin(0, 1_000_000, "Recordings of speech")
        self.max_speech.setSpecialValueText("all")
        self.max_speech.setToolTip("Draw so many recordings of speech with the seed; 0 takes all.")
        self.max_speech.valueChanged.connect(self.edited)
        card.body.addWidget(self.speech)
        card.body.addLayout(_labelled(("Recordings", self.max_speech)))
        return card

    def _make_noise_card(self) -> Card:
        card = Card("NOISE", self._theme)
        self.noise: dict[str, SourceRow] = {}
        self._noise_box = QVBoxLayout()
        self._noise_box.setSpacing(2)
        card.body.addLayout(self._noise_box)
        for name in NOISE_CLASSES:
            self._add_noise(name)
        self.add_class_button = QPushButton("Add a class…")
        self.add_class_button.setToolTip("Add a class of noise with a name of your own")
        self.add_class_button.clicked.connect(self._ask_class)
        card.body.addWidget(self.add_class_button, 0, Qt.AlignmentFlag.AlignLeft)
        return card

    def _make_mixture_card(self) -> Card:
        card = Card("MIXTURES", self._theme)
        self.snr_edit = QLineEdit()
        self.snr_edit.setAccessibleName("SNRs in dB")
        self.snr_edit.setToolTip(
            "Speech over noise in dB: a list, as −10, −5, 0, or a range, as −10 to 15 by 5."
        )
        self.snr_edit.textEdited.connect(lambda _: self.edited.emit())
        self.repetitions = _spin(1, 1000, "Repetitions")
        self.repetitions.setToolTip(
            "Mixtures per sentence, class and SNR; each draws another noise and another place in it."
        )
        self.seed = _spin(0, 2_147_483_647, "Seed")
        self.seed.setToolTip("Draws noises and places; the same seed gives the same mixtures on any machine.")
        self.repetitions.valueChanged.connect(self.edited)
        self.seed.valueChanged.connect(self.edited)
        card.body.addLayout(
            _labelled(("SNRs (dB)", self.snr_edit), ("Repetitions", self.repetitions), ("Seed", self.seed))
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

    def _add_noise(self, name: str) -> SourceRow:
        row = SourceRow(
            class_title(name), self._theme, self._settings, has_demo=name in NOISE_CLASSES, optional=True
        )
        row.changed.connect(self.edited)
        self.noise[name] = row
        self._noise_box.addWidget(row)
        return row

    def _ask_class(self) -> None:
        name, accepted = QInputDialog.getText(self, "Add a class of noise", "Name of the class:")
        name = name.strip()
        if not accepted or not name:
            return
        row = self.noise.get(name) or self._add_noise(name)
        row.button.setFocus()
        row.set_sources(())

    def _list_methods(self, chosen: tuple[str, ...]) -> None:
        choices = [
            Choice(
                method.name,
                method.title,
                f"{method.description} Delay {round(method.latency_ms, 1):g} ms."
                if method.available
                else method.description,
                FAMILIES[method.family],
                method.how_to_install,
            )
            for method in self._methods
        ]
        known = {choice.name for choice in choices} | {NOISY}
        if self._methods:
            choices += [_absent(name) for name in chosen if name not in known]
        order = list(FAMILIES.values())
        choices.sort(key=lambda choice: order.index(choice.group) if choice.group in order else len(order))
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
        self._box.setSpacing(self._theme.px(6))
        for spin in (self.max_speech, self.repetitions, self.seed):
            spin.setFixedWidth(self._theme.px(110))


def _absent(name: str) -> Choice:
    return Choice(name, name, "The plan names this method.", _NOT_HERE, f"There is no method {name} here.")


def _spin(low: int, high: int, name: str) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(low, high)
    spin.setAccessibleName(name)
    spin.setKeyboardTracking(False)
    return spin


def _labelled(*rows: tuple[str, QWidget]) -> QGridLayout:
    grid = QGridLayout()
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(1, 1)
    for place, (text, widget) in enumerate(rows):
        label = QLabel(text)
        label.setBuddy(widget)
        label.setToolTip(widget.toolTip())
        grid.addWidget(label, place, 0)
        wide = isinstance(widget, QLineEdit)
        side = Qt.AlignmentFlag.AlignRight
        grid.addWidget(widget, place, 1) if wide else grid.addWidget(widget, place, 1, side)
    return grid


def _kept(values: tuple[Any, ...], before: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the values in the order that the plan had, where it had the same ones."""
    return before if sorted(values) == sorted(before) else values


def _ordered(
    items: Iterable[tuple[str, tuple[str, ...]]], before: list[str]
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return classes of noise in the order that the plan had, new ones last."""
    return tuple(sorted(items, key=lambda item: before.index(item[0]) if item[0] in before else len(before)))
