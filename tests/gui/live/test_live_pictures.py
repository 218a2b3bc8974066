"""What scrolls: the last half minute of spectrograms and noise classes."""

import numpy as np
import pytest

from workbench.classifier.posterior import CLASSES, ClassPosterior
from workbench.dsp import SAMPLE_RATE
from workbench.engine.graph import GraphBlock
from workbench.evaluation.spectrogram import spectrogram_db
from workbench.gui.live.live_picture import LivePicture, SlidingTrack, Waterfall
from workbench.gui.live.live_range import KEPT_S, LiveRange
from workbench.gui.live.scrolling_panel import MAX_SLOTS, ScrollingImage
from workbench.gui.shared.spectrogram_strip import LOWEST_DB, STEPS_PER_DB


def sweep(seconds: float) -> np.ndarray:
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.3 * np.sin(2 * np.pi * (200 + 300 * times) * times)).astype(np.float32)


def block(position: int, signal: np.ndarray, posteriors: list[ClassPosterior] | None = None) -> GraphBlock:
    return GraphBlock(position, None, signal, signal, posteriors or [], signal)


def test_columns_are_those_of_the_offline_spectrogram_whatever_the_blocks() -> None:
    signal = sweep(3.0)
    waterfall = Waterfall()
    for part in np.split(signal, [100, 1000, 5000, 20_000]):
        waterfall.add(part)
    expected = (spectrogram_db(signal) - LOWEST_DB) * STEPS_PER_DB
    assert waterfall.n_written == len(expected)
    np.testing.assert_allclose(waterfall.columns(0, len(expected)), np.clip(expected, 0, 255), atol=0.51)


def test_only_the_last_half_minute_is_kept() -> None:
    waterfall = Waterfall()
    for _ in range(8):
        waterfall.add(sweep(5.0))
    assert waterfall.n_written > waterfall.n_columns
    assert waterfall.cell_at(-KEPT_S + 0.05, 0.5) is not None
    assert waterfall.cell_at(-KEPT_S - 0.05, 0.5) is None
    assert waterfall.cell_at(0.1, 0.5) is None


@pytest.mark.parametrize("span_s", [1.0, 6.0, 30.0])
def test_the_image_shows_the_newest_columns_in_order_however_often_it_is_drawn(
    qapp: object, span_s: float
) -> None:
    waterfall, image = Waterfall(), ScrollingImage()
    grey = np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)
    image.setLookupTable(grey)
    for part in np.array_split(np.tile(sweep(5.0), 8), 300):
        waterfall.add(part)
        image.follow(waterfall, span_s)
    slots, group = image._n_slots, image._group
    assert slots <= MAX_SLOTS
    first = image._n_drawn % slots
    shown = (image._pixels[:, first : first + slots] & 0xFF).T
    stop = waterfall.n_written // group * group
    expected = waterfall.columns(stop - slots * group, stop).reshape(slots, group, -1).max(axis=1)
    np.testing.assert_array_equal(shown, expected)
    assert image.boundingRect().right() == 0
    assert image.boundingRect().left() == pytest.approx(-span_s, abs=0.1)


def test_another_colour_map_repaints_what_is_there(qapp: object) -> None:
    waterfall, image = Waterfall(), ScrollingImage()
    waterfall.add(sweep(8.0))
    image.follow(waterfall, 6.0)
    before = image._pixels.copy()
    image.setLookupTable(np.full((256, 3), 200, np.uint8))
    assert (image._pixels == 0xFFC8C8C8).all()
    assert not np.array_equal(before, image._pixels)


def test_classes_slide_with_the_sound_and_keep_their_place() -> None:
    track = SlidingTrack()
    hop = SAMPLE_RATE // 2
    for number in range(200):
        probabilities = np.zeros(len(CLASSES), np.float32)
        probabilities[number % 4] = 1.0
        end = (number + 1) * hop
        found = [ClassPosterior(end, probabilities)]
        track.add([block(number * hop, np.zeros(hop, np.float32), found)])
        for back in range(min(number + 1, 50)):
            at = track.at(-0.25 - 0.5 * back)
            assert at is not None
            assert int(np.argmax(at)) == (number - back) % 4
    assert track.latest is not None


def test_the_classes_of_now_are_unknown_while_the_classifier_rests() -> None:
    track = SlidingTrack()
    known = ClassPosterior(8000, np.full(len(CLASSES), 0.2, np.float32))
    track.add([block(0, np.zeros(8000, np.float32), [known])])
    assert track.latest is not None
    track.add([block(8000, np.zeros(2 * SAMPLE_RATE, np.float32))])
    assert track.latest is None


def test_clean_is_dark_where_there_is_none() -> None:
    picture = LivePicture()
    picture.add([block(0, sweep(1.0))])
    clean, mixed = picture.waterfalls["clean"], picture.waterfalls["mixed"]
    assert clean.n_written == mixed.n_written > 0
    assert clean.columns(0, clean.n_written).max() == 0
    assert mixed.columns(0, mixed.n_written).max() > 100


def test_the_range_ends_now_whatever_is_done_to_it(qapp: object) -> None:
    view = LiveRange()
    view.zoom_time(0.5, -2.0)
    assert view.time_s == (-3.0, 0.0)
    view.pan(1.0, 0.0)
    assert view.time_s == (-3.0, 0.0)
    view.zoom_time(0.001, 0.0)
    assert view.time_s == (-1.0, 0.0)
    view.show_all()
    assert view.time_s == (-KEPT_S, 0.0)
