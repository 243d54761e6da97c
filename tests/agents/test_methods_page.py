"""What prompts say about an equation is worked out from the equation, and is right for any."""

import re

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from equations import KINDS, NO_FLOW, WALL, axis, brief_of, evolution, steady
from fieldsmith.agents.author import Draft
from fieldsmith.agents.prompts import Prompts
from fieldsmith.agents.prompts.methods import methods_of
from fieldsmith.agents.prompts.shapes import worked_example
from fieldsmith.equations.equation import Axis
from fieldsmith.tasks import load
from stated_tasks import names

SAID = {
    "heat on a box": ("Crank-Nicolson", "splu", "only the inner nodes are unknown", "np.roll across a boundary"),
    "heat on a periodic plane": ("no time steps are needed", "lam = (-1) + mu * (1j*ky)**2 + nu * (1j*kx)**2"),
    "waves": ("scipy.linalg.expm", "each wave number has a small matrix"),
    "Korteweg-de Vries": ("derivatives up to order 3", "dispersion parts them", "ETDRK4", "the derivative of order 3"),
    "Kuramoto-Sivashinsky": ("derivatives up to order 4", "ETDRK4", "0.125 * dx**4"),
    "Allen-Cahn": ("Split (Strang)", "np.expm1(2 * 1 * dt)", "Part of the reaction dropped"),
    "Gray-Scott": ("rfftn", "ETDRK4", "diffusion of `v`"),
    "inviscid Burgers": ("Rusanov", "SSP-RK3", "thinner than a cell"),
    "shallow water": ("abs(w + sqrt(g*h))", "`h*w`", "must stay positive"),
    "porous medium": ("`u**2` (it varies)", "RKC"),
    "transport with a given speed": ("wave speed `a`", "evaluate the flux on the faces"),
    "heat in a rod of two materials": ("harmonic mean", "ghost = u + dx*g", "solve_banded"),
    "forced oscillation": ("lam = (-1)", "variation of constants"),
    "Poisson on a torus": ("lam = (1j*ky)**2 + (1j*kx)**2", "k = 0"),
    "nonlinear Poisson": ("Newton's method", "only the inner nodes"),
}
NOT_SAID = {
    "heat on a box": ("Fourier", "Split", "Products alias", "np.roll(u, -1"),
    "heat on a periodic plane": ("Crank-Nicolson", "Products alias", "ETDRK4"),
    "Korteweg-de Vries": ("Split (Strang)", "Crank-Nicolson"),
    "inviscid Burgers": ("Fourier method", "diffusion"),
    "porous medium": ("stepped exactly", "ETDRK4"),
    "transport with a given speed": ("no time steps are needed",),
    "forced oscillation": ("no time steps are needed",),
    "Poisson on a torus": ("Limits of explicit steps", "count of steps"),
    "nonlinear Poisson": ("spsolve does", "In time"),
}


def page(brief, style: str = "guided") -> str:
    text = Prompts(style).move(brief, Draft())
    return text[text.find("## Numerical methods") : text.index("## How to answer")] if "## Numerical" in text else ""


@pytest.mark.parametrize("kind", SAID)
def test_the_page_names_what_fits_and_nothing_that_does_not(kind):
    text = page(KINDS[kind])
    for words in SAID[kind]:
        assert words in text, text
    for words in NOT_SAID.get(kind, ()):
        assert words not in text, text


@pytest.mark.parametrize("kind", KINDS)
def test_every_equation_has_prompts_in_every_style(kind):
    for style in ("plain", "contract", "guided", "skeleton"):
        text = Prompts(style).move(KINDS[kind], Draft())
        assert "None" not in text.replace("[:, None", "")
        assert "0qe" not in text
        assert "Dummy" not in text


def test_an_equation_that_is_not_understood_has_no_page_and_a_prompt_nevertheless():
    brief = brief_of(evolution(("u", "nonsense(u) + d(u, x)")))
    assert methods_of(brief) is None
    assert page(brief) == ""
    assert "## How to answer" in Prompts().move(brief, Draft())


def test_the_contract_style_has_no_page():
    assert page(load("burgers").brief(), "contract") == ""


