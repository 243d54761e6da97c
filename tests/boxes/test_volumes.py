"""Finite volumes in one dimension: shocks and fans against exact solutions, orders of convergence, walls, inflow, viscosity."""

import numpy as np
import pytest
from riemann import dam, gas
from solved import solved

from fieldsmith.boxes.families.volumes import Volumes
from fieldsmith.boxes.families.volumes.family import MINMOD, RUSANOV, VAN_LEER, VolumesChoices
from fieldsmith.problems import Problem

FAMILY = Volumes()
EULER = {
    "equations": ["dt(rho) + d(m, x) = 0", "dt(m) + d(m**2/rho + p, x) = 0", "dt(E) + d((E + p)*m/rho, x) = 0"],
    "definitions": {"p": "(gamma - 1)*(E - m**2/(2*rho))"},
}


def line(equations, initial, boundary="periodic", end=1.0, points=101, **more):
    """A problem on x from 0 to 1 (or another interval)."""
    boundary = {"x": boundary} if isinstance(boundary, str | list) else boundary
    domain = {"x": more.pop("x", (0, 1)), "t": (0, end)}
    output = {"points": points, "times": 3}
    return Problem(equations, domain, boundary=boundary, initial=initial, output=output, **more)


def errors(problem, exact, multiples=(1, 2, 4), name="", **options):
    """Mean errors at the end of an unknown (the first), with 1, 2, 4 … cells between points."""
    found = []
    for multiple in multiples:
        (x,), out = solved(FAMILY, problem, VolumesChoices(multiple=multiple, **options))
        found.append(np.abs((out[name] if name else next(iter(out.values())))[0, -1] - exact(x)).mean())
    return np.array(found)


@pytest.mark.slow
def test_sods_tube_is_that_of_the_exact_solution():
    problem = Problem.from_toml("examples/problems/shock.toml")
    (x,), out = solved(FAMILY, problem, VolumesChoices(multiple=1), times=[0, 0.1, 0.2])
    rho, v, _ = gas((1, 0, 1), (0.125, 0, 0.1), 1.4, x - 0.5, 0.2)
    assert np.abs(out["rho"][0, -1] - rho).mean() < 2e-3
    assert np.abs(out["m"][0, -1] / out["rho"][0, -1] - v).mean() < 3e-3
    plateau = (x > 0.5) & (x < 0.65)
    np.testing.assert_allclose(out["rho"][0, -1][plateau], rho[plateau], rtol=5e-3)
    np.testing.assert_array_equal(out["rho"][0, 0], np.where(x < 0.5, 1, 0.125))


def test_unknowns_may_be_others_than_what_is_conserved():
    equations = [
        "dt(rho) + d(rho*v, x) = 0",
        "dt(rho*v) + d(rho*v**2 + p, x) = 0",
        "dt(p/(gamma - 1) + rho*v**2/2) + d(v*(gamma*p/(gamma - 1) + rho*v**2/2), x) = 0",
    ]
    initial = {"rho": "where(x < 0.5, 1, 0.125)", "v": "0", "p": "where(x < 0.5, 1, 0.1)"}
    problem = line(equations, initial, "v = 0", end=0.2, points=201, parameters={"gamma": 1.4})
    (x,), out = solved(FAMILY, problem, VolumesChoices(multiple=1))
    for name, exact in zip(("rho", "v", "p"), gas((1, 0, 1), (0.125, 0, 0.1), 1.4, x - 0.5, 0.2), strict=True):
        assert np.abs(out[name][0, -1] - exact).mean() < 5e-3


