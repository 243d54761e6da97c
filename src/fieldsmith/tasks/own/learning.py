"""Samples of a problem of one's own to learn from: drawn apart from what programs are judged on, solved by one method whose error on dev is known."""

import signal
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from fieldsmith.boxes import methods, running, samples
from fieldsmith.boxes.climbing import LARGEST, distance
from fieldsmith.boxes.form import FUNCTION, Form
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.errors import FieldsmithError, InputError
from fieldsmith.tasks import cache
from fieldsmith.tasks.own import arrays, reference
from fieldsmith.tasks.own.draws import AS_ASKED, DRAWN, Draw, drawn_from, draws, within
from fieldsmith.tasks.own.problem_task import ProblemTask
from fieldsmith.tasks.streams import BLOCK, STREAM
from fieldsmith.tasks.task import Case, Progress

Arrays = dict[str, np.ndarray]
VERSION = 1
"""Raised where samples would change for another reason than what the task's fingerprint covers."""
FIRST_SEED = 1_000_000
"""Of fields in block 0; those of the splits are far below, and those of block -1, which none is trained on, just below."""
SECONDS = 60.0
"""Processor time that a sample may take at least, as that of a reference (`reference.py`)."""


@dataclass(frozen=True)
class Method:
    """What solves samples: a family's program, or the exact solution where `text` is empty.

    What is read off samples is drawn on points that lie closer by `factor`. `error` is its mean nRMSE on the dev split, `reference` the mean error of that split's own references.
    """

    name: str
    text: str
    factor: int
    error: float
    reference: float


def check(task: ProblemTask) -> None:
    """Raises InputError for a problem of which there is nothing to learn: all its samples would be one."""
    if task.form.ranged or drawn_from(task.form):
        return
    raise InputError(
        f"{task.name} has nothing that varies, so there is nothing to learn.",
        'Give an initial value or a coefficient as a family, or a parameter a range: c = { value = 1, low = 0.5, high = 2 }.',
    )  # fmt: skip


def method(task: ProblemTask, progress: Progress | None = None) -> Method:
    """The cheapest of what families offer, the best first, that errs on the dev split by no more than is asked for; else that which errs least.

    Tried once and cached. Raises InputError for a problem without a reference, or that no method solves.
    """
    check(task)
    if reference.has_exact(task.form):
        return Method("the exact solution that the problem gives", "", 1, 0.0, 0.0)
    if not task.has_reference:
        raise InputError(f"{task.name} has no reference to learn from: {task.judged_by.partition(': ')[2]}", "Give [exact], or a problem that a built-in method solves.")  # fmt: skip
    cases = task.split("dev", progress)
    what = f"{task.name} method for samples"
    key = f"problem-method-{VERSION}-{task.fingerprint[:20]}"
    stored = cache.load_or_make(key, lambda: _stored(_tried(task, cases, progress, what)), progress, what)
    return Method(str(stored["name"]), str(stored["text"]), *(stored[one].item() for one in ("factor", "error", "reference")))  # fmt: skip


def generated(task: ProblemTask, number: int, count: int, progress: Progress | None, what: str, key: str) -> Arrays:
    """`count` samples of block `number` with their solutions at the points and times that the problem asks for.

    `input/NAME` has fields [samples, *space], points and times as they are, and numbers [samples], one for each; `solution/NAME` [samples, ...]; `seconds` the processor time of all solutions.
    """
    form, by = task.form, method(task, progress)
    calls = learned(form, number, count)
    work = [(calls[part],) for part in cache.parts(count, 8)]
    parts = cache.in_processes(partial(_solved, form, by, task.name), work, progress, what, key)
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0] if name != "seconds"}
    same = arrays.inputs(form, calls[0])
    fixed = {f"input/{one.name}": np.asarray(same[one.name]) for one in form.inputs if one.role in ("points", "times")}
    return {**joined, **fixed, "seconds": np.asarray(sum(float(part["seconds"]) for part in parts))}


def learned(form: Form, number: int, count: int) -> list[Draw]:
    """The calls of a block, a sample each: other fields and other values of the ranges in every one, the points and times that are asked for."""
    rng = np.random.default_rng([STREAM, number + 1, 77])
    asked = draws(form, "test")[0]
    first = FIRST_SEED + number * BLOCK
    return [
        Draw(DRAWN, {p.name: within(p, float(rng.uniform())) for p in form.ranged}, (first + n,), asked.points, asked.times)
        for n in range(count)
    ]  # fmt: skip


def _tried(task: ProblemTask, cases: Sequence[Case], progress: Progress | None, what: str) -> Method:
    """Families from the best, their variants from coarse to fine, until one is good enough on all calls of the dev split."""
    form, found = task.form, list[Method]()
    known = float(np.mean(np.concatenate([np.ravel(case.reference_errors) for case in cases if case.reference_errors is not None])))  # fmt: skip
    calls = _calls(form, cases)
    try:
        suited = methods.suited(form)
    except Unsuited as reason:
        raise InputError(f"No built-in method solves {task.name}: {reason}", "") from None
    for _, family, variants in suited:
        for level, variant in enumerate(sorted(variants, key=lambda one: one.accuracy)):
            if progress is not None:
                progress(f"Generating {what}: {family.name}, {variant.name}", 0.5)
            factor = 2 ** (level + 1) if samples.read_off(form) else 1
            try:
                text = family.text(form, variant.choices)
                error = _error(form, text, factor, cases, calls, _seconds(form))
            except Unsuited:
                break
            found.append(Method(f"{family.name} ({variant.name})", text, factor, error, known))
            if error <= task.accuracy:
                return found[-1]
    if not found:
        raise InputError(f"No built-in method solves {task.name} on the points of its dev split.", "Ask for fewer points in [output].")  # fmt: skip
    return min(found, key=lambda one: one.error)


