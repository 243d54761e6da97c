"""What a numerical analyst would say about an equation, as facts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from fieldsmith.equations.equation import Axis, Balance

STIFF_STEPS = 40
"""Explicit steps between two output times from which on a term is called stiff."""
THIN = 4.0
"""Points across a front below which it is not resolved."""

RK4_IMAGINARY = 2.8
"""How far the stability of RK4 reaches along the imaginary axis."""
HIGHER = "the derivative of order"
SLOPES = "transport of slopes"
OSCILLATING = ("transport", SLOPES, "waves", "oscillations")


def odd_factor(order: int) -> float:
    """RK4's limit for an odd derivative by central differences, over h^n, and no more than a half."""
    largest = 2.0**order * (order / (order + 1)) ** (order / 2) / math.sqrt(order + 1)
    return round(min(0.5, RK4_IMAGINARY / largest), 3)


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
    def order(self) -> int:
        """Of the derivative, where it is higher than two."""
        return int(self.term.rpartition(" ")[2]) if self.term.startswith(HIGHER) else 0

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
class Waves:
    """Two unknowns that drive each other to oscillate with frequencies speed * k**order; texts are code."""

    first: str
    second: str
    speed: str
    where: str
    """What must be positive for it; empty where it is."""
    order: int


@dataclass(frozen=True)
class Growth:
    """Long waves of an unknown that its second derivative makes grow and a higher one of `order` damps when they are short."""

    unknown: str
    order: int
    longer_than: str
    """The wave length from which on they grow, as code."""
    rate: str
    """Of the fastest growth, as code; empty where it is not worked out."""
    alone: bool
    """Whether no term without derivatives adds to the rate."""


@dataclass(frozen=True)
class IllPosed:
    """Unknowns whose waves grow the faster the shorter they are, without bound: finer grids only make it worse."""

    unknowns: tuple[str, ...]
    rate: str
    """Of growth of short waves by their wave number k, as code; empty where it is not worked out."""
    along: str
    """The axis along which they travel, or a direction; empty where there is one axis."""

    @property
    def sentence(self) -> str:
        along = f" along {self.along}" if self.along else ""
        growth = f" as exp({self.rate} * t)," if self.rate else " the faster the shorter they are,"
        whose = " and ".join(self.unknowns)
        return f"The equation is ill-posed: waves of {whose}{along} grow{growth} without bound as the grid is refined"


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
    speeds: Mapping[str, tuple[str, ...]]
    """Wave speeds along each axis that has any; empty texts for those that are too long to show."""
    steepens: bool
    """Whether a wave speed depends on the solution."""
    diffuses: bool
    reacts: bool
    coupled: bool
    sharp: bool
    """Whether fronts are thinner than the grid can show: nonlinear transport with too little diffusion."""
    squares: tuple[str, ...]
    """Unknowns whose rates are nonlinear in their own slopes, as in equations of Hamilton and Jacobi."""
    kinks: bool
    """Whether these make kinks that the grid cannot show."""
    crossing: str
    """What second and higher derivatives of one unknown in the rate of another do (`couplings.Kind`); empty without any."""
    oscillations: tuple[Waves, ...]
    """Pairs of unknowns whose high derivatives make nothing but waves."""
    signed: bool
    """Whether a second derivative beside higher ones may amplify at some places."""
    high_varies: bool
    """Whether a derivative of the highest order has a coefficient that varies with place, time or the solution."""
    floats: bool
    """Whether nothing fixes the level of an unknown of a steady equation."""
    inside: tuple[str, ...]
    """Given coefficient fields that stand inside a derivative."""
    growths: tuple[Growth, ...]
    ill_posed: tuple[IllPosed, ...]
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
    """Whether the rates or what is prescribed on boundaries depend on the time by itself."""
    reaction_rate: str = ""
    """How fast the terms without derivatives change the unknown that they depend on, as NumPy source."""
    front: float | None = None
    """About how many points wide the fronts are that a nonlinear reaction makes with diffusion; None where there are none."""
    high_factors: Mapping[int, str] = field(default_factory=dict)
    """For one unknown along one axis whose second and higher derivatives have constant coefficients: these, as code, by order."""
    high_terms: str = ""
    low_terms: str = ""
    """Those terms of the rate, and all others, in the notation u_x."""

    @property
    def told_speeds(self) -> list[str]:
        """Wave speeds as words: with their axes where there are several."""
        along = " along {}".format if len(self.axes) > 1 else "".format
        return [f"`{speed}`{along(name)}" for name, speeds in self.speeds.items() for speed in speeds if speed]

    @property
    def stiff(self) -> bool:
        return any(limit.stiff for limit in self.limits if limit.term not in ("transport", SLOPES, "waves"))

    @property
    def mild(self) -> bool:
        """Whether explicit steps are known to be affordable."""
        high = [limit for limit in self.limits if limit.term not in ("transport", SLOPES, "waves")]
        return all(limit.steps is not None and not limit.stiff for limit in high)

    @property
    def thin(self) -> bool:
        """Whether fronts of reaction and diffusion are only a few points wide."""
        return self.front is not None and self.front < THIN

    @property
    def jumps(self) -> bool:
        """Whether a given coefficient field stands inside a derivative."""
        return bool(self.inside)

    @property
    def smooth(self) -> bool:
        """Whether Fourier methods fit."""
        return self.periodic and not self.sharp and not self.kinks and not self.jumps

    @property
    def transports(self) -> bool:
        return any(limit.term == "transport" for limit in self.limits)

    @property
    def odd(self) -> tuple[str, ...]:
        """Terms without damping whose explicit steps are by RK4: forward Euler with central differences amplifies them."""
        return tuple(dict.fromkeys(limit.term for limit in self.limits if limit.term in OSCILLATING or limit.order % 2))

    @property
    def higher_odd(self) -> tuple[int, ...]:
        return tuple(sorted({limit.order for limit in self.limits if limit.order % 2}))

    @property
    def dispersive(self) -> bool:
        """Whether short waves are spread by derivatives of higher odd order and damped by nothing."""
        return bool(self.higher_odd) and not self.diffuses and not self.even

    @property
    def squared_wave_number(self) -> str:
        """What minus the Laplacian multiplies a Fourier coefficient by, as code."""
        return "k**2" if len(self.axes) == 1 else f"({' + '.join(f'k{axis.name}**2' for axis in self.axes)})"

    def fourier_share(self, order: int) -> float:
        """What Fourier derivatives, which reach (pi/h)^n, leave of the limit of an odd derivative by central differences."""
        return RK4_IMAGINARY / math.pi**order / odd_factor(order)

    @property
    def insulated(self) -> bool:
        """Whether nothing flows through the boundaries."""
        return all(
            end.kind == "periodic" or end.value in ("0", "0.0")
            for axis in self.axes
            for end in (axis.lower, axis.upper)
        )

    @property
    def even(self) -> bool:
        return any(limit.term == "diffusion" or (limit.order and limit.order % 2 == 0) for limit in self.limits)

    @property
    def splits(self) -> bool:
        """Whether the stiff part is linear with constant coefficients, so that it can be stepped exactly."""
        return self.order >= 2 and not self.varies
