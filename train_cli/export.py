"""Makes a bundle of a training run: LiteRT model, manifest and card."""

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from train_cli.architectures.band_gru import BandGru, BandGruSize
from train_cli.card import figures_text
from train_cli.convert import best_step, ddae_step, n_kinds, nc_step, require_best, to_litert
from train_cli.events import Reporter
from train_cli.nc import build_network
from train_cli.options import ExportOptions, QuantiseOptions
from train_cli.original_export import original_ddae, original_nc, runs_in
from train_cli.quantise import add_quantised
from train_cli.runs import read_run
from train_cli.spectral import COMPRESSION
from workbench.bundles.manifest import Manifest, Training
from workbench.bundles.write import write_bundle
from workbench.classifier.posterior import CLASSES, NOISES
from workbench.dsp import SAMPLE_RATE
from workbench.dsp.stft import StftSpec
from workbench.errors import WorkbenchError

VERSION = "1"
RECORDED_OPTIONS = (
    *(
        "architecture",
        "noise_class",
        "window",
        "hop",
        "synthesis",
        "frames_per_mask",
        "size",
        "steps",
        "epoch_steps",
        "batch",
        "seconds",
    ),
    *("learning_rate", "warmup_steps", "validation_mixtures", "quietest_db", "teacher", "begin_with"),
    *("scenes", "seed"),
)
"""Options that decide what a training gives: they make the command in the manifest, which recipes repeat."""
THEN = " && "
"""Stands between the commands of runs: each began with the weights of the one before, or they go together."""

_Made: TypeAlias = tuple[dict[str, bytes], list[int], dict[str, Any]]
"""Models by precision, the step of each run's weights, and what the manifest and the card say of them."""


def export(options: ExportOptions, reporter: Reporter) -> None:
    """Make a bundle from the best weights of a run.

    Raises
    ------
    WorkbenchError
        The folder is no run, the run has not been validated yet, or the bundle cannot be written.
    """
    runs = runs_in(options.run)
    records = [read_run(run) for run in runs]
    reporter.started("export", asdict(options))
    files, steps, described = _make(runs, records[0], options)
    figures = _read_figures(options.figures)
    manifest = Manifest(
        name=options.output.name,
        version=VERSION,
        title=options.title or options.output.name,
        description=options.description,
        created=datetime.date.today(),
        classes=NOISES if "transform" in described["features"] else CLASSES,
        training=_training(records, steps, options.licence),
        figures=figures,
        default=options.default,
        **{name: described[name] for name in ("kind", "features", "latency_samples")},
    )
    card = _card(manifest, described, records, steps, files, options)
    write_bundle(options.output, manifest, files, card)
    quantised = tuple(precision for precision in options.precisions if precision not in files)
    if quantised:
        add_quantised(QuantiseOptions(str(options.output), options.data, quantised))
    reporter.artifact("bundle", str(options.output))


def _make(runs: Sequence[Path], record: Mapping[str, Any], options: ExportOptions) -> _Made:
    trained = record["options"]
    is_original = trained.get("architecture", "").startswith("original")
    if record["command"] == "train-ddae":
        return original_ddae(runs, options.precisions) if is_original else _ddae(runs[0], trained)
    return original_nc(runs[0]) if is_original else _nc(runs[0], trained)


def _ddae(run: Path, trained: Mapping[str, Any]) -> _Made:
    synthesis, frames_per_mask = trained.get("synthesis", 0), trained.get("frames_per_mask", 1)
    spec = StftSpec(trained["window"], trained["hop"], "sqrt_hann", synthesis_samples=synthesis or None)
    network = BandGru(BandGruSize.for_window(spec.window_samples, trained.get("size", "standard")))
    step = require_best(run, network)
    steps_per_s = SAMPLE_RATE / spec.hop_samples / frames_per_mask
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
            **({"frames_per_mask": frames_per_mask} if frames_per_mask > 1 else {}),
        },
        "latency_samples": spec.latency_samples,
        "networks": [network],
        "mmac_per_s": network.multiply_accumulates() * steps_per_s / 1e6,
    }
    return {"float": to_litert(ddae_step(network))}, [step], described


def _nc(run: Path, trained: Mapping[str, Any]) -> _Made:
    network = build_network(trained["architecture"], trained.get("size", "standard"), n_kinds(run))
    step = require_best(run, network)
    size, spec = network.size, network.MEL_SPEC
    chunks_per_s = SAMPLE_RATE / spec.hop_samples / size.chunk_frames
    described = {
        "kind": "nc",
        "features": {**asdict(spec), "chunk_frames": size.chunk_frames},
        "latency_samples": size.chunk_frames * spec.hop_samples,
        "networks": [network],
        "mmac_per_s": network.multiply_accumulates() * chunks_per_s / 1e6,
    }
    return {"float": to_litert(nc_step(network))}, [step], described


def _training(records: Sequence[Mapping[str, Any]], steps: Sequence[int], licence: str) -> Training:
    stages = [_stages(record, step) for record, step in zip(records, steps, strict=True)]
    commands, hours = zip(*chain.from_iterable(stages), strict=True)
    return Training(
        data="train speech and noise of the folder given to --data, mixed on the fly",
        licence=licence,
        command=THEN.join(commands),
        seed=records[0]["options"]["seed"],
        hours_heard=round(sum(hours), 2),
    )


def _stages(record: Mapping[str, Any], step: int) -> list[tuple[str, float]]:
    """Return the command and the hours of mixtures of each run that led to the weights, the first first."""
    trained = record["options"]
    arguments = [
        f"--{name.replace('_', '-')} {trained[name]}" for name in RECORDED_OPTIONS if name in trained
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
| LiteRT model ({precision}) | {kilobytes:.0f} kB |
| Weights taken at step | {taken} of {steps} |
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
    records: Sequence[Mapping[str, Any]],
    steps: Sequence[int],
    files: Mapping[str, bytes],
    options: ExportOptions,
) -> str:
    precision, model = next(iter(files.items()))
    variables = chain.from_iterable(network.trainable_variables for network in described["networks"])
    classes = list(chain.from_iterable(record["mixing"]["classes"] for record in records))
    return _CARD.format(
        title=manifest.title,
        description=manifest.description,
        kind={"ddae": "denoising autoencoder (DDAE)", "nc": "noise classifier (NC)"}[manifest.kind],
        latency_ms=1000 * (manifest.latency_samples) / SAMPLE_RATE,
        parameters=sum(int(np.prod(variable.shape)) for variable in variables),
        mmac_per_s=described["mmac_per_s"],
        precision=precision,
        kilobytes=len(model) / 1000,
        taken=", ".join(map(str, steps)),
        steps=records[0]["options"]["steps"],
        hours=manifest.training.hours_heard,
        mixing=json.dumps({**records[0]["mixing"], "classes": classes}, indent=1),
        command=manifest.training.command,
        figures=figures_text(
            manifest.figures,
            f"train_cli evaluate --bundle models/{options.output.name} --data ../shared/data",
        ),
        notes=_read_notes(options.notes) or f"## Licence\n\n{options.licence}",
    )
