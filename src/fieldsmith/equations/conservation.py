"""The form that an equation is written in: divergences of fluxes, sources, and derivatives with a varying factor in front."""

from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp

from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.expressions import D, Expression


@dataclass(frozen=True)
class Part:
    """A term of a right-hand side: `factor` times the derivative of `flux` along coordinate `axis`; without a flux a source.

    Where derivatives are multiplied with each other, the factor holds derivatives too.
    """

    factor: Expression
    flux: Expression | None = None
    axis: int = 0

    @property
    def term(self) -> Expression:
        """What stands there without its derivative."""
        return self.factor if self.flux is None else self.factor * self.flux


def parts(analysis: Analysis, side: Expression) -> Iterator[Part]:
    """The terms of a right-hand side, expanded."""
    for term in sp.Add.make_args(sp.expand(side)):
        atoms = term.atoms(D)
        outer = [atom for atom in atoms if not any(atom != other and other.has(atom) for other in atoms)]
        derivative = next((factor for factor in sp.Mul.make_args(term) if factor in outer), None)
        if derivative is None:
            yield Part(term)
        else:
            flux, axis = derivative.args
            yield Part(term / derivative, flux, analysis.coordinates.index(axis))


def conservative(analysis: Analysis) -> bool:
    """Whether each balance is a sum of divergences, so that only fluxes through faces change totals."""
    found = [part for side in analysis.right_hand_sides for part in parts(analysis, side)]
    return all(part.flux is not None and not part.factor.has(*analysis.varying, D) for part in found)
