"""The problem as it is asked: the call with nominal parameters on the points and times of `[output]`, and what its arrays mean."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from fieldsmith.boxes.form import TIMES, Form, Part
from fieldsmith.boxes.samples import arguments, asked_points, asked_times, drawn

CLOSE = 1e-9
"""Relative difference below which places and values are those that were asked for."""
PARTS: Mapping[Part, str] = {"": "", "real": ", real part", "imag": ", imaginary part"}


class Described(NamedTuple):
    """A coordinate or a result: what it means and its unit, 1 where it has none."""

    name: str
    meaning: str
    unit: str


def asked_inputs(form: Form, seed: int = 0) -> dict[str, np.ndarray | float]:
    """Arguments of the call by name, with a batch of one; families are drawn with `seed`."""
    return arguments(form, drawn(form.problem, (seed,)))


def is_asked(form: Form, inputs: Mapping[str, Any]) -> bool:
    """Whether a call has the points, times and parameters that were asked for."""
    wanted: dict[str, Any] = {**asked_points(form), TIMES: np.array(asked_times(form))}
    wanted |= {p.name: np.array(p.value) for p in form.ranged}
    return all(
        np.shape(inputs[one.name]) == np.shape(wanted[one.name])
        and np.allclose(inputs[one.name], wanted[one.name], rtol=CLOSE, atol=CLOSE * np.abs(wanted[one.name]).max(initial=0.0))
        for one in form.inputs if one.role in ("points", "times", "parameter")
    )  # fmt: skip


def described_coordinates(form: Form) -> tuple[Described, ...]:
    """Of the time, where there is one, and of every axis."""
    system = form.system
    known = (*((system.time,) if system.time else ()), *system.axes)
    return tuple(Described(one.name, one.meaning or one.name, one.unit or "1") for one in known)


def described_results(form: Form) -> tuple[Described, ...]:
    unknowns = {one.name: one for one in form.system.unknowns}
    return tuple(
        Described(one.name, f"{unknowns[one.of].meaning or one.of}{PARTS[one.part]}", unknowns[one.of].unit or "1")
        for one in form.results
    )
