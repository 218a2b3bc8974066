"""Reading TOML that a person or a program wrote, key by key and strictly."""

import datetime
from typing import Any, TypeVar

from workbench.errors import WorkbenchError

_T = TypeVar("_T")
_MISSING: Any = object()
_WORDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
    datetime.date: "a date",
}


def invalid(where: str, rule: str) -> WorkbenchError:
    """Return the error that `where` breaks a rule."""
    return WorkbenchError(f"{where} is not valid: {rule}.")


class TomlTable:
    """A TOML table that is emptied key by key, so that leftovers are noticed.

    Parameters
    ----------
    content : dict
        As read.
    where : str
        What to call it in messages.
    """

    def __init__(self, content: dict[str, Any], where: str) -> None:
        self._content = dict(content)
        self.where = where

    def names(self) -> list[str]:
        """Return the keys that are left."""
        return list(self._content)

    def take(self, key: str, kind: type[_T], default: Any = _MISSING) -> _T:
        """Remove a value and return it.

        Raises
        ------
        WorkbenchError
            If it is missing and has no default, or is of another kind.
        """
        value = self._content.pop(key, default)
        if value is _MISSING:
            raise self.error(f"{key} is missing")
        if value is default:
            return value
        if kind is float and type(value) is int:
            value = float(value)
        # `type` and not `isinstance`: true is no number, and a time of day no date.
        if type(value) is not kind:
            raise self.error(f"{key} must be {_WORDS[kind]}")
        return value

    def table(self, key: str) -> "TomlTable":
        """Remove a table and return it."""
        return TomlTable(self.take(key, dict), f"[{key}] in {self.where}")

    def finish(self) -> None:
        """Raise a `WorkbenchError` if anything is left."""
        if self._content:
            raise self.error(f"{next(iter(self._content))!r} is not a known key")

    def error(self, rule: str) -> WorkbenchError:
        """Return the error that this table breaks a rule."""
        return invalid(self.where, rule)
