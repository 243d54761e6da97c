"""The built-in author: a rule-based numerical analyst. It is not a language model."""

from collections.abc import Sequence
from dataclasses import replace

from fieldsmith.agents.author import Candidate, Debug, Draft, Move, NothingLeft, Program, Proposal
from fieldsmith.agents.numerics.analysis import Analysis
from fieldsmith.agents.numerics.elliptic import Elliptic
from fieldsmith.agents.numerics.family import Family, Variant
from fieldsmith.agents.numerics.finite_volumes import FiniteVolumes
from fieldsmith.agents.numerics.lines import MethodOfLines
from fieldsmith.agents.numerics.spectral import Spectral
from fieldsmith.agents.numerics.splitting import Splitting
from fieldsmith.tasks.task import Brief

FAMILIES: tuple[Family, ...] = (Spectral(), Splitting(), FiniteVolumes(), MethodOfLines(), Elliptic())
STALLED = 0.7
"""An error above this share of its parent's counts as no progress."""
AT_FLOOR = 1.005
"""Within this factor of what the trusted method reaches from the same inputs, nothing is left to win ..."""
UNRESOLVED = 2.0
"""... if smooth samples, which have a far lower floor, are also within this factor of the reference's own error."""


class NumericsAuthor:
    """Derives a plan from the equation, writes source for it, and reacts to how earlier programs did.

    It knows equations, not tasks: all it reads is the brief's equation, signature, sizes and limits.
    """

    label = "numerics"
    note = "built-in numerics author: rules of a numerical analyst, not an LLM"
    trusted = True

    def write(self, brief: Brief, move: Move, slot: str, history: Sequence[Candidate]) -> Proposal:
        """The program for a move. Raises NothingLeft when no known method is left, or nothing is left to win."""
        if any(map(_at_floor, history)):
            raise NothingLeft("the best program is as accurate as the given inputs allow")
        analysis = Analysis(brief.equation)
        ladder = self.ladder(analysis, brief)
        if not ladder:
            return Proposal(
                None, problem="No built-in method fits this equation (see its boundary conditions and axes)."
            )
        written = {c.program.sha256 for c in history if c.program is not None}
        taken = {c.proposal.plan.summary for c in history if c.proposal is not None}
        for family, variant in self._preferred(ladder, move, history):
            plan = replace(family.plan(analysis, variant), summary=_name(family, variant))
            if plan.summary in taken:
                continue
            program = Program(family.source(analysis, brief, variant))
            if program.sha256 not in written:
                return Proposal(program, plan, prompt="", reply="")
        raise NothingLeft

    def ladder(self, analysis: Analysis, brief: Brief) -> list[tuple[Family, Variant]]:
        """Every variant of every family that suits, the best family's first guess first."""
        suited = sorted((f for f in FAMILIES if f.suits(analysis) > 0), key=lambda f: -f.suits(analysis))
        columns = [[(family, variant) for variant in family.variants(analysis, brief)] for family in suited]
        if not columns:
            return []
        # The best family's second rung comes before another family's first.
        best, others = columns[0], columns[1:]
        padded = [best[1:], *others]
        rungs = max(map(len, padded))
        return best[:1] + [column[n] for n in range(rungs) for column in padded if n < len(column)]

    def _preferred(
        self, ladder: list[tuple[Family, Variant]], move: Move, history: Sequence[Candidate]
    ) -> list[tuple[Family, Variant]]:
        """The ladder in the order that the move calls for."""
        if isinstance(move, Draft):
            return ladder
        parent = move.candidate if isinstance(move, Debug) else move.candidates[0]
        before = self._of(ladder, parent)
        if before is None or parent.evaluation is None:
            return ladder
        family, variant = before
        status = parent.evaluation.status
        same = [rung for rung in ladder if rung[0] is family]
        others = [rung for rung in ladder if rung[0] is not family]
        if status in ("timeout", "out_of_memory"):
            cheaper = sorted((r for r in same if r[1].cost < variant.cost), key=lambda r: -r[1].cost)
            return cheaper + sorted(others, key=lambda r: r[1].cost) + same
        if status != "ok":
            finer = [r for r in same if r[1].accuracy > variant.accuracy]
            return (
                others + finer + same if status == "not_finite" and family.name == "spectral" else finer + others + same
            )
        finer = sorted((r for r in same if r[1].accuracy > variant.accuracy), key=lambda r: r[1].accuracy)
        return others + finer if self._stalled(parent, history) else finer + others

    def _of(self, ladder: list[tuple[Family, Variant]], candidate: Candidate) -> tuple[Family, Variant] | None:
        """Which rung a candidate stands on, by its plan."""
        summary = candidate.proposal.plan.summary if candidate.proposal else ""
        return next((rung for rung in ladder if _name(*rung) == summary), None)

    def _stalled(self, candidate: Candidate, history: Sequence[Candidate]) -> bool:
        """Whether the step that led to this candidate gained little."""
        parents = [c for c in history if c.id in candidate.parents and c.ok]
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


def _name(family: Family, variant: Variant) -> str:
    return f"{family.name}: {variant.name}"
