"""A sweep as one HTML file that needs nothing else: tables, curves, failures, versions, sounds."""

import base64
import tempfile
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from workbench.audio.files import write
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.errors import WorkbenchError
from workbench.evaluation.curves import curve_figure
from workbench.evaluation.examples import trial_signals
from workbench.evaluation.figures import save_figure
from workbench.evaluation.metrics import find_metric, format_value
from workbench.evaluation.plan import NOISY, Trial
from workbench.evaluation.statistics import worst_cases
from workbench.evaluation.store import count_gaps
from workbench.evaluation.tables import (
    PublishedTable,
    Sweep,
    TableEntry,
    class_title,
    method_titles,
    published_tables,
    snr_title,
)
from workbench.evaluation.versions import method_identity

EXAMPLE_S = 6
_N_WORST = 10

REPORT_STYLE = """
:root { color-scheme: light dark; --text: #1a1d22; --muted: #5b636f; --line: #d5d9e0; --ground: #fff;
  --panel: #f3f4f6; --accent: #0072b2; }
@media (prefers-color-scheme: dark) { :root { --text: #e9ebee; --muted: #9da4af; --line: #353b45;
  --ground: #141619; --panel: #1b1e23; --accent: #56b4e9; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground); margin: 2rem auto;
  max-width: 75rem; padding: 0 1.25rem; }
h1 { font-size: 1.7rem; margin-bottom: 0; } h2 { font-size: 1.25rem; margin-top: 2.5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .3rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .4rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .28rem .7rem; border-bottom: 1px solid var(--line);
  text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } th { border-bottom: 2px solid var(--line); }
td.text, th.text { text-align: left; white-space: normal; }
.muted, .note { color: var(--muted); } .note { font-size: .85rem; max-width: 60rem; }
.spread { color: var(--muted); font-size: .85em; }
img { max-width: 100%; background: #fff; border-radius: 4px; }
audio { height: 2rem; width: 15rem; vertical-align: middle; }
pre { background: var(--panel); padding: .8rem 1rem; overflow-x: auto; border-radius: 4px; }
details { margin: .5rem 0; } summary { cursor: pointer; color: var(--accent); }
.warning { border-left: 4px solid #d55e00; padding: .3rem .8rem; background: var(--panel); }
"""


def write_report(sweep: Sweep, path: Path, *, sounds: bool = True) -> None:
    """Write the report.

    Parameters
    ----------
    sweep : Sweep
        What `workbench.evaluation.tables.read_sweep` returns.
    path : pathlib.Path
        An existing file is replaced.
    sounds : bool
        Whether to put in examples to listen to.

    Raises
    ------
    WorkbenchError
        It cannot be written.
    """
    text = html_report(sweep, sounds=sounds)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise WorkbenchError(
            f"{path} cannot be written ({error.strerror or error}); choose another place."
        ) from error


