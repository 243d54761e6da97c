"""Whatever times, batches and values a program is called with: every family, against references or itself."""

import warnings

import numpy as np
import pytest
from numerics_cases import POINTS, Z, brief_of, fourier, line, programs, references, relative, solve
from scipy.integrate import solve_ivp

from fieldsmith.equations.equation import Balance, Boundary, Equation
from fieldsmith.numerics.finite_volumes import FiniteVolumes
from fieldsmith.numerics.lines import MethodOfLines
from fieldsmith.numerics.spectral import Spectral
from fieldsmith.numerics.splitting import Splitting

UNIT, WALLS = (line(0, 1),), (line(0, 1, Boundary("dirichlet"), "endpoints"),)
WAVY = np.stack([0.5 * np.sin(Z), 0.3 + 0.4 * np.cos(2 * Z)])
HELD = np.stack([np.sin(Z / 2) ** 2, 0.3 * np.sin(Z)]) * (np.abs(Z - np.pi) < 3.13)
FIRST, SECOND = fourier(POINTS, 1.0, 1), fourier(POINTS, 1.0, 2)


def one(rhs: str, axes=UNIT, parameters=()) -> Equation:
    return Equation(("u",), axes, (Balance("u", rhs),), parameters)


KINDS = {
    "spectral": (Spectral(), "refined to 1e-5", one("-d(u**2/2, s) + d(u, s, s)/20 - u**3"), [WAVY], 1e-4),
    "spectral, exact": (Spectral(), "exact in time", one("-d(u, s) + d(u, s, s)/20"), [WAVY], 1e-12),
    "spectral, coupled": (
        Spectral(),
        "refined to 1e-5",
        Equation(("u", "v"), UNIT, (Balance("u", "v"), Balance("v", "d(u, s, s) - u**3"))),
        [WAVY, 0 * WAVY],
        1e-4,
    ),
    "splitting": (Splitting(), "16 steps a frame, extrapolated", one("d(u, s, s)/20 + u*(1 - u)"), [WAVY], 1e-6),
    "finite volumes": (
        FiniteVolumes(),
        "WENO on the given cells",
        one("-d(u**2/2, s) + d((1 + u**2)*d(u, s), s)/20 - u**3"),
        [WAVY],
        2e-3,
    ),
    "lines": (MethodOfLines(), "refined to 1e-7", one("d(u, s, s)/20 + u - u**3", WALLS), [HELD], 1e-4),
}
CASES = pytest.mark.parametrize("kind", KINDS)
TIMES = np.array([0.0, 0.25, 0.5])


