"""TIMIT as the LDC distributes it (LDC93S1): TRAIN|TEST / DR1..8 / speaker / sentence.

Names come in upper or lower case, the sound as NIST SPHERE, RIFF or FLAC; the content decides, not the name.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

SPLIT_OF_PART = {"TRAIN": "train", "TEST": "test"}
_DIALECT = re.compile(r"DR[1-8]")
_SPEAKER = re.compile(r"[FM][A-Z]{3}\d")
_SENTENCE = re.compile(r"(S[AIX]\d+)")


@dataclass(frozen=True)
class TimitPlace:
    """Where in TIMIT a file belongs.

    Attributes
    ----------
    split : str
        "train" or "test".
    speaker : str
        In upper case, such as ``FVMH0``.
    sentence : str
        ``SA1``, ``SX127``, ...
    """

    split: str
    speaker: str
    sentence: str


def timit_place(folders: Sequence[str], stem: str) -> TimitPlace | None:
    """Return where a file belongs, or None if it does not lie as TIMIT's files do.

    Parameters
    ----------
    folders : sequence of str
        Names of the folders down to the file.
    stem : str
        Name of the file without its suffix; ``SA1.WAV.wav``, as some copies have it, gives ``SA1``.
    """
    if len(folders) < 3:
        return None
    part, dialect, speaker = (name.upper() for name in folders[-3:])
    sentence = _SENTENCE.match(stem.upper())
    if part in SPLIT_OF_PART and _DIALECT.fullmatch(dialect) and _SPEAKER.fullmatch(speaker) and sentence:
        return TimitPlace(SPLIT_OF_PART[part], speaker, sentence[1])
    return None
