"""Rates split into what Fourier modes take exactly, a part that is linear with constant coefficients, and the rest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from fieldsmith.equations.expressions import D, Expression
from fieldsmith.equations.symbols import Symbols

Counts = tuple[int, ...]
"""How often a field is differentiated along each axis."""


@dataclass(frozen=True)
class Terms:
    """What changes one unknown.

    `linear` maps counts of derivatives to the constant coefficient of that derivative of the unknown, `coupling` maps another
    unknown and counts to that of the other's derivative; `fluxes` maps counts to an expression whose derivative is added.
    """

    linear: Mapping[Counts, Expression]
    coupling: Mapping[tuple[sp.Symbol, Counts], Expression]
    fluxes: Mapping[Counts, Expression]

    @property
    def apart(self) -> "Terms":
        """The same with the coupling among the fluxes."""
        fluxes = dict(self.fluxes)
        for (other, counts), coefficient in self.coupling.items():
            fluxes[counts] = fluxes.get(counts, sp.Integer(0)) + coefficient * other
        return Terms(self.linear, {}, fluxes)


def split(symbols: Symbols, expression: Expression, unknown: sp.Symbol) -> Terms:
    """A rate of that unknown, or what stands inside a derivative in it, split."""
    linear: dict[Counts, Expression] = {}
    coupling: dict[tuple[sp.Symbol, Counts], Expression] = {}
    fluxes: dict[Counts, Expression] = {}
    flat = (0,) * symbols.dimensions

    def add(terms: dict[Any, Expression], key: Any, value: Expression) -> None:
        terms[key] = terms.get(key, sp.Integer(0)) + value

    for term in sp.Add.make_args(sp.expand(expression)):
        factor, rest = term.as_independent(*symbols.varying, D)
        if rest == unknown:
            add(linear, flat, factor)
        elif rest in symbols.unknowns:
            add(coupling, (rest, flat), factor)
        elif isinstance(rest, D):
            inner, axis = split(symbols, rest.args[0], unknown), symbols.coordinates.index(rest.args[1])
            for counts, coefficient in inner.linear.items():
                add(linear, further(counts, axis), factor * coefficient)
            for (other, counts), coefficient in inner.coupling.items():
                add(coupling, (other, further(counts, axis)), factor * coefficient)
            for counts, flux in inner.fluxes.items():
                add(fluxes, further(counts, axis), factor * flux)
        else:
            add(fluxes, flat, term)
    return Terms(linear, coupling, {n: symbols.chain(flux) for n, flux in fluxes.items() if flux != 0})


def further(counts: Counts, axis: int) -> Counts:
    """Counts after one more derivative along that axis."""
    return tuple(n + (k == axis) for k, n in enumerate(counts))


def along(coordinates: Iterable[Expression], counts: Counts) -> tuple[Expression, ...]:
    """The axes of a chain of derivatives, one after the other."""
    return tuple(axis for axis, n in zip(coordinates, counts, strict=True) for _ in range(n))
