"""Whether fields satisfy an equation: its balances evaluated on arrays, derivatives by Fourier or by finite differences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldsmith.equations.equation import Axis, Equation

RIM = 3
"""Points near an end that is not periodic, and frames at both ends, whose differences are one-sided and are not looked at."""


@dataclass(frozen=True)
class Residual:
    """How far the two sides of a balance are apart, relative to the sizes of all its terms: 0 where it holds.

    `factors` are what the terms have to be multiplied by to come closest, by their texts, and `closest` how far the sides are
    apart then.
    """

    quantity: str
    size: float
    factors: Mapping[str, float]
    closest: float


class Fields:
    """An equation's unknowns, coefficients and numbers on a grid: [batch, time, *points], [batch, 1, *points], floats."""

    def __init__(self, equation: Equation, arrays: Mapping[str, Any], times: np.ndarray | None) -> None:
        from fieldsmith.equations.analysis import Analysis

        self.analysis = Analysis(equation)
        self.equation, self.times = equation, times
        space = len(equation.axes)
        points = arrays[equation.unknowns[0]].shape[-space:]
        self.values: dict[Any, Any] = {
            symbol: arrays[name] for name, symbol in self.analysis.scope.items() if name in arrays
        }
        for n, (axis, symbol) in enumerate(zip(equation.axes, self.analysis.coordinates, strict=True)):
            first, h = axis.grid(points[n])
            shape = [1] * (2 + space)
            shape[2 + n] = points[n]
            self.values[symbol] = (first + h * np.arange(points[n])).reshape(shape)
        if times is not None:
            self.values[self.analysis.time] = times.reshape(-1, *[1] * space)

    def residuals(self) -> list[Residual]:
        """One for each balance."""
        found = []
        for balance, (rate, terms) in zip(self.equation.balances, self._sides(), strict=True):
            arrays = [rate, *terms.values()]
            size = sum(float(np.linalg.norm(values)) for values in arrays) or 1.0
            off = float(np.linalg.norm(arrays[0] - sum(arrays[1:])))
            factors = _closest(arrays[0], arrays[1:]) if balance.quantity else [1.0] * len(terms)
            fitted = sum((factor * term for factor, term in zip(factors, arrays[1:], strict=True)), np.zeros(1))
            closest = float(np.linalg.norm(arrays[0] - fitted)) / size
            found.append(Residual(balance.quantity, off / size, dict(zip(terms, factors, strict=True)), closest))
        return found

    def imbalances(self) -> list[np.ndarray]:
        """The left side of each balance less the right one [batch, time, *points], without the rims."""
        return [np.asarray(rate - sum(terms.values())) for rate, terms in self._sides()]

    def _sides(self) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
        """The rate and the terms, by their texts, of each balance."""
        import sympy as sp

        for balance, quantity, rhs in zip(
            self.equation.balances, self.analysis.quantities, self.analysis.right_hand_sides, strict=True
        ):
            terms = sp.Add.make_args(sp.expand(rhs, deep=False))
            rate = self._rate(quantity) if balance.quantity else 0.0
            yield self._inner(rate), {self._text(term): self._inner(self._value(term)) for term in terms}

    def _shape(self) -> tuple[int, ...]:
        return self.values[self.analysis.unknowns[0]].shape

    def _value(self, expression: Any) -> np.ndarray:
        """The expression on the grid, derivatives from the inside out."""
        import sympy as sp

        from fieldsmith.equations.expressions import D

        if isinstance(expression, D):
            return self._slope(self._value(expression.args[0]), self.analysis.coordinates.index(expression.args[1]))
        marks = {atom: sp.Dummy() for atom in expression.atoms(D)}  # xreplace takes the outermost first
        plain = expression.xreplace(marks)
        known = {**self.values, **{mark: atom for atom, mark in marks.items() if plain.has(mark)}}
        symbols = sorted(plain.free_symbols, key=str)
        function = sp.lambdify(symbols, plain, "numpy")
        given = [self._value(known[s]) if isinstance(known[s], sp.Basic) else known[s] for s in symbols]
        return np.broadcast_to(np.asarray(function(*given), float), self._shape())

    def _slope(self, values: np.ndarray, n: int) -> np.ndarray:
        axis = self.equation.axes[n]
        place = n - len(self.equation.axes)
        return _derivative(values, axis, place)

    def _rate(self, quantity: Any) -> np.ndarray:
        """d/dt of a quantity by differences of fourth order over equal intervals."""
        assert self.times is not None
        values, dt = self._value(quantity), float(self.times[1] - self.times[0])
        rate = np.zeros_like(values)
        rate[:, 2:-2] = (8.0 * (values[:, 3:-1] - values[:, 1:-3]) - (values[:, 4:] - values[:, :-4])) / (12.0 * dt)
        return rate

    def _inner(self, values: Any) -> np.ndarray:
        whole = np.broadcast_to(values, self._shape())
        frames = slice(None) if self.times is None else slice(RIM, -RIM)
        inside = (slice(None) if axis.periodic else slice(RIM, -RIM) for axis in self.equation.axes)
        return whole[(slice(None), frames, *inside)]

    def _text(self, term: Any) -> str:
        from fieldsmith.equations import names

        return names.original(str(term)).replace("D(", "d(")


def _derivative(values: np.ndarray, axis: Axis, place: int) -> np.ndarray:
    n = values.shape[place]
    if not axis.periodic:
        return np.gradient(values, axis.grid(n)[1], axis=place, edge_order=2)
    k = 2.0 * np.pi * np.fft.rfftfreq(n, axis.length / n)
    if n % 2 == 0:
        k[-1] = 0.0
    k = k.reshape(-1, *[1] * (-place - 1))
    return np.fft.irfft(1j * k * np.fft.rfft(values, axis=place), n, axis=place)


def _closest(rate: np.ndarray, terms: Sequence[np.ndarray]) -> list[float]:
    """Factors of the terms whose sum comes closest to the rate."""
    matrix = np.stack([term.ravel() for term in terms], axis=1)
    sizes = np.linalg.norm(matrix, axis=0)
    sizes[sizes == 0.0] = 1.0
    factors = np.linalg.lstsq(matrix / sizes, rate.ravel(), rcond=1e-8)[0] / sizes
    return [float(factor) for factor in factors]
