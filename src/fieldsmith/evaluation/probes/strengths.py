"""How strongly each term of an equation acts in what a program computes, told without any reference.

The equation's balances hold between a program's own frames: q(t_4) - q(t_1) = sum over terms of c times the integral of the
term, every c being 1 where the program solves the equation. Derivatives are taken by Fourier transforms of smooth fields in a
periodic box and integrals by Simpson's 3/8 rule; the c are found by least squares. A change of the unknowns along each axis
and a diffusion that the equation does not have stand beside its terms, with a c that ought to be 0: schemes bring them.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from fieldsmith.equations import names
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.expressions import D, Expression, Unsuited, derivative, field_and_axes
from fieldsmith.equations.printing import derivative_name, python_code

FRAMES = 5
"""Frames that are asked for: the first is the initial state, from which the second departs as the program starts."""
SIMPSON = (3.0 / 8.0, 9.0 / 8.0, 9.0 / 8.0, 3.0 / 8.0)
FIRST_STEP = (9.0 / 24.0, 19.0 / 24.0, -5.0 / 24.0, 1.0 / 24.0)
"""Weights of frames 0 to 3 for the integral over the first interval (Adams-Moulton, fourth order)."""
ALIKE = 1e-3
"""The smallest singular value of the terms, in units of the largest, below which their strengths cannot be told apart."""

Fields = Mapping[str, np.ndarray]
"""Values [..., *points] of unknowns, coefficients, coordinates and the time, by their symbols' names."""

Code = tuple[list[tuple[str, Expression, int]], list[str], Callable[..., Any]]
"""An expression to be evaluated: its outermost derivatives (name, of what, along which axis), what else it needs, the rest."""


@dataclass(frozen=True)
class Term:
    """A summand of a balance: its text, how often it differentiates, the written term it comes from, and the c of a right program."""

    text: str
    expression: Expression
    order: int
    written: str
    due: float = 1.0


@dataclass(frozen=True)
class Strengths:
    """What the terms of one balance were found to act with.

    `shares` are their sizes in units of the change, `misfit` is the part of the change that they do not explain, `pace` the size of the change in units
    of what the equation makes of the same frames; `start` what the first frame departs by beyond them,
    [batch, *points]; `columns` [:, terms] and `change` what the fit was made of, every sample in units of its change.
    """

    terms: tuple[Term, ...]
    values: tuple[float, ...]
    shares: tuple[float, ...]
    misfit: float
    pace: float
    start: np.ndarray
    columns: np.ndarray
    change: np.ndarray


def terms_of(analysis: Analysis) -> tuple[tuple[tuple[Term, ...], ...], ...]:
    """The terms of each balance in three ways: taken apart and with what schemes bring, as written and with it, as written."""
    ways = []
    for side, unknown in zip(analysis.right_hand_sides, analysis.unknowns, strict=True):
        brought = tuple(_brought(analysis, side, unknown))
        written = tuple(Term(text_of(part), part, _order(part), text_of(part)) for part in sp.Add.make_args(side))
        ways.append(((*_apart(side), *brought), (*written, *brought), written))
    return tuple(ways)


def _apart(side: Expression) -> Iterator[Term]:
    for written in sp.Add.make_args(side):
        for part in sp.Add.make_args(sp.expand(written)):
            yield Term(text_of(part), part, _order(part), text_of(written))


def _brought(analysis: Analysis, side: Expression, unknown: sp.Symbol) -> Iterator[Term]:
    present = {part.as_independent(*analysis.varying, D)[1] for part in sp.Add.make_args(sp.expand(side))}
    for order in (1, 2):
        for axis in analysis.coordinates:
            extra = derivative(unknown, *[axis] * order)
            if extra not in present:
                yield Term(text_of(extra), extra, order, "", 0.0)


def _order(expression: Expression) -> int:
    """How many derivatives are nested in it at most."""
    inner = max((_order(argument) for argument in expression.args), default=0)
    return inner + isinstance(expression, D)


def text_of(expression: Expression) -> str:
    """A term for people: u_xx for a derivative of a single field, d(f, x) for another."""
    fields = {
        atom: sp.Symbol(derivative_name(*field_and_axes(atom)))
        for atom in expression.atoms(D)
        if isinstance(field_and_axes(atom)[0], sp.Symbol)
    }
    return names.original(python_code(expression.xreplace(fields))).replace("D(", "d(").replace("Abs(", "abs(")


