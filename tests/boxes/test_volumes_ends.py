"""Ends of finite volumes: walls that throw back, values that enter, what leaves; what is conserved; viscosity; batches."""

import numpy as np
import pytest
from scipy import special
from solved import solved
from test_volumes import EULER, FAMILY, errors, line

from fieldsmith.boxes.families.volumes.family import VolumesChoices
from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.problems import Problem

SOUND = ["p_t + K*u_x = 0", "u_t + p_x/rho = 0"]


def pulse(x):
    return np.exp(-300 * (x - 0.5) ** 2)


@pytest.mark.slow
def test_a_pulse_of_sound_comes_back_from_walls_with_its_sign():
    problem = line(
        SOUND, {"p": "exp(-300*(x - 0.5)**2)", "u": "0"}, "u = 0", end=1.0, points=51, parameters={"K": 2.0, "rho": 2.0}
    )
    (x,), out = solved(FAMILY, problem, VolumesChoices(multiple=8))
    np.testing.assert_allclose(out["p"][0, -1], pulse(x), atol=2e-4)  # two halves, each thrown back once
    np.testing.assert_allclose(out["u"][0, -1], 0, atol=2e-4)
    soft = line(
        SOUND, {"p": "exp(-300*(x - 0.5)**2)", "u": "0"}, "p = 0", end=1.0, points=51, parameters={"K": 2.0, "rho": 2.0}
    )
    (x,), out = solved(FAMILY, soft, VolumesChoices(multiple=8))
    np.testing.assert_allclose(out["p"][0, -1], -pulse(x), atol=2e-4)


@pytest.mark.slow
def test_a_wall_and_an_opening_are_told_apart():
    boundary = {"x=0": "u = 0", "x=1": "open"}
    problem = line(
        SOUND,
        {"p": "exp(-300*(x - 0.5)**2)", "u": "0"},
        boundary,
        end=0.9,
        points=51,
        parameters={"K": 2.0, "rho": 2.0},
    )
    (x,), out = solved(FAMILY, problem, VolumesChoices(multiple=8))
    np.testing.assert_allclose(out["p"][0, -1], 0.5 * pulse(x + 0.1), atol=1e-3)
    np.testing.assert_allclose(out["u"][0, -1], 0.25 * 2 * pulse(x + 0.1) / 2, atol=1e-3)


@pytest.mark.slow
def test_half_of_a_condition_for_waves_that_enter_is_met():
    """p + 2 u = sin at the lower end, where only p + 2 u enters."""
    boundary = {"x=0": "p + 2*u = sin(8*t)**2", "x=1": "open"}
    problem = line(SOUND, {"p": "0", "u": "0"}, boundary, end=0.7, points=51, parameters={"K": 2.0, "rho": 2.0})
    (x,), out = solved(FAMILY, problem, VolumesChoices(multiple=4))
    np.testing.assert_allclose(out["p"][0, -1], 0.5 * np.sin(8 * np.clip(0.7 - x, 0, None)) ** 2, atol=1e-3)


@pytest.mark.slow
def test_what_enters_may_change_in_time_and_is_of_high_order():
    boundary = {"x=0": "u = sin(6*t)", "x=1": "open"}
    problem = line(["u_t + u_x = 0"], {"u": "-sin(6*x)"}, boundary, end=1.3, points=26)
    found = errors(problem, lambda x: np.sin(6 * (1.3 - x)), (1, 2, 4))
    assert found[-1] < 1e-4
    assert np.log2(found[-2] / found[-1]) > 2.5


@pytest.mark.slow
def test_a_stream_that_enters_faster_than_sound_fills_the_domain():
    boundary = {
        "x=0": ["rho = 1 + 0.1*sin(9*t)", "m = 3*(1 + 0.1*sin(9*t))", "E = 2.5 + 4.5*(1 + 0.1*sin(9*t))"],
        "x=1": "open",
    }
    problem = line(
        **EULER,
        initial={"rho": "1", "m": "3", "E": "7"},
        boundary=boundary,
        end=0.5,
        points=41,
        parameters={"gamma": 1.4},
    )
    (x,), out = solved(FAMILY, problem, VolumesChoices(multiple=3))
    np.testing.assert_allclose(out["rho"][0, -1], 1 + 0.1 * np.sin(9 * (0.5 - x / 3)), atol=1e-3)


