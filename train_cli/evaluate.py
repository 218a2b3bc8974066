"""Measures a bundle on held-out recordings: the figures of its card."""

import json
import os
import shlex
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from train_cli.card import FIGURES, figures_text, put_section
from train_cli.events import Reporter
from train_cli.nc_figures import Figures, Row, measure_nc, measure_recording, nc_figures, recording_figures
from train_cli.options import EvaluateOptions, flag
from train_cli.runs import RUN_NAME, read_run
from train_cli.trials import SNRS_DB, Trial, draw_trials, read_trial
from workbench.bundles.check import check_bundle
from workbench.bundles.library import rewrite_manifest
from workbench.classifier.posterior import CLASSES, NOISES, NoiseClass
from workbench.corpora.recordings import Recording, find_recordings, select
from workbench.denoisers.adaptive import AdaptiveDenoiser
from workbench.denoisers.original import OriginalDenoiser
from workbench.denoisers.protocol import denoise
from workbench.denoisers.registry import make_denoiser, methods
from workbench.dsp import Signal
from workbench.dsp.mixing import mix
from workbench.errors import WorkbenchError
from workbench.evaluation.metrics import score
from workbench.lifeline import end_with_parent

METRICS = ("pesq_wb", "stoi", "estoi", "si_sdr")


def evaluate(options: EvaluateOptions, reporter: Reporter) -> None:
    """Measure a bundle by class and SNR, print the tables, and write them if asked.

    A DDAE is measured as users hear it: with the default noise classifier, its latency undone; one of the
    original system is told the class. In place of a bundle, any method of the application can be measured by
    its name, or the run of one of the original networks; one that was trained on a single class of noise is
    measured on this class. With several precisions of a bundle, the tables are those of the first, and two
    more show all side by side.

    Raises
    ------
    WorkbenchError
        The bundle or the data cannot be used, or the figures cannot be written.
    """
    kind, noise_class = _kind(options.bundle)
    if options.card and (_is_method(options.bundle) or (options.bundle / RUN_NAME).exists()):
        raise WorkbenchError(f"{options.bundle} is no bundle and has no card; leave --card out.")
    trials = list(draw_trials(options.data, options.split, SNRS_DB, options.per_cell, options.seed))
    reporter.started("evaluate", asdict(options))
    trials = [trial for trial in trials if noise_class in ("all", trial.noise_class)]
    noises = select(find_recordings(options.data), "noise", options.split)
    found: dict[str, Figures] = {}
    for precision in options.precision or ("",):
        if kind == "ddae":
            alone = [(trial,) for trial in trials]
            rows = _run(_measure_ddae, options, precision or None, alone, reporter)
            found[precision] = _ddae_figures(trials, rows)
        else:
            pairs = list(zip(trials, _others(trials), strict=True))
            rows = _run(measure_nc, options, precision or None, pairs, reporter)
            heard = _run(
                measure_recording, options, precision or None, [(each,) for each in noises], reporter
            )
            found[precision] = {**nc_figures(trials, rows), **recording_figures(noises, heard)}
    figures = dict(next(iter(found.values())))
    if len(found) > 1:
        figures |= _by_precision(found)
    for name, table in figures.items():
        reporter.table(name, table)
    if options.output is not None:
        try:
            options.output.write_text(json.dumps(figures, indent=1) + "\n")
        except OSError as error:
            raise WorkbenchError(f"{options.output} cannot be written: {error.strerror}.") from None
        reporter.artifact("figures", str(options.output))
    if options.card:
        reporter.artifact("card", str(_put_into_card(figures, options)))


def _put_into_card(figures: Figures, options: EvaluateOptions) -> Path:
    """Keep the figures in the bundle, in its manifest and its card."""
    bundle = check_bundle(options.bundle)
    text = figures_text(figures, _command(options))
    try:
        rewrite_manifest(bundle.folder, replace(bundle.manifest, figures=figures))
    except OSError as error:
        raise WorkbenchError(f"{bundle.folder} cannot be written: {error.strerror}.") from None
    return put_section(bundle.folder, FIGURES, text, bundle.manifest.title)


def _command(options: EvaluateOptions) -> str:
    """Return the command that measures the same again."""
    usual = EvaluateOptions()
    command = ["train_cli", "evaluate", "--bundle", str(options.bundle), "--data", str(options.data)]
    for name in ("split", "per_cell", "seed"):
        if getattr(options, name) != getattr(usual, name):
            command += [flag(name), str(getattr(options, name))]
    return shlex.join([*command, *(["--precision", *options.precision] if options.precision else [])])


