"""Denoise what the microphone hears, now: the live page without a window.

Runs until Ctrl+C or for --duration. Use headphones: a loudspeaker that the
microphone hears may howl, which is noticed and turned down. A line of statistics
goes to standard error, a summary to standard output.
"""

import argparse
import math
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.method_arguments import add_method_arguments, chosen_method
from workbench.cli.numbers import number, parse_snr_db
from workbench.cli.terminal import note, print_json
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.engine.live import LiveSession
    from workbench.engine.live_status import LiveStatus

EXAMPLES = """\
  workbench live                                     the system's microphone and output
  workbench live --input "USB headset" --output "USB headset" --method ddae
  workbench live --noise fan.wav --snr-db 5 --monitor mixed      with a noise from a file
  workbench live --record takes/ --duration 60       keep it: mixed, denoised, classes
  workbench live --input-file speech.wav --output none --format json
  workbench live --round-trip                        the delay through a loopback cable"""

_FRAME_S = 0.1
_LINE_S = 0.5
_PLAIN_LINE_S = 10.0
_CLEAR = "\r\x1b[K"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    devices = parser.add_argument_group(
        "devices", "names as `workbench devices` lists them, or parts of them"
    )
    source = devices.add_mutually_exclusive_group()
    source.add_argument("--input", metavar="NAME", help="microphone (default: the system's)")
    source.add_argument(
        "--input-file", type=Path, metavar="FILE", help="hear a file, over and over, instead of a microphone"
    )
    devices.add_argument("--output", metavar="NAME", help="output, or none (default: the system's)")
    devices.add_argument(
        "--latency-ms",
        type=number(1, 1000),
        metavar="MS",
        help="to ask of the devices, more if the sound breaks off (default: their lowest)",
    )
    devices.add_argument("--input-gain-db", type=number(-60, 60), default=0.0, metavar="DB")
    devices.add_argument("--output-gain-db", type=number(-60, 60), default=0.0, metavar="DB")
    noise = parser.add_argument_group("added noise")
    noise.add_argument("--noise", type=Path, metavar="FILE", help="the microphone then is the clean signal")
    noise.add_argument(
        "--snr-db",
        type=parse_snr_db,
        default=0.0,
        metavar="DB",
        help="running active speech level over the noise (default: 0)",
    )
    add_method_arguments(parser)
    hearing = parser.add_argument_group("listening")
    hearing.add_argument(
        "--monitor",
        choices=("clean", "mixed", "denoised"),
        default="denoised",
        help="what is heard (default: denoised)",
    )
    hearing.add_argument("--no-loudness-match", action="store_true", help="leave the levels as they are")
    parser.add_argument("--record", type=Path, metavar="FOLDER", help="record a take into this folder")
    parser.add_argument(
        "--duration", type=number(0.1, 1e6), metavar="S", help="stop after so many seconds (default: Ctrl+C)"
    )
    parser.add_argument(
        "--round-trip", action="store_true", help="only measure the delay from the output back to the input"
    )
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="of the summary (default: text)"
    )


def run(options: argparse.Namespace) -> int:
    """Run live, or measure the round trip."""
    return _measure(options) if options.round_trip else _run(options)


def _latency_s(options: argparse.Namespace) -> float | None:
    return None if options.latency_ms is None else options.latency_ms / 1000


def _measure(options: argparse.Namespace) -> int:
    from workbench.engine.live_status import SILENT
    from workbench.engine.round_trip import measure_round_trip

    if options.input_file is not None or options.output == SILENT:
        raise WorkbenchError("--round-trip needs a microphone and an output that are connected.")
    measured = measure_round_trip(options.input, options.output, device_latency_s=_latency_s(options))
    if options.format == "json":
        print_json(asdict(measured))
    else:
        print(
            f"round trip {measured.delay_ms:.1f} ms (spread {measured.spread_ms:.1f} ms, "
            f"{measured.clarity_db:.0f} dB above the rest)"
        )
    return 0


