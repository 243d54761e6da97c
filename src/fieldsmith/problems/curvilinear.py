"""Whether operators such as laplace are meant in polar coordinates: here they take all coordinates for straight ones."""

from fieldsmith.problems.faults import Findings, Misread
from fieldsmith.problems.grammar import equation, nodes
from fieldsmith.problems.system import System

RADII = ("r", "rho", "radius")
ANGLES = ("theta", "phi", "varphi", "azimuth")
STRAIGHT = ("laplace", "biharmonic", "div", "grad", "curl")
"""Operators that mean something else in curved coordinates."""


def doubt_straightness(system: System, told: Findings) -> None:
    """Where a coordinate is called like a radius and begins at no less than 0, the operators in the equations are told as what they are."""
    radius = next((axis.name for axis in system.axes if axis.name in RADII and axis.low >= 0.0), "")
    if not radius:
        return
    for law in system.laws:
        try:
            used = [node.word for side in equation(law.text) for node in nodes(side) if node.word in STRAIGHT]
        except Misread:
            continue
        if used:
            others = [axis.name for axis in system.axes if axis.name != radius]
            u = system.unknowns[0].name
            told.doubt(law.spot, _said(u, used[0], radius, others), _mend(u, radius, others))
            return


def _said(u: str, operator: str, radius: str, others: list[str]) -> str:
    names = " and ".join([radius, *others])
    what = "straight coordinates" if others else "a straight coordinate"
    return f"{operator} takes {names} for {what}: laplace({u}) is {' + '.join(f'{u}_{name * 2}' for name in (radius, *others))}."


def _mend(u: str, radius: str, others: list[str]) -> str:
    r, around = radius, f"{u}_{radius * 2} + {u}_{radius}/{radius}"
    if not others:
        return f"In a disc write {around} for it, in a ball {u}_{r * 2} + 2*{u}_{r}/{r}; if {r} is no radius, give it another name."
    terms = [f"{u}_{name * 2}/{r}**2" if name in ANGLES else f"{u}_{name * 2}" for name in others]
    return f"Around an axis write {' + '.join([around, *terms])} for it; if {r} is no radius, give it another name."
