"""Figures of a scene, made without a screen: three spectrograms, the noise class over time, the scores."""

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from workbench.classifier.posterior import ClassPosterior
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.errors import WorkbenchError
from workbench.evaluation.metrics import METRICS, Score, format_value
from workbench.evaluation.panels import COLOUR_MAP, INKS, draw_spectrogram, draw_timeline, say, style
from workbench.evaluation.spectrogram import DEFAULT_LEVELS_DB, DisplaySpec

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FIGURE_SUFFIXES = (".png", ".svg", ".pdf")
PRINTED_METRICS = ("pesq_wb", "stoi", "si_sdr")


def scene_figure(
    clean: Signal | None,
    mixed: Signal,
    denoised: Signal,
    posteriors: Sequence[ClassPosterior] | None = None,
    *,
    title: str = "",
    snr_db: float | None = None,
    method: str = "",
    scores: Mapping[str, Mapping[str, Score]] | None = None,
    theme: Literal["light", "dark"] = "light",
    spec: DisplaySpec = DisplaySpec(),  # noqa: B008 - frozen, of another module
    levels_db: tuple[float, float] = DEFAULT_LEVELS_DB,
) -> "Figure":
    """Draw clean, mixed and denoised side by side, and the noise class under them.

    Parameters
    ----------
    clean : numpy.ndarray or None
        float32, shape (n_samples,); None for a recording without a reference.
    mixed, denoised : numpy.ndarray
        float32, shape (n_samples,).
    posteriors : sequence of ClassPosterior, optional
        What the classifier said; without any, the figure has no timeline.
    title : str
        Heading of the figure.
    snr_db : float, optional
        SNR of the mixture, for its heading.
    method : str
        Title of the method, for the heading of the denoised panel.
    scores : mapping, optional
        Scores by metric name under "mixed" and "denoised"; printed under the panels.
    theme : str
        "light" for print, "dark" for screens.
    spec : DisplaySpec
        The transform.
    levels_db : tuple of float
        Levels of the darkest and the brightest colour, dB re full scale, shared by the panels.

    Returns
    -------
    matplotlib.figure.Figure
        Ready for `save_figure`.

    Raises
    ------
    WorkbenchError
        The mixed signal is empty.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    if not len(mixed):
        raise WorkbenchError("There is nothing to draw: the signal is empty.")
    ink = INKS[theme]
    duration_s = len(mixed) / SAMPLE_RATE
    with_timeline = bool(posteriors)
    figure = Figure(
        figsize=(13, 6.2 if with_timeline else 4.4),
        dpi=150,
        layout=ConstrainedLayoutEngine(h_pad=0.08, w_pad=0.06),
    )
    figure.set_facecolor(ink.ground)
    grid = figure.add_gridspec(2 if with_timeline else 1, 3, height_ratios=[3, 1] if with_timeline else None)

    norm = Normalize(*levels_db)
    headings = {"clean": "Clean", "mixed": _mixed_heading(snr_db), "denoised": _denoised_heading(method)}
    panels: list[Axes] = []
    for column, (name, signal) in enumerate((("clean", clean), ("mixed", mixed), ("denoised", denoised))):
        axes = figure.add_subplot(grid[0, column], sharex=panels[0] if panels else None)
        panels.append(axes)
        style(axes, ink)
        axes.set_title(headings[name], color=ink.text, fontsize=12, loc="left")
        if signal is None:
            say(axes, "no clean reference", ink)
        else:
            draw_spectrogram(axes, signal, spec, norm)
        axes.set_xlim(0, duration_s)
        axes.set_ylim(0, SAMPLE_RATE / 2000)
        axes.tick_params(labelleft=column == 0)
        printed = _printed_scores(scores.get(name) if scores else None)
        axes.set_xlabel("Time (s)" + (f"\n{printed}" if printed else ""), color=ink.text, linespacing=1.7)
    panels[0].set_ylabel("Frequency (kHz)", color=ink.text)

    bar = figure.colorbar(ScalarMappable(norm, COLOUR_MAP), ax=panels, extend="both", pad=0.01, aspect=30)
    bar.set_label("Level (dB re full scale)", color=ink.text)
    bar.ax.tick_params(colors=ink.muted)
    bar.outline.set_edgecolor(ink.line)

    if posteriors:
        timeline = figure.add_subplot(grid[1, :])
        style(timeline, ink)
        draw_timeline(timeline, posteriors, duration_s, ink, dark=theme == "dark")
    if title:
        figure.suptitle(title, color=ink.text, fontsize=14, fontweight="bold")
    if scores:
        figure.supxlabel(
            f"PESQ: {METRICS['pesq_wb'].variant}", x=0.995, ha="right", fontsize=8, color=ink.muted
        )
    return figure


def save_figure(figure: "Figure", path: Path | str) -> Path:
    """Write a figure as PNG, SVG or PDF; the file is there whole or not at all.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What `scene_figure` made.
    path : pathlib.Path or str
        Where to; the suffix says as what. An existing file is replaced.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    WorkbenchError
        The suffix is another one, or the file cannot be written.
    """
    import matplotlib

    path = Path(path)
    if path.suffix.lower() not in FIGURE_SUFFIXES:
        raise WorkbenchError(
            f"Pictures are written as PNG, SVG or PDF: end the name of “{path.name}” in one of "
            f"{', '.join(FIGURE_SUFFIXES)}."
        )
    kind = path.suffix.lower()[1:]
    # The same figure gives the same bytes: no dates, no random names.
    metadata: dict[str, Any] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind, {})
    try:
        with tempfile.TemporaryDirectory(prefix=".figure-", dir=path.parent) as folder:
            part = Path(folder) / path.name
            with matplotlib.rc_context({"svg.hashsalt": "denoise-workbench"}):
                figure.savefig(part, format=kind, facecolor=figure.get_facecolor(), metadata=metadata)
            os.replace(part, path)
    except OSError as error:
        raise WorkbenchError(
            f"“{path}” cannot be written ({error.strerror or error}); choose another place."
        ) from error
    return path


def _mixed_heading(snr_db: float | None) -> str:
    if snr_db is None:
        return "Mixed"
    return f"Mixed, {snr_db:g} dB SNR".replace("-", "−")


def _denoised_heading(method: str) -> str:
    return f"Denoised, {method}" if method else "Denoised"


def _printed_scores(found: Mapping[str, Score] | None) -> str:
    parts = []
    for name in PRINTED_METRICS:
        if found and name in found:
            value = found[name].value
            text = "–" if value is None else format_value(METRICS[name], value)
            parts.append(f"{METRICS[name].title} {text}")
    return "    ".join(parts)
