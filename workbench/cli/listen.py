"""Blind listening tests: prepare one, check it, take part, see what came out.

A test is a TOML file (docs/listening-tests.md); `make` renders its sounds into a
folder that can be copied to any computer. What is what stays in its folder `key`.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.numbers import number, parse_snr_db
from workbench.cli.screen import qt_library_problem, screen_problem
from workbench.cli.terminal import note, print_table, progress_bar
from workbench.errors import MissingPieceError, WorkbenchError

if TYPE_CHECKING:
    from workbench.listening.design import Block, ListeningTest
    from workbench.listening.prepared import PreparedBlock
    from workbench.listening.validate import Finding

EXAMPLES = """\
  workbench listen make example/                 the example test, about five minutes
  workbench listen run example/ --listener L01   take part, full screen
  workbench listen analyse example/ -o results/  tables, figures, an HTML report
  workbench listen make mine/ --kind ccr --methods adaptive noisy --snr-db 0 --trials 12
  workbench listen make mine/ --write-test mine.toml    the test as a file, to change
  workbench listen check mine.toml               is it valid, how long, what can it show
  workbench listen make mine/ --test mine.toml
  workbench listen run mine/ --simulate 20 --quality adaptive=4 noisy=2.5
  workbench listen merge mine/ /media/usb/mine   sessions of another computer"""

_LIKELY_SHARES = (0.6, 0.7, 0.8)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    commands = parser.add_subparsers(title="what to do", metavar="ACTION", required=True)

    make = commands.add_parser("make", help="prepare a test: render its sounds into a new folder")
    make.add_argument("folder", type=Path, metavar="FOLDER", help="made by this")
    make.add_argument("--test", type=Path, metavar="FILE", help="a test file (default: the example)")
    make.add_argument("--write-test", type=Path, metavar="FILE", help="write the test file, render nothing")
    group = make.add_argument_group("a test without a file")
    group.add_argument("--kind", choices=("ab", "abx", "ccr", "p835", "mushra"), help="of the only block")
    group.add_argument("--methods", nargs="+", metavar="NAME", help="to compare; also noisy and clean")
    group.add_argument("--trials", type=int, metavar="N", help="drawn for each listener (default: all)")
    group.add_argument("--no-difference", action="store_true", help="AB: offer “No difference”")
    group = make.add_argument_group("changes to the test")
    group.add_argument("--speech", nargs="+", metavar="PATH", help="files, folders, or 'demo'")
    group.add_argument("--noise", nargs="+", metavar="CLASS=PATH", help="noise of a class, or CLASS=demo")
    group.add_argument("--snr-db", nargs="+", type=parse_snr_db, metavar="DB")
    group.add_argument("--max-speech", type=int, metavar="N", help="draw so many recordings of speech")
    group.add_argument("--loudness-lufs", type=number(-45, -15), metavar="LUFS", help="of all sounds")
    group.add_argument("--seed", type=int, metavar="N")
    group.add_argument("--title", help="listeners see it")
    make.set_defaults(action=_make)

    check = commands.add_parser("check", help="say whether a test is valid, how long it is, what it can show")
    check.add_argument("test", type=Path, metavar="TEST", help="a test file or a prepared test")
    check.set_defaults(action=_check)

    run_ = commands.add_parser("run", help="take part; goes on where a session broke off")
    run_.add_argument("folder", type=Path, metavar="FOLDER", help="a prepared test")
    run_.add_argument("--listener", metavar="CODE", help="such as L07, not a name (default: a new one)")
    run_.add_argument(
        "--index", type=int, metavar="N", help="number of the listener, from 0 on (default: the next here)"
    )
    run_.add_argument("--again", action="store_true", help="let a listener who has finished begin anew")
    run_.add_argument("--simulate", type=int, metavar="N", help="let N made-up listeners answer instead")
    run_.add_argument(
        "--quality",
        nargs="+",
        default=[],
        metavar="METHOD=Q",
        help="what they think of methods, 1 to 5 (default: they answer at random)",
    )
    run_.set_defaults(action=_run)

    analyse = commands.add_parser("analyse", help="turn the key: tables, figures, an HTML report")
    analyse.add_argument("folder", type=Path, metavar="FOLDER", help="a prepared test")
    analyse.add_argument("-o", "--output", type=Path, metavar="OUT", help="folder for the files")
    analyse.add_argument(
        "--sessions", nargs="+", type=Path, default=[], metavar="FOLDER", help="of elsewhere"
    )
    analyse.add_argument("--key", type=Path, metavar="FOLDER", help="the folder 'key', if kept elsewhere")
    analyse.add_argument("--bootstrap", action="store_true", help="intervals by bootstrap, not Student's t")
    analyse.add_argument("--unfinished", action="store_true", help="count sessions that were broken off")
    analyse.add_argument("--no-screening", action="store_true", help="MUSHRA: leave nobody out")
    analyse.add_argument("--no-free-text", action="store_true", help="leave out what listeners wrote")
    analyse.set_defaults(action=_analyse)

    merge = commands.add_parser("merge", help="bring in the sessions of other computers")
    merge.add_argument("folder", type=Path, metavar="FOLDER", help="a prepared test")
    merge.add_argument(
        "others", type=Path, nargs="+", metavar="OTHER", help="copies of it, or their sessions"
    )
    merge.set_defaults(action=_merge)


def run(options: argparse.Namespace) -> int:
    """Do what is asked for."""
    status: int = options.action(options)
    return status


def _make(options: argparse.Namespace) -> int:
    from workbench.listening.prepare import prepare_steps

    test = _chosen(options)
    if options.write_test is not None:
        if options.write_test.exists():
            raise WorkbenchError(f"{options.write_test} exists already; choose another file.")
        text = test.moved_to(options.write_test.resolve().parent).to_toml()
        options.write_test.write_text(text, encoding="utf-8")
        note(f"workbench: wrote {options.write_test}; workbench listen check says whether it is valid")
        return 0
    with progress_bar() as bar:
        task = bar.add_task("rendering", total=None)
        for progress in prepare_steps(test, options.folder):
            bar.update(task, total=progress.total, completed=progress.done)
    note(f"workbench: wrote {options.folder}; take part with: workbench listen run {options.folder}")
    note(f"workbench: {options.folder / 'key'} says what is what; keep it from listeners.")
    return 0


def _chosen(options: argparse.Namespace) -> "ListeningTest":
    from workbench.listening.design import example_test, read_test

    if options.kind is not None and options.test is not None:
        raise WorkbenchError("Choose one: --test, or --kind with --methods.")
    own = {"--methods": options.methods, "--trials": options.trials}
    if options.kind is None and (named := [name for name, value in own.items() if value is not None]):
        raise WorkbenchError(f"{named[0]} goes with --kind; a test file says this itself.")
    test = read_test(options.test) if options.test is not None else example_test()
    if options.kind is not None:
        test = replace(test, pages=tuple(_with_block(test, options)))
    changes: dict[str, Any] = {
        "seed": options.seed,
        "title": options.title,
        "max_speech": options.max_speech,
        "loudness_lufs": options.loudness_lufs,
        "speech": options.speech and tuple(options.speech),
        "snrs_db": options.snr_db and tuple(options.snr_db),
        "noise": options.noise and _noise(options.noise),
    }
    changes = {name: value for name, value in changes.items() if value is not None}
    return replace(test.moved_to(Path.cwd()), **changes)


def _with_block(test: "ListeningTest", options: argparse.Namespace) -> list[Any]:
    """Return the example's pages with one block of the kind that is asked for."""
    from workbench.listening.design import Block, TrainingPage

    block = Block(
        name="listening",
        test=options.kind,
        methods=tuple(options.methods or ()),
        n_trials=options.trials,
        allow_no_difference=options.no_difference,
        title="Listen and judge",
    )
    pages: list[Any] = [page for page in test.pages if not isinstance(page, Block | TrainingPage)]
    place = next(number for number, page in enumerate(pages) if page.kind == "level") + 1
    return [*pages[:place], TrainingPage(block.name), block, *pages[place:]]