def _stored(one: Method) -> Arrays:
    return {name: np.asarray(value) for name, value in vars(one).items()}


def _seconds(form: Form) -> float:
    return max(SECONDS, form.system.output.seconds)


def _calls(form: Form, cases: Sequence[Case]) -> list[Draw]:
    """The draw of each case; those of a split that have no reference are no cases."""
    drawn = [one for one in draws(form, "dev") if one.kind == AS_ASKED or len(cases) > 1]
    return drawn[: len(cases)]


def _error(form: Form, text: str, factor: int, cases: Sequence[Case], calls: Sequence[Draw], seconds: float) -> float:
    """Mean nRMSE of a program over the samples of these cases. Raises Unsuited where it fails."""
    errors: list[np.ndarray] = []
    for case, call in zip(cases, calls, strict=True):
        inputs, picks = _closer(form, call, factor)
        outcome = running.run(text, form, inputs, seconds * len(call.seeds))
        if outcome.values is None:
            raise Unsuited(outcome.fault)
        values = samples.picked(form, outcome.values, picks)
        errors.append(distance(form, case.reference, values))
    return float(np.mean(np.concatenate(errors)))


def _closer(form: Form, call: Draw, factor: int) -> tuple[dict[str, np.ndarray | float], Mapping[str, np.ndarray]]:
    """The arguments of a call with fields drawn on points that lie closer, and where the asked points are among them."""
    inputs = arrays.inputs(form, call)
    size = len(call.seeds) * max(1, len(call.times)) * len(form.results) * float(np.prod([*call.points.values()]))
    while factor > 1 and size * factor ** len(form.space) > LARGEST:
        factor //= 2
    if factor == 1:
        return inputs, {}
    return samples.closer(form, inputs, samples.drawn(form.problem, call.seeds, **call.parameters), factor)


def _solved(form: Form, by: Method, name: str, calls: Sequence[Draw]) -> Arrays:
    """Samples of these calls; runs in a process of its own."""
    threadpool_limits(1)  # threads that wait for each other in loops count as processor time
    solve = _function(by.text) if by.text else None
    rows, seconds = list[Arrays](), 0.0
    for call in calls:
        inputs, picks = _closer(form, call, by.factor)
        start = time.process_time()
        try:
            with _limited(_seconds(form)), warnings.catch_warnings(action="ignore"):
                values = _values(form, solve, inputs) if solve else arrays.exact(form, call)
        except Exception as error:
            raise _failed(name, by, call, f"raises {type(error).__name__}: {' '.join(str(error).split())[:200]}") from None  # fmt: skip
        seconds += time.process_time() - start
        values = samples.picked(form, values, picks)
        if not all(np.isfinite(one).all() for one in values.values()):
            raise _failed(name, by, call, "returns values that are not finite")
        given = arrays.inputs(form, call)
        fields = {f"input/{one.name}": np.asarray(given[one.name], float) for one in form.inputs if one.role in ("initial", "coefficient")}  # fmt: skip
        numbers = {f"input/{one.name}": np.array([given[one.name]], float) for one in form.inputs if one.role == "parameter"}  # fmt: skip
        found = {f"solution/{one.name}": values[one.name] if form.batched else values[one.name][None] for one in form.results}  # fmt: skip
        rows.append({**fields, **numbers, **found})
    return {**{key: np.concatenate([row[key] for row in rows]) for key in rows[0]}, "seconds": np.asarray(seconds)}


def _function(text: str) -> Callable[..., Any]:
    scope: dict[str, Any] = {"__name__": "solver"}
    exec(compile(text, "program.py", "exec"), scope)
    return scope[FUNCTION]


def _values(form: Form, solve: Callable[..., Any], inputs: Mapping[str, np.ndarray | float]) -> Arrays:
    found = solve(*(inputs[one.name] for one in form.inputs))
    several = found if len(form.results) > 1 else (found,)
    return {one.name: np.asarray(values) for one, values in zip(form.results, several, strict=True)}


def _failed(name: str, by: Method, call: Draw, how: str) -> FieldsmithError:
    told = ", ".join(f"{key}={value:.6g}" for key, value in call.parameters.items())
    at = f" at {told}" if told else f" for the field of seed {call.seeds[0]}"
    words = f"The method that makes samples of {name}, {by.name}, {how}{at}."
    return InputError(words, "Narrow the range, or make the family milder.")


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raises TimeoutError once a block has taken that much processor time."""

    def over(_number: int, _frame: object) -> None:
        raise TimeoutError(f"it takes longer than {seconds:g} s")

    before = signal.signal(signal.SIGPROF, over)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)