@pytest.mark.parametrize(
    "reaction",
    ["r*u*(1 - u)", "u - u**3", "-2*u", "3 - 2*u", "-u**2", "u**3/2", "2*u - u**4", "r*u**2 - u", "(r + 1)*u"],
)
def test_the_exact_solution_of_a_reaction_is_exact(reaction):
    brief = brief_of(evolution(("u", f"d(u, x, x) + {reaction}"), parameters=("r",)), {"r": 0.7})
    code = methods_of(brief).rates[0].exact_reaction
    start, dt = np.array([0.1, 0.4, 0.8]), 0.3
    ours = eval(code, {"np": np, "u": start, "dt": dt, "r": 0.7})
    right = solve_ivp(lambda _t, u: eval(reaction, {"u": u, "r": 0.7}), (0, dt), start, rtol=1e-10, atol=1e-12).y[:, -1]
    np.testing.assert_allclose(ours, right, rtol=1e-7)


@pytest.mark.parametrize("reaction", ["sin(u)", "u*x", "1 + u - u**2", "u + u**2 - u**3"])
def test_no_formula_is_offered_for_a_reaction_that_has_none_here(reaction):
    rate = methods_of(brief_of(evolution(("u", f"d(u, x, x) + {reaction}")))).rates[0]
    assert rate.exact_reaction == ""


@pytest.mark.parametrize(
    ("rhs", "parameters", "largest"),
    [
        ("nu*d(u, x, x)", {"nu": 0.3}, lambda h: 0.3 * 4 / h**2),
        ("-k*d(u, x, x, x, x)", {"k": 2.0}, lambda h: 2.0 * 16 / h**4),
    ],
)
def test_an_explicit_limit_is_where_forward_euler_with_central_differences_becomes_unstable(rhs, parameters, largest):
    brief = brief_of(evolution(("u", rhs), parameters=tuple(parameters)), parameters)
    limit = methods_of(brief).limits[0]
    assert limit.value == pytest.approx(2.0 / largest(1 / 64))
    assert limit.steps == np.ceil(0.1 / limit.value)
    formula = limit.formula.removeprefix("dt <= ").removeprefix("about ")
    assert eval(formula, {**parameters, "dx": 1 / 64, "abs": abs}) == pytest.approx(limit.value)


@pytest.mark.parametrize(
    ("balances", "power", "frequency"),
    [
        ((("u", "v"), ("v", "9*d(u, x, x)")), 1, lambda h: 3 * 2 / h),
        ((("u", "-d(v, x, x)/2"), ("v", "d(u, x, x)/2")), 2, lambda h: 0.5 * 4 / h**2),
        ((("u", "v"), ("v", "-d(u, x, x, x, x)")), 2, lambda h: 4 / h**2),
        ((("u", "-d(u, x, x, x)"),), 3, lambda h: 2.6 / h**3),
        ((("u", "d(u, x, x, x, x, x)"),), 5, lambda h: 8.29 / h**5),
    ],
)
def test_steps_of_fourth_order_are_stable_within_the_limits_of_oscillations(balances, power, frequency):
    (limit,) = methods_of(brief_of(evolution(*balances))).limits
    assert 0.3 * 2.83 < limit.value * frequency(1 / 64) <= 2.83
    formula = limit.formula.removeprefix("dt <= ").removeprefix("about ")
    assert eval(formula, {"dx": 1 / 64}) == pytest.approx(limit.value)
    assert eval(formula, {"dx": 2 / 64}) == pytest.approx(2**power * limit.value)


