"""In what programs differ, as a few words: the kind of method, the order, the cost."""

import math

from fieldsmith.agents.author import Candidate

KINDS = {
    "spectral": ("fourier", "spectral", "chebyshev", "fft", "sine", "cosine", "galerkin", "etd", "modes"),
    "finite volumes": ("volume", "godunov", "weno", "muscl", "riemann", "hll", "rusanov", "flux"),
    "finite elements": ("element", "fem"),
    "characteristics": ("characteristic", "lagrangian", "cole-hopf", "exact", "analytic"),
    "finite differences": ("difference", "stencil", "upwind", "central", "compact", "crank"),
}
"""Kinds of method by the words that tell them, the first that fits."""
OTHER = "another kind"


def features(candidate: Candidate) -> tuple[str, str, str]:
    """Kind of method, order and decade of seconds: a cell of the map in which programs compete with their like alone."""
    return kind_of(candidate), _order(candidate), _cost(candidate)


def kind_of(candidate: Candidate) -> str:
    """What the plan says of the discretisation, as one of a few kinds."""
    plan = candidate.proposal.plan if candidate.proposal else None
    if plan is None:
        return OTHER
    for text in (plan.discretisation, plan.method, plan.summary):
        words = text.lower()
        for kind, marks in KINDS.items():
            if any(mark in words for mark in marks):
                return kind
    return OTHER


def _order(candidate: Candidate) -> str:
    """The measured order of convergence, else the one that the plan expects, in steps that matter."""
    score = candidate.evaluation.dev if candidate.evaluation else None
    expected = candidate.proposal.plan.expected_order if candidate.proposal else None
    order = score.order if score is not None and score.order is not None else expected
    if order is None:
        return "order unknown"
    return "order 1" if order < 1.5 else "order 2" if order < 2.75 else "order 3 or 4" if order < 4.5 else "high order"


def _cost(candidate: Candidate) -> str:
    score = candidate.evaluation.dev if candidate.evaluation else None
    decade = math.floor(math.log10(max(score.cost, 1e-3))) if score else 0
    return f"1e{decade} s"
