"""What a task's own `measure` finds, and whether it gives its metric: for answers on trial, and in every mapping that its
text returns.

A problem without references has no answer that is known to be good, and what is on trial may take another way through
`measure` than a good one does; so its text is read too.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from fieldsmith import syntax
from fieldsmith.errors import FieldsmithError, InputError
from fieldsmith.tasks.places import raised_at
from fieldsmith.tasks.task import Case, Task

WILD = 1e6
"""What a program may return, as an index or a size too: `measure` has to take any finite numbers."""


class MeasureFailed(InputError):
    """A task's own `measure` fails on an answer, or does not give the task's metric for it."""


def figures(task: Task, case: Case, answer: Mapping[str, np.ndarray]) -> dict[str, float]:
    """What `measure` finds, by name. Raises MeasureFailed where it fails."""
    try:
        with np.errstate(all="ignore"):
            found = task.measure(case, answer)
        named = found if isinstance(found, Mapping) else {task.metric.name: found}
        return {name: float(value) for name, value in named.items()}
    except InputError as error:  # in the task's own words
        raise MeasureFailed(error.message, error.hint) from error
    except FieldsmithError:  # of this machine, whatever the answer
        raise
    except Exception as error:  # a task's own code may raise anything
        words = f"{type(task).__name__}.measure fails with {type(error).__name__}: {str(error).rstrip('. ')}"
        place = raised_at(error, type(task))
        # A model is told this too: what it needs is the file's name, not where the person keeps it.
        where = f" in line {place[1]} of {place[0].name}" if place else ""
        raise MeasureFailed(f"{words}{where}.", "Mend the task; give NaN for answers that are wrong.") from error


def metric_fault(task: Task, case: Case) -> str:
    """What is wrong with the metric for answers on trial, or nothing. Raises MeasureFailed where `measure` fails."""
    metric = task.metric.name
    if metric == "seconds" and type(task).measure is Task.measure:
        return ""
    found = [figures(task, case, answer) for answer in _on_trial(task, case)]
    for names, place in [*((one, "") for one in found), *_returned(task)]:
        if metric not in (*names, "seconds"):
            return f"`measure` gives {', '.join(names) or 'nothing'}{place}, but not the metric {metric}."
    bad = [f"{name} = {value}" for name, value in found[0].items() if not np.isfinite(value)]
    return f"`measure` gives {bad[0]} for the reference itself." if bad and case.reference else ""


def _on_trial(task: Task, case: Case) -> Iterator[Mapping[str, np.ndarray]]:
    """The reference, or zeros and random numbers where there is none, and what no good program returns."""
    shapes, rng = task.brief().signature.shapes(case.inputs), np.random.default_rng(0)
    if case.reference:
        yield case.reference
    else:
        yield {name: np.zeros(shape) for name, shape in shapes.items()}
        yield {name: rng.standard_normal(shape) for name, shape in shapes.items()}
    yield {name: np.full(shape, WILD) for name, shape in shapes.items()}


def _returned(task: Task) -> Iterator[tuple[Iterable[str], str]]:
    """The names in each mapping that `measure` returns as it is written, and its line; those that can be read there."""
    try:
        lines, first = inspect.getsourcelines(type(task).measure)
        function = syntax.parse(textwrap.dedent("".join(lines))).body[0]
    except (OSError, TypeError, SyntaxError):  # typed into an interpreter, no function of Python, a text at the margin
        return
    for written in _returns(function):
        if isinstance(written.value, ast.Dict):
            names = [_name(key, task) for key in written.value.keys]
            if None not in names:
                yield [name for name in names if name], f" in line {first + written.lineno - 1}"


def _returns(node: ast.AST) -> Iterator[ast.Return]:
    """Those of a function itself, not of functions within it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Return):
            yield child
        elif not isinstance(child, ast.FunctionDef | ast.Lambda):
            yield from _returns(child)


def _name(key: ast.expr | None, task: Task) -> str | None:
    if isinstance(key, ast.Constant):
        return str(key.value)
    return task.metric.name if key is not None and ast.unparse(key) == "self.metric.name" else None
