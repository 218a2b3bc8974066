"""What the window remembers between starts, typed, over a `QSettings` that tests can replace."""

import json
from pathlib import Path
from typing import Any

from PySide6.QtCore import QByteArray, QSettings

from workbench.resources import APP_NAME

MAX_RECENT = 10


def user_settings() -> QSettings:
    """Return the settings of this user."""
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, APP_NAME, APP_NAME)


class Settings:
    """Typed access to the settings; a value that does not parse counts as absent.

    Parameters
    ----------
    store : QSettings
        Where the values are kept.
    """

    def __init__(self, store: QSettings) -> None:
        self._store = store

    def get(self, key: str, default: Any) -> Any:
        """Return the value of a key if it has the type of `default`, else `default`."""
        try:
            value = json.loads(str(self._store.value(key)))
        except ValueError:
            return default
        if isinstance(default, float) and type(value) is int:
            value = float(value)
        return value if isinstance(value, type(default)) else default

    def get_optional(self, key: str, kind: type) -> Any:
        """Return the value of a key if it is a `kind`, else None."""
        try:
            value = json.loads(str(self._store.value(key)))
        except ValueError:
            return None
        return value if isinstance(value, kind) else None

    def set(self, key: str, value: Any) -> None:
        """Keep a value that JSON can hold."""
        self._store.setValue(key, json.dumps(value))

    def bytes(self, key: str) -> QByteArray:
        """Return bytes (the geometry of a window), empty if absent."""
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def set_bytes(self, key: str, value: QByteArray) -> None:
        """Keep bytes."""
        self._store.setValue(key, value)

    def recent_files(self) -> list[Path]:
        """Return the files opened last, the newest first, those that still exist."""
        paths = (Path(p) for p in self.get("recent", []) if isinstance(p, str))
        return [path for path in paths if path.is_file()]

    def add_recent(self, path: Path) -> None:
        """Put a file at the head of the recent files."""
        others = [p for p in self.get("recent", []) if p != str(path)]
        self.set("recent", [str(path), *others][:MAX_RECENT])

    def clear_recent(self) -> None:
        """Forget the recent files."""
        self._store.remove("recent")

    def sync(self) -> None:
        """Write everything to disk."""
        self._store.sync()
