"""What an evolution does to short waves: whether it is well posed, and of what kind it is.

A wave of wave number k in some direction grows or decays by exp(s t), s a root of the symbol's determinant. As k grows, a well
posed evolution has Re s bounded above (Hadamard); where it falls like a power of k the evolution is parabolic there, where s stays
imaginary it is hyperbolic (s ~ k) or dispersive (s ~ a higher power).
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldsmith.problems.states import States, inside, parameter_cases, shifted
from fieldsmith.problems.symbol import PRODUCTS, Frozen, Linearised, determinant, roots, uncertainty
from fieldsmith.problems.system import System

SHORT, SHORTER = 1e4, 1e6
"""Waves in the domain, at which roots are compared."""
CERTAIN = 1e-3
LADDER = (1e3, 1e4, 1e5, 1e6)
"""Waves in the domain over which a growth is followed that is small beside the whole rate."""
LEAST = 0.3
"""Powers of the wave number below this are none."""
SURE = 100.0
"""How many times its rounding a real part is to be larger than."""
LARGEST = 8
"""Fields whose determinant is expanded."""
POINTS = 6
STIRRED = 0.23
"""How far a state at rest is moved, beside its size."""
DAMPED = 0.1
"""Decay beside the whole rate from which on waves are called parabolic."""


@dataclass(frozen=True)
class Growth:
    """Short waves grow without bound: in which direction, of which power of the wave number, for which parameter, and whether `beneath`
    faster oscillations or decay."""

    direction: tuple[int, ...]
    power: float
    parameter: str = ""
    value: float = 0.0
    beneath: bool = False


@dataclass(frozen=True)
class Waves:
    """What was seen of the waves: `kinds`, the range of `speeds` of hyperbolic ones, and whether something grows without bound."""

    kinds: tuple[str, ...]
    speeds: tuple[float, float] | None
    growth: Growth | None


def directions(dimensions: int) -> list[tuple[int, ...]]:
    """One of each two opposite ones along the axes and between them."""
    every = itertools.product((0, 1, -1), repeat=dimensions)
    half = [d for d in every if next((n for n in d if n), 0) > 0]
    return sorted(half, key=lambda d: (sum(map(abs, d)), d))


def looked_at(system: System, linear: Linearised, states: States) -> Waves | None:
    """The waves of an evolution, at points inside the domain; None where nothing can be said. Raises TooLarge."""
    if not system.timed or len(system.fields) > LARGEST:
        return None
    found: list[tuple[str, float]] = []
    growth = None
    for case in parameter_cases(system):
        places = inside(system, POINTS)
        values = states.values(linear.expressions, places, case)
        more, grown = _looked(system, linear, values, POINTS, case)
        growth = growth or grown
        found += [] if case else more
    if growth is None and {kind for kind, _ in found} == {"local"}:  # at rest: a state that moves tells more
        values = states.values(linear.expressions, inside(system, POINTS))
        found += _looked(system, linear, shifted(system, values, STIRRED), POINTS, {})[0]
    if not found and growth is None:
        return None
    speeds = [speed for kind, speed in found if kind == "hyperbolic"]
    if any(kind != "local" for kind, _ in found):
        found = [(kind, speed) for kind, speed in found if kind != "local"]
    kinds = tuple(
        k
        for k in ("hyperbolic", "dispersive", "damped dispersive", "parabolic", "local")
        if k in {kind for kind, _ in found}
    )
    return Waves(kinds, (min(speeds), max(speeds)) if speeds else None, growth)


def _looked(
    system: System, linear: Linearised, values: Mapping[Any, Any], count: int, case: Mapping[str, float]
) -> tuple[list[tuple[str, float]], Growth | None]:
    """Kinds and speeds of waves at `count` points and in all directions, and the first that grows without bound."""
    found: list[tuple[str, float]] = []
    growth = None
    points = linear.frozen(values, count)
    for frozen in points:
        for direction in directions(len(system.axes)):
            if not linear.affords(2):
                break
            short, shorter = (_rates(system, frozen, direction, waves) for waves in (SHORT, SHORTER))
            if short is None or shorter is None or len(short) != len(shorter):
                continue
            if growth is None:
                name, value = next(iter(case.items()), ("", 0.0))
                if power := _unbounded(short, shorter):
                    growth = Growth(direction, power, name, value)
                elif np.real(shorter).max(initial=0.0) > 0 and linear.affords(len(LADDER)):
                    power = _beneath(system, frozen, direction, points)
                    growth = Growth(direction, power, name, value, beneath=True) if power else None
            found += _kinds(short, shorter, _number(system, SHORTER))
    return found, growth


def _number(system: System, waves: float) -> float:
    return 2 * np.pi * waves / max(axis.length for axis in system.axes)


def _rates(system: System, frozen: Frozen, direction: Sequence[int], waves: float) -> np.ndarray | None:
    found = _rates_with_rounding(system, frozen, direction, waves)
    return None if found is None else found[0][np.argsort(np.abs(found[0]))]


def _rates_with_rounding(
    system: System, frozen: Frozen, direction: Sequence[int], waves: float
) -> tuple[np.ndarray, np.ndarray] | None:
    """The rates of waves in a direction, and how far rounding may have moved each."""
    number = _number(system, waves) / np.sqrt(sum(map(abs, direction)))
    along = [0j, *(1j * number * d for d in direction)]
    polynomial = determinant(frozen, len(system.fields), along, 0)
    found = roots(*polynomial)
    return None if found is None else (found, uncertainty(*polynomial, found))


def _unbounded(short: np.ndarray, shorter: np.ndarray) -> float:
    """The power of the wave number by which waves grow without bound, 0 where they do not."""
    rise, higher = np.real(short).max(initial=0.0), np.real(shorter).max(initial=0.0)
    if higher > CERTAIN * np.abs(shorter).max(initial=0.0) and higher > 1.5 * max(rise, 0.0) and higher > 0:
        return float(np.log(higher / max(rise, 1e-300)) / np.log(SHORTER / SHORT))
    return 0.0


def _beneath(system: System, frozen: Frozen, direction: Sequence[int], points: Sequence[Frozen]) -> float:
    """The power of a growth that is hidden beneath faster oscillations, 0 where there is none.

    The real part of some root is to follow one power of the wave number over all of `LADDER`, as far as rounding lets it be seen, and to matter
    within the time asked for. Beneath dispersion a term that varies from place to place says nothing by its value at a point (its waves travel on; a beam
    of varying stiffness has such terms and conserves energy), so that the terms of that order and above are to be constant.
    """
    surely, perhaps = [], []
    for waves in LADDER:
        found = _rates_with_rounding(system, frozen, direction, waves)
        if found is None:
            return 0.0
        real, moved = np.real(found[0]), SURE * found[1]
        surely.append(float((real - moved).max(initial=0.0)))
        perhaps.append(float((real + moved).max(initial=0.0)))
    if system.time is None or surely[0] * system.time.length < 1 or surely[1] <= 0:
        return 0.0
    power = float(np.log(surely[1] / surely[0]) / np.log(LADDER[1] / LADDER[0]))
    law = [surely[0] * (waves / LADDER[0]) ** power for waves in LADDER]
    follows = all(low < 2 * one < 4 * high for low, one, high in zip(surely, law, perhaps, strict=True))
    return power if power > LEAST and follows and _constant(system, points, power) else 0.0


def _constant(system: System, points: Sequence[Frozen], power: float) -> bool:
    """Whether the terms of a space order of at least `power` are the same at all points; of a system of several unknowns all terms."""
    least = power - LEAST if len(system.unknowns) == 1 else 0.0
    timed = int(system.time is not None)
    first = points[0]
    for other in points[1:]:
        for place, entry in first.items():
            for (orders, one), (_, two) in zip(entry, other[place], strict=True):
                if sum(orders[timed:]) >= least and abs(one - two) > 1e-9 * max(abs(one), abs(two)):
                    return False
    return True


def _kinds(short: np.ndarray, shorter: np.ndarray, number: float) -> list[tuple[str, float]]:
    """The kind of each wave and, of hyperbolic ones, its speed."""
    found = []
    rise = max(float(np.real(shorter).max(initial=0.0)), 0.0)  # rounding parts double roots to both sides
    for a, b in zip(short, shorter, strict=True):
        power = np.log(max(abs(b), 1e-300) / max(abs(a), 1e-300)) / np.log(SHORTER / SHORT)
        if abs(b) < 1e-9 * np.abs(shorter).max() or power < 0.2:
            found.append(("local", 0.0))
        elif -b.real > DAMPED * abs(b):
            found.append(("parabolic", 0.0))
        elif power < 1.2:
            found.append(("hyperbolic", float(-b.imag / number)))
        else:
            falls = -b.real > max(1e-9 * abs(b), 10 * rise) and -b.real > 10 * max(-a.real, 1e-300)
            found.append(("damped dispersive" if falls else "dispersive", 0.0))
    return found


def fastest(system: System, linear: Linearised, states: States) -> complex | None:
    """The fastest rate of any wave that the points asked for can hold; its real part is of the fastest decay. Raises TooLarge."""
    if not system.timed or len(system.fields) > LARGEST:
        return None
    decay = turn = 0.0
    spacing = [axis.length / system.output.points[axis.name] for axis in system.axes]
    values = states.values(linear.expressions, inside(system, POINTS))
    linear.room[0] = PRODUCTS
    for frozen in linear.frozen(values, POINTS):
        if not linear.affords():
            break
        along = [0j, *(1j * np.pi / h for h in spacing)]
        found = roots(*determinant(frozen, len(system.fields), along, 0))
        if found is not None and len(found):
            decay, turn = max(decay, float(-np.real(found).min())), max(turn, float(np.abs(np.imag(found)).max()))
    return complex(decay, turn)