def _kind(bundle: Path) -> tuple[str, str]:
    """Return "ddae" or "nc", and the class of noise it is for ("all" but for some original networks)."""
    if _is_method(bundle):
        return "ddae", "all"
    if not (bundle / RUN_NAME).exists():
        return check_bundle(bundle).manifest.kind, "all"
    record = read_run(bundle)
    if not record["options"].get("architecture", "").startswith("original"):
        raise WorkbenchError(f"{bundle} is a training run; make a bundle of it with 'train_cli export'.")
    return record["command"].removeprefix("train-"), record["options"].get("noise_class", "all")


def _is_method(bundle: Path) -> bool:
    """Tell whether a method is meant, such as "rnnoise", and not a folder."""
    return not bundle.exists() and any(method.name == str(bundle) for method in methods())


def _run(
    measure: Callable[..., list[Row]],
    options: EvaluateOptions,
    precision: str | None,
    trials: Sequence[tuple[Trial | Recording, ...]],
    reporter: Reporter,
) -> list[list[Row]]:
    """Measure trials or recordings in several processes; the result is in their order."""
    start_s = time.monotonic()
    rows: list[list[Row]] = [[] for _ in trials]
    workers = options.workers or os.cpu_count() or 1
    with ProcessPoolExecutor(workers, get_context("spawn"), end_with_parent) as pool:
        waiting = {
            pool.submit(measure, options.bundle, precision, *trial): i for i, trial in enumerate(trials)
        }
        try:
            for done, future in enumerate(as_completed(waiting), start=1):
                rows[waiting[future]] = future.result()
                elapsed_s = time.monotonic() - start_s
                reporter.progress(done, len(trials), elapsed_s / done * (len(trials) - done))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return rows


def _others(trials: Sequence[Trial]) -> list[Trial]:
    """Return for each trial one of another class, where there are several."""
    shift = len(trials) // len({trial.noise_class for trial in trials})
    return [*trials[shift:], *trials[:shift]]


def _measure_ddae(bundle: Path, precision: str | None, trial: Trial) -> list[Row]:
    clean, noise, offset_samples = read_trial(trial)
    mixture = mix(clean, noise, trial.snr_db, offset_samples=offset_samples)
    denoised = _denoiser(bundle, precision)(mixture.noisy, trial.noise_class)
    return [_scores(mixture.clean, mixture.noisy), _scores(mixture.clean, denoised)]


def _scores(clean: Signal, processed: Signal) -> Row:
    values = {name: score(name, clean, processed).value for name in METRICS}
    return {name: np.nan if value is None else value for name, value in values.items()}


@cache
def _denoiser(bundle: Path, precision: str | None) -> Callable[[Signal, NoiseClass], Signal]:
    if (bundle / RUN_NAME).exists():
        from train_cli.original import load_denoiser

        enhance = load_denoiser(bundle)
        return lambda noisy, _: enhance(noisy)
    if _is_method(bundle):
        method = make_denoiser(str(bundle))
        return lambda noisy, _: denoise(noisy, method)
    checked = check_bundle(bundle)
    if checked.manifest.is_original:
        told = {noise: OriginalDenoiser(checked, noise, precision=precision) for noise in NOISES}
        return lambda noisy, noise_class: denoise(noisy, told[noise_class])
    adaptive = AdaptiveDenoiser(ddae_bundle=checked, precision=precision)
    return lambda noisy, _: denoise(noisy, adaptive)


def _by_precision(found: Mapping[str, Figures]) -> Figures:
    """Put the means of each precision side by side, over all mixtures and by SNR."""
    some = next(iter(found.values()))
    everything = next(iter(some["All"]))
    columns = [name for name in some["All"][everything] if not name.endswith(" noisy")]
    return {
        "By precision": {
            precision: {name: figures["All"][everything][name] for name in columns}
            for precision, figures in found.items()
        },
        "By SNR and precision": {
            snr: {
                f"{name.removesuffix(' denoised')} {precision}": figures["By SNR"][snr][name]
                for name in columns
                for precision, figures in found.items()
                if name in figures["By SNR"][snr]
            }
            for snr in some["By SNR"]
        },
    }


def _ddae_figures(trials: list[Trial], rows: list[list[Row]]) -> Figures:
    def means(chosen: Iterable[int]) -> Row:
        picked = [rows[i] for i in chosen]
        return {
            f"{metric} {what}": float(np.nanmean([row[which][metric] for row in picked]))
            for metric in METRICS
            for which, what in enumerate(("noisy", "denoised"))
        }

    classes = [each for each in CLASSES if any(t.noise_class is each for t in trials)]
    by_snr = {f"{snr_db:g} dB": [i for i, t in enumerate(trials) if t.snr_db == snr_db] for snr_db in SNRS_DB}
    by_class = {each.label: [i for i, t in enumerate(trials) if t.noise_class is each] for each in classes}
    return {
        "All": {f"{len(trials)} mixtures": means(range(len(trials)))},
        "By SNR": {name: means(chosen) for name, chosen in by_snr.items()},
        "By class": {name: means(chosen) for name, chosen in by_class.items()},
    }
