"""What the agent is told: the task, where things stand, methods that fit, versions side by side."""

import functools
import json
from collections.abc import Iterator, Mapping, Sequence

from fieldsmith.blocks import Plan
from fieldsmith.environments.episode import figure
from fieldsmith.environments.observation import Unfit
from fieldsmith.environments.pde_workbench import composing, versions
from fieldsmith.environments.pde_workbench.composing import Course
from fieldsmith.environments.pde_workbench.editing import difference
from fieldsmith.environments.pde_workbench.problem import Problem
from fieldsmith.environments.pde_workbench.state import State, Version
from fieldsmith.environments.tools import Tools
from fieldsmith.evaluation.evaluation import Evaluation
from fieldsmith.evaluation.order import local_orders

TABLE = ("score", "nrmse", "metric", "geometric", "max_error", "cpu_seconds", "drift", "order")


@functools.lru_cache(32)
def brief(problem: Problem, libraries: tuple[str, ...]) -> str:
    """The task's own statement, and what the score means; where the program is written for the agent, nothing of how it is called."""
    found = problem.brief(libraries)
    composed = f"# {found.title}\n\n{found.problem.strip()}\n\nThe program is written for you from what you choose. It may take {found.time_limit:g} s of processor time."
    stated = found.statement if problem.writes or not found.problem else composed
    return "\n\n".join([stated.strip(), "## How you are judged", *_judged(problem, found.trusted)])


def _judged(problem: Problem, trusted: float | None) -> Iterator[str]:
    yield "Every program is run on the dev samples at once. What you hand in is run on test samples of the same kind, which nobody has seen: they alone decide the score in the end."
    if problem.plain.metric.name == "nRMSE":
        yield "The score goes with the logarithm of the nRMSE: 0 for 1 and for a program that fails, 1 for the reference's own error or less; every digit counts alike."
    else:
        better = "lower" if problem.plain.metric.lower_is_better else "higher"
        yield f"The score is by {problem.plain.metric.name} ({problem.plain.metric.meaning}), {better} is better: between 0, also for a program that fails, and 1."
    if trusted is not None:
        yield f"For comparison: the trusted method reaches an nRMSE of {trusted:.1e} on the dev samples. That is no bound."


def described(state: State, problem: Problem) -> str:
    version = state.version
    if version is None:
        return f"There is no program yet.\n\n{beginning(problem)}"
    told = [f"The present program is version {version.number}: {version.title}."]
    if version.choices is not None and problem.composes:
        told.append(_openings(problem, version.choices))
    if not version.runs:
        told.append(versions.FAILURES[version.status])
    return "\n\n".join(told)


def beginning(problem: Problem) -> str:
    """How to begin."""
    ways = []
    if problem.composes:
        suited = [course["family"] for course in problem.menu if not course["why_not"]]
        ways.append(
            f'Methods that fit this equation: {", ".join(suited)}. Begin with choose_method {{"family": "{suited[0]}"}}; list_methods tells about all.'
        )
    if problem.writes:
        ways.append(f"{'Or begin' if ways else 'Begin'} with write_solver and a whole program of your own.")
    return " ".join(ways)


def composed(
    state: State, problem: Problem, choices: Mapping[str, object], tools: Tools, left: Sequence[str] = ()
) -> str:
    """A method's program made the present one; `left` are changes that are none of its own. Raises Unfit for what does not fit."""
    written, more = composing.composed(problem, choices)
    known = dict(written.choices)
    family = composing.course_named(problem, str(known["family"]))
    title = f"{known['family']}, {composing.unusual(family, known) or 'all as usual'}"
    method = [_method(written.plan)]
    if others := [*left, *more]:
        method.append(f"Left out, for they belong to other families or blocks: {', '.join(others)}.")
    text = versions.adopt(state, problem, written.source, title, tools, known, " ".join(method))
    return "\n\n".join(
        filter(
            None, [text, _openings(problem, known), _coarser(state, problem, family), _finer(state, problem, family)]
        )
    )


def _method(plan: Plan) -> str:
    told = filter(None, [plan.discretisation, plan.time_integrator, plan.resolution_control])
    return f"Method: {'; '.join(told)}."


def _openings(problem: Problem, choices: Mapping[str, object]) -> str:
    told = composing.openings(composing.course_named(problem, str(choices["family"])), choices)
    return f"change_method can change: {told}."


def _coarser(state: State, problem: Problem, family: Course) -> str:
    """What to choose where the method has taken too long: the program is not the agent's to make faster."""
    version = state.version
    if version is None or version.status != "timeout":
        return ""
    found = composing.coarser(problem, family, version.choices or {})
    words = "This method does too much work for the time that there is: choose fewer points or steps, a lower refinement, or blocks that cost less."
    if found is None:
        return words
    call = json.dumps({"family": family["family"], **found.chosen})
    return f"{words} A coarser setting that is known to be good ({found.name}): choose_method {call}."


def _finer(state: State, problem: Problem, family: Course) -> str:
    """The next of the settings that are known to be good, as a call to copy; empty after the finest, and where nothing is left to gain."""
    version = state.version
    if version is None or not version.runs or version.score >= 1.0:
        return ""
    found = composing.finer(problem, family, version.choices or {})
    if found is None:
        return ""
    call = json.dumps({"family": family["family"], **found.chosen})
    return f"A finer setting that is known to be good ({found.name}): choose_method {call}."


