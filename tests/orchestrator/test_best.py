"""Which candidate a run calls its best."""

import pytest

from fieldsmith.agents.author import Candidate, Program, Proposal
from fieldsmith.blocks import Plan
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.orchestrator.course import curve
from fieldsmith.reports import charts
from fieldsmith.strategies.choosing import best_of, why_chosen


def ran(number: int, samples: tuple[float, ...], seconds: float = 1.0, reference: float = 1e-12) -> Candidate:
    mean = sum(samples) / len(samples)
    score = Score(
        mean, {}, 1e-6, reference, 0.1, seconds, samples=samples, reference_samples=(reference,) * len(samples)
    )
    proposal = Proposal(Program(f"x = {number}"), Plan(), prompt="", reply="")
    return Candidate(number, str(number), "draft", (), "numerics", proposal, Evaluation("ok", dev=score))


@pytest.mark.parametrize(
    ("first", "second", "best"),
    [
        # One bad sample is the whole mean of both: the others decide, although its mean is 1 % larger.
        (ran(1, (1e-5, 1e-5, 1.00e-3)), ran(2, (1e-9, 1e-9, 1.03e-3)), 2),
        # The mean leads all the same.
        (ran(1, (1e-5, 1e-5, 1.00e-5)), ran(2, (1e-9, 1e-9, 1.03e-3)), 1),
        # Below the trusted method is better than at it.
        (ran(1, (1e-6, 1e-6, 1e-6)), ran(2, (2e-8, 2e-8, 2e-8), 40.0), 2),
        # What the reference cannot tell apart is told apart by speed.
        (ran(1, (4e-9,) * 3, 8.0, 1e-8), ran(2, (9e-9,) * 3, 1.0, 1e-8), 2),
        (ran(1, (1.000e-6,) * 3, 8.0), ran(2, (1.001e-6,) * 3, 1.0), 2),
        (ran(1, (1.0e-6,) * 3, 1.4), ran(2, (0.8e-6,) * 3, 8.0), 2),
    ],
)
def test_the_mean_leads_the_typical_sample_has_a_say_and_speed_parts_equals(first, second, best):
    for candidates in ([first, second], [second, first]):
        assert best_of(candidates) is not None
        assert best_of(candidates).id == best


def test_what_the_reference_cannot_tell_apart_is_one_choice_everywhere():
    accurate, fast, third = ran(1, (1.3e-6,), 9.9, 1.5e-5), ran(2, (8.1e-6,), 0.16, 1.5e-5), ran(3, (1.3e-6,), 0.41, 1.5e-5)  # fmt: skip
    candidates = [ran(4, (0.5,), 0.6, 1.5e-5), accurate, fast, third]
    best = best_of(candidates)
    assert best is fast
    assert [row["best_value"] for row in curve(candidates)] == [0.5, 1.3e-6, 8.1e-6, 8.1e-6]
    steps = charts.progress(candidates)
    assert [step.holder for step in steps] == [4, 1, 2, 2]
    assert steps[-1].best == 8.1e-6
    assert charts.rises(candidates)
    assert not charts.rises(candidates[:2])
    assert why_chosen(best, candidates) == (
        "its speed among the 3 whose dev error is within the reference's own (1.5e-05), below which none can be told from another"
    )
    assert why_chosen(accurate, candidates[:2]) == "its dev error"


def test_errors_two_percent_apart_are_told_as_equal():
    slow, fast = ran(1, (1.000e-6,), 8.0), ran(2, (1.001e-6,), 1.0)
    assert why_chosen(fast, [slow, fast]) == "its speed among the 2 with the best dev error within 2 %"
    same = ran(3, (1.000e-6,), 1.0)
    assert why_chosen(fast, [fast, same]).startswith("its speed (the first of the fastest) among the 2")
