"""Writing a scene to files: sounds, picture, numbers."""

import csv
import io
import json
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from workbench.audio import files
from workbench.engine.render import RenderedScene, render_steps
from workbench.engine.scene import LoadedScene
from workbench.errors import WorkbenchError
from workbench.gui.studio.scoring import score_table, unscored
from workbench.gui.workers import ComputeProcess

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
    """What to write: files named ``<name>-...`` in a folder; `kinds` of `KINDS`."""

    folder: Path
    name: str
    kinds: tuple[str, ...]


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
    from workbench.evaluation.figures import save_figure, scene_figure

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
    yield 0.6
    pictures = [paths[kind] for kind in ("png", "svg") if kind in paths]
    if pictures:
        figure = scene_figure(rendered)
        for path in pictures:
            save_figure(figure, path)
    yield 0.75
    if "csv" in paths or "json" in paths:
        rows: list[dict[str, Any]] = []
        reason = unscored(loaded.scene, rendered)
        if not reason:
            scoring = score_table(rendered, compute)
            while True:
                try:
                    next(scoring)
                    yield 0.85
                except StopIteration as finished:
                    rows = finished.value
                    break
        if "csv" in paths:
            _write_text(paths["csv"], _csv(rows))
        if "json" in paths:
            _write_text(paths["json"], _json(loaded, rendered, rows, reason))
    return list(paths.values())


def _csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    columns = ("metric", "title", "variant", "unit", "mixed", "denoised", "gap")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _json(loaded: LoadedScene, rendered: RenderedScene, rows: list[dict[str, Any]], reason: str) -> str:
    values = {
        "scene": asdict(loaded.scene),
        "latency_samples": rendered.latency_samples,
        "measured_snr_db": None if rendered.mixture is None else rendered.mixture.measured_snr_db,
        "scores": rows,
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
