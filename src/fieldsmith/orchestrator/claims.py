"""What a plan claims of its program, an order of convergence or an error, and whether measurement confirms it.

Only what is stated outright is taken for a claim (`stated.py`); no claim ever enters a figure. An order is confirmed where the measured one is at most half an order
below it, an error where the measured one is no larger: by 5 % where it is a bound, by a factor of 2 where it is about. What was not measured confirms and refutes nothing.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from fieldsmith.agents.candidate import Candidate
from fieldsmith.blocks import Plan
from fieldsmith.orchestrator.stated import errors_in, order_in
from fieldsmith.tasks.task import NRMSE

Kind = Literal["order", "error"]
Verdict = Literal["confirmed", "unconfirmed", "unmeasured"]
VERDICTS: tuple[Verdict, ...] = ("confirmed", "unconfirmed", "unmeasured")
SLACK = 0.5
"""Orders by which a measured order may be below the claimed one: few resolutions are measured, and none in the limit."""
BOUND, ABOUT = 1.05, 2.0
"""Factors by which a measured error may be above a claimed bound, and above an error that is claimed roughly."""


@dataclass(frozen=True)
class Claim:
    """kind: what is claimed; value: the order, or the error; about: whether it is said roughly."""

    kind: Kind
    value: float
    about: bool = False


@dataclass(frozen=True)
class Judged:
    """A claim with what was measured of it, None where nothing was."""

    claim: Claim
    measured: float | None

    @property
    def verdict(self) -> Verdict:
        if self.measured is None:
            return "unmeasured"
        if self.claim.kind == "order":
            return "confirmed" if self.measured >= self.claim.value - SLACK else "unconfirmed"
        most = self.claim.value * (ABOUT if self.claim.about else BOUND)
        return "confirmed" if self.measured <= most else "unconfirmed"


def claims_of(plan: Plan) -> Iterator[Claim]:
    """At most one order and one error: the order that a plan gives as a number, or else the only one that its words name of a method, and the lowest error.

    What is said of time and of how the resolution is found is not read: the one has an order of its own, the other names criteria.
    """
    words = " ; ".join((plan.summary, plan.method, plan.discretisation))
    order = plan.expected_order if plan.expected_order is not None else order_in(words)
    if order is not None and order > 0.0:
        yield Claim("order", order)
    errors = [Claim("error", value, about) for value, about in errors_in(words)]
    if errors:
        yield min(errors, key=lambda one: one.value)


def judged(candidate: Candidate) -> list[Judged]:
    """Each claim of a candidate's plan against its dev score; a program that did not run, or a metric of a task's own, measures no error."""
    if candidate.proposal is None or candidate.evaluation is None:
        return []
    score = candidate.evaluation.dev if candidate.ok else None
    error = score.nrmse if score is not None and score.metric == NRMSE.name else None
    measured = {"order": score.order if score else None, "error": error}
    return [Judged(claim, measured[claim.kind]) for claim in claims_of(candidate.proposal.plan)]


def counted(candidates: Iterable[Candidate]) -> dict[str, int]:
    """How many claims were confirmed, were not, and could not be measured."""
    found = Counter(one.verdict for candidate in candidates for one in judged(candidate))
    return {verdict: found[verdict] for verdict in VERDICTS}
