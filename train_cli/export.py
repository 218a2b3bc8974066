"""Makes a bundle of a training run: LiteRT model, manifest and card."""

import datetime
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from train_cli.architectures.band_gru import BandGru, BandGruSize
from train_cli.architectures.chunk_net import ChunkNet, ChunkNetSize
from train_cli.convert import best_step, ddae_step, n_kinds, nc_step, require_best, to_litert
from train_cli.events import Reporter
from train_cli.nc import MEL_SPEC
from train_cli.options import ExportOptions, QuantiseOptions
from train_cli.quantise import add_quantised
from train_cli.runs import read_run
from train_cli.spectral import COMPRESSION
from train_cli.tables import markdown_table
from workbench.bundles.manifest import Manifest, Training
from workbench.bundles.write import write_bundle
from workbench.classifier.posterior import CLASSES
from workbench.dsp import SAMPLE_RATE
from workbench.dsp.stft import StftSpec
from workbench.errors import WorkbenchError

VERSION = "1"
_RECORDED_OPTIONS = (
    *(
        "architecture",
        "noise_class",
        "window",
        "hop",
        "synthesis",
        "size",
        "steps",
        "epoch_steps",
        "batch",
        "seconds",
    ),
    *("learning_rate", "warmup_steps", "validation_mixtures", "seed"),
)
"""Options that decide what a training gives: they make the command in the manifest, which recipes repeat."""
THEN = " && "
"""Stands between the commands of runs of which each began with the weights of the one before."""


def export(options: ExportOptions, reporter: Reporter) -> None:
    """Make a bundle from the best weights of a run.

    Raises
    ------
    WorkbenchError
        The folder is no run, the run has not been validated yet, or the bundle cannot be written.
    """
    record = read_run(options.run)
    architecture = record["options"].get("architecture", "")
    if architecture.startswith("original"):
        raise WorkbenchError(
            f"{options.run} is a run of {architecture}, which the application cannot stream; measure it with "
            f"'train_cli evaluate --bundle {options.run}'."
        )
    reporter.started("export", asdict(options))
    make = {"train-ddae": _ddae, "train-nc": _nc}[record["command"]]
    model, step, described = make(options.run, record["options"])
    figures = _read_figures(options.figures)
    manifest = Manifest(
        name=options.output.name,
        version=VERSION,
        title=options.title or options.output.name,
        description=options.description,
        created=datetime.date.today(),
        classes=tuple(CLASSES),
        training=_training(record, step, options.licence),
        figures=figures,
        default=options.default,
        **{name: described[name] for name in ("kind", "features", "latency_samples")},
    )
    card = _card(manifest, described, record, step, len(model), options)
    write_bundle(options.output, manifest, {"float": model}, card)
    if options.precisions:
        add_quantised(QuantiseOptions(str(options.output), options.data, options.precisions))
    reporter.artifact("bundle", str(options.output))


def _ddae(run: Path, trained: Mapping[str, Any]) -> tuple[bytes, int, dict[str, Any]]:
    synthesis = trained.get("synthesis", 0)
    spec = StftSpec(trained["window"], trained["hop"], "sqrt_hann", synthesis_samples=synthesis or None)
    network = BandGru(BandGruSize.for_window(spec.window_samples, trained.get("size", "standard")))
    step = require_best(run, network)
    frames_per_s = SAMPLE_RATE / spec.hop_samples
    described = {
        "kind": "ddae",
        "features": {
            "window": spec.window,
            "window_samples": spec.window_samples,
            "hop_samples": spec.hop_samples,
            "compression": COMPRESSION,
            "first_bin": 1,
            "n_bins": network.size.n_bins,
            **({"synthesis_samples": synthesis} if synthesis else {}),
        },
        "latency_samples": spec.latency_samples,
        "parameters": _n_parameters(network),
        "mmac_per_s": network.multiply_accumulates() * frames_per_s / 1e6,
    }
    return to_litert(ddae_step(network)), step, described


