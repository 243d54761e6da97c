"""What a numerical analyst would say about an equation, as facts for the page of methods in a prompt."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fieldsmith.tasks.equation import Axis, Balance
from fieldsmith.tasks.task import Brief

STIFF_STEPS = 40
"""Explicit steps between two output times from which on a term is called stiff."""


@dataclass(frozen=True)
class Limit:
    """A bound on the time step of explicit schemes: the term it comes from, its formula, its value at the scored scale."""

    term: str
    formula: str
    value: float | None
    steps: int | None
    """Steps that it asks for between two output times."""
    rough: bool = False
    """Whether the value is for unknowns of about 1, because it depends on them."""
    rate: str = ""
    """The bound's reciprocal as NumPy source over the arrays of the unknowns; empty where it has no simple formula."""

    @property
    def stiff(self) -> bool:
        return self.steps is not None and self.steps > STIFF_STEPS


@dataclass(frozen=True)
class Rate:
    """What changes one unknown: all of it, and by kind; empty texts for kinds that do not occur or are too long to show."""

    unknown: str
    text: str
    order: int
    diffusion: str = ""
    diffusion_varies: bool = False
    """With place, time or the solution."""
    reaction: str = ""
    exact_reaction: str = ""
    """The solution of the reaction alone after a time dt, as code, where there is a formula."""


@dataclass(frozen=True)
class Methods:
    """Facts about an equation; all texts are code in the equation's own names, dx being the spacing along x."""

    steady: bool
    rates: tuple[Rate, ...]
    axes: tuple[Axis, ...]
    periodic: bool
    linear: bool
    constant: bool
    """Whether all coefficients of the unknowns and their derivatives are the same everywhere and always."""
    forced: bool
    """Whether there are terms that do not depend on the unknowns."""
    conservative: bool
    """Whether all is written as divergences of fluxes."""
    order: int
    """Highest derivative of an unknown."""
    varies: bool
    """Whether a second or higher derivative has a coefficient that varies with place, time or the solution."""
    speeds: tuple[str, ...]
    """Wave speeds along the first axis that has any."""
    steepens: bool
    """Whether a wave speed depends on the solution."""
    diffuses: bool
    reacts: bool
    coupled: bool
    sharp: bool
    """Whether fronts are thinner than the grid can show: nonlinear transport with too little diffusion."""
    coefficients: tuple[str, ...]
    jumps: bool
    """Whether a given coefficient field stands inside a derivative."""
    permeable: bool
    """Whether a given coefficient field stands in the coefficient of a diffusion."""
    symbol: str
    """For one linear unknown with constant coefficients on a periodic domain: its rate in Fourier space over its coefficient."""
    limits: tuple[Limit, ...]
    positive: tuple[str, ...]
    balanced: tuple[Balance, ...]
    """The balances, where they are for combinations of the unknowns."""
    values: Mapping[str, float] = field(default_factory=dict)
    bounded: bool = False
    """Whether `limits` and `reaction_rate` bound all that limits an explicit step."""
    timed: bool = False
    """Whether the rates depend on the time by itself."""
    reaction_rate: str = ""
    """How fast the terms without derivatives change the unknown that they depend on, as NumPy source."""
    high_factors: Mapping[int, str] = field(default_factory=dict)
    """For one unknown along one axis whose second and higher derivatives have constant coefficients: these, as code, by order."""
    high_terms: str = ""
    low_terms: str = ""
    """Those terms of the rate, and all others, in the notation u_x."""

    @property
    def stiff(self) -> bool:
        return any(limit.stiff for limit in self.limits if limit.term != "transport")

    @property
    def smooth(self) -> bool:
        """Whether Fourier methods fit."""
        return self.periodic and not self.sharp and not self.jumps

    @property
    def transports(self) -> bool:
        return any(limit.term == "transport" for limit in self.limits)

    @property
    def splits(self) -> bool:
        """Whether the stiff part is linear with constant coefficients, so that it can be stepped exactly."""
        return self.order >= 2 and not self.varies


def methods_of(brief: Brief) -> Methods | None:
    """The facts, None for an equation that is not understood: then the page stays away."""
    from fieldsmith.agents.numerics.expressions import Unsuited
    from fieldsmith.agents.prompts.reading import Reading

    try:
        return Reading(brief).methods()
    except Unsuited:
        return None
    except Exception:  # SymPy raises what it likes; a page less must never end a run
        return None
