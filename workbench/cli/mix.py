"""Mix speech with noise at one or more SNRs.

For every SNR the folder gets the clean, noise and noisy signals as they are in
the mixture, and a JSON file with the gains, the measured SNR and what it takes to
make it again. The SNR is the active speech level (ITU-T P.56) over the level of
the noise.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import workbench
from workbench.cli.numbers import number, parse_snr_db
from workbench.cli.terminal import print_table
from workbench.errors import WorkbenchError

EXAMPLES = """\
  workbench mix --speech sentence.wav --noise engine.ogg --snr-db 0 -o mixed/
  workbench mix --speech sentence.wav --noise engine.ogg --snr-db -5 0 5 10 --seed 7 -o mixed/"""

SIGNALS = ("clean", "noise", "noisy")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument("--speech", type=Path, required=True, metavar="FILE", help="clean speech")
    parser.add_argument(
        "--noise", type=Path, required=True, metavar="FILE", help="looped or cut to the speech"
    )
    parser.add_argument(
        "--snr-db", type=parse_snr_db, nargs="+", required=True, metavar="DB", help="one or more, -60 to 60"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    start = parser.add_mutually_exclusive_group()
    start.add_argument(
        "--offset-s",
        type=number(0, 1e6),
        default=0.0,
        metavar="S",
        help="where in the noise to begin (default: 0)",
    )
    start.add_argument(
        "--seed", type=int, help="begin anywhere in the noise, the same place for the same seed"
    )
    parser.add_argument("--format", choices=("wav", "flac"), default="wav", help="default: wav")
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")


def run(options: argparse.Namespace) -> int:
    """Write the mixtures and print what they are."""
    from workbench.audio import files
    from workbench.dsp import SAMPLE_RATE
    from workbench.dsp.mixing import mix

    base = f"{options.speech.stem}_{options.noise.stem}"
    outputs = {
        snr_db: {
            what: options.output
            / f"{base}_{snr_db:+g}dB_{what}.{'json' if what == 'mixture' else options.format}"
            for what in (*SIGNALS, "mixture")
        }
        for snr_db in options.snr_db
    }
    _check_outputs(outputs, options)
    clean = files.read(options.speech)
    noise = files.read(options.noise)
    offset_samples = _offset_samples(options, len(clean), len(noise))
    options.output.mkdir(parents=True, exist_ok=True)
    rows = []
    for snr_db, paths in outputs.items():
        mixture = mix(clean, noise, snr_db, offset_samples=offset_samples)
        for what in SIGNALS:
            files.write(paths[what], getattr(mixture, what))
        about: dict[str, Any] = {
            "speech": str(options.speech),
            "noise": str(options.noise),
            "snr_db": snr_db,
            "measured_snr_db": mixture.measured_snr_db,
            "clean_gain": mixture.clean_gain,
            "noise_gain": mixture.noise_gain,
            "noise_offset_samples": offset_samples,
            "seed": options.seed,
            "sample_rate_hz": SAMPLE_RATE,
            "n_samples": len(clean),
            "files": {what: paths[what].name for what in SIGNALS},
            "workbench_version": workbench.__version__,
        }
        paths["mixture"].write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        gains = (f"{gain:.4g}" for gain in (mixture.clean_gain, mixture.noise_gain))
        rows.append(
            (f"{snr_db:g}", f"{round(mixture.measured_snr_db, 2) + 0.0:.2f}", *gains, str(paths["noisy"]))
        )
    print_table(
        ("SNR dB", "measured", "speech gain", "noise gain", "noisy file"),
        rows,
        numbers=("SNR dB", "measured", "speech gain", "noise gain"),
    )
    return 0


def _check_outputs(outputs: dict[float, dict[str, Path]], options: argparse.Namespace) -> None:
    inputs = {options.speech.resolve(), options.noise.resolve()}
    for path in (path for paths in outputs.values() for path in paths.values()):
        if path.resolve() in inputs:
            raise WorkbenchError(f"{path} is an input and would be overwritten; choose another folder.")
        if path.exists() and not options.overwrite:
            raise WorkbenchError(f"{path} exists already; add --overwrite or choose another folder.")


def _offset_samples(options: argparse.Namespace, n_clean: int, n_noise: int) -> int:
    from workbench.dsp import SAMPLE_RATE

    if options.seed is None:
        return round(options.offset_s * SAMPLE_RATE)
    import numpy as np

    # Drawn once and written down, so that the mixtures differ in their SNR alone.
    spare = n_noise - n_clean
    return int(np.random.default_rng(options.seed).integers(spare + 1 if spare > 0 else max(n_noise, 1)))
