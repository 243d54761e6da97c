"""What a plan claims of its program, an order of convergence or an error, and whether measurement confirms it.

Only what is stated outright is taken for a claim; no claim ever enters a figure. An order is confirmed where the measured one is at most half an order below it, an
error where the measured one is no larger: by 5 % where it is a bound, by a factor of 2 where it is about. What was not measured confirms and refutes nothing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from fieldsmith.agents.candidate import Candidate
from fieldsmith.numerics.plan import Plan
from fieldsmith.tasks.task import NRMSE

Kind = Literal["order", "error"]
Verdict = Literal["confirmed", "unconfirmed", "unmeasured"]
VERDICTS: tuple[Verdict, ...] = ("confirmed", "unconfirmed", "unmeasured")
SLACK = 0.5
"""Orders by which a measured order may be below the claimed one: few resolutions are measured, and none in the limit."""
BOUND, ABOUT = 1.05, 2.0
"""Factors by which a measured error may be above a claimed bound, and above an error that is claimed roughly."""
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
RAISED = str.maketrans("²³⁴⁵⁶⁷⁸⁻¹", "2345678-1")
MANY = re.compile(r"\b(?:spectral|exponential|infinite)(?:ly)?[\s-]+(?:order|accura|converg)", re.IGNORECASE)
"""A claim of which no number can be held against a measured order."""
NOT_OF_A_METHOD = r"(?!\s*(?:partial\s+)?(?:derivative|differential|equation|ode|pde|system|term|operator|reaction|in\s+time|time|of\s+magnitude))"
BY_WORD = re.compile(rf"\b({'|'.join(ORDINALS)}|[1-9](?:st|nd|rd|th))[\s-]+order(?:\s+accura\w+)?{NOT_OF_A_METHOD}", re.IGNORECASE)  # fmt: skip
BY_SIZE = re.compile(r"\bO\(\s*(?:dx|h|(?:Δ|\\Delta\s*)x|\\?delta\s*x)\s*(?:\^|\*\*)?\s*\{?([1-9])\}?\s*\)")
FIGURE = r"(\d+(?:\.\d+)?e-?\d+|0\.0\d+|(?:\d+(?:\.\d+)?\s*(?:\*|×|x|\\times)\s*)?10\s*(?:\^|\*\*)?\s*\{?\s*-\d+\}?)"
BY_ERROR = re.compile(
    rf"(?<!local )(?<!truncation )(?<!rounding )(?<!round-off )\b(?:nrmse|errors?)\b(?!\s+tolerance)[^.;:\d]{{0,24}}?"
    rf"(below|under|less than|at most|<=|<|≤|of about|about|around|roughly|~|≈|of|=|near)\s*{FIGURE}",
    re.IGNORECASE,
)
BOUNDS = ("below", "under", "less than", "at most", "<=", "<", "≤")


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
    """At most one order and one error: the order that a plan gives as a number, or else the lowest that its words name, and the lowest error."""
    words = " ; ".join((plan.summary, plan.method, plan.discretisation, plan.time_integrator, plan.resolution_control))
    words = words.translate(RAISED)
    order = plan.expected_order if plan.expected_order is not None else _order_in(words)
    if order is not None and order > 0.0:
        yield Claim("order", order)
    errors = [Claim("error", _number(m[2]), m[1].lower() not in BOUNDS) for m in BY_ERROR.finditer(words)]
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


def _order_in(words: str) -> float | None:
    """The lowest order of a method that is named, since a scheme is of the order of its lowest part; None where none is, or one without a number."""
    if MANY.search(words):
        return None
    named = [
        float(ORDINALS.index(w) + 1) if (w := m[1].lower()) in ORDINALS else float(w[0])
        for m in BY_WORD.finditer(words)
    ]
    named += [float(m[1]) for m in BY_SIZE.finditer(words)]
    return min(named, default=None)


def _number(text: str) -> float:
    """A number as people write it: 1e-6, 0.001, 10^-6, 2 x 10^{-6}."""
    plain = re.sub(r"[\s{}]", "", text)
    factor, ten, power = re.fullmatch(r"(?:([\d.]+)(?:\*|×|x|\\times))?(10)(?:\^|\*\*)?(-\d+)|.*", plain).groups()  # type: ignore[union-attr]
    return float(factor or 1.0) * 10.0 ** int(power) if ten else float(plain)
