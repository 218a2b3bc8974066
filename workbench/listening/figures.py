"""One figure for each block of a listening test, drawn with matplotlib without a screen."""

from typing import TYPE_CHECKING, Literal

import numpy as np

from workbench.evaluation.palette import method_style
from workbench.evaluation.panels import INKS, Ink, style
from workbench.evaluation.statistics import ALL
from workbench.evaluation.tables import class_title, snr_title
from workbench.listening.design import PAIRED
from workbench.listening.results import MEASURES, BlockResult, ResultRow
from workbench.listening.screens import MUSHRA_BANDS
from workbench.listening.tables import condition_titles

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW_INCHES = 0.42
_CHANCE = {"ab": 0.5, "abx": 0.5, "ccr": 0.0}


def block_figure(result: BlockResult, *, theme: Literal["light", "dark"] = "light") -> "Figure":
    """Draw what came out of a block.

    AB, ABX and CCR are intervals beside the line of chance, for all and for each class and SNR; P.835 and
    MUSHRA a group of points or boxes for each condition.

    Parameters
    ----------
    result : BlockResult
    theme : str
        "light" for print, "dark" for screens.

    Returns
    -------
    matplotlib.figure.Figure
        Ready for `workbench.evaluation.figures.save_figure`.
    """
    from matplotlib.figure import Figure

    ink = INKS[theme]
    is_paired = result.block.test in PAIRED
    n_rows = len(_paired_rows(result))
    size = (6.8, 1.3 + _ROW_INCHES * n_rows) if is_paired else (1.6 + 1.1 * len(result.conditions), 4.0)
    figure = Figure(figsize=(max(size[0], 5.0), size[1]), dpi=150, layout="constrained")
    figure.set_facecolor(ink.ground)
    axes = figure.subplots()
    style(axes, ink)
    axes.set_title(result.block.title or result.block.name, loc="left", color=ink.text, fontsize=11)
    if is_paired:
        _draw_pairs(axes, result, ink, dark=theme == "dark")
    elif result.block.test == "p835":
        _draw_scales(axes, result, ink, dark=theme == "dark")
    else:
        _draw_boxes(axes, result, ink, dark=theme == "dark")
    return figure


def _paired_rows(result: BlockResult) -> list[ResultRow]:
    """All together first, then the classes, then the SNRs; not each of both."""
    return [row for row in result.rows if row.noise_class == ALL or row.snr_db is None]


def _draw_pairs(axes: "Axes", result: BlockResult, ink: Ink, *, dark: bool) -> None:
    titles = condition_titles(result.conditions)
    rows = _paired_rows(result)
    rows.sort(key=lambda row: (result.block.groups.index((row.condition, row.against)), *_rank(row)))
    labels = []
    for place, row in enumerate(rows):
        group = result.block.groups.index((row.condition, row.against))
        how = method_style(group + 1, dark=dark)
        low, high = row.low, row.high
        if low is not None and high is not None:
            axes.plot([low, high], [place, place], color=how["color"], linewidth=2.2)
        axes.plot(row.estimate, place, marker=how["marker"], color=how["color"], markersize=7)
        where = _said(row)
        name = f"{titles[row.condition]} against {titles[row.against]}"
        labels.append(f"{name}, {where}" if len(result.block.groups) > 1 or where == "all" else where)
    axes.axvline(_CHANCE[result.block.test], color=ink.muted, linewidth=1, linestyle="--")
    axes.set_yticks(range(len(rows)), labels)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(axis="y", labelcolor=ink.text)
    if result.block.test == "ccr":
        axes.set_xlim(-3.1, 3.1)
        axes.set_xlabel("CMOS (positive: the first is better)", color=ink.text)
    else:
        axes.set_xlim(-0.03, 1.03)
        axes.set_xticks(np.linspace(0, 1, 5), [f"{share:.0f} %" for share in np.linspace(0, 100, 5)])
        what = "Share that prefers the first" if result.block.test == "ab" else "Share of correct answers"
        axes.set_xlabel(f"{what}, 95 % interval", color=ink.text)


