"""Between the researcher's page and the core: designs, preparations, sessions, results."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs
from PySide6.QtCore import QObject, QTimer, Signal

from workbench.denoisers.registry import methods
from workbench.errors import WorkbenchError
from workbench.gui.listening.work import (
    AnalysisRequest,
    Checked,
    OpenedTest,
    Results,
    analyse_test,
    begin_session,
    check_design,
    check_folder,
    export_results,
    open_test,
    prepare_test,
    read_entries,
    template,
    write_design,
)
from workbench.gui.messages import Notifier
from workbench.gui.settings import MAX_RECENT, Settings
from workbench.gui.workers import ComputeProcess, Job
from workbench.listening.answers import Merged, merge
from workbench.listening.design import ListeningTest
from workbench.listening.prepare import PrepareProgress
from workbench.listening.session import Session
from workbench.listening.validate import Finding

CHECK_DELAY_MS = 300
_RECENT = "listening/recent"


class ListeningController(QObject):
    """Makes, opens and analyses tests, one at a time.

    Parameters
    ----------
    settings : Settings
        What is kept between starts.
    notifier : Notifier
        Where problems go.
    compute : ComputeProcess
        Where figures are drawn.

    Signals
    -------
    methods_changed, template_changed : object
        What there is to compare; the `ListeningTest` that a new one begins from.
    tests_changed : list of TestEntry
    checked : Checked or None
        What is said of the design; None while it is looked at.
    preparing_changed : PrepareProgress or None
        None where nothing is prepared.
    test_changed : OpenedTest or None
    folder_checked : tuple of Finding
    session_opened : Session, bool
        To be shown to a listener; whether it is a preview.
    results_changed : Results or None
    busy_changed : str
        What is done at present, empty for nothing.
    written : list of pathlib.Path
    sound_wanted
        A session begins, so that all other sound has to end.
    """

    methods_changed = Signal(object)
    template_changed = Signal(object)
    tests_changed = Signal(object)
    checked = Signal(object)
    preparing_changed = Signal(object)
    test_changed = Signal(object)
    folder_checked = Signal(object)
    session_opened = Signal(object, bool)
    results_changed = Signal(object)
    busy_changed = Signal(str)
    written = Signal(object)
    sound_wanted = Signal()

    def __init__(self, settings: Settings, notifier: Notifier, compute: ComputeProcess) -> None:
        super().__init__()
        self._settings = settings
        self._notifier = notifier
        self._compute = compute
        self.design: ListeningTest | None = None
        self.test: OpenedTest | None = None
        self.results: Results | None = None
        self._n_listeners = 1
        self._is_started = False
        self._list_job, self._check_job, self._template_job = Job(), Job(), Job()
        self._prepare_job, self._open_job, self._folder_job = Job(), Job(), Job()
        self._session_job, self._merge_job, self._results_job, self._write_job = Job(), Job(), Job(), Job()
        self._check_timer = QTimer(self, singleShot=True, interval=CHECK_DELAY_MS)
        self._check_timer.timeout.connect(self._check)

    # --- start and end ---------------------------------------------------------------------------------

    def start(self) -> None:
        """List the tests there are, and begin from the example; when the page is first looked at."""
        if not self._is_started:
            self._is_started = True
            self.refresh_methods()
            self.load_template(None)
            self.list_tests()

    def refresh_methods(self) -> None:
        """List the methods there are now."""
        if self._is_started:
            self.methods_changed.emit(methods())

    def close(self) -> None:
        """End what runs."""
        self._check_timer.stop()
        for job in (
            self._list_job,
            self._check_job,
            self._template_job,
            self._prepare_job,
            self._open_job,
            self._folder_job,
            self._session_job,
            self._merge_job,
            self._results_job,
            self._write_job,
        ):
            job.cancel()

    # --- making ----------------------------------------------------------------------------------------

    def load_template(self, path: Path | None) -> None:
        """Begin a new test from a file, or from the example."""
        self._template_job.start(
            template, path, done=self.template_changed.emit, failed=self._notifier.failure
        )

    def set_design(self, design: ListeningTest, n_listeners: int) -> None:
        """Take the design that the form shows, and check it soon."""
        self.design, self._n_listeners = design, n_listeners
        self._check_job.cancel()
        self._check_timer.start()
        self.checked.emit(None)

    def set_problem(self, problem: str) -> None:
        """Take note that the form shows no design."""
        self.design = None
        self._check_timer.stop()
        self._check_job.cancel()
        self.checked.emit(Checked((Finding("error", "Form", problem),)))

    def save_design(self, path: Path) -> None:
        """Write the design to a test file."""
        if self.design is None:
            self._notifier.warn("Complete the test first; the list beside the form says what is missing.")
            return
        try:
            self.written.emit(write_design(self.design, path))
        except WorkbenchError as error:
            self._notifier.failure(error)

    @property
    def is_preparing(self) -> bool:
        """Whether sounds are being rendered."""
        return self._prepare_job.is_running

    def prepare(self, folder: Path) -> None:
        """Render the sounds of the design into a new folder, and open it."""
        if self.design is None or self.is_preparing:
            return
        self.preparing_changed.emit(PrepareProgress(0, 0))
        self._prepare_job.start(
            prepare_test,
            self.design,
            folder,
            done=self._prepared,
            failed=self._not_prepared,
            progress=self.preparing_changed.emit,
        )

    def cancel_preparing(self) -> None:
        """Stop rendering; nothing is left behind."""
        self._prepare_job.cancel()
        self.preparing_changed.emit(None)

    def free_folder(self, title: str) -> Path:
        """Return a folder for a test that is not there yet."""
        usual = Path(platformdirs.user_documents_dir()) / "Denoise Workbench" / "Listening tests"
        parent = Path(self._settings.get("listening/folder", str(usual)))
        stem = "".join(char if char.isalnum() else "-" for char in title.lower()).strip("-") or "test"
        number, folder = 1, parent / stem
        while folder.exists():
            number += 1
            folder = parent / f"{stem}-{number}"
        return folder

    # --- opening ---------------------------------------------------------------------------------------

    def recent(self) -> list[Path]:
        """Return the folders of tests that were made or opened, the newest first."""
        return [Path(text) for text in self._settings.get(_RECENT, []) if isinstance(text, str)]

    def list_tests(self) -> None:
        """Look at the tests that were made or opened."""
        self._list_job.start(
            read_entries, self.recent(), done=self.tests_changed.emit, failed=self._notifier.failure
        )

    def forget(self, folder: Path) -> None:
        """Take a test off the list; its folder stays."""
        self._settings.set(_RECENT, [str(each) for each in self.recent() if each != folder])
        self.list_tests()

    def open(self, folder: Path) -> None:
        """Open a prepared test."""
        self._run(self._open_job, "Opening…", open_test, folder, done=self._opened)

    def reload(self) -> None:
        """Read the sessions of the open test again."""
        if self.test is not None:
            self._open_job.start(
                open_test, self.test.folder, done=self._reloaded, failed=self._notifier.failure
            )
            self.list_tests()

    def check_folder(self) -> None:
        """Check every sound of the open test."""
        if self.test is not None:
            self._run(
                self._folder_job,
                "Checking the sounds…",
                check_folder,
                self.test.folder,
                done=self.folder_checked.emit,
            )

    # --- sessions --------------------------------------------------------------------------------------

    def begin_session(self, listener: str, index: int | None = None) -> None:
        """Begin or go on with a listener's session."""
        self._begin(listener, index)

    def begin_preview(self) -> None:
        """Begin a session of which nothing is kept."""
        self._begin(None, None)

    def merge(self, others: list[Path]) -> None:
        """Bring in sessions of other computers."""
        if self.test is not None:
            self._run(self._merge_job, "Merging…", merge, self.test.folder, tuple(others), done=self._merged)

    # --- results ---------------------------------------------------------------------------------------

    def analyse(self, request: AnalysisRequest) -> None:
        """Turn the key of the open test."""
        self._run(
            self._results_job,
            "Analysing…",
            self._compute.call,
            analyse_test,
            request,
            done=self._set_results,
        )

    def export(self, target: Path, *, free_text: bool) -> None:
        """Write tables, figures and report of the results on show."""
        if self.results is not None:
            self._run(
                self._write_job,
                "Exporting…",
                self._compute.call,
                export_results,
                self.results.request,
                target,
                free_text,
                done=self.written.emit,
            )

    # --- inside ----------------------------------------------------------------------------------------

    def _check(self) -> None:
        self._check_job.start(
            check_design,
            self.design,
            self._n_listeners,
            done=self.checked.emit,
            failed=lambda error: self.set_problem(str(error)),
        )

    def _prepared(self, folder: Path) -> None:
        self._settings.set("listening/folder", str(folder.parent))
        self.preparing_changed.emit(None)
        self._notifier.info(f"The test is ready in {folder}.")
        self.open(folder)

    def _not_prepared(self, error: Exception) -> None:
        self.preparing_changed.emit(None)
        self._notifier.failure(error)

    def _opened(self, test: OpenedTest) -> None:
        self._note_recent(test.folder)
        self.test = test
        self._set_results(None)
        self.test_changed.emit(test)
        self.list_tests()

    def _reloaded(self, test: OpenedTest) -> None:
        self.test = test
        self.test_changed.emit(test)

    def _begin(self, listener: str | None, index: int | None) -> None:
        if self.test is not None:

            def opened(session: Session) -> None:
                self.sound_wanted.emit()
                self.session_opened.emit(session, listener is None)

            self._run(
                self._session_job,
                "Opening the session…",
                begin_session,
                self.test.folder,
                listener,
                index,
                done=opened,
            )

    def _merged(self, merged: Merged) -> None:
        self._notifier.info(
            f"{merged.n_added} sessions added, {merged.n_continued} continued, {merged.n_known} known."
        )
        self.reload()

    def _set_results(self, results: Results | None) -> None:
        self.results = results
        self.results_changed.emit(results)

    def _note_recent(self, folder: Path) -> None:
        others = [str(each) for each in self.recent() if each != folder]
        self._settings.set(_RECENT, [str(folder), *others][:MAX_RECENT])

    def _run(
        self, job: Job, text: str, work: Callable[..., Any], *args: Any, done: Callable[[Any], None]
    ) -> None:
        """Do something that is told of while it takes."""

        def ended(result: Any) -> None:
            self.busy_changed.emit("")
            done(result)

        def failed(error: Exception) -> None:
            self.busy_changed.emit("")
            self._notifier.failure(error)

        self.busy_changed.emit(text)
        job.start(work, *args, done=ended, failed=failed)
