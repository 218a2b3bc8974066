"""A metric over the SNR: a curve per method with the band of its confidence interval, a panel per class."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from workbench.evaluation.metrics import find_metric
from workbench.evaluation.palette import method_style
from workbench.evaluation.panels import INKS, style
from workbench.evaluation.plan import SweepPlan
from workbench.evaluation.statistics import ALL, Cell
from workbench.evaluation.tables import class_title, method_titles

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MAX_COLUMNS = 3


def curve_figure(
    cells: Sequence[Cell],
    plan: SweepPlan,
    metric: str,
    *,
    classes: Sequence[str] | None = None,
    theme: Literal["light", "dark"] = "light",
) -> "Figure":
    """Draw a metric against the SNR.

    Parameters
    ----------
    cells : sequence of Cell
        What `workbench.evaluation.statistics.summarise` returns; the sweep need not be finished.
    plan : SweepPlan
    metric : str
    classes : sequence of str, optional
        A panel each; all classes together and each alone if not given.
    theme : str
        "light" for print, "dark" for screens.

    Returns
    -------
    matplotlib.figure.Figure
        Ready for `workbench.evaluation.figures.save_figure`.
    """
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    if classes is None:
        names = [name for name, _ in plan.noise]
        classes = [ALL, *names] if len(names) > 1 else names
    about, ink, is_dark = find_metric(metric), INKS[theme], theme == "dark"
    n_columns = min(len(classes), _MAX_COLUMNS)
    n_rows = -(-len(classes) // n_columns)
    figure = Figure(
        figsize=(4.2 * n_columns, 3.2 * n_rows + 1.0),
        dpi=150,
        layout=ConstrainedLayoutEngine(h_pad=0.08, w_pad=0.08),
    )
    figure.set_facecolor(ink.ground)
    titles = method_titles(plan.all_methods)
    found = {(cell.noise_class, cell.method, cell.snr_db): cell for cell in cells if cell.metric == metric}
    panels = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True, sharey=True).flatten()
    for axes, noise_class in zip(panels, classes, strict=False):
        style(axes, ink)
        axes.set_title(class_title(noise_class), color=ink.text, fontsize=11, loc="left")
        axes.grid(color=ink.line, linewidth=0.5, alpha=0.6)
        axes.set_xticks(sorted(plan.snrs_db))
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("SNR (dB)", color=ink.text)
        for place, method in enumerate(plan.all_methods):
            drawn = [found.get((noise_class, method, snr_db)) for snr_db in sorted(plan.snrs_db)]
            points = [cell for cell in drawn if cell is not None and cell.mean is not None]
            snrs = [cell.snr_db for cell in points]
            how = method_style(place, dark=is_dark)
            means = [cell.mean for cell in points]
            axes.plot(snrs, means, label=titles[method], linewidth=1.6, markersize=4, **how)
            banded = [cell for cell in points if cell.low is not None]
            axes.fill_between(
                [cell.snr_db for cell in banded],
                [cell.low for cell in banded],
                [cell.high for cell in banded],
                color=how["color"],
                alpha=0.15,
                linewidth=0,
            )
    for axes in panels[len(classes) :]:
        axes.remove()
    label = about.title + (f" ({about.unit})" if about.unit else "")
    figure.supylabel(label, color=ink.text, fontsize=11)
    figure.legend(
        *panels[0].get_legend_handles_labels(),
        loc="outside upper center",
        ncols=min(len(plan.all_methods), 6),
        frameon=False,
        labelcolor=ink.text,
        fontsize=9,
    )
    figure.supxlabel(
        f"{about.title}: {about.variant}. Bands: 95 % confidence interval over utterances.",
        x=0.995,
        ha="right",
        fontsize=7,
        color=ink.muted,
    )
    return figure
