"""What plans claim, read conservatively, and held against what was measured."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsmith.agents.author import Candidate, Plan, Program, Proposal
from fieldsmith.agents.reply import plan_of
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.orchestrator.claims import Claim, claims_of, counted, judged


def claimed(summary="", **fields):
    return [(claim.kind, claim.value) for claim in claims_of(Plan(summary=summary, **fields))]


def candidate(plan, order=2.0, nrmse=1e-4, status="ok"):
    score = Score(nrmse, {}, None, None, 0.0, 1.0, order=order) if status == "ok" else None
    return Candidate(1, "1", "draft", (), "a", Proposal(Program("x = 1"), plan), Evaluation(status, dev=score))


@pytest.mark.parametrize(
    ("words", "order"),
    [
        ("fourth-order central differences", 4.0),
        ("a 4th-order compact scheme", 4.0),
        ("Sixth order accurate in space", 6.0),
        ("central differences, O(dx^2)", 2.0),
        ("error O(Δx⁴)", 4.0),
        ("O(Δx⁴) truncation, fourth-order differences with RK4 in time", 4.0),
        ("second-order accurate in space and time", 2.0),
        ("fifth-order WENO + third-order SSP Runge-Kutta", 5.0),
        ("fourth-order central differences, second-order Strang splitting", 4.0),
    ],
)
def test_an_order_that_is_stated_is_a_claim(words, order):
    assert claimed(words) == [("order", order)]


@pytest.mark.parametrize(
    "words",
    [
        "the second-order derivative by FFT",
        "a first order ODE system",
        "second-order in time",
        "Fourth-order Runge-Kutta with spectral derivatives",
        "fourth-order ETDRK4",
        "RK4 (fourth order) in time",
        "Strang splitting, second order",
        "third-order SSP scheme; a second-order Crank-Nicolson step",
        "a first-order hyperbolic system",
        "second-order upwind is too diffusive, so fourth-order compact",
        "second-order upwind is too diffusive",
        "fifth-order WENO with a second-order limiter",
        "orders of magnitude better, first order of magnitude",
        "spectrally accurate; fourth-order RK",
        "spectral accuracy, fourth-order Runge-Kutta",
        "tolerance 1e-10, dealiasing",
        "local error below 1e-8",
        "error tolerance of 1e-8",
        "error control. 1e-6 steps",
        "an error of 10-20%",
        "errors of about 10-15 percent",
        "errors of 1e-12-1e-10",
        "an error of 1e-3 to 1e-2",
        "refine until the error is below 1e-8",
        "iterate while the error, by Richardson, is at most 1e-8",
        "halve steps if error < 1e-6",
        "",
    ],
)
def test_what_is_no_claim_of_the_solution_is_none(words):
    assert claimed(words) == []


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("nRMSE below 1e-6", 1e-6),
        ("the relative error is about 2.5e-4", 2.5e-4),
        ("expected error < 10^-6", 1e-6),
        ("errors at most 2 x 10^{-3}", 2e-3),
        ("nRMSE of 0.001", 1e-3),
        ("errors below 0.01%", 1e-4),
        ("an error of about 2 percent", 2e-2),
        ("error of 3·10⁻⁷, or error of 10⁻⁷", 1e-7),
        ("error below 1e−6", 1e-6),
        ("Steps are halved until they fit. The error is below 1e-6", 1e-6),
    ],
)
def test_an_error_that_is_stated_is_a_claim(words, error):
    assert claimed(words) == [("error", pytest.approx(error))]


def test_the_plans_own_number_goes_before_its_words():
    assert claimed("second-order", expected_order=4.0) == [("order", 4.0)]


def test_what_is_said_of_time_and_of_how_resolution_is_found_is_no_claim():
    assert claimed(time_integrator="fourth-order central") == []
    assert claimed(resolution_control="doubled, with an error below 1e-8 on the finest") == []


def test_claims_are_confirmed_by_what_was_measured_or_are_not():
    plan = Plan(summary="nRMSE below 1e-6", expected_order=4.0)
    verdicts = [one.verdict for one in judged(candidate(plan, order=2.1, nrmse=1e-4))]
    assert verdicts == ["unconfirmed", "unconfirmed"]
    assert [one.verdict for one in judged(candidate(plan, order=3.6, nrmse=9e-7))] == ["confirmed", "confirmed"]


def test_what_was_not_measured_confirms_and_refutes_nothing():
    plan = Plan(summary="nRMSE below 1e-6", expected_order=4.0)
    found = counted([candidate(plan, order=None), candidate(plan, status="crashed"), candidate(Plan(summary="FFT"))])
    assert found == {"confirmed": 0, "unconfirmed": 1, "unmeasured": 3}


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading(text):
    assert all(isinstance(claim, Claim) and claim.value >= 0.0 for claim in claims_of(Plan(summary=text)))


@given(st.floats(1e-14, 0.09), st.sampled_from(["nRMSE below {:.3e}", "an error of {:.3e}", "errors around {:.3e}"]))
def test_any_error_is_read_as_it_is_written(error, words):
    assert claimed(words.format(error)) == [("error", pytest.approx(float(f"{error:.3e}")))]


def test_what_a_plan_under_a_heading_claims_is_read():
    summary = "fourth-order central differences, nRMSE below 1e-9"
    plan = plan_of(
        f"# Plan\n- Discretisation: central differences\n- Time integrator: RK4\n- Summary: {summary}\n\n```python\nx = 1\n```"
    )
    assert list(claims_of(plan)) == [Claim("order", 4.0), Claim("error", 1e-9)]
