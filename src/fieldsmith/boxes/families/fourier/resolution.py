"""How many points a Fourier series needs, by what is given and what is asked."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldsmith.boxes.families.fourier.split import inlined, kept
from fieldsmith.boxes.form import Form
from fieldsmith.boxes.fronts import front_waves
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.system import Family

LOOKED_AT = {1: 4096, 2: 512, 3: 96}
"""Points along each axis on which what is given is looked at."""
LEAST, MOST = 16, {1: 16384, 2: 1536, 3: 256}
ROUGH = 5e-3
"""Share of the waves beyond a quarter of those looked at from which on something given has a jump, or nearly."""
GROWTH = 1.5
"""Waves of a nonlinear solution by those of what is given."""
BEYOND = {1: 8.0, 2: 2.0, 3: 1.5}
"""Points at most, by those asked for: what is given may have kinks that no number of waves resolves."""
SEEN = 1.0
"""Waves that are kept, by those which the points asked for can hold."""


@dataclass(frozen=True)
class Waves:
    """The waves along each axis that expressions which are given need, and which initial value or coefficient has a jump."""

    counts: tuple[int, ...]
    jump: str = ""


def given_waves(form: Form, on_grid: Iterable[Any]) -> Waves:
    """Of initial values, coefficients and what else depends on place in the terms that are evaluated on the grid, to a tenth of the accuracy asked for."""
    system = form.system
    counts, jump = [1] * len(system.axes), ""
    for one in [*system.initial.values(), *system.coefficients]:
        if isinstance(one.value, Family) and one.value.kind == "two-valued":
            jump = jump or one.name
    for name, expression in _expressions(form, on_grid):
        needed, tail = _spectrum(form, expression)
        counts = [max(a, b) for a, b in zip(counts, needed, strict=True)]
        if tail > ROUGH and name:
            jump = jump or name
    return Waves(tuple(counts), jump)


def _expressions(form: Form, on_grid: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    """What is given as an expression, by its name; terms of the equations by none, with 1 for every field."""
    system = form.system
    coordinates = set(system.jets.coordinates)
    bodies = {one.name: one.expression for one in system.coefficients if one.expression is not None}
    for key, given in system.initial.items():
        if given.expression is not None:
            yield key, given.expression
    for name, body in bodies.items():
        if kept(system, body):
            yield name, body
    for expression in on_grid:
        if expression.free_symbols & coordinates:
            yield "", expression


def _spectrum(form: Form, expression: Any) -> tuple[list[int], float]:
    """Waves along each axis beyond which little is left, and the share that is left beyond a quarter of those looked at."""
    system = form.system
    count = LOOKED_AT[len(system.axes)]
    values: dict[Any, Any] = dict(system.values)
    lines = [axis.low + axis.length * np.arange(count) / count for axis in system.axes]
    for axis, points in zip(system.axes, np.meshgrid(*lines, indexing="ij", sparse=True), strict=True):
        values[system.symbols[axis.name]] = points
    if system.time:
        values[system.symbols[system.time.name]] = system.time.low
    expression = inlined(system, expression)
    values |= dict.fromkeys(system.jets.among(expression, given=True), 1.0)
    samples = np.asarray(evaluate(expression, values))
    samples = np.broadcast_to(samples, (count,) * len(system.axes))
    if not np.isfinite(samples).all():
        return [count // 2] * len(system.axes), 1.0
    energy = np.abs(np.fft.fftn(samples)) ** 2
    total = energy.sum() or 1.0
    needed, tail = [], 0.0
    for k in range(len(system.axes)):
        others = tuple(n for n in range(len(system.axes)) if n != k)
        line = energy.sum(axis=others)
        shells = line[: count // 2 + 1].copy()
        shells[1 : count // 2] += line[: count // 2 : -1]
        beyond = np.sqrt(np.maximum(np.cumsum(shells[::-1])[::-1], 0) / total)
        enough = np.flatnonzero(beyond < max(0.1 * system.output.accuracy, 1e-12))
        needed.append(int(enough[0]) if len(enough) else count // 2)
        tail = max(tail, float(beyond[count // 8]))
    return needed, tail


def first_points(form: Form, waves: Waves, kept_share: float, *, exact: bool) -> tuple[int, ...]:
    """Points along each axis for the accuracy asked for; `exact` where no wave makes others."""
    asked = form.system.output.points
    found = []
    fronts = waves.counts if exact else front_waves(form)
    for axis, count, front in zip(form.system.axes, waves.counts, fronts, strict=True):
        most = MOST[len(form.system.axes)]
        sampled = form.sampled or any(given.expression is None for given in form.system.initial.values())
        least = asked[axis.name] if exact and sampled else 0 if exact else SEEN * asked[axis.name] / kept_share
        needed = 2 * (count + 1) if exact else 2 * (max(GROWTH * count, front) + 1)
        needed /= kept_share
        needed = min(needed, BEYOND[len(form.system.axes)] * asked[axis.name] / kept_share)
        needed = max(needed, form.narrow.even(axis) / 2 / kept_share)
        found.append(even(min(max(least, needed, LEAST), most / 2)))
    return tuple(found)


def resolved(form: Form) -> bool:
    """Whether the first program has as many waves as the fronts that a nonlinear evolution makes need."""
    most = BEYOND[len(form.space)]
    asked = form.system.output.points
    return all(2 * n <= most * asked[name] for n, name in zip(front_waves(form), form.space, strict=True))


def finer(points: Sequence[int], times: float) -> tuple[int, ...]:
    most = MOST[len(points)]
    return tuple(even(min(n * times, most)) for n in points)


def even(least: float) -> int:
    """The next even number without prime factors beyond 5, for which a fast Fourier transform is fast."""
    half = max(math.ceil(least / 2 - 1e-9), 1)
    while _without(half, (2, 3, 5)) > 1:
        half += 1
    return 2 * half


def _without(number: int, primes: Sequence[int]) -> int:
    """What is left of a number without these factors."""
    for prime in primes:
        while number % prime == 0:
            number //= prime
    return number
