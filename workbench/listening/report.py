"""A listening test as one HTML file that needs nothing else: what was asked, who answered, what came out."""

import base64
import tempfile
from collections import Counter
from html import escape
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.evaluation.figures import save_figure
from workbench.evaluation.report import REPORT_STYLE
from workbench.listening.figures import block_figure
from workbench.listening.results import Analysis, BlockResult
from workbench.listening.tables import TextTable, condition_titles, result_tables


def write_report(analysis: Analysis, path: Path, *, free_text: bool = False) -> None:
    """Write the report; an existing file is replaced.

    Parameters
    ----------
    analysis : Analysis
    path : pathlib.Path
    free_text : bool
        Whether to print what listeners wrote in their own words.

    Raises
    ------
    WorkbenchError
        It cannot be written.
    """
    text = html_report(analysis, free_text=free_text)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise WorkbenchError(f"{path} cannot be written ({error.strerror}); choose another.") from error


def write_figures(
    analysis: Analysis, folder: Path, suffixes: tuple[str, ...] = (".png", ".pdf")
) -> list[Path]:
    """Write a figure for each block into a folder, named after the block.

    Raises
    ------
    WorkbenchError
        A file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, result in enumerate(analysis.blocks, 1):
        figure = block_figure(result)
        name = "".join(char if char.isalnum() else "-" for char in result.block.name)
        for suffix in suffixes:
            written.append(folder / f"{number}-{name}{suffix}")
            save_figure(figure, written[-1])
    return written


def html_report(analysis: Analysis, *, free_text: bool = False) -> str:
    """Return the report as the text of an HTML file."""
    title = escape(analysis.key.test.title)
    n_finished = sum(session.is_finished for session in analysis.sessions)
    parts = [
        f"<h1>{title}</h1>",
        f'<p class="muted">Test {analysis.prepared.digest} · {len(analysis.sessions)} sessions, {n_finished} '
        f"finished · {len({session.listener for session in analysis.sessions})} listeners</p>",
        _exclusions(analysis),
        *(_block(result) for result in analysis.blocks),
        _questions(analysis, free_text=free_text),
        _material(analysis),
    ]
    body = "\n".join(part for part in parts if part)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{REPORT_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _exclusions(analysis: Analysis) -> str:
    if not analysis.exclusions:
        return ""
    lines = [
        f"<li>{escape(', '.join(filter(None, (each.listener, each.block))))}: {escape(each.why)}</li>"
        for each in analysis.exclusions
    ]
    return f'<div class="warning"><p>Not counted:</p><ul>{"".join(lines)}</ul></div>'


def _block(result: BlockResult) -> str:
    parts = [
        f"<h2>{escape(result.block.name)}</h2>",
        f'<p class="muted">{escape(result.block.instruction)}</p>',
        f'<img alt="Results of {escape(result.block.name)}" src="{_picture(result)}">',
    ]
    for table in result_tables(result):
        parts += [
            f"<h3>{escape(table.title)}</h3>",
            _table(table),
            f'<p class="note">{escape(table.note)}</p>',
        ]
    return "\n".join(parts)


def _picture(result: BlockResult) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figure.png"
        save_figure(block_figure(result), path)
        return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def _table(table: TextTable) -> str:
    def cells(kind: str, row: tuple[str, ...]) -> str:
        texts, numbers = row[: table.n_texts], row[table.n_texts :]
        parts = [f'<{kind} class="text">{escape(cell)}</{kind}>' for cell in texts]
        return "".join([*parts, *(f"<{kind}>{escape(cell)}</{kind}>" for cell in numbers)])

    rows = "".join(f"<tr>{cells('td', row)}</tr>" for row in table.rows)
    return (
        f'<div class="scroll"><table><thead><tr>{cells("th", table.columns)}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _questions(analysis: Analysis, *, free_text: bool) -> str:
    parts = []
    for question in analysis.questions:
        given = [
            entry["values"].get(question.name)
            for session in analysis.sessions
            for entry in session.entries
            if entry["kind"] == "questionnaire" and question.name in entry["values"]
        ]
        values = [value for value in given if value not in (None, "")]
        if question.type == "text" and not free_text:
            shown = f"{len(values)} answers, left out here"
        elif question.type == "number":
            numbers = sorted(float(value) for value in values)
            shown = f"{len(numbers)} answers" + (
                f", {numbers[0]:g} to {numbers[-1]:g}, mean {sum(numbers) / len(numbers):.1f}"
                if numbers
                else ""
            )
        elif question.type == "choice":
            shown = ", ".join(f"{value}: {count}" for value, count in Counter(values).most_common())
        else:
            shown = " · ".join(f"“{value}”" for value in values)
        parts.append(f"<li>{escape(question.text)} <span class='muted'>{escape(shown or '–')}</span></li>")
    return f"<h2>Questions</h2><ul>{''.join(parts)}</ul>" if parts else ""


def _material(analysis: Analysis) -> str:
    entries = analysis.key.stimuli.values()
    gains = [entry.gain_db for entry in entries]
    titles = condition_titles(sorted({entry.condition for entry in entries}))
    methods = "".join(
        f"<li>{escape(titles.get(name, name))}: {escape(identity)}</li>"
        for name, identity in sorted(analysis.key.methods.items())
    )
    return (
        f"<h2>Material</h2><p>{len(gains)} sounds of {len({entry.mixture for entry in entries})} mixtures at "
        f"{analysis.prepared.loudness_lufs:g} LUFS (ITU-R BS.1770), reached with gains from {min(gains):.1f} "
        f"to {max(gains):.1f} dB.</p><ul>{methods}</ul>"
        f"<details><summary>The test file</summary><pre>{escape(analysis.key.test.to_toml())}</pre></details>"
    )
