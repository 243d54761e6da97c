"""Breakeven figures against what can be worked out by hand, and solvers on fewer points against their own order."""

import math

import numpy as np
import pytest

import small_heat
from fieldsmith import sandboxes, tasks
from fieldsmith.bench.breakeven import Costs, breakeven, front
from fieldsmith.bench.coarser import Level, levels
from fieldsmith.errors import InputError

COSTS = Costs(data=10.0, training=85.0, tuning=5.0, operator=0.001)
CENTRED = """
import numpy as np


def solver(u0, t_coordinate, k):
    n = u0.shape[1]
    modes = 4 * n**2 * np.sin(np.pi * np.arange(n // 2 + 1) / n) ** 2  # of differences of second order
    frames = [np.fft.irfft(np.fft.rfft(u0) * np.exp(-k * modes * t), n) for t in t_coordinate]
    return np.stack(frames, axis=1)
"""


def curve(*pairs):
    """Levels whose samples all err alike."""
    return [Level(2**n, 1, np.full(8, error), seconds) for n, (error, seconds) in enumerate(pairs)]


def test_between_two_levels_the_cost_is_interpolated_in_logarithms():
    found = breakeven("fno", COSTS, np.full(8, 1e-2), curve((1e-3, 1.0), (1e-1, 0.01)))
    assert found.solver == pytest.approx(0.1)
    assert found.solves == pytest.approx(100.0 / 0.099)
    assert found.low == found.high == found.solves
    assert found.beyond == ""


@pytest.mark.parametrize(("error", "solver", "beyond"), [(0.5, 0.01, "above"), (1e-5, 1.0, "below")])
def test_off_the_curve_its_end_is_taken_and_that_is_said(error, solver, beyond):
    found = breakeven("fno", COSTS, np.full(8, error), curve((1e-3, 1.0), (1e-1, 0.01)))
    assert (found.solver, found.beyond) == (solver, beyond)


def test_an_operator_that_is_dearer_than_the_solver_never_pays():
    found = breakeven("fno", Costs(1.0, 1.0, 0.0, 0.02), np.full(8, 0.5), curve((1e-3, 1.0), (1e-1, 0.01)))
    assert math.isinf(found.solves)
    assert math.isinf(found.high)


def test_samples_that_differ_give_an_interval():
    rng = np.random.default_rng(0)
    errors = 10.0 ** rng.uniform(-3, -1, 8)
    found = breakeven("fno", COSTS, errors, curve((1e-4, 1.0), (1.0, 0.01)))
    assert found.low < found.solves < found.high


def test_what_is_beaten_in_both_is_no_part_of_the_curve():
    assert front([(1.0, 1.0), (0.5, 2.0), (0.7, 3.0), (0.1, 4.0)]) == [(1.0, 1.0), (0.5, 2.0), (0.1, 4.0)]
    with pytest.raises(InputError, match="ran on no number of points"):
        breakeven("fno", COSTS, np.ones(8), [])


def test_fewer_points_err_more_as_the_scheme_is_of_second_order():
    task = tasks.load(f"{small_heat.__file__}:SmallHeat")
    case = task.refinement()[-1]
    with sandboxes.choose("process") as place:
        found = {(one.stride, one.pause): one for one in levels(task, CENTRED, place, case)}
    assert set(found) == {
        (1, 1),
        (2, 1),
        (4, 1),
    }  # five intervals between output times are none that could be thinned out
    assert found[1, 1].error < found[2, 1].error < found[4, 1].error
    assert 2.5 < found[2, 1].error / found[1, 1].error < 4.5


def test_points_on_which_a_solver_loses_its_solution_are_left_out():
    task = tasks.load(f"{small_heat.__file__}:SmallHeat")
    case = task.refinement()[-1]
    points = next(iter(case.reference.values())).shape[-1]
    losing = CENTRED.replace("def solver(", "def kept(") + (
        f"\n\ndef solver(*given, **named):\n    found = kept(*given, **named)\n    return found if found.shape[-1] > {points // 3} else found * np.nan\n"
    )
    with sandboxes.choose("process") as place:
        found = {(one.stride, one.pause) for one in levels(task, losing, place, case)}
    assert found == {(1, 1), (2, 1)}
