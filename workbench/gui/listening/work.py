"""What the researcher's page has done elsewhere: in threads, and what draws figures in another process."""

import io
from collections.abc import Generator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from workbench.errors import WorkbenchError
from workbench.listening.analysis import analyse
from workbench.listening.binomial import Alternative, binomial_power
from workbench.listening.design import (
    TEST_TITLES,
    Block,
    ListeningTest,
    TestKind,
    TrainingPage,
    example_test,
    read_test,
)
from workbench.listening.figures import block_figure
from workbench.listening.prepare import PrepareProgress, prepare_steps
from workbench.listening.prepared import PreparedBlock, open_prepared
from workbench.listening.report import write_figures, write_report
from workbench.listening.results import BlockResult, Interval
from workbench.listening.session import Session, SessionInfo, list_sessions, open_session, preview
from workbench.listening.tables import TextTable, result_tables, write_tables
from workbench.listening.validate import Finding, Outline, check_prepared, check_test, outline

LIKELY_SHARES = (0.6, 0.7, 0.8)
BLOCK_NAME = "listening"


@dataclass(frozen=True)
class TestEntry:
    """A prepared test as the list shows it; `problem` says why it cannot be opened."""

    folder: Path
    title: str
    n_sessions: int = 0
    n_finished: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Power:
    """How likely an AB or ABX block shows a true share of answers, by that share."""

    block: str
    n_answers: int
    shares: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Checked:
    """What the validator says of a design, and what it amounts to where nothing is wrong with it."""

    findings: tuple[Finding, ...]
    outline: Outline | None = None
    power: tuple[Power, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether it can be prepared."""
        return self.outline is not None


@dataclass(frozen=True)
class OpenedTest:
    """A prepared test with its sessions."""

    folder: Path
    title: str
    n_stimuli: int
    loudness_lufs: float
    blocks: tuple[PreparedBlock, ...]
    sessions: tuple[SessionInfo, ...]

    @property
    def n_finished(self) -> int:
        """How many listeners have finished."""
        return sum(each.is_finished for each in self.sessions)


@dataclass(frozen=True)
class AnalysisRequest:
    """What to analyse, and how."""

    folder: Path
    interval: Interval = "t"
    unfinished: bool = False
    screening: bool = True


@dataclass(frozen=True)
class ShownBlock:
    """A block's tables, and its figure as a PNG for either theme."""

    name: str
    tables: tuple[TextTable, ...]
    light: bytes
    dark: bytes


@dataclass(frozen=True)
class Results:
    """What came out, block by block, and who does not count and why."""

    request: AnalysisRequest
    n_listeners: int
    blocks: tuple[ShownBlock, ...]
    exclusions: tuple[str, ...]


def read_entries(folders: Iterable[Path]) -> list[TestEntry]:
    """Return what the list shows of prepared tests, those that are gone left out."""
    entries = []
    for folder in folders:
        if not folder.is_dir():
            continue
        try:
            prepared, sessions = open_prepared(folder), list_sessions(folder)
        except WorkbenchError as error:
            entries.append(TestEntry(folder, folder.name, problem=str(error)))
            continue
        n_finished = sum(each.is_finished for each in sessions)
        entries.append(TestEntry(folder, prepared.title, len(sessions), n_finished))
    return entries


def template(path: Path | None) -> ListeningTest:
    """Return the test of a file, or the one that comes with the workbench."""
    return example_test() if path is None else read_test(path)


def with_one_block(base: ListeningTest, block: Block) -> ListeningTest:
    """Return a test with the pages of another around one block, and practice before it."""
    pages = [page for page in base.pages if not isinstance(page, Block | TrainingPage)]
    kinds = [page.kind for page in pages]
    place = kinds.index("level") + 1 if "level" in kinds else 0
    return replace(base, pages=(*pages[:place], TrainingPage(block.name), block, *pages[place:]))


def kinds_text(test: ListeningTest) -> str:
    """Return what a test asks, in words."""
    return ", ".join(dict.fromkeys(TEST_TITLES[block.test] for block in test.blocks)) or "no trials"


def check_design(test: ListeningTest, n_listeners: int) -> Checked:
    """Check a design, and say what so many listeners can show."""
    findings = tuple(check_test(test))
    if any(finding.severity == "error" for finding in findings):
        return Checked(findings)
    about = outline(test)
    power = tuple(
        _power(block.name, block.test, n_listeners * about.n_trials[block.name] // len(block.groups))
        for block in test.blocks
        if block.test in ("ab", "abx")
    )
    return Checked(findings, about, power)


def _power(name: str, test: TestKind, n_answers: int) -> Power:
    side: Alternative = "two-sided" if test == "ab" else "greater"
    return Power(
        name, n_answers, tuple((share, binomial_power(n_answers, share, side)) for share in LIKELY_SHARES)
    )


def prepare_test(test: ListeningTest, folder: Path) -> Generator[PrepareProgress, None, Path]:
    """Prepare a test into a folder and return the folder."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkbenchError(f"{folder.parent} cannot be made ({error.strerror}); choose another.") from error
    yield from prepare_steps(test, folder)
    return folder


def write_design(test: ListeningTest, path: Path) -> list[Path]:
    """Write a test file, its relative paths beginning in its folder."""
    try:
        path.write_text(test.moved_to(path.resolve().parent).to_toml(), encoding="utf-8")
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be written ({error.strerror}); choose another.") from error
    return [path]


def open_test(folder: Path) -> OpenedTest:
    """Read a prepared test and its sessions."""
    prepared = open_prepared(folder)
    sessions = tuple(list_sessions(folder))
    return OpenedTest(
        folder, prepared.title, len(prepared.stimuli), prepared.loudness_lufs, prepared.blocks, sessions
    )


def check_folder(folder: Path) -> tuple[Finding, ...]:
    """Check the sounds of a prepared test."""
    return tuple(check_prepared(folder))


def begin_session(folder: Path, listener: str | None, index: int | None) -> Session:
    """Begin or go on with a session; without a listener it is a preview."""
    return preview(folder) if listener is None else open_session(folder, listener, index=index)


def analyse_test(request: AnalysisRequest) -> Results:
    """Turn the key; for another process, since drawing would hold up the window."""
    analysis = analyse(
        request.folder,
        interval=request.interval,
        unfinished=request.unfinished,
        screening=request.screening,
    )
    blocks = [
        ShownBlock(
            result.block.name, tuple(result_tables(result)), _drawn(result, "light"), _drawn(result, "dark")
        )
        for result in analysis.blocks
    ]
    exclusions = tuple(
        f"{each.listener} does not count{f' in “{each.block}”' if each.block else ''}: {each.why}."
        for each in analysis.exclusions
    )
    n_listeners = len({rating.listener for rating in analysis.ratings})
    return Results(request, n_listeners, tuple(blocks), exclusions)


def _drawn(result: BlockResult, theme: Literal["light", "dark"]) -> bytes:
    """Return a block's figure as a PNG."""
    drawn = io.BytesIO()
    figure = block_figure(result, theme=theme)
    figure.savefig(drawn, format="png", facecolor=figure.get_facecolor())
    return drawn.getvalue()


def export_results(request: AnalysisRequest, target: Path, free_text: bool) -> list[Path]:
    """Write tables (CSV, LaTeX), figures and the HTML report; for another process."""
    analysis = analyse(
        request.folder,
        interval=request.interval,
        unfinished=request.unfinished,
        screening=request.screening,
    )
    written = write_tables(analysis, target, free_text=free_text)
    written += write_figures(analysis, target)
    report = target / "report.html"
    write_report(analysis, report, free_text=free_text)
    return [report, *written]
