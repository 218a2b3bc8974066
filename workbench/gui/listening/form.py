"""The form that makes a test: from the example, from a file, or one block of a kind with its methods."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from workbench.denoisers.registry import MethodInfo
from workbench.evaluation.plan import NOISY
from workbench.gui.listening.work import BLOCK_NAME, kinds_text, with_one_block
from workbench.gui.settings import Settings
from workbench.gui.shared.card import Card
from workbench.gui.shared.card_form import CardForm
from workbench.gui.shared.check_tree import CheckTree, Choice
from workbench.gui.shared.combo_box import narrow_combo_box
from workbench.gui.shared.labelled_fields import labelled, spin_box
from workbench.gui.shared.method_choices import method_choices
from workbench.gui.shared.mixture_fields import MixtureFields
from workbench.gui.theme import ThemeManager, role
from workbench.listening.design import CLEAN, PAIRED, TEST_KINDS, TEST_TITLES, Block, ListeningTest, TestKind
from workbench.listening.validate import LOUDNESS_RANGE_LUFS

_TEMPLATE = ""
_FILE = "file"
_SIGNALS = "Signals"
_HINTS: dict[TestKind, str] = {
    "ab": "Which of two do listeners prefer?",
    "abx": "Can they tell two apart at all?",
    "ccr": "How much better is one than the other, −3 to 3?",
    "p835": "Voice, background and whole, 1 to 5, without a reference.",
    "mushra": "Several beside each other against the clean speech, 0 to 100.",
}
_TITLES: dict[TestKind, str] = {
    "ab": "Which do you prefer?",
    "abx": "Which is X?",
    "ccr": "Compare",
    "p835": "Rate voice and background",
    "mushra": "Compare with the reference",
}


class TestForm(CardForm):
    """Everything that a new test says, to be chosen.

    Parameters
    ----------
    theme : ThemeManager
        Colours and sizes.
    settings : Settings
        What is kept between starts.
    """

    template_requested = Signal(object)

    def __init__(self, theme: ThemeManager, settings: Settings) -> None:
        super().__init__(theme)
        self._settings = settings
        self._base = ListeningTest()
        self._methods: Sequence[MethodInfo] = ()
        self._is_listed = False
        self.mixtures = MixtureFields(theme, settings)
        self.mixtures.changed.connect(self.edited)
        self._lay_out(
            self._make_kind_card(),
            self._make_methods_card(),
            self._make_trials_card(),
            self._make_material_card(),
        )
        self._show_kind()

    # --- what the page does with it --------------------------------------------------------------------

    @property
    def n_listeners(self) -> int:
        """How many listeners are planned."""
        return self.listeners.value()

    def set_methods(self, methods: Sequence[MethodInfo]) -> None:
        """List the methods there are."""
        self._methods = methods
        self._list_methods(self._usual_methods())

    def set_template(self, test: ListeningTest) -> None:
        """Begin from another test."""
        self._base = test
        with QSignalBlocker(self):
            self.title_edit.setText(test.title)
            self.mixtures.show_design(test)
            self.loudness.setValue(test.loudness_lufs)
            self._list_methods(self._usual_methods())
            self._show_kind()
        self.edited.emit()

    def test(self) -> ListeningTest:
        """Return the test that the form shows.

        Raises
        ------
        WorkbenchError
            Something is missing in it or cannot be understood.
        """
        changed = replace(
            self._base,
            title=self.title_edit.text().strip() or "Listening test",
            speech=self.mixtures.chosen_speech(),
            noise=self.mixtures.chosen_noise(),
            snrs_db=self.mixtures.snrs_db(),
            max_speech=self.mixtures.max_speech.value() or None,
            seed=self.mixtures.seed.value(),
            loudness_lufs=self.loudness.value(),
        )
        return changed if self.kind is None else with_one_block(changed, self._block(self.kind))

    @property
    def kind(self) -> TestKind | None:
        """Kind of the only block; None where the template has its own."""
        data = self.kind_combo.currentData()
        return data if data in TEST_KINDS else None

    def choose_kind(self, kind: str) -> None:
        """Choose a kind of test, or the template with an empty one."""
        self.kind_combo.setCurrentIndex(self.kind_combo.findData(kind))
        self._kind_chosen()

    # --- cards -----------------------------------------------------------------------------------------

    def _make_kind_card(self) -> Card:
        card = Card("TEST", self._theme)
        self.kind_combo = narrow_combo_box("Kind of test")
        self.kind_combo.addItem("As in the example", _TEMPLATE)
        for kind in TEST_KINDS:
            self.kind_combo.addItem(TEST_TITLES[kind], kind)
        self.kind_combo.insertSeparator(self.kind_combo.count())
        self.kind_combo.addItem("From a test file…", _FILE)
        self.kind_combo.activated.connect(lambda _: self._kind_chosen())
        self.about = role(QLabel(), "small")
        self.about.setWordWrap(True)
        self.title_edit = QLineEdit()
        self.title_edit.setPlaceholderText("Title")
        self.title_edit.setAccessibleName("Title of the test")
        self.title_edit.setToolTip("Listeners see it, so it names no method.")
        self.title_edit.textEdited.connect(lambda _: self.edited.emit())
        for widget in (self.kind_combo, self.about, self.title_edit):
            card.body.addWidget(widget)
        return card

    def _make_methods_card(self) -> Card:
        card = Card("COMPARED", self._theme)
        self.methods = CheckTree("What is compared", self._theme)
        self.methods.changed.connect(self.edited)
        self.pairs_combo = narrow_combo_box("Which pairs")
        self.pairs_combo.addItem("All pairs", "all")
        self.pairs_combo.addItem("Each against the noisy signal", NOISY)
        self.pairs_combo.activated.connect(lambda _: self.edited.emit())
        card.body.addWidget(self.pairs_combo)
        card.body.addWidget(self.methods)
        self._methods_card = card
        return card

    def _make_trials_card(self) -> Card:
        card = Card("TRIALS", self._theme)
        self.trials = spin_box(0, 1000, "Trials of each listener")
        self.trials.setSpecialValueText("all")
        self.trials.setToolTip("So many are drawn for each listener, balanced over conditions; 0 takes all.")
        self.break_after = spin_box(0, 1000, "Trials between breaks")
        self.break_after.setSpecialValueText("no breaks")
        self.break_after.setValue(20)
        self.must_hear = spin_box(0, 100, "Share to be heard")
        self.must_hear.setSuffix(" %")
        self.must_hear.setValue(50)
        self.must_hear.setToolTip("Share of each sound that has to be heard before one can go on.")
        self.no_difference = QCheckBox("Offer “No difference”")
        self.reference = QCheckBox("Offer the clean speech as a reference")
        self.listeners = spin_box(1, 10_000, "Listeners planned")
        self.listeners.setValue(self._settings.get("listening/listeners", 12))
        self.listeners.setToolTip("How many you plan to ask, to see what the test can show; not kept in it.")
        for spin in (self.trials, self.break_after, self.must_hear, self.listeners):
            spin.valueChanged.connect(self.edited)
        self.listeners.valueChanged.connect(lambda n: self._settings.set("listening/listeners", n))
        for box in (self.no_difference, self.reference):
            box.toggled.connect(lambda _: self.edited.emit())
        self._own_rows = QWidget()
        column = QVBoxLayout(self._own_rows)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(
            labelled(
                ("For each listener", self.trials),
                ("Break after", self.break_after),
                ("To be heard", self.must_hear),
            )
        )
        column.addWidget(self.no_difference)
        column.addWidget(self.reference)
        card.body.addWidget(self._own_rows)
        card.body.addLayout(labelled(("Listeners planned", self.listeners)))
        return card

    def _make_material_card(self) -> Card:
        card = Card("MATERIAL", self._theme)
        fields = self.mixtures
        fields.max_speech.setAccessibleName("Sentences")
        fields.snr_edit.setToolTip("Speech over noise in dB: a list, as 0, 5, or a range, as −5 to 10 by 5.")
        fields.seed.setToolTip("Draws mixtures, trials and orders; the same seed gives the same test.")
        self.loudness = QDoubleSpinBox()
        self.loudness.setRange(*LOUDNESS_RANGE_LUFS)
        self.loudness.setDecimals(1)
        self.loudness.setAccessibleName("Loudness in LUFS")
        self.loudness.setToolTip("All sounds are brought to this loudness (ITU-R BS.1770).")
        self.loudness.valueChanged.connect(self.edited)
        card.body.addWidget(fields.speech)
        card.body.addWidget(fields.noise)
        card.body.addLayout(
            labelled(
                ("SNRs (dB)", fields.snr_edit),
                ("Sentences", fields.max_speech),
                ("Loudness (LUFS)", self.loudness),
                ("Seed", fields.seed),
            )
        )
        return card

    # --- inside ----------------------------------------------------------------------------------------

    def _block(self, kind: TestKind) -> Block:
        chosen = self.methods.chosen()
        is_paired = kind in PAIRED
        pairs: tuple[tuple[str, str], ...] = ()
        if is_paired and self.pairs_combo.currentData() == NOISY:
            pairs = tuple((name, NOISY) for name in chosen if name != NOISY)
        return Block(
            name=BLOCK_NAME,
            test=kind,
            methods=() if pairs else chosen,
            pairs=pairs,
            n_trials=self.trials.value() or None,
            allow_no_difference=kind == "ab" and self.no_difference.isChecked(),
            reference=kind in ("ab", "ccr", "p835") and self.reference.isChecked(),
            must_hear=self.must_hear.value() / 100,
            break_after=self.break_after.value(),
            title=_TITLES[kind],
        )

    def _kind_chosen(self) -> None:
        if self.kind_combo.currentData() == _FILE:
            self._ask_template()
            return
        self._show_kind()
        self.edited.emit()

    def _ask_template(self) -> None:
        self.kind_combo.setCurrentIndex(0)
        start = self._settings.get("listening/template", str(Path.home()))
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Test file", start, "Test files (*.toml);;All files (*)"
        )
        if chosen:
            self._settings.set("listening/template", chosen)
            self.kind_combo.setItemText(0, f"As in {Path(chosen).name}")
            self.template_requested.emit(Path(chosen))
        self._show_kind()

    def _show_kind(self) -> None:
        kind = self.kind
        self._methods_card.setVisible(kind is not None)
        self._own_rows.setVisible(kind is not None)
        self.pairs_combo.setVisible(kind in PAIRED)
        self.no_difference.setVisible(kind == "ab")
        self.reference.setVisible(kind in ("ab", "ccr", "p835"))
        self.about.setText(f"Asks for {kinds_text(self._base)}." if kind is None else _HINTS[kind])

    def _usual_methods(self) -> tuple[str, ...]:
        if self._is_listed:
            return self.methods.chosen()
        used = {name for block in self._base.blocks for name in block.conditions}
        known = {method.name for method in self._methods} | {NOISY}
        return tuple(sorted(used & known))

    def _list_methods(self, chosen: tuple[str, ...]) -> None:
        choices = [
            Choice(NOISY, "Noisy", "The mixture as it is.", _SIGNALS),
            Choice(CLEAN, "Clean", "The speech without noise.", _SIGNALS),
            *method_choices(self._methods, lambda method: method.description),
        ]
        self.methods.set_choices(choices, chosen)
        self._is_listed = bool(self._methods) and bool(self._base.blocks)

    def _restyle(self) -> None:
        super()._restyle()
        spins = (self.trials, self.break_after, self.must_hear, self.listeners)
        for spin in (*spins, self.mixtures.max_speech, self.mixtures.seed, self.loudness):
            spin.setFixedWidth(self._theme.px(96))
