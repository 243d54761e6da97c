"""In what programs differ, as a few words: the kind of method, the order, the cost."""

import math
import re

from fieldsmith.agents.author import Candidate

KINDS = {
    "spectral": (
        "fourier", "spectral", "pseudospectral", "chebyshev", "legendre", "fft", "ffts", "sine series", "cosine series", "galerkin modes",
    ),
    "finite volumes": (
        "finite volume", "finite volumes", "godunov", "weno", "muscl", "riemann", "hll", "hllc", "rusanov", "kurganov", "fluxes", "flux form",
    ),
    "finite elements": ("finite element", "finite elements", "fem", "discontinuous galerkin", "galerkin"),
    "characteristics": (
        "characteristic", "characteristics", "lagrangian", "semi lagrangian", "cole hopf", "hopf cole", "analytic", "analytical", "exact shift", "exact solution",
    ),
    "finite differences": (
        "finite difference", "finite differences", "difference", "differences", "stencil", "stencils", "upwind", "central", "centred", "centered", "compact",
    ),
}  # fmt: skip
"""Kinds of method by the words that tell them; of several the one that is named first in a text."""
OTHER = "another kind"
UNKNOWN_COST = "cost unknown"
LEAST = 1e-3
"""Processor seconds below this count as this."""


def features(candidate: Candidate) -> tuple[str, str, str]:
    """Kind of method, order and decade of processor seconds: a cell of the map in which programs compete with their like alone.

    All three follow from what is stored of the candidate, so that a run which resumes sees the same map.
    """
    return kind_of(candidate), _order(candidate), cost_of(candidate)


def kind_of(candidate: Candidate) -> str:
    """What the plan says of the discretisation, as one of a few kinds: by its own field where it has one, else by what is said of it as a whole."""
    plan = candidate.proposal.plan if candidate.proposal else None
    if plan is None:
        return OTHER
    told = (plan.discretisation or plan.method, plan.summary)
    return next((kind for text in told if (kind := _kind_in(text))), OTHER)


def _kind_in(text: str) -> str:
    """The kind that is named first, by whole words, the longer name of two at one place; empty where none is."""
    words = f" {' '.join(re.findall(r'[a-z0-9]+', text.lower()))} "
    places = [(words.find(f" {mark} "), -len(mark), kind) for kind, marks in KINDS.items() for mark in marks]
    return min((place for place in places if place[0] >= 0), default=(0, 0, ""))[2]


def _order(candidate: Candidate) -> str:
    """The measured order of convergence, else the one that the plan expects, in steps that matter."""
    score = candidate.evaluation.dev if candidate.evaluation else None
    expected = candidate.proposal.plan.expected_order if candidate.proposal else None
    order = score.order if score is not None and score.order is not None else expected
    if order is None:
        return "order unknown"
    return "order 1" if order < 1.5 else "order 2" if order < 2.75 else "order 3 or 4" if order < 4.5 else "high order"


def decade_of(candidate: Candidate) -> int | None:
    """The decade of the processor seconds that its scored calls took, as stored; None where they were not counted.

    Wall time is no substitute: what else the machine did meanwhile would decide where a program stands.
    """
    score = candidate.evaluation.dev if candidate.evaluation else None
    if score is None or score.cpu_seconds is None:
        return None
    return math.floor(math.log10(max(score.cpu_seconds, LEAST)))


def cost_of(candidate: Candidate) -> str:
    """The same in words."""
    decade = decade_of(candidate)
    return UNKNOWN_COST if decade is None else f"1e{decade} s"
