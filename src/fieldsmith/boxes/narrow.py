"""What is short in the data of a problem, in time and along each axis: sources, factors, conditions, coefficients and initial values.

Every integrator steps over a pulse that lies between its steps, and every grid overlooks what lies between its points, with no error to be seen. So
explicit dependences on time and place are looked at finely before: `stops` are times that programs step to, `overlooked` says which points are too far apart.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import sympy as sp

from fieldsmith.boxes.panels import Function, Panels, panels
from fieldsmith.problems import functions as own
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.states import parameter_cases
from fieldsmith.problems.system import Interval, System

ALONE, MIXED = 200_000, 8_000
"""Points in time of what depends on nothing else, and of what depends on the place too."""
LINE = {1: 20_000, 2: 1_200, 3: 400}
"""Points along an axis, by dimensions."""
ROWS = {1: 129, 2: 600, 3: 24}
"""Places along each other axis, by dimensions."""
LOOKED_AT = 24
"""Lines with something on them that are looked at closely."""
SHARE = 0.35
"""Of the time that may be full of panels about as short as the shortest: beyond it is no pulse, and steps are short all the time."""
ALIKE = 8.0
"""Panels are about as short as the shortest up to so many times its length."""
ACROSS = 4
"""Steps of a short panel at least."""
FEW, MOST, MOST_STOPS = 200, 800, 4000
"""Jumps of a signal that are stepped to, stops by a signal, stops where a parameter of the call moves what is short."""
KNOWN_ZEROS = 64
NEAR, NEARING = 1e-3, 0.24
"""Part of an axis at a pole that is not looked at; length of a panel beside its distance from the pole from which on it is short for that alone."""
SEEN, RESOLVED = 0.501, 0.15
"""Distance of points by the length of a short panel among them: at most, so that they see it, and to begin with where points cost little."""
MOST_POINTS = 100_000


@dataclass(frozen=True)
class Narrow:
    """Along each axis the ends [n, 2] of panels in which something given changes as much as elsewhere over the whole axis."""

    panels: Mapping[str, np.ndarray]

    def length(self, axis: str) -> float:
        """The shortest; infinite where nothing is short."""
        return float(np.diff(self.panels[axis]).min(initial=np.inf))

    def even(self, axis: Interval) -> int:
        """Intervals of one length that resolve it so far that finer ones converge; 0 where nothing is narrow."""
        return int(np.ceil(axis.length / (RESOLVED * self.length(axis.name))))

    def clustered(self, axis: Interval) -> int:
        """Chebyshev points that see everything; 0 where nothing is narrow."""
        count = 8 if len(self.panels[axis.name]) else 0
        while count and count < MOST_POINTS and self.unseen(axis.name, chebyshev(axis, count)):
            count = int(1.1 * count) + 1
        return count

    def unseen(self, axis: str, points: np.ndarray) -> float:
        """The shortest length that ascending points are too far apart to see, 0 where they see all."""
        ends = self.panels[axis]
        if not len(ends) or len(points) < 2:
            return 0.0
        place = np.clip(np.searchsorted(points, ends.mean(axis=1)), 1, len(points) - 1)
        missed = np.diff(points)[place - 1] > SEEN * np.diff(ends)[:, 0]
        return float(np.diff(ends)[missed].min(initial=np.inf)) if missed.any() else 0.0


def chebyshev(axis: Interval, count: int) -> np.ndarray:
    """Chebyshev points of the second kind, ascending."""
    return axis.low + axis.length * np.sin(np.pi * np.arange(count) / (2 * (count - 1))) ** 2


def stops(system: System) -> tuple[float, ...]:
    """Times that a program has to step to, ascending: through what is short in time, and to both sides of jumps. Empty where nothing is short."""
    if system.time is None:
        return ()
    time, symbol = system.time, system.symbols[system.time.name]
    found: list[float] = []
    ranged = {system.symbols[p.name] for p in system.parameters if p.low is not None or p.high is not None}
    for signal in _signals(system, symbol, initial=False):
        moves, finest = False, np.inf
        for case in parameter_cases(system) if signal.free_symbols & ranged else [{}]:
            short = _in_time(system, signal, case)
            chosen = _chosen(short, time.length)
            found += chosen
            if chosen:
                moves |= bool(signal.free_symbols & ranged)
                finest = min(finest, short.shortest, time.length / 64)
        if moves:  # a parameter of the call may put it anywhere
            found += np.linspace(time.low, time.high, int(min(time.length / finest, MOST_STOPS)) + 1).tolist()
    inner = sorted({one for one in found if time.low < one < time.high})
    return tuple(_thinned(inner, time.length))


def narrow(system: System) -> Narrow:
    """Panels along each axis in which something that is given is narrow."""
    found = {}
    for axis in system.axes:
        parts = [np.empty((0, 2))]
        for signal in _signals(system, system.symbols[axis.name], initial=True):
            for case in parameter_cases(system):
                parts.append(_along(system, axis, signal, case))
        found[axis.name] = np.concatenate(parts)
    return Narrow(found)


def _chosen(short: Panels, length: float) -> list[float]:
    """Ends of parts of short panels, and sides of jumps; of a signal that is as short all the time jumps alone, if they are few."""
    widths = np.diff(short.short)[:, 0]
    shares = np.linspace(0, 1, ACROSS + 1)
    found = short.jumps.ravel() if len(short.jumps) <= FEW else np.empty(0)
    if widths[widths <= ALIKE * short.shortest].sum() <= SHARE * length:
        found = np.concatenate([found, (short.short[:, :1] + widths[:, None] * shares).ravel()])
    found = np.unique(found)
    return found[np.linspace(0, len(found) - 1, min(len(found), MOST)).astype(int)].tolist()


def _thinned(times: Sequence[float], length: float) -> Iterator[float]:
    last = -np.inf
    for one in times:
        if one - last > 1e-12 * length:
            yield one
            last = one


def _signals(system: System, symbol: sp.Symbol, *, initial: bool) -> Iterator[Any]:
    """Parts of what is given that depend on a coordinate by themselves: functions of it alone as far as they can be told apart."""
    whole = [one.residual for one in (*system.laws, *system.conditions)]
    given = [*system.coefficients, *(system.initial.values() if initial else ())]
    whole += [one.expression for one in given if one.expression is not None]
    others = set(system.jets.meanings) | {system.symbols[name] for name in system.coordinates}
    met: set[Any] = set()
    for expression in whole:
        for signal in _parts(sp.sympify(expression), symbol, others - {symbol}):
            if signal not in met and signal != symbol:
                met.add(signal)
                yield signal


def _parts(node: Any, symbol: sp.Symbol, others: set[Any]) -> Iterator[Any]:
    if symbol not in node.free_symbols:
        return
    if not node.free_symbols & others and not node.is_Add:
        yield node
    elif node.is_Add:
        for part in node.args:
            yield from _parts(part, symbol, others)
    elif node.is_Mul:
        alone = [part for part in node.args if symbol in part.free_symbols and not part.free_symbols & others]
        if alone:
            yield sp.Mul(*alone)
        for part in node.args:
            if part.free_symbols & others:
                yield from _parts(part, symbol, others)
    else:
        yield node


def _in_time(system: System, signal: Any, case: Mapping[str, float]) -> Panels:
    time = system.time
    assert time is not None
    symbol, fixed = system.symbols[time.name], _numbers(system, case)
    rest = signal.free_symbols - fixed.keys() - {symbol}
    values: dict[Any, Any] = dict(fixed)
    dimensions = len(system.axes)
    if rest:
        lines = [np.linspace(a.low, a.high, {1: 129, 2: 9, 3: 4}[dimensions]) for a in system.axes]
        values |= _rows(system, lines, rest)
    zeros = _zeros(signal, symbol, time, fixed)
    return panels(_function(signal, symbol, values), time.low, time.high, MIXED if rest else ALONE, zeros)


def _along(system: System, axis: Interval, signal: Any, case: Mapping[str, float]) -> np.ndarray:
    """Panels of the line that is in the middle of all by its shortest one, of lines with something on them."""
    symbol, fixed = system.symbols[axis.name], _numbers(system, case)
    rest = signal.free_symbols - fixed.keys() - {symbol}
    dimensions, zeros = len(system.axes), _zeros(signal, symbol, axis, fixed)
    if not rest:
        return _short(_function(signal, symbol, fixed), axis, LINE[1], zeros)
    lines, moments = [], np.empty(0)
    for other in system.axes:
        along = system.symbols[other.name]
        count = ROWS[dimensions] if other is not axis and along in rest else 1
        special = _zeros(signal, along, other, fixed) if count > 1 else []
        lines.append(np.unique([*(other.low + other.length * (np.arange(count) + 0.5) / count), *special]))
    if system.time and system.symbols[system.time.name] in rest:
        moments = np.linspace(system.time.low, system.time.high, 9)
    values = dict(fixed) | _rows(system, lines, rest, moments)
    function = _function(signal, symbol, values)
    coarse = np.linspace(axis.low, axis.high, 600 if dimensions > 1 else 4000)
    seen = function(np.unique([*coarse, *(z for z in zeros if axis.low < z < axis.high)]))
    size = np.ptp(np.where(np.isfinite(seen), seen, 0.0), axis=1)
    lively = np.flatnonzero(size > 0.1 * size.max(initial=0.0))
    lively = lively[np.unique(np.linspace(0, len(lively) - 1, min(LOOKED_AT, len(lively))).astype(int))]
    found, count = [], max((len(value) for value in values.values() if np.ndim(value)), default=1)
    for row in lively % count:  # imaginary parts follow the real ones
        one = {key: value[row] if np.ndim(value) else value for key, value in values.items()}
        found.append(_short(_function(signal, symbol, one), axis, LINE[dimensions], zeros))
    found.sort(key=lambda short: np.diff(short).min(initial=np.inf))
    return found[len(found) // 2] if found else np.empty((0, 2))


def _short(function: Function, axis: Interval, count: int, zeros: Sequence[float]) -> np.ndarray:
    """Short panels of a function along an axis, but not those that close in on an end with a pole (the 1/r of cylinders and spheres): each is as short as it is near, which says nothing of a length."""
    poles = [end for end in (axis.low, axis.high) if not np.isfinite(function(np.array([end]))).all()]
    away = NEAR * axis.length
    low, high = axis.low + away * (axis.low in poles), axis.high - away * (axis.high in poles)
    short = panels(function, low, high, count, zeros).short
    for end in poles:
        short = short[np.diff(short)[:, 0] < NEARING * np.abs(short - end).max(axis=1)]
    return short


def _numbers(system: System, case: Mapping[str, float]) -> dict[Any, Any]:
    return system.values | {system.symbols[name]: value for name, value in case.items()}


def _rows(
    system: System, lines: Sequence[np.ndarray], wanted: set[Any], moments: Sequence[float] | np.ndarray = ()
) -> dict[Any, Any]:
    """Columns [rows, 1] of values for symbols: all combinations of places and moments; derivatives are drawn around 1."""
    names = [system.symbols[axis.name] for axis in system.axes]
    if system.time and len(moments):
        names, lines = [*names, system.symbols[system.time.name]], [*lines, np.asarray(moments)]
    table = np.array(list(product(*lines)))
    found: dict[Any, Any] = {name: table[:, k : k + 1] for k, name in enumerate(names) if name in wanted}
    rng = np.random.default_rng(0)
    for symbol in sorted(wanted - found.keys(), key=str):
        found[symbol] = rng.uniform(0.4, 1.6, (len(table), 1))
    return found


def _function(signal: Any, symbol: sp.Symbol, values: Mapping[Any, Any]) -> Function:
    """A signal as a function of one coordinate, [rows, points]; what is complex by its real and imaginary parts."""

    def function(points: np.ndarray) -> np.ndarray:
        found = np.atleast_2d(np.asarray(evaluate(signal, {**values, symbol: points[None]})))
        found = np.broadcast_to(found, (len(found), len(points)))
        return np.concatenate([np.real(found), np.imag(found)]) if np.iscomplexobj(found) else found

    return function


def _zeros(signal: Any, symbol: sp.Symbol, interval: Interval, values: Mapping[Any, Any]) -> list[float]:
    """Where inner expressions of a coordinate alone change their sign: peaks and switches, however short what they make is."""
    inner = set[Any]()
    for node in sp.preorder_traversal(signal):
        parts: Any = node.args
        if isinstance(node, own.Below | own.Least | own.Greatest):
            inner.add(parts[0] - parts[1])
        elif node.is_Pow or isinstance(node, sp.Function):
            inner.add(parts[0])
    points, found = np.linspace(interval.low, interval.high, 4001), list[float]()
    for one in sorted(inner, key=str):
        if symbol not in one.free_symbols or one.free_symbols - values.keys() - {symbol}:
            continue
        level = np.broadcast_to(np.real(evaluate(one, {**values, symbol: points})), points.shape)
        nothing = np.pad(level == 0, 1)
        found += points[nothing[1:-1] & ~nothing[:-2] & ~nothing[2:]].tolist()
        for k in np.flatnonzero(np.sign(level[:-1]) * np.sign(level[1:]) < 0)[:KNOWN_ZEROS]:
            a, b, rising = points[k], points[k + 1], level[k] < 0
            for _ in range(60):
                middle = (a + b) / 2
                below = float(np.real(evaluate(one, {**values, symbol: middle}))) < 0
                a, b = (middle, b) if below == rising else (a, middle)
            found.append(float(b))
    return sorted(set(found))[: 4 * KNOWN_ZEROS]
