import time

import numpy as np
import pytest

from workbench.audio.playback import ClockOutput
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.engine.player import Player
from workbench.errors import WorkbenchError
from workbench.listening.order import screens_for
from workbench.listening.prepared import PreparedTest
from workbench.listening.screens import TrialScreen
from workbench.listening.switching import (
    FADE_SAMPLES,
    SWITCH_QUEUE_SAMPLES,
    StimulusSource,
    load_stimuli,
)


class Recorder(ClockOutput):
    """Keeps what is played."""

    def __init__(self) -> None:
        super().__init__("recording")
        self.blocks: list[Signal] = []

    def write(self, block: Signal) -> int:
        n = super().write(block)
        self.blocks.append(block[:n].copy())
        return n


@pytest.fixture
def sounds(prepared: PreparedTest) -> list[Signal]:
    trial = next(
        each for each in screens_for(prepared, 0) if isinstance(each, TrialScreen) and each.test == "mushra"
    )
    return load_stimuli(trial)


def played(source: StimulusSource, n_samples: int, block: int = 256) -> Signal:
    parts = []
    while sum(map(len, parts)) < n_samples:
        made = source.process(min(block, n_samples - sum(map(len, parts))))
        if not made.n_samples:
            break
        parts.append(made.monitor)
    return np.concatenate(parts)


def largest_step(signal: Signal) -> float:
    return float(np.abs(np.diff(signal)).max())


def test_the_step_at_a_switch_stays_below_that_of_the_sounds(sounds: list[Signal]) -> None:
    for at in range(8_000, 72_000, 3_217):
        for old, new in ((0, 1), (1, 2), (3, 4)):
            source = StimulusSource(sounds)
            source.select(old)
            source._glide.take(FADE_SAMPLES)
            source.seek(at - 1000)
            source.process(1)
            played(source, FADE_SAMPLES + 700)
            before = source.position_samples
            source.select(new)
            heard = played(source, FADE_SAMPLES + 1)
            around = slice(before - 400, before + FADE_SAMPLES + 400)
            allowed = max(largest_step(sounds[old][around]), largest_step(sounds[new][around]))
            assert largest_step(np.concatenate([sounds[old][before - 1 : before], heard])) <= allowed


def test_a_hard_switch_would_not_pass() -> None:
    """The measure tells a click: low tones in opposite phase, the worst that a switch can meet."""
    tone = np.sin(2 * np.pi * 100 * np.arange(SAMPLE_RATE) / SAMPLE_RATE + 1.0).astype(np.float32)
    source = StimulusSource([tone, -tone])
    heard = [played(source, 5_000)]
    source.select(1)
    heard.append(played(source, 5_000))
    joined = np.concatenate(heard)[FADE_SAMPLES:]
    assert largest_step(joined) <= largest_step(tone) * 1.001
    hard = np.concatenate([tone[:5_000], -tone[5_000:]])
    assert largest_step(hard) > 10 * largest_step(tone)


def test_positions_agree_to_the_sample() -> None:
    n = 40_000
    place = np.arange(n, dtype=np.float32) / n
    source = StimulusSource([place, -place, place / 2])
    rng = np.random.default_rng(1)
    position = 0
    for turn in range(60):
        index = turn % 3
        source.select(index)
        heard = played(source, FADE_SAMPLES + int(rng.integers(1, 400)), int(rng.integers(1, 500)))
        position += len(heard)
        if position < n - FADE_SAMPLES:
            factor = (1.0, -1.0, 0.5)[index]
            assert heard[-1] == pytest.approx(factor * place[position - 1], abs=1e-7)
    assert source.position_samples == position


def test_equal_sounds_cannot_be_told_by_switching(sounds: list[Signal]) -> None:
    still, switched = StimulusSource([sounds[0], sounds[0]]), StimulusSource([sounds[0], sounds[0]])
    expected = played(still, 30_000)
    parts = []
    for turn in range(30):
        switched.select(turn % 2)
        parts.append(played(switched, 1_000, 100 + turn))
    np.testing.assert_allclose(np.concatenate(parts), expected, atol=1e-6)


def test_block_sizes_change_nothing(sounds: list[Signal]) -> None:
    results = []
    for block in (64, 1_000):
        source = StimulusSource(sounds, gain_db=-6.0, loop=True)
        source.loop = (2_000, 9_000)
        first = played(source, 5_000, block)
        source.select(2)
        source.gain_db = -12.0
        results.append(np.concatenate([first, played(source, 20_000, block)]))
    np.testing.assert_array_equal(*results)


def test_a_loop_comes_round_without_a_step(sounds: list[Signal]) -> None:
    source = StimulusSource(sounds, loop=True)
    n = source.duration_samples
    heard = played(source, 2 * n)
    assert len(heard) == 2 * n
    seam = heard[n - FADE_SAMPLES : n + FADE_SAMPLES]
    assert largest_step(seam) <= largest_step(sounds[0])
    assert abs(seam[FADE_SAMPLES - 1]) < 1e-3
    np.testing.assert_array_equal(heard[n + FADE_SAMPLES : 2 * n], heard[FADE_SAMPLES:n])
    source.loop = None
    source.seek(n - 100)
    assert len(played(source, 1_000)) == 100
    with pytest.raises(WorkbenchError, match="wider"):
        source.loop = (100, 200)


def test_what_was_heard_is_counted_for_the_sound_that_was_chosen(sounds: list[Signal]) -> None:
    source = StimulusSource(sounds)
    quarter = source.duration_samples // 4
    played(source, quarter)
    source.select(3)
    played(source, quarter)
    source.seek(quarter)
    played(source, quarter)
    assert source.heard == pytest.approx([0.25, 0, 0, 0.25, 0, 0], abs=1e-3)


def test_the_level_that_was_set_is_applied(sounds: list[Signal]) -> None:
    quiet = played(StimulusSource(sounds, gain_db=-20.0), 20_000)
    np.testing.assert_allclose(quiet, 0.1 * played(StimulusSource(sounds), 20_000), atol=1e-6)


def test_sounds_of_unequal_length_are_refused(sounds: list[Signal]) -> None:
    for wrong in ([], [sounds[0], sounds[1][:-1]]):
        with pytest.raises(WorkbenchError, match="differ in length"):
            StimulusSource(wrong)


def test_a_player_plays_it_and_clicks_nowhere(sounds: list[Signal]) -> None:
    output = Recorder()
    source = StimulusSource(sounds, loop=True)
    player = Player(source, output, queue_samples=SWITCH_QUEUE_SAMPLES)
    try:
        player.seek(16_000)
        player.play()
        for index in (1, 2, 4, 0):
            time.sleep(0.15)
            source.select(index)
        time.sleep(0.15)
        assert player.failure == ""
        assert 16_000 < player.position_samples < source.duration_samples
    finally:
        player.close()
    heard = np.concatenate(output.blocks)
    used = [sound[16_000 : 16_000 + len(heard)] for sound in sounds]
    assert largest_step(heard) <= max(map(largest_step, used))
