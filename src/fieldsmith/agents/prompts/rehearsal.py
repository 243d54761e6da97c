"""Every prompt rendered once with made-up candidates, so that a template that fails does so before anything is spent."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fieldsmith.agents.author import (
    Calibrate,
    Candidate,
    Combine,
    Debug,
    Draft,
    Move,
    Plan,
    Planned,
    Program,
    Proposal,
    Refine,
    Restart,
    SpeedUp,
)
from fieldsmith.agents.moves import BUILT_IN, kinds
from fieldsmith.agents.prompts.library import SUFFIX, Prompts
from fieldsmith.evaluation import feedback
from fieldsmith.evaluation.evaluation import ConvergencePoint, Evaluation, Pilot, Score, Status
from fieldsmith.sandboxes.sandbox import CallResult, Failure, Limits
from fieldsmith.tasks.task import Brief, Case

STATUSES: tuple[Status, ...] = ("crashed", "timeout", "out_of_memory", "missing_function", "bad_output", "not_finite")


def rehearse(prompts: Prompts, brief: Brief) -> None:
    """Raises InputError for a template that cannot be rendered."""
    prompts.system(brief)
    for move in (*moves(brief), *bred(brief), *anew(brief), *plug_in_moves(prompts, brief)):
        prompts.move(brief, move)
        for turn in move.turns:
            prompts.turn(turn, brief, move)
    prompts.move(brief, Draft(), 2)
    prompts.continuation(brief, "    u = u0")
    prompts.shorter(brief)


def moves(brief: Brief) -> tuple[Move, ...]:
    """A move of each kind, with candidates in all states that a prompt may meet."""
    failed = [_failed(number, status, brief) for number, status in enumerate(STATUSES, 1)]
    lost = Candidate(
        len(failed) + 1,
        "7",
        "draft",
        proposal=Proposal(None, problem="The reply holds no code block.", reply="Here is how I would do it."),
        evaluation=Evaluation("missing_function", "The reply holds no code block."),
    )
    better, poorer = _ran(8, 1e-3, 1.1, brief), _ran(9, 2e-3, None, brief)
    return (
        Draft(),
        *(Debug(candidate) for candidate in (*failed, lost)),
        Refine((better, replace(better, id=10, slot="10"))),
        Refine((better, poorer)),
        Restart(failed[0]),
        Restart(lost),
        Restart(failed[0], (better, poorer)),
    )


def bred(brief: Brief) -> tuple[Move, ...]:
    """The moves that strategies ask for beside those, and a mend of what did not survive its pilot."""
    better, poorer = _ran(8, 1e-3, 1.1, brief), _ran(9, 2e-3, None, brief)
    pilot = Pilot(1, 32, {"zeros": 1.0, "held": 0.8}, 0.01, 0.2, 0.1, survived=True)
    survived = replace(better, evaluation=replace(better.evaluation, pilot=pilot))  # pyright: ignore[reportArgumentType]
    stopped = _failed(1, "hopeless", brief)
    return (Planned(), Calibrate((survived,)), Combine((better, poorer)), SpeedUp((better,)), Debug(stopped))


def anew(brief: Brief) -> tuple[Move, ...]:
    """What chains that began with these moves go on with where they repeat a mistake."""
    return tuple(move.again(_failed(1, "crashed", brief)) for move in bred(brief)[:-1])


def plug_in_moves(prompts: Prompts, brief: Brief) -> list[Move]:
    """A move of no kind, and those of plug-ins that the prompts have templates of a person's own for."""
    parents = (_ran(8, 1e-3, 1.1, brief), _ran(9, 2e-3, None, brief))
    told = {name.removesuffix(SUFFIX) for name in prompts.templates}
    own = [kind for kind in kinds() if kind not in BUILT_IN and told & {kind.name, *kind.turns}]
    made = (_made(kind, parents) for kind in own)
    return [Move(), Move((parents[0], _failed(1, "crashed", brief))), *(move for move in made if move is not None)]


def _made(kind: type[Move], parents: Sequence[Candidate]) -> Move | None:
    """A move of that kind, with as many of the parents as it takes."""
    for count in range(len(parents), -1, -1):
        with contextlib.suppress(TypeError, ValueError, LookupError):
            return kind.remade(parents[:count])
    return None


def _failed(number: int, status: Status, brief: Brief) -> Candidate:
    proposal = Proposal(
        Program(brief.stub),
        Plan("finite differences", summary="central differences"),
        repairs=("Two blocks were put together.",),
    )
    evaluation = Evaluation(
        status,
        "What went wrong, in words.",
        stdout="what was printed",
        stderr="a warning",
        error_type="ValueError",
        error_message="shapes do not fit",
        error_line=1,
        facts=_failure(status, brief),
    )
    return Candidate(number, str(number), "draft", proposal=proposal, evaluation=evaluation)


def _failure(status: Status, brief: Brief) -> feedback.Facts:
    if status == "not_finite":
        return feedback.not_finite_facts(_arrays(brief, np.nan), brief)
    if status == "hopeless":
        pilot = Pilot(1, 32, {"zeros": 1.0, "held": 0.8}, 1.4, 0.2, 0.1)
        return {**feedback.hopeless_facts(pilot), "pilot": feedback.pilot_facts(pilot, brief)}
    failure = Failure("ValueError", "shapes do not fit", 1, "line 1", {"u": "float64 array (3,)"})
    return feedback.failure_facts(CallResult(status, failure=failure), brief.stub, brief, Limits())


def _arrays(brief: Brief, value: float) -> dict[str, np.ndarray]:
    """Results of the scored size; an axis whose size is nowhere told has three entries."""
    shapes = {r.name: [brief.sizes.get(axis, 3) for axis in r.axes] for r in brief.signature.results}
    return {name: np.full(shape, value) for name, shape in shapes.items()}


def _ran(number: int, nrmse: float, order: float | None, brief: Brief) -> Candidate:
    score = Score(nrmse, {}, 1e-5, 1e-9, 0.1, 0.5, order=order, samples=(nrmse,))
    plan = Plan("finite volumes", "RK4", "fixed steps", 2.0, "finite volumes, RK4")
    proposal = Proposal(Program(f"{brief.stub.rstrip()}\n\n\nVARIANT = {number}\n"), plan)
    errors = (nrmse, nrmse) if order is None else (nrmse, nrmse / 2**order)
    study = tuple(ConvergencePoint(n, error) for n, error in zip((64, 128), errors, strict=True))
    outputs = _arrays(brief, 1.0)
    facts = feedback.success_facts(score, Case("", {}, _arrays(brief, 1.0 + nrmse)), outputs, brief, (1.0, 3.0))
    evaluation = Evaluation("ok", "It ran.", dev=score, convergence=study, facts=facts)
    return Candidate(number, str(number), "draft", proposal=proposal, evaluation=evaluation)
