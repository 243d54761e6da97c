"""What the template of finite volumes is filled in with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from fieldsmith.boxes.families.volumes.balance import Balance
from fieldsmith.boxes.families.volumes.ends import End
from fieldsmith.boxes.families.volumes.looking import jumps_in_place, start_values, vanishes
from fieldsmith.boxes.families.volumes.speeds import Speeds, largest, speeds_of, spreads, turned
from fieldsmith.boxes.families.volumes.writing import Formula, Writer
from fieldsmith.boxes.form import Form
from fieldsmith.boxes.program import frame
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.problems.faults import TooLarge
from fieldsmith.problems.jets import partial
from fieldsmith.problems.numbers import evaluate


@dataclass(frozen=True)
class AxisLaw:
    """Formulas along one axis; `speeds` has the middle, the square of the spread and the others, or for a scalar the one speed."""

    axis: str
    flux: Formula
    jacobian: Formula | None
    speeds: Formula | None
    viscous: Formula
    diffusivity: Formula


@dataclass(frozen=True)
class EndLaw:
    """The conditions at an end; `free` lists the unknowns that they may change, None for the waves that enter."""

    key: tuple[int, int]
    words: str
    formula: Formula | None
    slopes: list[list[tuple[str, str]]]
    free: list[int] | None
    steps: int


def program_values(form: Form, balance: Balance, ends: Sequence[End]) -> dict[str, Any]:
    """Values of `volumes.py.jinja` that do not hang on choices. Raises Unsuited."""
    try:
        return _values(form, balance, ends)
    except TooLarge:
        raise Unsuited("The fluxes are too large for their signals to be written down.") from None


def _values(form: Form, balance: Balance, ends: Sequence[End]) -> dict[str, Any]:
    system = form.system
    axes = range(len(system.axes))
    signals = [speeds_of(system, balance, k) for k in axes]
    diffusion = [spreads(system, balance, k) if balance.diffuses else [] for k in axes]
    rates = largest(turned(system, balance, _slopes(form, balance.sources)))
    conditions = [r for end in ends for r in end.residuals]
    tables = [entry for one in signals for row in one.jacobian for entry in row]
    writer = Writer(form, balance, [*tables, *(e for row in diffusion for e in row), *rates])
    general = [end for end in ends if not end.signs]
    needed = {end.axis for end in general} | {k for k in axes if not signals[k].known}
    laws = [
        AxisLaw(
            system.axes[k].name,
            writer.values(*balance.fluxes[k]),
            writer.values(*(entry for row in signals[k].jacobian for entry in row)) if k in needed else None,
            _speeds(writer, signals[k]),
            writer.values(*balance.viscous[k]),
            writer.values(*diffusion[k], like=False),
        )
        for k in axes
    ]
    sources = any(part != 0 for part in balance.sources)
    reactions = [entry for row in _slopes(form, balance.sources) for entry in row] if rates and balance.plain else []
    positive = _positive(form, balance, signals)
    end_laws = [_end_law(form, writer, end) for end in general]
    known = frame(form)
    initial = known["initial"]
    clock = system.symbols[system.time.name] if system.time else None
    arguments = {(one.role, one.of): code for one, code in zip(form.inputs, known["arguments"], strict=True)}
    given = [one.name for one in form.sampled]
    starts = [{"function": initial[u.name][0] if initial[u.name] else ""} for u in system.unknowns]
    periodic = [axis.name in system.periodic for axis in system.axes]
    values = {
        "axes": [writer.code.symbol(name) for name in form.space],
        "space": form.space,
        "t": known["clock"][0],
        "count": len(system.unknowns),
        "plain": balance.plain,
        "quantities": writer.values(*balance.quantities),
        "inverse": writer.inverse(balance),
        "laws": laws,
        "diffuses": balance.diffuses,
        "spreads_all": all(all(row[i] != 0 for row in balance.viscous) for i in range(len(system.unknowns))),
        "sources": writer.values(*balance.sources) if sources else None,
        "reactions": writer.values(*reactions) if reactions else None,
        "source_slopes": writer.values(*rates, like=False),
        "sound": writer.values(*positive, like=False) if positive else None,
        "curved": _curved(form, balance),
        "sided": any(jumps_in_place(system, sp.sympify(e)) for e in balance.everything),
        "bends": sources or len(system.axes) > 1,
        "mirrors": [end for end in ends if end.signs],
        "ends": end_laws,
        "whole": [end.key for end in general if end.free == "all"],
        "conditioned": any(end.formula for end in end_laws),
        "sloped": any(end.sloped for end in general),
        "all_periodic": all(periodic),
        "any_periodic": any(periodic),
        "uses_t": any(clock in sp.sympify(e).free_symbols for e in (*balance.everything, *conditions)),
        "sample_fields": [(given.index(name), orders[1:]) for name, orders in writer.samples],
        "given_arguments": [arguments["coefficient", name] for name in given],
        "start_arguments": [arguments["initial", u.name] for u in system.unknowns],
        "batch_argument": arguments["initial", system.unknowns[0].name],
        "starts": starts,
        "interpolates": bool(given) or not all(one["function"] for one in starts),
        "result_names": [writer.code.array(u.name, (0,) * len(system.coordinates)) for u in system.unknowns],
        "given": {},  # coefficients that are expressions stand in the fluxes
    }
    values["special"] = "special." in repr([values, initial])
    return values


def _slopes(form: Form, expressions: Sequence[Any]) -> list[list[Any]]:
    unknowns = [form.system.jets.field(u.name) for u in form.system.unknowns]
    return [[partial(e, u) for u in unknowns] for e in expressions]


def _speeds(writer: Writer, signals: Speeds) -> Formula | None:
    if not signals.known:
        return None
    more = (signals.squared, *signals.others) if len(signals.jacobian) > 1 else ()
    return writer.values(signals.middle, *more, like=False)


def _positive(form: Form, balance: Balance, signals: Sequence[Speeds]) -> list[Any]:
    """What must stay positive: unknowns that are divided by or have roots and start so, and squares of speeds of sound."""
    system, jets = form.system, form.system.jets
    start = start_values(form)
    for row in balance.fluxes:
        for flux in row:
            if not (flux.free_symbols - start.keys()) and not np.isfinite(evaluate(flux, start)).all():
                raise Unsuited("A flux is not finite at the start: something that is divided by vanishes.")
    found = []
    for unknown in system.unknowns:
        symbol = jets.field(unknown.name)
        powers = {p for e in balance.everything for p in sp.sympify(e).atoms(sp.Pow, sp.log) if p.args[:1] == (symbol,)}
        risky = any(not p.is_Pow or not (p.exp.is_Integer and p.exp > 0) for p in powers)
        if risky and np.min(start[symbol]) > 0:
            found.append(symbol)
    squares = [one.squared for one in signals if one.known and jets.among(sp.sympify(one.squared))]
    return [*found, *(s for k, s in enumerate(squares) if s not in (*found, *squares[:k]) and not _implied(s, found))]


def _implied(square: Any, positive: Sequence[Any]) -> bool:
    """Whether it is a product of what is positive already and of parameters, such as g*h."""
    fields = [factor for factor in sp.Mul.make_args(square) if any(":" in str(s) for s in factor.free_symbols)]
    return all(factor in positive for factor in fields)


def _curved(form: Form, balance: Balance) -> bool:
    """Whether a scalar flux is more than a parabola, so that its fastest signal may lie between two states."""
    first, *others = form.system.unknowns
    if others:
        return False
    unknown = form.system.jets.field(first.name)
    bends = (partial(partial(flux, unknown), unknown) for row in balance.fluxes for flux in row)
    return any(not vanishes(partial(bend, unknown)) for bend in bends)


def _end_law(form: Form, writer: Writer, end: End) -> EndLaw:
    axis = form.system.axes[end.axis]
    words = f"the condition{'s' * (len(end.residuals) > 1)} at {axis.name} = {axis.end(end.side):g}"
    free = list(range(len(form.system.unknowns))) if end.free == "all" else list(end.held)
    if not end.residuals:
        return EndLaw(end.key, words, None, [], None, 0)
    formula, slopes = writer.condition(end.residuals, end.axis)
    return EndLaw(end.key, words, formula, slopes, None if end.free == "entering" else free, end.steps)
