"""`fieldsmith solve`: forge a solver."""

import contextlib
import math
import re
import shlex
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldsmith.cli.asking import asks_question, question_from
from fieldsmith.cli.output import current
from fieldsmith.errors import InputError
from fieldsmith.orchestrator.question import BUDGET, MODEL_OPTIONS, PLACE

if TYPE_CHECKING:
    from fieldsmith.evaluation.evaluation import Score


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
    output: Annotated[
        Path | None,
        typer.Option(
            help="Where the solution of a problem file goes too: FILE.nc, .npz or .csv.", rich_help_panel=PLACE
        ),
    ] = None,
    ask: Annotated[
        str | None,
        typer.Option(
            help="In place of a task: your words, of which the model writes a problem file first.",
            rich_help_panel=PLACE,
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Solve what --ask has understood without asking.", rich_help_panel=PLACE)
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    **_question: Any,
) -> None:
    """Forge a solver for a task or for a problem file of your own: programs are written, run, judged and refined until the budget is spent.

    Example: fieldsmith solve burgers --param nu=0.001
    """
    from fieldsmith.cli.options import merged

    options = merged(context, config)
    current.json, current.quiet, current.resumes = options["as_json"], options["quiet"], True
    options["task"] = _task(options)
    _run(options)


def _task(options: dict[str, Any]) -> str:
    """The task that is named, or the problem file that is made of words; with an author given the model reads these and no more.

    Raises InputError where there is neither, or both.
    """
    named, words = options["task"], options["ask"]
    if named and words:
        raise InputError(f"--ask makes a problem of words, and {named} is named too.", "Leave one of them out.")
    if words is None:
        if not named:
            raise InputError("Nothing is named that is to be solved.", "Name a task, a problem file, or say --ask “…”.")
        return named
    from fieldsmith.cli.from_words import NAME_ONE, NO_MODEL, Wanted, problem_file
    from fieldsmith.models import open_model

    if not options["model"]:
        raise InputError(NO_MODEL, NAME_ONE)
    asked = question_from({**options, "task": "words", "author": None})
    model = open_model(str(asked.model), asked.base_url, options["key_file"], asked.settings())
    file = problem_file(Wanted(words, None, options["yes"]), model, "Solve this ({file})?")
    if options["author"]:
        options |= dict.fromkeys(("model", *MODEL_OPTIONS))
    return str(file)


def _run(options: dict[str, Any]) -> None:
    from fieldsmith.cli.problem_words import faults_told, tell_understood
    from fieldsmith.cli.progress import Progress
    from fieldsmith.orchestrator.open import open_solve
    from fieldsmith.orchestrator.result import run_fields
    from fieldsmith.orchestrator.solution import check_output, check_place, copy_solution

    condition = parse_condition(options["fail_if"]) if options["fail_if"] else None
    if options["output"]:
        check_place(options["output"])
    with faults_told():
        tell = partial(tell_understood, shown=options["ask"] is not None)
        run = open_solve(question_from(options), shlex.join(["fieldsmith", *sys.argv[1:]]), tell)
    if condition is not None:
        condition.check(run.task.metric.name)
    if options["output"]:
        check_output(options["output"], run.task.form)
    run.write_report = _report_writer()
    run.prepare()
    progress = Progress(current, run.budget.candidates)
    progress.begin(run.asked, run.folder, run.sandbox.reason)
    run.listener = progress.event
    with progress:
        done = run.run()
    fields, best = run_fields(done), done.best.candidate.evaluation if done.best else None
    if condition is not None and best is not None and best.test is not None and condition.holds(best.test):
        fields["reason"] = fields["reason"] or "fail_if"
    current.event("result", fields)
    progress.result(done)
    if options["output"] and fields["solution"]:
        copy_solution(done.folder, options["output"])
        current.say(f"Copy: {options['output']}")
    if best is None or best.status != "ok" or best.test is None:
        current.failed(f"The best program ended with {best.status}." if best else f"No candidate ran. {done.message}")
        raise typer.Exit(1)
    if fields["reason"]:
        current.failed(f"--fail-if {options['fail_if']} holds.")
        raise typer.Exit(1)


def _report_writer():
    from fieldsmith.reports.html import write_report

    return write_report


@dataclass(frozen=True)
class Condition:
    """A figure of the best program's test score beyond a limit, by which a run counts as failed."""

    text: str
    figure: str
    above: bool
    limit: float

    def check(self, metric: str) -> None:
        """Raises InputError for a figure that a task judged by that metric has none of."""
        if self.figure.lower() not in (metric.lower(), "seconds", "cpu_seconds"):
            raise InputError(
                f"--fail-if {self.text!r} is not understood.", f"Use the figures {metric}, cpu_seconds and seconds."
            )

    def holds(self, score: "Score") -> bool:
        named = {"seconds": score.seconds, "cpu_seconds": score.cost}
        value = score.figure if self.figure.lower() == score.metric.lower() else named.get(self.figure, score.figure)
        return self.beyond(value)

    def beyond(self, value: float) -> bool:
        return value > self.limit if self.above else value < self.limit


def parse_condition(text: str) -> Condition:
    """`nrmse > 1e-3`, `cpu_seconds > 10`, `seconds > 10` by the wall, or a task's own metric above or below a limit. Raises InputError for anything else."""
    found = re.fullmatch(r"\s*(.+?)\s*([<>])\s*(\S+)\s*", text)
    with contextlib.suppress(ValueError):
        if found and math.isfinite(limit := float(found[3])):
            return Condition(text, found[1], found[2] == ">", limit)
    raise InputError(f"--fail-if {text!r} is not understood.", 'Write "nrmse > NUMBER" or "seconds > NUMBER".')