def html_report(sweep: Sweep, *, sounds: bool = True) -> str:
    """Return the report as the text of an HTML file."""
    title = escape(sweep.plan.title or "Sweep")
    parts = [
        f"<h1>{title}</h1>",
        f'<p class="muted">Plan {sweep.plan.digest} · {len(sweep.results)} results · '
        f"{len({row.trial for row in sweep.results})} mixtures</p>",
    ]
    if not sweep.is_finished:
        parts.append(
            f'<p class="warning">The sweep is not finished: {len(sweep.results)} of {sweep.n_planned} '
            "results are there.</p>"
        )
    parts += [_tables(sweep), _gaps(sweep), _worst(sweep)]
    if sounds:
        parts.append(_sounds(sweep))
    parts += [_metrics(sweep), _origin(sweep)]
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{REPORT_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _tables(sweep: Sweep) -> str:
    tables = published_tables(sweep)
    n_each = len(tables) // len(sweep.plan.metrics)
    parts = ["<h2>Results</h2>"]
    for place, metric in enumerate(sweep.plan.metrics):
        overall, *per_class = tables[place * n_each : (place + 1) * n_each]
        parts += [
            f"<h3>{escape(overall.title)}</h3>",
            _published(overall),
            f'<p class="note">{escape(overall.note)}</p>',
            f'<img alt="{escape(find_metric(metric).title)} against the SNR" src="{_curves(sweep, metric)}">',
        ]
        if per_class:
            inner = "".join(f"<h3>{escape(table.title)}</h3>{_published(table)}" for table in per_class)
            parts.append(f"<details><summary>Each class of noise</summary>{inner}</details>")
    return "\n".join(parts)


def _published(table: PublishedTable) -> str:
    rows = [[escape(title), *map(_entry, entries)] for title, entries in table.rows]
    return _table(table.columns, rows)


def _entry(entry: TableEntry) -> str:
    mean = entry.mean.replace("-", "−")
    mean = f"<strong>{mean}</strong>" if entry.is_best else mean
    spread = f' <span class="spread">± {entry.spread}</span>' if entry.spread else ""
    return f"{mean}{spread}{'*' if entry.is_significant else ''}"


def _curves(sweep: Sweep, metric: str) -> str:
    figure = curve_figure(sweep.cells, sweep.plan, metric)
    with tempfile.TemporaryDirectory() as folder:
        return _data_address(save_figure(figure, Path(folder) / "curves.svg"), "image/svg+xml")


def _data_address(path: Path, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _gaps(sweep: Sweep) -> str:
    counted = count_gaps(sweep.results)
    if not counted:
        return "<h2>Failures</h2><p>None: every result has a value.</p>"
    titles = method_titles(sweep.plan.all_methods)
    rows = [
        [escape(titles[method]), escape(find_metric(metric).title), str(count), escape(reason)]
        for (method, metric, reason), count in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    ]
    total = f"<p>{sum(counted.values())} results have no value; the means leave them out.</p>"
    columns = ("Method", "Metric", "Mixtures", "Reason")
    return f"<h2>Failures</h2>{total}{_table(columns, rows, texts=(0, 1, 3))}"


def _worst(sweep: Sweep) -> str:
    metric = sweep.plan.metrics[0]
    about = find_metric(metric)
    titles = method_titles(sweep.plan.all_methods)
    rows = [
        [
            escape(titles[case.result.method]),
            escape(case.result.speech),
            escape(f"{case.result.noise} ({class_title(case.result.noise_class)})"),
            snr_title(case.result.snr_db),
            format_value(about, case.noisy),
            format_value(about, case.result.value or 0.0),
            f"<code>{case.result.trial}</code>",
        ]
        for case in worst_cases(sweep.results, metric, n=_N_WORST)
    ]
    columns = ("Method", "Speech", "Noise", "SNR", "Noisy", "Denoised", "Mixture")
    how = "<code>workbench report STORE --trial MIXTURE -o FOLDER</code> writes its sounds."
    return (
        f"<h2>Worst cases</h2><p>Where a method loses most {escape(about.title)} against the noisy signal. "
        f"{how}</p>{_table(columns, rows, texts=(0, 1, 2))}"
    )


def _sounds(sweep: Sweep) -> str:
    parts = [f"<h2>Examples</h2><p>One mixture per class of noise, its first {EXAMPLE_S} seconds.</p>"]
    titles = method_titles(sweep.plan.all_methods) | {"clean": "Clean", "mixed": "Mixed"}
    same = [method for method in sweep.plan.all_methods if _is_same(sweep, method)]
    try:
        trials = _examples(sweep)
    except WorkbenchError as error:
        return f"{parts[0]}<p>They cannot be made here: {escape(str(error))}</p>"
    for trial in trials:
        heading = f"{class_title(trial.noise_class)}, {snr_title(trial.snr_db)}"
        rows = []
        try:
            for name, signal in trial_signals(trial, same):
                if name != "noise":
                    rows.append([escape(titles[name]), _player(signal)])
        except WorkbenchError as error:
            rows.append(["", escape(str(error))])
        about = f"{trial.speech.name} in {trial.noise.name}, mixture {trial.key}"
        parts.append(f'<h3>{escape(heading)}</h3><p class="note">{escape(about)}</p>{_table((), rows)}')
    changed = [titles[method] for method in sweep.plan.all_methods if method not in same]
    if changed:
        parts.append(f'<p class="note">Changed since the sweep: {escape(", ".join(changed))}.</p>')
    return "\n".join(parts)


def _examples(sweep: Sweep) -> list[Trial]:
    """One trial per class, at the SNR nearest to 0 dB."""
    measured = {row.trial for row in sweep.results}
    trials = [trial for trial in sweep.plan.trials() if trial.key in measured]
    chosen = []
    for name, _ in sweep.plan.noise:
        of_class = [trial for trial in trials if trial.noise_class == name]
        if of_class:
            chosen.append(min(of_class, key=lambda trial: (abs(trial.snr_db), trial.key)))
    return chosen


def _is_same(sweep: Sweep, method: str) -> bool:
    try:
        return method == NOISY or method_identity(method) == sweep.method_identities.get(method)
    except WorkbenchError:
        return False


def _player(signal: Signal) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "example.flac"
        write(path, signal[: EXAMPLE_S * SAMPLE_RATE], subtype="PCM_16")
        return f'<audio controls preload="none" src="{_data_address(path, "audio/flac")}"></audio>'


def _metrics(sweep: Sweep) -> str:
    rows = []
    for name in sweep.plan.metrics:
        metric = find_metric(name)
        texts = (metric.title, metric.variant, metric.paper, metric.explanation)
        rows.append([escape(text) for text in texts])
    table = _table(("Metric", "Variant", "Source", "Meaning"), rows, texts=(0, 1, 2, 3))
    return (
        f"<h2>Metrics</h2>{table}<p>Each method's latency is undone before scoring. Confidence intervals are "
        "percentile bootstraps over utterances; what belongs to one utterance is averaged first.</p>"
    )


def _origin(sweep: Sweep) -> str:
    titles = method_titles(sweep.plan.all_methods)
    methods = [
        [escape(titles[name]), escape(sweep.method_identities.get(name, ""))]
        for name in sweep.plan.all_methods
    ]
    versions = [
        [escape(name), escape(number)] for versions in sweep.versions for name, number in versions.items()
    ]
    return (
        f"<h2>Plan</h2><pre>{escape(sweep.plan.to_toml())}</pre>"
        f"<h2>Methods</h2>{_table(('Method', 'Version and models'), methods, texts=(0, 1))}"
        f"<h2>Versions</h2>{_table(('Package', 'Version'), versions, texts=(0, 1))}"
    )


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, texts: Sequence[int] = ()) -> str:
    """Cells are HTML already; those of the columns `texts` are set flush left."""

    def cells(values: Sequence[str], tag: str) -> str:
        marks = (' class="text"' if place in texts else "" for place in range(len(values)))
        return "".join(f"<{tag}{mark}>{value}</{tag}>" for value, mark in zip(values, marks, strict=True))

    head = f"<thead><tr>{cells([escape(each) for each in columns], 'th')}</tr></thead>" if columns else ""
    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return f'<div class="scroll"><table>{head}<tbody>{body}</tbody></table></div>'
