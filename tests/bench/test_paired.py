"""Whether paired differences are more than noise: against enumeration, and where nothing can be said."""

import itertools

import numpy as np
import pytest
from scipy import stats

from fieldsmith.bench.paired import effect, holm, sign_flips


@pytest.mark.parametrize("n", [2, 5, 9])
def test_sign_flips_are_those_of_an_enumeration(n):
    given = np.random.default_rng(n).normal(0.4, 1.0, n)
    signs = np.array(list(itertools.product((-1, 1), repeat=n)))
    share = np.mean(np.abs(signs @ given) >= abs(given.sum()) * (1 - 1e-12))
    assert sign_flips(given) == pytest.approx(share)


@pytest.mark.parametrize("n", [2, 5, 6, 12])
def test_the_smallest_p_is_reached_where_all_units_say_the_same(n):
    found = effect(np.linspace(1.0, 2.0, n).tolist())
    assert found.flips == pytest.approx(2 / 2**n) == found.reach


def test_more_units_than_can_be_enumerated_are_drawn_and_repeat():
    given = np.random.default_rng(1).normal(0.3, 1.0, 40)
    found = effect(given.tolist())
    assert not found.exact
    assert found.flips == sign_flips(given)
    assert found.flips == pytest.approx(stats.ttest_1samp(given, 0.0).pvalue, abs=0.02)


def test_both_tests_must_agree_where_both_can():
    outlier = [0.1, 0.1, 0.11, 0.1, 0.09, 0.1, 0.12, 9.0]
    found = effect(outlier)
    assert found.flips <= 0.05 < found.student
    assert found.more_than_noise is False


@pytest.mark.slow
def test_false_alarms_are_as_rare_as_promised():
    """The share of samples of pure noise that are taken for a difference, at most 5 % but for chance."""
    noise = np.random.default_rng(3).normal(size=(400, 8))
    alarms = sum(bool(effect(one.tolist()).more_than_noise) for one in noise)
    assert alarms <= 0.05 * 400 + 3 * (400 * 0.05 * 0.95) ** 0.5


@pytest.mark.parametrize(
    ("given", "said"), [([0.3], None), ([0.3, 0.3, 0.3], None), ([0.0, 0.0], False), ([0.0], None)]
)
def test_without_noise_to_measure_by_nothing_is_said(given, said):
    found = effect(given)
    assert (found.student, found.flips, found.interval.low) == (None, None, None)
    assert found.more_than_noise is said


def test_holms_p_are_those_of_the_definition_and_never_fall():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_a_family_of_comparisons_of_nothing_seldom_raises_an_alarm():
    lot = np.random.default_rng(0)
    families = lot.uniform(size=(2000, 20))
    assert np.mean([min(holm(list(ps))) <= 0.05 for ps in families]) < 0.06
    assert np.mean([min(ps) <= 0.05 for ps in families]) > 0.5
