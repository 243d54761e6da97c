"""Expressions mean what mathematics says, in Python's signs and in those of print."""

import math

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from fieldsmith.problems.algebra import Algebra, constant
from fieldsmith.problems.faults import Misread, TooLarge
from fieldsmith.problems.grammar import expression
from fieldsmith.problems.jets import Jets
from fieldsmith.problems.numbers import evaluate


def algebra(*, complex: bool = False) -> Algebra:
    symbols = {name: sp.Symbol(name) for name in ("t", "x", "y", "z", "a", "nu")}
    jets = Jets(tuple(symbols[name] for name in ("t", "x", "y", "z")))
    if complex:
        jets.partners.update({"u": "conj(u)", "conj(u)": "u"})
    fields = {name: jets.field(name) for name in ("u", "v", "w")}
    return Algebra(jets, ("t", "x", "y", "z"), True, {**symbols, **fields}, complex=complex)


def read(text: str, **kind):
    return algebra(**kind).read(expression(text))


def number(text: str) -> float:
    return constant(expression(text), algebra())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 + 3*4", 14), ("2*3**2", 18), ("-2**2", -4), ("2**-1", 0.5), ("2**3**2", 512), ("8/4/2", 1), ("1 - 2 - 3", -4),
        ("-3*-2", 6), ("2 - -3", 5), ("1.5e3", 1500), (".5 + 1.", 1.5), ("2^3", 8), ("2³", 8), ("2⁻¹", 0.5), ("3·4", 12),
        ("6÷2×5", 15), ("3 − 1", 2), ("√4 + 1", 3), ("sqrt(16)", 4), ("cbrt(-8)", -2), ("pi", math.pi), ("π/2", math.pi / 2),
        ("e", math.e), ("exp(1)", math.e), ("ln(e)", 1), ("abs(-3)", 3), ("sign(-0.1)", -1), ("heaviside(2)", 1),
        ("min(3, 1, 2)", 1), ("max(3, 1, 2)", 3), ("atan2(1, -1)", 3 * math.pi / 4), ("erf(0.5)", math.erf(0.5)),
        ("where(1 < 2, 3, 4)", 3), ("where(not 1 < 2, 3, 4)", 4), ("where(1 < 2 and 2 <= 1, 3, 4)", 4),
        ("where(1 > 2 or 2 >= 2, 3, 4)", 3), ("where(1 < 2, 3, 1/sqrt(2 - 2 + 0.0000001))", 3), ("sech(0)", 1),
        ("arctan(1)", math.pi / 4), ("(((1)))", 1), ("2*(3 + 4)*5", 70),
    ],
)  # fmt: skip
def test_arithmetic(text, value):
    assert number(text) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("∂u/∂t", "u_t"), ("∂²u/∂x²", "u_xx"), ("∂²u/∂x∂y", "u_xy"), ("∂³u/∂x²∂y", "u_xxy"), ("∂(u**2)/∂x", "2*u*u_x"),
        ("uₓₓ", "u_xx"), ("∂ₓu", "u_x"), ("∂_xy u", "u_xy"), ("∂ₜu", "u_t"), ("∂ₓ(u*v)", "u_x*v + u*v_x"), ("d(u, x, 2)", "u_xx"),
        ("d(u, x, 2, y)", "u_xxy"), ("d(u, x, y)", "u_xy"), ("dt(u**2)", "2*u*u_t"), ("laplace(u)", "u_xx + u_yy + u_zz"),
        ("∇²u", "laplace(u)"), ("Δu", "laplace(u)"), ("Δ(u + v)", "laplace(u) + laplace(v)"), ("∇⁴u", "laplace(laplace(u))"),
        ("biharmonic(u)", "u_xxxx + u_yyyy + u_zzzz + 2*u_xxyy + 2*u_xxzz + 2*u_yyzz"), ("∇·(a*∇u)", "a*laplace(u)"),
        ("div(a*grad(u))", "a*laplace(u)"), ("div([u, v, w])", "u_x + v_y + w_z"), ("dot(grad(u), [1, 2, 3])", "u_x + 2*u_y + 3*u_z"),
        ("dot(grad(u), grad(u))", "u_x**2 + u_y**2 + u_z**2"), ("dot(curl([u, v, w]), [0, 0, 1])", "v_x - u_y"), ("div(curl([u, v, w]))", "0"),
        ("div(grad(u) - 2*[u, v, w]/a)", "laplace(u) - 2*(u_x + v_y + w_z)/a"), ("ν∂u/∂x", "nu*u_x"), ("2∇²u", "2*laplace(u)"),
        ("a∂²u/∂x² − u·∂u/∂x", "a*u_xx - u*u_x"), ("u²·v", "u**2*v"), ("d(x*u_x, x)", "u_x + x*u_xx"), ("d(sin(x*t), t)", "x*cos(x*t)"),
        ("d(abs(u), x)", "sign(u)*u_x"), ("d(max(u, v), x)", "where(v < u, u_x, v_x)"), ("d(where(x < 1, u**2, v), x)", "where(x < 1, 2*u*u_x, v_x)"),
        ("d(atan2(u, v), x)", "(v*u_x - u*v_x)/(u**2 + v**2)"), ("Derivative(u, x, x)", "u_xx"), ("d(u**v, x)", "u**v*(v_x*log(u) + v*u_x/u)"),
        ("(u*v)_x", "u_x*v + u*v_x"), ("(x*u_x)_xy", "d(x*u_x, x, y)"), ("(u²)ₓₓ", "d(u**2, x, 2)"), ("sin(u)_x", "cos(u)*u_x"),
        ("((u)_x*v)_y**2", "d(u_x*v, y)**2"), ("(u*v)_t", "dt(u*v)"),
    ],
)  # fmt: skip
def test_derivatives(text, same):
    one = algebra()
    a, b = (one.read(expression(words)) for words in (text, same))
    rng = np.random.default_rng(1)
    values = {symbol: rng.uniform(0.2, 2.0, 9) for symbol in sorted((a - b).free_symbols | a.free_symbols, key=str)}
    assert evaluate(a, values) == pytest.approx(evaluate(b, values) * np.ones(9), rel=1e-12, abs=1e-12)