@pytest.mark.parametrize("options", [{}, {"reconstruction": VAN_LEER}, {"reconstruction": MINMOD, "flux": RUSANOV}])
@pytest.mark.slow
def test_laxs_tube_converges_to_the_exact_solution(options):
    left, right = (0.445, 0.698, 3.528), (0.5, 0, 0.571)
    energies = [p / 0.4 + 0.5 * rho * v * v for rho, v, p in (left, right)]
    initial = {
        "rho": "where(x < 0.5, 0.445, 0.5)", "m": "where(x < 0.5, 0.31061, 0)", "E": f"where(x < 0.5, {energies[0]}, {energies[1]})",
    }  # fmt: skip
    problem = line(**EULER, initial=initial, boundary="open", end=0.13, parameters={"gamma": 1.4}, points=81)
    found = errors(problem, lambda x: gas(left, right, 1.4, x - 0.5, 0.13)[0], **options)
    assert found[-1] < 0.03
    assert np.all(found[:-1] / found[1:] > 1.4)


@pytest.mark.slow
def test_a_shock_and_a_fan_of_burgers_are_exact_up_to_a_cell():
    problem = line(["u_t + u*u_x = 0"], {"u": "where(x < 0.2, 0, where(x < 0.6, 1, 0))"}, "open", end=0.29)
    found = errors(problem, lambda x: np.where(x < 0.745, np.clip((x - 0.2) / 0.29, 0, 1), 0))
    assert found[0] < 0.01
    assert np.all(found[:-1] / found[1:] > 1.6)


@pytest.mark.slow
def test_the_flux_of_buckley_and_leverett_has_its_compound_wave():
    a = 0.5
    problem = line(
        ["S_t + d(S**2/(S**2 + a*(1 - S)**2), x) = 0"],
        {"S": "where(x < 0.2, 1, 0)"},
        "open",
        end=0.3018,
        parameters={"a": a},
    )

    def flux(s):
        return s**2 / (s**2 + a * (1 - s) ** 2)

    def slope(s):
        return 2 * a * s * (1 - s) / (s**2 + a * (1 - s) ** 2) ** 2

    front = np.sqrt(a / (1 + a))  # the tangent from 0
    s = np.linspace(front, 1, 4001)

    def exact(x):
        ray = (x - 0.2) / 0.3018
        return np.where(ray > slope(front), 0, np.where(ray < 0, 1, np.interp(-ray, -slope(s), s)))

    assert slope(front) == pytest.approx(flux(front) / front)
    found = errors(problem, exact, (1, 2))
    assert found[0] < 0.01
    assert np.all(found[:-1] / found[1:] > 1.6)


@pytest.mark.slow
def test_smooth_waves_are_of_fifth_order_and_steps_stay_within_their_bounds():
    wave = line(["u_t + c*u_x = 0"], {"u": "exp(sin(2*pi*x))"}, end=0.5, points=20, parameters={"c": 1.0})
    found = errors(wave, lambda x: np.exp(np.sin(2 * np.pi * (x - 0.5))), courant=0.1)
    assert np.log2(found[-2] / found[-1]) > 4.6
    step = line(["u_t + u_x = 0"], {"u": "where(abs(x - 0.5) < 0.2, 1, 0)"}, points=100)
    (x,), out = solved(FAMILY, step)
    last = out["u"][0, -1]
    assert last.min() > -1e-3
    assert last.max() < 1 + 1e-3
    assert np.abs(last - (np.abs(x - 0.5) < 0.2)).mean() < 0.03


@pytest.mark.slow
def test_a_dam_that_breaks_is_that_of_stoker():
    equations = ["dt(h) + d(m, x) = 0", "dt(m) + d(m**2/h + g*h**2/2, x) = 0"]
    problem = line(equations, {"h": "where(x < 0.5, 1, 0.2)", "m": "0"}, "m = 0", end=0.1, parameters={"g": 9.81})
    (x,), out = solved(FAMILY, problem)
    depth, velocity = dam(1.0, 0.2, 9.81, x - 0.5, 0.1)
    assert np.abs(out["h"][0, -1] - depth).mean() < 2e-3
    assert np.abs(out["m"][0, -1] - depth * velocity).mean() < 1e-2
