"""Programs of finite differences are run as a sandbox would run them, and measured against exact solutions: order in space and in time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fieldsmith.boxes.families.differences import Differences
from fieldsmith.boxes.families.differences.choices import DOP853, ORDERS, RODAS5P, SIXTH
from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.problems import Problem

EXAMPLES = Path(__file__).parents[2] / "examples" / "problems"
family = Differences()


def solved(problem, *, batch=1, lines=None, times=None, parameters=None, variant=0, intervals=None, **choices):
    """The solver's arrays by unknown (complex ones whole), the points of each axis and the output times; the variant is changed by `choices`."""
    form, parameters = Form(problem), parameters or {}
    system = form.system
    usual = family.variants(form)[variant].choices
    chosen = replace(usual, points=intervals or usual.points, **choices)
    lines = lines or [
        np.linspace(a.low, a.high, system.output.points[a.name], endpoint=a.name not in system.periodic)
        for a in system.axes
    ]
    times = np.array(system.output.times if times is None else times)
    mesh = dict(zip(form.space, np.meshgrid(*lines, indexing="ij"), strict=True))
    values = {p.name: p.value for p in system.parameters} | parameters
    given = []
    for one in form.inputs:
        if one.role in ("initial", "coefficient"):
            drawn = np.array([problem.field(one.of, mesh, seed, **parameters) for seed in range(batch)])
            given.append({"": drawn, "real": np.real(drawn), "imag": np.imag(drawn)}[one.part])
        else:
            place = lines[form.space.index(one.of)] if one.role == "points" else times
            given.append(values[one.of] if one.role == "parameter" else place)
    scope = {}
    exec(compile(family.text(form, chosen), "solver.py", "exec"), scope)
    arrays = scope["solver"](*given)
    arrays = arrays if isinstance(arrays, tuple) else (arrays,)
    found = {}
    for one, array in zip(form.results, arrays, strict=True):
        assert array.dtype == np.float64
        found[one.of] = found.get(one.of, 0) + array * (1j if one.part == "imag" else 1)
    return found, lines, times


def error(problem, **options):
    """The largest relative error, by root mean squares, of any unknown."""
    found, lines, times = solved(problem, **options)
    timed = problem.system.timed
    names = [*([problem.system.time.name] if timed else []), *(a.name for a in problem.system.axes)]
    places = dict(zip(names, np.meshgrid(*([times] if timed else []), *lines, indexing="ij"), strict=True))
    errors = []
    for name, array in found.items():
        exact = problem.field(name, places, 0, **(options.get("parameters") or {}))
        got = array[0] if Form(problem).batched else array
        assert got.shape == exact.shape
        errors.append(np.linalg.norm(got - exact) / np.linalg.norm(exact))
    return max(errors)


