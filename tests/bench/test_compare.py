"""Comparisons of two sides: pairs, figures by hand, what is left out, and the words for it."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from fieldsmith.bench.compare import compare
from fieldsmith.bench.measured import Left, Measured, Side
from fieldsmith.errors import InputError
from fieldsmith.reports.comparison import fields, rows, told, verdict

SPEND = {"input_tokens": 10, "output_tokens": 5, "usd": 0.5, "seconds": 2.0}


def run(side, task, seed, value, metric="nRMSE", lower=True, **more):
    figure = None if value is None else (metric, lower, value)
    name = f"{task}/{side}/refine/{seed}"
    given = {"spend": SPEND, "terms": {"author": side}, "fingerprint": task, **more}
    return Measured(name, Path(side, name), task, seed, side, "refine", figure, **given)


def side(letter, values, left=(), **more):
    """values: of each seed, by task."""
    runs = [run(letter, task, n, value, **more) for task, every in values.items() for n, value in enumerate(every)]
    return Side(f"runs/{letter}", "", tuple(runs), tuple(left))


def compared(a, b, **more):
    return compare(side("A", a, **more), side("B", b, **more))


def only(a, b, **more):
    (one,) = compared(a, b, **more).comparisons
    return one


def test_errors_are_compared_by_the_ratio_of_their_geometric_means():
    one = only({"burgers": (1e-4, 1e-6, 1e-5)}, {"burgers": (1e-3, 1e-4, 1e-3)})
    decades = [1.0, 2.0, 2.0]
    half = stats.t.ppf(0.975, 2) * math.sqrt(1 / 3) / math.sqrt(3)
    assert (one.unit, one.better, one.effect.n) == ("seed", "A", 3)
    assert [pair.advantage for pair in one.pairs] == pytest.approx(decades)
    assert one.effect.interval.low == pytest.approx(5 / 3 - half)
    (told_of,) = fields(compared({"x": (1e-4, 1e-6, 1e-5)}, {"x": (1e-3, 1e-4, 1e-3)}))["comparisons"]
    assert told_of["ratio"]["mean"] == pytest.approx(10 ** (-5 / 3))
    assert told_of["ratio"]["high"] == pytest.approx(10 ** (half - 5 / 3))


def test_tokens_that_were_estimated_are_said_to_be():
    spend = {**SPEND, "input_tokens": 7000, "estimated": True}
    given = {"burgers": (1e-4, 1e-6)}
    cells = [cell for row in rows(compare(side("A", given), side("B", given, spend=spend))) for cell in row]
    assert "30" in cells
    assert "about 14,010" in cells


def test_tasks_are_the_units_however_many_seeds_each_has():
    a = {"t1": (1e-3, 1e-5), "t2": (1e-2,), "t3": (1e-4, 1e-4, 1e-4)}
    b = {"t1": (1e-2, 1e-2), "t2": (1e-1,), "t3": (1e-4, 1e-3, 1e-2)}
    one = only(a, b)
    means = [2.0, 1.0, 1.0]
    assert (one.unit, one.effect.n, len(one.pairs)) == ("task", 3, 6)
    assert one.effect.interval.mean == pytest.approx(4 / 3)
    assert one.effect.student == pytest.approx(stats.ttest_1samp(means, 0.0).pvalue)


def test_the_verdict_says_how_much_and_over_what():
    a = {f"t{n}": (1e-3 * f, 1e-3 * f) for n, f in enumerate((1.0, 1.2, 0.8, 1.1, 0.9))}
    one = only(a, {task: (5e-3, 5e-3) for task in a})
    assert verdict(one).startswith("A is better: the error of A is 5.05 times smaller (95 %: 4.")
    assert "; 5 tasks, 2 seeds each), more than noise: p < 0.001 by Student's t;" in verdict(one)
    assert verdict(one).endswith("an exact test of 5 tasks cannot come below p = 0.062.")


def test_noise_is_not_taken_for_a_difference():
    one = only({"x": (1e-3, 3e-3, 1e-2, 2e-3)}, {"x": (2e-3, 1e-3, 3e-2, 2e-3)})
    assert one.effect.more_than_noise is False
    assert verdict(one).startswith("No difference that is more than noise: the error of A is")


def test_one_pair_says_nothing_of_noise():
    one = only({"x": (1e-3,)}, {"x": (2e-3,)})
    assert one.effect.more_than_noise is None
    assert (
        verdict(one)
        == "One pair: the error of A is 2 times smaller (this task alone, 1 seed). Of noise one pair says nothing."
    )


def test_seeds_that_change_nothing_are_no_evidence():
    one = only({"x": (1e-3,) * 5}, {"x": (2e-3,) * 5})
    assert one.effect.more_than_noise is None
    assert "the seeds change nothing, so that there is no noise to measure by" in verdict(one)


def test_the_same_figures_are_no_difference():
    one = only({"x": (1e-3, 2e-3)}, {"x": (1e-3, 2e-3)})
    assert (one.better, one.effect.more_than_noise) == ("", False)
    assert verdict(one) == "No difference: A and B come to the same (this task alone, 2 seeds)."


def test_where_nothing_ran_an_error_is_that_of_zeros_and_a_score_is_zero():
    assert only({"x": (None, 1e-2)}, {"x": (1e-1, 1e-2)}).pairs[0].values == (1.0, 1e-1)
    assert only({"x": (None,)}, {"x": (None,)}).pairs[0].values == (1.0, 1.0)
    scored = only({"e": (None,)}, {"e": (0.7,)}, metric="score", lower=False, scored=True)
    assert (scored.pairs[0].values, scored.better) == ((0.0, 0.7), "B")


def test_a_metric_of_its_own_has_no_figure_for_what_did_not_run():
    both = compared({"x": (None, 3.0)}, {"x": (1.0, 4.0)}, metric="drag")
    assert [pair.values for pair in both.pairs] == [(3.0, 4.0)]
    assert [one.why for one in both.left] == ["nothing ran in A, and drag has no figure for that"]


@pytest.mark.parametrize(("lower", "better", "word"), [(True, "A", "lower"), (False, "B", "higher")])
def test_a_metric_of_its_own_is_compared_by_its_difference_and_direction(lower, better, word):
    one = only({"x": (3.0, 3.5)}, {"x": (4.0, 5.5)}, metric="drag", lower=lower)
    assert one.better == better
    assert f"the drag of {better} is 1.5 {word}" in verdict(one)
    told_of = fields(compared({"x": (3.0, 3.5)}, {"x": (4.0, 5.5)}, metric="drag", lower=lower))
    assert told_of["comparisons"][0]["difference"]["mean"] == pytest.approx(-1.5)


def test_metrics_are_judged_apart():
    a = Side("a", "", (run("A", "x", 0, 1e-3), run("A", "y", 0, 2.0, metric="drag")), ())
    b = Side("b", "", (run("B", "x", 0, 1e-2), run("B", "y", 0, 1.0, metric="drag")), ())
    assert [(one.metric, one.better) for one in compare(a, b).comparisons] == [("nRMSE", "A"), ("drag", "B")]


def test_what_has_no_partner_or_is_not_done_is_left_out_and_told():
    a = side("A", {"x": (1e-3, 1e-3), "only": (1e-2,)}, [Left("A", "x/A/refine/2", "the provider gave up")])
    b = side("B", {"x": (1e-3,)})
    both = compare(a, b)
    assert len(both.pairs) == 1
    lines = [line for line in told(both) if line.startswith("Left out")]
    assert lines == [
        "Left out: A, x/A/refine/2: the provider gave up.",
        "Left out: A, x/A/refine/1: B has no run of x, seed 1, that is done.",
        "Left out: A, only/A/refine/0: B has no run of only, seed 0, that is done.",
    ]


def test_other_data_is_not_compared_and_rounding_is_told():
    a, b = run("A", "x", 0, 1e-3, digest="1"), run("B", "x", 0, 1e-2, digest="2")
    assert "the same up to rounding" in compare(Side("a", "", (a,), ()), Side("b", "", (b,), ())).notes[0]
    with pytest.raises(InputError, match=r"x, seed 0: the task's data differs: x of A, new of B\."):
        compare(Side("a", "", (a,), ()), Side("b", "", (replace(b, fingerprint="new"),), ()))
    moved = replace(b, fingerprint="new", digest="1")
    assert len(compare(Side("a", "", (a,), ()), Side("b", "", (moved,), ())).pairs) == 1


def test_errors_within_the_references_own_are_told():
    a, b = (run(letter, "x", 0, e, reference_error=1e-8) for letter, e in (("A", 1e-9), ("B", 1e-10)))
    assert (
        "their difference says nothing: x, seed 0" in compare(Side("a", "", (a,), ()), Side("b", "", (b,), ())).notes[0]
    )


def test_two_runs_of_one_seed_are_refused_with_what_tells_them_apart():
    twice = Side("a", "", (run("m/1", "x", 0, 1e-3), run("m/2", "x", 0, 1e-3)), ())
    with pytest.raises(InputError, match=r"two runs of x, seed 0: .* such as --rows 1 2"):
        compare(twice, side("B", {"x": (1e-3,)}))
    with pytest.raises(InputError, match="is on both sides"):
        compare(side("A", {"x": (1e-3,)}), side("A", {"x": (1e-3,)}))
    with pytest.raises(InputError, match="B has no run of x, seed 0, that is done"):
        compare(side("A", {"x": (1e-3,)}), side("B", {"y": (1e-3,)}))


def test_costs_and_terms_stand_beside_the_verdict():
    dear = {**SPEND, "usd": 5.0, "input_tokens": 10_000}
    a = side("A", {"x": (1e-3, None)}, spend=dear, terms={"author": "A", "candidates": 12})
    b = side("B", {"x": (2e-3, 1e-2)}, terms={"author": "B", "candidates": 1})
    both = compare(a, b)
    assert ["USD", "", "", "10.00", "1.00"] in list(rows(both))
    assert ["ran", "", "", "1/2", "2/2"] in list(rows(both))
    assert list(told(both)) == [
        "At other costs: A took 10 times the dollars, A took 667 times the tokens.",
        "Asked on other terms: candidates 12 for A, 1 for B.",
    ]
    unknown = compare(side("A", {"x": (1e-3,)}, spend={**SPEND, "usd": None}), side("B", {"x": (1e-3,)}))
    assert ["USD", "", "", "unknown", "0.50"] in list(rows(unknown))


ERRORS = st.dictionaries(
    st.sampled_from("xyz"), st.lists(st.tuples(*[st.floats(1e-12, 1e3)] * 2), min_size=1, max_size=4), min_size=1
)


@given(ERRORS, st.booleans())
@pytest.mark.slow
def test_swapping_the_sides_mirrors_the_result(pairs, by_error):
    kind = {} if by_error else {"metric": "score", "lower": False}
    a, b = ({task: [pair[n] for pair in every] for task, every in pairs.items()} for n in (0, 1))
    one, other = only(a, b, **kind).effect, only(b, a, **kind).effect
    assert other.interval.mean == pytest.approx(-one.interval.mean, rel=1e-9, abs=1e-12)
    assert (other.alike, other.more_than_noise, other.n) == (one.alike, one.more_than_noise, one.n)
    if one.student is not None:
        assert (other.student, other.flips) == (pytest.approx(one.student), pytest.approx(one.flips))
        assert other.interval.low == pytest.approx(-one.interval.high, rel=1e-9, abs=1e-12)
