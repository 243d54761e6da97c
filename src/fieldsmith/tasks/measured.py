"""Whether a task's own `measure` gives its metric: for answers on trial, and in every mapping that its text returns.

A problem without references has no answer that is known to be good, and what is on trial may take another way through
`measure` than a good one does; so its text is read too.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from fieldsmith.tasks.task import Case, Task


def metric_fault(task: Task, case: Case) -> str:
    """What is wrong with the metric for the reference, or for zeros and random numbers where there is none; or nothing."""
    metric = task.metric.name
    if metric == "seconds" and type(task).measure is Task.measure:
        return ""
    found = [_figures(task, case, answer) for answer in _on_trial(task, case)]
    for names, place in [*((figures, "") for figures in found), *_returned(task)]:
        if metric not in (*names, "seconds"):
            return f"`measure` gives {', '.join(names) or 'nothing'}{place}, but not the metric {metric}."
    bad = [f"{name} = {value}" for name, value in found[0].items() if not np.isfinite(value)]
    return f"`measure` gives {bad[0]} for the reference itself." if bad and case.reference else ""


def _on_trial(task: Task, case: Case) -> Iterator[Mapping[str, np.ndarray]]:
    if case.reference:
        yield case.reference
        return
    shapes, rng = task.brief().signature.shapes(case.inputs), np.random.default_rng(0)
    yield {name: np.zeros(shape) for name, shape in shapes.items()}
    yield {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def _figures(task: Task, case: Case, answer: Mapping[str, np.ndarray]) -> dict[str, float]:
    with np.errstate(all="ignore"):
        found = task.measure(case, answer)
    figures = found if isinstance(found, Mapping) else {task.metric.name: found}
    return {name: float(value) for name, value in figures.items()}


def _returned(task: Task) -> Iterator[tuple[Iterable[str], str]]:
    """The names in each mapping that `measure` returns as it is written, and its line; those that can be read there."""
    try:
        lines, first = inspect.getsourcelines(type(task).measure)
        function = ast.parse(textwrap.dedent("".join(lines))).body[0]
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
