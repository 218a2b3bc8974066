"""What a bundle of the original system's networks holds: models, and what its manifest says of them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from train_cli.architectures.original_nc import WINDOW_FRAMES, OriginalNc
from train_cli.convert import original_ddae_step, original_nc_step, require_best, to_litert
from train_cli.options import NOISE_CLASSES
from train_cli.original import MEL_SPEC, N_FRAMES, NETWORKS
from train_cli.quantise import convert_apart
from train_cli.runs import RUN_NAME, read_run
from workbench.bundles.manifest import SLICES, WINDOWS, SliceFeatures
from workbench.classifier.posterior import NOISES
from workbench.dsp import SAMPLE_RATE
from workbench.dsp.stft import REFERENCE_SPEC
from workbench.errors import WorkbenchError


def runs_in(folder: Path) -> list[Path]:
    """Return the runs that make one bundle: the folder itself, or the four of an original denoiser in it.

    Raises
    ------
    WorkbenchError
        Some of the four are missing.
    """
    parts = [folder / f"run-{noise_class}" for noise_class in NOISE_CLASSES]
    missing = [part for part in parts if not (part / RUN_NAME).exists()]
    if (folder / RUN_NAME).exists() or missing == parts:
        return [folder]
    if missing:
        raise WorkbenchError(
            f"{missing[0]} is missing; an original denoiser needs a run for each class of noise, as "
            "'train_cli recipe original-gru --run' makes them."
        )
    return parts


def original_ddae(
    runs: Sequence[Path], precisions: Sequence[str]
) -> tuple[dict[str, bytes], list[int], dict[str, Any]]:
    """Convert the denoiser of one run that heard all classes, or of four with a class each.

    Returns
    -------
    tuple
        Models by precision (dynamic where none is named), the step of each run's weights, and what the
        manifest and the card say of them.

    Raises
    ------
    WorkbenchError
        The runs do not belong together, one has no validated weights, or a conversion fails.
    """
    trained: list[Mapping[str, Any]] = [read_run(run)["options"] for run in runs]
    wanted = ["all"] if len(runs) == 1 else list(NOISE_CLASSES)
    architecture = trained[0]["architecture"]
    for run, options, noise_class in zip(runs, trained, wanted, strict=True):
        if (options.get("architecture"), options.get("noise_class")) != (architecture, noise_class):
            raise WorkbenchError(
                f"{run} trained {options.get('architecture')} on {options.get('noise_class')}; name a run of "
                f"{architecture} with --noise-class all, or the folder that holds one for each class: "
                f"{', '.join(f'run-{each}' for each in NOISE_CLASSES)}."
            )
    networks = [NETWORKS[architecture]() for _ in runs]
    steps = [require_best(run, network) for run, network in zip(runs, networks, strict=True)]
    of_class = networks * (len(NOISES) // len(networks))
    model = to_litert(*map(original_ddae_step, of_class), names=NOISES)
    files = {
        precision: model if precision == "float" else convert_apart(architecture, model, precision, [])
        for precision in precisions or ("dynamic",)
    }
    spec = REFERENCE_SPEC
    features = SliceFeatures(spec.window, spec.window_samples, spec.hop_samples, N_FRAMES)
    described = {
        "kind": "ddae",
        "features": {"transform": SLICES, **asdict(features)},
        "latency_samples": features.latency_samples,
        "networks": networks,
        "mmac_per_s": networks[0].multiply_accumulates() * SAMPLE_RATE / features.slice_samples / 1e6,
    }
    return files, steps, described


def original_nc(run: Path) -> tuple[dict[str, bytes], list[int], dict[str, Any]]:
    """Convert the classifier of a run; returns as `original_ddae` does."""
    network = OriginalNc(len(NOISES))
    step = require_best(run, network)
    window_samples = WINDOW_FRAMES * MEL_SPEC.hop_samples
    described = {
        "kind": "nc",
        "features": {"transform": WINDOWS, **asdict(MEL_SPEC), "chunk_frames": WINDOW_FRAMES},
        "latency_samples": window_samples,
        "networks": [network],
        "mmac_per_s": network.multiply_accumulates() * SAMPLE_RATE / window_samples / 1e6,
    }
    return {"float": to_litert(original_nc_step(network))}, [step], described
