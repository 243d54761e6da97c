"""A family's variants run from coarse to fine on one call, and how far from its limit the finest is.

Errors are relative L2 norms over all that is returned, a figure a sample, as programs are judged by.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fieldsmith.blocks import Variant
from fieldsmith.boxes import running
from fieldsmith.boxes.driven import driven
from fieldsmith.boxes.family import BoxFamily
from fieldsmith.boxes.form import Form
from fieldsmith.boxes.samples import Draw, closer, picked, read_off
from fieldsmith.equations.expressions import Unsuited

TENTH = 0.1
"""Share of the accuracy asked for that a level may change the solution by to be the last."""
SETTLED = 0.1
"""Relative change from which on a method that was stopped has told nothing."""
GAIN = (1.2, 2.0)
"""Bounds of the rate at which changes fall from level to level, as far as an error is extrapolated with it: never to less than the last change."""
ROUNDING = 1e-14
"""No relative error is stated to be less."""
NOTHING = 1e-17
"""A relative change that is less is none: two levels that say the same to the last digit may have overlooked the same."""
LARGEST = 12_000_000
"""Numbers that a call on closer points may return."""
GROWTH = 1.5
"""A level takes at least so many times as long as the one before."""
Views = Sequence[Mapping[str, np.ndarray]]
"""Parts of a call that errors are told of, each by its indices along axes and output times (`samples.picked`)."""


Told = Callable[[str], None]
"""Hears in a few words what is computed now."""


def silent(_words: str) -> None:
    """Nobody hears."""


@dataclass(frozen=True)
class Level:
    """One run. `change` is from the last level before that gave values, as `distance` gives it; None for the first."""

    variant: str
    seconds: float
    fault: str = ""
    change: np.ndarray | None = None


@dataclass(frozen=True)
class Climb:
    """A family's levels, the values of the finest that gave any, and the views in which changes are told."""

    family: BoxFamily[Any]
    levels: tuple[Level, ...]
    values: Mapping[str, np.ndarray] | None = None
    views: Views = ()
    before: Mapping[str, np.ndarray] | None = None
    """Values of the finest level but one."""
    doubt: str = ""
    """Why the values are not to be believed though they no longer change, the second half of a sentence."""

    @property
    def name(self) -> str:
        run = [level.variant for level in self.levels if not level.fault]
        return f"{self.family.name} ({run[-1]})" if run else self.family.name

    @property
    def changes(self) -> list[np.ndarray]:
        return [level.change for level in self.levels if level.change is not None]

    @property
    def settled(self) -> bool:
        """Whether the finest level says anything: the one before said nearly the same."""
        changes = self.changes
        if self.doubt or not changes or (len(changes) < 2 and changes[-1].max() < NOTHING):
            return False
        return float(changes[-1].max()) < SETTLED

    @property
    def seconds(self) -> float:
        return sum(level.seconds for level in self.levels)

    @property
    def errors(self) -> np.ndarray:
        """Of the finest level, [samples] or [views, samples], from refinement alone.

        The last change bounds the error of the level before, if levels converge. Where three levels tell a rate r at which changes fall, the errors
        of the finest are the tail of a geometric series, change/(r - 1), with r between bounds: one rate is no theory, and a change can be small by chance.
        """
        changes = self.changes
        last = changes[-1]
        if len(changes) > 1:
            before, after = (change.max(axis=-1, keepdims=True) for change in changes[-2:])
            last = last / (np.clip(before / np.where(after > 0, after, 1.0), *GAIN) - 1)
        return np.maximum(last, ROUNDING)

    @property
    def trouble(self) -> str:
        """Why nothing came of it, the second half of a sentence."""
        faults = [level.fault for level in self.levels if level.fault]
        if self.doubt:
            return self.doubt
        if self.changes and self.changes[-1].max() < NOTHING:
            return "says the same to the last digit at two levels alone, which may both have overlooked something"
        if self.changes:
            return f"changes by {self.changes[-1].max():.1e} between its last two levels" + _then(faults)
        if self.values is not None:
            return f"has a solution at one level alone{_then(faults)}"
        return faults[-1] if faults else "has no time"


