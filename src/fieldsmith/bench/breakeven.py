"""After how many solves a learned operator has paid off against the solver that errs as much.

Breakeven complexity (arXiv 2605.15399): N* = (data + training + tuning) / (solver - operator), costs of one solve in the denominator, infinite where that is not positive. The solver is the given
program, made cheaper until it errs as the operator does (`coarser.py`): along its own curve of cost against error, interpolated in logarithms.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from fieldsmith.bench.coarser import BINS, Level
from fieldsmith.bench.ranking import Entry
from fieldsmith.errors import InputError

DRAWS = 400
"""Of samples with replacement, for an interval."""
SHARE = 0.95


@dataclass(frozen=True)
class Costs:
    """Seconds. `data` is processor time, of the samples that the operator was trained on, `training` and `tuning` are by the clock; `operator` is one answer."""

    data: float
    training: float
    tuning: float
    operator: float

    @property
    def before(self) -> float:
        """What is spent before the first answer."""
        return self.data + self.training + self.tuning


@dataclass(frozen=True)
class Breakeven:
    """`error` of the operator, `solver` what the solver takes to err as much, in seconds a sample; `solves` with the ends of its interval.

    `beyond` says that the operator errs more than the cheapest solver that was tried: then `solver` is that one's cost, and more than it would take; "below" that it errs less than the
    dearest one, whose cost is then too little. It is empty where the error lies between. `span` is the part of the time that errors are of, empty for all of it.
    """

    name: str
    costs: Costs
    error: float
    solver: float
    solves: float
    low: float
    high: float
    beyond: str = ""
    span: str = ""


def breakeven(name: str, costs: Costs, errors: np.ndarray, curve: Sequence[Level], seed: int = 0) -> Breakeven:
    """For an operator with `errors` [samples] on the samples that the curve was measured on.

    The interval is of what other samples might have told: both errors are taken over the same draws of samples; times are taken as they are. Raises InputError where no level of the solver ran.
    """
    if not curve:
        raise InputError("The solver ran on no number of points.", "Give another --against.")
    rng = np.random.default_rng(seed)
    whole = np.arange(len(errors))
    seconds, beyond = _equivalent(errors, curve, whole)
    drawn = [
        solves(costs, _equivalent(errors, curve, rng.integers(len(errors), size=len(errors)))[0]) for _ in range(DRAWS)
    ]
    low, high = _between(drawn)
    return Breakeven(name, costs, float(errors.mean()), seconds, solves(costs, seconds), low, high, beyond)


def by_bins(name: str, costs: Costs, errors: Sequence[Sequence[float]], curve: Sequence[Level]) -> Iterator[Breakeven]:
    """For each span of time, `errors` [spans][samples], the breakeven with the solver that errs as much there, both paying for the whole solution.

    Spans without frames are left out.
    """
    for n, row in enumerate(errors):
        levels = [replace(level, errors=level.bins[n]) for level in curve if len(level.bins) > n]
        if np.isfinite(row).all() and levels:
            found = breakeven(name, costs, np.asarray(row), levels)
            yield replace(found, span=f"{n + 1} of {BINS}")


def costs_of(entry: Entry, tuning: float) -> Costs:
    """Of an operator that was ranked; an answer is one of a batch with all samples."""
    return Costs(entry.data or 0.0, entry.training or 0.0, tuning, entry.together or 0.0)


def errors_of(entry: Entry, count: int) -> np.ndarray:
    """Of each of the first samples of the test split, which are those of its first call."""
    return np.asarray(entry.samples[:count])


def solves(costs: Costs, solver: float) -> float:
    """N*; infinite where the operator's answer is no cheaper."""
    gain = solver - costs.operator
    return costs.before / gain if gain > 0 else math.inf


def front(curve: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Of pairs (error, seconds) those that no other beats in both, errors falling, seconds rising."""
    kept: list[tuple[float, float]] = []
    for error, seconds in sorted(curve, key=lambda one: (one[1], one[0])):
        if not kept or error < kept[-1][0]:
            kept.append((error, seconds))
    return kept


def _equivalent(errors: np.ndarray, curve: Sequence[Level], rows: np.ndarray) -> tuple[float, str]:
    """What the solver takes to err as the operator does on these samples, and whether that is off its curve."""
    known = front([(float(level.errors[rows].mean()), level.seconds) for level in curve])
    wanted = float(errors[rows].mean())
    if wanted >= known[0][0]:
        return known[0][1], "above"
    if wanted <= known[-1][0]:
        return known[-1][1], "below"
    falling = np.log([error for error, _ in reversed(known)])
    return float(np.exp(np.interp(math.log(wanted), falling, np.log([s for _, s in reversed(known)])))), ""


def _between(drawn: Sequence[float]) -> tuple[float, float]:
    """Quantiles of values of which some are infinite."""
    ordered = sorted(drawn)
    edge = (1 - SHARE) / 2
    return ordered[int(edge * (len(ordered) - 1))], ordered[math.ceil((1 - edge) * (len(ordered) - 1))]


def as_row(one: Breakeven) -> Mapping[str, object]:
    """As JSON and CSV, infinities as None."""

    def finite(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return {
        "name": one.name, "span": one.span, "error": one.error, "data_cpu_seconds": one.costs.data, "training_seconds": one.costs.training, "tuning_seconds": one.costs.tuning,
        "operator_seconds": one.costs.operator, "solver_seconds": one.solver, "solves": finite(one.solves), "low": finite(one.low), "high": finite(one.high), "beyond": one.beyond,
    }  # fmt: skip
