"""The built-in author: a rule-based numerical analyst. It is not a language model."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from fieldsmith.agents.author import NUMERICS, Candidate, Move, NothingLeft, Program, Proposal, Refine
from fieldsmith.agents.known_methods import Known, OnBoxes, OnEquations, Rung
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.evaluation.evaluation import Score
from fieldsmith.numerics.family import Family
from fieldsmith.numerics.methods import families
from fieldsmith.tasks.task import Brief

STALLED = 0.7
"""An error above this share of an earlier one counts as no progress."""
IDLE = 3
"""After so many programs in a row that bring no progress nothing is refined any more."""
BLOW_UPS = 2
"""A family is given up after so many programs whose values were not finite."""
UNKNOWN = "the built-in author knows no method for this equation"
TOO_SLOW = "nothing cheaper is known than what took too long or too much memory"


class NumericsAuthor:
    """Derives a plan from the equation, writes source for it, and reacts to how earlier programs did.

    It knows equations, not tasks: all it reads is the brief's equation, or its form, signature, sizes and limits.
    """

    label = NUMERICS
    note = "built-in numerics author: rules of a numerical analyst, not an LLM"
    trusted = True
    _known: tuple[Brief, Known] | None = None

    @cached_property
    def families(self) -> list[Family[Any]]:
        """What it chooses from: the built-in families of methods and those of plug-ins."""
        return families()

    def write(self, brief: Brief, move: Move, slot: str, history: Sequence[Candidate]) -> Proposal:
        """The program for a move. Raises NothingLeft when no method is known or left, or none makes progress that can be told."""
        scores = [c.evaluation.dev for c in history if c.ok and c.evaluation and c.evaluation.dev]
        if any(score.resolved for score in scores):
            raise NothingLeft("the error of the best program is within the reference's own")
        if isinstance(move, Refine) and _idle(scores) >= IDLE:
            raise NothingLeft(f"the last {IDLE} programs came no closer than those before")
        try:
            return self._proposal(brief, move, history)
        except Unsuited as reason:
            raise NothingLeft(f"{UNKNOWN}. {reason} A model may know one: name it with --model") from None

    def _methods(self, brief: Brief) -> Known:
        """The problem understood, and all that is known for it: worked out once a brief. Raises Unsuited if there is nothing."""
        known = self._known
        if known is None or known[0] is not brief:
            methods = OnBoxes(brief.form) if brief.form is not None else OnEquations(brief, self.families)
            known = self._known = (brief, methods)
        return known[1]

    def _proposal(self, brief: Brief, move: Move, history: Sequence[Candidate]) -> Proposal:
        methods = self._methods(brief)
        candidates = {c.id: c for c in (*history, *move.candidates)}
        written = {c.program.sha256 for c in candidates.values() if c.program is not None}
        taken = {c.proposal.plan.summary for c in candidates.values() if c.proposal is not None}
        reaction = Reaction(methods.rungs, move, tuple(candidates.values()))
        for family, variant in reaction.rungs():
            plan = replace(methods.plan((family, variant)), summary=_name((family, variant)))
            if plan.summary in taken:
                continue
            try:
                program = Program(methods.text((family, variant)))
            except Unsuited:  # of others of this family it is known that they can be written
                continue
            if program.sha256 not in written:
                return Proposal(program, plan, prompt="", reply="")
        raise NothingLeft(TOO_SLOW if reaction.slow else "every known method for this equation has been tried")


class Reaction:
    """The rungs worth trying now, best first: what blew up or took too long narrows them, the move orders them."""

    def __init__(self, ladder: Sequence[Rung], move: Move, history: Sequence[Candidate]) -> None:
        self.ladder, self.move, self.history = ladder, move, history

    @property
    def slow(self) -> list[float]:
        """Costs of what took too long or too much memory."""
        return [variant.cost for _, variant in self._with_status("timeout", "out_of_memory")]

    def rungs(self) -> list[Rung]:
        """Raises NothingLeft where all that is left would take too long or has blown up."""
        blown = [rung[0].name for rung in self._with_status("not_finite")]
        given_up = {name for name in blown if blown.count(name) >= BLOW_UPS}
        allowed = [r for r in self.ladder if r[0].name not in given_up and (not r[1].again or r[0].name in blown)]
        if not allowed:
            raise NothingLeft("every family of methods for this equation has blown up")
        cheaper = [r for r in allowed if all(r[1].cost < cost for cost in self.slow)]
        if not cheaper:
            raise NothingLeft(TOO_SLOW)
        return self._ordered(cheaper)

    def _ordered(self, rungs: list[Rung]) -> list[Rung]:
        parent = next(iter(self.move.candidates), None)
        before = self._rung_of(parent) if parent else None
        if parent is None or before is None or parent.evaluation is None:
            return [r for r in rungs if not r[1].again]
        family, variant = before
        same = [r for r in rungs if r[0] is family and not r[1].again]
        others = [r for r in rungs if r[0] is not family and not r[1].again]
        status = parent.evaluation.status
        if status in ("timeout", "out_of_memory"):
            reached = [v.accuracy for f, v in self._with_status("ok") if f is family]
            same = [r for r in same if r[1].accuracy > max(reached, default=-1)]
            return sorted(same, key=lambda r: -r[1].cost) + sorted(others, key=lambda r: -r[1].cost)
        if status == "not_finite":
            return [r for r in rungs if r[0] is family and r[1].again] + others
        if status != "ok":
            return others + same
        finer = sorted((r for r in same if r[1].accuracy > variant.accuracy), key=lambda r: r[1].accuracy)
        return others + finer if self._stalled(parent) else finer + others

    def _with_status(self, *statuses: str) -> list[Rung]:
        judged = (c for c in self.history if c.evaluation is not None and c.evaluation.status in statuses)
        return [rung for rung in map(self._rung_of, judged) if rung is not None]

    def _rung_of(self, candidate: Candidate) -> Rung | None:
        """Which rung a candidate stands on, by its plan."""
        summary = candidate.proposal.plan.summary if candidate.proposal else ""
        return next((rung for rung in self.ladder if _name(rung) == summary), None)

    def _stalled(self, candidate: Candidate) -> bool:
        """Whether the step that led to this candidate gained little."""
        parents = [c for c in self.history if c.id in candidate.parents and c.ok]
        before = [c.evaluation.dev for c in parents if c.evaluation and c.evaluation.dev]
        score = candidate.evaluation.dev if candidate.ok and candidate.evaluation else None
        return bool(before) and (score is None or not _advances(score, before))


def _advances(score: Score, before: Sequence[Score]) -> bool:
    """Whether a score is well below all earlier ones: by its mean, its geometric mean, or for one kind of samples."""
    if score.value is not None:
        return all(score.rank < other.rank for other in before)
    if not before:
        return True
    best = [min(errors) for errors in zip(*map(_errors, before), strict=True)]
    return any(error <= STALLED * least for error, least in zip(_errors(score), best, strict=True))


def _errors(score: Score) -> list[float]:
    """Mean, geometric mean, and the mean for every kind of samples."""
    return [score.nrmse, score.geometric, *(kind.nrmse for kind in score.by_kind.values())]


def _idle(scores: Sequence[Score]) -> int:
    """How many of the last programs that ran brought no progress."""
    idle = 0
    for n, score in enumerate(scores):
        idle = 0 if _advances(score, scores[:n]) else idle + 1
    return idle


def _name(rung: Rung) -> str:
    family, variant = rung
    return f"{family.name}: {variant.name}"
