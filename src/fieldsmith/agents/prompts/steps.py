"""Steps in time for programs with gaps, as source: what is left open is the right-hand side, or the part of it that is not stiff."""

from typing import TYPE_CHECKING

from fieldsmith.agents.prompts.methods import Methods

if TYPE_CHECKING:
    from fieldsmith.agents.prompts.skeleton import Skeleton


def runge_kutta(frame: "Skeleton", fields: list[str], given: list[str], rates: list[str]) -> list[str]:
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
    return [
        "import numpy as np",
        "",
        "",
        *_derivatives(frame),
        f"def {own['largest_step']}({', '.join([*fields])}, {after}):",
        '    """The largest time step that is stable."""',
        f"    return 0.5 / ({' + '.join(rates)} + 1e-12)",
        "",
        "",
        f"def {own['rate']}({', '.join(fields)}, {after}):",
        f'    """{_said(frame, fields)}"""',
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


def lawson(frame: "Skeleton", field: str, given: list[str], methods: Methods) -> list[str]:
    """Fourth-order integrating-factor steps (Lawson 1967): high derivatives exactly in Fourier space, the rest by RK4."""
    own, axis = frame.own, frame.axes[0].name
    spacing, derivative = frame.spacings[axis], frame.derivatives[axis]
    after = ", ".join([spacing, *given])
    dt, rest, exact, half = (own[name] for name in ("dt", "rest", "exact", "half"))
    k1, k2, k3, k4 = (own[f"k{n}"] for n in range(1, 5))
    rates = [limit.rate for limit in methods.limits if limit.term == "transport"]
    rates += [methods.reaction_rate] if methods.reaction_rate else []
    return [
        "import numpy as np",
        "",
        "",
        *_derivatives(frame),
        f"def {own['largest_step']}({field}, {after}):",
        '    """The largest time step that is stable: what is stepped exactly does not limit it."""',
        f"    return 0.5 / ({' + '.join([*rates, '1e-12'])})",
        "",
        "",
        f"def {exact}({field}, {dt}, {after}):",
        f'    """{field} a time {dt} later if {field}_t were {methods.high_terms} alone, exactly."""',
        f"    k = 2 * np.pi * np.fft.rfftfreq({field}.shape[-1], {spacing})",
        f"    factor = np.exp({dt} * ({methods.high_symbol}))",
        f"    return np.fft.irfft(factor * np.fft.rfft({field}), {field}.shape[-1])",
        "",
        "",
        f"def {rest}({field}, {after}):",
        f'    """The other terms of {field}_t, without {methods.high_terms}: {methods.low_terms}, where {field}_{axis} is '
        f'{derivative}({field}, 1, {spacing}). Arrays [batch, {axis}]."""',
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


def _derivatives(frame: "Skeleton") -> list[str]:
    """A function for each axis where Fourier derivatives fit the equation."""
    if frame.methods is None or not frame.methods.smooth:
        return []
    lines = []
    for n, axis in enumerate(frame.axes):
        place = n - len(frame.axes)
        spacing, name = frame.spacings[axis.name], frame.derivatives[axis.name]
        shape = f"[:{', None' * (-place - 1)}]" if place < -1 else ""
        lines += [
            f"def {name}(f, n, {spacing}):",
            f'    """The n-th derivative (n = 1, 2, ...) of f along {axis.name}, periodic, by Fourier transforms."""',
            f"    k = 2 * np.pi * np.fft.rfftfreq(f.shape[{place}], {spacing}){shape}",
            f"    return np.fft.irfft((1j * k) ** n * np.fft.rfft(f, axis={place}), f.shape[{place}], axis={place})",
            "",
            "",
        ]
    return lines


def _said(frame: "Skeleton", fields: list[str]) -> str:
    """What is left to write, with the equation's right-hand sides."""
    by_name = {balance.quantity: balance.rhs for balance in frame.brief.equation.balances}
    sides = "; ".join(f"{name}_t = {by_name[name]}" for name in fields)
    said = [f"d(f, {axis.name}) is df/d{axis.name}" for axis in frame.axes]
    if frame.methods is not None and frame.methods.smooth:
        orders = range(1, min(2, max(1, frame.methods.order)) + 1)
        said = [
            f"d(f{f', {axis.name}' * n}) is {frame.derivatives[axis.name]}(f, {n}, {frame.spacings[axis.name]})"
            for axis in frame.axes
            for n in orders
        ]
    returned = ", ".join(f"{name}_t" for name in fields)
    return f"{sides}, where {' and '.join(said)}. Arrays [batch, {frame.space()}]; returns {returned}."
