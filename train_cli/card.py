"""The sections of a bundle's card that are measured, and put in again whenever they are measured anew."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from train_cli.tables import markdown_table
from workbench.bundles.write import CARD_NAME
from workbench.errors import WorkbenchError

FIGURES = "## Figures"


def figures_text(figures: Mapping[str, Any], command: str) -> str:
    """Return what a card says of its figures.

    Parameters
    ----------
    figures : mapping
        As `train_cli.evaluate` measures them; empty if nothing was measured yet.
    command : str
        What measured them.
    """
    if not figures:
        return "Not measured yet; `train_cli evaluate --card` measures and adds them."
    tables = [markdown_table(name, rows) for name, rows in figures.items() if isinstance(rows, Mapping)]
    how = f"Measured with `{command}`, on speakers and recordings that training never saw."
    return "\n\n".join([how, *tables])


def put_section(folder: Path, heading: str, text: str, title: str) -> Path:
    """Write a section of a bundle's card in place of the one with its heading, or at the end.

    Parameters
    ----------
    folder : pathlib.Path
        Of the bundle.
    heading : str
        With its number signs.
    text : str
        What stands below it.
    title : str
        Of the card, where there is none yet.

    Returns
    -------
    pathlib.Path
        The card.

    Raises
    ------
    WorkbenchError
        It cannot be read or written.
    """
    path = folder / CARD_NAME
    section = f"{heading}\n\n{text.strip()}\n"
    found = re.compile(rf"^{re.escape(heading)}\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    try:
        card = path.read_text(encoding="utf-8") if path.is_file() else f"# {title}\n"
        if found.search(card):
            card = found.sub(lambda _: f"{section}\n", card).rstrip() + "\n"
        else:
            card = f"{card.rstrip()}\n\n{section}"
        fresh = path.with_name(f"{path.name}.new")
        fresh.write_text(card, encoding="utf-8")
        fresh.replace(path)
    except (OSError, UnicodeDecodeError) as error:
        raise WorkbenchError(f"The card {path} cannot be changed: {error}.") from None
    return path
