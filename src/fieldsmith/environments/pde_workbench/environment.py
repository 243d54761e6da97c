"""The PDE workbench: the main job of this package as an environment for agents that use tools."""

import functools
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from fieldsmith import tasks
from fieldsmith.environments.action import Action
from fieldsmith.environments.environment import Environment
from fieldsmith.environments.observation import Lacking, Unfit
from fieldsmith.environments.pde_workbench import composing, editing, looking, reading, telling, versions
from fieldsmith.environments.pde_workbench.actions import (
    LOOKING,
    RUNS,
    WRITING,
    CompareVersions,
    ConvergenceStudy,
    EditSolver,
    InspectErrors,
    LookAtSolver,
    ReadPage,
    RestoreVersion,
    WriteSolver,
)
from fieldsmith.environments.pde_workbench.method_actions import Changing, Choosing, Listing, composing_actions, general
from fieldsmith.environments.pde_workbench.problem import MODES, Problem, problem
from fieldsmith.environments.pde_workbench.running import answers, on_dev, on_test
from fieldsmith.environments.pde_workbench.scoring import MEASURES, judgement, panel
from fieldsmith.environments.pde_workbench.state import State
from fieldsmith.environments.tools import Tools
from fieldsmith.tasks.task import Task

FIRST = "burgers"
"""The usual task."""


class PDEWorkbench(Environment[State]):
    """You are at a numerical analyst's workbench: your task is a program that solves a partial differential equation, as accurately as you can within its limits.

    Write the program, or have it written from named blocks of numerical methods; either way it is run on the dev samples at once, and you are
    told how good it is, where it errs, or why it fails. Look at its errors, change it, go back, and hand in the best. Looking costs no step. The judges run
    what you hand in on test samples that you never see.
    """

    name = "fieldsmith/pde-workbench-v1"
    title = "PDE workbench"
    actions = (*WRITING, *general(), RestoreVersion, *LOOKING)
    measures = MEASURES
    state = State
    max_steps: ClassVar[int] = 16
    judging = RUNS
    gold: ClassVar[Mapping[str, float]] = {
        "burgers": 0.95,
        "advection": 0.48,
        "cns1d": 0.95,
        "darcy": 0.95,
        "reacdiff1d": 0.95,
    }

    def tasks(self) -> Mapping[str, str]:
        known = {name: _sentence(name, kind) for name, kind in tasks.kinds().items()}
        first = {FIRST: known[FIRST]} if FIRST in known else {}
        return {**first, **known}

    def named_task(self, task: str) -> str:
        return problem(task or next(iter(self.tasks()))).name

    def actions_of(self, task: str) -> tuple[type[Action], ...]:
        return _offered(problem(task))

    def begin(self, task: str, rng: np.random.Generator) -> State:
        del rng
        found = problem(task)
        found.task.split("dev", self.host.told)
        return State(task=found.name)

    def brief(self, task: str) -> str:
        return telling.brief(problem(task), self._libraries)

    @functools.cached_property
    def _libraries(self) -> tuple[str, ...]:
        """What programs can import; not known where there is no sandbox, as the first step will tell."""
        try:
            return self.host.sandbox_with(RUNS.image).libraries()
        except Lacking:
            return ()

    def describe(self, state: State) -> str:
        return telling.described(state, problem(state.task))

    def act(self, state: State, action: Action, tools: Tools) -> str:
        return _done(action, state, problem(state.task), tools)

    def measure(self, state: State, tools: Tools) -> Mapping[str, float | None]:
        del tools  # the figures were found when the program became the present one
        return state.figures()

    def measure_anew(self, state: State, tools: Tools) -> Mapping[str, float | None]:
        return panel(on_dev(problem(state.task), state.source, tools)) if state.version else state.figures()

    def score(self, metrics: Mapping[str, float | None]) -> float:
        return metrics.get("test_score", metrics.get("score")) or 0.0

    def judge(self, state: State, tools: Tools) -> Mapping[str, float | None]:
        runs = state.version is not None and state.version.runs
        return judgement(on_test(problem(state.task), state.source, tools) if runs else None)


