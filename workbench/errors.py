"""The two kinds of failure that the workbench tells apart.

A `WorkbenchError` is something that a user can cause and mend: its text is one sentence that says what to
do, shown as it stands by the window's message bar and by the command line. Everything else is a defect of
ours and keeps its traceback for the log.
"""


class WorkbenchError(Exception):
    """A failure that the user can mend; the text is one sentence that says how."""


class MissingPieceError(WorkbenchError):
    """Something optional (a library, a device) is not installed; the text says how to get it."""
