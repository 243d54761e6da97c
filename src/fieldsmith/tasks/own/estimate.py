"""How wrong an answer seems where there is no solution to compare it with: its residual, which is an estimate and no error.

The answer is put into the equations and conditions; derivatives are taken by finite differences of sixth order (Fornberg, Mathematics of Computation 51, 1988) on
points twice as dense as those that are asked for, in time on groups of output times that lie close together. What is left over is set against
the size of the terms. It is 0 for a solution. It is no error: a small residual may go with a large error where the problem is sensitive, it sees nothing
between the times that it looks at, and it does not fall below what the differences themselves neglect, which is much where the solution has fronts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import sympy as sp

from fieldsmith.boxes.form import TIMES, Form
from fieldsmith.problems.jets import Orders
from fieldsmith.problems.numbers import evaluate
from fieldsmith.problems.system import Condition
from fieldsmith.tasks.own.draws import Draw, points, times
from fieldsmith.tasks.task import Metric

METRIC = Metric(
    "estimated error",
    "an estimate, as no solution is known to compare with: what is left over when the answer is put into the equations, conditions and "
    "initial values, derivatives taken by differences of sixth order, relative to the size of the terms; the worst of these",
    failure="The answer cannot be put into the equations: they have no finite value for it.",
)
DENSER = 2.0
"""Points of such a call, as a multiple of what is asked."""
LOOKS = 5
"""Groups of output times."""
GROUP = 7
"""Output times of a group: a central difference of sixth order for a first derivative."""
CLOSE = 1e-3
"""Their spacing, as a share of the time between two groups."""
ORDER = 6


def watched(form: Form, draw: Draw) -> Draw:
    """The call with denser points, and with output times in groups."""
    draw = replace(draw, points=points(form, DENSER * _share(form, draw)))
    return replace(draw, times=grouped(times(form, 1.0)[0], times(form, 1.0)[-1])) if form.timed else draw


def grouped(first: float, last: float) -> tuple[float, ...]:
    """The first time, and groups of times that lie close together, evenly spread up to the last."""
    apart = (last - first) / LOOKS
    ends = [first + apart * n for n in range(1, LOOKS + 1)]
    return (first, *(end - CLOSE * apart * (GROUP - 1 - k) for end in ends for k in range(GROUP)))


def _share(form: Form, draw: Draw) -> float:
    name = form.space[0]
    return draw.points[name] / form.system.output.points[name]


def residuals(form: Form, inputs: Mapping[str, Any], outputs: Mapping[str, np.ndarray]) -> dict[str, float]:
    """The metric, the mean over the samples of the worst of: what equations, conditions and initial values leave over."""
    count = next(iter(outputs.values())).shape[0] if form.batched else 1
    found = [Answer(form, inputs, outputs, n) for n in range(count)]
    with np.errstate(all="ignore"):
        parts = {
            "equations": [max(one.equations(), default=0.0) for one in found],
            "conditions": [max(one.conditions(), default=0.0) for one in found],
            "initial values": [one.start() for one in found],
        }
    worst = np.max(np.array(list(parts.values())), axis=0)
    means = {name: float(np.mean(values)) for name, values in parts.items()}
    return {METRIC.name: float(np.mean(worst)), **means}


class Answer:
    """One sample of an answer, looked at in the middle of each group of times: arrays [group, *points].

    With `frames` output times lie anywhere and every frame but the first is looked at, [frame, *points]: nothing is differentiated in time then.
    `order` is that of the differences, 6 or 4.
    """

    def __init__(
        self, form: Form, inputs: Mapping[str, Any], outputs: Mapping[str, np.ndarray], sample: int,
        *, frames: bool = False, order: int = ORDER,
    ) -> None:  # fmt: skip
        self.form, self.system, self.inputs, self.sample = form, form.system, inputs, sample
        self.frames, self.order = frames, order
        self.outputs = {name: array[sample] if form.batched else array for name, array in outputs.items()}
        self._jets: dict[tuple[str, Orders], np.ndarray] = {}

    def whole(self, name: str) -> np.ndarray:
        """The values of an unknown, complex where it is: [time, *points], or [points] of a steady problem."""
        parts = {one.part: self.outputs[one.name] for one in self.form.results if one.of == name}
        return parts[""] if "" in parts else parts["real"] + 1j * parts["imag"]

    @cached_property
    def middles(self) -> np.ndarray:
        """Times at which the answer is looked at."""
        after = np.asarray(self.inputs[TIMES], float)[1:]
        return after if self.frames else after.reshape(-1, GROUP)[:, GROUP // 2]

    def jet(self, name: str, orders: Orders) -> np.ndarray:
        """A derivative of an unknown or a sampled coefficient, [group, *points]."""
        if (name, orders) not in self._jets:
            partner = self.system.jets.partners.get(name)
            if partner is not None and name not in {u.name for u in self.system.unknowns}:
                self._jets[name, orders] = np.conj(self.jet(partner, orders))
            else:
                self._jets[name, orders] = self._derived(name, orders)
        return self._jets[name, orders]

    def _derived(self, name: str, orders: Orders) -> np.ndarray:
        timed = self.form.timed
        sampled = next((one for one in self.form.inputs if (one.role, one.of) == ("coefficient", name)), None)
        if sampled is not None:
            values = np.asarray(self.inputs[sampled.name])[self.sample][None]
            values = np.zeros_like(values) if timed and orders[0] else values
        elif not timed:
            values = self.whole(name)[None]
        elif self.frames:
            values = self.whole(name)[1:]
        else:
            groups = self.whole(name)[1:]
            groups = groups.reshape(-1, GROUP, *groups.shape[1:])
            apart = float(np.diff(np.asarray(self.inputs[TIMES], float)[1:3])[0])
            less = (ORDER - self.order) // 2
            places = tuple(float(k - GROUP // 2) for k in range(less, GROUP - less))
            weights = np.pad(_weights(places, orders[0]), less) / apart ** orders[0]
            values = np.tensordot(weights, groups, axes=(0, 1))
        for k, (axis, order) in enumerate(zip(self.form.space, orders[timed:], strict=True), 1):
            if order:
                matrix = _matrix(tuple(map(float, self.inputs[axis])), order, self._length(axis), self.order)
                values = np.moveaxis(np.tensordot(matrix, values, axes=(1, k)), 0, k)
        return values

    def _length(self, axis: str) -> float:
        """Of a periodic axis; 0 of another."""
        return self.system.axis(axis).length if axis in self.system.periodic else 0.0

    def _values(self, expression: Any) -> dict[Any, Any]:
        system = self.system
        ranged = {one.of: float(self.inputs[one.name]) for one in self.form.inputs if one.role == "parameter"}
        found: dict[Any, Any] = {**system.values, **{system.symbols[name]: value for name, value in ranged.items()}}
        for k, axis in enumerate(self.form.space):
            shape = [1] * (1 + len(self.form.space))
            shape[1 + k] = -1
            found[system.symbols[axis]] = np.asarray(self.inputs[axis], float).reshape(shape)
        if system.time:
            found[system.symbols[system.time.name]] = self.middles.reshape(-1, *(1 for _ in self.form.space))
        for symbol in expression.free_symbols & system.jets.meanings.keys():
            found[symbol] = self.jet(*system.jets.meanings[symbol])
        return found

    def equations(self) -> Iterator[float]:
        """What each equation leaves over, inside the domain."""
        inside = tuple(slice(None) if axis in self.system.periodic else slice(1, -1) for axis in self.form.space)
        for law in self.system.laws:
            yield self._left_over(law.residual, (slice(None), *inside), self.least(law.residual))

    def conditions(self) -> Iterator[float]:
        """What each condition at an end leaves over."""
        for one in self.system.conditions:
            if one.kind != "open":
                yield self._left_over(one.residual, self.at(one), self.least(one.residual))

    def at(self, condition: Condition) -> tuple[slice, ...]:
        end = slice(0, 1) if condition.side == "low" else slice(-1, None)
        return (slice(None), *(end if axis == condition.axis else slice(None) for axis in self.form.space))

    def least(self, residual: Any) -> float:
        """The size of a term at least: the unknowns, divided by the lengths of axes as often as the equation differentiates in space."""
        sizes = []
        for jet in self.system.jets.among(residual):
            name, orders = self.system.jets.meanings[jet]
            own = (
                self.system.jets.partners.get(name, name)
                if name not in {u.name for u in self.system.unknowns}
                else name
            )
            if not (self.form.timed and orders[0]):
                lengths = (
                    self.system.axis(a).length ** n
                    for a, n in zip(self.form.space, orders[self.form.timed :], strict=True)
                )
                sizes.append(float(np.abs(self.whole(own)).max()) / float(np.prod(list(lengths))))
        return min(sizes, default=0.0)

    def values(self, expressions: Sequence[Any], where: Sequence[slice]) -> list[np.ndarray]:
        """Expressions of jets, coordinates and parameters at these places, [group, *points] each."""
        known: dict[Any, Any] = {}
        memo: dict[Any, Any] = {}
        for one in expressions:
            known |= self._values(one)
        shape = np.broadcast_shapes(*(np.shape(value) for value in known.values()), (1,) * (1 + len(self.form.space)))
        return [np.broadcast_to(np.asarray(evaluate(one, known, memo)), shape)[tuple(where)] for one in expressions]

    def _left_over(self, residual: Any, where: Sequence[slice], least: float) -> float:
        terms = self.values(sp.Add.make_args(residual), where)
        return size(np.sum(terms, axis=0)) / (max(size(np.sum([np.abs(term) for term in terms], axis=0)), least) or 1.0)

    def start(self) -> float:
        """How far the first frame is from the initial values, relative to them."""
        ends = {one.of: one for one in self.form.inputs if one.role == "initial"}
        apart = whole = 0.0
        for one in self.form.results:
            given = next((i for i in self.form.inputs if (i.role, i.of, i.part) == ("initial", one.of, one.part)), None)
            if given is not None and one.of in ends:
                begun = np.asarray(self.inputs[given.name])[self.sample]
                apart += float(np.sum((self.outputs[one.name][0] - begun) ** 2))
                whole += float(np.sum(begun**2))
        return float(np.sqrt(apart / (whole or 1.0)))


def size(values: np.ndarray) -> float:
    """The root mean square."""
    return float(np.sqrt(np.mean(np.abs(values) ** 2)))


@lru_cache(256)
def _weights(places: tuple[float, ...], order: int) -> np.ndarray:
    """Weights of values at these places for a derivative at 0, by Fornberg's recursion."""
    count = len(places)
    table = np.zeros((count, order + 1))
    table[0, 0], product, here = 1.0, 1.0, places[0]
    for i in range(1, count):
        most, other = min(i, order), 1.0
        before, here = here, places[i]
        for j in range(i):
            gap = places[i] - places[j]
            other *= gap
            if j == i - 1:
                for k in range(most, 0, -1):
                    table[i, k] = product * (k * table[i - 1, k - 1] - before * table[i - 1, k]) / other
                table[i, 0] = -product * before * table[i - 1, 0] / other
            for k in range(most, 0, -1):
                table[j, k] = (here * table[j, k] - k * table[j, k - 1]) / gap
            table[j, 0] = here * table[j, 0] / gap
        product = other
    return table[:, order]


@lru_cache(64)
def _matrix(line: tuple[float, ...], order: int, length: float, accuracy: int = ORDER) -> np.ndarray:
    """A derivative along a line of points as a matrix, of that order of accuracy; of a periodic line, whose `length` is not 0, around its end."""
    count = len(line)
    width = min(count, 2 * ((order + 1) // 2) + accuracy - 1)
    places = np.asarray(line)
    matrix = np.zeros((count, count))
    for i in range(count):
        first = i - width // 2 if length else min(max(i - width // 2, 0), count - width)
        chosen = np.arange(first, first + width)
        turns, within = np.divmod(chosen, count)
        offsets = places[within] + length * turns - places[i]
        scale = float(np.abs(offsets).max()) or 1.0
        np.add.at(matrix[i], within, _weights(tuple((offsets / scale).tolist()), order) / scale**order)
    return matrix
