import threading
import tracemalloc

import numpy as np
import pytest

from workbench.audio.ring import RingBuffer


def test_counts_and_partial_writes() -> None:
    ring = RingBuffer(8)
    assert ring.write(np.arange(6, dtype=np.float32)) == 6
    assert ring.write(np.arange(6, 12, dtype=np.float32)) == 2
    assert (ring.n_written, ring.n_read, ring.available, ring.free) == (8, 0, 8, 0)
    out = np.full(5, -1, np.float32)
    assert ring.read_into(out) == 5
    np.testing.assert_array_equal(out, [0, 1, 2, 3, 4])
    assert ring.write(np.array([8, 9, 10], np.float32)) == 3
    out = np.full(9, -1, np.float32)
    assert ring.read_into(out) == 6
    np.testing.assert_array_equal(out, [5, 6, 7, 8, 9, 10, -1, -1, -1])


def test_skip_goes_forward_only_and_not_beyond_the_end() -> None:
    ring = RingBuffer(8)
    ring.write(np.arange(6, dtype=np.float32))
    ring.skip_to(4)
    ring.skip_to(2)
    assert ring.n_read == 4
    ring.skip_to(100)
    assert ring.n_read == 6


def test_no_capacity_is_refused() -> None:
    with pytest.raises(ValueError, match="capacity"):
        RingBuffer(0)


@pytest.mark.parametrize("capacity", [1, 7, 256, 1000])
def test_two_threads_pass_every_sample_in_order(capacity: int) -> None:
    n_samples = 20 * capacity + 3000
    sent = np.arange(n_samples, dtype=np.float32)
    ring = RingBuffer(capacity)
    progress = threading.Condition()

    def produce() -> None:
        rng = np.random.default_rng(0)
        start = 0
        while start < n_samples:
            start += ring.write(sent[start : start + int(rng.integers(1, 2 * capacity + 1))])
            with progress:
                progress.notify()
                progress.wait_for(lambda: ring.free > 0, timeout=1)

    rng = np.random.default_rng(1)
    got: list[np.ndarray] = []
    producer = threading.Thread(target=produce)
    producer.start()
    n_got = 0
    while n_got < n_samples:
        out = np.empty(int(rng.integers(1, 2 * capacity + 1)), np.float32)
        n = ring.read_into(out)
        got.append(out[:n])
        n_got += n
        with progress:
            progress.notify()
            progress.wait_for(lambda: ring.available > 0 or ring.n_written == n_samples, timeout=1)
    producer.join()
    np.testing.assert_array_equal(np.concatenate(got), sent)


def test_reading_allocates_no_arrays() -> None:
    ring = RingBuffer(100_000)
    ring.write(np.ones(100_000, np.float32))
    out = np.empty(40_000, np.float32)
    ring.read_into(out)
    tracemalloc.start()
    try:
        ring.read_into(out)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 4096
