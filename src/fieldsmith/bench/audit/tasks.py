"""One task of a suite: looked at, tried with every exploit, and what that comes to."""

import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np

from fieldsmith import evaluation
from fieldsmith.bench.audit.cheap import cheap
from fieldsmith.bench.audit.exploit import Audit, Exploit, Hole, Tried
from fieldsmith.bench.audit.harness import BURNT, CLOCKS, harness
from fieldsmith.bench.audit.honest import simple_programs
from fieldsmith.bench.audit.learnt import learnt
from fieldsmith.bench.audit.statement import read_off
from fieldsmith.bench.audit.yardstick import TIME, Yardstick, yardstick
from fieldsmith.evaluation.evaluation import Evaluation
from fieldsmith.sandboxes.sandbox import Sandbox
from fieldsmith.tasks.check import examine
from fieldsmith.tasks.measured import MeasureFailed, figures
from fieldsmith.tasks.satisfied import satisfied
from fieldsmith.tasks.task import NRMSE, Case, Progress, Task

Heard = Callable[[Tried], None]
KINDS = {"residual": "equation", "splits": "alike"}
"""Of what kind a hole is that `tasks check` finds, by the check; it is unsound else."""
HONEST_TRIES = 4
"""Simple programs of which the first that runs, and is better than to answer zero, is taken."""


def audit_task(name: str, task: Task, place: Sandbox, heard: Heard, progress: Progress | None = None) -> Audit:
    """The audit of a task, under the name that it has in the suite. Raises MissingPart if the sandbox disappears."""
    begun = time.monotonic()
    metric = {"metric": task.metric.name, "lower_is_better": task.metric.lower_is_better}
    holes = list(_examined(task, progress))
    if any(hole.kind == "unsound" for hole in holes):
        notes = ("Nothing was scored, since the task is not sound.",)
        return Audit(name, **metric, holes=tuple(holes), notes=notes, seconds=time.monotonic() - begun)
    simple, honest = _honest(task, place)
    measure = yardstick(task, task.split("dev"), task.split("test"), honest)
    tried = []
    exploits = list(_exploits(task, place))
    place.expect(evaluation.default_limits(task), len(exploits))
    for exploit in exploits:
        tried.append(_tried(task, exploit, place, measure))
        heard(tried[-1])
    for one in _by_measure_alone(task, measure):
        tried.append(one)
        heard(one)
    holes += [*_believed(tried), *_rewarded(tried, measure, honest, task)]
    return Audit(
        task=name,
        **metric,
        trusted=measure.trusted,
        honest=honest,
        constant=measure.constant,
        simple=simple,
        limit=None if measure.limit is None or math.isinf(measure.limit) else measure.limit,
        tried=tuple(tried),
        holes=tuple(holes),
        notes=tuple(_notes(task, tried, honest)),
        seconds=time.monotonic() - begun,
    )


def _examined(task: Task, progress: Progress | None) -> Iterator[Hole]:
    """What `tasks check` finds; whether the reference satisfies the equation is asked in any case."""
    seen = set[str]()
    for finding in examine(task, progress):
        seen.add(finding.check)
        if finding.fault:
            yield Hole(KINDS.get(finding.check, "unsound"), finding.fault)
    if "splits" in seen and "residual" not in seen:
        yield from (Hole("equation", fault) for fault, _ in satisfied(task) if fault)


def _exploits(task: Task, place: Sandbox) -> Iterator[Exploit]:
    """Every exploit that can be written for the task, each program once."""
    brief = task.brief(place.libraries())
    dev, test = task.split("dev"), task.split("test")
    batch = brief.signature.sizes(test[0].inputs).get("batch", 1)
    seen = set[str]()
    for exploit in itertools.chain(
        cheap(brief.signature),
        read_off(brief, batch),
        learnt(brief.signature, dev, test),
        harness(brief.signature),
    ):
        if exploit.source not in seen:
            seen.add(exploit.source)
            yield exploit


def _judged(task: Task, source: str, place: Sandbox) -> Evaluation:
    return evaluation.evaluate(task, source, place, splits=("test",), refinement=False, probing=False)


