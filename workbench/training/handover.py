"""A job as a folder that runs on another machine: scripts, a README, and the run as far as it is."""

import shlex
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from workbench import resources
from workbench.errors import WorkbenchError
from workbench.training.forms import arguments, form_for
from workbench.training.jobs import Job, is_run, slug

_PICKED_THERE = ("data", "folder", "file")


def command_line(job: Job) -> str:
    """Return the command that a terminal runs, without ``--events``.

    Raises
    ------
    WorkbenchError
        A value is not valid.
    """
    return shlex.join(["train_cli", *_without_events(job.arguments())])


def _without_events(words: list[str]) -> list[str]:
    return [word for word in words if word != "--events"]


def write_job_folder(job: Job, folder: Path) -> Path:
    """Write a folder with which the job runs on another machine.

    Recordings are not copied: the scripts ask for where they are there. A training that has begun takes its
    checkpoints along and goes on from them.

    Parameters
    ----------
    job : Job
    folder : Path
        To make; it must not exist.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    WorkbenchError
        The folder exists or cannot be written.
    """
    if folder.exists():
        raise WorkbenchError(f"{folder} is there already; choose another name.")
    try:
        folder.mkdir(parents=True)
        if job.run is not None and is_run(job.run):
            shutil.copytree(job.run, folder / job.run.name)
        (folder / "run.sh").write_text(_script(job, _UNIX), encoding="utf-8", newline="\n")
        (folder / "run.sh").chmod(0o755)
        (folder / "run.cmd").write_text(_script(job, _WINDOWS), encoding="utf-8", newline="\r\n")
        (folder / "README.md").write_text(_readme(job), encoding="utf-8")
    except OSError as error:
        raise WorkbenchError(f"{folder} cannot be written: {error.strerror}.") from None
    return folder


def _inputs(job: Job) -> dict[str, str]:
    """Return what has to be there on the other machine: names of variables, and the paths here."""
    form = form_for(job.command)
    return {
        field.name.upper(): str(job.values[field.name]).splitlines()[0]
        for field in form.fields
        if field.pick in _PICKED_THERE and str(job.values.get(field.name, "")).strip()
    }


@dataclass(frozen=True)
class _Shell:
    """How a script is written: head, a variable's default, its use, and a command."""

    head: str
    default: str
    use: str
    join: Callable[[list[str]], str]


_UNIX = _Shell(
    '#!/bin/sh\nset -e\ncd "$(dirname "$0")"\n', ': "${{{name}:={path}}}"', '"${name}"', shlex.join
)
_WINDOWS = _Shell(
    '@echo off\ncd /d "%~dp0"\n',
    'if not defined {name} set "{name}={path}"',
    '"%{name}%"',
    subprocess.list2cmdline,
)


def _script(job: Job, shell: _Shell) -> str:
    """Write the commands with what is put in being variables, and what is made lying beside the script."""
    options, inputs = job.options(), _inputs(job)
    # Marks that no shell quotes; the variables take their place when the rest has been quoted.
    marks = {name: f"@@{name}@@" for name in inputs}
    local: dict[str, Any] = {each.name: getattr(options, each.name) for each in fields(options)}
    for field in form_for(job.command).fields:
        mark = marks.get(field.name.upper())
        if mark is not None:
            local[field.name] = (mark,) if field.is_many else mark
        elif field.pick in ("new folder", "new file") and local[field.name] is not None:
            local[field.name] = Path(local[field.name]).name
    commands = [["train_cli", *_without_events(arguments(job.command, type(options)(**local)))]]
    if job.is_training:
        made = [f"--run={local['run']}", f"--output={slug(job.title)}", f"--title={job.title}"]
        commands.append(["train_cli", "export", *made])
    lines = [shell.default.format(name=name, path=path) for name, path in inputs.items()]
    lines += [shell.join(command) for command in commands]
    text = "\n".join(lines)
    for name, mark in marks.items():
        text = text.replace(mark, shell.use.format(name=name))
    return f"{shell.head}{text}\n"


def _readme(job: Job) -> str:
    inputs = _inputs(job)
    settings = "\n".join(f"| `{name}` | `{path}` |" for name, path in inputs.items())
    result = (
        f"When it is done, the folder `{slug(job.title)}` is the model. Take it back with “Import” on the "
        f"Models page of the workbench, or put it into `{resources.user_models_dir()}`."
        if job.is_training
        else "What it makes lies in this folder."
    )
    return f"""# {job.title}

A job of the Denoise Workbench, to be run on another machine:

```sh
pip install "denoise-workbench[train]"
./run.sh          # on Windows: run.cmd
```

| Variable | Here it was |
|---|---|
{settings}

Set these variables to where the same lies there, for instance `{next(iter(inputs), "DATA")}=/data ./run.sh`.
A catalogue names its files from its own folder, so copy it with them. A training that is stopped goes on when
the script is started again.

{result}
"""