@pytest.mark.slow
def test_what_is_conserved_stays_to_rounding():
    walls = line(
        **EULER,
        initial={"rho": "where(x < 0.5, 1, 0.2)", "m": "0", "E": "where(x < 0.5, 3, 0.5)"},
        boundary="m = 0",
        end=1.0,
        parameters={"gamma": 1.4},
    )
    _, out = solved(FAMILY, walls, VolumesChoices(multiple=1), points=1001)
    trapezoid = np.full(1001, 1e-3)
    trapezoid[[0, -1]] /= 2
    for name, total in (("rho", 0.6), ("E", 1.75)):
        assert out[name][0, -1] @ trapezoid == pytest.approx(total, rel=2e-3)  # of values between cells
    assert np.abs(out["m"][0, :, [0, -1]]).max() < 1e-12
    scope = _scope(walls, VolumesChoices(multiple=1))
    assert _drift(scope, ["rho", "E"], walls) < 1e-13
    ring = line(["u_t + d(u**2/2, x) = d(nu*u*u_x, x)"], {"u": "1 + 0.5*sin(2*pi*x)"}, end=0.5, parameters={"nu": 0.01})
    assert _drift(_scope(ring, VolumesChoices(multiple=1)), ["u"], ring) < 1e-13


def _scope(problem, choices):
    scope = {}
    exec(compile(FAMILY.text(Form(problem), choices), "solver.py", "exec"), scope)
    return scope


def _drift(scope, kept, problem):
    """The largest relative change of the means of the cells' averages over 200 steps."""
    grid = scope["Grid"]([np.linspace(0, 1, 5)], ())
    start = state = scope["initial_averages"]([], grid)
    t = 0.0
    for _ in range(200):
        dt, *viscous = np.atleast_1d(scope["longest_steps"](state, t, grid))
        state = scope["advance"](state, t, dt, grid, *([viscous[0]] if "legendre" in scope else []))
        t += dt
    names = [u.name for u in problem.system.unknowns]
    rows = [names.index(name) for name in kept]
    return np.abs(state[rows].mean(axis=1) / start[rows].mean(axis=1) - 1).max()


@pytest.mark.parametrize(("nu", "bound"), [(0.002, 1e-3), (0.05, 1e-5)])
@pytest.mark.slow
def test_viscous_burgers_is_that_of_cole_and_hopf(nu, bound):
    """Through a shock layer of few cells, and where diffusion is stiff."""
    problem = line(
        ["u_t + u*u_x = nu*u_xx"], {"u": "-sin(pi*x)"}, "u = 0", x=(-1, 1), end=0.6, points=61, parameters={"nu": nu}
    )

    def exact(x):
        nodes, weights = special.roots_hermite(120)
        y = x[:, None] - np.sqrt(4 * nu * 0.6) * nodes
        share = weights * np.exp(-(np.cos(np.pi * y) - 1 if nu > 0.01 else np.cos(np.pi * y)) / (2 * np.pi * nu))
        return -(share * np.sin(np.pi * y)).sum(axis=1) / share.sum(axis=1)

    found = errors(problem, exact, (1, 2, 4))
    assert found[-1] < bound
    assert found[0] / found[-1] > 8


@pytest.mark.slow
def test_a_flow_into_a_wall_of_values_has_its_boundary_layer():
    """u_t + u_x = nu u_xx with 1 at the entrance and 0 at the exit, for long times."""
    nu = 0.05
    boundary = {"x=0": "u = 1", "x=1": "u = 0"}
    problem = line(["u_t + u_x = nu*u_xx"], {"u": "1 - x"}, boundary, end=3.0, points=21, parameters={"nu": nu})
    found = errors(problem, lambda x: (1 - np.exp((x - 1) / nu)) / (1 - np.exp(-1 / nu)), (1, 2, 4))
    assert found[-1] < 1e-3
    assert np.log2(found[-2] / found[-1]) > 1.8


@pytest.mark.slow
def test_slopes_are_held_at_ends():
    """u_t + u_x = nu u_xx with a flux given at the entrance and level at the exit."""
    nu = 0.1
    boundary = {"x=0": "u - nu*u_x = 1", "x=1": "u_x = 0"}
    problem = line(["u_t + u_x = nu*u_xx"], {"u": "0"}, boundary, end=4.0, points=21, parameters={"nu": nu})
    _, out = solved(FAMILY, problem, VolumesChoices(multiple=1))
    np.testing.assert_allclose(out["u"][0, -1], 1, atol=1e-3)


@pytest.mark.slow
def test_sources_are_of_fourth_order():
    problem = line(["u_t + u_x = -u**2 + cos(2*pi*x)"], {"u": "1"}, end=0.3, points=20)
    fine = solved(FAMILY, problem, VolumesChoices(multiple=32, courant=0.2))[1]["u"][0, -1]
    found = errors(problem, lambda x: fine, (2, 4), courant=0.1)
    assert np.log2(found[0] / found[1]) > 3.3


