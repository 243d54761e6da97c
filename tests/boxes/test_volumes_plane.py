"""Finite volumes in two dimensions: a turning field, a vortex of gas, a Riemann problem, walls."""

import numpy as np
import pytest
from solved import solved

from fieldsmith.boxes.families.volumes import Volumes
from fieldsmith.boxes.families.volumes.family import VolumesChoices
from fieldsmith.problems import Problem

FAMILY = Volumes()
EULER = {
    "equations": [
        "dt(rho) + div([m, n]) = 0",
        "dt(m) + div([m**2/rho + p, m*n/rho]) = 0",
        "dt(n) + div([m*n/rho, n**2/rho + p]) = 0",
        "dt(E) + div([(E + p)*m/rho, (E + p)*n/rho]) = 0",
    ],
    "definitions": {"p": "(gamma - 1)*(E - (m**2 + n**2)/(2*rho))"},
    "parameters": {"gamma": 1.4},
}


def plane(equations, initial, boundary="periodic", end=1.0, points=40, size=(0, 1), **more):
    domain = {"x": size, "y": size, "t": (0, end)}
    output = {"points": points, "times": 2}
    return Problem(equations, domain, boundary={"x": boundary, "y": boundary}, initial=initial, output=output, **more)


@pytest.mark.slow
def test_a_hump_turns_with_its_disc():
    hump = "exp(-60*((x - 0.25)**2 + (y - 0.1)**2))"
    problem = plane(["u_t - y*u_x + x*u_y = 0"], {"u": hump}, "open", end=float(np.pi / 2), points=33, size=(-0.7, 0.7))
    found = []
    for multiple in (1, 2):
        (x, y), out = solved(FAMILY, problem, VolumesChoices(multiple=multiple))
        exact = np.exp(-60 * ((y[None] - 0.25) ** 2 + (x[:, None] + 0.1) ** 2))
        found.append(np.abs(out["u"][0, -1] - exact).mean())
    assert found[1] < 2e-3
    assert np.log2(found[0] / found[1]) > 2.5


@pytest.mark.slow
def test_a_vortex_of_gas_comes_back_at_fourth_order():
    r2 = "((x - 5)**2 + (y - 5)**2)"
    temperature = f"(1 - 0.4*25/(8*1.4*pi**2)*exp(1 - {r2}))"
    rho = f"{temperature}**2.5"
    m, n = (f"{rho}*(1 {sign} 5/(2*pi)*exp(0.5 - {r2}/2)*({z} - 5))" for sign, z in (("-", "y"), ("+", "x")))
    energy = f"{temperature}**3.5/0.4 + (({m})**2 + ({n})**2)/(2*{rho})"
    problem = plane(**EULER, initial={"rho": rho, "m": m, "n": n, "E": energy}, end=1.0, points=20, size=(0, 10))
    exact = problem.field(
        "rho",
        dict(
            zip("xy", np.meshgrid(*[(np.linspace(0, 10, 20, endpoint=False) - 1) % 10] * 2, indexing="ij"), strict=True)
        ),
    )
    found = []
    for multiple in (2, 4):
        _, out = solved(FAMILY, problem, VolumesChoices(multiple=multiple))
        found.append(np.abs(out["rho"][0, -1] - exact).mean())
    assert found[1] < 1e-3
    assert np.log2(found[0] / found[1]) > 3.3


@pytest.mark.slow
def test_four_gases_meet_and_stay_gases():
    """Configuration 3 of Lax and Liu (1998): four shocks, symmetric about the diagonal."""

    def quarters(a, b, c, d):
        return f"where(y > 0.8, where(x > 0.8, {a}, {b}), where(x < 0.8, {c}, {d}))"

    rho, u, v, p = (1.5, 0.5323, 0.138, 0.5323), (0, 1.206, 1.206, 0), (0, 0, 1.206, 1.206), (1.5, 0.3, 0.029, 0.3)
    states = np.array(
        [[r, r * a, r * b, q / 0.4 + 0.5 * r * (a * a + b * b)] for r, a, b, q in zip(rho, u, v, p, strict=True)]
    )
    initial = {name: quarters(*states[:, k]) for k, name in enumerate(("rho", "m", "n", "E"))}
    problem = plane(**EULER, initial=initial, boundary="open", end=0.5, points=33)
    _, out = solved(FAMILY, problem, VolumesChoices(multiple=1))
    rho, m, n, energy = (out[name][0, -1] for name in ("rho", "m", "n", "E"))
    assert np.isfinite(rho).all()
    assert rho.min() > 0.1
    assert (energy - (m**2 + n**2) / (2 * rho)).min() > 0
    assert rho.max() > 1.5
    np.testing.assert_allclose(
        rho, rho.T, atol=0.1
    )  # the cells are symmetric to rounding, values at jumps between them are read along y first
    assert np.abs(m - n.T).mean() < 3e-3


@pytest.mark.slow
def test_water_in_a_box_keeps_its_mass_and_its_symmetries():
    equations = [
        "h_t + div([m, n]) = 0",
        "m_t + div([m**2/h + g*h**2/2, m*n/h]) = 0",
        "n_t + div([m*n/h, n**2/h + g*h**2/2]) = 0",
    ]
    problem = Problem(
        equations, {"x": (0, 1), "y": (0, 1), "t": (0, 0.3)}, boundary={"x": "m = 0", "y": "n = 0"}, parameters={"g": 9.81},
        initial={"h": "1 + where((x - 0.5)**2 + (y - 0.5)**2 < 0.04, 1, 0)", "m": "0", "n": "0"}, output={"points": 31, "times": 2},
    )  # fmt: skip
    (x, _), out = solved(FAMILY, problem, VolumesChoices(multiple=1))
    h = out["h"][0, -1]
    np.testing.assert_allclose(h, h[::-1], atol=1e-9)
    share = np.full(len(x), 1.0)
    share[[0, -1]] = 0.5
    assert share @ h @ share / 30**2 == pytest.approx(1 + np.pi * 0.04, rel=1e-2)
    assert np.abs(out["m"][0, -1][[0, -1]]).max() < 1e-12


@pytest.mark.slow
def test_shear_spreads_and_is_carried():
    """u_t + u_x + u_y = nu laplace(u) of a plane wave, which decays."""
    problem = plane(
        ["u_t + u_x + u_y = nu*laplace(u)"], {"u": "sin(2*pi*(x + 2*y))"}, end=0.5, points=20, parameters={"nu": 0.02}
    )
    (x, y), out = solved(FAMILY, problem, VolumesChoices(multiple=2))
    exact = np.exp(-0.02 * 20 * np.pi**2 * 0.5) * np.sin(2 * np.pi * (x[:, None] + 2 * y[None] - 1.5))
    np.testing.assert_allclose(out["u"][0, -1], exact, atol=2e-3)
