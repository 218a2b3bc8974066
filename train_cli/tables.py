"""Figures as Markdown tables, the same on the terminal and in a card."""

from collections.abc import Mapping


def markdown_table(name: str, rows: Mapping[str, Mapping[str, float]]) -> str:
    """Return a table with a row per key and a column per figure."""
    columns = list(next(iter(rows.values())))
    lines = [f"| {name} | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    for key, row in rows.items():
        lines.append(f"| {key} | {' | '.join(f'{row[column]:.3f}' for column in columns)} |")
    return "\n".join(lines)