@pytest.mark.parametrize("eps", [1e-2, 1e-4, 1e-8])
@pytest.mark.slow
def test_a_relaxation_tends_to_the_shock_of_its_limit(eps):
    """Jin and Xin (1995): u of this linear system with a source tends to that of Burgers."""
    problem = line(
        ["u_t + v_x = 0", "v_t + u_x = -(v - u**2/2)/eps"], {"u": "where(x < 0.5, 0.8, 0.2)", "v": "where(x < 0.5, 0.32, 0.02)"},
        "open", end=0.4, points=61, parameters={"eps": eps},
    )  # fmt: skip
    found = errors(problem, lambda x: np.where(x < 0.7, 0.8, 0.2), (3,))
    assert found[0] < 6e-3 + 3 * eps


@pytest.mark.slow
def test_a_batch_takes_its_ratio_of_heats_and_a_time_of_another_name():
    document = Problem.from_toml("examples/problems/shock.toml").document
    document["parameters"] = {"gamma": {"value": 1.4, "low": 1.2, "high": 1.7}}
    document["domain"] = {"x": [0, 1], "time": "tau", "tau": [0.5, 0.6]}
    document["initial"] |= {"rho": {"family": "fourier", "modes": 2, "amplitude": 0.2, "mean": 1.0}}
    document["output"] = {"points": 40, "times": 3}
    problem = Problem(**document)
    found = {
        gamma: solved(FAMILY, problem, VolumesChoices(multiple=2), seeds=(1, 2), gamma=gamma)[1] for gamma in (1.2, 1.7)
    }
    assert found[1.2]["rho"].shape == (2, 3, 40)
    assert np.abs(found[1.2]["m"][0, -1]).max() != pytest.approx(np.abs(found[1.7]["m"][0, -1]).max(), rel=0.05)
    alone = solved(FAMILY, problem, VolumesChoices(multiple=2), seeds=(2,), gamma=1.7)[1]
    np.testing.assert_array_equal(alone["E"][0], found[1.7]["E"][1])


def test_a_sampled_speed_and_a_jump_in_samples_carry_what_they_should():
    problem = line(["u_t + d(c*u, x) = 0"], {"u": {"family": "two-valued", "low": 1, "high": 2, "length": 0.2}}, end=0.2, points=100,
                   coefficients={"c": {"family": "fourier", "modes": 2, "amplitude": 0.3, "mean": 1.0}})  # fmt: skip
    _, out = solved(FAMILY, problem, VolumesChoices(multiple=2), seeds=(3, 4))
    np.testing.assert_allclose(out["u"][:, -1].mean(axis=1), out["u"][:, 0].mean(axis=1), rtol=5e-3)
    assert np.isfinite(out["u"]).all()
    assert out["u"].min() > 0.5


@pytest.mark.slow
def test_sound_is_thrown_back_where_layers_meet():
    """From impedance 1 to impedance 2: a third comes back, four thirds go on."""
    problem = line(
        ["p_t/K + u_x = 0", "u_t + p_x = 0"], {"p": "exp(-800*(x - 0.25)**2)", "u": "exp(-800*(x - 0.25)**2)"}, "open", end=0.5,
        points=61, coefficients={"K": "where(x < 0.5, 1, 4)"},
    )  # fmt: skip

    def exact(x):
        back, on = np.exp(-800 * (0.25 - x) ** 2) / 3, np.exp(-200 * (x - 1) ** 2) * 4 / 3
        return np.where(x < 0.5, back, on)

    found = errors(problem, exact, (3, 6), "p")
    assert found[1] < 5e-3
    assert found[0] / found[1] > 1.8


@pytest.mark.parametrize(
    ("equations", "initial", "more", "words"),
    [
        (["u_tt = u_xx"], {"u": "sin(2*pi*x)", "u_t": "0"}, {}, "second order in time"),
        (["u_t + u*u_x + u_xxx = 0"], {"u": "sin(2*pi*x)"}, {}, "higher than second order"),
        (["u_t = nu*u_xx"], {"u": "sin(2*pi*x)"}, {"parameters": {"nu": 1.0}}, "Nothing is transported"),
        (["I*u_t = u_xx"], {"u": "sin(2*pi*x)"}, {"unknowns": {"u": {"complex": True}}}, "complex"),
        (["p_t + K*u_x = 0", "u_t + p_x = 0"], {"p": "1", "u": "0"}, {"coefficients": {"K": "where(x < 0.5, 1, 4)"}}, "jump from place to place"),
        (["r_t + v*r_x + r*v_x = 0", "v_t + v*v_x + p_x/r = 0", "p_t + v*p_x + g*p*v_x = 0"],
         {"r": "1", "v": "sin(2*pi*x)", "p": "1"}, {"parameters": {"g": 1.4}}, "no divergence"),
    ],
)  # fmt: skip
def test_what_is_no_balance_law_is_refused_in_a_sentence(equations, initial, more, words):
    with pytest.raises(Unsuited, match=words):
        FAMILY.suits(Form(line(equations, initial, **more)))
