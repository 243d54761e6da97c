"""What is told of steps in time from errors that are known: of first order or not, offset by others or not."""

import numpy as np
import pytest

from fieldsmith.evaluation.probes.start import at_once
from fieldsmith.evaluation.probes.steps import steps_in_time
from fieldsmith.tasks.task import Argument, Case, Result, Signature

TIMES = np.linspace(0.0, 1.0, 33)
SIGNATURE = Signature(
    "solver",
    (Argument("u0", "initial", "u", ("batch", "x"), ""), Argument("t", "times", "", ("time",), "")),
    (Result("u", "u", ("batch", "time", "x"), ""),),
)


def told(error, most=1000):
    """Of a program whose error after steps of h in units of its own is error(h), everywhere, and that fails where intervals have more than `most` parts."""
    solution = np.ones((1, len(TIMES), 4))

    def call(inputs):
        parts = (TIMES[1] - TIMES[0]) / (inputs["t"][1] - inputs["t"][0])
        return {"u": np.ones((1, len(inputs["t"]), 4)) + error(1.0 / parts)} if parts < most else None

    case = Case("dev", inputs={"u0": np.ones((1, 4)), "t": TIMES}, reference={"u": solution})
    return steps_in_time(SIGNATURE, case, (0,), call)


@pytest.mark.parametrize(
    ("error", "first"),
    [
        (lambda h: h, True),
        (lambda h: 0.99 * h + 0.01, True),
        (lambda h: 0.8 * h**2 + 0.2, False),
        (lambda h: h**2, False),
    ],
)
def test_steps_of_first_order_are_told_apart_from_second_order_on_a_grid_that_errs(error, first):
    found = told(error)
    assert found is not None
    assert (found["limit"], found["first"]) == (True, first)


@pytest.mark.parametrize(("error", "bounded"), [(lambda h: 2.0 - h, True), (lambda h: 1.0 / h, False)])
def test_an_error_that_shorter_steps_lay_bare_is_told_apart_from_one_that_grows_with_their_number(error, bounded):
    found = told(error)
    assert found is not None
    assert (found["limit"], found["worse"], found["bounded"]) == (False, True, bounded)


@pytest.mark.parametrize(("most", "every"), [(1000, True), (100, False)])
def test_steps_are_not_judged_by_intervals_that_have_many_of_them_still(most, every):
    found = told(lambda _h: 1.0, most)
    assert found is not None
    assert (found["share"], found["all"]) == (0.0, every)


@pytest.mark.parametrize(("error", "told"), [(0.05, True), (1e-4, False)])
def test_data_that_is_changed_at_once_is_the_cause_only_where_something_of_it_is_left(error, told):
    start = np.linspace(0.0, 1.0, 8).reshape(1, 8)
    solution = np.full((1, len(TIMES), 8), 0.5)
    solution[:, 0] = start

    def call(inputs):
        return {"u": np.repeat(np.clip(start, 0.2, 0.8)[:, None], len(inputs["t"]), axis=1)}

    case = Case("dev", inputs={"u0": start, "t": TIMES}, reference={"u": solution})
    assert bool(at_once(SIGNATURE, case, {"u": solution + error}, (0,), call)) == told
