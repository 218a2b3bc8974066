import numpy as np

from workbench.audio.feed import Feed

RATE_HZ = 16_000
N_FADE = 80


def pull(feed: Feed, n_samples: int, n_channels: int = 2) -> np.ndarray:
    out = np.full((n_samples, n_channels), 7, np.float32)
    feed.fill(out)
    assert (out == out[:, :1]).all()
    return out[:, 0]


def largest_step(signal: np.ndarray) -> float:
    return float(np.abs(np.diff(np.concatenate([[0], signal, [0]]))).max())


def ones(n_samples: int) -> np.ndarray:
    return np.ones(n_samples, np.float32)


def test_silent_until_it_plays_and_then_fades_in() -> None:
    feed = Feed(4000, RATE_HZ)
    feed.ring.write(ones(2000))
    assert not pull(feed, 300).any()
    assert feed.ring.n_read == 0
    feed.playing = True
    heard = np.concatenate([pull(feed, n) for n in (1, 30, 30, 239)])
    assert (np.diff(heard) >= 0).all()
    assert largest_step(heard[:200]) == 1.0  # the cut at the end is ours
    assert np.abs(np.diff(heard)).max() <= 1 / N_FADE + 1e-6
    assert (heard[N_FADE:] == 1).all()
    assert feed.ring.n_read == 300


def test_stop_fades_out_and_takes_no_more_than_the_fade() -> None:
    feed = Feed(4000, RATE_HZ)
    feed.ring.write(ones(2000))
    feed.playing = True
    pull(feed, 500)
    feed.playing = False
    heard = np.concatenate([pull(feed, n) for n in (33, 33, 33, 33)])
    assert np.abs(np.diff(np.concatenate([[1], heard]))).max() <= 1 / N_FADE + 1e-6
    assert not heard[N_FADE:].any()
    assert feed.ring.n_read == 500 + N_FADE
    assert feed.is_faded_out


def test_start_again_during_the_fade_goes_on_without_a_jump() -> None:
    feed = Feed(4000, RATE_HZ)
    feed.ring.write(ones(2000))
    feed.playing = True
    pull(feed, 500)
    feed.playing = False
    first = pull(feed, 40)
    feed.playing = True
    second = pull(feed, 200)
    assert np.abs(np.diff(np.concatenate([first, second]))).max() <= 1 / N_FADE + 1e-6
    assert second[-1] == 1


def test_flush_fades_from_the_old_to_the_new_sound() -> None:
    feed = Feed(4000, RATE_HZ)
    feed.ring.write(ones(2000))
    feed.playing = True
    pull(feed, 500)
    feed.flush()
    feed.ring.write(-ones(1000))
    heard = pull(feed, 400)
    assert np.abs(np.diff(heard)).max() <= 1 / N_FADE + 1e-6
    assert heard[0] > 0.9
    assert (heard[2 * N_FADE :] == -1).all()
    assert feed.ring.n_read == 2000 + 400 - N_FADE
    assert feed.underruns == 0


def test_settle_flushes_a_stopped_device_at_once() -> None:
    feed = Feed(1000, RATE_HZ)
    feed.ring.write(ones(1000))
    feed.flush()
    feed.settle()
    assert feed.ring.free == 1000


def test_running_dry_is_counted_once_and_padded_with_silence() -> None:
    feed = Feed(4000, RATE_HZ)
    feed.playing = True
    assert not pull(feed, 100).any()
    assert feed.underruns == 0  # nothing has come yet, so nothing broke off
    feed.ring.write(ones(500))
    heard = np.concatenate([pull(feed, 400), pull(feed, 400), pull(feed, 400)])
    assert feed.underruns == 1
    assert largest_step(heard) <= 1 / N_FADE + 1e-6
    assert not heard[500:].any()
    feed.ring.write(ones(500))
    again = pull(feed, 300)
    assert again[0] == 0
    assert again[-1] == 1