def _rank(row: ResultRow) -> tuple[bool, bool, str, float]:
    return (
        row.noise_class != ALL or row.snr_db is not None,
        row.snr_db is not None,
        row.noise_class,
        row.snr_db or 0.0,
    )


def _said(row: ResultRow) -> str:
    parts = [class_title(row.noise_class)] if row.noise_class != ALL else []
    parts += [snr_title(row.snr_db)] if row.snr_db is not None else []
    return ", ".join(parts) or "all"


def _together(result: BlockResult, measure: str) -> dict[str, ResultRow]:
    return {
        row.condition: row
        for row in result.rows
        if row.measure == measure and row.noise_class == ALL and row.snr_db is None
    }


def _draw_scales(axes: "Axes", result: BlockResult, ink: Ink, *, dark: bool) -> None:
    titles = condition_titles(result.conditions)
    for number, measure in enumerate(result.measures):
        rows = _together(result, measure)
        how = method_style(number + 1, dark=dark)
        shown = [(place, rows[name]) for place, name in enumerate(result.conditions) if name in rows]
        places = [place + 0.18 * (number - 1) for place, _ in shown]
        for place, (_, row) in zip(places, shown, strict=True):
            if row.low is not None and row.high is not None:
                axes.plot([place, place], [row.low, row.high], color=how["color"], linewidth=2)
        estimates = [row.estimate for _, row in shown]
        axes.plot(
            places,
            estimates,
            linestyle="none",
            marker=how["marker"],
            color=how["color"],
            markersize=7,
            label=MEASURES[measure],
        )
    axes.set_ylim(0.8, 5.2)
    axes.set_yticks(range(1, 6))
    axes.set_ylabel("Mean opinion score, 95 % interval", color=ink.text)
    axes.grid(axis="y", color=ink.line, linewidth=0.5, alpha=0.6)
    _name_columns(axes, [titles[name] for name in result.conditions], ink)
    axes.figure.legend(  # type: ignore[union-attr, unused-ignore]
        *axes.get_legend_handles_labels(),
        loc="outside upper right",
        ncols=3,
        frameon=False,
        labelcolor=ink.text,
        fontsize=9,
    )


def _draw_boxes(axes: "Axes", result: BlockResult, ink: Ink, *, dark: bool) -> None:
    titles = condition_titles(result.conditions)
    values = [
        [rating.value for rating in result.ratings if rating.condition == name] for name in result.conditions
    ]
    drawn = axes.boxplot(values, positions=range(len(values)), widths=0.55, patch_artist=True)
    for place, box in enumerate(drawn["boxes"]):
        box.set(facecolor=method_style(place, dark=dark)["color"], alpha=0.55, edgecolor=ink.text)
    for part in ("whiskers", "caps", "medians"):
        for line in drawn[part]:
            line.set_color(ink.text)
    for line in drawn["fliers"]:
        line.set(marker="o", markersize=3, markeredgecolor=ink.muted, markerfacecolor="none")
    axes.set_ylim(-2, 102)
    axes.set_yticks(range(0, 101, 20))
    axes.grid(axis="y", color=ink.line, linewidth=0.5, alpha=0.6)
    axes.set_ylabel("Rating (median, quartiles)", color=ink.text)
    bands = axes.secondary_yaxis("right")
    bands.set_yticks(range(10, 100, 20), MUSHRA_BANDS)
    bands.tick_params(length=0, colors=ink.muted, labelsize=8)
    for spine in bands.spines.values():
        spine.set_visible(False)
    _name_columns(axes, [titles[name] for name in result.conditions], ink)


def _name_columns(axes: "Axes", names: list[str], ink: Ink) -> None:
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.set_xticks(range(len(names)), [name.replace(" ", "\n", 1) for name in names])
    axes.tick_params(axis="x", labelcolor=ink.text, labelsize=9)
