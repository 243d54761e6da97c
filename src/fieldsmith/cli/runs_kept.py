"""`fieldsmith runs copy` and `runs prune`: what is kept of runs, in a second place or no longer."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fieldsmith.cli.output import current
from fieldsmith.cli.terminal import aligned
from fieldsmith.errors import FieldsmithError, InputError
from fieldsmith.folders import expanded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fieldsmith.orchestrator.prune import Prunable

Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
UNITS = ("B", "kB", "MB", "GB")


def copy(
    run: Annotated[Path, typer.Argument(help="Run directory, or a benchmark's folder.")],
    to: Annotated[Path, typer.Argument(help="Folder that is to be made.")],
    as_json: Json = False,
) -> None:
    """Copy a run, also while it goes on: the copy opens, and is taken up from where it was copied.

    Example: fieldsmith runs copy runs/burgers backup/burgers
    """
    from fieldsmith.orchestrator.copying import copy_run

    current.json = current.json or as_json
    copy_run(expanded(run), expanded(to), current.progress)
    current.event("result", {"run": str(run), "copy": str(to), "reason": None})
    current.say(f"Copied: {to}")


def prune(
    runs: Annotated[
        list[Path] | None, typer.Argument(metavar="[RUN…]", help="Run directories, or folders of benchmarks.")
    ] = None,
    state: Annotated[
        str | None, typer.Option("--state", help="Runs in this state: failed, interrupted or done.")
    ] = None,
    task: Annotated[str | None, typer.Option("--task", help="Runs of this task.")] = None,
    older_than: Annotated[
        float | None,
        typer.Option("--older-than", metavar="DAYS", help="Runs in which nothing was written for so long."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be removed.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Remove run directories: those that are named, or those of which all that is given holds. They are shown first; one that goes on is never removed.

    Example: fieldsmith runs prune --state failed --older-than 30 --dry-run
    """
    from fieldsmith.orchestrator.prune import Wanted, named, prunable

    current.json = current.json or as_json
    wanted = Wanted(state, task, older_than)
    if runs and wanted != Wanted():
        raise InputError("Runs are named, and conditions are given as well.", "Give one of the two.")
    if runs:
        found = [named(expanded(run)) for run in runs]
    else:
        wanted.check()
        if state not in (None, "failed", "interrupted", "done"):
            raise InputError(
                f"--state {state} is no state of a run that has ended.", "Use failed, interrupted or done."
            )
        found = [one for one in prunable(wanted) if one.run.state != "running"]
    for line in aligned([_row(one) for one in found]):
        current.say(line)
    if not found:
        current.say("No such run.")
    removed, kept = ([], []) if dry_run or not found else _removed(found, yes)
    total = sum(one.size for one in found)
    if dry_run and found:
        current.say(f"{_counted(len(found))}, {_size(total)}, would be removed.")
    told = [{**one.run.fields(), "bytes": one.size, "days": one.days} for one in found]
    result = {"runs": told, "removed": removed, "kept": kept, "dry_run": dry_run}
    current.event("result", {**result, "reason": "kept" if kept else None})
    if kept:
        raise typer.Exit(1)


def _removed(found: "Sequence[Prunable]", yes: bool) -> tuple[list[str], list[str]]:
    """What was removed, and what could not be."""
    from fieldsmith.orchestrator.prune import remove

    question = f"Remove {_counted(len(found))}, {_size(sum(one.size for one in found))}?"
    if not yes:
        if current.json or not sys.stdin.isatty():
            raise InputError("Nobody is there to be asked.", "Look with --dry-run first, then give --yes.")
        typer.confirm(question, abort=True)
    removed, kept = [], []
    for one in found:
        try:
            remove(one.run.folder)
            removed.append(str(one.run.folder))
        except FieldsmithError as error:
            kept.append(str(one.run.folder))
            current.progress(str(error))
    current.say(f"Removed: {_counted(len(removed))}.")
    return removed, kept


def _row(one: "Prunable") -> list[str]:
    from fieldsmith.reports.plain import visible

    run = one.run
    return [
        visible(run.started[:16]),
        run.state,
        visible(run.task),
        visible(run.author, 40),
        f"{one.days:.0f} days",
        _size(one.size),
        visible(str(run.folder)),
    ]


def _counted(count: int) -> str:
    return f"{count} run{'s' * (count != 1)}"


def _size(size: float) -> str:
    for unit in UNITS:
        if size < 1000.0 or unit == UNITS[-1]:
            return f"{size:.0f} {unit}"
        size /= 1000.0
    raise AssertionError