def climb(
    form: Form, family: BoxFamily[Any], variants: Sequence[Variant[Any]], inputs: running.Inputs, accuracy: float, seconds: float,
    draw: Draw | None, memory: int, views: Views = (), told: Told = silent,
) -> Climb:  # fmt: skip
    """Run variants until one changes the solution by a tenth of `accuracy`, or until `seconds` of processor time are over; `told` hears of each."""
    levels: list[Level] = []
    values: Mapping[str, np.ndarray] | None = None
    before: Mapping[str, np.ndarray] | None = None
    left, failed = seconds, False
    for number, variant in enumerate(sorted(variants, key=lambda one: one.accuracy)):
        longest = max((level.seconds for level in levels), default=0.0)
        if left < 1 or GROWTH * longest > left:
            break
        if variant.again and not failed:
            continue
        try:
            text = family.text(form, variant.choices)
        except Unsuited as reason:
            levels.append(Level(variant.name, 0.0, f"cannot write it: {reason}"))
            continue
        told(f"{family.name}, level {len(levels) + 1} ({variant.name})")
        outcome = _solved(text, form, inputs, left, draw, number, memory)
        left -= outcome.seconds
        failed = outcome.values is None
        if outcome.values is None:
            levels.append(Level(variant.name, outcome.seconds, outcome.fault))
            if outcome.stopped:
                break
            continue
        change = None if values is None else distance(form, outcome.values, values, views)
        levels.append(Level(variant.name, outcome.seconds, "", change))
        before, values = values, outcome.values
        if change is None or change.max() > TENTH * accuracy:
            continue
        if change.max() >= NOTHING or sum(level.change is not None for level in levels) > 1:
            break
    return Climb(family, tuple(levels), values, views, before, _doubt(form, values))


def _doubt(form: Form, values: Mapping[str, np.ndarray] | None) -> str:
    """What is wrong with values that are 0 everywhere where something is given that is not."""
    nothing = values is not None and not any(np.any(array) for array in values.values())
    return "is 0 everywhere, though what is given is not" if nothing and driven(form.system) else ""


def distance(
    form: Form, values: Mapping[str, np.ndarray], others: Mapping[str, np.ndarray], views: Views = ()
) -> np.ndarray:
    """||a - b||/||a|| over all results and all axes but the batch, [samples]; absolute where a is 0.

    With views a row for each, [views, samples]: norms over its points and times alone.
    """
    if views:
        return np.stack([distance(form, picked(form, values, one), picked(form, others, one)) for one in views])

    def squares(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
        rows = [arrays[one.name].reshape(len(arrays[one.name]) if form.batched else 1, -1) for one in form.results]
        return np.array(sum(np.einsum("bi,bi->b", row, row) for row in rows))

    apart = squares({name: values[name] - others[name] for name in values})
    whole = squares(values)
    return np.sqrt(apart / np.where(whole > 0, whole, 1.0))


def _solved(
    text: str, form: Form, inputs: running.Inputs, seconds: float, draw: Draw | None, number: int, memory: int
) -> running.Outcome:
    """One run; what is drawn is sampled the more densely the finer the level, so that refinement tells what samples leave open."""
    if draw is None or not read_off(form):
        return running.run(text, form, inputs, seconds, memory)
    factor = 2 ** (number + 1)
    while factor > 1 and _returned(form, inputs, factor) > LARGEST:
        factor //= 2
    finer, picks = closer(form, inputs, draw, factor)
    outcome = running.run(text, form, finer, seconds, memory)
    if outcome.values is None:
        return outcome
    return running.Outcome(picked(form, outcome.values, picks), "", outcome.seconds)


def _returned(form: Form, inputs: running.Inputs, factor: int) -> float:
    """How many numbers a call returns on points that lie closer by a factor."""
    sizes = {
        axis: float(size)
        for one in form.inputs
        for axis, size in zip(one.axes, np.shape(inputs[one.name]), strict=True)
    }
    sizes |= {axis: factor * sizes[axis] for axis in form.space}
    return sum(float(np.prod([sizes[axis] for axis in one.axes])) for one in form.results)


def _then(faults: Sequence[str]) -> str:
    return f", then {faults[-1]}" if faults else ""
