"""A hostile program is scored by what it returns: nothing that it does besides makes its score better."""

from dataclasses import replace

import pytest

from attacks.hostile import LIMITS, attack, names
from fieldsmith.evaluation import evaluate
from fieldsmith.sandboxes import choose
from fieldsmith.tasks import load

POOR = """
def solver(u0_batch, t_coordinate, beta):
    return u0_batch[:, None].repeat(len(t_coordinate), 1)
"""
"""The wave stands still."""
ATTACKS_FIRST = """

import numpy
repeat, attack, u0 = numpy.ndarray.repeat, solve, numpy.arange(4.0)

def solver(u0_batch, t_coordinate, beta):
    try:
        attack(u0)
    except BaseException:
        pass
    return repeat(u0_batch[:, None], len(t_coordinate), 1)
"""
SHORT = replace(LIMITS, seconds=3.0)


@pytest.fixture(scope="module")
def place():
    with choose("bubblewrap") as sandbox:
        sandbox.expect(SHORT, len(names()) + 1)
        yield sandbox


@pytest.fixture(scope="module")
def task():
    return load("advection")


@pytest.fixture(scope="module")
def earned(task, place):
    return evaluate(task, POOR, place, limits=SHORT, refinement=False).dev.nrmse


@pytest.mark.needs("bubblewrap")
@pytest.mark.parametrize("name", names())
def test_no_score_is_better_than_what_was_returned(name, task, place, earned):
    outcome = evaluate(task, attack(name).source + ATTACKS_FIRST, place, limits=SHORT, refinement=False)
    if outcome.status == "ok":
        assert outcome.dev.nrmse >= earned * (1.0 - 1e-12)
        assert outcome.dev.seconds >= 0.0
    else:
        assert outcome.dev is None


@pytest.mark.needs("bubblewrap")
def test_a_better_answer_would_have_a_better_score(task, place, earned):
    """So that the comparison above can fail."""
    better = POOR.replace("return ", "return 0.5 * ")
    assert evaluate(task, better, place, limits=SHORT, refinement=False).dev.nrmse < earned
