"""A trusted solution of a problem without a known one: two methods that discretise differently, each refined until it no longer changes.

What a refined method is off by is told by its own change from level to level; what is wrong with the method itself, by the other (Roache, Verification and Validation in
Computational Science and Engineering, 1998). The larger of the two is the error that is stated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from fieldsmith.boxes import methods
from fieldsmith.boxes.climbing import ROUNDING, SETTLED, Climb, Told, Views, climb, distance, silent
from fieldsmith.boxes.driven import zero_solves
from fieldsmith.boxes.form import Form
from fieldsmith.boxes.running import MEMORY, Inputs
from fieldsmith.boxes.samples import Draw, read_off
from fieldsmith.equations.expressions import Unsuited

EXPLAINED = 3.0
"""How many times their errors by refinement two methods may be apart and still be said to agree."""
THIRD = 1 / 3
"""Share of the accuracy asked for that a reference may be off by to be of use; more methods are tried for a larger one."""
SHARE = 0.5
"""Of the time that is left, for a method after which others may be needed."""
CLOSER = 0.7
"""Part of its distance to another solution that a method which has not settled may keep from level to level and still come to it."""


@dataclass(frozen=True)
class Reference:
    """Values by result, with their relative errors a sample, [samples] or [views, samples]; none of either where nothing is trusted, and `words` says why.

    `methods` are those that it rests on, the one whose values these are first. `seconds` is processor time of all that was run, `climbs` what that was.
    """

    values: Mapping[str, np.ndarray]
    errors: np.ndarray | None
    methods: tuple[str, ...]
    words: str
    seconds: float
    climbs: tuple[Climb, ...] = ()

    @property
    def error(self) -> float | None:
        """The largest of a sample; None without a reference."""
        return None if self.errors is None else float(self.errors.max())


@dataclass(frozen=True)
class _Pair:
    """Two methods' verdict: the first is the more trustworthy."""

    first: Climb
    second: Climb
    apart: np.ndarray

    @property
    def errors(self) -> np.ndarray:
        return np.maximum(np.maximum(self.first.errors, self.apart), ROUNDING)

    @property
    def explained(self) -> bool:
        """Whether they are no farther apart than their refinements say."""
        return bool(np.all(self.apart <= EXPLAINED * (self.first.errors + self.second.errors)))


def trusted(
    form: Form, inputs: Inputs, accuracy: float, seconds: float, draw: Draw | None = None, memory: int = MEMORY, views: Views = (), told: Told = silent,
) -> Reference:  # fmt: skip
    """Solve one call with `inputs` by argument to a tenth of `accuracy`, within `seconds` of processor time.

    `draw` gives initial values and coefficients at any place, for those that are no expressions: methods then read them off points
    that lie closer than the asked ones, so that sampling is no error of the reference. Families that suit are tried, the best first, until two
    of different principles agree to a third of `accuracy`. With `views` of the call all this holds for each, and errors are told of each. The same call gives the same reference wherever its time suffices.
    `told` hears which method computes at which level.
    """
    try:
        suited = methods.suited(form)
    except Unsuited as reason:
        return Reference({}, None, (), str(reason) or "There is no method.", 0.0)
    climbs: list[Climb] = []
    left = seconds
    for number, (_, family, variants) in enumerate(suited):
        settled = [one for one in climbs if one.settled]
        if any(one.family.principle == family.principle for one in settled):
            continue
        if _enough(form, settled, accuracy):
            break
        others = {one.principle for _, one, _ in suited[number + 1 :]} - {family.principle}
        share = left * SHARE if others and len(settled) < 2 else left
        climbs.append(climb(form, family, variants, inputs, accuracy, share, draw, memory, views, told))
        left -= climbs[-1].seconds
    found = _judged(form, climbs, seconds - left)
    if draw is None and found.values and read_off(form):
        return replace(found, words=f"{found.words} What is drawn is known at the asked points alone.")
    return found


def _enough(form: Form, settled: Sequence[Climb], accuracy: float) -> bool:
    pair = _best(form, settled)
    return pair is not None and bool(pair.errors.max() <= THIRD * accuracy)


def _best(form: Form, settled: Sequence[Climb]) -> _Pair | None:
    """Of all pairs of different principles the one with the smallest error."""
    pairs = []
    for one, other in combinations(settled, 2):
        if one.family.principle == other.family.principle:
            continue
        first, second = sorted((one, other), key=lambda climb: float(climb.errors.max()))
        assert first.values is not None  # they have settled
        assert second.values is not None
        pairs.append(_Pair(first, second, distance(form, first.values, second.values, first.views)))
    return min(pairs, key=lambda pair: float(pair.errors.max()), default=None)


def _judged(form: Form, climbs: Sequence[Climb], seconds: float) -> Reference:
    settled = [one for one in climbs if one.settled]
    failed = [f"{one.name} {one.trouble.rstrip('.')}" for one in climbs if not one.settled]
    if not settled:
        words = f"No method gives a reference: {'; '.join(failed) or 'there is no time'}."
        return Reference({}, None, (), words, seconds, tuple(climbs))
    pair = _best(form, settled)
    if pair is None:
        alone = min(settled, key=lambda one: float(one.errors.max()))
        methods_, errors, values = (alone.name,), alone.errors, alone.values
        words = f"{alone.name} alone, without a second method: the error of {errors.max():.1e} is from refinement."
        away, apart = _contradicted(form, alone, climbs)
        if away is not None:
            errors = np.maximum(errors, apart)
            words = (
                f"{alone.name} changes by {alone.errors.max():.1e} alone, and {away.name}, which has not settled, is {apart.max():.1e} "
                "away from it. The error is what they disagree by."
            )
    else:
        methods_ = (pair.first.name, pair.second.name)
        errors, values = pair.errors, pair.first.values
        by = f"refinement explains {pair.first.errors.max():.1e} and {pair.second.errors.max():.1e}"
        said = "agree to" if pair.explained else "disagree by"
        words = f"{methods_[0]} and {methods_[1]} {said} {max(pair.apart.max(), ROUNDING):.1e}; {by}."
        words += "" if pair.explained else " The error is what they disagree by."
        failed = [*_dissent(form, settled, pair), *failed]
    assert values is not None
    if zero_solves(form.system) and max(float(np.abs(one).max()) for one in values.values()) < 1e-12:
        words += " It is 0 everywhere, which solves these nonlinear equations; others may solve them too."
    words += f" Beside: {'; '.join(failed)}." if failed else ""
    return Reference(values, errors, methods_, words, seconds, tuple(climbs))


def _contradicted(form: Form, alone: Climb, climbs: Sequence[Climb]) -> tuple[Climb | None, np.ndarray]:
    """The method that ran, has not settled and is farthest from the one that has, without coming closer; with its distances."""
    found, farthest = None, np.zeros(1)
    for one in climbs:
        if one.settled or one.doubt or one.values is None or alone.values is None:
            continue
        apart = distance(form, alone.values, one.values, alone.views)
        comes = one.before is not None and bool(
            apart.max() <= CLOSER * distance(form, alone.values, one.before, alone.views).max()
        )
        if apart.max() > max(SETTLED, farthest.max()) and not comes:
            found, farthest = one, apart
    return found, farthest


def _dissent(form: Form, settled: Sequence[Climb], pair: _Pair) -> list[str]:
    """What settled on another solution."""
    told = []
    for one in settled:
        if one not in (pair.first, pair.second) and one.values is not None and pair.first.values is not None:
            apart = float(distance(form, pair.first.values, one.values, one.views).max())
            told.append(f"{one.name} is {apart:.1e} away from it")
    return told
