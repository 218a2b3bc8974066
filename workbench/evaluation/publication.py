"""Everything that is made of a sweep for others to read: tables, figures and the report, as files."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from workbench.evaluation.tables import TABLE_FORMATS, Sweep, write_tables

FIGURE_FORMATS = ("png", "svg", "pdf")
FORMATS = (*TABLE_FORMATS, "html", *FIGURE_FORMATS)
DEFAULT_FORMATS = ("csv", "md", "tex", "json", "html", "png", "svg")


def publish(
    sweep: Sweep,
    folder: Path,
    formats: Iterable[str] = DEFAULT_FORMATS,
    *,
    theme: Literal["light", "dark"] = "light",
    sounds: bool = True,
) -> Iterator[Path]:
    """Write tables, a figure per metric and the HTML report into a folder; existing files are replaced.

    Parameters
    ----------
    sweep : Sweep
        What `workbench.evaluation.tables.read_sweep` returns.
    folder : pathlib.Path
        Made if it is not there.
    formats : iterable of str
        Of `FORMATS`.
    theme : str
        Of the figures: "light" for print, "dark" for screens.
    sounds : bool
        Whether the report has examples to listen to.

    Yields
    ------
    pathlib.Path
        Each file once it is written.

    Raises
    ------
    WorkbenchError
        A file cannot be written, or what a format needs is not installed.
    """
    from workbench.evaluation.curves import curve_figure
    from workbench.evaluation.figures import save_figure
    from workbench.evaluation.report import write_report

    wanted = list(dict.fromkeys(formats))
    yield from write_tables(sweep, folder, [name for name in wanted if name in TABLE_FORMATS])
    figure_formats = [name for name in wanted if name in FIGURE_FORMATS]
    if figure_formats:
        for metric in sweep.plan.metrics:
            figure = curve_figure(sweep.cells, sweep.plan, metric, theme=theme)
            stem = metric.replace("@", "_").replace(",", "_")
            for suffix in figure_formats:
                yield save_figure(figure, folder / f"{stem}.{suffix}")
    if "html" in wanted:
        write_report(sweep, folder / "report.html", sounds=sounds)
        yield folder / "report.html"
