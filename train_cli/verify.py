"""Proves a bundle in the kernels of TensorFlow Lite Micro, and says what it asks of a microcontroller.

LiteRT and TFLM hear the same demo mixture. They need not agree to the bit: LiteRT's kernels round products of
scales in floating point where TFLM's use fixed-point multipliers, so values may differ by a step of their
scale, and where an int8 sum feeds a sigmoid or tanh, one step there is up to a tenth of its output. What must
agree is what comes out of the whole signal: masks to a given signal-to-difference ratio, classes in most of
the chunks.
"""

import json
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from train_cli.card import put_section
from train_cli.cortex_m import CORES
from train_cli.events import Reporter
from train_cli.frames import Frame, frames_of
from train_cli.litert_model import work_of
from train_cli.microkernels import MicroModel
from train_cli.options import VerifyOptions
from train_cli.tables import markdown_table
from workbench import resources
from workbench.audio.files import read
from workbench.bundles.check import Bundle
from workbench.bundles.manifest import log_mel_features, spectral_features
from workbench.bundles.runtime import StatefulModel
from workbench.bundles.store import find_bundle
from workbench.bundles.write import CARD_NAME
from workbench.classifier.posterior import NoiseClass
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.dsp.mixing import mix
from workbench.errors import WorkbenchError

MICRO_PRECISIONS = ("float", "int8", "int16x8")
"""Those that TFLM has kernels for; dynamic-range models mix types that it does not."""
LEAST_AGREEMENT_DB = {"float": 80.0, "int16x8": 40.0, "int8": 15.0}
"""Signal-to-difference ratio of all masks, or of all posteriors, over the demo mixture."""
HEADING = "## On a microcontroller"

Row = dict[str, float | str]


def verify(options: VerifyOptions, reporter: Reporter) -> None:
    """Run a bundle in LiteRT and in TFLM, compare, and print what it asks of a microcontroller.

    Raises
    ------
    WorkbenchError
        The bundle cannot be used, TFLM has no kernel for it, or the two do not agree.
    """
    bundle = find_bundle(options.name)
    if bundle.manifest.works_on_slices:
        raise WorkbenchError(
            f"{bundle.name} is of the original system, which works on slices of a second; 'verify' is for "
            "networks that stream."
        )
    reporter.started("verify", asdict(options))
    precisions = [each for each in bundle.manifest.files if each in MICRO_PRECISIONS]
    if not precisions:
        raise WorkbenchError(
            f"{bundle.name} has no model for microcontrollers; 'train_cli quantise {bundle.name}' adds some."
        )
    reports = {precision: report(bundle, precision, options.clock_mhz) for precision in precisions}
    tables = _tables(reports, options.clock_mhz)
    for name, rows in tables.items():
        reporter.table(name, rows)
    if options.output is not None:
        options.output.write_text(json.dumps({"bundle": bundle.name, **reports}, indent=1) + "\n")
        reporter.artifact("report", str(options.output))
    if options.card:
        _put_into_card(bundle, tables, options)
        reporter.artifact("card", str(bundle.folder / CARD_NAME))
    for precision, found in reports.items():
        least_db = LEAST_AGREEMENT_DB[precision]
        if not found["agreement_db"] >= least_db:
            raise WorkbenchError(
                f"{bundle.name} in {precision} differs between LiteRT and TFLM: they agree to "
                f"{found['agreement_db']:.1f} dB, and {least_db:g} dB is the least."
            )


def demo_mixture() -> tuple[NoiseClass, Signal]:
    """Return 4 s of speech and an appliance at 0 dB, from the demo recordings."""
    assets = resources.assets_dir()
    speech = read(assets / "speech" / "en_woman_hold.flac")[: 4 * SAMPLE_RATE]
    noise = read(sorted((assets / "noise" / "household").glob("*.flac"))[0])
    return NoiseClass.HOUSEHOLD, mix(speech, noise, 0.0).noisy