def example(name, *changes):
    text = (EXAMPLES / f"{name}.toml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return Problem.from_text(text, name, EXAMPLES)


def problem(equations, boundary, exact, low=0, high=1, end=0.2, **more):
    """One in x; initial values are the exact solution's at time 0."""
    return Problem(
        equations, {"x": (low, high), "t": (0, end)}, boundary=boundary, exact=exact,
        **{"output": {"points": 23, "times": 4}, **more},
    )  # fmt: skip


CASES = {
    "heat, Dirichlet in time": (
        problem(["u_t = u_xx"], {"x": "u = exp(-t)*cos(x)"}, {"u": "exp(-t)*cos(x)"}, initial={"u": "cos(x)"}), (2, 4, 6),
    ),
    "heat, Neumann": (
        problem(["u_t = u_xx"], {"x": "u_x = 0"}, {"u": "exp(-pi**2*t)*cos(pi*x)"}, initial={"u": "cos(pi*x)"}), (2, 4, 6),
    ),
    "heat, Robin in time": (
        problem(["u_t = u_xx"], {"x=0": "u_x - 2*u = -2*exp(-4*t)", "x=1": "u_x + u = exp(-4*t)*(cos(2) - 2*sin(2))"},
                {"u": "exp(-4*t)*cos(2*x)"}, initial={"u": "cos(2*x)"}), (2, 4, 6),
    ),
    "radiation": (
        problem(["u_t = u_xx"], {"x=0": "u_x = -u**4 + exp(-4*t)*cos(1/2)**4 - exp(-t)*sin(1/2)", "x=1": "u = exp(-t)*cos(3/2)"},
                {"u": "exp(-t)*cos(x + 1/2)"}, initial={"u": "cos(x + 1/2)"}), (2, 4, 6),
    ),
    "two unknowns coupled at an end": (
        problem(["u_t = u_xx", "v_t = v_xx"],
                {"x=0": ["u_x = v + exp(-t)*(cos(1) - sin(1))", "v_x = u + exp(-t)*(cos(1) - sin(1))"],
                 "x=1": ["u = exp(-t)*sin(2)", "v = exp(-t)*sin(2)"]},
                {"u": "exp(-t)*sin(x + 1)", "v": "exp(-t)*sin(x + 1)"}, initial={"u": "sin(x + 1)", "v": "sin(x + 1)"}), (2, 4),
    ),
    "wave": (
        problem(["u_tt = u_xx"], {"x=0": "u = 0", "x=1": "u_x = 0"}, {"u": "sin(5*pi/2*x)*cos(5*pi/2*t)"},
                initial={"u": "sin(5*pi/2*x)", "u_t": "0"}), (2, 4),
    ),
    "beam, clamped in time": (
        problem(["u_tt = -u_xxxx - 15*sin(x)*cos(4*t)"],
                {"x=0": ["u = 0", "u_x = cos(4*t)"], "x=1": ["u = sin(1)*cos(4*t)", "u_xx = -sin(1)*cos(4*t)"]},
                {"u": "sin(x)*cos(4*t)"}, initial={"u": "sin(x)", "u_t": "0"}), (2, 4),
    ),
    "Schroedinger": (
        problem(["I*u_t = -u_xx"], {"x": "u = 0"}, {"u": "sin(2*pi*x)*exp(-4*I*pi**2*t)"}, unknowns={"u": {"complex": True}},
                initial={"u": "sin(2*pi*x)"}, end=0.1), (2, 4),
    ),
    "nonlinear Schroedinger": (
        problem(["I*u_t = -u_xx - 2*abs(u)**2*u"], {"x": "periodic"}, {"u": "2*exp(I*(2*pi*x + (8 - 4*pi**2)*t))"},
                unknowns={"u": {"complex": True}}, initial={"u": "2*exp(2*I*pi*x)"}), (2, 4, 6),
    ),
    "Korteweg and de Vries between ends": (
        problem(["u_t = -u_xxx + (1 + 1)*u_x"], {"x=0": "u = sin(3*t)", "x=2": ["u = sin(2 + 3*t)", "u_x = cos(2 + 3*t)"]},
                {"u": "sin(x + 3*t)"}, initial={"u": "sin(x)"}, high=2, end=1), (2, 4),
    ),
    "advection with outflow": (
        problem(["u_t + u_x = 0"], {"x=0": "u = sin(-6*t)", "x=1": "open"}, {"u": "sin(6*(x - t))"}, initial={"u": "sin(6*x)"}, end=1), (2, 4),
    ),
    "acoustics between walls": (
        problem(["p_t + u_x = 0", "u_t + p_x = 0"], {"x": "u = 0"}, {"p": "cos(2*pi*x)*cos(2*pi*t)", "u": "sin(2*pi*x)*sin(2*pi*t)"},
                initial={"p": "cos(2*pi*x)", "u": "0"}, end=2.2), (2, 4),
    ),
    "rates under a space derivative": (
        problem(["u_t - u_xxt = u_xx - u + sin(x)"], {"x=0": "u = 0", "x=1": "u_x = (1 + exp(-t))*cos(1)/2"},
                {"u": "(1 + exp(-t))*sin(x)/2"}, initial={"u": "sin(x)"}, end=1), (2, 4),
    ),
    "a coefficient that varies": (
        problem(["u_t = d(a*u_x, x) - exp(-t)*((2 + x)*exp(x) + (1 + (2 + x))*exp(x)) + exp(-t)*(2 + x)*exp(x)"],
                {"x=0": "u_x = exp(-t)", "x=1": "u = e*exp(-t)"}, {"u": "exp(x - t)"}, coefficients={"a": "1 + x"},
                initial={"u": "exp(x)"}), (2, 4),
    ),
}  # fmt: skip


@pytest.mark.parametrize("order", [2, 4, 6])
@pytest.mark.parametrize("name", CASES)
def test_the_error_falls_with_the_order_of_the_differences(name, order):
    told, orders = CASES[name]
    if order not in orders:
        pytest.skip("not stable by these ends")
    sizes, tolerance = {2: ((48, 96), 1e-6), 4: ((24, 48), 1e-9), 6: ((16, 32), 1e-11)}[order]
    errors = [error(told, discretisation=ORDERS[order], intervals=n, tolerance=tolerance) for n in sizes]
    assert np.log2(errors[0] / errors[1]) > order - 0.5
    assert errors[1] < {2: 2e-2, 4: 2e-3, 6: 1e-4}[order]


def test_the_error_in_time_falls_with_the_fifth_power_of_the_steps():
    """Rodas5P with steps that are held fixed, on a linear problem with conditions that change in time and on a nonlinear one: order 5 but for
    what conditions take away."""
    for name, least in (("heat, Robin in time", 4.5), ("nonlinear Schroedinger", 4.5), ("radiation", 4.0)):
        form = Form(CASES[name][0])
        chosen = replace(family.variants(form)[0].choices, points=20)
        scope = {}
        exec(compile(family.text(form, chosen), "solver.py", "exec"), scope)
        system = scope["System"]([], ())
        start = np.zeros((len(form.state), *scope["COUNTS"]), scope["DTYPE"])
        start[0] = scope["initial_u"](scope["LINES"][0])
        start = scope["consistent"](system, 0.0, start.ravel())
        ends = []
        for count in (8, 16, 32, 256):
            y, length = start, 0.1 / count
            for k in range(count):
                solve = system.solver(system.mass_entries / (scope["GAMMA"] * length) - system.slopes(k * length, y))
                y, _, stages = scope["step"](system, solve, k * length, y, length)
                if k == 0:
                    half = scope["dense"](start, y, stages, 1.0)
                    np.testing.assert_allclose(half, y, rtol=1e-12, atol=1e-14)
            ends.append(y)
        errors = [np.abs(one - ends[-1]).max() for one in ends[:-1]]
        assert np.log2(errors[-2] / errors[-1]) > least, (name, errors)


STEADY = {
    "variable coefficient": (
        ["div(c*grad(u)) = exp(x)*sin(2*y)*(1 - 3*(1 + x + y)) + 2*exp(x)*cos(2*y)"], {"x": (0, 1), "y": (0, 1.5)}, {"c": "1 + x + y"},
        {"x=0": "u = sin(2*y)", "x=1": "u_x = e*sin(2*y)", "y=0": "u = 0", "y=1.5": "u_y + u = exp(x)*(2*cos(3) + sin(3))"},
        "exp(x)*sin(2*y)",
    ),
    "Bratu": (
        ["laplace(u) + exp(u) = exp(sin(pi*x)*sin(pi*y)) - 2*pi**2*sin(pi*x)*sin(pi*y)"], {"x": (0, 1), "y": (0, 1)}, {},
        {"x": "u = 0", "y": "u = 0"}, "sin(pi*x)*sin(pi*y)",
    ),
    "periodic and not": (
        ["laplace(u) - u + u_xy = -3*sin(x)*exp(y)*0 - sin(x)*exp(y) + cos(x)*exp(y)"], {"x": (0, "2*pi"), "y": (0, 1)}, {},
        {"x": "periodic", "y=0": "u = sin(x)", "y=1": "u_y = e*sin(x)"}, "sin(x)*exp(y)",
    ),
    "determined but for a constant": (
        ["laplace(u) = -5*pi**2*cos(pi*x)*cos(2*pi*y)"], {"x": (0, 1), "y": (0, 1)}, {}, {"x": "u_x = 0", "y": "u_y = 0"},
        "cos(pi*x)*cos(2*pi*y)",
    ),
    "plate": (
        ["biharmonic(u) = 4*pi**4*sin(pi*x)*sin(pi*y)"], {"x": (0, 1), "y": (0, 1)}, {}, {"x": ["u = 0", "u_xx = 0"], "y": ["u = 0", "u_yy = 0"]},
        "sin(pi*x)*sin(pi*y)",
    ),
    "three dimensions": (
        ["div(c*grad(u)) = -exp(x)*sin(y)*cos(z)*x"], {"x": (0, 1), "y": (0, 1), "z": (0, 1)}, {"c": "1 + x"},
        {"x=0": "u = sin(y)*cos(z)", "x=1": "u_x = e*sin(y)*cos(z)", "y=0": "u = 0", "y=1": "u = exp(x)*sin(1)*cos(z)", "z=0": "u_z = 0",
         "z=1": "u = exp(x)*sin(y)*cos(1)"}, "exp(x)*sin(y)*cos(z)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("order", [2, 4])
@pytest.mark.parametrize("name", STEADY)
def test_steady_problems(name, order):
    equations, domain, coefficients, boundary, exact = STEADY[name]
    told = Problem(equations, domain, coefficients=coefficients, boundary=boundary, exact={"u": exact}, output={"points": 12})
    sizes = (12, 18) if len(domain) == 3 else (32, 64) if name == "plate" else (16, 32)
    errors = [error(told, discretisation=ORDERS[order], intervals=n) for n in sizes]
    assert np.log(errors[0] / errors[1]) / np.log(sizes[1] / sizes[0]) > order - 0.6
    assert errors[1] < {2: 2e-2, 4: 1e-3}[order]
