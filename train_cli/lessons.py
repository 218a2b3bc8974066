"""What a teacher heard in the scenes of a training, and what the classifier is to learn from it.

The classifier's noises are drawn once, as scenes (`Mixer.scene`): coloured, sped up, two at once, of two
classes. The teacher hears each of them alone, and a linear classifier on its features, fitted to those scenes
whose class is known, says what it takes them for. To give the same answer for the same input, however odd, is
more to learn from than the classes of a few hundred recordings (Beyer et al., "Knowledge distillation: a good
teacher is patient and consistent", CVPR 2022). Speech is added in each epoch anew, and the answer stays.
"""

import hashlib
import json
import os
import time
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context, parent_process
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from train_cli.data import SPEEDS, Corpus, Mixer, MixingOptions
from train_cli.events import Reporter
from train_cli.teacher import N_FEATURES, WINDOW_SAMPLES, Teacher, open_teacher, window_starts, windows_of
from workbench.classifier.posterior import CLASSES
from workbench.corpora.recordings import find_recordings, select
from workbench.errors import WorkbenchError
from workbench.lifeline import end_with_parent

_PART_SCENES = 250
_KEY_NAME = "scenes.json"
_REGULARISATION = 0.003
"""Inverse strength; of 3e-6 to 3e-3 it is the best for recordings of `dev` (docs/experiments.md)."""
_MOST_DEVIATIONS = 4.0
"""Features are sparse and now and then large; more than this would drown the rest."""