def report(bundle: Bundle, precision: str, clock_mhz: float) -> dict[str, Any]:
    """Compare a model in both runtimes and measure it.

    Returns
    -------
    dict
        ``operators``, ``parameters``, ``multiply_accumulates`` per step and per second, ``steps_per_s``,
        ``flash_bytes`` (of the model), ``arena_bytes``, ``shared_arena_bytes`` (the part that models can use
        in turn), ``step_difference`` (largest of one step from equal states, as a share of the peak),
        ``agreement_db`` (signal-to-difference ratio over the whole signal, each with its own states),
        ``same_decision`` (share of an NC's chunks of the same class), ``load`` by core, and ``peak`` by how
        much more there is of it where a step must be done within the first of several frames.
    """
    content = bundle.model_path(precision).read_bytes()
    try:
        micro = MicroModel(content)
    except RuntimeError as error:
        raise WorkbenchError(
            f"{bundle.name} in {precision} does not run in TFLM: {str(error).strip() or 'no kernel'}."
        ) from None
    noise_class, noisy = demo_mixture()
    frames = frames_of(bundle, noisy, noise_class)
    model = StatefulModel(bundle, precision)
    output = next(iter(model.output_shapes))
    ours, after_equal = _run_both(model, micro, frames, output)
    theirs = np.stack([step[output] for step in micro.run(frames)])
    decisions = {"same_decision": float(np.mean(_largest(ours) == _largest(theirs)))}
    work = work_of(content)
    steps_per_s = steps_per_second(bundle)
    arena_bytes, shared_bytes = micro.arena()
    return {
        "operators": work.operators,
        "parameters": work.parameters,
        "multiply_accumulates": work.multiply_accumulates,
        "steps_per_s": steps_per_s,
        "multiply_accumulates_per_s": work.multiply_accumulates * steps_per_s,
        "flash_bytes": len(content),
        "arena_bytes": arena_bytes,
        "shared_arena_bytes": shared_bytes,
        "step_difference": float(np.abs(after_equal - ours).max() / np.abs(ours).max()),
        "agreement_db": _ratio_db(ours, theirs),
        **(decisions if bundle.manifest.kind == "nc" else {}),
        "load": {core.name: core.load(work, precision, steps_per_s, clock_mhz * 1e6) for core in CORES},
        "peak": spectral_features(bundle.manifest).frames_per_mask if bundle.manifest.kind == "ddae" else 1,
    }


def steps_per_second(bundle: Bundle) -> float:
    """Return how often a bundle's model runs."""
    if bundle.manifest.kind == "ddae":
        return SAMPLE_RATE / spectral_features(bundle.manifest).step_samples
    features = log_mel_features(bundle.manifest)
    return SAMPLE_RATE / features.hop_samples / features.chunk_frames


def _run_both(
    model: StatefulModel, micro: MicroModel, frames: list[Frame], output: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return one output of every step in LiteRT, and in TFLM from LiteRT's states."""
    ours, theirs = [], []
    for frame in frames:
        theirs.append(micro.step({**frame, **model.states()})[output])
        ours.append(model.step(**frame)[output])
    return np.stack(ours), np.stack(theirs)


def _ratio_db(ours: NDArray[np.float32], theirs: NDArray[np.float32]) -> float:
    difference = float(np.mean(np.square(ours - theirs, dtype=np.float64)))
    power = float(np.mean(np.square(ours, dtype=np.float64)))
    return 200.0 if difference == 0 else 10 * float(np.log10(power / difference))


def _largest(values: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.argmax(values.reshape(len(values), -1), axis=1)


def _tables(reports: dict[str, Any], clock_mhz: float) -> dict[str, dict[str, Row]]:
    first = next(iter(reports.values()))
    names = {name: None for found in reports.values() for name in found["operators"]}
    memory: dict[str, Any] = {
        precision: {
            "flash": f"{found['flash_bytes'] / 1000:.1f} kB",
            "arena": f"{found['arena_bytes'] / 1000:.1f} kB",
            "of it shared": f"{found['shared_arena_bytes'] / 1000:.1f} kB",
            "LiteRT = TFLM": f"{found['agreement_db']:.0f} dB",
            "one step": f"{100 * found['step_difference']:.2f} %",
        }
        | ({"same class": f"{100 * found['same_decision']:.1f} %"} if "same_decision" in found else {})
        for precision, found in reports.items()
    }
    load: dict[str, Row] = {
        precision: {core: f"{100 * share:.1f} %" for core, share in found["load"].items()}
        for precision, found in reports.items()
    }
    if first["peak"] > 1:
        load |= {
            f"{precision}, in the frame of a step": {
                core: f"{100 * first['peak'] * share:.1f} %" for core, share in found["load"].items()
            }
            for precision, found in reports.items()
        }
    work: dict[str, Row] = {
        "each step": {
            "multiply-accumulates": f"{first['multiply_accumulates']:,}",
            "parameters": f"{first['parameters']:,}",
        },
        "each second": {
            "multiply-accumulates": f"{first['multiply_accumulates_per_s'] / 1e6:.1f} million",
            "parameters": f"{first['steps_per_s']:g} steps",
        },
    }
    operators: dict[str, Row] = {
        name: {precision: str(found["operators"].get(name, 0)) for precision, found in reports.items()}
        for name in names
    }
    return {
        "Memory and agreement": memory,
        "Work": work,
        f"Load at {clock_mhz:g} MHz, estimated": load,
        "Operators": operators,
    }


def _put_into_card(bundle: Bundle, tables: dict[str, dict[str, Row]], options: VerifyOptions) -> None:
    body = "\n\n".join(markdown_table(name, rows) for name, rows in tables.items())
    text = (
        f"Measured with `train_cli verify {bundle.name} --clock-mhz {options.clock_mhz:g}`, "
        "which runs the model in the kernels of TensorFlow Lite Micro; docs/embedded.md explains the columns "
        f"and the estimate.\n\n{body}"
    )
    put_section(bundle.folder, HEADING, text, bundle.manifest.title)
