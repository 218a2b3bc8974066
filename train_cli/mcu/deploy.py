"""Writes the deployment folder for a microcontroller: a denoiser and a classifier that tells it the class."""

import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from train_cli.events import Reporter
from train_cli.mcu.models import arena_bytes, model_source, ops_header, state_bytes
from train_cli.mcu.tables import FeatureSpec, config_header, tables_header, tables_source
from train_cli.mcu.vectors import make_vectors, vectors_header, vectors_source
from train_cli.microkernels import MicroModel
from train_cli.options import ExportOptions
from workbench.bundles.check import Bundle
from workbench.bundles.manifest import log_mel_features, spectral_features
from workbench.bundles.store import default_bundle, find_bundle
from workbench.dsp import SAMPLE_RATE
from workbench.errors import WorkbenchError

_SOURCES = Path(__file__).resolve().parent / "c"
_MARK = "features/dw_config.h"
_PLACES = {
    "features": (
        *("dw_fft.c", "dw_fft.h", "dw_math.h", "dw_denoiser.c", "dw_denoiser.h"),
        *("dw_listener.c", "dw_listener.h", "dw_quantise.c", "dw_quantise.h"),
    ),
    "models": ("dw_model.h",),
    "example": ("dw_network.h", "main.cc"),
    "test": ("test_features.c", "board_mps2.c", "mps2.ld"),
    ".": ("Makefile",),
}
DEFAULT_PRECISIONS = ("int8", "int16x8", "float")
"""The first of these that a bundle has is deployed unless another is asked for."""


@dataclass(frozen=True)
class _Chosen:
    """A bundle and the precision to deploy."""

    bundle: Bundle
    precision: str

    @property
    def content(self) -> bytes:
        return self.bundle.model_path(self.precision).read_bytes()

    @property
    def title(self) -> str:
        return f"{self.bundle.name}, {self.precision}"


def deploy(options: ExportOptions, reporter: Reporter) -> None:
    """Write the folder; one that lies there from an earlier export is replaced.

    Raises
    ------
    WorkbenchError
        The bundles are not one denoiser and one classifier, lack the precision, or the folder holds
        something else.
    """
    chosen = _choose(options.bundle)
    reporter.started("export", asdict(options))
    if options.output.exists() and not (options.output / _MARK).is_file() and any(options.output.iterdir()):
        raise WorkbenchError(f"{options.output} holds something else; choose another --output folder.")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".mcu-", dir=options.output.parent) as scratch:
        made = Path(scratch) / "made"
        _write(made, chosen)
        if options.output.exists():
            options.output.rename(Path(scratch) / "old")
        made.rename(options.output)
    reporter.artifact("deployment", str(options.output))


def _choose(names: tuple[str, ...]) -> dict[str, _Chosen]:
    """Return the denoiser and the classifier named as NAME or NAME:PRECISION, or the default ones."""
    chosen: dict[str, _Chosen] = {}
    for name in names:
        plain, _, precision = name.rpartition(":") if ":" in name else (name, "", "")
        bundle = find_bundle(plain)
        if bundle.manifest.is_original:
            raise WorkbenchError(
                f"{bundle.name} is of the original system, which has no C code; choose another model."
            )
        found = _with_precision(bundle, precision)
        kind = bundle.manifest.kind
        if kind in chosen:
            raise WorkbenchError(
                f"{chosen[kind].bundle.name} and {found.bundle.name} are both of kind {kind!r}; "
                "name one denoiser and one classifier."
            )
        chosen[kind] = found
    for kind in ("ddae", "nc"):
        chosen.setdefault(kind, _with_precision(default_bundle(kind), ""))
    return chosen


def _with_precision(bundle: Bundle, precision: str) -> _Chosen:
    if precision == "dynamic":
        raise WorkbenchError("TFLM runs no dynamic-range models; choose int8, int16x8 or float.")
    held = [each for each in DEFAULT_PRECISIONS if each in bundle.manifest.files]
    if not held:
        raise WorkbenchError(
            f"{bundle.name} has no model for microcontrollers; 'train_cli quantise {bundle.name}' adds some."
        )
    bundle.model_path(precision or held[0])  # raises where there is none
    return _Chosen(bundle, precision or held[0])


def _write(folder: Path, chosen: dict[str, _Chosen]) -> None:
    for place, names in _PLACES.items():
        (folder / place).mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copyfile(_SOURCES / name, folder / place / name)
    spec = FeatureSpec(chosen["ddae"].bundle, chosen["nc"].bundle)
    contents = {kind: each.content for kind, each in chosen.items()}
    models = {kind: MicroModel(content) for kind, content in contents.items()}
    vectors = make_vectors(spec, models["ddae"], models["nc"])
    texts = {
        "features/dw_config.h": config_header(spec),
        "features/dw_tables.h": tables_header(),
        "features/dw_tables.c": tables_source(spec),
        "example/dw_ops.h": ops_header(list(contents.values()), models),
        "test/test_vectors.h": vectors_header(vectors),
        "test/test_vectors.c": vectors_source(vectors),
        "README.md": _readme(spec, chosen, models),
    }
    for kind, each in chosen.items():
        texts[f"models/dw_{kind}.c"] = model_source(kind, each.title, contents[kind], models[kind])
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _readme(spec: FeatureSpec, chosen: dict[str, _Chosen], models: dict[str, MicroModel]) -> str:
    ddae, nc = chosen["ddae"], chosen["nc"]
    stft, mel = spec.stft, spec.mel
    frames = log_mel_features(nc.bundle.manifest).chunk_frames
    chunk = frames * mel.hop_samples
    steps = spectral_features(ddae.bundle.manifest)
    buffers = stft.window_samples + len(stft.synthesis_window()) + stft.transform_samples + 2 * stft.n_bins
    buffers += 5 * steps.n_bins
    buffers += mel.window_samples + frames * mel.n_bands + mel.fft_samples + 2 * mel.stft.n_bins
    tables = stft.window_samples + len(stft.synthesis_window()) + mel.window_samples
    tables += sum({stft.transform_samples, mel.fft_samples}) + 2 * mel.fft_samples
    note = (
        "Differences are rounding."
        if "float" in (ddae.precision, nc.precision)
        else "CMSIS-NN follows TFLM's reference kernels to the bit; other kernels may differ by rounding."
    )
    return (
        (_SOURCES / "README.md")
        .read_text(encoding="utf-8")
        .format(
            ddae=ddae.bundle.name,
            nc=nc.bundle.name,
            ddae_precision=ddae.precision,
            nc_precision=nc.precision,
            arguments=" ".join(f"{each.bundle.name}:{each.precision}" for each in (ddae, nc)),
            step=steps.step_samples,
            step_ms=1000 * steps.step_samples / SAMPLE_RATE,
            hop=stft.hop_samples,
            hop_ms=1000 * stft.hop_samples / SAMPLE_RATE,
            latency_ms=1000 * ddae.bundle.manifest.latency_samples / SAMPLE_RATE,
            chunk=chunk,
            chunk_ms=1000 * chunk / SAMPLE_RATE,
            model_kb=sum(len(each.content) for each in chosen.values()) / 1000,
            table_kb=4 * tables / 1000,
            arena_kb=arena_bytes(*models.values()) / 1000,
            state_kb=sum(state_bytes(model) for model in models.values()) / 1000,
            buffer_kb=4 * buffers / 1000,
            licence=ddae.bundle.manifest.training.licence,
            precision_note=note,
        )
    )