def _run(options: argparse.Namespace) -> int:
    from workbench.engine.live import LiveSession
    from workbench.engine.live_status import LiveSettings

    if options.monitor == "clean" and options.noise is None:
        raise WorkbenchError("--monitor clean needs --noise: without it the microphone is the mixed signal.")
    for path in (options.input_file, options.noise):
        if path is not None and not path.is_file():
            raise WorkbenchError(f"There is no file {path}.")
    session = LiveSession(
        LiveSettings(
            input=options.input,
            output=options.output,
            input_file=options.input_file,
            noise_path=options.noise,
            snr_db=options.snr_db,
            method=chosen_method(options),
            attenuation_limit_db=options.attenuation_limit_db,
            wet=1.0 if options.wet is None else options.wet,
            monitor=options.monitor,
            loudness_matched=not options.no_loudness_match,
            input_gain_db=options.input_gain_db,
            output_gain_db=options.output_gain_db,
            device_latency_s=_latency_s(options),
        )
    )
    session.start(options.record)
    take = session.recording
    try:
        if take is not None:
            note(f"workbench: recording into {take}")
        _watch(session, options.duration)
    except KeyboardInterrupt:
        # The usual way to end it.
        pass
    finally:
        status = session.status()
        p99_ms = session.processing_p99_ms
        session.close()
    _summarise(options, status, p99_ms, take)
    return 0 if status.running else 1


def _watch(session: "LiveSession", duration_s: float | None) -> None:
    """Say how it goes, until the time is over or the sound has stopped for good."""
    is_terminal = sys.stderr.isatty()
    said: dict[str, str | None] = {}
    last_line_s = began_s = time.monotonic()
    while duration_s is None or time.monotonic() - began_s < duration_s:
        time.sleep(_FRAME_S if duration_s is None else min(_FRAME_S, duration_s))
        status = session.status()
        for kind, text in (("message", status.message), ("warning", status.warning)):
            if text is not None and text != said.get(kind):
                note(f"{_CLEAR if is_terminal else ''}workbench: {text}")
            said[kind] = text
        now_s = time.monotonic()
        if now_s - last_line_s >= (_LINE_S if is_terminal else _PLAIN_LINE_S):
            last_line_s = now_s
            line = _line(session, status)
            if is_terminal:
                print(f"{_CLEAR}{line}", end="", file=sys.stderr, flush=True)
            else:
                note(line)
        if not status.running:
            break
    if is_terminal:
        print(_CLEAR, end="", file=sys.stderr, flush=True)


def _line(session: "LiveSession", status: "LiveStatus") -> str:
    heard = [posterior.best.label for block in session.poll() for posterior in block.posteriors]
    counts = status.counts
    speech = "" if status.speech_level_db is None else f"  speech {status.speech_level_db:.0f} dB"
    return (
        f"{status.position_s:7.1f} s  delay {status.latency.total_ms:.0f} ms  load {100 * status.load:.0f} %"
        f"  in {_meter(status.input_peak)}  out {_meter(status.output_peak)}{speech}"
        f"  lost {counts.input_overflows}/{counts.output_underruns}/{counts.device_xruns}"
        f"{'  overloads ' + str(counts.overloads) if counts.overloads else ''}"
        f"{'  ' + heard[-1] if heard else ''}"
    )


def _meter(peak: float) -> str:
    return f"{20 * math.log10(max(peak, 1e-6)):4.0f} dB"


def _memory_mb() -> float | None:
    """Return the resident memory of this process where Linux tells it."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return None
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def _summarise(options: argparse.Namespace, status: "LiveStatus", p99_ms: float, take: Path | None) -> None:
    latency = {name: round(value, 2) for name, value in asdict(status.latency).items()}
    if options.format == "json":
        summary: dict[str, Any] = {
            "seconds": round(status.position_s, 3),
            "input": status.input_name,
            "output": status.output_name,
            "method": chosen_method(options),
            "latency_ms": {**latency, "total_ms": round(status.latency.total_ms, 2)},
            "load": round(status.load, 4),
            "processing_p99_ms": round(p99_ms, 3),
            **asdict(status.counts),
            "message": status.message,
            "recording": None if take is None else str(take),
            "memory_mb": _memory_mb(),
        }
        print_json(summary)
        return
    parts = ", ".join(f"{name.removesuffix('_ms')} {value:.1f}" for name, value in latency.items())
    counts = status.counts
    print(f"{status.position_s:.1f} s, delay {status.latency.total_ms:.1f} ms ({parts})")
    print(f"load {100 * status.load:.1f} %, 8 ms of sound take {p99_ms:.2f} ms (99th percentile)")
    print(
        f"lost on the way in {counts.input_overflows}, broken off on the way out {counts.output_underruns}, "
        f"by the devices {counts.device_xruns}, overloads {counts.overloads}, "
        f"skipped {counts.skipped_samples} samples"
    )
    if take is not None:
        print(f"recorded in {take}")
