"""Random fields: families of initial values and coefficients, drawn from seeds as functions of place.

Every draw is a short series in the eigenfunctions that suit the sides of its axes: sines and cosines of whole waves where an axis is periodic, sines where the
field is 0 at both ends, cosines where its slope is, and where neither holds the waves of an interval half as long again.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from fieldsmith.problems.faults import meant, shown
from fieldsmith.problems.places import Path
from fieldsmith.problems.system import Family, Interval
from fieldsmith.problems.tables import Tables

KINDS: Mapping[str, Mapping[str, float | None]] = {
    "fourier": {"modes": 4, "amplitude": 1.0, "mean": 0.0},
    "gaussian": {"length": None, "amplitude": 1.0, "mean": 0.0},
    "two-valued": {"low": None, "high": None, "length": None},
}
"""Settings of each family with their usual values; those without one must be given."""
MOST_MODES = 4096
FAINT = 1e-6
Basis = Literal["periodic", "sine", "cosine", "longer"]


def read_family(tables: Tables, path: Path, table: Mapping[str, Any], axes: Sequence[Interval]) -> Family | None:
    """A family as it is written, None where it is none, which is told."""
    kind = table.get("family")
    spot = tables.places.value((*path, "family"))
    if not isinstance(kind, str) or kind not in KINDS:
        close = (meant(kind, KINDS) if isinstance(kind, str) else "") or f"Known are {', '.join(KINDS)}."
        tables.findings.fault(spot, f"There is no family {shown(kind)}.", close)
        return None
    settings = KINDS[kind]
    tables.keys(path, table, ("family", *settings), f"The family {kind}")
    found = {}
    for name, usual in settings.items():
        if name in table:
            found[name] = tables.number((*path, name), usual or 1.0, f"{name} of the family {kind}")
        elif usual is None:
            tables.findings.fault(spot, f"The family {kind} needs {name}.", f"Such as {name} = 0.2.")
            return None
        else:
            found[name] = usual
    return _sound(tables, path, Family(kind, found), axes)


def _sound(tables: Tables, path: Path, family: Family, axes: Sequence[Interval]) -> Family | None:
    values, told = family.settings, tables.findings
    if "modes" in values and not (values["modes"] == int(values["modes"]) and 1 <= values["modes"] <= 64):
        told.fault(
            tables.places.value((*path, "modes")),
            f"modes = {values['modes']:g} is out of range.",
            "It is a whole number from 1 to 64.",
        )
        return None
    if "length" in values and not values["length"] > 0:
        told.fault(
            tables.places.value((*path, "length")),
            "The length is not positive.",
            "It is how far apart values still resemble each other.",
        )
        return None
    if family.kind == "two-valued" and not values["low"] < values["high"]:
        told.fault(tables.places.value((*path, "low")), "low is not less than high.")
        return None
    modes = np.prod([float(len(_waves(family, axis, "longer"))) for axis in axes])
    if modes > MOST_MODES:
        mend = "Give fewer modes, or a larger length."
        told.fault(
            tables.places.value(path), f"The family needs {modes:.0f} modes; up to {MOST_MODES} are drawn.", mend
        )
        return None
    return family


@dataclass(frozen=True)
class Draw:
    """One field of a family: `draw(*coordinates)` gives its values at broadcast coordinates."""

    axes: tuple[Interval, ...]
    bases: tuple[Basis, ...]
    waves: tuple[np.ndarray, ...]
    weights: np.ndarray
    scale: float = 1.0
    mean: float = 0.0
    values: tuple[float, float] | None = None

    def __call__(self, *places: Any) -> np.ndarray:
        arrays = np.broadcast_arrays(*map(np.asarray, places))
        tables = [
            _columns(axis, basis, waves, place.reshape(-1))
            for axis, basis, waves, place in zip(self.axes, self.bases, self.waves, arrays, strict=True)
        ]
        letters = "abc"[: len(tables)]
        summed = np.einsum(f"{letters},{','.join('z' + c for c in letters)}->z", self.weights, *tables, optimize=True)
        field = (self.mean + self.scale * summed).reshape(arrays[0].shape)
        return field if self.values is None else np.where(field > 0, self.values[1], self.values[0])


def _waves(family: Family, axis: Interval, basis: Basis) -> np.ndarray:
    """The numbers of half waves on an axis (twice as many as whole waves), one function each and, where periodic, two."""
    step = {"periodic": 2.0, "sine": 1.0, "cosine": 1.0, "longer": 4 / 3}[basis]
    if family.kind == "fourier":
        most = 2 * int(family.settings["modes"])
    else:
        most = int(min(2 * axis.length / family.settings["length"] * 0.85 * np.sqrt(-np.log(FAINT)) / 2, 10_000)) + 2
    numbers = np.arange(0 if basis != "sine" else step, most + step / 2, step)
    return numbers


def _columns(axis: Interval, basis: Basis, waves: np.ndarray, place: np.ndarray) -> np.ndarray:
    angle = np.pi * waves * ((place[:, None] - axis.low) / axis.length)
    if basis == "sine":
        return np.sin(angle)
    if basis == "cosine":
        return np.cos(angle)
    return np.concatenate([np.cos(angle), np.sin(angle[:, 1:])], axis=1)


def draw(family: Family, axes: Sequence[Interval], bases: Sequence[Basis], seed: int) -> Draw:
    """One field of the family, the same for the same seed; `fourier` has the largest value `amplitude`, `gaussian` that deviation."""
    rng = np.random.default_rng([seed, 20, len(axes)])
    waves = tuple(_waves(family, axis, basis) for axis, basis in zip(axes, bases, strict=True))
    numbers = [_numbers(w, basis) for w, basis in zip(waves, bases, strict=True)]
    weights = rng.standard_normal([len(n) for n in numbers])
    spectrum = np.zeros(weights.shape)
    for k, (axis, n) in enumerate(zip(axes, numbers, strict=True)):
        shape = [-1 if j == k else 1 for j in range(len(axes))]
        wave_number = np.pi * n / axis.length
        if family.kind == "fourier":
            spectrum = spectrum + np.log1p(n).reshape(shape)
        else:
            spectrum = spectrum + ((wave_number * family.settings["length"]) ** 2 / 4).reshape(shape)
    weights = weights * np.exp(-spectrum)
    if family.kind != "gaussian":  # without its mean, which the setting gives
        for index in itertools.product(*([0] if b != "sine" else [] for b in bases)):
            weights[index] = 0.0
    whole = Draw(tuple(axes), tuple(bases), waves, weights)
    sample = whole(*np.meshgrid(*(np.linspace(a.low, a.high, 41) for a in axes), indexing="ij"))
    size = (np.abs(sample).max() if family.kind == "fourier" else float(np.sqrt(np.mean(sample**2)))) or 1.0
    values = family.settings
    if family.kind == "two-valued":
        return Draw(whole.axes, whole.bases, waves, weights, values=(values["low"], values["high"]))
    scale = (
        values["amplitude"] / size
        if family.kind == "fourier"
        else values["amplitude"] / _deviation(numbers, axes, spectrum)
    )
    return Draw(whole.axes, whole.bases, waves, weights, scale, values["mean"])


def _numbers(waves: np.ndarray, basis: Basis) -> np.ndarray:
    return np.concatenate([waves, waves[1:]]) if basis in ("periodic", "longer") else waves


def _deviation(numbers: Sequence[np.ndarray], axes: Sequence[Interval], spectrum: np.ndarray) -> float:
    """The expected deviation of the sum: each function of a wave has mean square 1/2, a constant 1."""
    squares = np.exp(-2 * spectrum)
    for k, n in enumerate(numbers):
        shape = [-1 if j == k else 1 for j in range(len(axes))]
        squares = squares * np.where(n == 0, 1.0, 0.5).reshape(shape)
    return float(np.sqrt(squares.sum())) or 1.0