BOX = (axis("x", "endpoints", WALL), axis("y", "endpoints", WALL))
FITTING = {
    "transport with the flow": (
        evolution(("u", "-d(a*u, x)"), coefficients=("a",)),
        ["from the side that the flow comes from"],
        ["harmonic mean"],
    ),
    "steady transport and diffusion": (
        steady("0.1*(d(u, x, x) + d(u, y, y)) - d(u, x) + f", BOX, coefficients=("f",)),
        ["GMRES", "transport makes the matrix unsymmetric"],
        ["sine or cosine transforms (", "conjugate gradients"],
    ),
    "Helmholtz": (
        steady("d(u, x, x) + d(u, y, y) + 900*u + f", BOX, coefficients=("f",)),
        ["MINRES", "sine or cosine transforms ("],
        ["unsymmetric"],
    ),
    "Poisson": (
        steady("d(u, x, x) + d(u, y, y) + f", BOX, coefficients=("f",)),
        ["conjugate gradients with", "sine or cosine transforms ("],
        ["GMRES", "MINRES"],
    ),
    "a fixed end and an open one": (
        evolution(("u", "d(u, x, x)"), axes=(axis("x", "endpoints", WALL, NO_FLOW),)),
        ["the first node lies on the boundary and is given", "ghost = u[second] + 2*dx*g"],
        ["only the inner nodes"],
    ),
    "a field that does not diffuse": (
        evolution(("u", "-u*d(u, x) - d(v, x) + d(u, x, x)"), ("v", "-d(u*v, x)")),
        ["grows whatever dt is where a field does not diffuse"],
        ["dt <= 2*diffusion/speed**2"],
    ),
    "waves between walls": (
        evolution(("u", "v"), ("v", "9*d(u, x, x)"), axes=(axis("x", "endpoints", WALL),)),
        ["waves of speed `3`", "Classical RK4, or leapfrog", "dt <= dx / 3", "central differences and RK4"],
        ["are stiff", "Crank-Nicolson", "BDF"],
    ),
    "waves in a plane with a source": (
        evolution(("u", "v"), ("v", "d(u, x, x) + d(u, y, y) - sin(u)"), axes=(axis("x"), axis("y"))),
        ["Classical RK4, or leapfrog", "dt <= 1 / (sqrt(1/dx**2 + 1/dy**2))"],
        ["ETDRK4", "Crank-Nicolson"],
    ),
    "waves in two materials": (
        evolution(("u", "v"), ("v", "d(a*d(u, x), x)"), coefficients=("a",)),
        ["waves of speed `sqrt(a)`", "(where `a` is positive)", "take the harmonic mean there"],
        ["are stiff", "that the flow comes from"],
    ),
    "Schroedinger between walls": (
        evolution(("u", "-d(v, x, x)"), ("v", "d(u, x, x)"), axes=(axis("x", "endpoints", WALL),)),
        [
            "oscillations of frequency k**2",
            "Crank-Nicolson for them",
            "dt <= about 0.5 * dx**2",
            "no steps of backward Euler",
        ],
        ["waves of speed", "BDF", "diffusion"],
    ),
    "Schroedinger with a potential": (
        evolution(("u", "-d(v, x, x)/2 + x*v"), ("v", "d(u, x, x)/2 - x*u")),
        ["frequency (1/2) * k**2", "scipy.linalg.expm", "Strang splitting"],
        ["Crank-Nicolson"],
    ),
    "damped waves between walls": (
        evolution(("u", "v"), ("v", "d(u, x, x) + d(v, x, x)/9"), axes=(axis("x", "endpoints", WALL),)),
        ["its eigenvalues decide"],
        ["are stiff", "leapfrog"],
    ),
    "Hamilton-Jacobi": (
        evolution(("u", "-d(u, x)**2/2")),
        ["not linear in the slope of `u`", "monotone Hamiltonian", "dt <= dx / max(abs(u_x))", "SSP-RK3"],
        ["Fourier method is the most accurate", "Classical RK4", "central differences and RK4"],
    ),
    "the eikonal equation": (
        evolution(("u", "-sqrt(d(u, x)**2 + d(u, y)**2)"), axes=(axis("x"), axis("y"))),
        ["monotone Hamiltonian", "dt <= dy / max(abs(u_y/sqrt(u_x**2 + u_y**2)))"],
        ["nan", "Fourier method is the most accurate"],
    ),
    "Kardar-Parisi-Zhang": (
        evolution(("u", "d(u, x, x) + d(u, x)**2/2 - u**3")),
        ["Fourier method is the most accurate", "Products alias", "dt <= dx / max(abs(u_x))"],
        ["monotone", "Strang"],
    ),
    "diffusion that depends on the solution": (
        evolution(("u", "d(u**2*d(u, x), x)")),
        ["dt <= dx**2 / (2 * max(u**2))"],
        ["slope of `u`", "kinks"],
    ),
    "Burgers in a plane": (
        evolution(("u", "-u*d(u, x) - u*d(u, y) + 0.05*(d(u, x, x) + d(u, y, y))"), axes=(axis("x"), axis("y"))),
        ["scipy.signal.resample(u, r*n, axis=...)", "[..., ::r, ::r]"],
        ["np.fft.irfft("],
    ),
    "a rod of two materials bent to a ring": (
        evolution(("u", "d(a*d(u, x), x)"), coefficients=("a",)),
        ["scipy.sparse.linalg.splu", "dt <= dx**2 / (2 * max(abs(a)))"],
        ["solve_banded"],
    ),
    "Cahn-Hilliard": (
        evolution(("u", "d(u**3 - u, x, x) - d(u, x, x, x, x)/100")),
        [
            "The highest derivatives have constant coefficients",
            "2 * max(abs(3*u**2 - 1))",
            "where it is negative, waves grow",
        ],
        ["The coefficient of the highest derivative varies", "diffusion of", "/ 1/100"],
    ),
    "dispersion and a reaction": (
        evolution(("u", "-d(u, x, x, x) + u - u**3")),
        [
            "central differences and RK4",
            "amplifies the derivative of order 3",
            "0.18 of it for the derivative of order 3",
        ],
        ["even derivative"],
    ),
    "steady diffusion between insulating walls": (
        steady("d(u, x, x) + d(u, y, y) + f", (axis("x", "cell_centres", NO_FLOW), axis("y")), coefficients=("f",)),
        ["the matrix is singular", "the mean of the source must vanish"],
        [],
    ),
    "steady diffusion with a sink between insulating walls": (
        steady("d(u, x, x) - u + f", (axis("x", "cell_centres", NO_FLOW),), coefficients=("f",)),
        [],
        ["singular"],
    ),
    "waves in a stream": (
        evolution(("u", "v - 3*d(u, x)"), ("v", "d(u, x, x) - 3*d(v, x) - u**3")),
        ["waves of speed `1`", "dt <= dx / 3", "Classical RK4 with"],
        ["leapfrog"],
    ),
    "transport against hyperdiffusion": (
        evolution(("u", "-u*d(u, x) - d(u, x, x) - d(u, x, x, x, x)")),
        ["amplifies transport, unless other terms damp enough"],
        ["grows whatever dt is", "dt <= 2*diffusion/speed**2"],
    ),
    "a source beside two materials": (
        steady("d(a*d(u, x), x) + f", (axis("x", "endpoints", WALL),), coefficients=("a", "f")),
        ["Where `a` jumps"],
        ["`f` jumps", "singular"],
    ),
    "numbers": (
        evolution(("u", "0.001*d(u, x) + 0.05*d(u, x, x) - 0.3*u**2")),
        ["coefficient `0.05`", "dt <= dx / 0.001", "`-0.3*u**2`"],
        ["abs(-", "00000"],
    ),
    "a mixed derivative": (
        evolution(
            ("u", "d(a*d(u, x), x) + d(a*d(u, y), y) + d(a*d(u, x), y)"),
            axes=(axis("x"), axis("y")),
            coefficients=("a",),
        ),
        ["Mixed derivatives", "may ask for shorter steps"],
        [],
    ),
}


