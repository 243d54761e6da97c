"""How many points the given fields need along each axis, by the decay of their Chebyshev or Fourier coefficients."""

from collections.abc import Iterator

import numpy as np

from fieldsmith.boxes.form import Form
from fieldsmith.problems.states import parameter_cases
from fieldsmith.problems.system import Interval

FINE = 512
"""Points along a line at most: a field that needs more has a kink or a jump."""
LINES = (0.31, 0.5, 0.77)
"""Where lines along an axis cross the others, as shares of these."""
SHARE = 0.3
"""Of the accuracy wanted, what the coefficients that are left out may add up to."""


def needed(form: Form) -> dict[str, int]:
    """For each axis the number of points at which all given fields are resolved to the accuracy wanted; `FINE` for one that is not smooth, 0 where none is given."""
    system = form.system
    keys = [form.initial_key(name, order) for name, order in form.state] + [one.name for one in system.coefficients]
    found = {axis.name: 0 for axis in system.axes}
    for key in keys:
        for case in parameter_cases(system):
            for axis, line in _lines(form, key, case):
                found[axis.name] = max(found[axis.name], _count(form, axis, line))
    return found


def _lines(form: Form, key: str, case: dict[str, float]) -> Iterator[tuple[Interval, np.ndarray]]:
    """Values of a field along lines, at the points of a fine series."""
    system = form.system
    for axis in system.axes:
        shares = (
            np.arange(FINE) / FINE
            if axis.name in system.periodic
            else np.sin(np.pi * np.arange(FINE + 1) / (2 * FINE)) ** 2
        )
        others = [other for other in system.axes if other is not axis]
        for share in LINES if others else LINES[:1]:
            places: dict[str, np.ndarray | float] = {other.name: other.low + share * other.length for other in others}
            places[axis.name] = axis.low + axis.length * shares
            if system.time and key in {one.name for one in system.coefficients}:
                places[system.time.name] = system.time.low
            mesh = np.meshgrid(*(np.atleast_1d(places[name]) for name in places), indexing="ij")
            values = form.problem.field(key, dict(zip(places, mesh, strict=True)), 0, **case)
            yield axis, np.asarray(values).reshape(-1)


def _count(form: Form, axis: Interval, line: np.ndarray) -> int:
    """The number of points that resolve a line."""
    if not np.isfinite(line).all():
        return FINE
    size = np.abs(line).max()
    if not size:
        return 0
    wanted = SHARE * form.system.output.accuracy * np.sqrt(np.mean(np.abs(line) ** 2))
    if axis.name in form.system.periodic:
        squares = np.abs(np.fft.fft(line) / FINE) ** 2
        both = squares[: FINE // 2] + np.roll(squares[::-1], 1)[: FINE // 2]
        return min(2 * _kept(both, wanted) - 1, FINE)
    series = np.fft.fft(np.concatenate([line, line[-2:0:-1]]))[: FINE + 1] / FINE
    return min(_kept(np.abs(series) ** 2, wanted), FINE)


def _kept(squares: np.ndarray, wanted: float) -> int:
    """How many coefficients are needed so that those left out have no larger root of the sum of their squares than wanted."""
    tails = np.sqrt(np.cumsum(squares[::-1])[::-1])
    return int(np.count_nonzero(tails > wanted)) + 1