def answer(kind, times=TIMES, samples=slice(None), parameters=None):
    family, name, equation, starts, _ = KINDS[kind]
    brief = brief_of(equation, parameters or {}, TIMES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return solve(programs(family, brief)[name], brief, [start[samples] for start in starts], times)


@pytest.mark.slow
@CASES
def test_times_that_are_neither_equidistant_nor_start_at_0(kind):
    usual = answer(kind)
    for times in ([3.0, 3.01, 3.25, 3.26, 3.5], [-0.5, -0.25, 0.0]):
        ours = [field[:, [times.index(times[0] + 0.25), -1]] for field in answer(kind, np.array(times))]
        assert relative(ours, [field[:, 1:] for field in usual]) < KINDS[kind][4], times


@pytest.mark.slow
@CASES
def test_two_times_and_one(kind):
    usual = answer(kind)
    ours = answer(kind, TIMES[[0, 2]])
    assert relative([field[:, 1] for field in ours], [field[:, 2] for field in usual]) < KINDS[kind][4]
    for single in ([0.0], [2.0]):
        for field, start in zip(answer(kind, np.array(single)), KINDS[kind][3], strict=True):
            assert (field == start[:, None]).all()


@pytest.mark.slow
@CASES
def test_a_batch_of_one_and_times_twice(kind):
    usual = answer(kind)
    ours = answer(kind, samples=slice(1, 2))
    assert relative(ours, [field[1:] for field in usual]) < KINDS[kind][4]
    twice = answer(kind, TIMES[[0, 1, 1, 2]])
    assert relative([field[:, [0, 1, 3]] for field in twice], usual) < KINDS[kind][4]
    assert relative([field[:, 1] for field in twice], [field[:, 2] for field in twice]) < 1e-12


FORCED = {
    "added, beside what is slow": ("1000*t + 50*cos(200*t)", lambda t, u: 1000 * t + 50 * np.cos(200 * t)),
    "a factor of the solution": ("50*cos(200*t)*u", lambda t, u: 50 * np.cos(200 * t) * u),
    "a factor of the diffusion": (
        "d((1 + cos(200*t))*d(u, s), s)/50",
        lambda t, u: (1 + np.cos(200 * t)) * (SECOND @ u) / 50,
    ),
    "a factor of the flux": ("-d(cos(200*t)*u**2, s)", lambda t, u: -FIRST @ (np.cos(200 * t) * u**2)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FORCED)
def test_what_oscillates_between_two_times_is_resolved(name):
    text, forcing = FORCED[name]
    times = np.array([0.0, 0.1, 0.35])
    expected = references(
        lambda t, u: -FIRST @ (u**2 / 20) + SECOND @ u / 20 + forcing(t, u), [WAVY], times, method="DOP853", rtol=1e-9
    )
    brief = brief_of(one("-d(u**2/20, s) + d(u, s, s)/20 + " + text), {}, times)
    for family, rungs in (
        (Spectral(), {"one pass on the given grid": 5e-3, "refined to 1e-5": 1e-5}),
        (FiniteVolumes(), {"WENO on the given cells": 5e-3}),
    ):
        for rung, tolerance in rungs.items():
            assert relative(solve(programs(family, brief)[rung], brief, [WAVY], times), expected) < tolerance, rung


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "forcing"),
    [
        ("50*cos(200*t)*s*(1 - s)", lambda t, x, u, second: 50 * np.cos(200 * t) * x * (1 - x)),
        ("d(u, s, s)*cos(200*t)/40", lambda t, x, u, second: second * np.cos(200 * t) / 40),
    ],
)
def test_what_oscillates_between_walls_is_resolved(text, forcing):
    """The reference has central differences on a fine grid that holds the nodes."""
    times, fine = np.array([0.0, 0.1, 0.25]), np.linspace(0, 1, 12 * 63 + 1)
    h = fine[1]

    def rate(t, u):
        second, out = np.diff(u, 2) / h**2, np.zeros_like(u)
        out[1:-1] = second / 20 + forcing(t, fine[1:-1], u[1:-1], second)
        return out

    solved = solve_ivp(
        rate,
        (0, 0.25),
        np.sin(np.pi * fine) ** 2,
        "LSODA",
        times,
        rtol=1e-8,
        atol=1e-10,
        lband=1,
        uband=1,
        max_step=2e-3,
    )
    start = np.sin(np.pi * np.linspace(0, 1, POINTS)) ** 2
    brief = brief_of(one("d(u, s, s)/20 + " + text, WALLS), {}, times)
    (ours,) = solve(programs(MethodOfLines(), brief)["refined to 1e-7"], brief, [start[None]], times)
    assert relative([ours[0]], [solved.y.T[:, ::12]]) < 5e-5


INVISCID, VISCOUS = "-d(u**2/20, s)", "-d(u**2/20, s) + d(u, s, s)/20"
VANISHING = {
    "viscosity": (INVISCID, " + d(none*d(u, s), s)", UNIT, (Spectral(), FiniteVolumes())),
    "variable viscosity": (INVISCID, " + d(none*(1 + u**2)*d(u, s), s)", UNIT, (Spectral(), FiniteVolumes())),
    "speed": ("d(u, s, s)/20", " - none*d(u, s)", UNIT, (Spectral(),)),
    "everything exact": ("0*u", " - none*d(u, s)", UNIT, (Spectral(),)),
    "reaction": (VISCOUS, " + none*u**3", UNIT, (Spectral(), FiniteVolumes())),
    "flux": ("d(u, s, s)/20 - u**3", " - none*d(u**2, s)", UNIT, (Spectral(), FiniteVolumes())),
    "growth": ("d(u, s, s)/20", " + none*u*(1 - u)", UNIT, (Spectral(), Splitting())),
    "forcing": (VISCOUS, " + none*sin(200*t)", UNIT, (Spectral(), FiniteVolumes())),
    "walls, reaction and forcing": ("d(u, s, s)/20", " + none*u**3 + none*sin(200*t)", WALLS, (MethodOfLines(),)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", VANISHING)
def test_coefficients_that_are_zero_are_as_if_their_terms_were_not_there(name):
    rest, term, axes, families = VANISHING[name]
    start, best = (HELD, MethodOfLines()) if axes is WALLS else (WAVY, Spectral())
    times = np.linspace(0.0, 0.2, 3)
    plain, brief = (
        brief_of(one(rest, axes), {}, times),
        brief_of(one(rest + term, axes, ("none",)), {"none": 0.0}, times),
    )
    if name == "everything exact":
        expected = np.repeat(start[:, None], 3, axis=1)
    else:
        (expected,) = solve(rung_of(best, plain, "1e-9"), plain, [start], times)
    for family in families:
        (ours,) = solve(rung_of(family, brief, "1e-5", "16 steps"), brief, [start], times)
        assert relative([ours], [expected]) < (3e-3 if family.name == "finite volumes" else 1e-5), family.name


def rung_of(family, brief, *words) -> str:
    """The variant with one of the words in its name, or the only or first one."""
    every = programs(family, brief)
    return next((source for name, source in every.items() if any(w in name for w in words)), next(iter(every.values())))
