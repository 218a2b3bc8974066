"""Figures as Markdown tables, the same on the terminal and in a card."""

from collections.abc import Mapping


def markdown_table(name: str, rows: Mapping[str, Mapping[str, float | str]]) -> str:
    """Return a table with a row per key and a column per figure; counts and texts stand as they are."""
    columns = list(next(iter(rows.values())))
    lines = [f"| {name} | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    for key, row in rows.items():
        lines.append(f"| {key} | {' | '.join(_cell(row[column]) for column in columns)} |")
    return "\n".join(lines)


def _cell(value: float | str) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value).replace("|", "\\|")