def _sentence(name: str, kind: type[Task]) -> str:
    """A task in short, with what its name may state besides."""
    stated = {
        **dict.fromkeys(kind.known_parameters, "VALUE"),
        "scale": "|".join(kind.scales()),
        "mode": "|".join(MODES),
    }
    return f"{kind.title}. With settings: {name}?{'&'.join(f'{key}={values}' for key, values in stated.items())}."


@functools.lru_cache(32)
def _offered(found: Problem) -> tuple[type[Action], ...]:
    """What can be done in a task: by its mode, with the blocks that fit its equation."""
    composed: tuple[type[Action], ...] = ()
    if found.composes:
        first = next(course for course in found.menu if not course["why_not"])
        composed = composing_actions(found.menu, composing.refined(found, first))
    return (*composed, *(WRITING if found.writes else ()), RestoreVersion, *LOOKING)


@functools.singledispatch
def _done(action: Action, state: State, found: Problem, tools: Tools) -> str:
    """Each action done; what the agent is told."""
    raise TypeError(f"{type(action).__name__} is no action of the workbench")


@_done.register
def _(action: WriteSolver, state: State, found: Problem, tools: Tools) -> str:
    source = editing.plain(action.source)
    return versions.adopt(state, found, source, editing.title(source), tools)


@_done.register
def _(action: EditSolver, state: State, found: Problem, tools: Tools) -> str:
    if state.version is None:
        raise Unfit("There is no program to edit yet.", telling.beginning(found))
    source = editing.replaced(state.source, action.old, action.new)
    title = f"version {state.current} edited at line {editing.line_of(state.source, action.old)}"
    return versions.adopt(state, found, source, title, tools)


@_done.register
def _(action: RestoreVersion, state: State, found: Problem, tools: Tools) -> str:
    return versions.restore(state, found, action.version, tools)


@_done.register
def _(action: Choosing, state: State, found: Problem, tools: Tools) -> str:
    return telling.composed(state, found, action.given(), tools)


@_done.register
def _(action: Changing, state: State, found: Problem, tools: Tools) -> str:
    if state.choices is None:
        words = (
            "There is no program yet."
            if state.version is None
            else "The present program was written or edited by hand, so there is no method to change."
        )
        raise Unfit(words, "choose_method begins with one; restore_version goes back to one.")
    given = action.given()
    if not given:
        raise Unfit(
            "Nothing is to be changed.",
            f"You may change {composing.openings(composing.course_named(found, str(state.choices['family'])), state.choices)}.",
        )
    choices, left = composing.changed(found, state.choices, given)
    return telling.composed(state, found, choices, tools, left)


@_done.register
def _(action: Listing, state: State, found: Problem, tools: Tools) -> str:
    del state, tools
    return telling.methods(found, action.family or "")


@_done.register
def _(action: LookAtSolver, state: State, found: Problem, tools: Tools) -> str:
    del tools
    if state.version is None:
        raise Unfit("There is no program yet.", telling.beginning(found))
    return editing.numbered(state.source, action.first_line, action.last_line)


@_done.register
def _(action: InspectErrors, state: State, found: Problem, tools: Tools) -> str:
    telling.must_run(state, found)
    return looking.looked(found, answers(found, state.source, tools), action)


@_done.register
def _(action: ConvergenceStudy, state: State, found: Problem, tools: Tools) -> str:
    telling.must_run(state, found)
    return telling.convergence(versions.evaluation_of(state, found, tools))


@_done.register
def _(action: CompareVersions, state: State, found: Problem, tools: Tools) -> str:
    return telling.comparison(state, found, action.first, action.second, tools)


@_done.register
def _(action: ReadPage, state: State, found: Problem, tools: Tools) -> str:
    del state, tools
    return reading.page(found, action.topic)
