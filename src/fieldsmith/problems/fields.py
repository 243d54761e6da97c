"""Values of a problem's given fields at any place: expressions evaluated, families drawn, samples interpolated."""

import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fieldsmith.problems import families
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.samples import load
from fieldsmith.problems.system import Family, Given, Samples, System
from fieldsmith.problems.values import basis_of


def values(
    system: System, folder: Path, name: str, coordinates: Mapping[str, Any], seed: int, parameters: Mapping[str, float]
) -> np.ndarray:
    """See `Problem.field`. Raises KeyError."""
    given = _given(system, name, coordinates)
    if given is None:
        raise KeyError(f"Nothing gives {name}.")
    numbers: dict[Any, Any] = {**system.values, **{system.symbols[key]: value for key, value in parameters.items()}}
    numbers |= {system.symbols[key]: np.asarray(place, float) for key, place in coordinates.items()}
    shape = np.broadcast_shapes(*(np.shape(place) for place in coordinates.values()))
    if isinstance(given.value, Family | Samples):
        places = [np.asarray(coordinates[axis.name], float) for axis in system.axes]
        return np.broadcast_to(_field(system, folder, given, seed)(*places), shape).copy()
    for one in system.coefficients:
        if one.expression is None:
            symbol = system.jets.field(one.name)
            if symbol in given.value.free_symbols:
                numbers[symbol] = values(system, folder, one.name, coordinates, seed, parameters)
    return np.broadcast_to(np.asarray(evaluate(given.value, numbers)), shape).copy()


def _given(system: System, name: str, coordinates: Mapping[str, Any]) -> Given | None:
    if system.time and system.time.name in coordinates and name in system.exact:
        return system.exact[name]
    if not system.time and name in system.exact:
        return system.exact[name]
    return system.initial.get(name) or next((one for one in system.coefficients if one.name == name), None)


def _field(system: System, folder: Path, given: Given, seed: int) -> Any:
    if isinstance(given.value, Family):
        bases: Any = [basis_of(system, given.name, axis.name) for axis in system.axes]
        own = seed + (zlib.crc32(given.name.encode()) << 32)  # fields of other names are other draws
        return families.draw(given.value, system.axes, bases, own)
    from scipy.interpolate import NdBSpline, make_interp_spline

    array = load(folder / given.value.file, given.value.name)
    knots, degrees = [], []
    for k, axis in enumerate(system.axes):
        closed = axis.name in system.periodic
        if closed:  # the upper end is the lower one
            array = np.concatenate([array, np.take(array, [0], axis=k)], axis=k)
        degree = 3 if array.shape[k] > (4 if closed else 3) else 1
        line = np.linspace(axis.low, axis.high, array.shape[k])
        spline = make_interp_spline(line, array, degree, axis=k, bc_type="periodic" if closed and degree == 3 else None)
        array = np.moveaxis(spline.c, 0, k)
        knots.append(spline.t)
        degrees.append(degree)
    whole = NdBSpline(tuple(knots), array, tuple(degrees))
    return lambda *places: whole(np.stack(np.broadcast_arrays(*places), axis=-1))
