"""`fieldsmith solve`: forge a solver."""

import math
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from fieldsmith.cli.asking import asks_question, question_from
from fieldsmith.cli.output import current
from fieldsmith.errors import InputError
from fieldsmith.orchestrator.question import BUDGET, PLACE


@asks_question
def solve(
    context: typer.Context,
    *,
    config: Annotated[
        Path | None, typer.Option(help="TOML file with any of these options.", rich_help_panel=PLACE)
    ] = None,
    fail_if: Annotated[
        str | None, typer.Option(help='Exit with 1 if this holds, such as "nrmse > 1e-3".', rich_help_panel=BUDGET)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    **_question: Any,
) -> None:
    """Forge a solver for a task: programs are written, run, judged and refined until the budget is spent.

    Example: fieldsmith solve burgers --param nu=0.001
    """
    from fieldsmith.cli.options import merged

    options = merged(context, config)
    current.json, current.quiet, current.resumes = options["as_json"], options["quiet"], True
    _run(options)


def _run(options: dict[str, Any]) -> None:
    from fieldsmith.cli.progress import Progress
    from fieldsmith.orchestrator.open import open_solve
    from fieldsmith.orchestrator.result import run_fields

    condition = parse_condition(options["fail_if"]) if options["fail_if"] else None
    run = open_solve(question_from(options), command=shlex.join(["fieldsmith", *sys.argv[1:]]))
    run.write_report = _report_writer()
    run.prepare()
    progress = Progress(current, run.budget.candidates)
    progress.begin(run.asked, run.folder, run.sandbox.reason)
    run.listener = progress.event
    with progress:
        done = run.run()
    current.event("result", run_fields(done))
    progress.result(done)
    best = done.best.candidate.evaluation if done.best else None
    if best is None or best.status != "ok" or best.test is None:
        current.failed(f"The best program ended with {best.status}." if best else f"No candidate ran. {done.message}")
        raise typer.Exit(1)
    if condition is not None and condition(best.test.nrmse, best.test.seconds):
        current.failed(f"--fail-if {options['fail_if']} holds.")
        raise typer.Exit(1)


def _report_writer():
    from fieldsmith.reports.html import write_report

    return write_report


def parse_condition(text: str):
    """`nrmse > 1e-3` or `seconds > 10` as a function of both. Raises InputError for anything else."""
    words = text.replace(">", " > ").split()
    if len(words) == 3 and words[0] in ("nrmse", "seconds") and words[1] == ">":
        try:
            limit = float(words[2])
        except ValueError:
            limit = None
        if limit is not None and math.isfinite(limit):
            return lambda nrmse, seconds: (nrmse if words[0] == "nrmse" else seconds) > limit
    raise InputError(f"--fail-if {text!r} is not understood.", 'Write "nrmse > NUMBER" or "seconds > NUMBER".')