def test_complex_numbers_keep_a_field_and_its_conjugate_apart():
    assert read("abs(u)**2", complex=True) == read("u*conj(u)", complex=True)
    assert read("conj(I*u)", complex=True) == -sp.I * read("conj(u)", complex=True)
    assert (read("re(u) + I*im(u)", complex=True) - read("u", complex=True)).expand() == 0


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("u + w_q", 4, "w_q is neither declared"), ("u + uu", 4, "Did you mean u?"), ("sin u", 4, "an operator is missing"), ("(u) _x", 4, "an operator is missing"), ("(u)_q", 3, "no coordinate"), ("1 if x < 0.5 else 0", 2, "Write where"),
        ("if x < 0.5 then 1 else 0", 3, "Write where"), ("dxx(u)", 0, "d(u, x, 2)"), ("u[x, x]", 1, "u_xx"), ("u_{xx}", 2, "u_x"), ("2j*u", 1, "imaginary unit is I"),
        ("u(0)", 0, "no function u"), ("u*(v + )", 7, "where a number"), ("1 < x", 2, "comparison"), ("x < y < z", 6, "not chained"),
        ("u.real", 1, "The character ."), ("lambda: 0", 6, "The character :"), ("u; v", 1, "The character ;"), ("u if x else v", 2, "an operator"),
        ("Piecewise((1, x < 1), (0, True))", 0, "Write where"), ("∂²u/∂x", 0, "2 times above"), ("1e999", 0, "too large"), ("u**v**w**100", 7, "exponent"),
        ("I*u", 0, "imaginary unit"), ("[u, v]", 0, "A vector stands"), ("dot([u, v], [u, v])", 4, "A vector of 3"), ("0/0", 1, "divided by zero"),
        ("log(0)", 0, "logarithm of zero"), ("0**-1", 1, "divided by zero"), ("d(u, x, 99)", 8, "along a coordinate"),
        ("u_xxxxxxxxx", 0, "order 9"), ("x = 1", 2, "equals sign"), ("u,v", 1, "comma"), ("", 0, "nothing here"), ("(" * 60, 40, "too deeply"),
        ("9" * 50, 0, "too large"), ("2**9999", 1, "too large"), ("1 + sqrt(-4)", 4, "not real"), ("(-1)**0.5", 4, "not real"),
    ],
)  # fmt: skip
def test_what_is_no_expression_is_told_at_its_character(text, at, words):
    with pytest.raises(Misread) as caught:
        read(text)
    assert words in f"{caught.value.what} {caught.value.mend}"
    assert abs(caught.value.at - at) <= 1


def test_derivatives_that_outgrow_every_use_are_left_off():
    with pytest.raises(TooLarge):
        read("biharmonic(biharmonic(exp(sin(u*v*w)*cos(u/v))**3/(1 + u**2 + v**2 + w**2)))")


trees = st.recursive(
    st.sampled_from(["x", "a", "2", "0.5", "3", "10"]),
    lambda inner: (
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*"]), inner)
        | st.builds("{}({})".format, st.sampled_from(["sin", "cos", "exp", "tanh", "abs", "atan"]), inner)
        | st.builds("({})**2".format, inner)
        | st.builds("-{}".format, inner)
    ),
    max_leaves=12,
)


@given(trees)
def test_values_are_those_of_python(text):
    import warnings

    names = {"x": 0.7, "a": 1.3, **{n: getattr(np, n) for n in ("sin", "cos", "exp", "tanh", "abs")}, "atan": np.arctan}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            expected = eval(text, {"__builtins__": {}}, names)
        except (RuntimeWarning, OverflowError):
            return  # what is infinite on the way is refused, whatever comes of it
    if math.isfinite(expected) and abs(expected) < 1e100:
        one = algebra()
        found = evaluate(one.read(expression(text)), {one.names["x"]: 0.7, one.names["a"]: 1.3})
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)
