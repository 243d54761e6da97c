"""Whether a task is sound: what it states, what its data is, and whether its reference solves what it states.

Each fault is one sentence for the author of the task.
"""

import itertools
import keyword
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from fieldsmith.equations.equation import Equation
from fieldsmith.errors import FieldsmithError
from fieldsmith.finding import Finding
from fieldsmith.tasks.measured import metric_fault
from fieldsmith.tasks.pde import PDETask, seeded
from fieldsmith.tasks.places import line_of
from fieldsmith.tasks.satisfied import in_space, satisfied
from fieldsmith.tasks.shapes import input_faults, reference_faults
from fieldsmith.tasks.task import NRMSE, Brief, Case, Progress, Signature, Task, unknown_axis

ROUGH = 1e-2
"""A reference whose two levels are further apart cannot tell programs apart."""


def examine(task: Task, progress: Progress | None = None) -> Iterator[Finding]:
    """Every check in turn; later ones, which need what earlier ones look at, stay away after a fault."""
    steps: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("statement", lambda: _statement(task)),
        ("equation", lambda: _equation(task)),
        ("signature", lambda: _signature(task)),
        ("arrays", lambda: _first_arrays(task)),
        ("data", lambda: _data(task, progress)),
        ("residual", lambda: (Finding("residual", *told) for told in satisfied(task))),
    ]
    for check, step in steps:
        try:
            with np.errstate(all="ignore"):  # what overflows is told of by what is not finite in the end
                findings = list(step())
        except FieldsmithError as error:
            findings = [Finding(check, str(error))]
        except Exception as error:  # a task's own code may raise anything
            findings = [Finding(check, _failure(error, task))]
        yield from findings
        if any(finding.fault for finding in findings):
            return


def _failure(error: Exception, task: Task) -> str:
    """What a task's own code has raised, and where."""
    name = type(task).__name__
    return f"{name} fails with {type(error).__name__}: {str(error).rstrip('. ')}{line_of(error, type(task))}."


def _statement(task: Task) -> Iterator[Finding]:
    if not re.fullmatch(r"[\w.-]+", task.name):
        yield Finding("statement", f"The name {task.name!r} is no name for files: use letters, digits, - and _.")
        return
    brief = task.brief()
    if fault := next(_name_faults(brief.signature), ""):
        yield Finding("statement", fault)
        return
    compile(brief.stub, "the stub of the function", "exec")
    yield Finding("statement", note=f"{len(brief.statement.split())} words")


def _equation(task: Task) -> Iterator[Finding]:
    equation = task.brief().equation
    if equation is None:
        own = "of a problem of one's own: `fieldsmith problem check` says how it is understood"
        yield Finding("equation", note=own if task.brief().form is not None else "none is stated")
        return
    from fieldsmith.equations.analysis import Analysis
    from fieldsmith.equations.expressions import Unsuited

    try:
        Analysis(in_space(equation))
    except Unsuited as reason:
        yield Finding("equation", f"The equation cannot be read: {reason}")
        return
    values = {**task.brief().parameters, **equation.constants}
    lost = [name for name in equation.parameters if name not in values]
    yield Finding("equation", f"The equation's parameter {lost[0]} has no value in `argument_values`." if lost else "")


def _signature(task: Task) -> Iterator[Finding]:
    brief = task.brief()
    yield Finding("signature", next(_signature_faults(brief.signature, brief), ""))


def _signature_faults(signature: Signature, brief: Brief) -> Iterator[str]:
    arguments, results = [a.name for a in signature.arguments], [r.name for r in signature.results]
    for names in (arguments, results):
        if twice := [name for name, count in Counter(names).items() if count > 1]:
            yield f"The signature has two things called {twice[0]}."
    if not results:
        yield "The signature has no results."
    known = {axis for argument in signature.arguments for axis in argument.axes}
    for result in signature.results:
        for axis in result.axes:
            if axis not in known and not axis.isdecimal():
                yield str(unknown_axis(result, axis, known))
    if brief.equation is not None:
        yield from _mismatches(signature, brief.equation)


def _name_faults(signature: Signature) -> Iterator[str]:
    listed = [*signature.arguments, *signature.results]
    for name in (signature.function, *(one.name for one in listed)):
        if keyword.iskeyword(name):
            yield f"The name {name!r} in the signature is a word of Python: use another, such as {name + '_'!r}."
        elif not name.isidentifier():
            yield f"The name {name!r} in the signature is not an identifier."