class Terms:
    """The terms of an equation in a periodic box, as functions of fields; of `free` too, a number that is given with them."""

    def __init__(self, analysis: Analysis, free: sp.Symbol | None = None) -> None:
        self.analysis = analysis
        self._numbers = {symbol: value for symbol, value in analysis.numbers.items() if symbol != free}
        self._lengths = [axis.length for axis in analysis.equation.axes]
        self._code: dict[Expression, Code] = {}

    @cached_property
    def balances(self) -> tuple[tuple[tuple[Term, ...], ...], ...]:
        return terms_of(self.analysis)

    def values(self, expression: Expression, fields: Fields) -> np.ndarray:
        """An expression's values, derivatives by Fourier transforms along the last axes, those of the box.

        Raises Unsuited for one that cannot be evaluated.
        """
        if expression not in self._code:
            self._code[expression] = self._compiled(expression)
        slopes, used, function = self._code[expression]
        given = {**fields, **{name: self.slope(self.values(inner, fields), axis) for name, inner, axis in slopes}}
        shape = np.broadcast_shapes(*map(np.shape, fields.values()))
        try:
            values = function(*(given[name] for name in used))
        except (NameError, TypeError, AttributeError) as error:  # functions that NumPy and SciPy do not have
            raise Unsuited(f"{text_of(expression)} cannot be evaluated: {error}.") from error
        return np.broadcast_to(np.asarray(values, float), shape)

    def _compiled(self, expression: Expression) -> "Code":
        marks = {atom: sp.Dummy() for atom in _outermost(expression)}
        slopes = [
            (str(mark), atom.args[0], self.analysis.coordinates.index(atom.args[1])) for atom, mark in marks.items()
        ]
        plain = expression.xreplace({**self._numbers, **marks})
        used = sorted(plain.free_symbols, key=str)
        return slopes, [str(symbol) for symbol in used], sp.lambdify(used, plain, ["numpy", "scipy"])

    def slope(self, values: np.ndarray, axis: int) -> np.ndarray:
        place = axis - len(self._lengths)
        points = values.shape[place]
        k = 2.0 * np.pi * np.fft.rfftfreq(points, self._lengths[axis] / points)
        k[-1] *= points % 2
        spectrum = np.fft.rfft(values, axis=place) * 1j * k.reshape(-1, *[1] * (-place - 1))
        return np.fft.irfft(spectrum, points, axis=place)

    def roughness(self, values: np.ndarray) -> np.ndarray:
        """Every wave times the size of its wave number, in a periodic box along the last axes."""
        axes = tuple(range(-len(self._lengths), 0))
        squares = np.zeros(())
        for axis, length in zip(axes, self._lengths, strict=True):
            points = values.shape[axis]
            k = 2.0 * np.pi * np.fft.fftfreq(points, length / points)
            squares = squares + k.reshape(-1, *[1] * (-axis - 1)) ** 2
        return np.fft.ifftn(np.fft.fftn(values, axes=axes) * np.sqrt(squares), axes=axes).real

    def rate(self, balance: int, fields: Fields) -> np.ndarray:
        """What the equation itself makes of the fields."""
        return self.values(self.analysis.right_hand_sides[balance], fields)

    def strengths(self, balance: int, frames: Sequence[Fields], interval: float) -> Strengths | None:
        """From `FRAMES` frames at equal intervals, of terms as far apart as can be told; None where they cannot be told."""
        ways = (self._found(balance, terms, frames, interval) for terms in self.balances[balance])
        return next((found for found in ways if found is not None), None)

    def _found(
        self, balance: int, terms: tuple[Term, ...], frames: Sequence[Fields], interval: float
    ) -> Strengths | None:
        quantity = self.analysis.quantities[balance]
        states = [self.values(quantity, fields) for fields in frames]
        parts = [np.stack([self.values(term.expression, fields) for fields in frames]) for term in terms]
        change = states[4] - states[1]
        integrals = [interval * np.tensordot(SIMPSON, part[1:], axes=1) for part in parts]
        weights = weights_of(change, states[0])
        columns = np.stack([(weights * part).ravel() for part in integrals], axis=1)
        sizes = np.linalg.norm(columns, axis=0)
        if not (np.isfinite(columns).all() and np.isfinite(change).all() and (sizes > 0.0).all()):
            return None
        found, _, _, singular = np.linalg.lstsq(columns / sizes, (weights * change).ravel(), rcond=None)
        if singular[-1] < ALIKE * singular[0]:
            return None
        values = found / sizes
        rest = weights * (change - sum(v * part for v, part in zip(values, integrals, strict=True)))
        first = [interval * np.tensordot(FIRST_STEP, part[:4], axes=1) for part in parts]
        start = states[1] - states[0] - sum(v * part for v, part in zip(values, first, strict=True))
        size = max(float(np.linalg.norm(weights * change)), 1e-12)
        shares = tuple(float(one) / size for one in sizes)
        due = np.sum(np.stack([t.due * part for t, part in zip(terms, integrals, strict=True)]), axis=0)
        pace = size / max(float(np.linalg.norm(weights * due)), 1e-12)
        misfit = float(np.linalg.norm(rest)) / size
        return Strengths(
            terms, tuple(map(float, values)), shares, misfit, pace, start, columns, (weights * change).ravel()
        )


def _outermost(expression: Expression) -> Iterator[Expression]:
    """Derivatives that stand in no other one."""
    if isinstance(expression, D):
        yield expression
    else:
        for argument in expression.args:
            yield from _outermost(argument)


def weights_of(change: np.ndarray, state: np.ndarray) -> np.ndarray:
    """With which every sample's change counts alike, [batch, 1 ...]."""
    return 1.0 / (_norms(change) + 1e-9 * _norms(state) + 1e-300)


def _norms(values: np.ndarray) -> np.ndarray:
    """Of each sample, [batch, 1 ...]."""
    return np.sqrt(np.mean(values**2, axis=tuple(range(1, values.ndim)), keepdims=True))
