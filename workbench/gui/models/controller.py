"""Between the models page and the bundles on disk: it takes intents and hands out plain data."""

import tempfile
from collections.abc import Callable, Generator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from workbench.bundles.archive import ARCHIVE_SUFFIX, export_bundle, import_bundle
from workbench.bundles.check import Bundle
from workbench.bundles.library import (
    DeletedBundle,
    NameTakenError,
    delete_bundle,
    deleted_bundles,
    empty_trash,
    rename_bundle,
    restore_bundle,
)
from workbench.bundles.speed import Speed, speed_steps
from workbench.bundles.store import choose_default, chosen_default, original_bundle
from workbench.engine.scene import Scene, demo_scenes
from workbench.errors import WorkbenchError
from workbench.gui.hub import Hub
from workbench.gui.messages import Notifier
from workbench.gui.models.entries import Entry, read_entries
from workbench.gui.settings import Settings
from workbench.gui.workers import Job

_SPEEDS = "models/speeds"


@dataclass(frozen=True)
class Busy:
    """Work that is under way; an empty text when there is none."""

    text: str = ""
    share: float | None = None


class ModelsController(QObject):
    """Reads the bundles, changes the user's, measures speeds.

    Parameters
    ----------
    settings : Settings
        What is kept between starts.
    notifier : Notifier
        Where problems go.
    hub : Hub
        Hears of changes of models, and takes scenes to the studio.
    studio_scene : callable
        Returns the scene that the studio shows now.

    Signals
    -------
    entries_changed : list of Entry
        What there is.
    speeds_changed
        A speed was measured.
    busy_changed : Busy
        Work began, went on or ended.
    name_needed : pathlib.Path, str
        A file cannot be imported under this name, which is taken.
    imported : str
        A bundle of this name is there.
    """

    entries_changed = Signal(object)
    speeds_changed = Signal()
    busy_changed = Signal(object)
    name_needed = Signal(object, str)
    imported = Signal(str)
    exported = Signal(object)

    def __init__(
        self, settings: Settings, notifier: Notifier, hub: Hub, studio_scene: Callable[[], Scene]
    ) -> None:
        super().__init__()
        self._settings = settings
        self._notifier = notifier
        self._hub = hub
        self._studio_scene = studio_scene
        self.entries: list[Entry] = []
        self._is_started = False
        self._read_job, self._work_job, self._speed_job = Job(), Job(), Job()
        self._to_import: list[Path] = []
        self._drags: tempfile.TemporaryDirectory[str] | None = None
        self._speeds = self._remembered_speeds()
        hub.bundles_changed.connect(self.refresh)

    # --- start and end ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Read the bundles; the first time that the page is looked at."""
        self._is_started = True
        self.refresh()

    def close(self) -> None:
        """Give up what runs."""
        for job in (self._read_job, self._work_job, self._speed_job):
            job.cancel()
        if self._drags is not None:
            self._drags.cleanup()

    def refresh(self) -> None:
        """Read the bundles again."""
        if self._is_started:
            self._read_job.start(read_entries, done=self._show, failed=self._notifier.failure)

    def _show(self, entries: list[Entry]) -> None:
        self.entries = entries
        self.entries_changed.emit(entries)

    def find(self, name: str) -> Entry | None:
        """Return the entry of a name, None if there is none."""
        return next((entry for entry in self.entries if entry.name == name), None)

    # --- files -----------------------------------------------------------------------------------------

    def import_files(self, paths: Sequence[Path]) -> None:
        """Import files one after the other."""
        self._to_import += paths
        if not self._work_job.is_running:
            self._import_next()

    def import_file(self, path: Path, name: str | None = None) -> None:
        """Import one file, under another name where one is given."""
        self._set_busy(f"Checking {path.name}…")
        self._work_job.start(
            import_bundle, path, name, done=self._imported, failed=partial(self._import_failed, path)
        )

    def _import_next(self) -> None:
        if self._to_import:
            self.import_file(self._to_import.pop(0))

    def _imported(self, bundle: Bundle) -> None:
        self._set_busy()
        self._notifier.info(f"Imported {bundle.manifest.title} as {bundle.name}.")
        self.imported.emit(bundle.name)
        self._hub.bundles_changed.emit()
        self._import_next()

    def _import_failed(self, path: Path, error: Exception) -> None:
        self._set_busy()
        if isinstance(error, NameTakenError):
            self.name_needed.emit(path, error.name)
        else:
            self._notifier.failure(error)
        if not self._work_job.is_running:
            self._import_next()

    def export(self, bundle: Bundle, path: Path) -> None:
        """Write a bundle as one file."""
        self._set_busy(f"Exporting {bundle.name}…")

        def done(written: Path) -> None:
            self._set_busy()
            self.exported.emit(written)

        self._work_job.start(export_bundle, bundle, path, done=done, failed=self._work_failed)

    def export_for_drag(self, bundle: Bundle) -> Path | None:
        """Write a bundle to a file that lives until the window closes, to be dropped elsewhere."""
        if self._drags is None:
            self._drags = tempfile.TemporaryDirectory(prefix="workbench-")
        try:
            return export_bundle(bundle, Path(self._drags.name) / f"{bundle.name}{ARCHIVE_SUFFIX}")
        except WorkbenchError as error:
            self._notifier.failure(error)
            return None

    def _work_failed(self, error: Exception) -> None:
        self._set_busy()
        self._notifier.failure(error)

    # --- the user's bundles ----------------------------------------------------------------------------

    def rename(self, bundle: Bundle, name: str) -> None:
        """Give a bundle another name."""
        if self._change(lambda: rename_bundle(bundle, name)) is not None:
            self.imported.emit(name)

    def delete(self, entry: Entry) -> None:
        """Move a bundle to the trash; the message has the way back."""
        deleted = self._change(lambda: delete_bundle(entry.folder))
        if deleted is not None:
            self._notifier.info(
                f"Deleted {entry.title}. Models › Restore brings it back later, too.",
                "Undo",
                lambda: self.restore(deleted),
            )

    def deleted(self) -> list[DeletedBundle]:
        """Return what is in the trash, the newest first."""
        return deleted_bundles()

    def restore(self, deleted: DeletedBundle) -> None:
        """Bring a bundle back from the trash."""
        if self._change(lambda: restore_bundle(deleted)) is not None:
            self._notifier.info(f"{deleted.name} is back.")
            self.imported.emit(deleted.name)

    def empty_trash(self) -> None:
        """Delete for good what is in the trash."""
        if (count := self._change(empty_trash)) is not None:
            self._notifier.info(f"Deleted {count} model{'' if count == 1 else 's'} for good.")

    def set_default(self, bundle: Bundle) -> None:
        """Use a bundle wherever none of its kind is named."""
        kind, before = bundle.manifest.kind, chosen_default(bundle.manifest.kind)
        if self._change(lambda: _choose(kind, bundle.name)):
            what = "The noise classifier" if kind == "nc" else "The denoiser"
            self._notifier.info(
                f"{what} is {bundle.manifest.title} wherever no other is named.",
                "Undo",
                lambda: self._change(lambda: _choose(kind, before)),
            )

    def _change(self, change: Callable[[], Any]) -> Any:
        """Change something on disk, tell everyone; None if it failed."""
        try:
            result = change()
        except WorkbenchError as error:
            self._notifier.failure(error)
            return None
        self._hub.bundles_changed.emit()
        return result

    # --- studio ----------------------------------------------------------------------------------------

    def open_in_studio(self, entry: Entry, *, with_classifier: bool = True) -> None:
        """Hear the studio's scene, or a demo where it has none, denoised by this bundle."""
        base = "adaptive" if with_classifier else "ddae"
        # The default bundle is what the plain names run.
        method = base if entry.is_default else f"{base}@{entry.name}"
        if entry.is_original:
            is_plain = entry.kind == "nc" or original_bundle("ddae").name == entry.name
            method = "original" if is_plain else f"original@{entry.name}"
        try:
            scene = self._studio_scene()
            if scene.speech_path is None and scene.recording_path is None:
                scene = demo_scenes()[0]
        except (WorkbenchError, IndexError):
            self._notifier.warn("There is no scene to hear it with; open speech and noise in the studio.")
            return
        self._hub.scene_requested.emit(replace(scene, method=method))

    # --- speed -----------------------------------------------------------------------------------------

    def speeds(self, bundle: Bundle) -> dict[str, Speed]:
        """Return what was measured on this machine, by precision."""
        files = bundle.manifest.files.items()
        return {precision: self._speeds[f.sha256] for precision, f in files if f.sha256 in self._speeds}

    def measure(self, bundles: Sequence[Bundle]) -> None:
        """Measure every precision of some bundles."""
        self._set_busy("Measuring…", 0.0)
        self._speed_job.start(
            _measure,
            bundles,
            progress=lambda share: self._set_busy("Measuring…", share),
            done=self._measured,
            failed=self._work_failed,
        )

    def stop_measuring(self) -> None:
        """Give the measurement up."""
        self._speed_job.cancel()
        self._set_busy()

    def _measured(self, speeds: dict[str, Speed]) -> None:
        self._set_busy()
        self._speeds |= speeds
        self._settings.set(_SPEEDS, {sha256: asdict(speed) for sha256, speed in self._speeds.items()})
        self.speeds_changed.emit()

    def _remembered_speeds(self) -> dict[str, Speed]:
        try:
            return {sha256: Speed(**values) for sha256, values in self._settings.get(_SPEEDS, {}).items()}
        except TypeError:  # Of another version.
            return {}

    def _set_busy(self, text: str = "", share: float | None = None) -> None:
        self.busy_changed.emit(Busy(text, share))


def _choose(kind: str, name: str | None) -> bool:
    choose_default(kind, name)
    return True


def _measure(bundles: Sequence[Bundle]) -> Generator[float, None, dict[str, Speed]]:
    jobs = [(bundle, precision) for bundle in bundles for precision in bundle.manifest.files]
    speeds = {}
    for number, (bundle, precision) in enumerate(jobs):
        steps = speed_steps(bundle, precision)
        while True:
            try:
                yield (number + next(steps)) / len(jobs)
            except StopIteration as end:
                speeds[bundle.manifest.files[precision].sha256] = end.value
                break
    return speeds
