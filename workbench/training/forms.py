"""Forms for the training commands, made from the same definition as their parser."""

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from train_cli.options import (
    OPTIONS,
    PRESETS,
    CommandOptions,
    Pick,
    check_value,
    flag,
    plain_types,
    value_of,
)
from workbench.errors import WorkbenchError

TITLES: Mapping[str, str] = {
    "scan": "Scan folders",
    "train-ddae": "Train a denoiser",
    "train-nc": "Train a classifier",
    "export": "Make a model of a run",
    "evaluate": "Measure a model",
    "quantise": "Shrink a model",
    "mix": "Write mixtures",
    "gather": "Fetch more speech and noise",
    "recipe": "Repeat a recipe",
}
"""What users call the commands, in the order in which they are needed."""

Value = str | bool
"""What a form holds for a field: text, or whether a box is ticked."""


@dataclass(frozen=True)
class FormField:
    """One option of a command as a form shows it.

    Attributes
    ----------
    name, label, unit, help : str
    kind : type
        int, float, bool, str or Path.
    is_many : bool
        Several values, separated by spaces, or one a line where they are paths.
    is_optional : bool
        May be left empty.
    choices : tuple of str
        The only values, if not empty.
    low, high : float or None
    default : Value
    advanced : bool
        To be folded away.
    pick : str
        What can be chosen for a path.
    """

    name: str
    label: str
    unit: str
    help: str
    kind: type
    is_many: bool
    is_optional: bool
    choices: tuple[str, ...]
    low: float | None
    high: float | None
    default: Value
    advanced: bool
    pick: Pick
    _option: "Field[Any]"

    def problem(self, value: Value) -> str:
        """Say what is wrong with a value, in the parser's words; empty if nothing is."""
        try:
            given = self.read(value)
        except WorkbenchError as error:
            return str(error)
        if self.kind is Path and self.pick in ("data", "folder", "file"):
            for path in given if isinstance(given, tuple) else (given,):
                if path is not None and not path.exists():
                    what = {"data": "folder or catalogue", "folder": "folder", "file": "file"}[self.pick]
                    return f"There is no {what} {path}; choose another."
        return ""

    def read(self, value: Value) -> Any:
        """Return the option's value.

        Raises
        ------
        WorkbenchError
            Says what is wrong with it.
        """
        if self.kind is bool:
            return bool(value)
        texts = self._texts(str(value))
        if not texts:
            if self.is_optional:
                return () if self.is_many else None
            if self.kind is str and not self._option.metadata["positional"] and not self.choices:
                return ""
            raise WorkbenchError(f"{self.label} is empty; fill it in.")
        try:
            values = tuple(self._one(text) for text in texts)
        except ValueError as error:
            raise WorkbenchError(f"{self.label}: {error}.") from None
        given = values if self.is_many else values[0]
        check_value(self._option, given, self.label)
        return given

    def write(self, value: Any) -> Value:
        """Return an option's value as the form holds it."""
        if self.kind is bool:
            return bool(value)
        if value is None:
            return ""
        if not self.is_many:
            return _as_text(value)
        return ("\n" if self.kind is Path else " ").join(_as_text(each) for each in value)

    def _texts(self, text: str) -> list[str]:
        if self.is_many and self.kind is not Path:
            return text.replace(",", " ").split()
        lines = text.splitlines() if self.is_many else [text]
        return [line.strip() for line in lines if line.strip()]

    def _one(self, text: str) -> Any:
        return Path(text).expanduser().absolute() if self.kind is Path else value_of(self.kind, text)


def _as_text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Form:
    """The options of one command.

    Attributes
    ----------
    command, title, description : str
    fields : tuple of FormField
    presets : tuple of str
        Names of ready-made settings; empty where the command has none.
    """

    command: str
    title: str
    description: str
    fields: tuple[FormField, ...]
    presets: tuple[str, ...]

    def field(self, name: str) -> FormField:
        """Return a field by its name."""
        return next(each for each in self.fields if each.name == name)

    def defaults(self) -> dict[str, Value]:
        """Return the values of an untouched form."""
        return {each.name: each.default for each in self.fields}

    def preset(self, name: str) -> dict[str, Value]:
        """Return the values that a preset sets; those that no preset touches are not among them."""
        values = {}
        for each in fields(OPTIONS[self.command]):
            variants = [each.metadata.get(other) for other in PRESETS]
            if any(variant is not None for variant in variants):
                chosen = each.metadata.get(name)
                values[each.name] = self.field(each.name).write(each.default if chosen is None else chosen)
        return values

    def problems(self, values: Mapping[str, Value]) -> dict[str, str]:
        """Return what is wrong, by field."""
        found = {each.name: each.problem(values[each.name]) for each in self.fields}
        return {name: problem for name, problem in found.items() if problem}

    def read(self, values: Mapping[str, Value]) -> CommandOptions:
        """Return the options; paths are absolute, and events are written.

        Raises
        ------
        WorkbenchError
            About the first field that is wrong.
        """
        given: dict[str, Any] = {each.name: each.read(values[each.name]) for each in self.fields}
        return OPTIONS[self.command](**{**given, "events": True})


@cache
def form_for(command: str) -> Form:
    """Return the form of a command."""
    options = OPTIONS[command]
    made = tuple(_field(each, options) for each in fields(options) if each.name != "events")
    has_presets = any(each.metadata.get(name) is not None for each in fields(options) for name in PRESETS)
    description = (options.__doc__ or "").strip()
    return Form(command, TITLES.get(command, command), description, made, PRESETS if has_presets else ())


def _field(each: "Field[Any]", options: type[CommandOptions]) -> FormField:
    about = each.metadata
    bare = FormField(
        name=each.name,
        label=about["label"] or each.name.replace("_", " ").capitalize(),
        unit=about["unit"],
        help=about["help"][:1].upper() + about["help"][1:] + ".",
        kind=plain_types(options)[each.name],
        is_many=isinstance(each.default, tuple),
        is_optional=each.default in (None, ()),
        choices=about["choices"],
        low=about["low"],
        high=about["high"],
        default="",
        advanced=about["advanced"],
        pick=about["pick"],
        _option=each,
    )
    return FormField(**{**vars(bare), "default": bare.write(each.default)})


def arguments(command: str, options: CommandOptions) -> list[str]:
    """Return the command line of a command, without the program: what differs from the defaults.

    Paths are always given, since the defaults hold for the folder that one works in.
    """
    words, values = [command], []
    kinds = plain_types(type(options))
    for each in fields(options):
        value = getattr(options, each.name)
        if value is None or (value == each.default and kinds[each.name] is not Path):
            continue
        if kinds[each.name] is bool:
            words.append(flag(each.name) if value else "--no-" + flag(each.name)[2:])
        elif each.metadata["positional"]:
            values.append(str(value))
        else:
            texts = [_as_text(part) for part in (value if isinstance(value, tuple) else (value,))]
            # A value that begins with a minus sign would be taken for an option.
            words += [f"{flag(each.name)}={texts[0]}"] if len(texts) == 1 else [flag(each.name), *texts]
    return [words[0], *values, *words[1:]]
