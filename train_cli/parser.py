"""Makes the command line's parser from the options' dataclasses."""

import argparse
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Any

from train_cli.options import CommandOptions, flag, plain_types, value_of


def add_options(parser: argparse.ArgumentParser, options: type[CommandOptions]) -> None:
    """Give a parser one ``--option`` for each field of a dataclass; positional ones stand by themselves."""
    kinds = plain_types(options)
    for each in fields(options):
        name, kind = each.name if each.metadata["positional"] else flag(each.name), kinds[each.name]
        if kind is bool:
            action = argparse.BooleanOptionalAction if each.default else "store_true"
            parser.add_argument(name, action=action, default=each.default, help=_help(each))
        elif each.metadata["positional"]:
            parser.add_argument(name, type=_reader(kind), metavar=name.upper(), help=_help(each))
        else:
            metavar = (each.metadata["unit"] or kind.__name__).upper()
            nargs = "+" if isinstance(each.default, tuple) else None
            parser.add_argument(
                name, type=_reader(kind), default=each.default, metavar=metavar, nargs=nargs, help=_help(each)
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


def _reader(kind: type) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return value_of(kind, text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def _help(each: "Field[Any]") -> str:
    value = " ".join(map(str, each.default)) if isinstance(each.default, tuple) else each.default
    default = "" if value in (MISSING, None, "", False) else f" (default {value})"
    return (each.metadata["help"] + default).replace("%", "%%")
