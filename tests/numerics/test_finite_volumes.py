"""Every rung of the finite volumes against references that are computed in another way, and what they conserve."""

import numpy as np
import pytest
from numerics_cases import POINTS, TIMES, Z, brief_of, fourier, line, programs, references, relative, solve

from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.equation import Balance, Equation
from fieldsmith.numerics.finite_volumes import FiniteVolumes

FIRST, SECOND = fourier(POINTS, 1.0, 1), fourier(POINTS, 1.0, 2)
PLACE = Z / (2 * np.pi)
GIVEN = ("WENO on the given cells", "WENO on the given cells, steps four times smaller")

SCALAR = Equation(
    ("u",),
    (line(0, 1),),
    (
        Balance(
            "u", "-d((1 + sin(2*pi*s)/2)*u**2/2, s) + d(nu*(2 + cos(2*pi*s))*d(u, s), s) - u**3 + cos(20*t)*cos(2*pi*s)"
        ),
    ),
    ("nu",),
)
SHALLOW = Equation(
    ("depth", "v"),
    (line(0, 1),),
    (
        Balance("depth", "-d(depth*v, s)"),
        Balance("depth*v", "-d(depth*v**2 + g*depth**2/2, s) + d(nu*depth*d(v, s), s)"),
    ),
    ("nu",),
    {"g": 1.0},
    positive=("depth",),
)
ENERGY = "(squeeze/(kappa - 1) + mass*wind**2/2)"


def gas(length: float = 1.0, viscous: str = "") -> Equation:
    """An ideal gas whose unknowns stand in an unusual order under unusual names."""
    balances = (
        Balance(ENERGY, f"-d(({ENERGY} + squeeze)*wind, s)" + (viscous and f" + {viscous.format('wind*')}")),
        Balance("mass*wind", "-d(mass*wind**2 + squeeze, s)" + (viscous and f" + {viscous.format('')}")),
        Balance("mass", "-d(mass*wind, s)"),
    )
    parameters = ("mu",) if viscous else ()
    return Equation(
        ("squeeze", "mass", "wind"), (line(0, length),), balances, parameters, {"kappa": 1.4}, (), ("mass", "squeeze")
    )


def scalar_rate(t, u):
    flux = (1 + np.sin(Z) / 2) * u**2 / 2 - 0.02 * (2 + np.cos(Z)) * (FIRST @ u)
    return -FIRST @ flux - u**3 + np.cos(20 * t) * np.cos(Z)


def shallow_rate(t, w):
    depth, through = w[:POINTS], w[POINTS:]
    v = through / depth
    return np.concatenate([-FIRST @ through, -FIRST @ (depth * v**2 + depth**2 / 2 - 0.02 * depth * (FIRST @ v))])


def gas_rate(t, w):
    """Mass, momentum and energy of an ideal gas with viscosity."""
    mass, momentum, energy = np.split(w, 3)
    wind = momentum / mass
    squeeze = 0.4 * (energy - momentum * wind / 2)
    drag = 0.02 * (FIRST @ wind)
    return np.concatenate(
        [-FIRST @ momentum, -FIRST @ (momentum * wind + squeeze - drag), -FIRST @ ((energy + squeeze - drag) * wind)]
    )


def conserved_of(fields):
    squeeze, mass, wind = fields
    return [mass, mass * wind, squeeze / 0.4 + mass * wind**2 / 2]


def check(equation, parameters, starts, expected, given, times=TIMES):
    """All rungs: `given` bounds the error on the given cells; finer cells must be better in the square of their number."""
    brief = brief_of(equation, parameters, times)
    for name, source in programs(FiniteVolumes(), brief).items():
        finer = 3 if "3 times" in name else 5 if "5 times" in name else 1
        assert relative(solve(source, brief, starts, times), expected) < given / finer**1.5, name


@pytest.mark.slow
def test_a_scalar_law_with_explicit_place_and_time():
    start = np.stack([0.5 * np.sin(Z), 0.3 + 0.4 * np.cos(2 * Z)])
    check(SCALAR, {"nu": 0.02}, [start], references(scalar_rate, [start], method="DOP853"), 8e-3)


