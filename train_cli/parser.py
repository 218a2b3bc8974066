"""Makes the command line's parser from the options' dataclasses."""

import argparse
import types
import typing
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from train_cli.options import CommandOptions


def add_options(parser: argparse.ArgumentParser, options: type[CommandOptions]) -> None:
    """Give a parser one ``--option`` for each field of a dataclass; positional ones stand by themselves."""
    kinds = typing.get_type_hints(options)
    for each in fields(options):
        name = each.name if each.metadata["positional"] else "--" + each.name.replace("_", "-")
        if kinds[each.name] is bool:
            action = argparse.BooleanOptionalAction if each.default else "store_true"
            parser.add_argument(name, action=action, default=each.default, help=_help(each))
        elif each.metadata["positional"]:
            parser.add_argument(
                name, type=_plain_type(kinds[each.name]), metavar=name.upper(), help=_help(each)
            )
        else:
            kind = _plain_type(kinds[each.name])
            metavar = (each.metadata["unit"] or kind.__name__).upper()
            nargs = "+" if isinstance(each.default, tuple) else None
            parser.add_argument(
                name, type=kind, default=each.default, metavar=metavar, nargs=nargs, help=_help(each)
            )


def options_from(namespace: argparse.Namespace, options: type[CommandOptions]) -> CommandOptions:
    """Make the dataclass from parsed arguments and check its ranges.

    Raises
    ------
    WorkbenchError
        A value is out of its range.
    """
    given = {each.name: getattr(namespace, each.name) for each in fields(options)}
    made = options(
        **{name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    )
    made.check()
    return made


def _plain_type(kind: Any) -> type:
    if isinstance(kind, types.UnionType):
        kind = next(part for part in kind.__args__ if part is not type(None))
    if typing.get_origin(kind) is tuple:
        kind = kind.__args__[0]
    return Path if kind is Path else kind


def _help(each: "Field[Any]") -> str:
    value = " ".join(map(str, each.default)) if isinstance(each.default, tuple) else each.default
    default = "" if value in (MISSING, None, "", False) else f" (default {value})"
    return (each.metadata["help"] + default).replace("%", "%%")
