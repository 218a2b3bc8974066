"""What the terminal says when something fails."""

import sys
import traceback
from datetime import datetime

from workbench.errors import WorkbenchError
from workbench.resources import log_path


def is_expected(error: Exception) -> bool:
    """Return whether a user can cause and mend this: our own errors, and the file system's refusals."""
    return isinstance(error, WorkbenchError) or (isinstance(error, OSError) and error.strerror is not None)


def explain(error: Exception) -> str:
    """Return one line about a failure; a defect's traceback goes to the log, which the line names."""
    if isinstance(error, OSError) and is_expected(error):
        return f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    if is_expected(error):
        return " ".join(str(error).split())
    return f"unexpected {type(error).__name__}; the details are in {_log(error)}"


def _log(error: Exception) -> str:
    text = "".join(traceback.format_exception(error))
    path = log_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as log:
            log.write(f"{datetime.now():%Y-%m-%d %H:%M:%S} {' '.join(sys.argv)}\n{text}\n")
    except OSError:
        print(text, file=sys.stderr)
        return "the lines above"
    return str(path)