@pytest.mark.slow
def test_shallow_water():
    starts = [
        np.stack([1 + 0.3 * np.sin(Z), 1.2 + 0.2 * np.cos(2 * Z)]),
        np.stack([0.3 * np.cos(Z), 0.2 + 0.1 * np.sin(Z)]),
    ]
    depth, through = references(shallow_rate, [starts[0], starts[0] * starts[1]], method="DOP853")
    check(SHALLOW, {"nu": 0.02}, starts, [depth, through / depth], 8e-3)


@pytest.mark.slow
def test_a_viscous_gas_under_other_names():
    starts = [
        np.stack([1 + 0.2 * np.sin(Z), 1 + 0.1 * np.cos(Z)]),
        np.stack([1.2 + 0.2 * np.cos(Z), 1 + 0.1 * np.sin(2 * Z)]),
        np.stack([0.2 * np.sin(2 * Z), 0.3 + 0.1 * np.cos(Z)]),
    ]
    mass, momentum, energy = references(gas_rate, conserved_of(starts), method="DOP853")
    wind = momentum / mass
    expected = [0.4 * (energy - momentum * wind / 2), mass, wind]
    equation = gas(viscous="d(mu*{}d(wind, s), s)")
    check(equation, {"mu": 0.02}, starts, expected, 2e-2)


@pytest.mark.slow
def test_a_shock_tube_has_the_states_of_the_riemann_problem():
    """Sod's problem: between contact and shock, and between rarefaction and contact, the states are known."""
    x = (np.arange(256) + 0.5) / 128
    high = (x > 0.5) & (x < 1.5)
    starts = [np.where(high, 1.0, 0.1)[None], np.where(high, 1.0, 0.125)[None], 0 * x[None]]
    times = np.array([0.0, 0.1, 0.2])
    brief = brief_of(gas(2.0), {}, times)
    plan = FiniteVolumes().plan(
        Analysis(brief.equation, brief.parameters),
        FiniteVolumes().variants(Analysis(brief.equation, brief.parameters), brief)[0],
    )
    assert "HLLC" in plan.discretisation
    for name, source in programs(FiniteVolumes(), brief).items():
        if name == GIVEN[1] or "5 times" in name:
            continue  # what the first two show
        fields = solve(source, brief, starts, times)
        squeeze, mass, wind = (field[0, -1] for field in fields)
        before_contact, before_shock = np.abs(x - 1.6) < 0.02, np.abs(x - 1.77) < 0.02
        for near, density in ((before_contact, 0.42632), (before_shock, 0.26557)):
            assert squeeze[near] == pytest.approx(0.30313, rel=0.01), name
            assert wind[near] == pytest.approx(0.92745, rel=0.01), name
            assert mass[near] == pytest.approx(density, rel=0.02), name
        assert squeeze.min() > 0.099, name
        assert wind == pytest.approx(-wind[::-1], abs=1e-9), name


def test_the_fastest_signal_of_a_system_is_its_fastest_wave():
    space = {"__name__": "solver"}
    exec(programs(FiniteVolumes(), brief_of(SHALLOW, {"nu": 0.02}))[GIVEN[0]], space)
    depth, v = np.array([[1.0, 4.0, 0.25]]), np.array([[-3.0, 0.5, 0.0]])
    assert space["signal_speed"](np.stack([depth, v]), 0.02) == pytest.approx(np.abs(v) + np.sqrt(depth))


@pytest.mark.slow
@pytest.mark.parametrize("name", GIVEN)
def test_totals_are_conserved_to_rounding(name):
    rough = np.random.default_rng(1).uniform(0.5, 1.5, (3, 2, POINTS))
    brief = brief_of(gas(), {})
    fields = solve(programs(FiniteVolumes(), brief)[name], brief, list(rough))
    for total in (density.sum(axis=2) for density in conserved_of(fields)):
        assert np.isfinite(total).all()
        assert np.abs(total - total[:, :1]).max() < 1e-11 * np.abs(rough).sum()
    starts = [1 + rough[0], rough[1] - 1]
    brief = brief_of(SHALLOW, {"nu": 0.01})
    depth, v = solve(programs(FiniteVolumes(), brief)[name], brief, starts)
    for total in (depth.sum(axis=2), (depth * v).sum(axis=2)):
        assert np.abs(total - total[:, :1]).max() < 1e-11 * depth.sum()


