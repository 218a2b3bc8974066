"""Properties and figures of one bundle, or of two side by side, as HTML."""

from collections.abc import Callable, Mapping, Sequence
from html import escape

from workbench.bundles.check import Bundle
from workbench.bundles.figures import (
    FigureTable,
    figure_tables,
    precision_figures,
    snr_curves,
    split_quantity,
)
from workbench.bundles.speed import Speed
from workbench.errors import WorkbenchError
from workbench.evaluation.metrics import Metric, find_metric
from workbench.gui.models.entries import KIND_TITLES, Entry, size_text
from workbench.gui.theme import ThemeManager

Speeds = Mapping[str, Speed]
NO_FIGURES = (
    "Nothing was measured when this model was made. <code>train_cli evaluate</code> measures it, and "
    "<code>train_cli export --figures</code> writes the figures into the model."
)


def document_style(manager: ThemeManager) -> str:
    """Return the style sheet of the page's documents in the theme in force."""
    t, s = manager.theme, manager.px
    return f"""
    body {{ color: {t.text}; }}
    a {{ color: {t.accent}; }}
    code, pre {{ font-size: {s(12)}px; }}
    p.head {{ font-weight: 600; margin-top: {s(10)}px; margin-bottom: {s(2)}px; }}
    td, th {{ padding: {s(4)}px {s(10)}px {s(4)}px 0; border-bottom: 1px solid {t.border}; }}
    th {{ color: {t.muted}; font-weight: 600; text-align: left; }}
    .name {{ color: {t.muted}; white-space: nowrap; }}
    .muted {{ color: {t.muted}; }}
    .number {{ white-space: nowrap; }}
    """


def properties_html(entries: Sequence[Entry], speeds: Sequence[Speeds]) -> str:
    """Return the properties of one entry, or of two side by side."""
    bundles = [entry.bundle for entry in entries if entry.bundle is not None]
    rows: list[tuple[str, Callable[[Entry, Bundle, Speeds], str]]] = [
        ("", lambda _, b, __: escape(b.manifest.description)),
        ("Kind", lambda e, b, _: KIND_TITLES[b.manifest.kind] + (", the default" if e.is_default else "")),
        ("Name", lambda e, b, _: f"{escape(b.name)} <span class='muted'>({e.whose})</span>"),
        ("Version", lambda _, b, __: f"{escape(b.manifest.version)}, made {b.manifest.created}"),
        ("Latency", lambda e, _, __: f"{round(e.latency_ms, 1):g} ms"),
        ("Work", lambda e, _, __: "–" if e.macs_per_s is None else f"{e.macs_per_s / 1e6:.1f} MMAC/s"),
        ("Precisions", lambda _, b, __: _precisions(b)),
        ("Speed here", lambda _, b, s: _speeds(b, s)),
        ("Results", lambda _, b, __: _results(b)),
        ("Classes", lambda _, b, __: escape(", ".join(b.manifest.classes))),
        ("Trained on", lambda _, b, __: escape(b.manifest.training.data)),
        ("Licence", lambda _, b, __: escape(b.manifest.training.licence)),
        ("Heard", lambda _, b, __: f"{b.manifest.training.hours_heard:,.1f} h of mixtures"),
        ("Command", lambda _, b, __: f"<code>{escape(b.manifest.training.command)}</code>"),
        ("Folder", lambda e, _, __: f"<span class='muted'>{escape(str(e.folder))}</span>"),
    ]
    width = 100 // len(bundles)
    html = ["<table width='100%' cellspacing='0'>"]
    if len(bundles) > 1:
        heads = "".join(f"<th width='{width}%'>{escape(b.name)}</th>" for b in bundles)
        html.append(f"<tr><th></th>{heads}</tr>")
    for name, cell in rows:
        cells = [cell(*each) for each in zip(entries, bundles, speeds, strict=True)]
        if any(cells):
            filled = "".join(f"<td width='{width}%'>{text or '–'}</td>" for text in cells)
            html.append(f"<tr><td class='name'>{name}</td>{filled}</tr>")
    return "".join([*html, "</table>"])


def _precisions(bundle: Bundle) -> str:
    measured = precision_figures(bundle.manifest)
    lines = []
    for precision, file in bundle.manifest.files.items():
        runs = " <span class='muted'>(runs)</span>" if precision == bundle.precision else ""
        figures = "".join(
            f", {_title(name)} {_value(name, value)}" for name, value in measured.get(precision, {}).items()
        )
        several = runs if len(bundle.manifest.files) > 1 else ""
        lines.append(f"{precision} {size_text(file.n_bytes)}{several}{figures}")
    return "<br>".join(lines)


def _speeds(bundle: Bundle, speeds: Speeds) -> str:
    lines = []
    for precision in bundle.manifest.files:
        if (speed := speeds.get(precision)) is not None:
            name = f"{precision}: " if len(bundle.manifest.files) > 1 else ""
            lines.append(
                f"{name}{speed.median_ms:.3g} ms per {speed.hop_ms:g} ms hop (99 % within "
                f"{speed.p99_ms:.3g} ms), real-time factor {speed.real_time_factor:.2g}"
            )
    return "<br>".join(lines) or "<span class='muted'>not measured yet</span>"


