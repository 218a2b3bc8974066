"""The learning curve as a picture."""

from pathlib import Path

from train_cli.runs import read_curve

FIGURE_NAME = "curve.png"
_NOT_DRAWN = ("step", "mixtures_per_s", "waiting_share")


def draw_curve(run: Path) -> Path | None:
    """Draw every column of a run's learning curve against the steps, one panel each.

    Returns
    -------
    Path or None
        The picture; None if there is no validation to draw yet.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = read_curve(run)
    if not rows:
        return None
    # What is gained over the noisy signal has the shape of what is reached.
    names = [name for name in rows[0] if name not in _NOT_DRAWN and not name.endswith("_gain")]
    n_columns = min(len(names), 3)
    n_rows = -(-len(names) // n_columns)
    figure = Figure(figsize=(3.6 * n_columns, 2.4 * n_rows), layout="constrained")
    FigureCanvasAgg(figure)
    steps = [row["step"] for row in rows]
    best = max(range(len(rows)), key=lambda index: rows[index]["quality"])
    for index, name in enumerate(names, start=1):
        axes = figure.add_subplot(n_rows, n_columns, index)
        axes.plot(steps, [row[name] for row in rows], marker="." if len(rows) < 30 else "", linewidth=1.2)
        axes.axvline(steps[best], color="0.7", linewidth=0.8, linestyle="--")
        axes.set_title(name.replace("_", " "), fontsize=9)
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.25)
    figure.supxlabel("Training steps (dashed: best weights)", fontsize=9)
    path = run / FIGURE_NAME
    figure.savefig(path, dpi=120)
    return path