@functools.lru_cache(128)
def methods(problem: Problem, family: str) -> str:
    """What there is to choose for the equation. Raises Unfit for a family that there is not."""
    if family:
        return "\n\n".join(_family_in_full(problem, composing.course_named(problem, family)))
    suited = [course for course in composing.courses(problem) if not course["why_not"]]
    rest = [f"- {course['family']}: {course['why_not']}" for course in problem.menu if course["why_not"]]
    parts = [_family_in_short(problem, course) for course in suited]
    if rest:
        parts.append("\n".join(["Families that do not suit this equation:", *rest]))
    return "\n\n".join(parts)


def _family_in_short(problem: Problem, course: Course) -> str:
    lines = [f"## {course['family']}", "", composing.about(course)]
    choices = [f"- {kind}: {', '.join(names)}" for kind in course["blocks"] if len(names := composing.fitting(course, kind)) > 1]  # fmt: skip
    if choices:
        lines += ["", "Choices, the usual one first:", *choices]
    if course["numbers"]:
        numbers = (f"{name} {about['usual']:g} ({about['low']:g} to {about['high']:g})" for name, about in course["numbers"].items())  # fmt: skip
        lines += ["", f"Numbers, usual value and range: {', '.join(numbers)}."]
    lines += _settings(problem, course)
    return "\n".join(lines)


def _settings(problem: Problem, course: Course) -> list[str]:
    found = composing.settings(problem, course)
    return ["", "Settings that are known to be good, coarse to fine:", *(f"- {one}" for one in found)] if found else []


def _family_in_full(problem: Problem, course: Course) -> Iterator[str]:
    yield f"# {course['family']}\n\n{composing.about(course)}"
    for kind, options in course["blocks"].items():
        lines = [f"## {kind}", ""]
        for block in options:
            order = f" Order {block['order']:g}." if block["order"] else ""
            unfit = f" Does not fit: {block['why_not']}." if block["why_not"] else ""
            lines.append(f"- `{block['name']}`: {block['summary'].rstrip('.')}.{order}{unfit}")
        yield "\n".join(lines)
    if course["numbers"]:
        lines = ["## Numbers", ""]
        for name, about in course["numbers"].items():
            of = f" (of {' or '.join(about['of'])})" if about["of"] else ""
            odd = "odd, " if about["odd"] else ""
            lines.append(f"- `{name}`{of}: {about['summary']}; {odd}{about['low']:g} to {about['high']:g}, usually {about['usual']:g}")  # fmt: skip
        yield "\n".join(lines)
    if settings := _settings(problem, course):
        yield "\n".join(settings[1:])


def must_run(state: State, problem: Problem) -> None:
    """Raises Unfit where there is no program whose answer could be looked at."""
    if state.version is None:
        raise Unfit("There is no program yet, so there is nothing to look at.", beginning(problem))
    if not state.version.runs:
        raise Unfit(f"Version {state.current} does not run, so there is no answer to look at.", "Mend it first, or restore one that runs.")  # fmt: skip


def convergence(evaluation: Evaluation) -> str:
    """Errors and orders of the study. Raises Unfit where there are none."""
    points, notes = evaluation.convergence, " ".join(evaluation.notes)
    if not points:
        why = notes or "The task has no smooth data at several resolutions."
        raise Unfit(f"There is no convergence study of this program. {why}")
    orders = ["", *(f"{order:.2f}" for order in local_orders(points))]
    orders += [""] * (len(points) - len(orders))
    rows = [f"| {p.resolution} | {p.error:.2e} | {order} |" for p, order in zip(points, orders, strict=False)]
    score = evaluation.dev
    fitted = f"Fitted order: {score.order:.2f}." if score is not None and score.order is not None else "No order could be fitted: the errors are within the reference's own, or do not fall."  # fmt: skip
    table = "\n".join(["| intervals | nRMSE | order |", "| --- | --- | --- |", *rows])
    return "\n\n".join(filter(None, ["nRMSE on smooth data at rising resolution:", table, fitted, notes]))


def comparison(state: State, problem: Problem, first: int | None, second: int | None, tools: Tools) -> str:
    """All versions with their figures, and the difference of two. Raises Unfit for a version that there is not."""
    if not state.versions:
        raise Unfit("There is no version yet.", beginning(problem))
    parts = [_table(state)]
    if first is not None or second is not None:
        one = _version(state, first if first is not None else state.current)
        other = _version(state, second if second is not None else state.current)
        changes = difference(
            versions.source_of(problem, one, tools),
            versions.source_of(problem, other, tools),
            (f"version {one.number}", f"version {other.number}"),
        )
        parts.append(f"```diff\n{changes}\n```" if changes else "Their texts are the same.")
    return "\n\n".join(parts)


def _version(state: State, number: int) -> Version:
    found = state.numbered(number)
    if found is None:
        raise Unfit(f"There is no version {number}.", f"There are versions 1 to {len(state.versions)}.")
    return found


def _table(state: State) -> str:
    shown = [name for name in TABLE if any(v.figures.get(name) is not None for v in state.versions)]
    head = ["version", *shown, "what it is"]
    best = state.best
    rows = [head, ["---"] * len(head)]
    for version in state.versions:
        marks = [word for word, holds in (("present", version.number == state.current), ("best", best is version)) if holds]  # fmt: skip
        title = version.title if version.runs else f"{version.title}; {version.status.replace('_', ' ')}"
        told = f"{title} ({', '.join(marks)})" if marks else title
        rows.append([str(version.number), *(figure(version.figures.get(name)) for name in shown), told])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
