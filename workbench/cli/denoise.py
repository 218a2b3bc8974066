"""Denoise files or whole folders.

Folders are searched for audio files; the output folder gets the same
structure. The output is mono, as long as the input and aligned with it, at
16 kHz unless --keep-rate is given. Files of any length are streamed. A bad file
is reported and does not stop the others.
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.cli.inputs import audio_files_in
from workbench.cli.method_arguments import add_method_arguments, chosen_denoiser
from workbench.cli.problems import explain
from workbench.cli.terminal import note, progress_bar
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.denoisers.protocol import Denoiser

EXAMPLES = """\
  workbench denoise noisy.wav -o clean.wav
  workbench denoise recordings/ more/*.flac -o cleaned/ --format flac --keep-rate
  workbench denoise street.ogg -o out/ --class vehicle --attenuation-limit-db 12
  workbench denoise recordings/ -o cleaned/ --skip-existing     go on after an interruption"""

FORMATS = ("wav", "flac")
_BLOCK_SAMPLES = 16_000


@dataclass(frozen=True)
class Job:
    """One file to denoise and where the result goes."""

    source: Path
    target: Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("inputs", nargs="+", type=Path, metavar="IN", help="audio files or folders of them")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="a folder; for one file also a .wav or .flac",
    )
    parser.add_argument("--format", choices=FORMATS, help="of the files in a folder (default: wav)")
    parser.add_argument(
        "--keep-rate", action="store_true", help="write at the input's sampling rate, not at 16 kHz"
    )
    existing = parser.add_mutually_exclusive_group()
    existing.add_argument(
        "--overwrite", action="store_true", help="replace outputs that exist (never an input)"
    )
    existing.add_argument("--skip-existing", action="store_true", help="leave out files whose output exists")
    add_method_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Denoise everything; 1 when some files failed."""
    jobs = plan(options.inputs, options.output, options.format)
    existing = {job.target for job in jobs if job.target.exists()}
    if existing and not (options.overwrite or options.skip_existing):
        raise WorkbenchError(
            f"{min(existing)} exists already ({len(existing)} of {len(jobs)} outputs do); "
            "add --overwrite or --skip-existing."
        )
    denoiser = chosen_denoiser(options)
    todo = [job for job in jobs if options.overwrite or job.target not in existing]
    seconds = [_seconds(job.source) for job in todo]
    counts = Counter(skipped=len(jobs) - len(todo))
    seconds_done = 0.0
    started = time.monotonic()
    with progress_bar() as bar:
        task = bar.add_task("", total=sum(seconds))
        for job, total in zip(todo, seconds, strict=True):
            bar.update(task, description=job.source.name)
            before = seconds_done
            try:
                for done in denoise_file(job, denoiser, keep_rate=options.keep_rate):
                    bar.update(task, advance=done)
                    seconds_done += done
                counts["denoised"] += 1
            except Exception as error:  # whatever is wrong with this file, the others are still wanted
                counts["failed"] += 1
                note(f"workbench: {explain(error)}")
                bar.update(task, advance=total - (seconds_done - before))
    _report(counts, seconds_done, time.monotonic() - started)
    return int(counts["failed"] > 0)


def plan(inputs: Iterable[Path], output: Path, suffix: str | None = None) -> list[Job]:
    """Say which file becomes which.

    Parameters
    ----------
    inputs : iterable of pathlib.Path
        Files, taken as they are, and folders, searched for audio files.
    output : pathlib.Path
        A folder, or a .wav or .flac file where there is one input file.
    suffix : {"wav", "flac"}, optional
        Format of the files in a folder; "wav" by default.

    Raises
    ------
    WorkbenchError
        If a folder holds no audio file, or an output would be one of the inputs.
    """
    inputs = list(inputs)
    if output.suffix.lower() in {f".{name}" for name in FORMATS} and not output.is_dir():
        if len(inputs) != 1 or inputs[0].is_dir():
            raise WorkbenchError(f"{output} is one file, but there are several inputs; give a folder.")
        if suffix is not None and output.suffix.lower() != f".{suffix}":
            raise WorkbenchError(f"{output} does not go with --format {suffix}; leave one of them out.")
        return _checked([Job(inputs[0], output)])
    if output.is_file():
        raise WorkbenchError(
            f"{output} is a file, neither a folder nor a .wav or .flac; choose another output."
        )
    found: dict[Path, Path] = {}  # source to its place below the output folder
    for path in inputs:
        if not path.is_dir():
            found.setdefault(path, Path(path.name))
            continue
        for file in audio_files_in(path):
            # What an earlier run wrote into a folder of its own is no input of this one.
            if output.resolve() not in file.resolve().parents:
                found.setdefault(file, file.relative_to(path))
    places = Counter(str(place.with_suffix("")).casefold() for place in found.values())
    jobs = []
    for source, place in found.items():
        alone = places[str(place.with_suffix("")).casefold()] == 1
        # a.ogg and a.flac become a.ogg.wav and a.flac.wav rather than one a.wav
        stem = place.stem if alone else place.name
        jobs.append(Job(source, output / place.with_name(f"{stem}.{suffix or FORMATS[0]}")))
    return _checked(jobs)


def denoise_file(job: Job, denoiser: "Denoiser", *, keep_rate: bool = False) -> Iterator[float]:
    """Stream one file through a denoiser, yielding the seconds of sound that each step was.

    The output appears under its name only when it is whole.

    Raises
    ------
    WorkbenchError
        If the file cannot be read or the output cannot be written.
    """
    from workbench.audio import files
    from workbench.denoisers.protocol import denoise_blocks
    from workbench.dsp import SAMPLE_RATE

    about = files.info(job.source)
    rate_hz, n_samples = (about.sample_rate_hz, about.n_samples) if keep_rate else (SAMPLE_RATE, None)
    job.target.parent.mkdir(parents=True, exist_ok=True)
    with files.Writer(job.target, sample_rate_hz=rate_hz, n_samples=n_samples) as writer:
        for block in denoise_blocks(files.blocks(job.source, _BLOCK_SAMPLES), denoiser):
            writer.write(block)
            yield len(block) / SAMPLE_RATE


def _checked(jobs: list[Job]) -> list[Job]:
    sources = {job.source.resolve() for job in jobs}
    for job in jobs:
        if job.target.resolve() in sources:
            raise WorkbenchError(f"{job.target} is an input and would be overwritten; choose another output.")
    return jobs


def _seconds(path: Path) -> float:
    from workbench.audio import files

    try:
        return files.info(path).duration_s
    except (WorkbenchError, OSError):
        return 0.0  # said once, when its turn comes


def _report(counts: Counter[str], seconds_done: float, seconds_taken: float) -> None:
    parts = [f"{counts['denoised']} denoised"]
    parts += [f"{counts[what]} {what}" for what in ("skipped", "failed") if counts[what]]
    speed = (
        f" in {seconds_taken:.1f} s, {seconds_done / seconds_taken:.0f} times real time"
        if seconds_done
        else ""
    )
    note(f"{', '.join(parts)}; {seconds_done:.1f} s of sound{speed}")
