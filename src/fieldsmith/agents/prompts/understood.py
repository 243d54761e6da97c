"""What a prompt says about a problem of one's own: what kind it is, how stiff, and which kinds of methods fit it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fieldsmith.tasks.task import Brief

if TYPE_CHECKING:  # they take long, and only prompts about a problem of one's own come to them
    from fieldsmith.boxes.form import Form


@dataclass(frozen=True)
class Understood:
    """Facts in words, and numbers that formulas of them use.

    `kind` is order, linearity and type; `speeds` of waves, the least and the largest, at the start; `steps` that an explicit method takes for stability on the points asked
    for. `coarse` says where points and times are so few that more are needed inside. `doubts` are what is odd about the problem as it is stated, a sentence or a few each. `suits` and `unfit` are kinds of methods with what they solve, and why not.
    """

    kind: str
    speeds: tuple[float, float] | None
    steps: float | None
    stiff: bool
    frames: int
    linear: bool
    steady: bool
    periodic: tuple[str, ...]
    bounded: tuple[str, ...]
    constraints: bool
    conserved: tuple[str, ...]
    suits: tuple[tuple[str, str], ...]
    unfit: tuple[tuple[str, str], ...]
    doubts: tuple[str, ...] = ()


def understood(brief: Brief) -> Understood | None:
    """The facts; None of a task that is no problem of one's own, and where its kind was not judged."""
    form = brief.form
    kind = form.problem.understood.kind if form is not None else None
    if form is None or kind is None:
        return None
    from fieldsmith.boxes import methods

    verdicts = [(family, why) for family, why in methods.verdicts(form)]
    return Understood(
        kind=", ".join(filter(None, (_order(form), kind["linearity"], " and ".join(kind["types"])))),
        speeds=kind["speeds"],
        steps=kind["steps"],
        stiff=kind["stiff"],
        frames=len(form.system.output.times),
        linear=kind["linearity"] == "linear",
        steady=not form.timed,
        periodic=tuple(name for name in form.space if name in form.system.periodic),
        bounded=tuple(name for name in form.space if name not in form.system.periodic),
        constraints=bool(form.canonical.constraints) and form.timed,
        conserved=tuple(name for name, (verdict, _, _) in form.seen.conserved.items() if verdict == "stays"),
        suits=tuple((family.name, family.limits) for family, why in verdicts if not why),
        unfit=tuple((family.name, why) for family, why in verdicts if why),
        doubts=tuple(
            one.what
            for one in form.seen.told.ordered()
            if one.weight == "doubt" and not one.spot.field.startswith("exact")
        ),
    )


def _order(form: Form) -> str:
    kind = form.problem.understood.kind or {}
    time, space = kind["order_in_time"], kind["order_in_space"]
    return f"order {time} in time and {space} in space" if time else f"steady, order {space} in space"