def test_a_shock_travels_at_its_speed_without_overshoots():
    equation = Equation(("u",), (line(0, 1),), (Balance("u", "-d(u**2/2, s)"),))
    start = np.where((PLACE > 0.25) & (PLACE < 0.75), 1.0, 0.0)[None]
    brief = brief_of(equation, {})
    fan = np.clip((PLACE - 0.25) / 0.5, 0.0, 1.0)
    exact = np.where(PLACE < 0.75, fan, np.where(PLACE < 1.0, 1.0, 0.0))
    for name, source in programs(FiniteVolumes(), brief).items():
        (ours,) = solve(source, brief, [start])
        assert np.abs(ours[0, -1] - exact).mean() < 0.02, name
        assert ours.min() > -1e-3, name
        assert ours.max() < 1 + 1e-3, name


def test_the_order_is_at_least_that_of_the_plan():
    equation = Equation(("u",), (line(0, 1),), (Balance("u", "-d(u**2/2, s) + nu*d(u, s, s)"),), ("nu",))
    brief, errors, times = brief_of(equation, {"nu": 0.02}), [], np.array([0.0, 0.2])
    source = programs(FiniteVolumes(), brief)[GIVEN[0]]
    family, analysis = FiniteVolumes(), Analysis(equation)
    claimed = family.plan(analysis, family.variants(analysis, brief)[0]).expected_order
    expected = references(
        lambda t, u: -FIRST @ (u**2 / 2) + 0.02 * SECOND @ u,
        [np.sin(2 * np.pi * np.arange(POINTS) / POINTS)[None]],
        times,
    )
    for points in (64, 128, 256):
        x = (np.arange(points) + 0.5) / points
        (ours,) = solve(source, brief, [np.sin(2 * np.pi * x)[None]], times)
        modes = np.fft.fft(expected[0][0, -1])
        k = 2j * np.pi * np.fft.fftfreq(POINTS, 1 / POINTS)
        exact = np.real(np.exp(k * x[:, None]) @ modes) / POINTS
        errors.append(np.linalg.norm(ours[0, -1] - exact) / np.linalg.norm(exact))
    assert np.log2(errors[0] / errors[2]) / 2 > claimed - 0.2


def test_reactions_and_forcings_that_vanish_do_not_limit_the_step():
    rhs = "-d(u**2/2, s) + d(nu*d(u, s), s) + none*u**3 + none*sin(20*t)"
    equation = Equation(("u",), (line(0, 1),), (Balance("u", rhs),), ("nu", "none"))
    brief = brief_of(equation, {"nu": 0.0, "none": 0.0})
    space, steps = {"__name__": "solver"}, []
    exec(programs(FiniteVolumes(), brief)[GIVEN[0]], space)
    advance = space["advance"]
    space["advance"] = lambda *arguments: steps.append(1) or advance(*arguments)
    ours = space["integrate"](0.1 * np.sin(Z)[None], TIMES, 0.0, 0.0)
    assert np.isfinite(ours).all()
    assert len(steps) < 60


def test_a_law_in_tiny_units_of_time_is_the_same():
    equation = Equation(("u",), (line(0, 1),), (Balance("u", "-speed*d(u**2/2, s)"),), ("speed",))
    start = [0.3 * np.sin(Z)[None]]
    usual = brief_of(equation, {"speed": 1.0})
    tiny = brief_of(equation, {"speed": 1e15}, 1e-15 * TIMES)
    (ours,), (theirs,) = (
        solve(programs(FiniteVolumes(), brief)[GIVEN[0]], brief, start, times)
        for brief, times in ((usual, TIMES), (tiny, 1e-15 * TIMES))
    )
    assert np.abs(ours - theirs).max() < 1e-9
