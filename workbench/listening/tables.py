"""Results of a listening test as text: CSV for machines, LaTeX for papers, rows for the report."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.evaluation.statistics import ALL
from workbench.evaluation.tables import class_title, method_titles, snr_title
from workbench.listening.binomial import SIGNIFICANT
from workbench.listening.design import CLEAN, PAIRED, REFERENCE, TEST_TITLES
from workbench.listening.results import MEASURES, Analysis, BlockResult, Comparison, Rating, ResultRow

DIGITS = 6
_TEX = {"&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}"}
_TEX |= {"±": r"$\pm$", "−": "$-$", "–": "--", "<": "$<$", "Δ": r"$\Delta$"}
_OWN_TITLES = {
    CLEAN: "Clean",
    REFERENCE: "Hidden reference",
    "anchor_3500": "Anchor 3.5 kHz",
    "anchor_7000": "Anchor 7 kHz",
}


@dataclass(frozen=True)
class TextTable:
    """A table ready to print.

    Attributes
    ----------
    title, note : str
        What it shows, and how to read it.
    columns : tuple of str
    rows : tuple of tuple of str
    n_texts : int
        So many columns from the left are words; the others are numbers.
    """

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_texts: int


def condition_titles(names: Iterable[str]) -> dict[str, str]:
    """Return the names of conditions for people."""
    return method_titles(names) | {name: _OWN_TITLES[name] for name in names if name in _OWN_TITLES}


def result_tables(result: BlockResult) -> list[TextTable]:
    """Return the tables of a block: one of results, and one of comparisons where there are any."""
    block = result.block
    titles = condition_titles(result.conditions)
    where = [_where(row) for row in result.rows]
    is_paired = block.test in PAIRED
    heading = f"{block.name}: {TEST_TITLES[block.test]}"
    columns = ("Noise", "SNR", *(() if len(result.measures) == 1 else ("Scale",)))
    columns += ("Comparison" if is_paired else "Condition", "Listeners", "Ratings")
    columns += _value_columns(block.test)
    rows = []
    for row, place in zip(result.rows, where, strict=True):
        name = titles[row.condition] + (f" against {titles[row.against]}" if row.against else "")
        scale = () if len(result.measures) == 1 else (MEASURES[row.measure],)
        rows.append(
            (*place, *scale, name, str(row.n_listeners), str(row.n_ratings), *_row_values(block.test, row))
        )
    n_texts = 3 + (len(result.measures) > 1)
    tables = [TextTable(heading, _NOTES[block.test], columns, tuple(rows), n_texts)]
    if result.comparisons:
        tables.append(_comparison_table(result, titles, heading))
    return tables


def _comparison_table(result: BlockResult, titles: dict[str, str], heading: str) -> TextTable:
    with_scale = len(result.measures) > 1
    columns = ("Noise", "SNR", *(("Scale",) if with_scale else ()), "Comparison", "Listeners")
    rows = tuple(
        (
            *_where(each),
            *((MEASURES[each.measure],) if with_scale else ()),
            f"{titles[each.first]} less {titles[each.second]}",
            str(each.n_listeners),
            _signed(each.difference, 1 if result.block.test == "mushra" else 2),
            _p(each.p_value),
            _p(each.p_corrected),
        )
        for each in result.comparisons
    )
    test = (
        "Median difference over listeners; Wilcoxon signed-rank test of the listeners' medians"
        if result.block.test == "mushra"
        else "Mean difference over listeners; paired t-test of the listeners' means"
    )
    return TextTable(
        f"{heading}, differences",
        f"{test}, two-sided; corrected after Holm.",
        (*columns, "Δ", "p", "p (Holm)"),
        rows,
        3 + with_scale,
    )


_NOTES = {
    "ab": "Share of the answers that preferred the first, without those of no difference (ties); 95 % "
    "interval after Clopper and Pearson; exact binomial test, two-sided, corrected after Holm; last, the "
    "sign test over listeners.",
    "abx": "Share of correct answers; 95 % interval after Clopper and Pearson; exact binomial test against "
    "chance, one-sided, corrected after Holm; last, sign test over listeners.",
    "ccr": "Comparison mean opinion score from −3 to 3, positive where the first is better: mean of the "
    "listeners' means with its 95 % interval; t-test against 0, two-sided, corrected after Holm.",
    "p835": "Mean of the listeners' means on scales from 1 to 5 with its 95 % interval.",
    "mushra": "Median and quartiles of all ratings from 0 to 100; 95 % interval of the median by "
    "bootstrap over listeners.",
}


def _value_columns(test: str) -> tuple[str, ...]:
    if test in ("ab", "abx"):
        share = "Preferred" if test == "ab" else "Correct"
        return (*(("Ties",) if test == "ab" else ()), share, "95 %", "p", "p (Holm)", "p (listeners)")
    if test == "ccr":
        return ("CMOS", "95 %", "p", "p (Holm)")
    return ("Mean", "95 %") if test == "p835" else ("Median", "Quartiles", "95 %")


def _row_values(test: str, row: ResultRow) -> tuple[str, ...]:
    if test in ("ab", "abx"):
        ties = (str(row.n_ties),) if test == "ab" else ()
        p_values = (_p(row.p_value), _p(row.p_corrected), _p(row.p_listeners))
        return (*ties, _percent(row.estimate), _range(row.low, row.high, _percent), *p_values)
    if test == "ccr":
        interval = _range(row.low, row.high, lambda value: _signed(value, 2))
        return (_signed(row.estimate, 2), interval, _p(row.p_value), _p(row.p_corrected))
    if test == "p835":
        return (f"{row.estimate:.2f}", _range(row.low, row.high, "{:.2f}".format))
    first, third = row.quartiles or (None, None)
    return (
        f"{row.estimate:.0f}",
        _range(first, third, "{:.0f}".format),
        _range(row.low, row.high, "{:.0f}".format),
    )


def _where(each: ResultRow | Comparison) -> tuple[str, str]:
    return (
        "All" if each.noise_class == ALL else class_title(each.noise_class),
        snr_title(each.snr_db),
    )


def _range(low: float | None, high: float | None, form: Callable[[float], str]) -> str:
    return "–" if low is None or high is None else f"{form(low)} to {form(high)}"


def _percent(value: float) -> str:
    return f"{100 * value:.0f} %"


def _signed(value: float, decimals: int) -> str:
    return f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", "−")


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def is_significant(p_value: float | None) -> bool:
    """Return whether a p-value is below 5 %."""
    return p_value is not None and p_value < SIGNIFICANT


# ---- files


def ratings_csv(analysis: Analysis) -> str:
    """Return all ratings, unblinded, one row each; `counted` tells those of screened listeners apart."""
    counted = {
        (rating.session, rating.screen, rating.measure, rating.label)
        for block in analysis.blocks
        for rating in block.ratings
    }
    names = [each.name for each in fields(Rating)]
    rows = [
        [
            *(getattr(rating, name) for name in names),
            int((rating.session, rating.screen, rating.measure, rating.label) in counted),
        ]
        for rating in analysis.ratings
    ]
    return _csv([*names, "counted"], rows)


def results_csv(analysis: Analysis) -> str:
    """Return all rows of all blocks."""
    names = [each.name for each in fields(ResultRow) if each.name != "quartiles"]
    rows = [
        [result.block.name, *(getattr(row, name) for name in names), *(row.quartiles or ("", ""))]
        for result in analysis.blocks
        for row in result.rows
    ]
    return _csv(["block", *names, "quartile_1", "quartile_3"], rows)


def comparisons_csv(analysis: Analysis) -> str:
    """Return all paired comparisons of all blocks."""
    names = [each.name for each in fields(Comparison)]
    rows = [
        [result.block.name, *asdict(each).values()]
        for result in analysis.blocks
        for each in result.comparisons
    ]
    return _csv(["block", *names], rows)


def listeners_csv(analysis: Analysis, *, free_text: bool = True) -> str:
    """Return the questionnaires, one row for each session.

    Parameters
    ----------
    analysis : Analysis
    free_text : bool
        Whether answers in the listeners' own words are written, by which they might be known.
    """
    names = [each.name for each in analysis.questions if free_text or each.type != "text"]
    rows = []
    for session in analysis.sessions:
        given: dict[str, Any] = {}
        for entry in session.entries:
            if entry["kind"] == "questionnaire":
                given |= entry["values"]
        about = [session.session, session.listener, session.index, session.begun, int(session.is_finished)]
        rows.append([*about, *(given.get(name) for name in names)])
    return _csv(["session", "listener", "index", "begun", "finished", *names], rows)


def latex(analysis: Analysis) -> str:
    """Return the tables in LaTeX, for the package ``booktabs``."""
    parts = ["% \\usepackage{booktabs}"]
    for result in analysis.blocks:
        for table in result_tables(result):
            columns = "l" * table.n_texts + "r" * (len(table.columns) - table.n_texts)
            parts.append(
                "\n".join(
                    [
                        "\\begin{table}",
                        "  \\centering",
                        f"  \\caption{{{_tex(f'{table.title}. {table.note}')}}}",
                        f"  \\begin{{tabular}}{{{columns}}}",
                        "    \\toprule",
                        f"    {_tex_row(table.columns)}",
                        "    \\midrule",
                        *(f"    {_tex_row(row)}" for row in table.rows),
                        "    \\bottomrule",
                        "  \\end{tabular}",
                        "\\end{table}",
                    ]
                )
            )
    return "\n\n".join(parts) + "\n"


def _tex_row(cells: Sequence[str]) -> str:
    return " & ".join(map(_tex, cells)) + r" \\"


def _tex(text: str) -> str:
    return "".join(_TEX.get(char, char) for char in text)


def _csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_plain(value) for value in row] for row in rows)
    return text.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.{DIGITS}g}"
    # A spreadsheet would run what begins like a formula.
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "@") else value


def write_tables(analysis: Analysis, folder: Path, *, free_text: bool = True) -> list[Path]:
    """Write all tables into a folder; existing files are replaced.

    Parameters
    ----------
    analysis : Analysis
    folder : pathlib.Path
        Made if it is not there.
    free_text : bool
        As in `listeners_csv`.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    WorkbenchError
        A file cannot be written.
    """
    texts = {
        "results.csv": results_csv(analysis),
        "comparisons.csv": comparisons_csv(analysis),
        "ratings.csv": ratings_csv(analysis),
        "listeners.csv": listeners_csv(analysis, free_text=free_text),
        "results.tex": latex(analysis),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise WorkbenchError(f"{folder} cannot be written ({error.strerror}); choose another.") from error
    return [folder / name for name in texts]
