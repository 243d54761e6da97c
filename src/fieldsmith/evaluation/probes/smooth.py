"""Smooth inputs that probes of a program are made with: the scored ones without their short waves, on the scored grid or half of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy as sp

from fieldsmith.equations import names
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.expressions import D, Expression, Unsuited
from fieldsmith.evaluation.probes.strengths import FRAMES, Fields, Terms
from fieldsmith.tasks.task import Argument, Brief, Case, Signature

SAMPLES, MOVED, FLAT = 4, 2, 3
"""How many samples are smoothed, how many of them are given again for every shift, moved along the axes, and how many are the same everywhere."""
WIDEST, POINTS_A_WAVE = 2.0, 24.0
"""Wave number, in waves a period, from which on waves are damped, and the points that such a wave has at the least."""
FEWEST = 24
"""Points along an axis below which smooth waves are not resolved well enough."""
CHANGE = 0.05
"""By how much of their size fields change from the first frame to the last."""

Inputs = dict[str, np.ndarray | float]


@dataclass(frozen=True)
class Probe:
    """Inputs of a call and what is known of them: `time` is the name of the argument of the output times."""

    inputs: Inputs
    interval: float
    samples: int
    """First the smooth ones and those that are the same everywhere, then as many as are moved."""
    moved: int
    shifts: tuple[tuple[int, ...], ...]
    """By how many points along each axis: by half of the period, and by a number that is no multiple of 2 or more."""


class Smooth:
    """Probes of programs for an equation in time in a periodic box; `suited` says whether it is one."""

    def __init__(self, brief: Brief, case: Case) -> None:
        self.brief, self.case = brief, case
        assert brief.equation is not None
        self.axes = brief.equation.axes
        self.terms = Terms(Analysis(brief.equation, brief.parameters))

    def probe(self, coarser: int = 1) -> Probe | None:
        """Inputs with `coarser` times fewer points along each axis and as many times longer intervals; None where nothing happens.

        So a program that takes one step an interval is seen with steps in proportion to the spacing, as on the way to finer grids.
        """
        points = [n // coarser for n in self.points]
        spatial = {a.name: self._smoothed(a, points) for a in self._arguments("initial", "coefficient")}
        fields = self.fields(
            {**self.case.inputs, **spatial}, {a.of: spatial[a.name] for a in self._arguments("initial")}, 0.0
        )
        interval = self._interval(fields)
        if interval is None:
            return None
        interval *= coarser
        if any(not term.order for ways in self.terms.balances for term in ways[0]):
            spatial = {name: np.concatenate([values, _flat(values)]) for name, values in spatial.items()}
        moved = min(MOVED, len(next(iter(spatial.values()))))
        shifts = (tuple(n // 2 for n in points), tuple(n // 3 | 1 for n in points))
        inputs: Inputs = {a.name: self.case.inputs[a.name] for a in self.brief.signature.arguments}
        for name, values in spatial.items():
            inputs[name] = np.concatenate([values, *(self.rolled(values[:moved], shift) for shift in shifts)])
        inputs[self.times] = self._first_time() + interval * np.arange(FRAMES)
        samples = len(next(iter(spatial.values())))
        return Probe(inputs, interval, samples, moved, shifts)

    @property
    def anywhere(self) -> bool:
        """Whether no term depends on the place, so that moved data is due to be answered by the moved answer."""
        analysis = self.terms.analysis
        return not any(_depends(side, analysis.coordinates) for side in analysis.right_hand_sides)

    def rolled(self, values: np.ndarray, shift: Sequence[int]) -> np.ndarray:
        return np.roll(values, shift, axis=tuple(range(-len(shift), 0)))

    def frames(self, probe: Probe, outputs: Mapping[str, np.ndarray]) -> list[Fields]:
        """What the terms are evaluated at, frame by frame, of the samples that were not moved."""
        own = {k: v[: probe.samples] if a.axes[:1] == ("batch",) else v for a in self.brief.signature.arguments for k, v in [(a.name, np.asarray(probe.inputs[a.name]))]}  # fmt: skip
        return [
            self.fields(
                own,
                {r.of: outputs[r.name][: probe.samples, n] for r in self.brief.signature.results},
                n * probe.interval,
            )
            for n in range(FRAMES)
        ]

    def fields(
        self, inputs: Mapping[str, np.ndarray | float], unknowns: Mapping[str, np.ndarray], after: float
    ) -> Fields:
        analysis = self.terms.analysis
        fields = {names.symbol(name): values for name, values in unknowns.items()}
        fields |= {names.symbol(a.of): np.asarray(inputs[a.name]) for a in self._arguments("coefficient", "parameter")}
        shape = next(iter(unknowns.values())).shape[1:]
        for n, (axis, symbol) in enumerate(zip(self.axes, analysis.coordinates, strict=True)):
            low, h = axis.grid(shape[n])
            fields[str(symbol)] = (low + h * np.arange(shape[n])).reshape(-1, *[1] * (len(shape) - n - 1))
        return {**fields, str(analysis.time): np.asarray(self._first_time() + after)}

    def slopes(self, balance: int, fields: Fields) -> list[np.ndarray]:
        """Derivatives of what is balanced, along each axis."""
        analysis = self.terms.analysis
        return [self.terms.values(D(analysis.quantities[balance], x), fields) for x in analysis.coordinates]

    def _interval(self, fields: Fields) -> float | None:
        """Between frames; fields change by `CHANGE` of their size from place to place in all of them."""
        fastest = 0.0
        for n, quantity in enumerate(self.terms.analysis.quantities):
            values, rate = self.terms.values(quantity, fields), self.terms.rate(n, fields)
            space = tuple(range(1, values.ndim))
            size = np.sqrt(np.mean((values - values.mean(axis=space, keepdims=True)) ** 2, axis=space))
            speed = np.sqrt(np.mean(rate**2, axis=space)) / np.where(size > 0.0, size, np.inf)
            fastest = max(fastest, float(speed.max()))
        times = np.asarray(self.case.inputs[self.times])
        span = float(times[-1] - times[0])
        if not np.isfinite(fastest) or fastest * span < CHANGE:
            return None
        return CHANGE / fastest / (FRAMES - 1)

    def _first_time(self) -> float:
        return float(np.asarray(self.case.inputs[self.times])[0])

    @property
    def times(self) -> str:
        """The argument of the output times."""
        return self._arguments("times")[0].name

    @property
    def points(self) -> tuple[int, ...]:
        """Of the scored grid, along each axis."""
        return np.shape(self.case.inputs[self._arguments("initial")[0].name])[1:]

    def _arguments(self, *roles: str) -> list[Argument]:
        return [a for a in self.brief.signature.arguments if a.role in roles]

    def _smoothed(self, argument: Argument, points: Sequence[int]) -> np.ndarray:
        """The first samples without their short waves, at that many points along each axis."""
        values = np.asarray(self.case.inputs[argument.name])[:SAMPLES]
        for n, axis in enumerate(self.axes):
            old, new = values.shape[1 + n], points[n]
            number = np.fft.fftfreq(old, 1.0 / old)
            offset = 0.5 * (1.0 / new - 1.0 / old) if axis.nodes == "cell_centres" else 0.0
            kept = np.abs(number) < new / 2
            widest = min(WIDEST, self.points[n] / POINTS_A_WAVE)
            factor = np.exp(-0.5 * (number / widest) ** 2 + 2j * np.pi * number * offset) * (new / old)
            spectrum = np.moveaxis(np.fft.fft(values, axis=1 + n), 1 + n, -1) * factor
            out = np.zeros((*spectrum.shape[:-1], new), complex)
            out[..., number[kept].astype(int)] = spectrum[..., kept]
            values = np.moveaxis(np.fft.ifft(out).real, -1, 1 + n)
        return values


def smooth(brief: Brief, case: Case) -> Smooth | None:
    """What makes probes for a task; None where its equation, its signature or its grid is of another kind."""
    equation = brief.equation
    if equation is None or equation.steady or not all(axis.periodic for axis in equation.axes):
        return None
    space = tuple(axis.name for axis in equation.axes)
    if not _fits(brief.signature, equation.unknowns, space):
        return None
    sizes = brief.signature.sizes(case.inputs)
    if any(sizes[name] < FEWEST or sizes[name] % 2 for name in space) or sizes["time"] < 2:
        return None
    try:
        return Smooth(brief, case)
    except Unsuited:
        return None


def of_samples(signature: Signature, case: Case, samples: Sequence[int]) -> Inputs:
    """The scored inputs of these samples alone."""
    inputs: Inputs = {}
    for argument in signature.arguments:
        value = case.inputs[argument.name]
        inputs[argument.name] = np.asarray(value)[list(samples)] if argument.axes[:1] == ("batch",) else value
    return inputs


def _depends(expression: Expression, coordinates: Sequence[sp.Symbol]) -> bool:
    """Whether a coordinate stands in it, other than as what is differentiated along."""
    if isinstance(expression, D):
        return _depends(expression.args[0], coordinates)
    return expression in coordinates or any(_depends(argument, coordinates) for argument in expression.args)


def _flat(values: np.ndarray) -> np.ndarray:
    """Samples that are everywhere what some of these are at some place: there only what happens in place acts."""
    points = values.reshape(len(values), -1)
    chosen = [points[n % len(points), (n + 1) * points.shape[1] // (FLAT + 2)] for n in range(FLAT)]
    return np.stack([np.full(values.shape[1:], value) for value in chosen])


def _fits(signature: Signature, unknowns: Sequence[str], space: tuple[str, ...]) -> bool:
    """Whether fields come as [batch, *space], results as [batch, time, *space], parameters as numbers."""
    wanted = {"initial": ("batch", *space), "coefficient": ("batch", *space), "times": ("time",), "parameter": ()}
    arguments = all(wanted.get(a.role) == a.axes for a in signature.arguments)
    results = all(r.axes == ("batch", "time", *space) for r in signature.results)
    given = [a.of for a in signature.arguments if a.role == "initial"]
    once = sum(a.role == "times" for a in signature.arguments) == 1
    returned = [r.of for r in signature.results]
    return arguments and results and once and sorted(given) == sorted(unknowns) == sorted(returned)
