"""The two overview figures of the scene that is open, as ``workbench render --figure`` draws them."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

from workbench.denoisers.registry import methods
from workbench.engine.render import RenderedScene, render_steps
from workbench.engine.scene import LoadedScene
from workbench.errors import WorkbenchError
from workbench.evaluation.overview_figures import GridRow, HeardScene, classes_figure, snr_grid_figure
from workbench.evaluation.plan import DEFAULT_SNRS_DB
from workbench.evaluation.tables import snr_title
from workbench.gui.studio.export import at_share
from workbench.gui.workers import ComputeProcess

OVERVIEWS = {
    "grid": "Figure: spectrograms over the SNR…",
    "classes": "Figure: noise class over time…",
}
_DRAWING = 0.9


def overview_steps(
    loaded: LoadedScene, kind: str, path: Path, compute: ComputeProcess
) -> Generator[float, None, list[Path]]:
    """Render a scene, at all SNRs for the grid, and draw one of `OVERVIEWS`.

    Yields
    ------
    float
        Share that is done.

    Raises
    ------
    WorkbenchError
        The scene has no speech and noise to mix, or the figure cannot be written.
    """
    is_mixed = loaded.clean is not None and loaded.noise is not None
    if kind == "grid" and not is_mixed:
        raise WorkbenchError("This figure mixes at several SNRs; open speech and a noise for it.")
    snrs_db = DEFAULT_SNRS_DB if kind == "grid" else (loaded.scene.snr_db,)
    rendered: list[RenderedScene] = []
    for place, snr_db in enumerate(snrs_db):
        render = render_steps(replace(loaded, scene=replace(loaded.scene, snr_db=snr_db)))
        while True:
            try:
                yield _DRAWING * (place + next(render)) / len(snrs_db)
            except StopIteration as finished:
                rendered.append(finished.value)
                break
    scene = loaded.scene
    if kind == "grid":
        rows = [
            GridRow(snr_db, each.clean, each.mixed, each.denoised)
            for snr_db, each in zip(snrs_db, rendered, strict=True)
            if each.clean is not None
        ]
        titles = {method.name: method.title for method in methods()}
        draw = compute.call(_draw_grid, rows, scene.title, titles.get(scene.method, scene.method), path)
    else:
        title = ", ".join(filter(None, (scene.title, snr_title(scene.snr_db) if is_mixed else "")))
        heard = HeardScene(title, rendered[0].mixed, rendered[0].posteriors)
        draw = compute.call(_draw_classes, heard, path)
    yield from at_share(_DRAWING, draw)
    return [path]


def _draw_grid(rows: list[GridRow], title: str, method: str, path: Path) -> None:
    from workbench.evaluation.figures import save_figure

    save_figure(snr_grid_figure(rows, title=title, method=method), path)


def _draw_classes(heard: HeardScene, path: Path) -> None:
    from workbench.evaluation.figures import save_figure

    save_figure(classes_figure([heard], title="What the noise classifier hears"), path)
