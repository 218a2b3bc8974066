"""The results of a sweep as tables: CSV, Parquet, JSON, and Markdown or LaTeX ready for a paper.

The same store gives the same bytes: rows are in a fixed order, numbers are rounded, no time is written.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from workbench.classifier.posterior import NoiseClass
from workbench.denoisers import registry
from workbench.errors import MissingPieceError, WorkbenchError
from workbench.evaluation.metrics import Metric, find_metric
from workbench.evaluation.plan import NOISY, SweepPlan
from workbench.evaluation.statistics import ALL, Cell, summarise
from workbench.evaluation.store import Result, SweepStore, count_gaps

DIGITS = 6
"""Significant digits in files for machines; what lies beyond differs from processor to processor."""
SIGNIFICANT = 0.05

_TEX_SPECIAL = {"&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}"}


@dataclass(frozen=True)
class Sweep:
    """What a store says, read once.

    Attributes
    ----------
    plan : SweepPlan
    results : list of Result
    cells : list of Cell
    n_planned : int
        Results that the plan has when it is finished.
    versions : list of dict
        Of everything that computed.
    method_identities : dict
        Versions and hashes of models by method.
    """

    plan: SweepPlan
    results: list[Result]
    cells: list[Cell]
    n_planned: int
    versions: list[dict[str, str]]
    method_identities: dict[str, str]

    @property
    def is_finished(self) -> bool:
        """Whether every result is there."""
        return len(self.results) == self.n_planned

    def find_cells(self, metric: str, noise_class: str) -> dict[tuple[str, float | None], Cell]:
        """Return the cells of a metric and a class by method and SNR."""
        return {
            (cell.method, cell.snr_db): cell
            for cell in self.cells
            if cell.metric == metric and cell.noise_class == noise_class
        }


@dataclass(frozen=True)
class PublishedTable:
    """A table of one metric in one class of noise: methods by SNR.

    Attributes
    ----------
    title, note : str
        What it shows, and how to read it.
    columns : tuple of str
        Headings.
    rows : tuple of tuple of TableEntry
    """

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple["TableEntry", ...]], ...]


@dataclass(frozen=True)
class TableEntry:
    """A number as it is printed.

    Attributes
    ----------
    mean, spread : str
        The mean, and half of its confidence interval; a dash, and nothing, where there is none.
    is_best : bool
        Whether it is the best of its column.
    is_significant : bool
        Whether it differs from the noisy signal at 5 %.
    """

    mean: str
    spread: str
    is_best: bool = False
    is_significant: bool = False


def read_sweep(path: Path, *, significance: bool = True) -> Sweep:
    """Read a store and summarise it.

    Parameters
    ----------
    path : pathlib.Path
    significance : bool
        Whether to test; the library for it takes a second or two to load.

    Raises
    ------
    WorkbenchError
        It is not a sweep, or was never begun.
    """
    with SweepStore(path) as store:
        plan, results = store.plan, store.results()
        return Sweep(
            plan,
            results,
            summarise(results, plan, significance=significance),
            store.count_planned(),
            store.versions(),
            store.method_identities(),
        )


def method_titles(names: Iterable[str]) -> dict[str, str]:
    """Return the names of methods for people."""
    titles = registry.method_titles(names)
    return titles | {name: "Noisy" for name in titles if name == NOISY}


def class_title(noise_class: str) -> str:
    """Return the name of a class of noise for people."""
    if noise_class == ALL:
        return "All classes"
    return NoiseClass(noise_class).label if noise_class in list(NoiseClass) else noise_class


def snr_title(snr_db: float | None) -> str:
    """Return an SNR as a heading."""
    return "All" if snr_db is None else f"{snr_db:g} dB".replace("-", "−")


def published_tables(sweep: Sweep, *, per_class: bool = True) -> list[PublishedTable]:
    """Return the tables for a paper: for each metric all classes together and, if asked for, each alone."""
    names = [name for name, _ in sweep.plan.noise]
    classes = [ALL, *(names if per_class and len(names) > 1 else [])]
    return [published_table(sweep, metric, each) for metric in sweep.plan.metrics for each in classes]


def published_table(sweep: Sweep, name: str, noise_class: str) -> PublishedTable:
    """Return the table of the metric `name` in a class of noise, or `ALL`."""
    metric = find_metric(name)
    cells = sweep.find_cells(name, noise_class)
    snrs = [*sorted(sweep.plan.snrs_db), None]
    best = {snr_db: _best(metric, [c for (_, s), c in cells.items() if s == snr_db]) for snr_db in snrs}
    titles = method_titles(sweep.plan.all_methods)
    rows = tuple(
        (titles[method], tuple(_entry(metric, cells.get((method, snr)), best[snr]) for snr in snrs))
        for method in sweep.plan.all_methods
    )
    unit = f" ({metric.unit})" if metric.unit else ""
    n_utterances = max((cell.n_utterances for cell in cells.values()), default=0)
    n_gaps = sum(cell.n_gaps for (_, snr_db), cell in cells.items() if snr_db is None)
    direction = "higher is better" if metric.higher_is_better else "lower is better"
    if metric.target is not None:
        direction = f"{metric.target:g} is best"
    note = (
        f"{metric.title}: {metric.variant}; {direction}. Mean over {n_utterances} utterances "
        "± half of its 95 % confidence interval; * differs from noisy "
        f"(Wilcoxon, Holm-corrected, p < {SIGNIFICANT:g})."
    )
    if n_gaps:
        note += f" {n_gaps} mixtures without a value are left out."
    where = "all classes" if noise_class == ALL else class_title(noise_class)
    return PublishedTable(
        f"{metric.title}{unit}, {where}",
        note,
        ("Method", *(snr_title(snr_db) for snr_db in snrs)),
        rows,
    )


def _best(metric: Metric, cells: Sequence[Cell]) -> float | None:
    means = [cell.mean for cell in cells if cell.mean is not None]
    if not means:
        return None
    target = metric.target
    if target is not None:
        return min(means, key=lambda mean: abs(mean - target))
    return max(means) if metric.higher_is_better else min(means)


def _entry(metric: Metric, cell: Cell | None, best: float | None) -> TableEntry:
    if cell is None or cell.mean is None:
        return TableEntry("–", "")
    spread = "" if cell.low is None or cell.high is None else _fixed(metric, (cell.high - cell.low) / 2)
    is_significant = cell.p_value is not None and cell.p_value < SIGNIFICANT
    return TableEntry(_fixed(metric, cell.mean), spread, cell.mean == best, is_significant)


def _fixed(metric: Metric, value: float) -> str:
    # A negative zero would show as "-0.0".
    return f"{round(value, metric.decimals) + 0.0:.{metric.decimals}f}"


def markdown(sweep: Sweep, *, per_class: bool = True) -> str:
    """Return the tables in Markdown."""
    parts = []
    for table in published_tables(sweep, per_class=per_class):
        lines = [f"**{table.title}**", "", _markdown_row(table.columns)]
        lines.append(_markdown_row(["---"] + ["---:"] * (len(table.columns) - 1)))
        lines += [_markdown_row([title, *map(_markdown_entry, entries)]) for title, entries in table.rows]
        parts.append("\n".join([*lines, "", table.note]))
    return "\n\n".join(parts) + "\n"


def _markdown_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _markdown_entry(entry: TableEntry) -> str:
    mean = entry.mean.replace("-", "−")
    text = f"**{mean}**" if entry.is_best else mean
    return text + (f" ± {entry.spread}" if entry.spread else "") + (" \\*" if entry.is_significant else "")


def latex(sweep: Sweep, *, per_class: bool = True) -> str:
    """Return the tables in LaTeX, for the package ``booktabs``."""
    parts = ["% \\usepackage{booktabs}"]
    for table in published_tables(sweep, per_class=per_class):
        caption = _tex(f"{table.title}. {table.note}")
        columns = [_tex(column) for column in table.columns]
        parts.append(
            "\n".join(
                [
                    "\\begin{table}",
                    "  \\centering",
                    f"  \\caption{{{caption}}}",
                    f"  \\begin{{tabular}}{{l{'r' * (len(columns) - 1)}}}",
                    "    \\toprule",
                    f"    {' & '.join(columns)} \\\\",
                    "    \\midrule",
                    *(
                        f"    {' & '.join([_tex(title), *map(_tex_entry, entries)])} \\\\"
                        for title, entries in table.rows
                    ),
                    "    \\bottomrule",
                    "  \\end{tabular}",
                    "\\end{table}",
                ]
            )
        )
    return "\n\n".join(parts) + "\n"


def _tex(text: str) -> str:
    escaped = "".join(_TEX_SPECIAL.get(char, char) for char in text)
    return escaped.replace("±", "$\\pm$").replace("−", "$-$").replace("–", "--").replace("<", "$<$")


def _tex_entry(entry: TableEntry) -> str:
    if entry.mean == "–":
        return "--"
    mean = f"\\mathbf{{{entry.mean}}}" if entry.is_best else entry.mean
    spread = f" \\pm {entry.spread}" if entry.spread else ""
    return f"${mean}{spread}{'^{*}' if entry.is_significant else ''}$"


def results_csv(sweep: Sweep) -> str:
    """Return all results, one row per mixture, method and metric."""
    return _csv(Result._fields, (row._asdict() for row in sweep.results))


def cells_csv(sweep: Sweep) -> str:
    """Return the summary, one row per class, SNR, method and metric."""
    return _csv([field.name for field in fields(Cell)], (asdict(cell) for cell in sweep.cells))


def _csv(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_plain(row[column]) for column in columns] for row in rows)
    return text.getvalue()


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.{DIGITS}g}"
    return value


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
        for name, value in values.items()
    }


def to_json(sweep: Sweep) -> str:
    """Return everything that the store says: plan, versions, metrics, summary, results and gaps."""
    plan = sweep.plan
    names = ("name", "title", "unit", "higher_is_better", "needs_reference", "target", "paper", "variant")
    about = {
        "title": plan.title,
        "plan": plan.to_toml(),
        "plan_digest": plan.digest,
        "finished": sweep.is_finished,
        "versions": sweep.versions,
        "methods": sweep.method_identities,
        "metrics": [{name: getattr(find_metric(metric), name) for name in names} for metric in plan.metrics],
        "gaps": [
            {"method": method, "metric": metric, "reason": reason, "count": count}
            for (method, metric, reason), count in sorted(count_gaps(sweep.results).items())
        ],
        "summary": [_rounded(asdict(cell)) for cell in sweep.cells],
        "results": [_rounded(row._asdict()) for row in sweep.results],
    }
    return json.dumps(about, indent=1, ensure_ascii=False) + "\n"


def write_parquet(sweep: Sweep, path: Path) -> None:
    """Write all results as Parquet, values unrounded.

    Raises
    ------
    WorkbenchError
        ``polars`` is not installed.
    """
    try:
        import polars
    except ImportError as error:
        raise MissingPieceError(
            "Parquet needs the package polars; get it with: pip install 'denoise-workbench[parquet]'"
        ) from error
    kinds = {"snr_db": polars.Float64, "value": polars.Float64, "repetition": polars.Int64}
    kinds["offset_samples"] = polars.Int64
    schema = {name: kinds.get(name, polars.String) for name in Result._fields}
    polars.DataFrame(sweep.results, schema=schema, orient="row").write_parquet(path)


_TEXTS: dict[str, tuple[tuple[str, Callable[[Sweep], str]], ...]] = {
    "csv": (("results.csv", results_csv), ("summary.csv", cells_csv)),
    "md": (("tables.md", markdown),),
    "tex": (("tables.tex", latex),),
    "json": (("sweep.json", to_json),),
}
TABLE_FORMATS = (*_TEXTS, "parquet")


def write_tables(sweep: Sweep, folder: Path, formats: Iterable[str] = TABLE_FORMATS) -> list[Path]:
    """Write tables into a folder; existing files are replaced.

    Parameters
    ----------
    sweep : Sweep
    folder : pathlib.Path
        Made if it is not there.
    formats : iterable of str
        Of `TABLE_FORMATS`.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    WorkbenchError
        A file cannot be written, or what a format needs is not installed.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in formats:
            if name == "parquet":
                written.append(folder / "results.parquet")
                write_parquet(sweep, written[-1])
            for file_name, make in _TEXTS.get(name, ()):
                written.append(folder / file_name)
                written[-1].write_text(make(sweep), encoding="utf-8", newline="\n")
    except OSError as error:
        raise WorkbenchError(
            f"{folder} cannot be written ({error.strerror or error}); choose another folder."
        ) from error
    return written
