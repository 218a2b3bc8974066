"""AudioSet (Gemmeke et al. 2017): the published segment lists and ontology, sorted into the noise classes.

Clips are named by their YouTube id as downloads have them: ``YTID.wav``, ``YTID_30.wav``,
``YTID_30.000.wav``, ``YTID_30000_40000.flac``, with or without a ``Y`` in front of the id.
"""

import csv
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError

CLASS_TABLE_NAME = "audioset_classes.toml"
ONTOLOGY_NAME = "ontology.json"
_ID_AND_TIMES = re.compile(r"(?P<id>[\w-]{11})(?:_[\d.]+)*")


@dataclass(frozen=True)
class ClassTable:
    """Which labels make which noise class; see ``audioset_classes.toml``.

    Attributes
    ----------
    labels, decisive : mapping of str to str
        Name of a label to its class.
    never : frozenset of str
        Names of labels whose clips are left out.
    """

    labels: Mapping[str, str]
    decisive: Mapping[str, str]
    never: frozenset[str]


@dataclass(frozen=True)
class Segment:
    """A row of a segment list."""

    youtube_id: str
    split: str
    labels: tuple[str, ...]


def read_class_table(path: Path | None = None) -> ClassTable:
    """Read a table of classes; the one that comes with the program if none is named.

    Raises
    ------
    WorkbenchError
        The file cannot be read or is not such a table.
    """
    try:
        if path is None:
            text = files("workbench.corpora").joinpath(CLASS_TABLE_NAME).read_text("utf-8")
        else:
            text = path.read_text("utf-8")
        content = tomllib.loads(text)
        never = frozenset(_names(content.pop("never", [])))
        by_class = {name: (_names(t["labels"]), _names(t.get("decisive", []))) for name, t in content.items()}
    except OSError as error:
        raise WorkbenchError(f"The class table {path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise WorkbenchError(
            f"{path} is no table of classes ({error}); start from a copy of {CLASS_TABLE_NAME}."
        ) from None
    return ClassTable(
        {label: name for name, (labels, decisive) in by_class.items() for label in (*labels, *decisive)},
        {label: name for name, (_, decisive) in by_class.items() for label in decisive},
        never,
    )


def _names(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError("labels must be a list of names in quotes")
    return value


class Ontology:
    """AudioSet's tree of labels."""

    def __init__(self, path: Path) -> None:
        try:
            nodes = json.loads(path.read_text("utf-8"))
            self._name_of = {node["id"]: node["name"] for node in nodes}
            self._parents: dict[str, list[str]] = {}
            for node in nodes:
                for child in node["child_ids"]:
                    self._parents.setdefault(child, []).append(node["id"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WorkbenchError(f"{path} is not AudioSet's ontology ({error}); download it again.") from None
        self.names = frozenset(self._name_of.values())

    def name_of(self, label: str) -> str:
        """Return the name of a label such as ``/m/09x0r``; the label itself where the ontology lacks it."""
        return self._name_of.get(label, label)

    def nearest(self, label: str, wanted: Iterable[str]) -> set[str]:
        """Return the nearest wanted names at or above a label, one for each way up."""
        names = set(wanted)
        found: set[str] = set()
        level = [label]
        seen: set[str] = set()
        while level:
            seen.update(level)
            found |= {self.name_of(each) for each in level} & names
            up = (p for each in level if self.name_of(each) not in names for p in self._parents.get(each, []))
            level = [each for each in dict.fromkeys(up) if each not in seen]
        return found


class ClassSorter:
    """Finds the noise class of a clip by its labels."""

    def __init__(self, ontology: Ontology, table: ClassTable) -> None:
        self._ontology, self._table = ontology, table
        self._listed = {*table.labels, *table.never}
        self.unknown_names = sorted(self._listed - ontology.names)
        """Names of the table that the ontology does not have."""

    def sort(self, labels: Iterable[str]) -> tuple[str, str]:
        """Return the class, or an empty text and the reason why there is none."""
        names = {name for label in labels for name in self._ontology.nearest(label, self._listed)}
        refused = sorted(names & self._table.never)
        if refused:
            return "", f"its label “{refused[0]}” is never used"
        for mapping in (self._table.decisive, self._table.labels):
            classes = sorted({mapping[name] for name in names if name in mapping})
            if len(classes) == 1:
                return classes[0], ""
            if classes:
                return "", f"its labels belong to several classes: {', '.join(classes)}"
        return "", "none of its labels belongs to a class"


def youtube_id(stem: str) -> str | None:
    """Return the YouTube id in the name of a clip, or None if it is not named by one."""
    for name in (stem, stem.removeprefix("Y")):
        match = _ID_AND_TIMES.fullmatch(name)
        if match:
            return match["id"]
    return None


def is_segment_list(path: Path) -> bool:
    """Tell whether a CSV file is one of AudioSet's segment lists: its third line names the columns."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            head = [file.readline(200) for _ in range(3)]
    except OSError:
        return False
    return any(line.startswith("#") and "YTID" in line and "positive_labels" in line for line in head)


def read_segments(path: Path) -> Iterator[Segment]:
    """Read a segment list; those named ``eval...`` are for tests, all others for training.

    Raises
    ------
    WorkbenchError
        A row cannot be understood.
    """
    split = "test" if path.stem.lower().startswith("eval") else "train"
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file, skipinitialspace=True), start=1):
            if not row or row[0].startswith("#"):
                continue
            if len(row) != 4:
                raise WorkbenchError(
                    f"{path} has {len(row)} columns in line {number}, not 4; download it again."
                )
            yield Segment(row[0], split, tuple(label.strip() for label in row[3].split(",")))