@dataclass(frozen=True, eq=False)
class Lessons:
    """What is to be learnt from each scene.

    Attributes
    ----------
    features : numpy.ndarray
        float16, shape (n_scenes, n_windows, N_FEATURES), of mean 0 and variance 1 over all.
    posteriors : numpy.ndarray
        float32, shape (n_scenes, n_windows, n_classes), in the order of `CLASSES`.
    """

    features: NDArray[np.float16]
    posteriors: NDArray[np.float32]

    def of_chunks(
        self, scenes: NDArray[np.int32], n_chunks: int, chunk_samples: int
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return features and posteriors for each chunk of examples, of the window that is nearest to it.

        Parameters
        ----------
        scenes : numpy.ndarray
            int32, shape (n_examples,); for -1 all is NaN.
        n_chunks, chunk_samples : int
            How an example is cut.

        Returns
        -------
        tuple of numpy.ndarray
            float32, shape (n_examples, n_chunks, ...) each.
        """
        middles = window_starts(n_chunks * chunk_samples) + WINDOW_SAMPLES // 2
        chunks = (np.arange(n_chunks) + 0.5) * chunk_samples
        nearest = np.abs(chunks[:, None] - middles).argmin(axis=1)
        found = [
            each[scenes[:, None], nearest].astype(np.float32) for each in (self.features, self.posteriors)
        ]
        for each in found:
            each[scenes < 0] = np.nan
        return found[0], found[1]


def hear_scenes(data: Path, mixing: MixingOptions, seed: int, folder: Path, reporter: Reporter) -> Lessons:
    """Let the teacher hear all scenes of a training; what it has heard before is kept in `folder`.

    Parameters
    ----------
    data : pathlib.Path
        Folder or catalogue.
    mixing : MixingOptions
        `n_scenes` of them.
    seed : int
        Of the training.
    folder : pathlib.Path
        For what was heard, in parts; what is there of other scenes is deleted.
    reporter : Reporter
        Is told the progress.

    Raises
    ------
    WorkbenchError
        The teacher's package is not installed, the data cannot be used, or the folder cannot be written.
    """
    open_teacher()
    firsts = range(0, mixing.n_scenes, _PART_SCENES)
    missing = _prepared(folder, _key(data, mixing, seed), firsts)
    if missing:
        reporter.note(f"The teacher listens to {mixing.n_scenes} scenes of noise first.")
        workers = min(os.cpu_count() or 1, len(missing))
        context = get_context("spawn")
        with ProcessPoolExecutor(
            workers, mp_context=context, initializer=_open_worker, initargs=(data, mixing, seed)
        ) as pool:
            parts: dict[Future[None], int] = {
                pool.submit(_hear_part, first, min(first + _PART_SCENES, mixing.n_scenes), folder): first
                for first in missing
            }
            begin_s = time.monotonic()
            try:
                for done, part in enumerate(as_completed(parts), 1):
                    part.result()
                    elapsed_s = time.monotonic() - begin_s
                    reporter.progress(done, len(missing), elapsed_s / done * (len(missing) - done))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return _read(folder, firsts)


def _key(data: Path, mixing: MixingOptions, seed: int) -> str:
    """Return what decides the scenes and what is heard in them."""
    recordings = find_recordings(data)
    paths = [str(r.path) for kind in ("speech", "noise") for r in select(recordings, kind, "train")]
    digest = hashlib.sha256("\n".join(paths).encode()).hexdigest()
    return json.dumps({"recordings": digest, "seed": seed, "mixing": asdict(mixing)}, indent=1)


def _prepared(folder: Path, key: str, firsts: range) -> list[int]:
    """Make the folder ready for these scenes; return the parts that are missing in it."""
    known = folder / _KEY_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not known.is_file() or known.read_text(encoding="utf-8") != key:
            for part in folder.glob("*.npz"):
                part.unlink()
            known.write_text(key, encoding="utf-8")
    except OSError as error:
        raise WorkbenchError(f"{folder} cannot be written: {error.strerror}.") from None
    return [first for first in firsts if not _part(folder, first).is_file()]


def _part(folder: Path, first: int) -> Path:
    return folder / f"{first:07d}.npz"


_worker: tuple[Mixer, Teacher] | None = None


def _open_worker(data: Path, mixing: MixingOptions, seed: int) -> None:
    global _worker
    end_with_parent()
    if parent_process() is not None:
        # There is one for each core.
        tf.config.threading.set_intra_op_parallelism_threads(1)
    _worker = Mixer(Corpus.load(data, "train", SPEEDS), mixing, seed), open_teacher()


def _hear_part(first: int, last: int, folder: Path) -> None:
    assert _worker is not None
    mixer, hear = _worker
    features, classes = [], []
    for index in range(first, last):
        scene = mixer.scene(index)
        features.append(hear(windows_of(scene.signal)))
        classes.append(scene.class_index)
    path = _part(folder, first)
    # Whole or not at all; the name's end keeps it from being taken for a part.
    scratch = path.with_suffix(".new")
    with scratch.open("wb") as file:
        np.savez(file, features=np.stack(features).astype(np.float16), classes=np.array(classes, np.int32))
    scratch.replace(path)


def _read(folder: Path, firsts: range) -> Lessons:
    features, classes = [], []
    for first in firsts:
        path = _part(folder, first)
        try:
            with np.load(path, allow_pickle=False) as stored:
                features.append(stored["features"])
                classes.append(stored["classes"])
        except (OSError, ValueError, KeyError) as error:
            raise WorkbenchError(
                f"{path} is damaged ({error}); delete it, and it will be made again."
            ) from None
    return make_lessons(np.concatenate(features), np.concatenate(classes))


def make_lessons(features: NDArray[np.float16], classes: NDArray[np.int32]) -> Lessons:
    """Make lessons of what was heard.

    Parameters
    ----------
    features : numpy.ndarray
        (n_scenes, n_windows, N_FEATURES), as the teacher gave them.
    classes : numpy.ndarray
        (n_scenes,): index into `CLASSES`, -1 where it is not known.
    """
    flat = features.reshape(-1, N_FEATURES).astype(np.float32)
    flat = (flat - flat.mean(axis=0)) / (flat.std(axis=0) + 1e-3)
    truths = np.repeat(classes, features.shape[1])
    classifier = LogisticRegression(C=_REGULARISATION, max_iter=1000, class_weight="balanced")
    classifier.fit(flat[truths >= 0], truths[truths >= 0])
    posteriors = np.zeros((len(flat), len(CLASSES)), np.float32)
    posteriors[:, classifier.classes_] = classifier.predict_proba(flat)
    posteriors = posteriors.reshape(*features.shape[:2], len(CLASSES))
    # Of a whole scene the teacher is surer than of a second.
    posteriors = (posteriors + posteriors.mean(axis=1, keepdims=True)) / 2
    np.clip(flat, -_MOST_DEVIATIONS, _MOST_DEVIATIONS, out=flat)
    return Lessons(flat.astype(np.float16).reshape(features.shape), posteriors)
