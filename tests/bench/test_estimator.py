"""The expected best of k: against every choice of k, counted one by one."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldsmith.bench.estimator import Draft, curve, none_runs
from fieldsmith.bench.scaling import steps

ERRORS = st.floats(1e-12, 10.0)
DRAFTS = st.lists(st.one_of(st.none(), st.tuples(ERRORS, ERRORS)), min_size=1, max_size=8)


def by_enumeration(drafts, k, key):
    """Mean logarithm of the test error, and of what `key` minimises, over all choices of k in which one ran; the share in which none did."""
    chosen, none = [], 0
    choices = list(itertools.combinations(drafts, k))
    for choice in choices:
        ran = [draft for draft in choice if draft is not None]
        if ran:
            chosen.append(min(ran, key=key))  # the earlier of equals
        else:
            none += 1
    logs = [[math.log10(draft[n]) for draft in chosen] for n in (0, 1)]
    return [math.fsum(values) / len(values) if values else math.nan for values in logs], none / len(choices)


@settings(deadline=None, max_examples=60)
@given(DRAFTS, st.data())
@pytest.mark.slow
def test_the_expectation_is_that_of_every_choice(drafts, data):
    k = data.draw(st.integers(1, len(drafts)))
    given_drafts = [Draft(None, None) if one is None else Draft(*one) for one in drafts]
    (row,) = curve(given_drafts, [k], by_decades=True)
    (dev, test), none = by_enumeration(drafts, k, key=lambda draft: draft[0])
    (_, oracle), _ = by_enumeration(drafts, k, key=lambda draft: draft[1])
    assert row.none == pytest.approx(none)
    for found, counted in ((row.dev, dev), (row.test.value, test), (row.oracle, oracle)):
        assert math.log10(found) == pytest.approx(counted, abs=1e-9) if not math.isnan(counted) else math.isnan(found)


def test_costs_grow_with_the_drafts_and_what_is_not_known_stays_unknown():
    drafts = [Draft(0.1, 0.2, 100.0, 0.5, 2.0), Draft(None, None, 300.0, None, 4.0)]
    one, two = curve(drafts, [1, 2], by_decades=True)
    assert (one.tokens, two.tokens, one.usd, one.seconds, two.seconds) == (200.0, 400.0, None, 3.0, 6.0)
    assert (one.none, two.none) == (0.5, 0.0)


def test_intervals_hold_the_value_and_more_drafts_narrow_them():
    few = [Draft(10.0**-n, 10.0**-n) for n in range(6)]
    (wide,), (narrow,) = curve(few, [2], True), curve(few * 8, [2], True)
    assert wide.test.low < wide.test.value < wide.test.high
    assert math.log10(narrow.test.high / narrow.test.low) < math.log10(wide.test.high / wide.test.low)


def test_where_nothing_ran_nothing_is_said():
    (row,) = curve([Draft(None, None)] * 3, [2], True)
    assert row.none == 1.0
    assert math.isnan(row.test.value)


def test_a_metric_of_a_tasks_own_is_averaged_as_it_is():
    (row,) = curve([Draft(-3.0, -1.0), Draft(-1.0, -5.0)], [1], by_decades=False)
    assert (row.test.value, row.dev) == (-3.0, -2.0)


def test_large_numbers_are_exact():
    assert none_runs(1000, 500, 900) == pytest.approx(0.0, abs=1e-30)
    (row,) = curve([Draft(10.0**-n, 10.0**-n) for n in range(17)] * 10, [170], True)
    assert row.test.value == pytest.approx(1e-16)


def test_numbers_of_tries_are_told_in_even_steps():
    assert steps(20) == [1, 2, 3, 4, 6, 8, 12, 16, 20]
    assert steps(1) == [1]
