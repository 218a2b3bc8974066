"""Recordings of noise by class: a line for each class."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from workbench.evaluation.plan import NOISE_CLASSES, NoiseSet
from workbench.evaluation.tables import class_title
from workbench.gui.settings import Settings
from workbench.gui.shared.source_row import SourceRow
from workbench.gui.theme import ThemeManager


class NoiseSources(QWidget):
    """The classes of noise, each with its recordings and a box to leave it out.

    Parameters
    ----------
    theme : ThemeManager
        Colours and sizes.
    settings : Settings
        Remembers the folder opened last.

    Attributes
    ----------
    rows : dict of str to SourceRow
        The line of each class, by the name of the class.
    """

    changed = Signal()

    def __init__(self, theme: ThemeManager, settings: Settings) -> None:
        super().__init__()
        self._theme = theme
        self._settings = settings
        self.rows: dict[str, SourceRow] = {}
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(2)
        for name in NOISE_CLASSES:
            self.add(name)

    def add(self, name: str) -> SourceRow:
        """Return the line of a class, a new one where there is none."""
        if name not in self.rows:
            has_demo = name in NOISE_CLASSES
            row = SourceRow(class_title(name), self._theme, self._settings, has_demo=has_demo, optional=True)
            row.changed.connect(self.changed)
            self.rows[name] = row
            self._box.addWidget(row)
        return self.rows[name]

    @property
    def sources(self) -> NoiseSet:
        """The classes that are on, with their recordings."""
        return tuple((name, row.sources) for name, row in self.rows.items() if row.sources)

    def set_sources(self, noise: NoiseSet) -> None:
        """Show classes and their recordings, without telling it on; all other classes are off."""
        wanted = dict(noise)
        for name in wanted:
            self.add(name)
        for name, row in self.rows.items():
            row.set_sources(wanted.get(name, ()))
