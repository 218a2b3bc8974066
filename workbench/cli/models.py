"""Manage the trained models: those that ship with the workbench, and your own.

Models of your own lie in your data folder. Deleted ones can be restored until the trash is emptied.
"""

import argparse
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.cli.terminal import note, print_json, print_table, progress_bar
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.bundles.check import Bundle
    from workbench.bundles.figures import FigureTable

EXAMPLES = """\
  workbench models list
  workbench models show ddae-standard
  workbench models export ddae-standard -o standard.zip
  workbench models import mine.zip --name mine-2
  workbench models default mine-2          what `adaptive` and `ddae` run from now on
  workbench models rename mine-2 street
  workbench models delete street           and `restore street` brings it back
  workbench models speed                   on this machine"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments: a command of its own for each thing to do."""
    commands = parser.add_subparsers(title="what to do", metavar="ACTION", required=True)

    def action(name: str, run_action: object, summary: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        command.set_defaults(run_action=run_action)
        return command

    for name, run_action, summary in (
        ("list", _list, "list all models"),
        ("show", _show, "show what a model says about itself, with its figures and its card"),
        ("speed", _speed, "measure how fast models run on this machine, on one thread"),
    ):
        command = action(name, run_action, summary)
        command.add_argument("--format", choices=("table", "json"), default="table", help="default: table")
        if name == "show":
            command.add_argument("name", metavar="NAME")
        elif name == "speed":
            command.add_argument("names", nargs="*", metavar="NAME", help="default: all models")
    command = action("import", _import, "check a model and add it to your own")
    command.add_argument("source", type=Path, metavar="FILE", help="what `export` wrote, or a folder")
    command.add_argument("--name", help="what to call it (default: its own name)")
    command = action("export", _export, "write a model as one file")
    command.add_argument("name", metavar="NAME")
    command.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: NAME.zip")
    command.add_argument("--overwrite", action="store_true", help="replace a file that exists")
    command = action("rename", _rename, "rename a model of your own")
    command.add_argument("name", metavar="NAME")
    command.add_argument("new_name", metavar="NEW_NAME")
    command = action("delete", _delete, "move models of your own to the trash")
    command.add_argument("names", nargs="*", metavar="NAME", help="names, or folders of damaged ones")
    command.add_argument(
        "--empty-trash", action="store_true", help="delete what is in the trash for good instead"
    )
    command = action("restore", _restore, "bring a deleted model back; without a name, list what can be")
    command.add_argument("name", nargs="?", metavar="NAME")
    command = action("default", _default, "use a model wherever none of its kind is named")
    command.add_argument("name", nargs="?", metavar="NAME")
    command.add_argument("--reset", choices=("nc", "ddae"), help="take your choice for a kind back instead")


def run(options: argparse.Namespace) -> int:
    """Do what was asked for; 1 where damaged models were found."""
    return int(options.run_action(options) or 0)


def _list(options: argparse.Namespace) -> int:
    from workbench.bundles.library import is_users
    from workbench.bundles.store import catalogue

    found = catalogue()
    rows = [_summary(bundle) for bundle in found.bundles]
    if options.format == "json":
        refused = [
            {"folder": str(bad.folder), "problem": bad.problem, "yours": is_users(bad.folder)}
            for bad in found.refused
        ]
        print_json({"models": rows, "refused": refused})
        return int(bool(refused))
    print_table(
        ("model", "kind", "title", "size", "delay", "MMAC/s", "precisions", "whose"),
        [
            (
                f"{row['name']} (default)" if row["default"] else row["name"],
                row["kind"],
                row["title"],
                f"{row['bytes'] / 1000:,.0f} kB",
                f"{round(row['latency_ms'], 1):g} ms",
                "-" if row["macs_per_s"] is None else f"{row['macs_per_s'] / 1e6:.1f}",
                ", ".join(row["precisions"]),
                "yours" if row["yours"] else "bundled",
            )
            for row in rows
        ],
        numbers=("size", "delay", "MMAC/s"),
    )
    for problem in found.problems:
        note(f"workbench: {problem}")
    return int(bool(found.problems))


def _summary(bundle: "Bundle") -> dict[str, Any]:
    from workbench.bundles.library import is_users
    from workbench.bundles.store import is_default
    from workbench.bundles.workload import macs_per_second
    from workbench.dsp import SAMPLE_RATE

    manifest = bundle.manifest
    macs_per_s = None
    with suppress(WorkbenchError):
        macs_per_s = macs_per_second(bundle)
    return {
        "name": bundle.name,
        "kind": manifest.kind,
        "title": manifest.title,
        "version": manifest.version,
        "default": is_default(bundle),
        "yours": is_users(bundle.folder),
        "bytes": manifest.files[bundle.precision].n_bytes,
        "latency_ms": 1000 * manifest.latency_samples / SAMPLE_RATE,
        "macs_per_s": macs_per_s,
        "precisions": {precision: file.n_bytes for precision, file in manifest.files.items()},
        "folder": str(bundle.folder),
    }


def _show(options: argparse.Namespace) -> None:
    from workbench.bundles.figures import figure_tables
    from workbench.bundles.store import get_bundle
    from workbench.bundles.write import CARD_NAME

    bundle = get_bundle(options.name)
    about, manifest = _summary(bundle), bundle.manifest
    card = bundle.folder / CARD_NAME
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else ""
    if options.format == "json":
        described = {
            "description": manifest.description,
            "created": manifest.created.isoformat(),
            "classes": list(manifest.classes),
            "features": dict(manifest.features),
            "training": asdict(manifest.training),
            "figures": manifest.figures,
            "card": text,
        }
        print_json(about | described)
        return
    training = manifest.training
    properties = {
        "name": bundle.name + (" (default)" if about["default"] else ""),
        "title": manifest.title,
        "what it is": manifest.description,
        "kind": manifest.kind,
        "version": f"{manifest.version}, made {manifest.created}",
        "delay": f"{round(about['latency_ms'], 1):g} ms",
        "work": "-" if about["macs_per_s"] is None else f"{about['macs_per_s'] / 1e6:.1f} MMAC/s",
        **{f"{name} model": f"{n_bytes / 1000:,.0f} kB" for name, n_bytes in about["precisions"].items()},
        "classes": ", ".join(manifest.classes),
        "trained on": training.data,
        "licence": training.licence,
        "command": training.command,
        "heard": f"{training.hours_heard:g} h of mixtures, seed {training.seed}",
        "folder": about["folder"],
    }
    print_table(("", ""), list(properties.items()))
    for table in figure_tables(manifest):
        print()
        _print_figures(table)
    if text:
        print(f"\n{text.rstrip()}")


def _print_figures(table: "FigureTable") -> None:
    def cell(row: Mapping[str, float], column: str) -> str:
        return f"{row[column]:.3f}" if column in row else ""

    print_table(
        (table.title, *table.columns),
        [(name, *(cell(row, column) for column in table.columns)) for name, row in table.rows],
        numbers=table.columns,
    )


def _speed(options: argparse.Namespace) -> None:
    from workbench.bundles.speed import Speed, speed_steps
    from workbench.bundles.store import find_bundles, get_bundle

    bundles = [get_bundle(name) for name in options.names] or find_bundles()
    jobs = [(bundle, precision) for bundle in bundles for precision in bundle.manifest.files]
    measured: list[tuple[str, Speed]] = []
    with progress_bar() as bar:
        task = bar.add_task("", total=len(jobs))
        for number, (bundle, precision) in enumerate(jobs):
            bar.update(task, description=f"{bundle.name}, {precision}")
            steps = speed_steps(bundle, precision)
            while True:
                try:
                    bar.update(task, completed=number + next(steps))
                except StopIteration as end:
                    measured.append((bundle.name, end.value))
                    break
    if options.format == "json":
        print_json([{"name": name, **asdict(speed)} for name, speed in measured])
        return
    print_table(
        ("model", "precision", "hop", "median", "p99", "real-time factor"),
        [
            (
                name,
                speed.precision,
                f"{speed.hop_ms:g} ms",
                f"{speed.median_ms:.3f} ms",
                f"{speed.p99_ms:.3f} ms",
                f"{speed.real_time_factor:.4f}",
            )
            for name, speed in measured
        ],
        numbers=("hop", "median", "p99", "real-time factor"),
    )


def _import(options: argparse.Namespace) -> None:
    from workbench.bundles.archive import import_bundle
    from workbench.bundles.library import NameTakenError, free_name

    try:
        bundle = import_bundle(options.source, options.name)
    except NameTakenError as error:
        raise WorkbenchError(
            f"There is already a model named {error.name!r}; add --name {free_name(error.name)}, or another."
        ) from None
    note(f"imported {bundle.name}; try it with: {_trial(bundle)}")


def _trial(bundle: "Bundle") -> str:
    if bundle.manifest.is_original:
        method = f"original@{bundle.name}" if bundle.manifest.kind == "ddae" else "original"
        return f"workbench denoise IN -o OUT --method {method}"
    if bundle.manifest.kind == "ddae":
        return f"workbench denoise IN -o OUT --method adaptive@{bundle.name}"
    return f"workbench models default {bundle.name}"


def _export(options: argparse.Namespace) -> None:
    from workbench.bundles.archive import export_bundle
    from workbench.bundles.store import get_bundle

    bundle = get_bundle(options.name)
    path = options.output or Path(f"{bundle.name}.zip")
    if path.is_dir():
        path = path / f"{bundle.name}.zip"
    if path.exists() and not options.overwrite:
        raise WorkbenchError(f"{path} exists already; add --overwrite.")
    print(export_bundle(bundle, path))


def _rename(options: argparse.Namespace) -> None:
    from workbench.bundles.library import rename_bundle
    from workbench.bundles.store import get_bundle

    note(f"renamed to {rename_bundle(get_bundle(options.name), options.new_name).name}")


def _delete(options: argparse.Namespace) -> None:
    from workbench.bundles.library import delete_bundle, empty_trash

    if options.empty_trash:
        note(f"{empty_trash()} deleted for good")
        return
    if not options.names:
        raise WorkbenchError("Name the models to delete; `workbench models list` lists them.")
    for name in options.names:
        deleted = delete_bundle(_folder(name))
        note(f"deleted {name}; `workbench models restore {deleted.name}` brings it back")


def _folder(name: str) -> Path:
    """Return the folder of a bundle by its name, or by that of its folder where it is damaged."""
    from workbench.bundles.store import catalogue, get_bundle

    refused = {bad.folder.name: bad.folder for bad in catalogue().refused}
    return refused[name] if name in refused else get_bundle(name).folder


def _restore(options: argparse.Namespace) -> None:
    from workbench.bundles.library import deleted_bundles, restore_bundle

    deleted = deleted_bundles()
    if options.name is None:
        when = [
            (each.name, datetime.fromtimestamp(each.deleted_s).strftime("%Y-%m-%d %H:%M")) for each in deleted
        ]
        print_table(("model", "deleted"), when)
        return
    found = next((each for each in deleted if each.name == options.name), None)
    if found is None:
        names = ", ".join(dict.fromkeys(each.name for each in deleted)) or "nothing"
        raise WorkbenchError(f"There is no deleted model named {options.name!r}; the trash holds {names}.")
    restore_bundle(found)
    note(f"restored {found.name}")


def _default(options: argparse.Namespace) -> None:
    from workbench.bundles.store import choose_default, default_bundle, get_bundle

    if (options.name is None) == (options.reset is None):
        raise WorkbenchError("Name the model to use, or give --reset nc or --reset ddae.")
    kind = options.reset
    if kind is None:
        kind = get_bundle(options.name).manifest.kind
    choose_default(kind, options.name)
    note(f"the default {kind} model is {default_bundle(kind).name}")
