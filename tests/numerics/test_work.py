"""Refinements end by counted work: a loaded machine gets the answer that an idle one gets."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from numerics_cases import POINTS, TIMES, Z, brief_of, line

from fieldsmith.equations.analysis import Analysis
from fieldsmith.equations.equation import Balance, Boundary, Equation
from fieldsmith.numerics.lines import MethodOfLines
from fieldsmith.numerics.spectral import Spectral

WALL = Boundary("dirichlet")
CASES = {
    "spectral": (
        Spectral(),
        "refined to 1e-9",
        Equation(("u",), (line(0, 1),), (Balance("u", "-d(u**2/2, s) + d(u, s, s)/50"),)),
        np.sin(Z)[None],
    ),
    "lines": (
        MethodOfLines(),
        "refined to 1e-9",
        Equation(("u",), (line(0, 1, WALL, "endpoints"),), (Balance("u", "d(u, s, s)/100 - u*d(u, s)"),)),
        np.sin(np.pi * np.linspace(0, 1, POINTS))[None] ** 2,
    ),
}


def answer(kind, seconds_a_look, limit=80.0, **constants):
    """What the program says on a processor on which every look at its time finds it so much later."""
    family, name, equation, start = CASES[kind]
    brief, analysis = brief_of(equation, {}, limit=limit), Analysis(equation)
    variant = next(v for v in family.variants(analysis, brief) if v.name == name)
    source = family.source(analysis, brief, variant.choices)
    for constant, value in constants.items():
        source = re.sub(rf"^{constant} = \S+", f"{constant} = {value}", source, flags=re.MULTILINE)
    space = {"__name__": "solver"}
    exec(source, space)
    now = [0.0]

    def later():
        now[0] += seconds_a_look
        return now[0]

    space["time"] = SimpleNamespace(process_time=later)
    return space["integrate"](start, TIMES)


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.slow
def test_the_answer_does_not_depend_on_the_clock(kind):
    assert (answer(kind, 0.0) == answer(kind, 0.3)).all()


@pytest.mark.slow
@pytest.mark.parametrize("kind", CASES)
def test_less_work_means_fewer_refinements(kind, capsys):
    full = answer(kind, 0.0)
    assert "No time" not in capsys.readouterr().out
    cut = answer(kind, 0.0, WORK=1.0)
    assert "No time" in capsys.readouterr().out
    assert not (cut == full).all()
    assert np.abs(cut - full).max() < 1e-2


@pytest.mark.parametrize("kind", CASES)
def test_patience_ends_them_on_a_machine_that_is_far_too_slow(kind, capsys):
    assert (answer(kind, 100.0) == answer(kind, 0.0, WORK=1.0)).all()
    assert capsys.readouterr().out.count("No time") == 2


def test_work_grows_with_the_time_limit_and_is_shared_by_the_samples():
    family, name, equation, _ = CASES["lines"]
    analysis = Analysis(equation)

    def work(limit, batch):
        brief = brief_of(equation, {}, limit=limit)
        brief.sizes["batch"] = batch  # type: ignore[index]
        variant = next(v for v in family.variants(analysis, brief) if v.name == name)
        return float(re.search(r"^WORK = (\S+)", family.source(analysis, brief, variant.choices), re.MULTILINE)[1])

    assert work(80.0, 2) == pytest.approx(4 * work(40.0, 4), rel=0.1)
