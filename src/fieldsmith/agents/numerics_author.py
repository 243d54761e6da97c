"""The built-in author: a rule-based numerical analyst. It is not a language model."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from fieldsmith.agents.author import Candidate, Move, NothingLeft, Program, Proposal
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.numerics.code import analysed
from fieldsmith.numerics.family import Family, Variant
from fieldsmith.numerics.ladder import Rung, ladder
from fieldsmith.numerics.methods import families
from fieldsmith.tasks.task import Brief

STALLED = 0.7
"""An error above this share of its parent's counts as no progress."""
AT_FLOOR = 1.005
"""Within this factor of what the trusted method reaches from the same inputs, nothing is left to win ..."""
UNRESOLVED = 2.0
"""... if smooth samples, which have a far lower floor, are also within this factor of the reference's own error."""
BLOW_UPS = 2
"""A family is given up after so many programs whose values were not finite."""
UNKNOWN = "the built-in author knows no method for this equation"
TOO_SLOW = "nothing cheaper is known than what took too long or too much memory"


class NumericsAuthor:
    """Derives a plan from the equation, writes source for it, and reacts to how earlier programs did.

    It knows equations, not tasks: all it reads is the brief's equation, signature, sizes and limits.
    """

    label = "numerics"
    note = "built-in numerics author: rules of a numerical analyst, not an LLM"
    trusted = True
    _known: tuple[Brief, Analysis, list[Rung]] | None = None

    @cached_property
    def families(self) -> list[Family[Any]]:
        """What it chooses from: the built-in families of methods and those of plug-ins."""
        return families()

    def write(self, brief: Brief, move: Move, slot: str, history: Sequence[Candidate]) -> Proposal:
        """The program for a move. Raises NothingLeft when no method is known or left, or nothing is left to win."""
        if any(map(_at_floor, history)):
            raise NothingLeft("the best program is as accurate as the given inputs allow")
        try:
            return self._proposal(brief, move, history)
        except Unsuited as reason:
            raise NothingLeft(f"{UNKNOWN}. {reason} A model may know one: name it with --model") from None

    def _ladder(self, brief: Brief) -> tuple[Analysis, list[Rung]]:
        """The equation understood, and all that is known for it: worked out once a brief. Raises Unsuited if there is nothing."""
        known = self._known
        if known is None or known[0] is not brief:
            analysis = analysed(brief)
            known = self._known = (brief, analysis, ladder(self.families, analysis, brief))
        return known[1:]

    def _proposal(self, brief: Brief, move: Move, history: Sequence[Candidate]) -> Proposal:
        analysis, rungs = self._ladder(brief)
        candidates = {c.id: c for c in (*history, *move.candidates)}
        written = {c.program.sha256 for c in candidates.values() if c.program is not None}
        taken = {c.proposal.plan.summary for c in candidates.values() if c.proposal is not None}
        reaction = Reaction(rungs, move, tuple(candidates.values()))
        for family, variant in reaction.rungs():
            plan = replace(family.plan(analysis, variant), summary=_name(family, variant))
            if plan.summary in taken:
                continue
            try:
                program = Program(family.source(analysis, brief, variant.choices))
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
        return next((rung for rung in self.ladder if _name(*rung) == summary), None)

    def _stalled(self, candidate: Candidate) -> bool:
        """Whether the step that led to this candidate gained little."""
        parents = [c for c in self.history if c.id in candidate.parents and c.ok]
        return bool(parents) and candidate.dev_nrmse > STALLED * min(c.dev_nrmse for c in parents)


def _at_floor(candidate: Candidate) -> bool:
    score = candidate.evaluation.dev if candidate.ok and candidate.evaluation else None
    if score is None or not score.floor:
        return False
    if score.reference_error and score.nrmse <= score.reference_error:
        return True  # what is better cannot be told from it
    if score.nrmse > AT_FLOOR * score.floor:
        return False
    return score.smooth_nrmse is None or score.smooth_nrmse <= UNRESOLVED * (score.reference_error or score.floor)


def _name(family: Family[Any], variant: Variant[Any]) -> str:
    return f"{family.name}: {variant.name}"
