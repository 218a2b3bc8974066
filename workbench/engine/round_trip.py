"""The delay from the output back to the input, measured through a loopback cable or a virtual device."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from workbench.audio.streams import Input, InputStream, OutputStream, Sink, find_input, find_output
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.engine.pace import Pace
from workbench.errors import WorkbenchError

BLOCK_SAMPLES = 128
SWEEP_S = 0.2
N_SWEEPS = 5
LEVEL = 0.3
CLEAR_DB = 18.0
"""How far the delay's peak must stand out for the sweep to have come back."""

_PERIOD_S = 0.5
_SETTLE_S = 0.7
_LONGEST_S = 0.45
_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class RoundTrip:
    """Delay from what is played to what comes in.

    Attributes
    ----------
    delay_ms : float
        Median over the sweeps: converters, drivers, the queue, and the air if there is any between.
    spread_ms : float
        Greatest difference between two sweeps.
    clarity_db : float
        How far the sweep stands out from what else is heard.
    """

    delay_ms: float
    spread_ms: float
    clarity_db: float


def measure_round_trip(
    input: str | None = None, output: str | None = None, *, device_latency_s: float | None = None
) -> RoundTrip:
    """Play sweeps and find them in what comes in, by cross-correlation.

    The sound goes the way that it goes in a live run, with the same queue, but without a method: add the
    method's latency and its processing for the delay from the ear to the ear.

    Parameters
    ----------
    input, output : str, optional
        Devices as `find_input` and `find_output` take them, connected by a cable, by air, or within the
        machine.
    device_latency_s : float, optional
        Asked of the devices; their lowest when None.

    Raises
    ------
    WorkbenchError
        If a device cannot be used, or the sweeps do not come back.
    """
    sink = OutputStream(find_output(output), device_latency_s)
    try:
        source = InputStream(find_input(input), device_latency_s)
    except WorkbenchError:
        sink.close()
        raise
    try:
        sink.start()
        source.start()
        return round_trip(source, sink)
    finally:
        source.close()
        sink.close()


def round_trip(source: Input, sink: Sink, *, sleep: Callable[[float], None] = time.sleep) -> RoundTrip:
    """Measure between two ends that run already; see `measure_round_trip`."""
    sweep = _sweep()
    period, settle = round(_PERIOD_S * SAMPLE_RATE), round(_SETTLE_S * SAMPLE_RATE)
    played: Signal = np.zeros(settle + N_SWEEPS * period, np.float32)
    for number in range(N_SWEEPS):
        start = settle + number * period
        played[start : start + len(sweep)] = sweep
    heard = _through(played, source, sink, sleep)
    found = [_find(heard[start : start + period], sweep) for start in range(settle, len(played), period)]
    delays_ms = [1000 * delay / SAMPLE_RATE for delay, _ in found]
    clarity_db = float(np.median([clarity for _, clarity in found]))
    if clarity_db < CLEAR_DB:
        raise WorkbenchError(
            f"The test sound did not come back from “{sink.name}” to “{source.name}”: connect the two with a"
            " cable or turn both up, then measure again."
        )
    return RoundTrip(float(np.median(delays_ms)), max(delays_ms) - min(delays_ms), clarity_db)


def _through(played: Signal, source: Input, sink: Sink, sleep: Callable[[float], None]) -> Signal:
    """Write a sample for every one that comes in, and return what came in."""
    pace = Pace(sink, lambda: source.burst_samples)
    came: list[Signal] = []
    n_came = n_written = 0
    # Waiting for the sweeps would otherwise have no end where a device stands still.
    deadline_s = time.monotonic() + _TIMEOUT_S
    while n_came < len(played):
        fresh = source.read()
        message = source.message or sink.message
        if message is None and time.monotonic() > deadline_s:
            message = f"“{source.name}” brings no sound: choose another microphone."
        if message is not None:
            raise WorkbenchError(message)
        came.append(fresh)
        n_came += len(fresh)
        if n_came - n_written < BLOCK_SAMPLES:
            sleep(0.002)
            continue
        pace.note_level()
        while n_came - n_written >= BLOCK_SAMPLES:
            block = played[n_written : n_written + BLOCK_SAMPLES]
            pace.write(np.pad(block, (0, BLOCK_SAMPLES - len(block))))
            n_written += BLOCK_SAMPLES
    return np.concatenate(came)[: len(played)]


def _sweep() -> Signal:
    """Return a rising tone, 200 to 7000 Hz, float32, faded at its ends."""
    n_samples = round(SWEEP_S * SAMPLE_RATE)
    times = np.arange(n_samples) / SAMPLE_RATE
    phase = 2 * np.pi * (200 * times + (7000 - 200) / (2 * SWEEP_S) * times**2)
    fade = np.minimum(1, np.minimum(np.arange(n_samples), np.arange(n_samples)[::-1]) / 80)
    return (LEVEL * fade * np.sin(phase)).astype(np.float32)


def _find(heard: Signal, sweep: Signal) -> tuple[int, float]:
    """Return the delay of the sweep in samples, and how clearly it is seen, dB."""
    n_longest = min(round(_LONGEST_S * SAMPLE_RATE), len(heard))
    n_fft = 1 << (len(heard) + len(sweep)).bit_length()
    spectrum = np.fft.rfft(heard, n_fft) * np.conj(np.fft.rfft(sweep, n_fft))
    likeness = np.abs(np.fft.irfft(spectrum, n_fft)[:n_longest])
    delay = int(likeness.argmax())
    rest = np.delete(likeness, np.arange(max(0, delay - 40), min(n_longest, delay + 40)))
    floor = float(np.sqrt(np.mean(np.square(rest)))) + 1e-9
    return delay, float(20 * np.log10((float(likeness[delay]) + 1e-12) / floor))
