"""What the answers to a call are compared with: the exact solution that the problem gives, or one that two methods agree on."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from fieldsmith import boxes
from fieldsmith.boxes import samples
from fieldsmith.boxes.form import BATCH, Form
from fieldsmith.boxes.reference import Reference, trusted
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.tasks.own import arrays
from fieldsmith.tasks.own.draws import Draw, together
from fieldsmith.tasks.own.jumps import away_of_reference

SECONDS, CALLS = 60.0, 1.0
"""Processor time of one solution at least, and as a multiple of what a program's call may take."""


@dataclass(frozen=True)
class Found:
    """Values by result, none where nothing is known; `errors` a sample are relative, 0 of an exact solution, None where they are not known.

    `methods` is how many it rests on, 0 of an exact solution.
    """

    values: Mapping[str, np.ndarray]
    errors: np.ndarray | None
    words: str
    methods: int = 0
    away: np.ndarray | None = None
    """The errors a sample away from jumps of the solution, where it has some and errors are known."""


def has_exact(form: Form) -> bool:
    """Whether the problem gives a solution that was found to satisfy it."""
    return bool(form.system.exact) and form.seen.exact_holds


def of_calls(
    form: Form, calls: Sequence[Draw], told: Callable[[str], None] = lambda _words: None
) -> list[Found]:  # fmt: skip
    """The references of calls with the same parameters and fields, the one with the most fields first: one solution that has the points and times of all.

    Errors are those of each call, on its own points and at its own times. `told` hears which method computes at which level.
    """
    if has_exact(form):
        return [Found(arrays.exact(form, one), np.zeros(_samples(form, one)), "exact") for one in calls]
    along, clock, views = together(form, calls)
    fields = samples.drawn(form.problem, calls[0].seeds, **calls[0].parameters)
    given = samples.arguments(form, fields, along, clock, calls[0].parameters)
    output = form.system.output
    seconds = max(SECONDS, CALLS * output.seconds)
    try:
        found = trusted(form, given, output.accuracy, seconds, fields, views=views, told=told)
    except Unsuited as reason:
        return [Found({}, None, str(reason))] * len(calls)
    return [_in_view(form, found, n, one, view) for n, (one, view) in enumerate(zip(calls, views, strict=True))]


def _in_view(form: Form, found: Reference, n: int, draw: Draw, view: Mapping[str, np.ndarray]) -> Found:
    """What a call takes of the solution that several share: its points, times and fields."""
    if found.errors is None:
        return Found({}, None, found.words)
    count = _samples(form, draw)
    taken = {BATCH: np.arange(count), **view}
    jumps = away_of_reference(form, found.climbs, found.methods, taken)
    words = found.words
    if jumps is not None:
        words += f" Away from jumps, beside which {jumps.share:.1%} of the points lie, it is off by {jumps.errors.max():.1e}."
    values = samples.picked(form, found.values, taken)
    return Found(values, found.errors[n][:count], words, len(found.methods), None if jumps is None else jumps.errors)


def _samples(form: Form, draw: Draw) -> int:
    return len(draw.seeds) if form.batched else 1


@cache
def version() -> str:
    """SHA-256 over the sources of what makes trusted solutions: other methods give other references."""
    home = Path(boxes.__path__[0])
    digest = hashlib.sha256()
    for file in sorted((*home.rglob("*.py"), *home.rglob("*.jinja"))):
        digest.update(file.relative_to(home).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()
