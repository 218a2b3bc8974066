"""Which speaker, class and split a file belongs to, by where it lies.

Folders are read in any depth and in any mixture of these layouts::

    TRAIN|TEST/DR1..8/<speaker>/*       TIMIT
    AudioSet's segment lists (CSV), its ontology.json and clips named by YouTube id below them
    speech/<split>/<speaker>/*          speech; without <split>, splits are drawn
    noise/<split>/<class>/*             noise; the same
    noise/<split>/other/*               other sounds, of no class
    <split>/<class>/*   <class>/*       noise, known by the names of the classes
    <split>/<speaker>/* <speaker>/*     speech: all other names

A split is called ``train``, ``dev`` (``val``, ``valid``, ``validation``) or ``test`` (``eval``), with or
without something behind it, as in LibriSpeech's ``train-clean-100``.
"""

import difflib
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from workbench.audio.files import is_audio_name
from workbench.corpora import audioset
from workbench.corpora.splits import OTHER_SOUNDS, SPLITS
from workbench.corpora.timit import timit_place
from workbench.errors import WorkbenchError

NOISE_CLASSES = ("human", "tv_radio", "vehicle", "household")
_KINDS = ("speech", "noise")
_OTHER_NAMES = {
    "human": ("human_sounds", "humans", "people"),
    "tv_radio": ("tvradio", "tv_and_radio", "tv", "radio", "television"),
    "vehicle": ("vehicles",),
    "household": ("household_appliances", "appliances", "domestic"),
}
_CLASS_OF = {
    name: noise_class for noise_class, others in _OTHER_NAMES.items() for name in (noise_class, *others)
}
_SPLIT_NAME = re.compile(r"(train|dev|val|valid|validation|test|eval)([-_ .].*)?")
_SPLIT_OF = {"val": "dev", "valid": "dev", "validation": "dev", "eval": "test"}
_FOREIGN_SUFFIXES = frozenset((".m4a", ".mp4", ".aac", ".wma", ".webm", ".mkv", ".amr", ".wv", ".ape"))
# Names that tell the source recording: UrbanSound8K, ESC-50, Freesound numbers.
_SOURCE_NUMBER = re.compile(
    r"(\d{3,})-\d+-\d+-\d+|\d-(\d{3,})-[A-Z]-\d+|(?:.*[\W_])?fs-?(\d{3,})(?:\D.*)?|(\d{4,})__.+"
)
_PART_OF_SOURCE = re.compile(r"[-_ .]*(?:part|seg|segment|chunk|slice)[-_ .]*\d+$", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """A file that looks like sound, and what its place says about it.

    Attributes
    ----------
    path : Path
    kind : str
        "speech" or "noise".
    noise_class : str
        Empty for speech.
    speaker : str
        Empty for noise.
    recording : str
        Name of the source recording.
    split : str
        Empty if the place says nothing about it.
    problem : str
        Why it cannot be used; empty if nothing speaks against it.
    """

    path: Path
    kind: str
    noise_class: str = ""
    speaker: str = ""
    recording: str = ""
    split: str = ""
    problem: str = ""

    @property
    def source(self) -> str:
        """What must not be in two splits."""
        return self.speaker or self.recording


@dataclass
class Finds:
    """All that was found below a folder.

    Attributes
    ----------
    files : list of Found
        Sorted by path.
    notes : list of str
        What else a user should know, one sentence each.
    """

    files: list[Found] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find_files(root: Path, class_table: Path | None = None) -> Finds:
    """Find all sound files below a folder, and what their places say.

    Parameters
    ----------
    root : Path
    class_table : Path, optional
        Which AudioSet labels make which class; the table that comes with the program if not given.

    Returns
    -------
    Finds

    Raises
    ------
    WorkbenchError
        The folder is missing or a file that names things cannot be read.
    """
    if not root.is_dir():
        raise WorkbenchError(f"There is no folder {root}; name the one that holds 'speech' and 'noise'.")
    sounds, lists, ontologies = _walk(root)
    finds = Finds()
    homes = sorted({path.parent for path in lists})
    clips = [path for path in sounds if any(home in path.parents for home in homes)]
    if clips:
        finds = _audioset(root, clips, lists, ontologies, class_table)
    taken = set(clips)
    finds.files += _by_folders(root, [path for path in sounds if path not in taken])
    finds.files.sort(key=lambda found: str(found.path))
    return finds


def _walk(root: Path) -> tuple[list[Path], list[Path], list[Path]]:
    sounds, lists, ontologies = [], [], []
    seen = set()
    for folder, children, names in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:  # a link that leads back
            children.clear()
            continue
        seen.add(real)
        children[:] = sorted(child for child in children if not child.startswith("."))
        for name in sorted(names):
            path = Path(folder, name)
            if name.startswith("."):
                continue
            if is_audio_name(path) or path.suffix.lower() in _FOREIGN_SUFFIXES:
                sounds.append(path)
            elif path.suffix.lower() == ".csv" and audioset.is_segment_list(path):
                lists.append(path)
            elif name == audioset.ONTOLOGY_NAME:
                ontologies.append(path)
    return sounds, lists, ontologies


def _audioset(
    root: Path, clips: list[Path], lists: list[Path], ontologies: list[Path], class_table: Path | None
) -> Finds:
    if not ontologies:
        raise WorkbenchError(
            f"{lists[0].parent} holds AudioSet's segment lists, but {root} has no {audioset.ONTOLOGY_NAME}; "
            "put AudioSet's ontology beside the lists."
        )
    table = audioset.read_class_table(class_table)
    wrong = sorted({*table.labels.values()} - {*NOISE_CLASSES})
    if wrong:
        raise WorkbenchError(
            f"{class_table} names the class {wrong[0]}; the classes are {', '.join(NOISE_CLASSES)}."
        )
    sorter = audioset.ClassSorter(audioset.Ontology(ontologies[0]), table)
    ids = {path: audioset.youtube_id(path.stem) for path in clips}
    wanted = {each for each in ids.values() if each}
    segments: dict[str, list[audioset.Segment]] = defaultdict(list)
    n_segments = 0
    for path in lists:
        for segment in audioset.read_segments(path):
            n_segments += 1
            if segment.youtube_id in wanted:
                segments[segment.youtube_id].append(segment)
    finds = Finds(
        notes=[f"The class table names “{n}”, which is no AudioSet label." for n in sorter.unknown_names]
    )
    if n_segments > len(segments):
        finds.notes.append(
            f"AudioSet's lists name {n_segments} segments; {len(segments)} of them have a clip here."
        )
    for path, each in ids.items():
        listed = segments.get(each or "", [])
        noise_class, problem = "", "not in AudioSet's segment lists"
        if listed:
            noise_class, problem = sorter.sort(label for segment in listed for label in segment.labels)
        splits = {segment.split for segment in listed}
        split = splits.pop() if len(splits) == 1 else ""
        finds.files.append(
            Found(path, "noise", noise_class, "", each or path.stem, split, problem or _foreign(path))
        )
    return finds


def _by_folders(root: Path, paths: Iterable[Path]) -> list[Found]:
    resolved = root.resolve()
    above = (resolved.name,) if resolved.name.lower() in _KINDS else ()
    folders = {path: (*above, *path.relative_to(root).parts[:-1]) for path in paths}
    # A folder beside folders of classes is meant to be one too.
    class_homes = {
        parts[:index] for parts in set(folders.values()) for index, part in enumerate(parts) if _class(part)
    }
    return [_place(path, parts, class_homes) for path, parts in folders.items()]


def _place(path: Path, folders: Sequence[str], class_homes: set[tuple[str, ...]]) -> Found:
    timit = timit_place(folders, path.stem)
    if timit:
        recording = f"{timit.speaker}/{timit.sentence}"
        return Found(path, "speech", "", timit.speaker, recording, timit.split, _foreign(path))
    kind = split = ""
    names: list[str] = []
    first_name = 0
    for index, folder in enumerate(folders):
        if not kind and not names and folder.lower() in _KINDS:
            kind = folder.lower()
        elif not split and _split(folder, exactly=bool(names)):
            split = _split(folder)
        else:
            first_name = first_name if names else index
            names.append(folder)
    noise_class = next((_class(name) for name in names if _class(name)), "")
    if kind == "noise" and not noise_class and OTHER_SOUNDS in map(str.lower, names):
        noise_class = OTHER_SOUNDS
    unknown_split = _unknown_split(names) if not split else ""
    if kind == "noise" or (not kind and noise_class):
        recording = _recording(path.stem, "/".join(folders))
        problem = unknown_split or _class_problem(noise_class, names)
        return Found(path, "noise", noise_class, "", recording, split, problem or _foreign(path))
    problem = unknown_split
    if not names:
        problem = "lies in no folder of a speaker or class"
    elif not kind and (tuple(folders[:first_name]) in class_homes or _near_class(names[0], 0.8)):
        return Found(path, "noise", "", "", path.stem, split, _class_problem("", names))
    speaker = names[0] if names else ""
    return Found(path, "speech", "", speaker, f"{speaker}/{path.stem}", split, problem or _foreign(path))


def _class(folder: str) -> str:
    return _CLASS_OF.get(re.sub(r"[^a-z0-9]+", "_", folder.lower()).strip("_"), "")


def _near_class(folder: str, cutoff: float) -> str:
    near = difflib.get_close_matches(folder.lower(), _CLASS_OF, n=1, cutoff=cutoff)
    return _CLASS_OF[near[0]] if near else ""


def _class_problem(noise_class: str, names: Sequence[str]) -> str:
    if noise_class:
        return ""
    if not names:
        return "lies in no folder of a class"
    return f"unknown class “{names[0]}” (closest: {_near_class(names[0], 0.0)})"


def _split(folder: str, exactly: bool = False) -> str:
    """Return the split that a folder is named after, with something behind the name unless `exactly`."""
    match = _SPLIT_NAME.fullmatch(folder.lower())
    return _SPLIT_OF.get(match[1], match[1]) if match and not (exactly and match[2]) else ""


def _unknown_split(names: Sequence[str]) -> str:
    """Name a folder above the class or speaker that is almost the name of a split."""
    near = difflib.get_close_matches(names[0].lower(), SPLITS, n=1, cutoff=0.7) if len(names) > 1 else []
    return f"unknown split “{names[0]}” (closest: {near[0]})" if near else ""


def _recording(stem: str, folder: str) -> str:
    """Name the source recording of a noise by the name of its file."""
    number = _SOURCE_NUMBER.fullmatch(stem)
    if number:
        return f"fs-{next(group for group in number.groups() if group)}"
    whole = _PART_OF_SOURCE.sub("", stem) or stem
    # A mere counter says nothing: number 1 of one folder is not number 1 of another.
    return f"{folder}/{whole}" if re.fullmatch(r"\d{1,4}", whole) else whole


def _foreign(path: Path) -> str:
    if path.suffix.lower() in _FOREIGN_SUFFIXES:
        return f"a {path.suffix[1:].upper()} file, which cannot be read: convert it to WAV"
    return ""
