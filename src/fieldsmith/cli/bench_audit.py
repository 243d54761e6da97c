"""`fieldsmith bench audit`: whether a suite rewards what is no work."""

import json
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fieldsmith.cli.output import current
from fieldsmith.cli.terminal import aligned
from fieldsmith.errors import InputError, MissingPart

if TYPE_CHECKING:
    from fieldsmith.bench.audit.exploit import Audit
    from fieldsmith.bench.suite import Suite


def audit(
    suite: Annotated[str, typer.Argument(help="TOML file of a suite, or one that comes along: codepde, hard, smoke.")],
    *,
    cells: Annotated[str, typer.Option(help="Only tasks of cells whose names fit, such as 'burgers*'.")] = "*",
    sandbox: Annotated[
        str | None, typer.Option(help="auto, docker, bubblewrap or process; what the suite says by default.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=1.0, help="How long an environment's exploits may take.")] = 60.0,
    out: Annotated[Path | None, typer.Option(help="File for all that was tried: .md or .json.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Say whether a suite is sound: cheap exploits of each task are scored by the real judge, and a task that rewards one is named.

    Example: fieldsmith bench audit smoke
    """
    from fieldsmith.bench.audit.exploit import Tried
    from fieldsmith.bench.audit.suites import audited, name_of, subjects
    from fieldsmith.bench.check import checked
    from fieldsmith.bench.suite import read_suite
    from fieldsmith.folders import expanded
    from fieldsmith.reports.audit import fields, rows, told

    current.json, current.quiet = as_json, quiet
    file = _checked(expanded(out).absolute()) if out else None
    whole = read_suite(suite).chosen(cells)
    checked(whole)
    names = [name_of(cell) for cell in subjects(whole)]
    current.event("begin", {"suite": whole.title, "file": str(whole.file), "tasks": names})

    def heard(task: str, tried: Tried) -> None:
        current.event("exploit", {"task": task, **tried.fields()})
        if tried.rewarded:
            current.progress(
                f"{task}: rewards “{tried.words}”" if tried.value is not None else f"{task}: {tried.words}"
            )

    audits = []
    for one in audited(whole, sandbox, heard, seconds, current.making):
        audits.append(one)
        if file is not None:
            _write(file, whole, audits, len(names) - len(audits))
        current.event("task", one.fields())
        state = "sound" if one.sound else "not sound"
        current.progress(f"{len(audits)}/{len(names)} {one.task}: {state} ({one.seconds:.0f} s)")
    unsound = [one.task for one in audits if not one.sound]
    reason = "holes" if unsound else None
    current.event("result", {**fields(whole, audits), "out": str(file) if file else None, "reason": reason})
    for line in (*aligned(list(rows(audits))), "", *told(audits)):
        current.say(line)
    if unsound:
        of = f"{len(unsound)} of {len(audits)} {'is' if len(unsound) == 1 else 'are'}"
        current.failed(f"{of} not sound: {', '.join(unsound)}. What to mend stands beside each.")
        raise typer.Exit(1)


def _checked(file: Path) -> Path:
    """Raises InputError for a file that cannot be written so."""
    if file.suffix not in (".md", ".json"):
        raise InputError(f"--out {file.name} is neither Markdown nor JSON.", "Give a name that ends in .md or .json.")
    if not file.parent.is_dir():
        raise InputError(f"The folder {file.parent} does not exist.", "Make it, or give another for --out.")
    return file


def _write(file: Path, suite: "Suite", audits: "list[Audit]", left: int) -> None:
    """left: how many are not audited yet, which the file says."""
    from fieldsmith.files import write_whole
    from fieldsmith.reports.audit import fields, markdown

    if file.suffix == ".json":
        text = json.dumps(fields(suite, audits, not left), indent=1, allow_nan=False)
    else:
        text = markdown(suite, audits, shlex.join(["fieldsmith", *sys.argv[1:]]), left)
    try:
        write_whole(file, text.encode("utf-8", "replace"))
    except OSError as error:
        words = f"The audit cannot be written to {file}: {error.strerror or error}."
        raise MissingPart(words, "Give another place for --out.") from error
