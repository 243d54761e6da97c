"""Steps in time for programs with gaps, as source: what is left open is the right-hand side, or the part of it that is not stiff."""

import ast
import itertools
import re
from collections.abc import Sequence

from fieldsmith import syntax
from fieldsmith.agents.prompts.frame import Frame
from fieldsmith.equations.facts import Methods


def runge_kutta(frame: Frame, fields: list[str], given: list[str], rates: list[str]) -> list[str]:
    """Classical steps of fourth order; the right-hand side is left open. `rates` are reciprocals of the limits of a step."""
    own = frame.own
    after = ", ".join([*frame.spacings.values(), *given])
    dt, stages = own["dt"], [own[f"k{n}"] for n in range(1, 5)]

    def moved(share: str, stage: str) -> str:
        if len(fields) == 1:
            return f"{fields[0]} + {share}{dt} * {stage}"
        return ", ".join(f"{name} + {share}{dt} * {stage}[{n}]" for n, name in enumerate(fields))

    call = f"{own['rate']}({{}}, {after})".format
    k1, k2, k3, k4 = stages
    if len(fields) == 1:
        end = f"    return {fields[0]} + {dt} / 6 * ({k1} + 2 * {k2} + 2 * {k3} + {k4})"
    else:
        each = (f"{k1}[{n}] + 2 * {k2}[{n}] + 2 * {k3}[{n}] + {k4}[{n}]" for n in range(len(fields)))
        ends = ", ".join(f"{name} + {dt} / 6 * ({sum_})" for name, sum_ in zip(fields, each, strict=True))
        end = f"    return {ends}"
    said, helpers = _right_hand_sides(frame, fields)
    return [
        "import numpy as np",
        "",
        "",
        *helpers,
        f"def {own['largest_step']}({', '.join(fields)}, {after}):",
        '    """The largest time step that is stable."""',
        f"    return 0.5 / ({' + '.join(rates)} + 1e-12)",
        "",
        "",
        f"def {own['rate']}({', '.join(fields)}, {after}):",
        f'    """{said}"""',
        '    raise NotImplementedError("TODO")',
        "",
        "",
        f"def {own['step']}({', '.join([*fields, dt])}, {after}):",
        '    """One step of the classical Runge-Kutta method of fourth order."""',
        f"    {k1} = {call(', '.join(fields))}",
        f"    {k2} = {call(moved('0.5 * ', k1))}",
        f"    {k3} = {call(moved('0.5 * ', k2))}",
        f"    {k4} = {call(moved('', k3))}",
        end,
        "",
        "",
    ]


def lawson(frame: Frame, field: str, given: list[str], methods: Methods) -> list[str]:
    """Fourth-order integrating-factor steps (Lawson 1967): high derivatives exactly in Fourier space, the rest by RK4."""
    own, axis = frame.own, frame.axes[0].name
    spacing, slope, operator = frame.spacings[axis], f"{field}_{axis}", frame.free(f"d_{axis}")
    after = ", ".join([spacing, *given])
    dt, rest, exact, half, k = (own[name] for name in ("dt", "rest", "exact", "half", "k"))
    symbol = " + ".join(f"{factor} * (1j * {k}) ** {n}" for n, factor in methods.high_factors.items())
    k1, k2, k3, k4 = (own[f"k{n}"] for n in range(1, 5))
    rates = [limit.rate for limit in methods.limits if limit.term == "transport"]
    rates += [methods.reaction_rate] if methods.reaction_rate else []
    slopes = re.search(rf"\b{slope}\b", methods.low_terms) is not None
    terms = re.sub(rf"\b{slope}\b", f"{operator}({field}, {spacing})", methods.low_terms)
    return [
        "import numpy as np",
        "",
        "",
        *(_operator(frame, (axis,), operator) if slopes else []),
        f"def {own['largest_step']}({field}, {after}):",
        '    """The largest time step that is stable: what is stepped exactly does not limit it."""',
        f"    return 0.5 / ({' + '.join([*rates, '1e-12'])})",
        "",
        "",
        f"def {exact}({field}, {dt}, {after}):",
        f'    """{field} a time {dt} later if {field}_t were {methods.high_terms} alone, exactly."""',
        f"    {k} = 2 * np.pi * np.fft.rfftfreq({field}.shape[-1], {spacing})",
        f"    return np.fft.irfft(np.exp({dt} * ({symbol})) * np.fft.rfft({field}), {field}.shape[-1])",
        "",
        "",
        f"def {rest}({field}, {after}):",
        f'    """Returns {terms}, what {field}_t has besides {methods.high_terms}. Arrays [batch, {axis}]."""',
        '    raise NotImplementedError("TODO")',
        "",
        "",
        f"def {own['step']}({field}, {dt}, {after}):",
        '    """One step of fourth order: Runge-Kutta for the rest, carried along by what is exact."""',
        f"    {half} = {exact}({field}, {dt} / 2, {after})",
        f"    {k1} = {exact}({rest}({field}, {after}), {dt} / 2, {after})",
        f"    {k2} = {rest}({half} + {dt} / 2 * {k1}, {after})",
        f"    {k3} = {rest}({half} + {dt} / 2 * {k2}, {after})",
        f"    {k4} = {rest}({exact}({half} + {dt} * {k3}, {dt} / 2, {after}), {after})",
        f"    return {exact}({half} + {dt} / 6 * ({k1} + 2 * {k2} + 2 * {k3}), {dt} / 2, {after}) + {dt} / 6 * {k4}",
        "",
        "",
    ]


