"""What the pictures are drawn from."""

import numpy as np
import pytest

from workbench.classifier.posterior import CLASSES, ClassPosterior
from workbench.engine.graph import LiveGraph
from workbench.engine.render import render_scene
from workbench.engine.scene import LoadedScene, demo_scenes, load_scene
from workbench.gui.shared.posterior_track import PosteriorTrack
from workbench.gui.shared.spectrogram_strip import STEPS_PER_DB, SpectrogramStrip, colour_table
from workbench.gui.shared.view_range import ViewRange
from workbench.gui.studio.picture import Picture


@pytest.fixture(scope="module")
def demo() -> LoadedScene:
    return load_scene(demo_scenes()[0])


def play(graph: LiveGraph, picture: Picture, n_samples: int, block: int = 256) -> None:
    done = 0
    while done < n_samples:
        made = graph.process(min(block, n_samples - done))
        picture.add_live([made])
        done += made.n_samples


def test_playing_draws_the_same_picture_as_rendering(demo: LoadedScene) -> None:
    rendered = Picture.of_rendered(render_scene(demo))
    live = Picture.of_loaded(demo)
    play(LiveGraph(demo), live, 40_000)
    columns = 40_000 // 128 - 4
    for name, strip in live.strips.items():
        difference = strip.cells[:columns].astype(int) - rendered.strips[name].cells[:columns]
        assert np.abs(difference).max() <= 1.5 * STEPS_PER_DB, name
    cells = slice(0, 30)
    np.testing.assert_allclose(
        live.track.probabilities[cells], rendered.track.probabilities[cells], atol=0.02
    )


def test_playing_at_another_snr_leaves_the_rest_as_it_was(demo: LoadedScene) -> None:
    picture = Picture.of_rendered(render_scene(demo))
    before = picture.strips["mixed"].cells.copy()
    graph = LiveGraph(demo, snr_db=-10)
    graph.seek(16_000)
    play(graph, picture, 16_000)
    changed = np.flatnonzero((picture.strips["mixed"].cells != before).any(axis=1))
    assert 16_000 / 128 - 3 <= changed[0] <= 16_000 / 128 + 3
    assert changed[-1] <= 32_000 / 128 + 2


def test_taking_over_keeps_what_was_heard(demo: LoadedScene) -> None:
    picture, other = Picture.of_loaded(demo), Picture.of_rendered(render_scene(demo))
    picture.take_over(other, 12_800)
    assert not picture.strips["denoised"].cells[:100].any()
    np.testing.assert_array_equal(
        picture.strips["denoised"].cells[100:], other.strips["denoised"].cells[100:]
    )


def test_strip_keeps_the_loudest_of_a_group_and_never_exceeds_the_screen() -> None:
    strip = SpectrogramStrip(1000, 4)
    strip.write(0, np.full((1000, 4), -80, np.float32))
    strip.write(501, np.full((1, 4), 0, np.float32))
    image, first, last = strip.window(13, 987, 100)
    assert image.shape[1] <= 101
    assert first <= 13 < 987 <= last
    assert image.max() == 255
    assert (image == 255).sum() == 4


@pytest.mark.parametrize("max_columns", [7, 60, 90, 1000])
def test_coarse_and_fine_show_the_same(max_columns: int) -> None:
    strip = SpectrogramStrip(1003, 3)
    random = np.random.default_rng(4)
    for first in (0, 400, 117, 990):
        strip.write(first, random.uniform(-100, 0, (413, 3)).astype(np.float32))
    image, first, last = strip.window(96, 960, max_columns)
    group = (last - first) // image.shape[1]
    for column in range(image.shape[1]):
        start = first + column * group
        part = strip.cells[start : min(start + group, 960)]
        np.testing.assert_array_equal(image[:, column], part.max(axis=0))


@pytest.mark.parametrize("first", [-5, 0, 7, 9, 20])
def test_strip_ignores_what_lies_outside(first: int) -> None:
    strip = SpectrogramStrip(10, 2)
    strip.write(first, np.zeros((6, 2), np.float32))
    assert strip.cells.shape == (10, 2)
    wanted = [0 <= column - first < 6 for column in range(10)]
    np.testing.assert_array_equal(strip.cells[:, 0] == 255, wanted)


def test_colour_table_puts_the_ends_at_the_levels() -> None:
    gray = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    table = colour_table(gray, -80.0, -20.0)[:, 0]
    levels = -100 + np.arange(256) / STEPS_PER_DB
    assert (table[levels <= -80] == 0).all()
    assert (table[levels >= -20] == 255).all()
    assert (np.diff(table.astype(int)) >= 0).all()


def test_posterior_speaks_for_the_stretch_before_it() -> None:
    track = PosteriorTrack(2.0)
    one = np.eye(len(CLASSES), dtype=np.float32)
    track.write([ClassPosterior(8_000, one[0]), ClassPosterior(12_000, one[2])])
    assert track.at(0.1) is not None
    assert np.argmax(track.at(0.45)) == 0
    assert np.argmax(track.at(0.6)) == 2
    assert track.at(1.0) is None
    track.jump()
    track.write([ClassPosterior(28_000, one[4])])
    assert track.at(1.0) is None, "it does not reach back over a jump further than half a second"
    assert np.argmax(track.at(1.5)) == 4


def test_view_stays_inside_the_scene(qapp: object) -> None:
    view = ViewRange()
    view.open_scene(10.0)
    assert view.time_s == (0.0, 6.0)
    view.pan(100.0)
    assert view.time_s == (4.0, 10.0)
    view.zoom_time(0.5, 7.0)
    assert view.time_s == (5.5, 8.5)
    view.zoom_time(1000.0, 7.0)
    assert view.time_s == (0.0, 10.0)
    view.show(2.0, 4.0)
    view.follow(9.9)
    assert view.time_s == (8.0, 10.0)
    view.zoom_band(0.25, 0.0)
    assert view.band_hz == (0.0, 2000.0)
