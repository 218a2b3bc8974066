"""The sounds of the validations: what the network makes of the same mixtures, step by step."""

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.shared.combo_box import combo_box
from workbench.gui.theme import ThemeManager, role
from workbench.gui.training.listener import Listener
from workbench.gui.training.sound_view import SoundView
from workbench.training.history import History, Sounds


class ExamplesView(QWidget):
    """One mixture at a time: noisy, denoised at a step to be chosen, and clean."""

    def __init__(self, theme: ThemeManager, listener: Listener) -> None:
        super().__init__()
        self._theme = theme
        self._listener = listener
        self._sounds: dict[int, Sounds] = {}
        self._steps: list[int] = []
        self._best: int | None = None
        self.chooser = combo_box("Mixture")
        self.chooser.currentIndexChanged.connect(self._show)
        self.step = QSlider(Qt.Orientation.Horizontal)
        self.step.setAccessibleName("Training step of the denoised signal")
        self.step.valueChanged.connect(self._show)
        self.step_label = role(QLabel(), "value")
        self._step_title = QLabel("Denoised after")
        self.views = {name: SoundView(theme, listener) for name in ("noisy", "denoised", "clean")}
        self._none = role(QLabel(), "muted")
        self._none.setWordWrap(True)
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self.chooser, 1)
        head.addWidget(self._step_title)
        head.addWidget(self.step, 1)
        head.addWidget(self.step_label)
        self._grid = QGridLayout()
        for column, view in enumerate(self.views.values()):
            self._grid.addWidget(view, 0, column)
            self._grid.setColumnStretch(column, 1)
        self._grid.setHorizontalSpacing(theme.px(10))
        self._body = QWidget()
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.addLayout(head)
        body.addLayout(self._grid, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, theme.px(6), 0, 0)
        box.addWidget(self._none)
        box.addWidget(self._body, 1)
        self.show_history(History(), is_over=False)

    def show_history(self, history: History, *, is_over: bool) -> None:
        """Show what there is to hear; a new validation moves on what stands at the latest."""
        sounds = dict(sorted(history.sounds.items()))
        steps = sorted({step for each in sounds.values() for step in each.denoised})
        self._body.setVisible(bool(sounds))
        self._none.setVisible(not sounds)
        self._none.setText(
            "This run has written no examples."
            if is_over
            else "Examples can be heard here after the first validation."
        )
        titles = [each.title for each in sounds.values()]
        known = [self.chooser.itemText(row) for row in range(self.chooser.count())]
        if steps == self._steps and titles == known and sounds.keys() == self._sounds.keys():
            return
        follows = not self._steps or self.step.value() == len(self._steps) - 1
        # What is written again under the same name must be read again.
        self._listener.forget()
        self._sounds, self._steps, self._best = sounds, steps, history.best_step
        with QSignalBlocker(self.chooser), QSignalBlocker(self.step):
            if len(titles) != len(known):
                self.chooser.clear()
                self.chooser.addItems(titles)
            for row, title in enumerate(titles):
                self.chooser.setItemText(row, title)
            self.step.setRange(0, max(len(steps) - 1, 0))
            if follows:
                self.step.setValue(len(steps) - 1)
        for widget in (self.step, self.step_label, self._step_title):
            widget.setVisible(bool(steps))
        self._show()

    def _show(self) -> None:
        keys = list(self._sounds)
        row = self.chooser.currentIndex()
        if not 0 <= row < len(keys):
            return
        sounds = self._sounds[keys[row]]
        step = self._steps[self.step.value()] if self._steps else None
        best = ", the best" if step is not None and step == self._best else ""
        self.step_label.setText("" if step is None else f"{step:,} steps{best}")
        denoised: Path | None = None if step is None else sounds.denoised.get(step)
        paths = {"noisy": sounds.noisy, "denoised": denoised, "clean": sounds.clean}
        for name, view in self.views.items():
            path = paths[name]
            view.setVisible(path is not None)
            title = "Mixed" if name == "noisy" else name.capitalize()
            view.show_file(path, title, "" if name != "denoised" or step is None else f"after {step:,} steps")
