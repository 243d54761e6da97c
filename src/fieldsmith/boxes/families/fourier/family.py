"""Fourier series on periodic domains: exact for what is linear with constant factors, exponential Runge-Kutta in time for the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from fieldsmith.blocks import Block, Choices, Variant, choice, number
from fieldsmith.boxes.families.fourier.eliminated import judge, steady_mean
from fieldsmith.boxes.families.fourier.evolution_source import Evolution, stiff
from fieldsmith.boxes.families.fourier.resolution import MOST, finer, first_points, given_waves, resolved
from fieldsmith.boxes.families.fourier.shocks import breaking_waves, refuse_shocks
from fieldsmith.boxes.families.fourier.source import Grid, Source
from fieldsmith.boxes.families.fourier.split import Parts, Steady, parts, steady
from fieldsmith.boxes.families.fourier.steady_source import steady_values
from fieldsmith.boxes.family import EXACT, GOOD, MADE, POOR, BoxFamily
from fieldsmith.boxes.form import Form
from fieldsmith.boxes.program import render
from fieldsmith.equations.expressions import Unsuited

SERIES = Block(
    "discretisation", "fourier", "Fourier series", "Waves are kept up to a highest one; products are made on a grid.", None,
    "C. Canuto et al., Spectral Methods in Fluid Dynamics (1988)",
)  # fmt: skip
EXPONENTIAL = Block(
    "integrator", "etdrk4", "exponential Runge-Kutta method", "What is linear with constant factors is solved exactly, the rest by four stages.", 4,
    "S. Krogstad, J. Comput. Phys. 203 (2005)",
)  # fmt: skip
NONE = Block("dealiasing", "none", "no dealiasing", "All waves of the grid are kept.")
TWO_THIRDS = Block(
    "dealiasing", "two-thirds", "two thirds of the waves kept", "Products of two fields alias into none of the waves that are kept.", None,
    "S. A. Orszag, J. Atmos. Sci. 28 (1971)",
)  # fmt: skip
HALF = Block(
    "dealiasing",
    "half",
    "half of the waves kept",
    "Products of three fields alias into none of the waves that are kept.",
)
KEPT = {NONE: 1.0, TWO_THIRDS: 2 / 3, HALF: 0.5}
FINER = {1: (1.0, 1.5, 2.0, 3.0, 4.0), 2: (1.0, 1.25, 1.5, 2.0, 3.0), 3: (1.0, 1.25, 1.5, 2.0, 2.5)}
"""Points of each variant by those of the first, by dimension: a quarter more is some digits more, and in a plane twice the work."""

TIGHTER = {1: 0.1, 2: 0.3, 3: 0.3}
"""Tolerance of each variant by that of the one before."""


@dataclass(frozen=True)
class FourierChoices(Choices):
    """`points` are those along the axis that has most; the others have as many as their share of the waves asks for."""

    discretisation: Block = choice(SERIES)
    integrator: Block = choice(EXPONENTIAL)
    dealiasing: Block = choice(TWO_THIRDS, HALF, NONE)
    points: int = number(128, 8, 2 * max(MOST.values()), "points of the grid along the axis with most")
    tolerance: float = number(1e-6, 1e-13, 0.1, "error of all steps together, relative to the fields")
    halvings: int = number(0, 0, 12, "how often the time between two output times is halved for a step, at least")


@dataclass(frozen=True)
class _Seen:
    """What a problem is for the family."""

    parts: Parts | Steady
    points: tuple[int, ...]
    dealiasing: Block
    exact: bool
    jump: str


class Fourier(BoxFamily[FourierChoices]):
    name = "fourier"
    principle = "Fourier series"
    limits = (
        "All axes periodic, one to three; solutions without shocks. Constraints, and space derivatives of the highest time derivative, are solved wave by wave, "
        "so their linear part has constant factors. Steady problems by division, or by Newton's method."
    )
    choices = FourierChoices

    def suits(self, form: Form) -> float:
        seen = self._seen(form)
        if isinstance(seen.parts, Steady):
            return GOOD if seen.parts.newton else EXACT
        if seen.exact:
            return EXACT
        if not resolved(form):
            return POOR
        return GOOD if breaking_waves(form) or stiff(Source(form), seen.parts) else MADE

    def variants(self, form: Form) -> Sequence[Variant[FourierChoices]]:
        seen, accuracy = self._seen(form), form.system.output.accuracy
        found = []
        for step, times in enumerate(FINER[len(form.space)]):
            points = finer(seen.points, times)
            tolerance = min(max(accuracy * TIGHTER[len(form.space)] ** step, 1e-12), 0.01)
            work = 1.0
            for n in points:
                work *= n
            # A step more between output times where tolerances are met by one at several levels: else their changes would tell nothing of the time.
            choices = FourierChoices(dealiasing=seen.dealiasing, points=max(points), tolerance=tolerance, halvings=step)
            found.append(Variant(f"{' x '.join(map(str, points))} points", choices, work * (1 + step), step))
        return found

    def places(self, form: Form, choices: FourierChoices) -> Mapping[str, np.ndarray]:
        seen = self._seen(form)
        lines = zip(form.system.axes, finer(seen.points, choices.points / max(seen.points)), strict=True)
        return {axis.name: np.linspace(axis.low, axis.high, count + 1) for axis, count in lines}

    def text(self, form: Form, choices: FourierChoices) -> str:
        seen = self._seen(form)
        points = finer(seen.points, choices.points / max(seen.points))
        grid = Grid(points, KEPT[choices.dealiasing], choices.tolerance, choices.halvings)
        source = Source(form)
        if isinstance(seen.parts, Steady):
            return render("fourier_steady.py.jinja", form, **steady_values(source, seen.parts, grid))
        return render("fourier_evolution.py.jinja", form, **Evolution(source, seen.parts, grid).values)

    def _seen(self, form: Form) -> _Seen:
        """Raises Unsuited."""
        _refuse(form)
        whole: Parts | Steady
        if form.timed:
            whole = parts(form)
            judge(form.system, whole)
            on_grid = whole.nonlinear
        else:
            whole = steady(form)
            on_grid = whole.rest
            if not whole.newton and steady_mean(form.system, whole.linear) and not whole.free:
                raise Unsuited("The equations leave a mean over the domain free.")
        met = {s for e in on_grid for s in e.free_symbols if form.system.jets.unknown(s)}
        waves = given_waves(form, on_grid)
        kinds = form.seen.waves.kinds if form.seen.waves else ()
        if waves.jump and (met if waves.jump not in form.system.initial else form.timed and "parabolic" not in kinds):
            raise Unsuited(f"{waves.jump} has jumps that nothing smooths, and Fourier series do not follow them.")
        dealiasing = _dealiasing(form, on_grid) if met else NONE
        points = first_points(form, waves, KEPT[dealiasing], exact=not met)
        return _Seen(whole, points, dealiasing, not any(on_grid), waves.jump)


def _refuse(form: Form) -> None:
    system = form.system
    open_ = [axis.name for axis in system.axes if axis.name not in system.periodic]
    if open_:
        raise Unsuited(f"{open_[0]} is not periodic.")
    if system.timed:
        refuse_shocks(form)


def _dealiasing(form: Form, on_grid: Sequence[Any]) -> Block:
    """By the highest product among the terms, where what depends on place counts as a field; for no polynomial as for a cubic one."""
    system = form.system
    highest = 0
    for expression in on_grid:
        fields = [s for s in expression.free_symbols if s in system.jets.meanings]
        places = [system.symbols[axis.name] for axis in system.axes]
        bent = sp.Dummy()
        plain = expression.xreplace(dict.fromkeys(places, bent)) if fields else sp.S.Zero
        highest = max(highest, _degree(plain, [*fields, bent]))
    return HALF if highest > 2 and len(system.axes) == 1 else TWO_THIRDS


def _degree(expression: Any, symbols: Sequence[Any]) -> int:
    """The degree of a polynomial in symbols; 3 for what is none. A factor that holds only the last symbol counts as one."""
    if not expression.free_symbols & set(symbols):
        return 0
    if expression.free_symbols & set(symbols) == {symbols[-1]}:
        return 1
    if expression in symbols:
        return 1
    if expression.is_Add:
        return max(_degree(part, symbols) for part in expression.args)
    if expression.is_Mul:
        return sum(_degree(part, symbols) for part in expression.args)
    if expression.is_Pow and expression.exp.is_Integer and expression.exp > 0:
        return int(expression.exp) * _degree(expression.base, symbols)
    return 3
