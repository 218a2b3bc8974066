"""The fields that say which mixtures are made: speech, noise, SNRs, how much of the speech, and the seed."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QLineEdit

from workbench.errors import WorkbenchError
from workbench.evaluation.plan import NoiseSet, SweepPlan
from workbench.gui.settings import Settings
from workbench.gui.shared.labelled_fields import spin_box
from workbench.gui.shared.noise_sources import NoiseSources
from workbench.gui.shared.snr_text import format_snrs, parse_snrs
from workbench.gui.shared.source_row import SourceRow
from workbench.gui.theme import ThemeManager
from workbench.listening.design import ListeningTest


class MixtureFields(QObject):
    """The fields, for a form to lay out as it likes; `changed` when the user has changed one.

    Parameters
    ----------
    theme : ThemeManager
        Colours and sizes.
    settings : Settings
        Remembers the folder opened last.
    """

    changed = Signal()

    def __init__(self, theme: ThemeManager, settings: Settings) -> None:
        super().__init__()
        self.speech = SourceRow("Clean speech", theme, settings)
        self.noise = NoiseSources(theme, settings)
        self.snr_edit = QLineEdit()
        self.snr_edit.setAccessibleName("SNRs in dB")
        self.max_speech = spin_box(0, 1_000_000, "Recordings of speech")
        self.max_speech.setSpecialValueText("all")
        self.max_speech.setToolTip("Draw so many recordings of speech with the seed; 0 takes all.")
        self.seed = spin_box(0, 2_147_483_647, "Seed")
        self.speech.changed.connect(self.changed)
        self.noise.changed.connect(self.changed)
        self.snr_edit.textEdited.connect(lambda _: self.changed.emit())
        self.max_speech.valueChanged.connect(self.changed)
        self.seed.valueChanged.connect(self.changed)

    def show_design(self, design: SweepPlan | ListeningTest) -> None:
        """Show the mixtures of a plan or of a test."""
        self.speech.set_sources(design.speech)
        self.noise.set_sources(design.noise)
        self.snr_edit.setText(format_snrs(design.snrs_db))
        self.max_speech.setValue(design.max_speech or 0)
        self.seed.setValue(design.seed)

    def chosen_speech(self) -> tuple[str, ...]:
        """Return where the speech comes from.

        Raises
        ------
        WorkbenchError
            None is chosen.
        """
        if not self.speech.sources:
            raise WorkbenchError("Choose speech: the demo recordings, or files or folders of yours.")
        return self.speech.sources

    def chosen_noise(self) -> NoiseSet:
        """Return the classes of noise, and where each comes from.

        Raises
        ------
        WorkbenchError
            None is chosen.
        """
        if not self.noise.sources:
            raise WorkbenchError("Choose noise of at least one class.")
        return self.noise.sources

    def snrs_db(self) -> tuple[float, ...]:
        """Return the SNRs in dB.

        Raises
        ------
        WorkbenchError
            The text cannot be understood.
        """
        return parse_snrs(self.snr_edit.text())
