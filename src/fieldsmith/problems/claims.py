"""What a problem claims of its solution: that a given one is exact, that an integral stays.

An exact solution is put into equations, initial values and conditions at points drawn at random. Whether a density's integral stays is asked symbolically: its rate
of change must be a divergence, which is so if and only if its Euler operator (variational derivative) vanishes (Olver, Applications of Lie Groups to
Differential Equations, 1993); that it vanishes is tested with random numbers for all derivatives. What passes the ends is a question of numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import sympy as sp

from fieldsmith.problems import functions as own
from fieldsmith.problems.canonical import Canonical
from fieldsmith.problems.ends import places_at
from fieldsmith.problems.faults import Findings, Misread, TooLarge
from fieldsmith.problems.jets import differentiated, partial, size
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.states import States, quadrature
from fieldsmith.problems.system import Condition, System

POINTS = 160
CLOSE = 1e-7
"""Relative residual up to which an exact solution is taken for one."""
ZERO = 1e-8
NOTHING = 1e-6
"""Rate of an integral beside its terms that counts as 0."""
ALIKE = 0.05
"""Difference of rates on two sets of points, beside either, up to which they are trusted."""
MOST_NODES = 8_000
PIECES = (own.Absolute, own.Atan2, own.Below, own.Greatest, own.Heaviside, own.Least, own.Sign, own.Where)
"""Functions of pieces, whose derivatives may lack what happens between them."""
Verdict = Literal["stays", "inside", "changes", "unknown"]
"""An integral stays; changes by what passes the ends alone; changes; or cannot be told."""


@dataclass
class Claims:
    system: System
    form: Canonical
    states: States
    told: Findings
    broken: bool = False
    """Whether an initial value breaks a condition."""

    def exact(self) -> bool:
        """Whether the exact solution satisfies equations, initial values and conditions, as far as points tell."""
        system = self.system
        if not system.exact:
            return False
        before = len(self.told.found)
        rng = np.random.default_rng(5)
        places = {axis.name: rng.uniform(axis.low, axis.high, POINTS) for axis in system.axes}
        if system.time:
            places[system.time.name] = rng.uniform(system.time.low, system.time.high, POINTS)
        spot = next(iter(system.exact.values())).spot
        for k, law in enumerate(system.laws):
            if (worst := self._worst(law.residual, places)) is not None:
                where = f"equation {k + 1}, “{law.text}”" if len(system.laws) > 1 else "the equation"
                self.told.fault(
                    spot,
                    f"The exact solution does not satisfy {where}: {worst}.",
                    "Correct one of the two, or leave [exact] out.",
                )
        for condition in system.conditions:
            here = places_at(system, system.axis(condition.axis), condition.side, 24)
            if system.time:
                here[system.time.name] = rng.uniform(system.time.low, system.time.high, 24)
            if (
                condition.kind != "open"
                and (worst := self._worst(condition.residual, here, self._scale(condition))) is not None
            ):
                self.told.fault(
                    spot,
                    f"The exact solution does not satisfy the condition “{condition.text}” at {condition.axis} = {system.axis(condition.axis).end(condition.side):g}: {worst}.",
                    "Correct one of the two, or leave [exact] out.",
                )
        self._starts(places)
        return len(self.told.found) == before

    def _starts(self, places: Mapping[str, np.ndarray]) -> None:
        system = self.system
        if not system.time:
            return
        begun = {**places, system.time.name: np.full(POINTS, system.time.low)}
        for name, given in system.initial.items():
            orders = [0] * len(system.coordinates)
            base = name if name in system.exact else name.rpartition("_")[0]
            orders[0] = int(name != base)
            body, _ = self.states.body(base, tuple(orders))
            if (
                given.expression is not None
                and body is not None
                and (worst := self._worst(body - given.expression, begun)) is not None
            ):
                self.told.fault(
                    given.spot,
                    f"The exact solution does not start from the initial value of {name}: {worst}.",
                    "Correct one of the two.",
                )

    def _scale(self, condition: Condition) -> float:
        """The size of the exact solution, divided by the axis's length as often as the condition differentiates."""
        system = self.system
        rng = np.random.default_rng(6)
        places = {
            one.name: rng.uniform(one.low, one.high, POINTS)
            for one in (*system.axes, *((system.time,) if system.time else ()))
        }
        sizes = [
            np.abs(np.asarray(evaluate(g.expression, self.states.values([g.expression], places))))
            for g in system.exact.values()
        ]
        whole = max((float(np.nanmax(size)) for size in sizes), default=1.0)
        return whole / system.axis(condition.axis).length ** condition.order

    def _worst(self, residual: Any, places: Mapping[str, np.ndarray], scale: float = 0.0) -> str | None:
        """How far a residual is from 0 at the worst of points, beside its terms or `scale`; None where it is 0, and where it has no value."""
        values = self.states.values([residual], places)
        terms = sp.Add.make_args(residual)
        count = next(iter(places.values())).size
        memo: dict[Any, Any] = {}
        parts = [np.broadcast_to(np.asarray(evaluate(term, values, memo)), (count,)) for term in terms]
        total = np.abs(np.sum(parts, axis=0))
        sizes = np.sum([np.abs(part) for part in parts], axis=0)
        fine = np.isfinite(total) & np.isfinite(sizes)
        if not fine.any():
            return None
        reach = np.maximum(sizes, max(1e-3 * float(np.max(sizes[fine])), scale))
        share = np.where(fine, total / np.where(reach > 0, reach, 1), 0)
        k = int(np.argmax(share))
        if share[k] <= CLOSE:
            return None
        where = ", ".join(f"{name} = {place[k]:.4g}" for name, place in places.items())
        return f"at {where} the two sides differ by {total[k]:.3g}"

    def conserved(self, density: Any) -> Verdict:
        """Whether the integral of a density stays. Raises TooLarge."""
        jets = self.system.jets
        held = {jets.meanings[jet][0] for jet in jets.among(density)}
        if self.form.rates is None or not self.system.time or held & set(self.form.constrained):
            return "unknown"
        rate = self._rate(density)
        if not self._divergence(rate):  # what constraints say is left out, and might make it one
            return "unknown" if self.form.constraints else "changes"
        if all(axis.name in self.system.periodic for axis in self.system.axes):
            return "stays"
        return "inside"

    def _rate(self, density: Any) -> Any:
        """The rate of change of a density, with the equations put in."""
        jets = self.system.jets
        assert self.form.rates is not None
        rates: dict[sp.Symbol, Any] = {}

        def top(name: str, orders: tuple[int, ...]) -> Any:
            conjugated = name not in self.form.orders
            base = jets.partners[name] if conjugated else name
            expression = self.form.rates[base] if self.form.rates else sp.Integer(0)
            expression = jets.conjugate(expression) if conjugated else expression
            for k, n in enumerate(orders[1:], 1):
                for _ in range(n):
                    expression = jets.total(expression, k)
            return expression

        clock = jets.coordinates[0]

        def leaf(symbol: sp.Symbol) -> Any:
            if symbol == clock:
                return sp.Integer(1)
            if symbol not in jets.meanings or not jets.unknown(symbol):
                return sp.Integer(0) if symbol not in jets.meanings else jets.along(symbol, 0)
            name, orders = jets.meanings[symbol]
            base = name if name in self.form.orders else jets.partners[name]
            if symbol not in rates:
                rates[symbol] = top(name, orders) if orders[0] + 1 == self.form.orders[base] else jets.along(symbol, 0)
            return rates[symbol]

        found = differentiated(density, leaf, jets.work)
        if size(found, MOST_NODES) >= MOST_NODES:
            raise TooLarge
        return found

    def _divergence(self, expression: Any) -> bool:
        """Whether the Euler operator of an expression vanishes at random points of jet space, for every field and its rates."""
        jets = self.system.jets
        fields = {(jets.meanings[jet][0], jets.meanings[jet][1][0]) for jet in jets.among(expression)}
        return all(self._euler(expression, name, rate) for name, rate in sorted(fields))

    def _euler(self, expression: Any, name: str, rate: int) -> bool:
        jets = self.system.jets
        terms = []
        for jet in jets.among(expression):
            owner, orders = jets.meanings[jet]
            if (owner, orders[0]) != (name, rate):
                continue
            term = partial(expression, jet)
            for k, n in enumerate(orders[1:], 1):
                for _ in range(n):
                    term = jets.total(term, k)
                    if size(term, MOST_NODES) >= MOST_NODES:
                        raise TooLarge
            terms.append((-1) ** sum(orders[1:]) * term)
        symbols = sorted(set().union(*(term.free_symbols for term in terms)), key=str) if terms else []
        rng = np.random.default_rng(11)
        count = 7
        values: dict[Any, Any] = {s: rng.uniform(0.3, 1.7, count) for s in symbols}
        for axis in (*self.system.axes, *((self.system.time,) if self.system.time else ())):
            values[self.system.symbols[axis.name]] = rng.uniform(axis.low, axis.high, count)
        values |= self.system.values
        parts = [
            np.broadcast_to(np.asarray(evaluate(piece, values)), (count,))
            for term in terms
            for piece in sp.Add.make_args(term)
        ]
        if not parts:
            return True
        total, sizes = np.abs(np.sum(parts, axis=0)), np.sum([np.abs(p) for p in parts], axis=0)
        fine = np.isfinite(total) & np.isfinite(sizes)
        return bool((total[fine] <= ZERO * np.maximum(sizes[fine], 1e-300)).all())

    def at_the_start(self, density: Any) -> float | None:
        """The rate of the integral at the first time, by Gauss's quadrature, beside the integral of the size of its terms; None without initial
        expressions, where these break a condition, which then says what passes the end and not they, and where they jump: points do not see a jump pass."""
        system = self.system
        if self.broken:
            return None
        try:
            rate = self._rate(density)
        except (TooLarge, Misread):
            return None
        names = {system.jets.meanings[jet][0] for jet in system.jets.among(rate)}
        bodies = [self.states.body(name, (0,) * len(system.coordinates))[0] for name in names]
        if None in bodies or any(one.has(*PIECES) for one in (rate, *bodies)):
            return None
        found = [self._rate_at_the_start(rate, finer) for finer in (False, True)]
        coarse, fine = (one or 0.0 for one in found)
        alike = max(coarse, fine) < NOTHING or abs(coarse - fine) < ALIKE * fine
        return fine if alike and None not in found else None

    def _rate_at_the_start(self, rate: Any, finer: bool) -> float | None:
        places, weight = quadrature(self.system, finer=finer)
        values = self.states.values([rate], places)
        memo: dict[Any, Any] = {}
        terms = [
            np.broadcast_to(np.asarray(evaluate(term, values, memo)), weight.shape) for term in sp.Add.make_args(rate)
        ]
        whole = float((np.sum(np.abs(terms), axis=0) * weight).sum())
        if not np.isfinite(whole):
            return None
        return float(np.abs((np.sum(terms, axis=0) * weight).sum())) / whole if whole else 0.0
