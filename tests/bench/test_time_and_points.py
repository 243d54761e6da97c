"""Errors by spans of time, programs made coarser by the numbers at their top, and their times without their start."""

import numpy as np
import pytest

import small_heat
from fieldsmith import tasks
from fieldsmith.bench.breakeven import Costs, by_bins
from fieldsmith.bench.coarser import Level
from fieldsmith.bench.own_points import LEAST_POINTS, versions
from fieldsmith.bench.warm_calls import timed
from fieldsmith.evaluation.metrics import binned_nrmse
from fieldsmith.sandboxes.sandbox import CallResult

PROGRAM = '''"""A program."""
POINTS = (64, 6)  # of the grid
TOLERANCE = 1e-3
CELLS = 2*POINTS[0]


def solver(u0, t_coordinate, k):
    POINTS = 3
    return POINTS
'''


def scope(text):
    found = {}
    exec(text, found)
    return found


def test_each_frame_is_in_one_span_and_the_first_in_none():
    times = np.array([1.0, 1.5, 2.0, 2.25, 3.0])
    reference = {"u": np.ones((2, 5, 3)), "v": np.ones((2, 5, 3))}
    outputs = {"u": np.ones((2, 5, 3)), "v": np.ones((2, 5, 3))}
    outputs["u"][:, 0] = 9.0
    outputs["u"][1, 2] += 2.0
    outputs["u"][0, 4] += 1.0
    found = binned_nrmse(outputs, reference, times, 4)
    assert found.shape == (4, 2)
    wanted = [[0, 0], [0, np.sqrt(4 / 2)], [0, 0], [np.sqrt(1 / 2), 0]]
    assert np.allclose(found, wanted)
    assert np.isnan(binned_nrmse(outputs, reference, np.array([0, 1, 2, 3, 100.0]), 4)[1:3]).all()


def test_the_numbers_at_the_top_make_a_program_coarser():
    found = list(versions(PROGRAM))
    assert all(one.own for one in found)
    assert scope(found[0].text)["POINTS"] == (64, 6)
    points = [scope(one.text)["POINTS"] for one in found]
    assert points[-1] == (LEAST_POINTS, 6)
    assert [first for first, _ in points] == sorted((first for first, _ in points), reverse=True)
    assert all(first % 2 == 0 and second == 6 for first, second in points)
    assert {scope(one.text)["TOLERANCE"] for one in found} == {1e-3, 0.03}
    assert all(scope(one.text)["CELLS"] == 2 * scope(one.text)["POINTS"][0] for one in found)
    assert all(scope(one.text)["solver"](0, 0, 0) == 3 for one in found)
    assert "POINTS = (64, 6)  # of the grid\n" in found[0].text


@pytest.mark.parametrize("text", ["def solver(u0):\n    return u0\n", "POINTS = make()\n", "not python ("])
def test_a_program_without_such_numbers_stays_as_it_is(text):
    (only,) = versions(text)
    assert (only.text, only.share, only.own) == ("", 1.0, False)


def test_spans_of_time_have_breakevens_of_their_own():
    costs = Costs(data=10.0, training=90.0, tuning=0.0, operator=0.0)
    known = [(0.001, 1.0), (0.01, 0.01)]
    curve = [Level(1, 1, np.full(2, error), seconds, bins=np.full((4, 2), error)) for error, seconds in known]
    found = list(by_bins("fno", costs, [[1e-3, 1e-3], [np.nan, np.nan], [1e-2, 1e-2], [1e-2, 1e-2]], curve))
    assert [one.span for one in found] == ["1 of 4", "3 of 4", "4 of 4"]
    assert found[0].solves == pytest.approx(100.0)
    assert found[1].solves == pytest.approx(100.0 / 0.01)


COUNTS = """
def solver(u0, t_coordinate, k):
    solves.append(1)
    return u0
"""


class Clockwork:
    """A session whose calls take a second to begin and a tenth for each solve."""

    def call(self, program, function, inputs, results):
        solves = []
        found = {"solves": solves}
        exec(program, found)
        outputs = {"u": found[function](*inputs.values())}
        return CallResult("ok", outputs, 9.0, 1.0 + 0.1 * len(solves))


def test_the_start_of_a_program_is_no_part_of_its_time():
    task = tasks.load(f"{small_heat.__file__}:SmallHeat")
    case, signature = task.split("dev")[0], task.brief().signature
    answer, seconds = timed(Clockwork(), COUNTS, signature, case)
    assert answer.outputs["u"] is case.inputs["u0"]
    assert seconds == pytest.approx(0.1)
    assert timed(Clockwork(), COUNTS, signature, case, loaded=True)[1] == pytest.approx(1.1)