@pytest.mark.parametrize("kind", FITTING)
def test_the_page_gives_advice_where_it_holds_and_nowhere_else(kind):
    equation, said, unsaid = FITTING[kind]
    text = page(brief_of(equation))
    assert [words for words in said if words not in text] == [], text
    assert [words for words in unsaid if words in text] == [], text


@pytest.mark.parametrize("name", names())
def test_the_symbol_and_limits_of_the_tasks_are_code(name):
    facts = methods_of(load(name).brief())
    for text in (
        facts.symbol,
        *(limit.formula.removeprefix("dt <= ").removeprefix("about ") for limit in facts.limits),
    ):
        if text:
            compile(text, "text", "eval")


def test_the_symbol_is_the_exact_solution_of_linear_equations():
    facts = methods_of(KINDS["heat on a periodic plane"])
    x, y = np.meshgrid(*[(np.arange(32) + 0.5) / 32] * 2, indexing="ij")
    kx, ky = np.meshgrid(*[2 * np.pi * np.fft.fftfreq(32, 1 / 32)] * 2, indexing="ij")
    lam = eval(facts.symbol, {"kx": kx, "ky": ky, "nu": 0.1, "mu": 0.3})
    start = np.sin(2 * np.pi * x) * np.cos(4 * np.pi * y)
    later = np.fft.ifft2(np.fft.fft2(start) * np.exp(lam * 0.1)).real
    rate = -(0.1 * (2 * np.pi) ** 2 + 0.3 * (4 * np.pi) ** 2 + 1)
    np.testing.assert_allclose(later, start * np.exp(0.1 * rate), atol=1e-13)


