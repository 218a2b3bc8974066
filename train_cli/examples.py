"""Sounds of a validation, written so that a training can be heard while it goes on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.audio.files import write
from workbench.dsp import Signal

EXAMPLES_NAME = "examples"


@dataclass(frozen=True)
class Example:
    """One mixture of the validation.

    Attributes
    ----------
    title : str
        What it is: class, SNR, and what a classifier heard.
    signals : mapping
        "clean" and "noisy", and "denoised" of a denoiser: signals of equal length.
    """

    title: str
    signals: Mapping[str, Signal]


def write_examples(run: Path, step: int, examples: Sequence[Example]) -> Iterator[dict[str, Any]]:
    """Write the sounds of a validation; clean and noisy, which stay the same, replace the last ones.

    Yields
    ------
    dict
        ``path``, ``step``, ``number``, ``signal`` and ``title`` of each sound.
    """
    for number, example in enumerate(examples, start=1):
        for name, signal in example.signals.items():
            suffix = f"-step-{step:07d}" if name == "denoised" else ""
            path = run / EXAMPLES_NAME / f"{number}-{name}{suffix}.flac"
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, signal)
            yield {"path": str(path), "step": step, "number": number, "signal": name, "title": example.title}
