"""Writing a scene to files: sounds, picture, numbers."""

import csv
import io
import json
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from workbench.audio import files
from workbench.denoisers.registry import method_titles
from workbench.engine.render import RenderedScene, render_steps
from workbench.engine.scene import LoadedScene, Scene
from workbench.errors import WorkbenchError
from workbench.evaluation.metrics import METRICS
from workbench.evaluation.spectrogram import DEFAULT_LEVELS_DB
from workbench.gui.studio.scoring import ScoreRow, score_rows, unscored
from workbench.gui.workers import ComputeProcess

T = TypeVar("T")
_COLUMNS = ("metric", "title", "variant", "unit", "mixed", "denoised", "gap")

KINDS = (
    (
        "wav",
        "Sounds (WAV)",
        "Clean, mixed and denoised, aligned sample by sample, 16 kHz, not loudness-matched",
    ),
    ("png", "Picture (PNG)", "The three spectrograms and the noise classes"),
    ("svg", "Picture (SVG)", "The same, to edit or to print at any size"),
    ("csv", "Numbers (CSV)", "All metrics, one line each"),
    ("json", "Numbers (JSON)", "All metrics, the settings, and the noise classes over time"),
)


@dataclass(frozen=True)
class ExportRequest:
    """What to write: files named ``<name>-...`` in a folder.

    Attributes
    ----------
    folder : pathlib.Path
        Made if it is not there.
    name : str
        How the names of the files begin.
    kinds : tuple of str
        Of `KINDS`.
    levels_db : tuple of float
        dB scale of the pictures.
    """

    folder: Path
    name: str
    kinds: tuple[str, ...]
    levels_db: tuple[float, float] = DEFAULT_LEVELS_DB


def target_paths(request: ExportRequest, *, has_clean: bool) -> dict[str, Path]:
    """Return the files that an export writes, by what they hold."""
    names: dict[str, str] = {}
    if "wav" in request.kinds:
        signals = ("clean", "mixed", "denoised") if has_clean else ("mixed", "denoised")
        names |= {signal: f"-{signal}.wav" for signal in signals}
    names |= {kind: f".{kind}" for kind in ("png", "svg") if kind in request.kinds}
    names |= {kind: f"-numbers.{kind}" for kind in ("csv", "json") if kind in request.kinds}
    return {what: request.folder / f"{request.name}{ending}" for what, ending in names.items()}


def export_steps(
    loaded: LoadedScene, request: ExportRequest, compute: ComputeProcess
) -> Generator[float, None, list[Path]]:
    """Render a scene with its settings and write the files asked for.

    Yields
    ------
    float
        Share that is done.

    Raises
    ------
    WorkbenchError
        If the folder cannot be written.
    """
    render = render_steps(loaded)
    while True:
        try:
            yield 0.5 * next(render)
        except StopIteration as finished:
            rendered: RenderedScene = finished.value
            break
    try:
        request.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkbenchError(f"Cannot make the folder {request.folder}: choose another one.") from error
    paths = target_paths(request, has_clean=rendered.clean is not None)
    for signal in ("clean", "mixed", "denoised"):
        if signal in paths:
            files.write(paths[signal], getattr(rendered, signal))
    yield 0.55
    rows: list[ScoreRow] = []
    reason = unscored(loaded.scene, rendered)
    if set(paths) - {"clean", "mixed", "denoised"} and not reason:
        rows = yield from at_share(0.6, score_rows(rendered, compute))
    pictures = [paths[kind] for kind in ("png", "svg") if kind in paths]
    if pictures:
        yield from at_share(
            0.8, compute.call(_draw, loaded.scene, rendered, rows, request.levels_db, pictures)
        )
    if "csv" in paths:
        _write_text(paths["csv"], _csv(rows))
    if "json" in paths:
        _write_text(paths["json"], _json(loaded, rendered, rows, reason))
    return list(paths.values())


def at_share(share: float, steps: Generator[None, None, T]) -> Generator[float, None, T]:
    """Run steps that do not tell how far they are, and say each time that `share` is done."""
    while True:
        try:
            next(steps)
        except StopIteration as finished:
            value: T = finished.value
            return value
        yield share


def _draw(
    scene: Scene,
    rendered: RenderedScene,
    rows: list[ScoreRow],
    levels_db: tuple[float, float],
    paths: list[Path],
) -> None:
    from workbench.evaluation.figures import save_figure, scene_figure

    figure = scene_figure(
        rendered.clean,
        rendered.mixed,
        rendered.denoised,
        rendered.posteriors,
        title=scene.title,
        snr_db=scene.snr_db if scene.has_reference and scene.noise_path is not None else None,
        method=method_titles([rendered.method])[rendered.method],
        scores={
            "mixed": {row.metric: row.mixed for row in rows},
            "denoised": {row.metric: row.denoised for row in rows},
        }
        if rows
        else None,
        levels_db=levels_db,
    )
    for path in paths:
        save_figure(figure, path)


def _csv(rows: list[ScoreRow]) -> str:
    text = io.StringIO()
    records = [_record(row) for row in rows]
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


def _record(row: ScoreRow) -> dict[str, Any]:
    metric = METRICS[row.metric]
    gap = row.mixed.gap or row.denoised.gap or ""
    values = (
        metric.name,
        metric.title,
        metric.variant,
        metric.unit,
        row.mixed.value,
        row.denoised.value,
        gap,
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _json(loaded: LoadedScene, rendered: RenderedScene, rows: list[ScoreRow], reason: str) -> str:
    values = {
        "scene": asdict(loaded.scene),
        "latency_samples": rendered.latency_samples,
        "measured_snr_db": None if rendered.mixture is None else rendered.mixture.measured_snr_db,
        "scores": [_record(row) for row in rows],
        "no_scores_because": reason or None,
        "posteriors": [
            {"time_samples": p.time_samples, "probabilities": [round(float(v), 5) for v in p.probabilities]}
            for p in rendered.posteriors
        ],
    }
    return json.dumps(values, default=str, indent=2, ensure_ascii=False) + "\n"


def _write_text(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise WorkbenchError(f"Cannot write {path}: choose another folder.") from error
