"""The figures of a manifest as tables and as curves over the SNR."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from workbench.bundles.manifest import PRECISIONS, Manifest

_SNR = re.compile(r"([-+−]?\d+(?:\.\d+)?) ?dB")
_SERIES = ("noisy", "denoised")


@dataclass(frozen=True)
class FigureTable:
    """Results by condition and quantity.

    Attributes
    ----------
    title : str
        What the rows are, such as "By SNR".
    columns : tuple of str
        Quantities, in the order of the manifest.
    rows : tuple of (str, mapping of str to float)
        Conditions and their values; a quantity may be missing.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, Mapping[str, float]], ...]

    @property
    def snrs_db(self) -> tuple[float, ...] | None:
        """The rows' SNRs, where every row is one."""
        found = [_SNR.fullmatch(name) for name, _ in self.rows]
        if not found or not all(found):
            return None
        return tuple(float(match[1].replace("−", "-")) for match in found if match)


@dataclass(frozen=True)
class Curve:
    """A quantity over the SNR.

    Attributes
    ----------
    table : str
        Title of the table that it comes from.
    metric : str
        Name of the quantity, such as "pesq_wb".
    series : str
        "noisy", "denoised", or empty where the quantity is not about one of them.
    points : tuple of (float, float)
        SNR in dB and value, from the lowest SNR up.
    """

    table: str
    metric: str
    series: str
    points: tuple[tuple[float, float], ...]


def split_quantity(name: str) -> tuple[str, str]:
    """Return metric and series of a column: ("pesq_wb", "noisy"), or ("accuracy", "")."""
    metric, space, series = name.rpartition(" ")
    return (metric, series) if space and series in _SERIES else (name, "")


def figure_tables(manifest: Manifest) -> list[FigureTable]:
    """Return a manifest's figures as tables; what lies at other depths becomes tables of its own."""
    return list(_tables("", manifest.figures))


def _tables(title: str, figures: Mapping[str, object]) -> list[FigureTable]:
    values = {name: value for name, value in figures.items() if isinstance(value, int | float)}
    tables = [name for name, value in figures.items() if isinstance(value, Mapping)]
    made = []
    if values:
        made.append(FigureTable(title or "Results", tuple(values), (("", values),)))
    rows = []
    for name in tables:
        inner = figures[name]
        assert isinstance(inner, Mapping)
        if inner and all(isinstance(value, int | float) for value in inner.values()):
            rows.append((name, inner))
        else:
            made.extend(_tables(f"{title}, {name}" if title else name, inner))
    if rows:
        columns = dict.fromkeys(column for _, row in rows for column in row)
        made.append(FigureTable(title or "Results", tuple(columns), tuple(rows)))
    return made


def snr_curves(manifest: Manifest) -> list[Curve]:
    """Return every quantity that the manifest gives for several SNRs."""
    curves = []
    for table in figure_tables(manifest):
        snrs_db = table.snrs_db
        if snrs_db is None:
            continue
        for column in table.columns:
            pairs = zip(snrs_db, table.rows, strict=True)
            points = sorted((snr_db, float(row[column])) for snr_db, (_, row) in pairs if column in row)
            curves.append(Curve(table.title, *split_quantity(column), tuple(points)))
    return curves


def precision_figures(manifest: Manifest) -> dict[str, Mapping[str, float]]:
    """Return the figures of each precision, where the manifest has a table with precisions as rows."""
    found: dict[str, Mapping[str, float]] = {}
    for table in figure_tables(manifest):
        found |= {name: row for name, row in table.rows if name in PRECISIONS}
    return found
