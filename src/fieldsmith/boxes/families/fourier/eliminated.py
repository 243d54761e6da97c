"""Whether matrices of a problem can be inverted wave by wave: judged by numbers, with the parameters as they are given."""

import itertools
from collections.abc import Iterator

import numpy as np

from fieldsmith.boxes.families.fourier.split import Matrix, Parts
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.system import System

LOOKED_AT = {1: 40, 2: 8, 3: 4}
"""Waves along each axis, to both sides, at which matrices are looked at."""
SINGULAR = 1e-11


def judge(system: System, parts: Parts) -> None:
    """Raises Unsuited where what is constrained, or implicit rates, do not follow for each wave but the mean."""
    count, held = len(parts.states), len(parts.constrained)
    for wave, factors in _waves(system):
        mean = not any(wave)
        rates = numbers(system, parts.linear, (count, count + held), factors)
        if parts.mass is not None:
            mass = numbers(system, parts.mass, (count, count), factors)
            if not mean and _singular(mass):
                raise Unsuited(f"The equations have no rate for {_said(system, wave)}.")
            if mean and _singular(mass):
                left = np.linalg.svd(mass)[0][:, np.linalg.svd(mass)[1] < SINGULAR]
                if np.abs(left.conj().T @ rates).max() > SINGULAR:
                    raise Unsuited("For the mean over the domain the equations are a constraint.")
            rates = np.linalg.pinv(mass) @ rates
        if held and not mean and _singular(_constraints(system, parts, factors, rates)):
            raise Unsuited(f"{', '.join(parts.constrained)} does not follow from the constraints for {_said(system, wave)}.")  # fmt: skip


def _constraints(system: System, parts: Parts, factors: list[complex], rates: np.ndarray) -> np.ndarray:
    """The matrix that is inverted for what is constrained: of constraints that hold it, and of what hidden ones ask of the rates."""
    count, held = len(parts.states), len(parts.constrained)
    algebra = numbers(system, parts.algebra, (held, count + held), factors)
    plain = held - parts.hidden
    return np.concatenate([algebra[:plain, count:], algebra[plain:, :count] @ rates[:, count:]])


def steady_mean(system: System, matrix: Matrix) -> bool:
    """Whether the linear part of a steady problem leaves the mean of something free. Raises Unsuited for another wave."""
    size, free = len(system.unknowns), False
    for wave, factors in _waves(system):
        if _singular(numbers(system, matrix, (size, size), factors)):
            if any(wave):
                raise Unsuited(f"The equations leave {_said(system, wave)} free.")
            free = True
    return free


def numbers(system: System, matrix: Matrix, shape: tuple[int, int], factors: list[complex]) -> np.ndarray:
    found = np.zeros(shape, complex)
    for (row, column), polynomial in matrix.items():
        for orders, factor in polynomial.items():
            powers = [f**n for f, n in zip(factors, orders, strict=True)]
            found[row, column] += complex(evaluate(factor, system.values)) * np.prod(powers)
    return found


def _waves(system: System) -> Iterator[tuple[tuple[int, ...], list[complex]]]:
    """Waves of the domain, the mean among them, with the factor of a derivative along each axis."""
    most = LOOKED_AT[len(system.axes)]
    for wave in itertools.product(range(-most, most + 1), repeat=len(system.axes)):
        yield wave, [2j * np.pi * n / axis.length for n, axis in zip(wave, system.axes, strict=True)]


def _singular(matrix: np.ndarray) -> bool:
    """Whether there is no inverse; scales of rows and columns say nothing."""
    if not matrix.size:
        return False
    for axis in (1, 0, 1):
        largest = np.abs(matrix).max(axis=axis, keepdims=True)
        if not largest.all():
            return True
        matrix = matrix / largest
    return bool(np.linalg.svd(matrix, compute_uv=False)[-1] < SINGULAR)


def _said(system: System, wave: tuple[int, ...]) -> str:
    along = [f"{abs(n)} along {axis.name}" for n, axis in zip(wave, system.axes, strict=True) if n]
    return f"the wave with {' and '.join(along)} (whole ones in the domain)"
