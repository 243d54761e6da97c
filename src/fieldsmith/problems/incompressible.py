"""Plane incompressible flow by velocity and pressure, recognised, so that its stream-function form can be named."""

from typing import Any

import sympy as sp

from fieldsmith.problems.jets import partial
from fieldsmith.problems.system import Law, System


def stream_function_form(system: System) -> str:
    """The equation and conditions of the same flow by a stream function, in words; empty for anything but a plane flow whose velocity is given at its ends."""
    if len(system.axes) != 2 or len(system.unknowns) != 3 or system.complex or system.periodic:
        return (
            ""  # along a periodic axis the flow rate, which the stream function needs at its walls, is not known ahead
        )
    pair = next((found for law in system.laws if (found := _velocity(system, law))), None)
    if pair is None or any(one.kind != "dirichlet" for one in system.conditions):
        return ""
    p = next(unknown.name for unknown in system.unknowns if unknown.name not in pair)
    factors = {_momentum(system, k, pair, p) for k in (0, 1)}
    held = {system.jets.meanings[jet][0] for one in system.conditions for jet in system.jets.among(one.residual)}
    if len(factors) != 1 or None in factors or not held <= set(pair):
        return ""
    (rate, carried, viscous) = next(one for one in factors if one)
    x, y = (axis.name for axis in system.axes)
    taken = {*system.symbols, *(unknown.name for unknown in system.unknowns), *system.definitions}
    s = next(name for name in ("psi", "stream", "stream_function", "flow_function") if name not in taken)
    terms = [_times(rate, f"d(laplace({s}), {system.time.name})")] if system.time and rate != 0 else []
    terms += [_times(carried, f"({s}_{y}*d(laplace({s}), {x}) - {s}_{x}*d(laplace({s}), {y}))")] if carried != 0 else []
    law = f"{' + '.join(terms) or '0'} = {_times(viscous, f'biharmonic({s})')}"
    return (
        f"By a stream function, {pair[0]} = {s}_{y} and {pair[1]} = -{s}_{x}, it has methods: “{law}”, with {s} and its derivative across given at each wall. "
        f"Or --model has a model write a program for {pair[0]}, {pair[1]} and {p}."
    )


def _velocity(system: System, law: Law) -> tuple[str, str] | None:
    """The unknowns u, v of a law u_x + v_y = 0; None of other laws."""
    timed = (0,) * system.timed
    met = {system.jets.meanings[jet][1]: jet for jet in system.jets.among(law.residual)}
    if met.keys() != {(*timed, 1, 0), (*timed, 0, 1)}:
        return None
    along_x, along_y = met[*timed, 1, 0], met[*timed, 0, 1]
    factor = partial(law.residual, along_x)
    if not factor.is_number or sp.expand(law.residual - factor * (along_x + along_y)) != 0:
        return None
    return system.jets.meanings[along_x][0], system.jets.meanings[along_y][0]


def _momentum(system: System, place: int, pair: tuple[str, str], p: str) -> tuple[Any, Any, Any] | None:
    """The factors of rate, transport and viscosity in a law a*u_t + b*(u*u_x + v*u_y) = -p_x + c*laplace(u), of one velocity; None where there is no such law."""
    jets, timed = system.jets, (0,) * system.timed

    def jet(name: str, x: int = 0, y: int = 0) -> Any:
        return jets.field(name, (*timed, x, y))

    u, v = pair
    own = pair[place]
    push = jet(p, 1 - place, place)
    law = next((one.residual for one in system.laws if push in one.residual.free_symbols), None)
    if law is None or jets.among(partial(law, push)) or partial(law, push) == 0:
        return None
    law = law / partial(law, push)
    moved = jets.field(own, (1, 0, 0)) if system.time else None
    rate = partial(law, moved) if moved is not None else sp.Integer(0)
    carried = partial(partial(law, jet(own, 1 - place, place)), jet(own))
    viscous = -partial(law, jet(own, 2))
    whole = push - viscous * (jet(own, 2) + jet(own, 0, 2)) + carried * (jet(u) * jet(own, 1) + jet(v) * jet(own, 0, 1))
    whole += rate * moved if moved is not None else 0
    constants = {system.symbols[one.name] for one in system.parameters}
    plain = all(one.free_symbols <= constants for one in (rate, carried, viscous))
    return (rate, carried, viscous) if plain and viscous != 0 and sp.expand(law - whole) == 0 else None


def _times(factor: Any, words: str) -> str:
    if factor == 1:
        return words[1:-1] if words[0] == "(" else words
    return f"{factor if factor.is_Symbol or factor.is_Integer else f'({factor})'}*{words}"