@pytest.mark.parametrize("kind", [*KINDS, *names()])
def test_the_worked_example_is_an_example_of_the_contract(kind):
    brief = KINDS[kind] if kind in KINDS else load(kind).brief()
    shapes = worked_example(brief)
    made = {name: np.zeros(eval(text.removeprefix("shape "))) for name, text in shapes.arguments if "shape" in text}
    inputs = {a.name: made.get(a.name, 1.0) for a in brief.signature.arguments}
    expected = brief.signature.shapes(inputs)
    assert {name: eval(text.removeprefix("shape ")) for name, text in shapes.results} == expected


@pytest.mark.parametrize("nodes", ["cell_centres", "left_edges", "endpoints"])
def test_the_grid_of_the_example_is_the_grid_of_the_equation(nodes):
    axis = Axis("x", -1.0, 2.0, nodes)
    grid = worked_example(brief_of(evolution(("u", "d(u, x)"), axes=(axis,)))).grids[0]
    spacing, place = re.findall(r"`(.*?)`", grid)
    space = {"np": np, "n_x": 4}
    exec(f"{spacing}\n{place}", space)
    points = {
        "cell_centres": [-0.625, 0.125, 0.875, 1.625],
        "left_edges": [-1.0, -0.25, 0.5, 1.25],
        "endpoints": [-1.0, 0.0, 1.0, 2.0],
    }[nodes]
    np.testing.assert_allclose(space["x"], points)
    assert eval(re.search(r"x = (\[.*\])", grid)[1]) == pytest.approx(points, rel=1e-3)


def test_derivatives_that_amplify_are_not_called_diffusion():
    text = page(brief_of(evolution(("u", "u - u**3 - 2*d(u, x, x) - d(u, x, x, x, x)"))))
    assert "diffusion of" not in text
    assert "dt <= dx**2" not in text
    assert "Split (Strang)" not in text


def test_a_heat_equation_backwards_in_time_is_called_ill_posed():
    text = page(brief_of(evolution(("u", "-nu*d(u, x, x)"), parameters=("nu",)), {"nu": 0.1}))
    assert "waves of u grow as exp(nu*k**2 * t), without bound" in text
    assert "Check the sign" in text
    assert "no time steps are needed" not in text
    assert "Limits of explicit steps" not in text


@pytest.mark.slow
def test_diffusion_in_a_plane_is_taken_exactly_by_both_wave_numbers():
    plane = evolution(("u", "D*(d(u, x, x) + d(u, y, y)) + u - u**2"), axes=(axis("x"), axis("y")), parameters=("D",))
    assert "np.exp(-D * (kx**2 + ky**2) * dt)" in page(brief_of(plane, {"D": 0.1}))


def test_terms_are_called_stiff_only_where_they_are():
    gentle = evolution(("u", "-d(u, x) + 0.0001*d(u, x, x)"), axes=(axis(lower=NO_FLOW),))
    assert "Classical RK4" in page(brief_of(gentle))
    assert "are stiff" not in page(brief_of(gentle))
    assert "are stiff" in page(brief_of(evolution(("u", "-d(u, x) + d(u, x, x)"), axes=(axis(lower=NO_FLOW),))))


def test_fronts_of_reaction_and_diffusion_that_the_grid_hardly_shows_are_seen():
    thin = page(brief_of(evolution(("u", "0.5*d(u, x, x) + 1000*u*(1 - u)"))))
    assert "Fronts of reaction and diffusion are about 1.4 points wide here, too few" in thin
    assert "Products alias" in thin
    assert "- reaction: `dt <= 1 / (np.max(1000*abs(2*u - 1)))`" in thin
    wide = page(brief_of(evolution(("u", "0.5*d(u, x, x) + u*(1 - u)"))))
    assert "points wide" not in wide
    assert "Products alias" not in wide