def _nc(run: Path, trained: Mapping[str, Any]) -> tuple[bytes, int, dict[str, Any]]:
    network = ChunkNet(ChunkNetSize(n_kinds=n_kinds(run)))
    step = require_best(run, network)
    size, spec = network.size, MEL_SPEC
    chunks_per_s = SAMPLE_RATE / spec.hop_samples / size.chunk_frames
    described = {
        "kind": "nc",
        "features": {
            "n_bands": spec.n_bands,
            "low_hz": float(spec.low_hz),
            "high_hz": float(spec.high_hz),
            "window_samples": spec.window_samples,
            "hop_samples": spec.hop_samples,
            "fft_samples": spec.fft_samples,
            "log_offset": float(spec.log_offset),
            "chunk_frames": size.chunk_frames,
        },
        "latency_samples": size.chunk_frames * spec.hop_samples,
        "parameters": _n_parameters(network),
        "mmac_per_s": network.multiply_accumulates() * chunks_per_s / 1e6,
    }
    return to_litert(nc_step(network)), step, described


def _n_parameters(network: BandGru | ChunkNet) -> int:
    return sum(int(np.prod(variable.shape)) for variable in network.trainable_variables)


def _training(record: Mapping[str, Any], step: int, licence: str) -> Training:
    commands, hours = zip(*_stages(record, step), strict=True)
    return Training(
        data="train speech and noise of the folder given to --data, mixed on the fly",
        licence=licence,
        command=THEN.join(commands),
        seed=record["options"]["seed"],
        hours_heard=round(sum(hours), 2),
    )


def _stages(record: Mapping[str, Any], step: int) -> list[tuple[str, float]]:
    """Return the command and the hours of mixtures of each run that led to the weights, the first first."""
    trained = record["options"]
    arguments = [
        f"--{name.replace('_', '-')} {trained[name]}" for name in _RECORDED_OPTIONS if name in trained
    ]
    before: list[tuple[str, float]] = []
    if trained.get("start_from") not in (None, "None"):
        earlier = Path(trained["start_from"])
        before = _stages(read_run(earlier), best_step(earlier))
        arguments.append("--start-from RUN")
    command = f"train_cli {record['command']} --data DATA {' '.join(arguments)}"
    return [*before, (command, step * trained["batch"] * trained["seconds"] / 3600)]


def _read_figures(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        figures: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise WorkbenchError(
            f"{path} holds no figures ({error}); make it with 'train_cli evaluate'."
        ) from None
    return figures


def _read_notes(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise WorkbenchError(f"The notes {path} cannot be read: {error}.") from None


_CARD = """# {title}

{description}

| | |
|---|---|
| Kind | {kind} |
| Algorithmic latency | {latency_ms:.1f} ms |
| Parameters | {parameters:,} |
| Multiply-accumulates | {mmac_per_s:.1f} million per second |
| LiteRT model (float) | {kilobytes:.0f} kB |
| Weights taken at step | {step} of {steps} |
| Mixtures heard | {hours:.1f} h |

## Training

Mixtures are made on the fly; the settings of the run:

```json
{mixing}
```

```
{command}
```

## Figures

{figures}

{notes}
"""


def _card(
    manifest: Manifest,
    described: Mapping[str, Any],
    record: Mapping[str, Any],
    step: int,
    n_bytes: int,
    options: ExportOptions,
) -> str:
    return _CARD.format(
        title=manifest.title,
        description=manifest.description,
        kind={"ddae": "denoising autoencoder (DDAE)", "nc": "noise classifier (NC)"}[manifest.kind],
        latency_ms=1000 * (manifest.latency_samples) / SAMPLE_RATE,
        parameters=described["parameters"],
        mmac_per_s=described["mmac_per_s"],
        kilobytes=n_bytes / 1000,
        step=step,
        steps=record["options"]["steps"],
        hours=manifest.training.hours_heard,
        mixing=json.dumps(record["mixing"], indent=1),
        command=manifest.training.command,
        figures=_figures_text(manifest.figures, options),
        notes=_read_notes(options.notes) or f"## Licence\n\n{options.licence}",
    )


def _figures_text(figures: Mapping[str, Any], options: ExportOptions) -> str:
    if not figures:
        return "Not measured yet; `train_cli evaluate` measures and `train_cli export --figures` adds them."
    tables = [markdown_table(name, rows) for name, rows in figures.items() if isinstance(rows, Mapping)]
    command = f"train_cli evaluate --bundle models/{options.output.name} --data ../shared/data"
    return (
        f"Measured with `{command}`, on speakers and recordings that training never saw.\n\n"
        + "\n\n".join(tables)
    )
