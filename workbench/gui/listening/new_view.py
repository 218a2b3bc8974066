"""Making a test: the form on the left; beside it what it amounts to, what is wrong, and rendering."""

from html import escape
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSplitter,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from workbench.gui.listening.form import TestForm
from workbench.gui.listening.work import Checked
from workbench.gui.settings import Settings
from workbench.gui.theme import ThemeManager, role
from workbench.listening.prepare import PrepareProgress
from workbench.listening.validate import Finding

FORM_PX = 300


class NewTestView(QWidget):
    """A form, what the validator says of it, and the button that renders the sounds.

    Parameters
    ----------
    theme : ThemeManager
        Colours and sizes.
    settings : Settings
        What is kept between starts.
    """

    prepare_requested = Signal(object)
    cancel_requested = Signal()
    save_requested = Signal()

    def __init__(self, theme: ThemeManager, settings: Settings) -> None:
        super().__init__()
        self._theme = theme
        self._checked: Checked | None = None
        self._is_preparing = False
        self.form = TestForm(theme, settings)
        self.summary = QTextBrowser()
        self.summary.setAccessibleName("What the test amounts to, and what is wrong with it")
        self.folder_edit = QLineEdit()
        self.folder_edit.setAccessibleName("Folder of the test")
        self.folder_edit.setToolTip("A new folder; copy it to any computer where somebody listens.")
        self.folder_edit.textChanged.connect(lambda _: self._refresh())
        browse = QPushButton("Choose…")
        browse.clicked.connect(self._browse)
        self.save_button = QPushButton("Save as a file…")
        self.save_button.setToolTip("Write the test file, to change pages and texts in it")
        self.save_button.clicked.connect(self.save_requested)
        self.prepare_button = QPushButton("Prepare the sounds")
        self.prepare_button.setDefault(True)
        self.prepare_button.clicked.connect(self._prepare)
        self.cancel_button = QPushButton("Cancel")
        self.cancel_button.clicked.connect(self.cancel_requested)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the preparation")
        self.progress_label = role(QLabel(), "muted")
        where = QHBoxLayout()
        for widget, stretch in ((QLabel("Folder"), 0), (self.folder_edit, 1), (browse, 0)):
            where.addWidget(widget, stretch)
        foot = QHBoxLayout()
        foot.addWidget(self.progress_label, 1)
        for button in (self.save_button, self.cancel_button, self.prepare_button):
            foot.addWidget(button)
        right = QWidget()
        self._column = QVBoxLayout(right)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.summary, 1)
        self._column.addLayout(where)
        self._column.addWidget(self.bar)
        self._column.addLayout(foot)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.form)
        self.splitter.addWidget(right)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setChildrenCollapsible(False)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.splitter)
        theme.changed.connect(self._restyle)
        self._restyle()
        self.show_progress(None)

    def show_checked(self, checked: Checked | None) -> None:
        """Show what is said of the design; None while it is looked at."""
        self._checked = checked
        if checked is not None:
            self.summary.setHtml(self._html(checked))
        elif not self.summary.toPlainText():
            self.summary.setPlainText("Looking at the recordings…")
        self._refresh()

    def show_folder(self, folder: Path) -> None:
        """Offer a folder."""
        self.folder_edit.setText(str(folder))

    def show_progress(self, progress: PrepareProgress | None) -> None:
        """Show how far the rendering is; None where nothing is rendered."""
        self._is_preparing = progress is not None
        self.bar.setVisible(self._is_preparing)
        self.cancel_button.setVisible(self._is_preparing)
        self.form.set_enabled(not self._is_preparing)
        if progress is None:
            self.progress_label.setText("")
        else:
            self.bar.setRange(0, progress.total)
            self.bar.setValue(progress.done)
            text = (
                f"{progress.done} of {progress.total} sounds" if progress.total else "Looking at recordings…"
            )
            self.progress_label.setText(text)
        self._refresh()

    def _refresh(self) -> None:
        is_valid = self._checked is not None and self._checked.is_valid
        self.prepare_button.setEnabled(
            is_valid and not self._is_preparing and bool(self.folder_edit.text().strip())
        )
        self.save_button.setEnabled(not self._is_preparing)

    def _prepare(self) -> None:
        self.prepare_requested.emit(Path(self.folder_edit.text().strip()).expanduser())

    def _browse(self) -> None:
        start = str(Path(self.folder_edit.text()).parent)
        chosen = QFileDialog.getExistingDirectory(self, "Folder in which the test is made", start)
        if chosen:
            self.folder_edit.setText(str(Path(chosen) / Path(self.folder_edit.text()).name))

    def _html(self, checked: Checked) -> str:
        muted = self._theme.color("muted").name()
        parts = []
        if checked.outline is not None:
            about = checked.outline
            parts.append(
                f"<h3>About {about.minutes:.0f} minutes for each listener</h3>"
                f"<p>{about.n_stimuli} sounds of {about.n_mixtures} mixtures.</p><ul>"
                + "".join(
                    f"<li>{escape(name)}: {n} trials of each listener, drawn from {about.n_pool[name]}</li>"
                    for name, n in about.n_trials.items()
                )
                + "</ul>"
            )
        if checked.power:
            parts.append("<h3>What it can show</h3>")
        for power in checked.power:
            chances = ", ".join(f"{share:.0%} with {chance:.0%}" for share, chance in power.shares)
            parts.append(
                f"<p>{escape(power.block)}: {power.n_answers} answers for each comparison. How likely a true "
                f"share of answers becomes significant at 5 %: {chances}.</p>"
            )
        parts.append(findings_html(checked.findings, self._theme))
        if checked.is_valid:
            parts.append(
                f"<p style='color:{muted}'>Prepare renders the sounds once, equally long and equally loud, "
                "into a folder of their own. What is what stays in its folder “key”.</p>"
            )
        return "".join(parts)

    def _restyle(self) -> None:
        px = self._theme.px
        self._column.setSpacing(px(8))
        self.form.setMinimumWidth(px(270))
        self.splitter.setHandleWidth(px(10))
        self.splitter.setSizes([px(FORM_PX), max(self.width() - px(FORM_PX), px(300))])
        if self._checked is not None:
            self.summary.setHtml(self._html(self._checked))


def findings_html(findings: tuple[Finding, ...], theme: ThemeManager) -> str:
    """Return what the validator says, as HTML."""
    if not findings:
        return "<p>Nothing is wrong with it.</p>"
    colours = {"error": theme.color("error").name(), "warning": theme.color("warning").name()}
    titles = {"error": "To be mended", "warning": "Could be better"}
    parts = []
    for severity, title in titles.items():
        lines = [finding for finding in findings if finding.severity == severity]
        if lines:
            items = "".join(f"<li><b>{escape(each.where)}</b>: {escape(each.message)}</li>" for each in lines)
            parts.append(f"<h3 style='color:{colours[severity]}'>{title}</h3><ul>{items}</ul>")
    return "".join(parts)