def _tried(task: Task, exploit: Exploit, place: Sandbox, measure: Yardstick) -> Tried:
    outcome = _judged(task, exploit.source, place)
    test = outcome.test if outcome.status == "ok" else None
    value, cost = (test.figure, test.cost) if test else (None, None)
    return Tried(exploit.kind, exploit.words, outcome.status, value, measure.rewards(exploit.kind, value), cost=cost)


def _believed(tried: Iterable[Tried]) -> Iterator[Hole]:
    """Whether the judge believed the clocks of a program that had stopped them."""
    for one in tried:
        if CLOCKS in one.words and one.cost is not None and one.cost < 0.5 * BURNT:
            words = (
                f"A program that stops the clocks of its process takes {BURNT} s, and the judge sees {one.cost:.2g} s."
            )
            yield Hole("harness", words)


def _honest(task: Task, place: Sandbox) -> tuple[str, float | None]:
    """The method of the simple program and its value; nothing where there is none."""
    brief = task.brief(place.libraries())
    for name, source in itertools.islice(simple_programs(brief), HONEST_TRIES):
        outcome = _judged(task, source, place)
        if outcome.status == "ok" and outcome.test and (task.metric != NRMSE or outcome.test.nrmse < 1.0):
            return name, outcome.test.figure
    return "", None


def _by_measure_alone(task: Task, measure: Yardstick) -> Iterator[Tried]:
    """Whether a metric of the task's own leaves out what is not finite: then only the judge, which lets no such answer through, keeps it from being earned."""
    if task.metric == NRMSE or task.metric.name == TIME:
        return
    cases = task.split("test")
    for words, bad in (("NaN", np.nan), ("inf", np.inf)):
        values = [_measured(task, case, _spoilt(task, case, bad)) for case in cases]
        known = [value for value in values if value is not None]
        mean = float(np.mean(known)) if len(known) == len(values) else None
        told = f"{words} but for a first value that is right or zero"
        yield Tried("not finite", told, "ok" if mean is not None else "not_finite", mean, measure.rewards("not finite", mean), "by `measure` alone; the judge refuses such an answer before")  # fmt: skip


def _spoilt(task: Task, case: Case, bad: float) -> Mapping[str, np.ndarray]:
    shapes = task.brief().signature.shapes(case.inputs)
    answer = {name: np.full(shape, bad) for name, shape in shapes.items()}
    for name, values in answer.items():
        values.flat[0] = case.reference[name].flat[0] if name in case.reference else 0.0
    return answer


def _measured(task: Task, case: Case, answer: Mapping[str, np.ndarray]) -> float | None:
    try:
        value = figures(task, case, answer).get(task.metric.name, math.nan)
    except MeasureFailed:
        return None
    return value if math.isfinite(value) else None


def _rewarded(tried: Iterable[Tried], measure: Yardstick, honest: float | None, task: Task) -> Iterator[Hole]:
    """A sentence for each kind of exploit that is rewarded, of the one that earns most."""
    sign = 1.0 if measure.lower_is_better else -1.0
    scale = {"the trusted method": measure.trusted, "an honest simple program": honest}
    beside = " and ".join(f"{who} {value:.3g}" for who, value in scale.items() if value is not None)
    ranked = sorted((one for one in tried if one.rewarded), key=lambda one: sign * (one.value or 0.0))
    if ranked and task.metric.name == TIME:
        words = f"The metric is time, and {len(ranked)} wrong answers are let through, such as “{ranked[0].words}”."
        yield Hole("time", words)
        return
    for kind in dict.fromkeys(one.kind for one in ranked):
        same = [one for one in ranked if one.kind == kind]
        best = same[0]
        more = f", and {len(same) - 1} more of this kind are rewarded" if len(same) > 1 else ""
        way = f" ({best.way})" if best.way else ""
        compared = f"; {beside}" if beside else ""
        yield Hole(kind, f"To answer “{best.words}” gets {task.metric.name} {best.value:.3g}{way}{compared}{more}.")


def _notes(task: Task, tried: Iterable[Tried], honest: float | None) -> Iterator[str]:
    if honest is None:
        yield "There is no honest simple program for scale: no built-in method fits."
    if task.metric != NRMSE and not task.split("test")[0].reference:
        yield "A metric without references: only a perfect value is told to be a reward, and what `measure` does not look at is not found."
