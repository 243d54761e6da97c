"""The part of the rates that no Fourier symbol holds, in one dimension: what is left to explicit steps."""

from collections.abc import Mapping
from functools import cached_property

import sympy as sp

from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.expressions import Expression
from fieldsmith.equations.terms import Counts


class Remainder:
    """What `analysis.terms` has besides its symbols, by how the rates change with it."""

    def __init__(self, analysis: Analysis) -> None:
        self.analysis = analysis
        self._all = range(len(analysis.unknowns))

    def _slope(self, i: int, j: int, counts: Counts) -> Expression:
        """How rate i changes with that derivative of unknown j by terms that no symbol holds."""
        terms = self.analysis.terms[i]
        held = terms.linear.get(counts) if i == j else terms.coupling.get((self.analysis.unknowns[j], counts))
        return sp.expand(self.analysis.slope(i, j, counts) - (held or sp.Integer(0)))

    @cached_property
    def diffusion(self) -> tuple[Expression, ...]:
        """Coefficient of each unknown's own second derivative."""
        return tuple(self.analysis.defined(self._slope(i, i, (2,))) for i in self._all)

    @cached_property
    def reaction(self) -> tuple[Expression, ...]:
        """How fast each unknown changes with itself in place."""
        return tuple(self.analysis.defined(self._slope(i, i, self.analysis.flat)) for i in self._all)

    def majorized(self, i: int) -> bool:
        """Whether unknown i has a variable diffusion, of which a constant part can be taken exactly."""
        return not self.analysis.coupled and self.diffusion[i] != 0

    @cached_property
    def majorizes(self) -> bool:
        return any(map(self.majorized, self._all))

    @cached_property
    def stiffness(self) -> Mapping[tuple[int, int], Mapping[int, Expression]]:
        """By (i, j) and n >= 2, how rate i changes with d^n(unknown j)/dx^n.

        An unknown's own diffusion is left out as far as `diffusion` has it, unless there is a matrix of symbols.
        """
        found: dict[tuple[int, int], dict[int, Expression]] = {}
        for i, j, counts in self.analysis.slopes:
            order = sum(counts)
            if order < 2:
                continue
            slope = self._slope(i, j, counts)
            if order == 2 and i == j and not self.analysis.coupled:
                slope -= self.diffusion[i]
            slope = sp.simplify(self.analysis.unmarked(slope))
            if slope != 0:
                found.setdefault((i, j), {})[order] = slope
        return found
