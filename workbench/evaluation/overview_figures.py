"""The two overviews: spectrograms over the SNR, and what the classifier hears in each class of noise."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from workbench.classifier.posterior import CLASSES, ClassPosterior
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.errors import WorkbenchError
from workbench.evaluation.palette import class_colour
from workbench.evaluation.panels import COLOUR_MAP, INKS, Ink, draw_spectrogram, draw_timeline, style
from workbench.evaluation.spectrogram import DEFAULT_LEVELS_DB, DisplaySpec

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Theme = Literal["light", "dark"]
_SPEC = DisplaySpec()
_WAVEFORM_POINTS = 1200


@dataclass(frozen=True, eq=False)
class GridRow:
    """A scene at one SNR: signals of float32, shape (n_samples,), all of one length."""

    snr_db: float
    clean: Signal
    mixed: Signal
    denoised: Signal


@dataclass(frozen=True, eq=False)
class HeardScene:
    """A noisy signal, float32 of shape (n_samples,), and what the classifier said about it."""

    title: str
    mixed: Signal
    posteriors: Sequence[ClassPosterior]


def snr_grid_figure(
    rows: Sequence[GridRow], *, title: str = "", method: str = "", theme: Theme = "light"
) -> "Figure":
    """Draw a row of spectrograms per SNR: clean, mixed and denoised.

    Parameters
    ----------
    rows : sequence of GridRow
        From top to bottom.
    title : str
        Heading.
    method : str
        Title of the method.
    theme : str
        "light" for print, "dark" for screens.

    Returns
    -------
    matplotlib.figure.Figure
        Ready for `workbench.evaluation.figures.save_figure`.

    Raises
    ------
    WorkbenchError
        There is no row, or its signals are empty.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    if not rows or not all(len(row.mixed) for row in rows):
        raise WorkbenchError("There is nothing to draw: the scene is empty.")
    ink, norm = INKS[theme], Normalize(*DEFAULT_LEVELS_DB)
    figure = _figure(11, 1.5 * len(rows) + 1.2, ink)
    panels = figure.subplots(len(rows), 3, squeeze=False, sharex=True, sharey=True)
    headings = ("Clean", "Mixed", f"Denoised, {method}" if method else "Denoised")
    for axes, heading in zip(panels[0], headings, strict=True):
        axes.set_title(heading, color=ink.text, fontsize=12, loc="left")
    for line, row in zip(panels, rows, strict=True):
        for axes, signal in zip(line, (row.clean, row.mixed, row.denoised), strict=True):
            style(axes, ink)
            draw_spectrogram(axes, signal, _SPEC, norm)
            axes.set_xlim(0, len(signal) / SAMPLE_RATE)
            axes.set_ylim(0, SAMPLE_RATE / 2000)
        line[0].set_ylabel(f"{row.snr_db:g} dB SNR\nkHz".replace("-", "−"), color=ink.text)
    for axes in panels[-1]:
        axes.set_xlabel("Time (s)", color=ink.text)
    bar = figure.colorbar(ScalarMappable(norm, COLOUR_MAP), ax=panels, extend="both", pad=0.01, aspect=50)
    bar.set_label("Level (dB re full scale)", color=ink.text)
    bar.ax.tick_params(colors=ink.muted)
    bar.outline.set_edgecolor(ink.line)
    if title:
        figure.suptitle(title, color=ink.text, fontsize=14, fontweight="bold")
    return figure


def classes_figure(scenes: Sequence[HeardScene], *, title: str = "", theme: Theme = "light") -> "Figure":
    """Draw a column per scene: waveform, spectrogram and the probability of each class over time.

    Parameters
    ----------
    scenes : sequence of HeardScene
        From left to right, one per class of noise, say.
    title : str
        Heading.
    theme : str
        "light" for print, "dark" for screens.

    Returns
    -------
    matplotlib.figure.Figure
        Ready for `workbench.evaluation.figures.save_figure`.

    Raises
    ------
    WorkbenchError
        There is no scene, or one is empty.
    """
    from matplotlib.colors import Normalize

    if not scenes or not all(len(scene.mixed) for scene in scenes):
        raise WorkbenchError("There is nothing to draw: the scene is empty.")
    ink, norm, is_dark = INKS[theme], Normalize(*DEFAULT_LEVELS_DB), theme == "dark"
    figure = _figure(max(3.6 * len(scenes), 7.0), 6.4, ink)
    panels = figure.subplots(
        3, len(scenes), squeeze=False, sharex="col", sharey="row", height_ratios=[1, 2, 2]
    )
    for column, scene in zip(panels.T, scenes, strict=True):
        duration_s = len(scene.mixed) / SAMPLE_RATE
        for axes in column:
            style(axes, ink)
        column[0].set_title(scene.title, color=ink.text, fontsize=12, loc="left")
        _draw_waveform(column[0], scene.mixed, ink)
        draw_spectrogram(column[1], scene.mixed, _SPEC, norm)
        column[1].set_ylim(0, SAMPLE_RATE / 2000)
        draw_timeline(column[2], scene.posteriors, duration_s, ink, dark=is_dark)
        column[2].get_legend().remove()
        column[2].set_title("", loc="left")
        column[2].set_xlim(0, duration_s)
    for axes, label in zip(panels[:, 0], ("Amplitude", "Frequency (kHz)", "Noise class"), strict=True):
        axes.set_ylabel(label, color=ink.text)
    _add_class_legend(figure, ink, is_dark=is_dark)
    if title:
        figure.suptitle(title, color=ink.text, fontsize=14, fontweight="bold")
    return figure


def _figure(width: float, height: float, ink: Ink) -> "Figure":
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=(width, height), dpi=150, layout=ConstrainedLayoutEngine(h_pad=0.06, w_pad=0.06))
    figure.set_facecolor(ink.ground)
    return figure


def _draw_waveform(axes: "Axes", signal: Signal, ink: Ink) -> None:
    """Draw the span between lowest and highest sample of each stretch."""
    n_points = min(_WAVEFORM_POINTS, len(signal))
    starts = np.linspace(0, len(signal), n_points, endpoint=False).astype(np.intp)
    low, high = np.minimum.reduceat(signal, starts), np.maximum.reduceat(signal, starts)
    axes.fill_between(starts / SAMPLE_RATE, low, high, color=ink.muted, linewidth=0.4, edgecolor=ink.muted)


def _add_class_legend(figure: "Figure", ink: Ink, *, is_dark: bool) -> None:
    from matplotlib.patches import Patch

    figure.legend(
        handles=[Patch(color=class_colour(each, dark=is_dark), label=each.label) for each in CLASSES],
        loc="outside lower center",
        ncols=len(CLASSES),
        frameon=False,
        labelcolor=ink.text,
        fontsize=9,
    )
