"""What the answers to a call are compared with: the exact solution that the problem gives, or one that two methods agree on."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from fieldsmith import boxes
from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.tasks.own import arrays
from fieldsmith.tasks.own.draws import Draw

HOME = "fieldsmith.boxes.reference"
"""Where `trusted(form, inputs, accuracy, seconds, draw)` is, which solves a call by methods that check each other."""
SECONDS, CALLS = 60.0, 1.0
"""Processor time of one reference at least, and as a multiple of what a program's call may take."""


@dataclass(frozen=True)
class Found:
    """Values by result, none where nothing is known; `errors` a sample are relative, 0 of an exact solution, None where they are not known."""

    values: Mapping[str, np.ndarray]
    errors: np.ndarray | None
    words: str
    methods: int = 0
    """How many methods it rests on; 0 of an exact solution."""


def has_exact(form: Form) -> bool:
    """Whether the problem gives a solution that was found to satisfy it."""
    return bool(form.system.exact) and form.seen.exact_holds


def of_call(form: Form, draw: Draw) -> Found:
    """The reference of a call."""
    if has_exact(form):
        return Found(arrays.exact(form, draw), np.zeros(len(draw.seeds) if form.batched else 1), "exact")
    if find_spec(HOME) is None:
        return Found({}, None, "No exact solution is given.")
    output = form.system.output

    def drawn(name: str, coordinates: Mapping[str, Any]) -> np.ndarray:
        return np.stack([form.problem.field(name, coordinates, seed, **draw.parameters) for seed in draw.seeds])

    given = arrays.inputs(form, draw)
    try:
        found = import_module(HOME).trusted(form, given, output.accuracy, max(SECONDS, CALLS * output.seconds), drawn)
    except Unsuited as reason:
        return Found({}, None, str(reason))
    errors = None if found.errors is None else np.broadcast_to(found.errors, (len(draw.seeds) if form.batched else 1,))
    return Found(found.values, errors, found.words, len(found.methods))


@cache
def version() -> str:
    """SHA-256 over the sources of what makes trusted solutions: other methods give other references."""
    home = Path(boxes.__path__[0])
    digest = hashlib.sha256()
    for file in sorted((*home.rglob("*.py"), *home.rglob("*.jinja"))):
        digest.update(file.relative_to(home).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()