def _operators(frame: Frame, sides: Sequence[str]) -> tuple[list[str], list[str]]:
    """The right-hand sides with `d_xx(f, dx)` for `d(f, x, x)`, and those operators as functions, where Fourier methods fit.

    Elsewhere the sides as they are and no functions.
    """
    if frame.methods is None or not frame.methods.smooth:
        return list(sides), []
    reader = _Operators(frame)
    written = [ast.unparse(reader.visit(syntax.parse_expression(side))) for side in sides]
    return written, [line for axes, name in sorted(reader.names.items()) for line in _operator(frame, axes, name)]


class _Operators(ast.NodeTransformer):
    """Calls of `d` by the axes that they differentiate along; mixed ones one axis after the other."""

    def __init__(self, frame: Frame) -> None:
        self.frame, self.names = frame, dict[tuple[str, ...], str]()

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        along = [n.id for n in node.args[1:] if isinstance(n, ast.Name)]
        if not isinstance(node.func, ast.Name) or node.func.id != "d" or not along:
            return node
        inner = node.args[0]
        for _, same in itertools.groupby(along):
            axes = tuple(same)
            if axes not in self.names:
                self.names[axes] = self.frame.free(f"d_{''.join(axes)}")
            inner = ast.Call(ast.Name(self.names[axes]), [inner, ast.Name(self.frame.spacings[axes[0]])], [])
        return inner


def _operator(frame: Frame, axes: Sequence[str], name: str) -> list[str]:
    """A derivative along an axis by Fourier transforms, as a function."""
    axis, order = axes[0], len(axes)
    place = [a.name for a in frame.axes].index(axis) - len(frame.axes)
    spacing = frame.spacings[axis]
    shape = f"[:{', None' * (-place - 1)}]" if place < -1 else ""
    power = f"(1j * k) ** {order}" if order > 1 else "1j * k"
    which = ("First", "Second", "Third", "Fourth")[order - 1] if order <= 4 else f"{order}th"
    return [
        f"def {name}(f, {spacing}):",
        f'    """{which} derivative of f along {axis}, periodic, by Fourier transforms."""',
        f"    k = 2 * np.pi * np.fft.rfftfreq(f.shape[{place}], {spacing}){shape}",
        f"    return np.fft.irfft({power} * np.fft.rfft(f, axis={place}), f.shape[{place}], axis={place})",
        "",
        "",
    ]


def _right_hand_sides(frame: Frame, fields: Sequence[str]) -> tuple[str, list[str]]:
    """What is left to write, in words, and the functions that help with it."""
    by_name = {balance.quantity: balance.rhs for balance in frame.equation.balances}
    sides, helpers = _operators(frame, [by_name[name] for name in fields])
    said = f"{', '.join(sides)}, which is {', '.join(f'{name}_t' for name in fields)}"
    if not helpers:
        said += f", where {' and '.join(f'd(f, {axis.name}) is df/d{axis.name}' for axis in frame.axes)}"
    return f"Returns {said}. Arrays [batch, {frame.space()}].{frame.walls()}", helpers
