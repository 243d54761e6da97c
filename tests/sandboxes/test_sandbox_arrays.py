"""What goes in and what comes out, the same in every sandbox."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sandbox_calls import DOUBLE, run


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(a=hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=6)), b=st.floats())
def test_arrays_and_scalars_cross_unchanged(session, a, b):
    source = "import numpy as np\ndef f(a, b):\n    return a, np.full(2, b)\n"
    result = session.call(source, "f", {"a": a, "b": b}, {"x": a.shape, "y": (2,)})
    assert result.status == "ok", result.failure
    np.testing.assert_array_equal(result.outputs["x"], a)
    np.testing.assert_array_equal(result.outputs["y"], np.full(2, b))


def test_large_arrays_cross(session):
    a = np.random.default_rng(0).random((20, 50, 1024))
    result = session.call(DOUBLE, "f", {"a": a}, {"y": a.shape})
    assert result.status == "ok", result.failure
    np.testing.assert_array_equal(result.outputs["y"], 2 * a)
    assert result.seconds > 0
    assert result.peak_mb is not None
    assert result.peak_mb > 8


def test_inputs_are_fresh_and_writable(session):
    source = "def f(a):\n    a += 1\n    return a\n"
    a = np.zeros(3)
    for _ in range(2):
        np.testing.assert_array_equal(run(session, source, a).outputs["y"], np.ones(3))
    assert not a.any()


@pytest.mark.parametrize(
    "expression",
    [
        "a.tolist()",
        "a.astype('f4')",
        "np.ma.array(a)",
        "a.astype(int)",
        "np.asfortranarray(a)",
        "(a,)",
        "a + 0j",
        "np.broadcast_to(a, (3,))",
    ],
)
def test_what_solvers_return_is_taken_as_arrays(session, expression):
    result = run(session, f"import numpy as np\ndef f(a):\n    return {expression}\n")
    assert result.status == "ok", result.failure
    np.testing.assert_array_equal(result.outputs["y"], np.arange(3.0))


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("None", "None"),
        ("a[:2]", "shape (2,); expected (3,)"),
        ("a * 1j", "complex"),
        ("np.array(['x'] * 3)", "dtype"),
        ("[object()] * 3", "dtype"),
        ("[[1], [2, 3]]", "not an array"),
    ],
)
def test_unusable_results_are_named(session, expression, words):
    result = run(session, f"import numpy as np\ndef f(a):\n    return {expression}\n")
    assert result.status == "bad_output"
    assert words in result.failure.message


def test_a_wrong_number_of_results_is_named(session):
    result = session.call(DOUBLE, "f", {"a": np.ones(3)}, {"x": (3,), "y": (3,)})
    assert result.status == "bad_output"
    assert "expected 2: x, y" in result.failure.message


def test_not_a_number_passes(session):
    result = run(session, "def f(a):\n    return a * float('nan')\n")
    assert result.status == "ok"
    assert np.isnan(result.outputs["y"]).all()


def test_a_batch_of_one_may_be_a_list(session):
    result = run(session, "def f(a):\n    return [row for row in a]\n", np.ones((1, 3)), (1, 3))
    assert result.status == "ok", result.failure
