from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from workbench.classifier.posterior import CLASSES, ClassPosterior
from workbench.dsp.mixing import Mixture
from workbench.errors import WorkbenchError
from workbench.evaluation.figures import save_figure, scene_figure
from workbench.evaluation.metrics import Score
from workbench.evaluation.palette import class_colour

POSTERIORS = [
    ClassPosterior(8064 * (k + 1), np.array([0.1, 0.1, 0.6, 0.15, 0.05], np.float32)) for k in range(15)
]
SCORES = {
    "mixed": {"pesq_wb": Score(1.2), "stoi": Score(0.8), "si_sdr": Score(-4.96)},
    "denoised": {"pesq_wb": Score(None, "PESQ finds no speech in the clean signal."), "stoi": Score(0.85)},
}


def _figure(pair: Mixture, theme: Literal["light", "dark"] = "light") -> Figure:
    return scene_figure(
        pair.clean,
        pair.noisy,
        pair.clean,
        POSTERIORS,
        title="On a busy street",
        snr_db=-5.0,
        method="adaptive",
        scores=SCORES,
        theme=theme,
    )


def _words(figure: Figure) -> str:
    texts = [figure._suptitle, figure._supxlabel] + [
        text
        for axes in figure.axes
        for text in (axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label, *axes.texts)
    ]
    return "\n".join(text.get_text() for text in texts if text is not None)


def test_panels_share_scale_and_axes(pair: Mixture) -> None:
    figure = _figure(pair)
    panels = figure.axes[:3]
    images = [axes.images[0] for axes in panels]
    assert len({image.norm.vmin for image in images}) == len({image.norm.vmax for image in images}) == 1
    assert {axes.get_xlim() for axes in panels} == {(0, len(pair.noisy) / 16000)}
    assert {axes.get_ylim() for axes in panels} == {(0, 8)}
    assert {image.get_cmap().name for image in images} == {"magma"}
    timeline = figure.axes[-1]
    assert timeline.get_xlim() == panels[0].get_xlim()
    labels = [text.get_text() for text in timeline.get_legend().get_texts()]
    assert labels == [noise_class.label for noise_class in CLASSES]


def test_words_on_the_figure(pair: Mixture) -> None:
    words = _words(_figure(pair))
    for expected in (
        "On a busy street",
        "Mixed, −5 dB SNR",
        "Denoised, adaptive",
        "PESQ 1.20 MOS",
        "STOI 0.800",
        "SI-SDR −5.0 dB",
        "PESQ –",
        "without Corrigendum 2",
        "Time (s)",
        "Frequency (kHz)",
        "dB re full scale",
    ):
        assert expected in words


def test_recording_without_reference(pair: Mixture) -> None:
    figure = scene_figure(None, pair.noisy, pair.clean)
    assert "no clean reference" in _words(figure)
    assert not figure.axes[0].images
    assert len(figure.axes) == 4


def test_speech_shows_where_it_is(pair: Mixture) -> None:
    figure = _figure(pair)
    image = figure.axes[0].images[0]
    left, right, _, top = image.get_extent()
    columns = image.get_array()
    assert left == pytest.approx(-0.004)
    assert right == pytest.approx(len(pair.clean) / 16000, abs=0.013)
    assert top == pytest.approx(8, abs=0.02)
    click = np.zeros(16000, np.float32)
    click[8000] = 1
    shown = scene_figure(None, click, click).axes[1].images[0]
    left, right, _, _ = shown.get_extent()
    columns = shown.get_array().mean(axis=0)
    assert left + (columns.argmax() + 0.5) * (right - left) / len(columns) == pytest.approx(0.5, abs=0.005)


def test_long_recordings_keep_short_events() -> None:
    signal = np.zeros(120 * 16000, np.float32)
    signal[60 * 16000] = 1
    image = scene_figure(None, signal, signal).axes[1].images[0]
    columns = image.get_array()
    assert columns.shape[1] <= 1600
    loudest = columns.mean(axis=0).argmax()
    left, right, _, _ = image.get_extent()
    assert left + (loudest + 0.5) * (right - left) / columns.shape[1] == pytest.approx(60, abs=0.1)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_png(pair: Mixture, tmp_path: Path, theme: Literal["light", "dark"]) -> None:
    path = save_figure(_figure(pair, theme), tmp_path / "scene.png")
    picture = imread(path)
    assert picture.shape[1] >= 1500
    corner = picture[2, 2, :3].mean()
    assert corner > 0.9 if theme == "light" else corner < 0.2
    assert [entry.name for entry in tmp_path.iterdir()] == ["scene.png"]


@pytest.mark.parametrize(("suffix", "magic"), [("svg", b"<?xml"), ("pdf", b"%PDF"), ("PNG", b"\x89PNG")])
def test_formats_are_reproducible(pair: Mixture, tmp_path: Path, suffix: str, magic: bytes) -> None:
    first = save_figure(_figure(pair), tmp_path / f"a.{suffix}").read_bytes()
    second = save_figure(_figure(pair), str(tmp_path / f"b.{suffix}")).read_bytes()
    assert first.startswith(magic)
    assert first == second


def test_unwritable_places_and_kinds_are_explained(pair: Mixture, tmp_path: Path) -> None:
    figure = scene_figure(None, pair.noisy[:8000], pair.noisy[:8000])
    with pytest.raises(WorkbenchError, match="PNG, SVG or PDF"):
        save_figure(figure, tmp_path / "scene.bmp")
    with pytest.raises(WorkbenchError, match="cannot be written"):
        save_figure(figure, tmp_path / "nowhere" / "scene.png")
    with pytest.raises(WorkbenchError, match="empty"):
        scene_figure(None, np.zeros(0, np.float32), np.zeros(0, np.float32))


def _luminance(colour: str) -> float:
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize(("dark", "ground"), [(False, "#ffffff"), (True, "#141619")])
def test_class_colours_are_distinct_and_stand_out(dark: bool, ground: str) -> None:
    colours = [class_colour(noise_class, dark=dark) for noise_class in CLASSES]
    assert len(set(colours)) == len(CLASSES)
    for colour in colours:
        low, high = sorted((_luminance(colour), _luminance(ground)))
        # Graphical objects: at least 3:1 (WCAG 2.2, 1.4.11).
        assert (high + 0.05) / (low + 0.05) >= 3, colour