def _mismatches(signature: Signature, equation: Equation) -> Iterator[str]:
    """Where the signature and the equation do not speak of the same things."""
    given = {(a.role, a.of) for a in signature.arguments}
    starts = () if equation.steady else equation.unknowns
    known = {"initial": starts, "parameter": equation.parameters, "coefficient": equation.coefficients}
    for role, names in known.items():
        for of in sorted(of for r, of in given if r == role and of not in names):
            yield f"An argument carries the {role} {of}, which the equation does not have."
        for name in names:
            if (role, name) not in given and role != "parameter":
                yield f"No argument carries the {role} {name} of the equation."
    if starts and not any(role == "times" for role, _ in given):
        yield "No argument carries the output times."
    returned = [result.of for result in signature.results]
    for name in equation.unknowns:
        if name not in returned:
            yield f"No result is the unknown {name} of the equation."
    for result in signature.results:
        if result.of not in equation.unknowns:
            yield f"The result {result.name} is {result.of or 'no unknown'}, which the equation does not have."


def _first_arrays(task: Task) -> Iterator[Finding]:
    """Inputs and reference of two samples, before all of them are made: shapes first, as a wrong one breaks what follows."""
    if isinstance(task, PDETask) and task.data is None:
        fields = task.initial_fields(seeded(task, "dev"), task.sizes_at(task.scale)["dev"], smooth=False)
        fields = fields.take(slice(0, 2))
        points = task.scored_points()
        inputs = task.inputs(fields, points)
        for level in (0, 1):
            fault = next(_array_faults(task.signature, inputs, task.reference(fields, points, level)), "")
            if fault:
                break
        yield Finding("arrays", fault)


def _array_faults(
    signature: Signature, inputs: Mapping[str, Any], reference: Mapping[str, np.ndarray], needed: bool = True
) -> Iterator[str]:
    faults = list(input_faults(signature, inputs))
    yield from faults or reference_faults(signature, inputs, reference, needed)


def _data(task: Task, progress: Progress | None) -> Iterator[Finding]:
    """All that is scored: shapes, finite values, initial frames, levels, splits, and a metric of the task's own."""
    dev, test = task.split("dev", progress), task.split("test", progress)
    refined = task.refinement()
    for case in (*dev, *test, *refined):
        faults = _array_faults(task.brief().signature, case.inputs, case.reference, task.metric == NRMSE)
        if fault := next(itertools.chain(faults, _first_frames(task, case)), ""):
            yield Finding("data", f"{case.name}: {fault}")
            return
    yield Finding("data", note=f"{len(dev)} dev and {len(test)} test calls, {len(refined)} for the order")
    yield Finding("levels", *_levels((*dev, *test)))
    yield Finding("splits", _overlap(task.brief().signature, dev, test))
    if task.metric != NRMSE:
        yield Finding("metric", metric_fault(task, dev[0]))


def _first_frames(task: Task, case: Case) -> Iterator[str]:
    signature = task.brief().signature
    starts = {a.of: a.name for a in signature.arguments if a.role == "initial"}
    for result in signature.results:
        if result.of in starts and result.axes[:2] == ("batch", "time") and result.name in case.reference:
            start = np.asarray(case.inputs[starts[result.of]])
            if not np.allclose(case.reference[result.name][:, 0], start, rtol=1e-9, atol=1e-9 * np.abs(start).max()):
                yield f"The first frame of the reference of {result.name} is not {starts[result.of]}."


def _levels(cases: tuple[Case, ...]) -> tuple[str, str]:
    errors = [case.reference_error for case in cases if case.reference]
    known = [error for error in errors if np.isfinite(error)]
    if not known:
        return "", "the reference's own error is not known"
    if max(known) == 0.0:
        return "", "the reference is an exact solution"
    if max(known) > ROUGH:
        return (
            f"The two levels of the reference differ by {max(known):.1e}: refine it, its steps or its grid, until they agree "
            f"within {ROUGH:g}."
        ), ""
    return "", f"they agree within {max(known):.1e}"


def _overlap(signature: Signature, dev: tuple[Case, ...], test: tuple[Case, ...]) -> str:
    """Whether a sample, or a whole call where there is no batch, is in both splits."""
    batched = [a.name for a in signature.arguments if a.axes[:1] == ("batch",)]
    common_to_all = [a.name for a in signature.arguments if a.name not in batched]

    def samples(cases: tuple[Case, ...]) -> Iterator[bytes]:
        for case in cases:
            whole = b"".join(np.asarray(case.inputs[name], float).tobytes() for name in common_to_all)
            if not batched:
                yield whole
                continue
            for one in zip(*(np.asarray(case.inputs[name]) for name in batched), strict=True):
                yield whole + b"".join(np.ascontiguousarray(part).tobytes() for part in one)

    common = len(set(samples(dev)) & set(samples(test)))
    what = "samples" if batched else "calls"
    return (
        f"The splits share {common} {what}: dev and test must be drawn from different random numbers." if common else ""
    )
