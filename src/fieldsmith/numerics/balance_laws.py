"""Equations in conservation form: fluxes, viscous fluxes, sources, and whether they are those of an ideal gas."""

from dataclasses import dataclass
from functools import lru_cache

import sympy as sp

from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.conservation import parts
from fieldsmith.equations.expressions import D, Expression, Unsuited

KEPT = 8
"""Equations whose forms are remembered: every variant of the finite volumes asks for them."""


@dataclass(frozen=True)
class BalanceLaw:
    """dq/dt = -dF(w)/dx + dG(w, w_x)/dx + S(w), each of x and t too; `inverse` gives the unknowns w from the quantities q."""

    fluxes: tuple[Expression, ...]
    viscous: tuple[Expression, ...]
    sources: tuple[Expression, ...]
    inverse: tuple[Expression, ...]

    @property
    def everything(self) -> tuple[Expression, ...]:
        return (*self.fluxes, *self.viscous, *self.sources)


@dataclass(frozen=True)
class Gas:
    """Names of velocity, density and pressure, and the ratio of specific heats, where the law is that of an ideal gas."""

    velocity: str
    density: str
    pressure: str
    gamma: Expression


@lru_cache(maxsize=KEPT)
def balance_law(analysis: Analysis) -> BalanceLaw:
    """The equation in conservation form. Raises Unsuited where it is not one or has derivatives of higher order."""
    fluxes, viscous, sources = [], [], []
    for side in analysis.right_hand_sides:
        flux, diffusive, source = sp.Integer(0), sp.Integer(0), sp.Integer(0)
        for part in parts(analysis, side):
            if part.factor.has(D) or (part.flux is not None and part.factor.has(*analysis.varying)):
                raise Unsuited("A derivative has a variable factor in front: this is not a conservation form.")
            if part.flux is None:
                source += part.factor
            elif not part.flux.has(D):
                flux -= part.term
            elif any(atom.args[0] not in analysis.unknowns for atom in part.flux.atoms(D)):
                raise Unsuited("There are derivatives above the second order.")
            else:
                for inner in sp.Add.make_args(sp.expand(part.flux)):
                    if inner.has(D):
                        diffusive += part.factor * inner
                    else:
                        flux -= part.factor * inner
        fluxes.append(flux)
        viscous.append(diffusive)
        sources.append(source)
    return BalanceLaw(tuple(fluxes), tuple(viscous), tuple(sources), _inverse(analysis))


def _inverse(analysis: Analysis) -> tuple[Expression, ...]:
    if any(q.has(*analysis.coordinates) for q in analysis.quantities):
        raise Unsuited("What is balanced depends on the place by itself.")
    quantities = [sp.Symbol(f"q{n}", real=True) for n in range(len(analysis.quantities))]
    relations = [q - n for q, n in zip(analysis.quantities, quantities, strict=True)]
    try:
        solved = sp.solve(relations, analysis.unknowns, dict=True)
    except NotImplementedError:
        solved = []
    if len(solved) != 1:
        raise Unsuited("The balanced quantities do not give the unknowns in one way.")
    return tuple(sp.simplify(solved[0][w]) for w in analysis.unknowns)


@lru_cache(maxsize=KEPT)
def ideal_gas(analysis: Analysis, law: BalanceLaw) -> Gas | None:
    """Whether the fluxes are those of an ideal gas, and which unknown is which."""
    if len(analysis.unknowns) != 3 or len(analysis.positive) != 2:
        return None
    by_name = {w.name: w for w in analysis.unknowns}
    velocity = next(w for w in analysis.unknowns if w.name not in analysis.positive)
    for first in analysis.positive:
        density = by_name[first]
        pressure = by_name[next(n for n in analysis.positive if n != first)]
        if density not in analysis.quantities or density * velocity not in analysis.quantities:
            continue
        internal = [sp.expand(q - density * velocity**2 / 2) for q in analysis.quantities]
        energies = [n for n, e in enumerate(internal) if e.free_symbols & {pressure} and not e.has(density, velocity)]
        if len(energies) != 1:
            continue
        n = energies[0]
        gamma = sp.simplify(1 + pressure / internal[n])
        wanted = {density: density * velocity, density * velocity: density * velocity**2 + pressure}
        energy = analysis.quantities[n]
        wanted[energy] = (energy + pressure) * velocity
        same = (sp.simplify(f - wanted[q]) == 0 for f, q in zip(law.fluxes, analysis.quantities, strict=True))
        if not gamma.free_symbols & set(analysis.varying) and all(same):
            return Gas(velocity.name, density.name, pressure.name, gamma)
    return None
