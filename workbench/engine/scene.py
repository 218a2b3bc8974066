"""What is listened to: speech in noise at an SNR, or a recording without a reference."""

import json
import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.audio import files
from workbench.denoisers.registry import DEFAULT_METHOD
from workbench.dsp import SAMPLE_RATE, Signal
from workbench.dsp.level import active_speech_level, rms_db
from workbench.dsp.mixing import Mixture, fit_noise, mix, mixing_gains
from workbench.errors import WorkbenchError
from workbench.resources import assets_dir

MAX_SCENE_SECONDS = 600
"""Longer files are cut here, and the loaded scene says so."""

SNR_RANGE_DB = (-10.0, 15.0)
"""The SNRs that the sliders offer; a scene may hold others."""

_MAX_SAMPLES = MAX_SCENE_SECONDS * SAMPLE_RATE
_PATHS = ("speech_path", "noise_path", "recording_path")


@dataclass(frozen=True)
class Scene:
    """Everything that says how a scene sounds, small enough to save.

    Either `speech_path`, with or without `noise_path`, or `recording_path`.

    Attributes
    ----------
    speech_path, noise_path, recording_path : pathlib.Path or None
        Audio files. A recording is noisy already and has no clean reference.
    snr_db : float
        Active speech level over noise level, dB.
    method : str
        Name of a denoising method.
    attenuation_limit_db : float or None
        The most that the denoiser may attenuate, dB; None for no limit.
    wet : float
        Share of the denoised signal, 0 to 1.
    title : str
        Name that users see.
    noise_offset_samples : int
        Where in the noise the mixture begins, 0 or more, as `workbench.dsp.mixing.mix` counts it.
    """

    speech_path: Path | None = None
    noise_path: Path | None = None
    recording_path: Path | None = None
    snr_db: float = 0.0
    method: str = DEFAULT_METHOD
    attenuation_limit_db: float | None = None
    wet: float = 1.0
    title: str = ""
    noise_offset_samples: int = 0

    @property
    def has_reference(self) -> bool:
        """Whether the clean signal is known."""
        return self.recording_path is None and self.speech_path is not None

    def as_dict(self) -> dict[str, Any]:
        """Return the scene as what JSON can hold; paths become text."""
        values = asdict(self)
        return values | {name: values[name] and str(values[name]) for name in _PATHS}

    def to_json(self) -> str:
        """Return the scene as JSON text."""
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "Scene":
        """Read what `to_json` wrote; unknown keys of later versions are left out.

        Raises
        ------
        WorkbenchError
            If the text is not a scene.
        """
        try:
            # `dict` refuses lists and numbers.
            values: dict[str, Any] = dict(json.loads(text))
            known = {field.name: values[field.name] for field in fields(cls) if field.name in values}
            for name in _PATHS:
                known[name] = Path(known[name]) if known.get(name) else None
            for name in ("snr_db", "wet"):
                if name in known:
                    known[name] = float(known[name])
            known["noise_offset_samples"] = int(known.get("noise_offset_samples", 0))
            return cls(**known)
        except (ValueError, TypeError) as error:
            raise WorkbenchError(
                "This is not a saved scene; choose a file that the workbench wrote."
            ) from error


