"""What an equation sums up to over the domain, where it is a divergence beside given sources (Gauss).

An equation A u_ij + B u_i + … + s = 0 without u itself is rewritten as the divergence of a flux, A u_j and what is left of B times u, if nothing remains. Where the conditions say what
passes every end, the sum over the domain is known before the equation is solved: it must be 0, or there is no solution. For Poisson's equation between insulated sides that is the
mean of the source, for an incompressible flow what enters and leaves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from fieldsmith.problems import functions as own
from fieldsmith.problems.faults import Misread
from fieldsmith.problems.jets import partial
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.states import States, inside, quadrature
from fieldsmith.problems.system import Interval, Law, Side, System

SURE, SURE_OF_JUMPS = 1e-3, 2e-2
"""Part of all that is summed up, from which on a sum is not 0: of smooth sources, and of those that jump between points."""
ALIKE = 0.05
"""Difference of sums on two sets of points, beside either, up to which they are trusted."""
SPANNED = 1e-9
CHECKED = 5
LATER = 0.37
"""Share of the time after which conditions are looked at once more."""
Flux = dict[sp.Symbol, Any]
"""Factors by derivative of a field."""


@dataclass(frozen=True)
class Sum:
    """What an equation comes to over the domain, and the size of what it was added up from."""

    value: complex
    size: float
    jumps: bool

    @property
    def surely_not_0(self) -> bool:
        return abs(self.value) > (SURE_OF_JUMPS if self.jumps else SURE) * self.size > 0


def summed_up(system: System, law: Law, states: States, wanted: Sequence[str]) -> Sum | None:
    """The sum of an equation over the domain at the first time, or at a later one if it is not 0 there. `wanted` are the fields that are to be
    determined, others are as they start; None where the conditions do not give it. Raises TooLarge."""
    jets = system.jets
    met = [jet for jet in jets.among(law.residual) if jets.meanings[jet][0] in wanted]
    if any(set(jets.among(partial(law.residual, jet))) & set(met) for jet in met):
        return None
    rest = law.residual.xreplace(dict.fromkeys(met, sp.S.Zero))
    others = [jet for jet in jets.among(law.residual, given=True) if jet not in met]
    if any(states.body(*jets.meanings[jet])[0] is None for jet in others):
        return None
    fluxes = _fluxes(system, law, states, met)
    if fluxes is None:
        return None
    jumps = rest.has(own.Where, own.Heaviside, own.Sign, own.Below)
    later = system.timed and not others  # what evolves is known at the start alone
    for share in (0.0, LATER) if later else (0.0,):
        found, again = (_summed(system, rest, fluxes, states, share, jumps, finer) for finer in (False, True))
        if found and again and again.surely_not_0 and abs(found.value - again.value) < ALIKE * abs(again.value):
            return again
    return None


def _summed(
    system: System, rest: Any, fluxes: Sequence[Flux], states: States, share: float, jumps: bool, finer: bool
) -> Sum | None:
    """The sum at a share of the time."""
    places, weights = quadrature(system, share=share, finer=finer)
    values = _numbers(rest, states, places)
    total, size = complex((values * weights).sum()), float((np.abs(values) * weights).sum())
    for axis, flux in zip(system.axes, fluxes, strict=True):
        for side in ("low", "high") if axis.name not in system.periodic else ():
            passing = _passing(system, axis, side, flux, states, share, finer)
            if passing is None:
                return None
            total += passing[0] if side == "high" else -passing[0]
            size += passing[1]
    return Sum(total, size, jumps) if np.isfinite(size) else None


def _fluxes(system: System, law: Law, states: States, met: Sequence[sp.Symbol]) -> list[Flux] | None:
    """A flux along each axis whose divergence are the terms with those derivatives; None where there is none."""
    jets, skip = system.jets, int(system.timed)
    fluxes: list[Flux] = [{} for _ in system.axes]
    lower: list[Flux] = [{} for _ in system.axes]
    rest: dict[str, Any] = {}
    try:
        for jet in met:
            name, orders = jets.meanings[jet]
            factor = partial(law.residual, jet)
            along = [k for k, n in enumerate(orders[skip:]) for _ in range(n)]
            if not 1 <= len(along) <= 2 or (skip and orders[0]):
                return None
            plain = jets.field(name)
            if len(along) == 2:
                inner = jets.along(plain, along[1] + skip)
                fluxes[along[0]][inner] = fluxes[along[0]].get(inner, 0) + factor
                factor = -jets.total(factor, along[0] + skip)
            lower[along[-1]][plain] = lower[along[-1]].get(plain, 0) + factor
        for k, one in enumerate(lower):
            for plain, factor in one.items():
                fluxes[k][plain] = fluxes[k].get(plain, 0) + factor
                name = jets.meanings[plain][0]
                rest[name] = rest.get(name, 0) + jets.total(factor, k + skip)
    except Misread:
        return None
    places = inside(system, CHECKED)
    for left in rest.values():
        if np.abs(_numbers(left, states, places)).max() > SPANNED:
            return None
    return fluxes


def _passing(
    system: System, axis: Interval, side: Side, flux: Flux, states: States, share: float, finer: bool
) -> tuple[complex, float] | None:
    """The integral over a side of the flux along its axis, by what the conditions there say of it, and its size; None where they say too little."""
    if not flux:
        return 0.0, 0.0
    jets = system.jets
    linear = [
        one.residual
        for one in system.at(axis.name, side)
        if one.kind != "open" and not any(jets.among(partial(one.residual, jet)) for jet in jets.among(one.residual))
    ]
    symbols = sorted(
        {*flux, *(jet for residual in linear for jet in jets.among(residual))}, key=lambda s: jets.meanings[s]
    )
    places, weights = quadrature(system, {axis.name: axis.end(side)}, share, finer=finer)
    asked = np.stack([_numbers(flux.get(s, sp.S.Zero), states, places) for s in symbols], axis=-1)
    if not np.abs(asked).max(initial=0.0):
        return 0.0, 0.0
    if not linear:
        return None
    given = np.stack(
        [np.stack([_numbers(partial(one, s), states, places) for s in symbols], axis=-1) for one in linear], axis=-2
    )
    right = np.stack(
        [_numbers(one.xreplace(dict.fromkeys(jets.among(one), sp.S.Zero)), states, places) for one in linear], axis=-1
    )
    if not (np.isfinite(given).all() and np.isfinite(asked).all() and np.isfinite(right).all()):
        return None
    shares = np.einsum("pk,pkr->pr", asked, np.linalg.pinv(given))
    if np.abs(np.einsum("pr,prk->pk", shares, given) - asked).max() > SPANNED * np.abs(asked).max():
        return None
    passing = -(shares * right).sum(axis=-1)
    return complex((passing * weights).sum()), float((np.abs(passing) * weights).sum())


def _numbers(expression: Any, states: States, places: Mapping[str, np.ndarray]) -> np.ndarray:
    shape = np.shape(next(iter(places.values())))
    values = np.asarray(evaluate(expression, states.values([sp.sympify(expression)], places)))
    return np.broadcast_to(values, shape)