def _results(bundle: Bundle) -> str:
    table = next((table for table in figure_tables(bundle.manifest) if table.title == "All"), None)
    if table is None:
        return ""
    lines = []
    for name, row in table.rows:
        found = ", ".join(f"{_title(metric)} {cell}" for metric, cell in _metric_cells(row).items())
        lines.append(f"{found} <span class='muted'>({escape(name)})</span>")
    return "<br>".join(lines)


def figures_html(entries: Sequence[Entry], metric: str) -> str:
    """Return the tables of figures: all of one bundle, or those of a metric for two side by side."""
    bundles = [entry.bundle for entry in entries if entry.bundle is not None]
    if len(bundles) == 1:
        tables = figure_tables(bundles[0].manifest)
        return "".join(_table_html(table) for table in tables) or f"<p class='muted'>{NO_FIGURES}</p>"
    titles = [bundle.name for bundle in bundles]
    pairs = [{table.title: table for table in figure_tables(bundle.manifest)} for bundle in bundles]
    html = []
    for title in dict.fromkeys([*pairs[0], *pairs[1]]):
        found = [tables.get(title) for tables in pairs]
        if any(table is not None and metric in _metrics(table) for table in found):
            html.append(_comparison_html(title, found, titles, metric))
    return "".join(html) or "<p class='muted'>These two have no figures in common.</p>"


def metrics_of(entries: Sequence[Entry]) -> list[str]:
    """Return the metrics that curves over the SNR can be drawn of, in the order of the manifests."""
    found = (curve.metric for e in entries if e.bundle is not None for curve in snr_curves(e.bundle.manifest))
    return list(dict.fromkeys(found))


def metric_title(name: str) -> str:
    """Return a metric's name for people, with its unit."""
    metric = _metric(name)
    return (
        name[:1].upper() + name[1:]
        if metric is None
        else f"{metric.title}{metric.unit and f' ({metric.unit})'}"
    )


def _comparison_html(
    title: str, tables: Sequence[FigureTable | None], bundles: Sequence[str], metric: str
) -> str:
    by_row = [dict(table.rows) if table is not None else {} for table in tables]
    heads = ["noisy", *(escape(name) for name in bundles), "difference"]
    rows = []
    for name in dict.fromkeys([*by_row[0], *by_row[1]]):
        found = [rows.get(name, {}) for rows in by_row]
        noisy = {row[key] for row in found if (key := f"{metric} noisy") in row}
        ours = [row.get(f"{metric} denoised", row.get(metric)) for row in found]
        gain = ours[1] - ours[0] if ours[0] is not None and ours[1] is not None else None
        # Where the two were measured on other mixtures, there is no one noisy value.
        first = noisy.pop() if len(noisy) == 1 else None
        rows.append((name, [*(_cell(metric, value) for value in (first, *ours)), _signed(metric, gain)]))
    if all(cells[0] == "–" for _, cells in rows):
        heads, rows = heads[1:], [(name, cells[1:]) for name, cells in rows]
    return _html(f"{title}: {metric_title(metric)}", heads, rows)


def _table_html(table: FigureTable) -> str:
    if any(split_quantity(column)[1] for column in table.columns):
        heads = [escape(metric_title(metric)) for metric in _metrics(table)]
        rows = []
        for name, row in table.rows:
            cells = _metric_cells(row)
            rows.append((name, [cells.get(metric, "–") for metric in _metrics(table)]))
        return _html(table.title, heads, rows)
    values = [(name, [_cell(c, row.get(c)) for c in table.columns]) for name, row in table.rows]
    return _html(table.title, [escape(metric_title(column)) for column in table.columns], values)


def _html(title: str, heads: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    head = "".join(f"<th class='number' align='right'>{text}</th>" for text in heads)
    lines = [
        f"<tr><td class='name'>{escape(name)}</td>"
        + "".join(f"<td class='number' align='right'>{text}</td>" for text in cells)
        + "</tr>"
        for name, cells in rows
    ]
    body = f"<table cellspacing='0'><tr><th></th>{head}</tr>{''.join(lines)}</table>"
    return f"<p class='head'>{escape(title)}</p>{body}"


def _metrics(table: FigureTable) -> list[str]:
    return list(dict.fromkeys(split_quantity(column)[0] for column in table.columns))


def _metric_cells(row: Mapping[str, float]) -> dict[str, str]:
    """Return a row's cells by metric: "1.33 → 1.76" where noisy and denoised are known."""
    cells: dict[str, str] = {}
    for column, value in row.items():
        metric, series = split_quantity(column)
        text = _cell(metric, value)
        if series == "denoised" and metric in cells:
            cells[metric] = f"{cells[metric]} → {text}"
        else:
            cells[metric] = text
    return cells


def _metric(name: str) -> Metric | None:
    try:
        return find_metric(name)
    except WorkbenchError:
        return None


def _title(name: str) -> str:
    metric = _metric(split_quantity(name)[0])
    return name if metric is None else metric.title


def _value(name: str, value: float) -> str:
    metric = _metric(split_quantity(name)[0])
    decimals = 2 if metric is None or metric.unit else 3
    return f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", "−")


def _cell(name: str, value: float | None) -> str:
    return "–" if value is None else _value(name, value)


def _signed(name: str, value: float | None) -> str:
    text = _cell(name, value)
    return f"+{text}" if value is not None and value > 0 and text.strip("0.") else text
