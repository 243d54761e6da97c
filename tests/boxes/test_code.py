"""Source text of expressions gives the numbers that the expressions have."""

import numpy as np
import pytest
from scipy import special

from fieldsmith.boxes.code import Code
from fieldsmith.boxes.form import Form
from fieldsmith.equations import names
from fieldsmith.problems import Problem
from fieldsmith.problems.grammar import FUNCTIONS
from fieldsmith.problems.numbers import evaluate

ARGUMENTS = ["0.3*sin(x)", "a", "x*y"]
CALLS = {
    name: f"{name}({', '.join(ARGUMENTS[:least])})" for name, (least, _) in FUNCTIONS.items() if name != "where"
} | {"acosh": "acosh(1 + x)"}
EXPRESSIONS = [
    *CALLS.values(), "where(x < y and a > 0, x, y)", "where(x < 0.5 or not y <= 0.2, x**2, exp(-y))", "max(x, y, a)",
    "x**a/(1 + y)**2.5 - 2/3*x", "-x**2", "(1 - x)**3", "2**(-x)", "pi*x + e", "1/(x*y)/a", "x - (y - a)", "-(-x)**2",
]  # fmt: skip
BOX = {"domain": {"x": (0.1, 0.9), "y": (0.1, 0.9), "t": (0, 1)}, "boundary": {"x": "periodic", "y": "periodic"}}


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_the_source_of_an_expression_gives_its_numbers(text):
    problem = Problem(
        ["u_t = laplace(u) + a*c*u"], parameters={"a": 0.7}, coefficients={"c": text}, initial={"u": "sin(x)"}, **BOX
    )
    system = problem.system
    rng, value = np.random.default_rng(1), system.coefficients[0].value
    numbers = {system.symbols[name]: rng.uniform(0.2, 0.8, 5) for name in ("x", "y", "a")}
    code = Code(system)
    scope = {code.symbol(name): numbers[system.symbols[name]] for name in ("x", "y", "a")}
    got = eval(code.numpy(value), {"np": np, "special": special, **scope})
    np.testing.assert_allclose(got + np.zeros(5), evaluate(value, numbers) + np.zeros(5), rtol=1e-12)


def test_derivatives_are_arrays_and_conjugates_are_taken():
    problem = Problem(
        ["I*psi_t = -psi_xx + abs(psi)**2*psi + dot(grad(psi), grad(psi))"], unknowns={"psi": {"complex": True}},
        initial={"psi": "exp(2*pi*I*x)"}, **BOX,
    )  # fmt: skip
    rates = Form(problem).canonical.rates or {}
    code = names.original(Code(problem.system).numpy(rates["psi"]))
    psi, psi_x, psi_y, psi_xx = np.array([0.3 + 0.4j]), np.array([2j]), np.array([0.5]), np.array([1.0 - 2j])
    got = eval(code, {"np": np, "psi": psi, "psi_x": psi_x, "psi_y": psi_y, "psi_xx": psi_xx})
    np.testing.assert_allclose(got, 1j * (psi_xx - np.abs(psi) ** 2 * psi - psi_x**2 - psi_y**2))
