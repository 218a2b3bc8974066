"""The results of a sweep on disk: one SQLite file that survives a kill at any moment.

Each batch of results is one transaction, written through to the disk, so that the file always holds whole
results and nothing else. It uses SQLite's rollback journal and not the write-ahead log: the store is then a
single file that can be copied, and a commit every second or so costs nothing beside computing PESQ.
"""

import hashlib
import json
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from workbench.errors import WorkbenchError
from workbench.evaluation.plan import SweepPlan, Trial
from workbench.evaluation.trials import Job, Mixed, Row
from workbench.evaluation.versions import method_identity, versions
from workbench.resources import APP_NAME

FORMAT = 1
STORE_SUFFIX = ".sweep"
_APPLICATION_ID = 0x44575357  # "DWSW": tells our files from other SQLite files
_SCHEMA = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE trials (
    trial TEXT PRIMARY KEY,
    speech_key TEXT NOT NULL,
    speech TEXT NOT NULL,
    noise_key TEXT NOT NULL,
    noise TEXT NOT NULL,
    noise_class TEXT NOT NULL,
    snr_db REAL NOT NULL,
    repetition INTEGER NOT NULL,
    planned INTEGER NOT NULL,
    n_samples INTEGER,
    offset_samples INTEGER,
    clean_gain REAL,
    noise_gain REAL
) WITHOUT ROWID;
CREATE TABLE results (
    trial TEXT NOT NULL,
    method TEXT NOT NULL,
    metric TEXT NOT NULL,
    value REAL,
    gap TEXT,
    PRIMARY KEY (trial, method, metric),
    CHECK ((value IS NULL) <> (gap IS NULL))
) WITHOUT ROWID;
CREATE TABLE methods (method TEXT PRIMARY KEY, identity TEXT NOT NULL);
CREATE TABLE versions (versions TEXT PRIMARY KEY);
"""


class Result(NamedTuple):
    """One row of the table of a sweep: a trial, a method, a metric and its value or gap."""

    trial: str
    speech_key: str
    speech: str
    noise: str
    noise_class: str
    snr_db: float
    repetition: int
    offset_samples: int | None
    method: str
    metric: str
    value: float | None
    gap: str | None


class SweepStore:
    """A sweep's file, open for reading and writing; use it in a ``with``.

    Parameters
    ----------
    path : pathlib.Path
        Where it is.
    create : bool
        Whether to make it if it is not there.

    Raises
    ------
    WorkbenchError
        There is none, it is another kind of file, or of a later version, or cannot be opened.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = Path(path)
        if not create and not self.path.is_file():
            raise WorkbenchError(f"There is no sweep {self.path}; `workbench sweep` makes one.")
        try:
            self._database = sqlite3.connect(
                self.path, timeout=30, isolation_level=None, check_same_thread=False
            )
            self._database.execute("PRAGMA synchronous = FULL")
            self._prepare()
        except sqlite3.Error as error:
            raise WorkbenchError(
                f"{self.path} cannot be opened as a sweep ({error}); choose another file."
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _prepare(self) -> None:
        application_id = self._database.execute("PRAGMA application_id").fetchone()[0]
        is_empty = not self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if is_empty and application_id == 0:
            self._database.executescript(
                f"BEGIN IMMEDIATE; {_SCHEMA}; PRAGMA application_id = {_APPLICATION_ID};"
                f"PRAGMA user_version = {FORMAT}; COMMIT;"
            )
        elif application_id != _APPLICATION_ID:
            raise WorkbenchError(f"{self.path} is not a sweep; choose another file.")
        elif self._database.execute("PRAGMA user_version").fetchone()[0] > FORMAT:
            raise WorkbenchError(f"{self.path} is from a later version of the workbench; update it.")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield self._database
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    # ---- the plan

    @property
    def plan(self) -> SweepPlan:
        """The plan that was run last.

        Raises
        ------
        WorkbenchError
            The sweep was never begun.
        """
        about = dict(self._database.execute("SELECT key, value FROM about"))
        if "plan" not in about:
            raise WorkbenchError(f"{self.path} has no plan yet; run `workbench sweep`.")
        return SweepPlan.from_toml(about["plan"], Path(about["folder"]))

    def begin(self, plan: SweepPlan, trials: Sequence[Trial]) -> None:
        """Note the plan that is run from now on; results of earlier ones that it shares are kept.

        Raises
        ------
        WorkbenchError
            A method has changed since results of it were stored.
        """
        identities = {method: method_identity(method) for method in plan.all_methods}
        stored = dict(self._database.execute("SELECT method, identity FROM methods"))
        for method, identity in identities.items():
            if stored.get(method, identity) != identity:
                raise WorkbenchError(
                    f"The method {method} has changed since {self.path} was made "
                    f"(then {stored[method]}, now {identity}); give another file for a new sweep."
                )
        with self._transaction() as database:
            about = {"plan": plan.to_toml(), "folder": str(plan.folder.resolve())}
            database.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", about.items())
            database.executemany("INSERT OR IGNORE INTO methods VALUES (?, ?)", identities.items())
            database.execute("INSERT OR IGNORE INTO versions VALUES (?)", [json.dumps(versions())])
            database.execute("UPDATE trials SET planned = 0 WHERE planned")
            database.executemany(
                """INSERT INTO trials (trial, speech_key, speech, noise_key, noise, noise_class, snr_db,
                   repetition, planned) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)
                   ON CONFLICT (trial) DO UPDATE SET planned = 1""",
                (
                    (
                        *(trial.key, trial.speech.key, trial.speech.name, trial.noise.key, trial.noise.name),
                        *(trial.noise_class, trial.snr_db, trial.repetition),
                    )
                    for trial in trials
                ),
            )

    def missing(self, plan: SweepPlan, trials: Sequence[Trial]) -> list[Job]:
        """Return what is still to be measured, trial by trial."""
        done = set(self._database.execute("SELECT trial, method, metric FROM results"))
        jobs = []
        for trial in trials:
            wanted = {
                method: tuple(metric for metric in plan.metrics if (trial.key, method, metric) not in done)
                for method in plan.all_methods
            }
            if any(wanted.values()):
                jobs.append(
                    Job(trial, tuple((method, metrics) for method, metrics in wanted.items() if metrics))
                )
        return jobs

    # ---- results

    def add(self, found: Iterable[Row | Mixed]) -> None:
        """Store results and how trials were mixed, all or none; a result that is there already stays."""
        rows, mixed = [], []
        for each in found:
            if isinstance(each, Row):
                rows.append(each)
            else:
                mixed.append((*each[1:], each.trial))
        if not rows and not mixed:
            return
        with self._transaction() as database:
            database.executemany("INSERT OR IGNORE INTO results VALUES (?, ?, ?, ?, ?)", rows)
            database.executemany(
                """UPDATE trials SET n_samples = ?, offset_samples = ?, clean_gain = ?, noise_gain = ?
                   WHERE trial = ?""",
                mixed,
            )

    def forget_gaps(self) -> int:
        """Remove the results without a value, so that the next run tries them again; return how many."""
        with self._transaction() as database:
            return database.execute("DELETE FROM results WHERE gap IS NOT NULL").rowcount

    def results(self) -> list[Result]:
        """Return the results that belong to the plan, in an order that does not depend on when they came."""
        plan = self.plan
        methods = {method: place for place, method in enumerate(plan.all_methods)}
        metrics = {metric: place for place, metric in enumerate(plan.metrics)}
        classes = {noise_class: place for place, (noise_class, _) in enumerate(plan.noise)}
        rows = self._database.execute(
            """SELECT trial, speech_key, speech, noise, noise_class, snr_db, repetition, offset_samples,
               method, metric, value, gap FROM results JOIN trials USING (trial) WHERE planned"""
        )
        found = [row for row in map(Result._make, rows) if row.method in methods and row.metric in metrics]
        found.sort(
            key=lambda row: (
                *(classes[row.noise_class], row.snr_db, row.speech, row.speech_key, row.repetition),
                *(methods[row.method], metrics[row.metric]),
            )
        )
        return found

    def count_planned(self) -> int:
        """Return how many results the plan will have."""
        plan = self.plan
        n_trials: int = self._database.execute("SELECT count(*) FROM trials WHERE planned").fetchone()[0]
        return n_trials * len(plan.all_methods) * len(plan.metrics)

    def method_identities(self) -> dict[str, str]:
        """Return what each method was when it was measured: versions and hashes of models."""
        return dict(self._database.execute("SELECT method, identity FROM methods ORDER BY method"))

    def versions(self) -> list[dict[str, str]]:
        """Return the versions of everything that computed, one dictionary for each set that did."""
        rows = self._database.execute("SELECT versions FROM versions ORDER BY versions")
        return [json.loads(text) for (text,) in rows]

    # ---- one run at a time

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep other runs from the same store; the operating system ends this with the process.

        Raises
        ------
        WorkbenchError
            Another run is on it.
        """
        # Not beside the store, where it would have to be removed, which cannot be done without a race.
        name = hashlib.sha256(f"{Path.home()} {self.path.resolve()}".encode()).hexdigest()[:16]
        lock_path = Path(tempfile.gettempdir()) / f"{APP_NAME}-{name}.lock"
        lock = sqlite3.connect(lock_path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            lock.close()
            raise WorkbenchError(f"Another run is on {self.path}; wait for its end or stop it.") from error
        try:
            yield
        finally:
            lock.close()


def count_gaps(results: Iterable[Result]) -> Counter[tuple[str, str, str]]:
    """Count the results without a value by method, metric and reason."""
    return Counter((row.method, row.metric, row.gap) for row in results if row.gap is not None)
