"""What commands say of a problem of one's own: findings, and how it was understood."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fieldsmith.cli.output import current

if TYPE_CHECKING:
    from fieldsmith.boxes.form import Form
    from fieldsmith.problems import Fault, Problem, ProblemError
    from fieldsmith.tasks.task import Task

SHORT = ("unknown", "parameter", "domain", "kind", "ends", "defined", "given", "reference", "asked for")
"""What is repeated of a problem before it is solved: not its equations solved for their rates, nor what stays."""

BY_MODEL = " A model may know one: `solve` with --model has it write the program."
"""Where no method fits."""

CLOSE, CLOSER = 0.02, 0.002
"""Differences of the times at which methods give up, beside the time till then, that are none."""


def tell(one: "Fault", name: str, *, said: bool = True) -> None:
    """A finding as an event and, where it is to be `said`, as a line on standard error."""
    spot = one.spot
    fields = {
        "weight": one.weight,
        "field": spot.field,
        "line": spot.line or None,
        "column": spot.column or None,
        "message": one.what,
        "hint": one.mend,
    }
    current.event("finding", fields)
    if said and not current.json:
        print(one.told(name), file=sys.stderr, flush=True)


def tell_all(error: "ProblemError") -> None:
    """Every finding as an event; where there are several, each on a line before the last one."""
    for one in error.faults:
        tell(one, error.name, said=len(error.faults) > 1)


@contextmanager
def faults_told() -> Iterator[None]:
    """Where a problem file turns out to have faults, each of them is told before the command ends with the first."""
    from fieldsmith.errors import InputError

    try:
        yield
    except InputError as error:
        from fieldsmith.problems import ProblemError

        if isinstance(error, ProblemError):
            tell_all(error)
        raise


def methods_for(problem: "Problem") -> tuple[list[dict[str, str]], str]:
    """The families of methods, each with why it does not fit (empty where it does), and why none does."""
    from fieldsmith.boxes.form import Form

    if problem.seen.form is None:
        return [], "The equations are too large to be solved for their rates."
    return methods_of(Form(problem))


def methods_of(form: "Form") -> tuple[list[dict[str, str]], str]:
    from fieldsmith.boxes import methods
    from fieldsmith.problems.incompressible import stream_function_form

    found = [{"name": family.name, "why_not": why} for family, why in methods.verdicts(form)]
    if any(not one["why_not"] for one in found):
        return found, ""
    why = methods.decisive(form, {one["name"]: one["why_not"] for one in found})
    return found, f"{why} {stream_function_form(form.system)}".strip()


def fitting(methods: list[dict[str, str]], why_not: str) -> str:
    """The line on methods: those that fit, or why none does."""
    found = ", ".join(one["name"] for one in methods if not one["why_not"])
    return found or f"none of those built in: {why_not}{'' if '--model' in why_not else BY_MODEL}"


def tell_understood(task: "Task", shown: bool = False) -> None:
    """How a problem of one's own is understood, in short, with its doubts; nothing of other tasks. What it is judged by is found out.

    shown: it has been told to people already.
    """
    from fieldsmith.tasks.own.problem_task import ProblemTask

    if not isinstance(task, ProblemTask):
        return
    problem = task.problem
    for one in problem.seen.told.ordered():
        tell(one, problem.origin.name, said=not shown)
    methods, why_not = methods_of(task.form)
    current.event("problem", {**problem.understood.as_dict(), "methods": methods, "why_no_method": why_not})
    for line in () if shown else _short(problem.understood.lines()):
        current.progress(line)
    current.progress(f"  {'methods':11}{fitting(methods, why_not)}")
    task.ready(current.making)
    if (clock := problem.system.time) and (moment := blown_up(task.judged_by, clock.low, clock.high)):
        told = f"The solution or a derivative of it seems to grow without bound at {clock.name} = {moment}: no method comes further. End the time before, or look at the signs of sources."
        current.event("note", {"message": told})
        current.progress(told)


def blown_up(words: str, low: float, high: float) -> str:
    """The time between two at which all methods of which a reference was asked give up, by the words on it, to so many digits as they agree on; empty where they do not."""
    failed = words.partition("No method gives a reference: ")[2].split("; ")
    ends = [re.search(r"[Ss]teps become too (?:short|small) at ([-+0-9.e]*[0-9])", one) for one in failed]
    times = [float(one[1]) for one in ends if one]
    if len(times) < 2 or len(times) < len(failed):
        return ""
    middle = sum(times) / len(times)
    apart = (max(times) - min(times)) / (middle - low) if low < middle < high else 1.0
    return f"{middle:.{3 if apart < CLOSER else 2}g}" if apart < CLOSE else ""


def _short(lines: list[str]) -> Iterator[str]:
    """The equations, and what is repeated of the rest, a word and what goes with it."""
    wanted = False
    for line in lines:
        if line.startswith("    ") and line[4:5].strip():
            yield line
        elif line.startswith("  "):
            wanted = line.strip().startswith(SHORT) if line[2:3].strip() else wanted
            if wanted:
                yield line
