"""Whatever an equation calls its symbols, and a signature its arguments, the program computes the same."""

import builtins
import keyword
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from numerics_cases import call

from fieldsmith.equations import names
from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.equation import Axis, Balance, Boundary, Equation
from fieldsmith.numerics.elliptic import Elliptic
from fieldsmith.numerics.finite_volumes import FiniteVolumes
from fieldsmith.numerics.lines import MethodOfLines
from fieldsmith.numerics.spectral import Spectral
from fieldsmith.numerics.splitting import Splitting
from fieldsmith.tasks.statement import render_stub
from fieldsmith.tasks.task import Argument, Brief, Result, Signature

PLAIN = ("u", "x", "nu")
ASKED = ("integrate", "u0", "moments", "viscosity")
MOMENTS = np.linspace(0.0, 0.1, 3)
FORCED = "- d({u}**2/2, {x}) + d({p}*(2 + {u})*d({u}, {x}), {x}) - {p}*{u}**3 + sin(6.283185307179586*{x})"
KINDS = {
    "spectral": (Spectral(), FORCED),
    "spectral, exact": (Spectral(), "-{p}*d({u}, {x})"),
    "splitting": (Splitting(), "{p}*d({u}, {x}, {x}) + {u} - 3*{u}**2"),
    "finite volumes": (FiniteVolumes(), FORCED),
    "lines": (MethodOfLines(), FORCED),
    "elliptic": (Elliptic(), "d({p}*d({u}, {x}), {x}) + d({p}*d({u}, other), other) - {u} + {x}"),
}


def program(kind: str, symbols=PLAIN, asked=ASKED) -> tuple[Brief, str]:
    family, text = KINDS[kind]
    unknown, axis, parameter = symbols
    rhs = text.format(u=unknown, x=axis, p=parameter)
    wall = Boundary("dirichlet", "1")
    if kind == "elliptic":
        axes = tuple(Axis(a, 0, 1, "endpoints", wall, wall) for a in (axis, "other"))
        equation = Equation((unknown,), axes, (Balance("", rhs),), coefficients=(parameter,))
        arguments = (Argument(asked[3], "coefficient", parameter, ("batch", "n", "m"), "given"),)
        shape = ("batch", "n", "m")
    else:
        axes = (Axis(axis, 0, 1, "endpoints", wall, wall) if kind == "lines" else Axis(axis, 0, 1),)
        equation = Equation((unknown,), axes, (Balance(unknown, rhs),), (parameter,))
        arguments = (
            Argument(asked[1], "initial", unknown, ("batch", "n"), "start"),
            Argument(asked[2], "times", "t", ("time",), "times"),
            Argument(asked[3], "parameter", parameter, (), "parameter"),
        )
        shape = ("batch", "time", "n")
    signature = Signature(asked[0], arguments, (Result(unknown, unknown, shape, "answer"),))
    values = {} if kind == "elliptic" else {parameter: 0.05}
    brief = Brief("Some", "", render_stub(signature), signature, equation, values, {"n": 32}, (0.0, 0.1), 40.0)
    analysis = Analysis(equation)
    family.suits(analysis)
    variant = family.variants(analysis, brief)[1 if kind == "finite volumes" else 0]
    return brief, family.source(analysis, brief, variant.choices)


def answer(kind: str, symbols=PLAIN, asked=ASKED) -> np.ndarray:
    brief, source = program(kind, symbols, asked)
    assert "0qe" not in source
    if kind == "elliptic":
        return call(source, brief, 1.0 + np.add.outer(np.arange(9) ** 2, np.arange(9))[None] / 9)[0]
    phase = 2 * np.pi * (np.arange(32) + 0.5) / 32
    start = 1 + 0.5 * np.sin(phase)[None] * (np.linspace(-1, 1, 32) ** 2 < 1)
    return call(source, brief, start, MOMENTS, 0.05)[0]


expected = cache(answer)


@cache
def words() -> list[str]:
    """Every identifier of every kind of program, and what else is awkward."""
    found = {name for kind in KINDS for name in names._identifiers(program(kind)[1])}
    return sorted(
        found | {"lambda", "in", "E", "I", "S", "N", "pi", "beta", "d", "sin", "u_x", "u_xx", "out_u", "full_u"}
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@settings(
    max_examples=12, derandomize=True, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(data=st.data())
def test_any_name_will_do(kind, data):
    symbols = tuple(data.draw(st.permutations(words()))[:3])
    callable_names = [w for w in words() if not keyword.iskeyword(w)]
    asked = tuple(data.draw(st.permutations(callable_names))[:4])
    assert np.allclose(answer(kind, symbols, asked), expected(kind), rtol=1e-9, atol=1e-9)


AWKWARD = [
    ("step", "timed", "rate"),
    ("np", "nonlinear", "self"),
    ("T", "step_limit", "integrate"),
    ("__u", "stable_step", "__c"),
    ("self", "__x", "linear"),
]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_symbols_called_like_methods_and_attributes(kind):
    """An axis may be kept as an attribute, and Python changes names in classes that begin with two underscores."""
    for symbols in AWKWARD:
        for asked in (ASKED, ("self", "step_limit", "np", "timed"), ("linear", "E", "nonlinear", "rate")):
            ours = answer(kind, symbols, asked)
            assert np.allclose(ours, expected(kind), rtol=1e-9, atol=1e-9), (symbols, asked)


@pytest.mark.parametrize("kind", KINDS)
def test_arguments_called_like_other_symbols(kind):
    """The start is an argument called like the parameter, the parameter one called like the unknown."""
    asked = ("x", "nu", "t", "u")
    assert np.allclose(answer(kind, PLAIN, asked), expected(kind), rtol=1e-9, atol=1e-9)


def test_a_function_called_like_a_parameter_with_a_default():
    asked = ("moved", "u0", "moments", "viscosity")
    assert np.allclose(answer("spectral, exact", PLAIN, asked), expected("spectral, exact"), rtol=1e-9, atol=1e-9)


@pytest.mark.slow
def test_usual_symbols_stay_as_they_are():
    for kind in KINDS:
        for symbols in (("u", "x", "nu"), ("v", "x", "a"), ("p", "y", "rho"), ("h", "z", "g"), ("q", "r", "c")):
            source = program(kind, symbols)[1]
            assert not {f"{s}_" for s in symbols} & names._identifiers(source), (kind, symbols)


def test_documentation_shows_the_original_names():
    _, source = program("spectral", ("u", "x", "lambda"))
    assert "- lambda*u**3" in source
    assert "lambda_ = " not in source.partition("def ")[0]
    compile(source, "solver", "exec")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_programs_run_as_scripts(kind, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    _, source = program(kind, ("lambda", "np", "label"), ("fields", "zip", "field", "float"))
    exec(compile(source, "solver", "exec"), {"__name__": "__main__"})
    assert "from" in capsys.readouterr().out


def test_builtins_and_imports_give_way_to_what_is_asked_for():
    source = "import numpy as np\n\n\ndef fun0_max_0qe(arg0_np_0qe):\n    return max(np.ravel(arg0_np_0qe), key=abs)\n"
    settled = names.settled(source, ["max", "np"])
    space = {}
    exec(settled, space)
    assert space["max"](np.array([1.0, -3.0])) == -3.0
    assert max is builtins.max


def test_a_name_twice_is_refused():
    equation = replace(
        Analysis(Equation(("u",), (Axis("x", 0, 1),), (Balance("u", "d(u, x)"),))).equation, parameters=("x",)
    )
    with pytest.raises(Exception, match="stands for two things"):
        Analysis(equation)
