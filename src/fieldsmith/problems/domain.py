"""`[domain]` and `[output]`: coordinates with their ends, the time, and what is asked for."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from fieldsmith.problems.faults import shown
from fieldsmith.problems.places import Path
from fieldsmith.problems.system import Interval, Output
from fieldsmith.problems.tables import Tables, listed
from fieldsmith.problems.tokens import latin

USUAL_POINTS = {1: 256, 2: 128, 3: 48}
FEWEST, MOST = 5, 200_000_000
SMALLEST_ERROR = 1e-13
LONGEST_CALL = 86_400.0
SHAPES = ("shape", "mesh")


def read_domain(tables: Tables) -> tuple[tuple[Interval, ...], Interval | None]:
    """The axes and the time, if there is one; faults are told, and something is returned for what is wrong."""
    table, told = tables.table("domain"), tables.findings
    if not table:
        told.fault(
            tables.spot("domain"),
            "The problem has no domain.",
            "Write [domain] with x = [0, 1], and t = [0, 1] if it evolves.",
        )
        return (), None
    for key in SHAPES:
        if key in table:
            told.fault(
                tables.spot("domain", key),
                f"A domain with a {key} is not solved yet.",
                "Give intervals: x = [0, 1], y = [0, 1].",
            )
    clock = latin(tables.text(("domain", "time"), "domain.time")) if isinstance(table.get("time"), str) else ""
    found = [
        _interval(tables, key)
        for key, value in table.items()
        if key not in SHAPES and not (key == "time" and isinstance(value, str))
    ]
    names = [one.name for one in found]
    if clock and clock not in names:
        told.fault(
            tables.spot("domain", "time"),
            f"The time is called {clock}, which has no interval.",
            f"Write {clock} = [0, 1].",
        )
    clock = clock or ("time" if "time" in names and "t" not in names else "t")
    time = next((one for one in found if one.name == clock), None)
    axes = tuple(one for one in found if one.name != clock)
    if not axes:
        told.fault(
            tables.spot("domain"), "The domain has no space coordinate.", "One to three are needed, such as x = [0, 1]."
        )
    if len(axes) > 3:
        told.fault(
            tables.spot("domain", axes[3].name),
            f"The domain has {len(axes)} space coordinates.",
            "Up to three are solved.",
        )
    return axes[:3], time


def _interval(tables: Tables, key: str) -> Interval:
    value, told = tables.table("domain")[key], tables.findings
    name, spot, path = latin(key), tables.spot("domain", key), ("domain", key)
    if not name.isidentifier():
        told.fault(spot, f"{shown(key)} is no name of a coordinate.", "Letters, digits and underscores are.")
    if isinstance(value, Mapping):
        tables.keys(path, value, ("low", "high", "meaning", "unit"), f"The coordinate {key}")
        low, high = (
            tables.number((*path, end), float(end == "high"), f"The end {end} of {key}") for end in ("low", "high")
        )
        meaning, unit = (tables.text((*path, word), f"The {word} of {key}") for word in ("meaning", "unit"))
        return _ordered(tables, key, Interval(name, low, high, meaning, unit))
    pair = listed(value)
    if pair is None or len(pair) != 2:
        told.fault(spot, f"The coordinate {key} is no interval but {shown(value)}.", f"Write {key} = [0, 1].")
        return Interval(name, 0.0, 1.0)
    low, high = (tables.number((*path, k), float(k), f"An end of {key}") for k in (0, 1))
    return _ordered(tables, key, Interval(name, low, high))


def _ordered(tables: Tables, key: str, one: Interval) -> Interval:
    if one.low < one.high and one.length > 1e-12 * max(abs(one.low), abs(one.high)):
        return one
    mend = f"Write [{one.high:g}, {one.low:g}]." if one.low > one.high else "The first end is the smaller one."
    what = f"The interval of {key} is {'empty' if one.low == one.high else 'reversed or too short'}: [{one.low:g}, {one.high:g}]."
    tables.findings.fault(tables.spot("domain", key), what, mend)
    return Interval(one.name, 0.0, 1.0, one.meaning, one.unit)


def read_output(tables: Tables, axes: tuple[Interval, ...], time: Interval | None) -> Output:
    table = tables.table("output")
    tables.keys(("output",), table, ("points", "times", "accuracy", "seconds"), "[output]")
    accuracy = _within(tables, "accuracy", 1e-3, SMALLEST_ERROR, 0.5, "a relative error such as 1e-3")
    seconds = _within(tables, "seconds", 60.0, 0.01, LONGEST_CALL, "seconds for one call of a solver")
    return Output(_points(tables, axes), _times(tables, time), accuracy, seconds)


def _within(tables: Tables, key: str, usual: float, low: float, high: float, what: str) -> float:
    if key not in tables.table("output"):
        return usual
    value = tables.number(("output", key), usual, key)
    if not low <= value <= high:
        tables.findings.fault(
            tables.places.value(("output", key)),
            f"{key} = {value:g} is out of range.",
            f"It is {what}, from {low:g} to {high:g}.",
        )
        return usual
    return value


def _points(tables: Tables, axes: tuple[Interval, ...]) -> Mapping[str, int]:
    given = tables.table("output").get("points")
    usual = {axis.name: USUAL_POINTS.get(len(axes), 48) for axis in axes}
    if given is None:
        return usual
    path: Path = ("output", "points")
    if isinstance(given, Mapping):
        tables.keys(path, {latin(key): None for key in given}, tuple(usual), "The domain")
        found = {latin(key): _count(tables, (*path, key), value) for key, value in given.items()}
    else:
        found = dict.fromkeys(usual, _count(tables, path, given))
    points = {name: found.get(name) or n for name, n in usual.items()}
    total = np.prod([float(n) for n in points.values()])
    if total > MOST:
        tables.findings.fault(
            tables.places.value(path), f"{total:.3g} points are asked for.", f"Up to {MOST:,} are solved."
        )
        return usual
    return points


def _count(tables: Tables, path: Path, value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool) and FEWEST <= value <= MOST:
        return value
    what = (
        f"The number of points is {shown(value)}."
        if isinstance(value, int | float)
        else f"{shown(value)} is no number of points."
    )
    tables.findings.fault(
        tables.places.value(path),
        what,
        f"A whole number from {FEWEST} to {MOST:,}, or {{ x = 128, y = 128 }}, is right.",
    )
    return None


def _times(tables: Tables, time: Interval | None) -> tuple[float, ...]:
    given: Any = tables.table("output").get("times")
    path: Path = ("output", "times")
    spot = tables.places.value(path)
    if time is None:
        if given is not None:
            tables.findings.fault(
                spot, "Times are asked of a steady problem.", "Leave them out, or give the domain a time: t = [0, 1]."
            )
        return ()
    usual = tuple(np.linspace(time.low, time.high, 21).tolist())
    if given is None:
        return usual
    if isinstance(given, int) and not isinstance(given, bool):
        if 2 <= given <= 100_000:
            return tuple(np.linspace(time.low, time.high, given).tolist())
        tables.findings.fault(
            spot,
            f"{shown(given)} times are asked for.",
            "A whole number from 2 to 100000, or a list of times, is right.",
        )
        return usual
    many = listed(given)
    if not many or len(many) > 100_000:
        tables.findings.fault(
            spot,
            f"times is {shown(given)}.",
            "A whole number from 2 to 100000, or a list of up to as many times, is right.",
        )
        return usual
    times = tuple(tables.number((*path, k), time.low, "A time") for k in range(len(many)))
    for k, moment in enumerate(times):
        if not time.low <= moment <= time.high:
            tables.findings.fault(
                tables.places.value((*path, k)),
                f"The time {moment:g} is outside the domain's {time.name} = [{time.low:g}, {time.high:g}].",
            )
            return usual
    if any(b <= a for a, b in itertools.pairwise(times)):
        tables.findings.fault(spot, "The times do not increase.", "Give each once, in order.")
        return usual
    return times
