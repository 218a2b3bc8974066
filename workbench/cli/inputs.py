"""The audio files that the arguments of a batch command stand for."""

from pathlib import Path

from workbench.errors import WorkbenchError


def audio_files_in(folder: Path) -> list[Path]:
    """Return the audio files below a folder, by name, in a stable order; hidden ones are left out.

    Raises
    ------
    WorkbenchError
        If there is none.
    """
    from workbench.audio.files import is_audio_name

    found = [
        path
        for path in sorted(folder.rglob("*"))
        if is_audio_name(path) and path.is_file() and not _is_hidden(path.relative_to(folder))
    ]
    if not found:
        raise WorkbenchError(f"{folder} holds no audio files; choose another folder.")
    return found


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