@dataclass(frozen=True, eq=False)
class LoadedScene:
    """A scene with its signals in memory.

    For the same signals with other settings: ``replace(loaded, scene=replace(loaded.scene, snr_db=5.0))``.

    Attributes
    ----------
    scene : Scene
        Where they come from.
    clean : numpy.ndarray or None
        Speech as recorded, float32, shape (duration_samples,).
    noise : numpy.ndarray or None
        Noise as recorded, looped or cut to the length of the speech.
    recording : numpy.ndarray or None
        The noisy recording, where there is no reference.
    speech_level_db, noise_level_db : float or None
        Active speech level (ITU-T P.56) of `clean` and RMS level of `noise`, dB re full scale; where they are
        None they are measured whenever they are needed.
    notice : str
        What the user should know about the loading (a file cut to the longest scene); empty if nothing.
    """

    scene: Scene
    clean: Signal | None = None
    noise: Signal | None = None
    recording: Signal | None = None
    speech_level_db: float | None = None
    noise_level_db: float | None = None
    notice: str = ""

    @property
    def duration_samples(self) -> int:
        """Length of the scene in samples."""
        signal = self.recording if self.clean is None else self.clean
        return 0 if signal is None else len(signal)

    def gains(self, snr_db: float) -> tuple[float, float]:
        """Return the linear gains of clean and noise that make `snr_db`, the same as `mixture` applies.

        With the levels known this is quick enough to follow a slider.
        """
        if self.clean is None or self.noise is None:
            return 1.0, 0.0
        return mixing_gains(
            self.clean,
            self.noise,
            snr_db,
            clean_level_db=self.speech_level_db,
            noise_level_db=self.noise_level_db,
        )

    def mixture(self, snr_db: float) -> Mixture | None:
        """Mix at `snr_db`; None where there is nothing to mix."""
        if self.clean is None or self.noise is None:
            return None
        return mix(self.clean, self.noise, snr_db, clean_level_db=self.speech_level_db)

    def source(
        self, start_samples: int, n_samples: int, gains: NDArray[np.float32]
    ) -> tuple[Signal | None, Signal]:
        """Return clean (None without a reference) and mixed signal from a position on; silence past the end.

        Parameters
        ----------
        start_samples, n_samples : int
            Which part.
        gains : numpy.ndarray
            Gains of clean and noise, float32, shape (2, n_samples); a recording is left as it is.
        """

        def part(signal: Signal) -> Signal:
            piece = signal[start_samples : start_samples + n_samples]
            return np.pad(piece, (0, n_samples - len(piece)))

        if self.clean is None:
            return None, part(np.zeros(0, np.float32) if self.recording is None else self.recording)
        clean = part(self.clean) * gains[0]
        return clean, clean if self.noise is None else clean + part(self.noise) * gains[1]


def load_scene(scene: Scene) -> LoadedScene:
    """Read a scene's files, cut to `MAX_SCENE_SECONDS`, and measure its levels.

    Raises
    ------
    WorkbenchError
        If nothing is chosen, a file cannot be read, or speech or noise is silent.
    """
    path = scene.recording_path or scene.speech_path
    if path is None:
        raise WorkbenchError("Choose clean speech, or a noisy recording, to make a scene.")
    # A second more than is kept tells whether there was more, whatever the file's header claims.
    signal = files.read(path, max_seconds=MAX_SCENE_SECONDS + 1)
    notice = ""
    if len(signal) > _MAX_SAMPLES:
        signal = signal[:_MAX_SAMPLES]
        notice = f"Only the first {MAX_SCENE_SECONDS // 60} minutes of {path.name} are used."
    if scene.recording_path is not None:
        return LoadedScene(scene, recording=signal, notice=notice)
    if scene.noise_path is None:
        return LoadedScene(scene, clean=signal, notice=notice)
    offset_samples = scene.noise_offset_samples
    # As much as is heard, and never more than a sweep reads: a longer noise would be looped elsewhere.
    needed_s = min((offset_samples + len(signal)) / SAMPLE_RATE, MAX_SCENE_SECONDS)
    noise = fit_noise(files.read(scene.noise_path, max_seconds=needed_s), len(signal), offset_samples)
    loaded = LoadedScene(
        scene,
        clean=signal,
        noise=noise,
        speech_level_db=active_speech_level(signal).active_level_db,
        noise_level_db=rms_db(noise),
        notice=notice,
    )
    loaded.gains(scene.snr_db)
    return loaded


def demo_scenes() -> list[Scene]:
    """Return the scenes that come with the program; see `demo_scenes_by_id`."""
    return list(demo_scenes_by_id().values())


def demo_scenes_by_id() -> dict[str, Scene]:
    """Return the scenes that come with the program by their ids, in the order of ``assets/scenes.toml``.

    Raises
    ------
    WorkbenchError
        If the demo material is missing or damaged.
    """
    folder = assets_dir()
    try:
        entries = tomllib.loads((folder / "scenes.toml").read_text("utf-8"))["scene"]
        return {
            str(entry["id"]): Scene(
                speech_path=folder / entry["speech"],
                noise_path=folder / entry["noise"],
                snr_db=float(entry["snr_db"]),
                title=entry["title"],
            )
            for entry in entries
        }
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise WorkbenchError(
            "The demo scenes are missing or damaged; install the workbench again."
        ) from error
