import time
from itertools import pairwise

import numpy as np
import pytest

from workbench.audio.playback import ClockOutput
from workbench.dsp import SAMPLE_RATE
from workbench.engine.graph import LiveGraph
from workbench.engine.player import MAX_QUEUE_SAMPLES, QUEUE_SAMPLES, Player
from workbench.engine.render import render_scene
from workbench.errors import WorkbenchError


class RecordingOutput(ClockOutput):
    """A clock that remembers what it was given, and breaks on request."""

    def __init__(self):
        super().__init__("no device")
        self.heard = []
        self.breaks = None

    def write(self, block):
        if self.breaks is not None:
            raise self.breaks
        n = super().write(block)
        self.heard.append(block[:n].copy())
        return n


def wait_for(condition, seconds=20.0):
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.005)


@pytest.fixture
def output():
    return RecordingOutput()


@pytest.fixture
def make_player(output):
    players = []

    def make(graph):
        players.append(Player(graph, output))
        return players[-1]

    yield make
    for player in players:
        player.close()


@pytest.fixture
def graph(loaded):
    return LiveGraph(loaded, monitor="mixed", loudness_matched=False)


def test_a_scene_plays_to_its_end_and_again(make_player, output, graph, loaded):
    player = make_player(graph)
    player.seek(loaded.duration_samples - SAMPLE_RATE // 2)
    player.play()
    wait_for(lambda: not player.playing)

    assert player.failure == ""
    assert player.position_samples == loaded.duration_samples
    blocks = player.poll()
    assert sum(block.n_samples for block in blocks) == SAMPLE_RATE // 2
    heard = np.concatenate(output.heard)
    np.testing.assert_allclose(
        heard[: SAMPLE_RATE // 2], render_scene(loaded).mixed[-SAMPLE_RATE // 2 :], atol=1e-6
    )
    assert player.underruns == 0
    assert player.load > 0
    player.play()
    wait_for(lambda: 0 < player.position_samples < loaded.duration_samples // 2)


def test_the_position_is_what_is_heard(make_player, output, graph):
    player = make_player(graph)
    player.play()
    wait_for(lambda: output.played_samples > 4000)
    before = output.played_samples
    position = player.position_samples
    after = output.played_samples

    assert before <= position <= after


def test_a_machine_that_is_too_busy_gets_a_longer_queue(make_player, output, graph):
    player = make_player(graph)
    output._underruns += 1
    player.loop = (0, 30_000)
    player.play()
    wait_for(lambda: output.queued_samples > QUEUE_SAMPLES)
    for _ in range(10):
        output._underruns += 1
        time.sleep(0.02)
    assert output.queued_samples <= MAX_QUEUE_SAMPLES


def test_pause_keeps_the_place(make_player, output, graph):
    player = make_player(graph)
    player.play()
    wait_for(lambda: player.position_samples > 4000)
    player.pause()
    wait_for(lambda: not player._running)
    held = player.position_samples
    n_made = len(output.heard)
    time.sleep(0.1)

    assert player.position_samples == held
    assert len(output.heard) == n_made
    player.play()
    wait_for(lambda: player.position_samples > held + 1000)
    blocks = player.poll()
    ends = [block.position_samples + block.n_samples for block in blocks]
    assert [block.position_samples for block in blocks[1:]] == ends[:-1]


def test_a_seek_is_heard_at_once(make_player, output, graph):
    player = make_player(graph)
    player.play()
    wait_for(lambda: player.position_samples > 4000)
    player.seek(30_000)
    assert 30_000 <= player.position_samples < 32_000
    wait_for(lambda: player.position_samples > 32_000)
    player.pause()
    player.seek(-5)
    assert player.position_samples == 0
    wait_for(lambda: player._target is None)
    assert player.position_samples == 0


def test_a_loop_is_followed(make_player, graph):
    player = make_player(graph)
    player.loop = (10_000, 13_000)
    player.play()
    positions = []
    wait_for(lambda: positions.append(player.position_samples) or len(positions) > 150)

    assert player.loop == (10_000, 13_000)
    assert all(10_000 <= position < 13_000 for position in positions)
    assert any(later < earlier for earlier, later in pairwise(positions))


def test_a_loop_set_while_paused_is_where_playing_begins(make_player, output, graph):
    player = make_player(graph)
    player.play()
    wait_for(lambda: player.position_samples > 4000)
    player.pause()
    player.loop = (20_000, 23_000)
    assert player.position_samples == 20_000
    player.loop = None
    assert player.position_samples == 20_000


def test_another_scene_takes_its_place(make_player, graph, loaded, recording):
    player = make_player(graph)
    player.play()
    wait_for(lambda: player.position_samples > 4000)
    other = LiveGraph(recording, loudness_matched=False)
    player.graph = other
    assert player.position_samples < 1000
    assert player.playing
    wait_for(lambda: player.position_samples > 3000)

    blocks = player.poll()
    assert blocks[0].position_samples == 0
    assert all(block.clean is None for block in blocks)
    assert player.graph is other


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (WorkbenchError("Connect the headphones."), "Connect the headphones."),
        (ValueError("broken"), "internal error (broken)"),
    ],
)
def test_a_failure_is_said_and_can_be_tried_again(make_player, output, graph, error, said):
    player = make_player(graph)
    player.play()
    wait_for(lambda: player.position_samples > 2000)
    output.breaks = error
    wait_for(lambda: not player.playing)

    assert said in player.failure
    output.breaks = None
    at = player.position_samples
    player.play()
    assert player.failure == ""
    wait_for(lambda: player.position_samples > at + 2000)


def test_a_dead_device_is_noticed(make_player, output, graph):
    output.is_silent = False
    player = make_player(graph)
    player.play()
    wait_for(lambda: player.position_samples > 2000)
    output.message = "The headphones have stopped playing."
    output.is_silent = True
    wait_for(lambda: not player.playing)

    assert player.failure == "The headphones have stopped playing."


def test_settings_may_be_changed_by_another_thread(make_player, graph, loaded):
    player = make_player(graph)
    player.loop = (0, 20_000)
    player.play()
    for step in range(40):
        graph.snr_db = -10.0 + step / 2
        graph.monitor = ("clean", "mixed", "denoised")[step % 3]
        graph.wet = step / 40
        graph.method = ("late-200", "late-37")[step // 10 % 2]
        time.sleep(0.01)

    assert player.playing
    assert player.failure == ""
