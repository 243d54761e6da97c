"""The figures a program is judged by."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fieldsmith.evaluation import metrics
from fieldsmith.evaluation.evaluation import ConvergencePoint, Evaluation, Score
from fieldsmith.evaluation.order import empirical_order, local_orders, why_no_order
from fieldsmith.evaluation.record import evaluation_fields, evaluation_from

finite = hnp.arrays(
    np.float64, st.tuples(*[st.integers(1, 4)] * 3), elements=st.floats(-1e6, 1e6, allow_subnormal=False)
)


@given(finite)
def test_an_exact_solution_has_no_error(reference):
    assert np.all(metrics.sample_nrmse({"u": reference}, {"u": reference}) == 0.0)


@given(finite, st.floats(1e-6, 10))
def test_a_relative_perturbation_is_measured_as_such(reference, share):
    reference = reference + 1.0 + 2e6
    errors = metrics.sample_nrmse({"u": reference * (1 + share)}, {"u": reference})
    np.testing.assert_allclose(errors, share, rtol=1e-6)


def test_nrmse_is_the_mean_over_samples_not_the_pooled_norm():
    reference = {"u": np.stack([np.ones((3, 4)), 100 * np.ones((3, 4))])}
    outputs = {"u": reference["u"] + 0.5}
    np.testing.assert_allclose(metrics.sample_nrmse(outputs, reference), [0.5, 0.005])


def test_fields_are_stacked_before_the_norm_is_taken():
    reference = {"v": np.zeros((1, 2, 2)), "p": np.ones((1, 2, 2))}
    outputs = {"v": np.full((1, 2, 2), 0.3), "p": np.ones((1, 2, 2))}
    np.testing.assert_allclose(metrics.sample_nrmse(outputs, reference), [0.3])


def test_drift_is_the_largest_departure_from_the_first_total():
    assert metrics.drift({}, {}) is None
    kept = {"mass": np.array([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]])}
    assert metrics.drift({"mass": np.array([[1.0, 1.1, 1.0], [2.0, 2.0, 1.7]])}, kept) == pytest.approx(0.3)


def test_totals_of_thin_fronts_may_follow_the_reference_or_stay():
    sampled = {"mass": np.array([[1.0, 1.02, 0.99]])}
    assert metrics.drift(sampled, sampled) == 0.0
    assert metrics.drift({"mass": np.ones((1, 3))}, sampled) == 0.0
    assert metrics.drift({"mass": np.array([[1.0, 1.05, 0.99]])}, sampled) == pytest.approx(0.03)


def test_frame_errors_grow_where_the_error_grows():
    reference = {"u": np.ones((2, 5, 8))}
    outputs = {"u": reference["u"] + np.linspace(0, 0.4, 5)[None, :, None]}
    np.testing.assert_allclose(metrics.frame_errors(outputs, reference), np.linspace(0, 0.4, 5))


@pytest.mark.parametrize("order", [1.0, 2.0, 4.0])
def test_the_order_of_a_power_law_is_found(order):
    points = [ConvergencePoint(n, 3.0 * n**-order) for n in (64, 128, 256)]
    assert empirical_order(points) == pytest.approx(order)
    assert local_orders(points) == pytest.approx((order, order))


def test_round_off_and_indifference_have_no_order():
    points = [ConvergencePoint(64, 1e-3), ConvergencePoint(128, 2.5e-4), ConvergencePoint(256, 1e-14)]
    assert empirical_order(points) == pytest.approx(2.0)
    assert empirical_order([ConvergencePoint(n, 1e-6) for n in (64, 128, 256)]) is None
    assert empirical_order([]) is None


@pytest.mark.parametrize(
    ("errors", "why"),
    [
        ((1e-6, 1.1e-6, 1e-6), "grid"),
        ((1e-6, 2e-6, 4e-6), "growth"),
        ((4e-6, 2e-6, 1e-6), "reference"),
        ((1e-9, 1e-15, 1e-15), "rounding"),
        ((1e-6,), ""),
        ((), ""),
    ],
)
def test_what_kept_an_order_from_being_measured(errors, why):
    assert why_no_order([ConvergencePoint(64 * 2**n, error) for n, error in enumerate(errors)][::-1]) == why


def test_an_evaluation_survives_json():
    score = Score(0.1, {"u": 0.1}, 0.01, None, 0.5, 1.0, order=2.0, samples=(0.05, 0.15))
    before = Evaluation("ok", "fine", dev=score, convergence=(ConvergencePoint(64, 0.1),), notes=("a",))
    assert evaluation_from(json.loads(json.dumps(evaluation_fields(before)))) == before


def test_json_holds_no_nan():
    score = Score(math.inf, {"u": math.nan}, math.nan, None, 0.5, 1.0)
    json.dumps(evaluation_fields(Evaluation("ok", dev=score)), allow_nan=False)
