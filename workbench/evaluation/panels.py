"""What the figures are put together from: colours, spectrograms, the classes over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench.classifier.posterior import CLASSES, ClassPosterior
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.evaluation.palette import class_colour
from workbench.evaluation.spectrogram import DisplaySpec, spectrogram_db

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOUR_MAP = "magma"
# More columns than a printed panel can show only make files large.
_MAX_COLUMNS = 1600


@dataclass(frozen=True)
class Ink:
    """The colours of a theme, each "#rrggbb"."""

    ground: str
    panel: str
    text: str
    muted: str
    line: str


INKS = {
    "light": Ink(ground="#ffffff", panel="#f3f4f6", text="#1a1d22", muted="#5b636f", line="#b6bcc6"),
    "dark": Ink(ground="#141619", panel="#1b1e23", text="#e9ebee", muted="#9da4af", line="#454c57"),
}


def style(axes: "Axes", ink: Ink) -> None:
    """Give axes the colours of a theme."""
    axes.set_facecolor(ink.panel)
    axes.tick_params(colors=ink.muted)
    for spine in axes.spines.values():
        spine.set_color(ink.line)


def say(axes: "Axes", text: str, ink: Ink) -> None:
    """Write a text into the middle of empty axes."""
    axes.text(
        0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=ink.muted, fontsize=12
    )


def draw_spectrogram(axes: "Axes", signal: Signal, spec: DisplaySpec, norm: Any) -> None:
    """Draw the spectrogram of a signal, over seconds and kHz."""
    # Half a window of zeros on each side centres column k on sample k * hop.
    columns = spectrogram_db(np.pad(signal, spec.window_samples // 2), spec)
    stride = -(-len(columns) // _MAX_COLUMNS)
    columns = _loudest_of(columns, stride)
    hop_s = stride * spec.hop_samples / SAMPLE_RATE
    first_s = (stride - 1) / 2 * spec.hop_samples / SAMPLE_RATE - hop_s / 2
    bin_khz = SAMPLE_RATE / 2000 / (spec.n_bins - 1)
    axes.imshow(
        columns.T,
        origin="lower",
        aspect="auto",
        cmap=COLOUR_MAP,
        norm=norm,
        interpolation="nearest",
        extent=(first_s, first_s + len(columns) * hop_s, -bin_khz / 2, SAMPLE_RATE / 2000 + bin_khz / 2),
    )


def _loudest_of(columns: NDArray[np.float32], stride: int) -> NDArray[np.float32]:
    """Keep the highest of every `stride` columns, so that short events stay visible."""
    if stride == 1:
        return columns
    return np.maximum.reduceat(columns, np.arange(0, len(columns), stride), axis=0)


def draw_timeline(
    axes: "Axes", posteriors: Sequence[ClassPosterior], duration_s: float, ink: Ink, *, dark: bool
) -> None:
    """Draw the probability of each class over time, stacked, with a legend."""
    ends_s = np.array([posterior.time_samples for posterior in posteriors]) / SAMPLE_RATE
    shares = np.stack([posterior.probabilities for posterior in posteriors])
    # Each posterior speaks for the time since the one before; the last one until the end.
    edges_s = np.concatenate(([0.0], ends_s))
    if edges_s[-1] < duration_s:
        edges_s[-1] = duration_s
    base = np.zeros(len(shares))
    for index, noise_class in enumerate(CLASSES):
        top = base + shares[:, index]
        axes.stairs(
            top,
            edges_s,
            baseline=base,
            fill=True,
            color=class_colour(noise_class, dark=dark),
            label=noise_class.label,
            linewidth=0,
        )
        base = top
    axes.set_xlim(0, duration_s)
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    axes.set_xlabel("Time (s)", color=ink.text)
    axes.set_title("Noise class", color=ink.text, fontsize=12, loc="left")
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=len(CLASSES),
        frameon=False,
        labelcolor=ink.text,
        fontsize=9,
    )
