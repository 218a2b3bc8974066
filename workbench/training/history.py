"""What a run has said so far: progress, curves, sounds, tables, and lines for the console."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.training.events import Event

_NOT_FIGURES = ("event", "time_s", "step", "steps", "remaining_s")


@dataclass
class Sounds:
    """One validation example: title, and the files of its signals; `denoised` by step."""

    title: str = ""
    clean: Path | None = None
    noisy: Path | None = None
    denoised: dict[int, Path] = field(default_factory=dict)


@dataclass
class History:
    """The events of a command, gathered.

    Attributes
    ----------
    step, steps : int
        How far it is.
    remaining_s : float or None
        Time left, as the command estimates it.
    progress, validations : dict
        By figure: steps and values, for curves.
    sounds : dict
        Validation examples by number.
    artifacts : dict
        Paths by kind.
    tables : dict
        Rows by name.
    messages : list of str
        For the console.
    left_out : dict
        Why files are not used, by path.
    failure : str
        Why it failed, as it says itself.
    outcome : str
        What it says at the end.
    exit_code : int or None
        None until it says that it has ended.
    """

    step: int = 0
    steps: int = 0
    remaining_s: float | None = None
    progress: dict[str, tuple[list[int], list[float]]] = field(default_factory=dict)
    validations: dict[str, tuple[list[int], list[float]]] = field(default_factory=dict)
    sounds: dict[int, Sounds] = field(default_factory=dict)
    artifacts: dict[str, Path] = field(default_factory=dict)
    tables: dict[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    failure: str = ""
    outcome: str = ""
    exit_code: int | None = None

    @property
    def share(self) -> float:
        """How far it is, 0 to 1."""
        return min(self.step / self.steps, 1.0) if self.steps else 0.0

    @property
    def best_step(self) -> int | None:
        """The validation whose weights are kept."""
        steps, values = self.validations.get("quality", ([], []))
        return steps[max(range(len(values)), key=values.__getitem__)] if values else None

    def add(self, events: Iterable[Event]) -> None:
        """Take in what has been said since."""
        for event in events:
            take = getattr(self, f"_take_{event['event']}", None)
            if take is not None:
                take(event)

    def _take_begun(self, event: Event) -> None:
        # A run that goes on begins anew here: what the last process said of its end no longer holds.
        self.failure, self.outcome, self.exit_code, self.remaining_s = "", "", None, None
        self.warnings.clear()

    def _take_started(self, event: Event) -> None:
        self.messages.append(f"{event.get('command', '')} has begun")

    def _take_progress(self, event: Event) -> None:
        self.step, self.steps = int(event.get("step", 0)), int(event.get("steps", 0))
        self.remaining_s = _number(event.get("remaining_s"))
        _add_figures(self.progress, self.step, event)

    def _take_epoch(self, event: Event) -> None:
        step = int(event.get("step", 0))
        self.step = max(self.step, step)
        _add_figures(self.validations, step, event)
        figures = {k: v for k, v in event.items() if k not in _NOT_FIGURES and not k.endswith("_gain")}
        text = ", ".join(
            f"{name} {value:.4g}" for name, value in figures.items() if _number(value) is not None
        )
        self.messages.append(f"step {step}: {text}")

    def _take_artifact(self, event: Event) -> None:
        kind, path = str(event.get("kind")), Path(str(event.get("path")))
        if kind == "example":
            sounds = self.sounds.setdefault(int(event.get("number", 0)), Sounds())
            sounds.title = str(event.get("title", ""))
            if event.get("signal") == "denoised":
                sounds.denoised[int(event.get("step", 0))] = path
            elif event.get("signal") == "clean":
                sounds.clean = path
            else:
                sounds.noisy = path
            return
        self.artifacts[kind] = path
        self.messages.append(f"{kind}: {path}")

    def _take_table(self, event: Event) -> None:
        if isinstance(event.get("rows"), dict):
            self.tables[str(event.get("name"))] = event["rows"]

    def _take_left_out(self, event: Event) -> None:
        self.left_out[str(event.get("path"))] = str(event.get("why", ""))

    def _take_note(self, event: Event) -> None:
        self.messages.append(str(event.get("message", "")))

    def _take_command(self, event: Event) -> None:
        self.messages.append(str(event.get("line", "")))

    def _take_warning(self, event: Event) -> None:
        self.warnings.append(str(event.get("message", "")))
        self.messages.append(f"warning: {event.get('message', '')}")

    def _take_failed(self, event: Event) -> None:
        self.failure = str(event.get("message", ""))
        self.messages.append(self.failure)

    def _take_finished(self, event: Event) -> None:
        message = str(event.get("message", ""))
        self.outcome = f"{event['ending']}." if event.get("ending") else message
        self.messages.append(message)

    def _take_ended(self, event: Event) -> None:
        self.exit_code = int(event.get("code", 1))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _add_figures(curves: dict[str, tuple[list[int], list[float]]], step: int, event: Event) -> None:
    for name, value in event.items():
        number = None if name in _NOT_FIGURES else _number(value)
        if number is None:
            continue
        steps, values = curves.setdefault(name, ([], []))
        # A run that was killed goes on from its last checkpoint and says some steps again.
        while steps and steps[-1] >= step:
            steps.pop()
            values.pop()
        steps.append(step)
        values.append(number)
