"""Numbers for everything that an equation holds, at points of the domain: from the exact solution, the initial values, or by chance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy as sp

from fieldsmith.problems.faults import Misread, TooLarge
from fieldsmith.problems.jets import Orders
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.system import Family, Given, System

PANELS = {1: (40, 6), 2: (10, 5), 3: (5, 4)}
"""Panels of an axis and points in each for integrals, by the number of axes."""


@dataclass
class States:
    """Values of symbols at points; of a field without an expression numbers are drawn, of its size."""

    system: System
    seed: int = 0
    bodies: dict[tuple[str, Orders], Any] = field(default_factory=dict)

    def values(
        self,
        expressions: Sequence[Any],
        places: Mapping[str, np.ndarray],
        parameters: Mapping[str, float] | None = None,
        *,
        slopes: bool = True,
    ) -> dict[sp.Symbol, Any]:
        """Values of all symbols in the expressions at places by coordinate (arrays of one shape); without `slopes`
        derivatives are drawn, so that kinks of what is given play no part. Raises TooLarge."""
        system = self.system
        found: dict[sp.Symbol, Any] = dict(system.values)
        found |= {system.symbols[name]: value for name, value in (parameters or {}).items()}
        found |= {system.symbols[name]: np.asarray(place, float) for name, place in places.items()}
        met = set().union(*(expression.free_symbols for expression in expressions)) if expressions else set()
        rng = np.random.default_rng([self.seed, 1])
        shape = np.shape(next(iter(places.values())))
        for jet in sorted((s for s in met if s in system.jets.meanings), key=lambda s: system.jets.meanings[s]):
            body, conjugated = self.body(*system.jets.meanings[jet])
            drawn = body is None or not (slopes or not sum(system.jets.meanings[jet][1]))
            value = None if drawn else self._evaluated(body, found)
            if value is None:
                value = self.drawn(*system.jets.meanings[jet], rng, shape)
            found[jet] = np.conj(value) if conjugated else value
        return found

    def _evaluated(self, body: Any, values: Mapping[sp.Symbol, Any]) -> Any:
        try:
            return evaluate(body, values)
        except KeyError:  # a coefficient that is drawn
            return None

    def body(self, name: str, orders: Orders) -> tuple[Any, bool]:
        """The expression of a derivative of a field, None where there is none, and whether its conjugate is meant."""
        system = self.system
        conjugated = name not in {u.name for u in system.unknowns} and name in system.jets.partners
        name = system.jets.partners[name] if conjugated else name
        key = (name, orders)
        if key not in self.bodies:
            self.bodies[key] = self._derived(name, orders)
        return self.bodies[key], conjugated

    def _derived(self, name: str, orders: Orders) -> Any:
        given, orders = self.source(name, orders)
        if given is None or given.expression is None:
            return None
        expression = given.expression
        try:
            for k, n in enumerate(orders):
                for _ in range(n):
                    expression = self.system.jets.total(expression, k)
        except (TooLarge, Misread):
            return None
        return expression

    def source(self, name: str, orders: Orders) -> tuple[Given | None, Orders]:
        """What gives a field at the start, and the derivatives that are left to take of it."""
        system = self.system
        if name in system.exact:
            return system.exact[name], orders
        if not system.time:
            return system.initial.get(name), orders
        if orders[0] == 0:
            return system.initial.get(name), orders
        if orders[0] == 1:
            return system.initial.get(f"{name}_{system.time.name}"), (0, *orders[1:])
        return None, orders

    def drawn(self, name: str, orders: Orders, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
        """Numbers of the field's size."""
        given = next((one for one in self.system.coefficients if one.name == name), self.source(name, orders)[0])
        value = given.value if given is not None else None
        if isinstance(value, Family) and not sum(orders):
            settings = value.settings
            if value.kind == "two-valued":
                return np.where(rng.random(shape) < 0.5, settings["low"], settings["high"])
            return settings["mean"] + 0.5 * settings["amplitude"] * rng.standard_normal(shape)
        return 0.3 * rng.standard_normal(shape) + (0.5 if not sum(orders) else 0.0)


def parameter_cases(system: System) -> list[dict[str, float]]:
    """The parameters as they are, and each alone at the ends of its range."""
    cases: list[dict[str, float]] = [{}]
    for one in system.parameters:
        cases += [{one.name: end} for end in (one.low, one.high) if end is not None and end != one.value]
    return cases[:17]


def inside(system: System, count: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Places inside the domain, drawn evenly, at the first time."""
    rng = np.random.default_rng([seed, 2])
    places = {axis.name: rng.uniform(axis.low, axis.high, count) for axis in system.axes}
    if system.time:
        places[system.time.name] = np.full(count, system.time.low)
    return places


def quadrature(
    system: System, held: Mapping[str, float] | None = None, share: float = 0.0, *, finer: bool = False
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Gauss's points of the domain, or of a side where an axis is held at a place, and their weights; at the first time, or after a share of the time. `finer` has
    half as many panels more: what both say alike is resolved."""
    panels, nodes = PANELS[len(system.axes)]
    panels += panels // 2 * finer
    points, weights = np.polynomial.legendre.leggauss(nodes)
    lines, factors = [], []
    for axis in system.axes:
        if held and axis.name in held:
            lines.append(np.array([held[axis.name]]))
            factors.append(np.ones(1))
            continue
        starts = axis.low + axis.length * np.arange(panels) / panels
        half = axis.length / panels / 2
        lines.append((starts[:, None] + half * (1 + points)).ravel())
        factors.append(np.tile(half * weights, panels))
    mesh = np.meshgrid(*lines, indexing="ij")
    weight = np.prod(np.meshgrid(*factors, indexing="ij"), axis=0).ravel()
    places = {axis.name: place.ravel() for axis, place in zip(system.axes, mesh, strict=True)}
    if system.time:
        places[system.time.name] = np.full(weight.size, system.time.low + share * system.time.length)
    return places, weight


def shifted(system: System, values: Mapping[Any, Any], share: float) -> dict[Any, Any]:
    """The state a little changed: counts that hold there too do not hang on a speed that happens to be 0."""
    moved = dict(values)
    for jet in values:
        if system.jets.unknown(jet):
            scale = float(np.max(np.abs(values[jet]))) or 1.0
            moved[jet] = values[jet] + share * scale
    return moved
