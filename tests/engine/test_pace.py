import numpy as np
import pytest

from workbench.engine.pace import FAR_SAMPLES, MAX_MARGIN_SAMPLES, Pace, splice

BLOCK_SAMPLES = 128


class FakeSink:
    """A queue that a device empties in bursts."""

    burst_samples = 160

    def __init__(self) -> None:
        self.queue = np.zeros(0, np.float32)
        self.underruns = 0
        self.played: list[np.ndarray] = []

    @property
    def queued_samples(self) -> int:
        return len(self.queue)

    def write(self, block: np.ndarray) -> None:
        self.queue = np.concatenate((self.queue, block))

    def flush(self) -> None:
        self.queue = self.queue[:0]

    def fetch(self, n_samples: int) -> None:
        self.underruns += len(self.queue) < n_samples
        self.played.append(self.queue[:n_samples])
        self.queue = self.queue[n_samples:]


def run(pace: Pace, sink: FakeSink, seconds: float, drift: float = 0.0) -> list[int]:
    """Let time pass with clocks that differ; return the queue before each write."""
    levels, due = [], 0.0
    tone = np.sin(2 * np.pi * 300 * np.arange(round(seconds * 16_000) + 256) / 16_000).astype(np.float32)
    for start in range(0, round(seconds * 16_000), BLOCK_SAMPLES):
        due += BLOCK_SAMPLES * (1 + drift)
        while due >= sink.burst_samples:
            sink.fetch(sink.burst_samples)
            due -= sink.burst_samples
        pace.note_level()
        levels.append(sink.queued_samples)
        pace.write(tone[start : start + BLOCK_SAMPLES])
    return levels


@pytest.mark.parametrize("drift", [-5e-4, -1e-4, 0.0, 1e-4, 5e-4])
def test_clocks_that_differ_neither_run_dry_nor_pile_up(drift):
    sink = FakeSink()
    pace = Pace(sink, lambda: BLOCK_SAMPLES)
    levels = run(pace, sink, 60, drift)
    assert pace.underruns <= 1
    assert max(levels[200:]) < 800
    played = np.concatenate(sink.played)[16_000:]
    # A tone of 300 Hz changes by 0.118 from sample to sample at the most: there is no jump.
    assert np.abs(np.diff(played)).max() < 0.16


def test_equal_clocks_are_left_alone_once_settled():
    sink = FakeSink()
    pace = Pace(sink, lambda: BLOCK_SAMPLES)
    run(pace, sink, 10)
    skipped = pace.skipped_samples
    run(pace, sink, 30)
    assert pace.skipped_samples == skipped
    assert pace.underruns == 0


def test_a_backlog_is_cut_and_not_kept():
    sink = FakeSink()
    pace = Pace(sink)
    run(pace, sink, 3)
    sink.write(np.zeros(16_000, np.float32))
    levels = run(pace, sink, 1)
    assert levels[0] > FAR_SAMPLES
    assert max(levels[1:]) < 800


def test_each_break_makes_the_margin_longer_up_to_an_end():
    sink = FakeSink()
    pace = Pace(sink)
    for _ in range(30):
        run(pace, sink, 1)
        sink.queue = sink.queue[:0]
        sink.fetch(10)
    assert pace.underruns >= 25
    assert pace._margin == MAX_MARGIN_SAMPLES


@pytest.mark.parametrize("leave_out", [True, False])
def test_a_splice_finds_the_period(leave_out):
    period = 40
    block = np.sin(2 * np.pi * np.arange(128) / period).astype(np.float32)
    spliced = splice(block, 80, leave_out=leave_out)
    assert abs(len(spliced) - len(block)) in (40, 80)
    assert (len(spliced) < len(block)) is leave_out
    expected = np.sin(2 * np.pi * np.arange(len(spliced)) / period)
    np.testing.assert_allclose(spliced, expected, atol=1e-5)