def _noise(texts: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    noise: dict[str, tuple[str, ...]] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not (name and equals and path):
            raise WorkbenchError(f"--noise takes CLASS=PATH, such as vehicle=cars/, not '{text}'.")
        noise[name] = (*noise.get(name, ()), path)
    return tuple(noise.items())


def _check(options: argparse.Namespace) -> int:
    from workbench.listening.design import read_test
    from workbench.listening.prepared import open_prepared
    from workbench.listening.session import list_sessions
    from workbench.listening.validate import check_prepared, check_test, outline

    if options.test.is_dir():
        findings = check_prepared(options.test)
        prepared, sessions = open_prepared(options.test), list_sessions(options.test)
        n_finished = sum(each.is_finished for each in sessions)
        print(f"{len(prepared.stimuli)} sounds at {prepared.loudness_lufs:g} LUFS")
        print(f"{len(sessions)} sessions, {n_finished} finished")
        print_power(prepared.blocks, {block.name: block.n_trials for block in prepared.blocks})
    else:
        test = read_test(options.test)
        findings = check_test(test)
        if not any(finding.severity == "error" for finding in findings):
            about = outline(test)
            print(
                f"{about.n_stimuli} sounds of {about.n_mixtures} mixtures, about {about.minutes:.0f} minutes"
            )
            print_power(test.blocks, about.n_trials)
    return _say(findings)


def print_power(blocks: "Sequence[Block | PreparedBlock]", n_trials: dict[str, int]) -> None:
    """Print how many listeners AB and ABX take to show what there is."""
    from workbench.listening.binomial import answers_needed

    rows = []
    for block in blocks:
        if block.test not in ("ab", "abx"):
            rows.append((block.name, block.test, str(n_trials[block.name]), *("",) * len(_LIKELY_SHARES)))
            continue
        needed = [
            answers_needed(share, alternative="two-sided" if block.test == "ab" else "greater")
            for share in _LIKELY_SHARES
        ]
        listeners = [str(-(-n // n_trials[block.name])) if n else "–" for n in needed]
        rows.append((block.name, block.test, str(n_trials[block.name]), *listeners))
    shares = tuple(f"if {100 * share:.0f} %" for share in _LIKELY_SHARES)
    print("\nListeners needed in AB and ABX, by the true share of answers (80 % power at 5 %)\n")
    print_table(("block", "kind", "trials", *shares), rows, numbers=("trials", *shares))


def _say(findings: "Sequence[Finding]") -> int:
    for finding in findings:
        note(f"workbench: {finding.severity}: {finding.where}: {finding.message}")
    n_errors = sum(finding.severity == "error" for finding in findings)
    if not findings:
        note("workbench: nothing is wrong with it")
    return 1 if n_errors else 0


def _run(options: argparse.Namespace) -> int:
    from workbench.listening.session import open_session

    if options.quality and options.simulate is None:
        raise WorkbenchError("--quality goes with --simulate.")
    if options.simulate is not None:
        return _simulate(options)
    if problem := qt_library_problem():
        raise MissingPieceError(f"the window cannot be opened: {problem}")
    if problem := screen_problem():
        raise WorkbenchError(problem)
    # What is wrong with the test or the code is said here and not in the window, which goes on with this.
    session = open_session(options.folder, options.listener, index=options.index, again=options.again)
    if options.listener is None:
        note(f"workbench: this is listener {session.listener}")

    from workbench.gui.listening import run_session

    status: int = run_session(options.folder, session.listener)
    return status


def _simulate(options: argparse.Namespace) -> int:
    from workbench.listening.prepared import read_key
    from workbench.listening.session import list_sessions, open_session
    from workbench.listening.simulate import SIMULATED, SimulatedListener, simulate_session

    if options.simulate < 1:
        raise WorkbenchError("--simulate must be 1 or more.")
    key = read_key(options.folder)
    quality = dict(_quality(text) for text in options.quality) or None
    known = {entry.condition for entry in key.stimuli.values()}
    if unknown := sorted((quality or {}).keys() - known):
        raise WorkbenchError(f"This test has no '{unknown[0]}'; it has {', '.join(sorted(known))}.")
    sessions = list_sessions(options.folder)
    if not all(each.listener.startswith(SIMULATED) for each in sessions):
        raise WorkbenchError(f"People have answered in {options.folder}; simulate in a copy of the test.")
    first = len(sessions)
    for number_ in range(first, first + options.simulate):
        session = open_session(options.folder, f"{SIMULATED}{number_:03d}")
        simulate_session(session, key, SimulatedListener(quality, seed=number_))
    note(f"workbench: {options.simulate} simulated listeners; workbench listen analyse {options.folder}")
    return 0


def _quality(text: str) -> tuple[str, float]:
    name, _, value = text.rpartition("=")
    try:
        quality = float(value)
    except ValueError:
        quality = 0.0
    if not name or not 1 <= quality <= 5:
        raise WorkbenchError(f"--quality takes METHOD=Q with Q from 1 to 5, such as noisy=2.5, not '{text}'.")
    return name, quality


def _analyse(options: argparse.Namespace) -> int:
    from workbench.listening.analysis import analyse
    from workbench.listening.tables import result_tables, write_tables

    analysis = analyse(
        options.folder,
        others=options.sessions,
        key_folder=options.key,
        interval="bootstrap" if options.bootstrap else "t",
        unfinished=options.unfinished,
        screening=not options.no_screening,
    )
    for exclusion in analysis.exclusions:
        where = f" in “{exclusion.block}”" if exclusion.block else ""
        note(f"workbench: {exclusion.listener} does not count{where}: {exclusion.why}")
    for result in analysis.blocks:
        for table in result_tables(result):
            print(f"\n{table.title}\n")
            print_table(table.columns, table.rows, numbers=table.columns[table.n_texts :])
            print(f"\n{table.note}")
    if options.output is not None:
        from workbench.listening.report import write_figures, write_report

        free_text = not options.no_free_text
        written = write_tables(analysis, options.output, free_text=free_text)
        written += write_figures(analysis, options.output)
        written.append(options.output / "report.html")
        write_report(analysis, written[-1], free_text=free_text)
        note(f"workbench: wrote {', '.join(map(str, written))}")
    return 0


def _merge(options: argparse.Namespace) -> int:
    from workbench.listening.answers import merge

    merged = merge(options.folder, options.others)
    note(
        f"workbench: {merged.n_added} sessions added, {merged.n_continued} continued, "
        f"{merged.n_known} there already"
    )
    return 0
