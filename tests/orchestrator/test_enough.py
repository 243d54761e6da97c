"""When a problem of one's own is solved well enough, whoever writes."""

import dataclasses

from fieldsmith.orchestrator.enough import good_enough
from report_runs import candidate, scored


def ran(*errors: float | None):
    """Candidates of different programs that err so."""
    return [candidate(n, error, source=f"x = {n}") for n, error in enumerate(errors, 1)]


def test_an_error_a_tenth_of_what_is_asked_for_is_enough():
    assert good_enough(1e-3, []) == ""
    assert good_enough(1e-3, ran(None, 1.1e-4)) == ""
    why = "the error of the best program is 9.0e-05, no more than a tenth of the 0.001 that is asked for"
    assert good_enough(1e-3, ran(1.0, 9e-5)) == why


def test_three_programs_within_what_is_asked_for_are_enough():
    assert good_enough(1e-3, ran(9e-4, 5e-4, 2e-3)) == ""
    why = "the error of the best program is 2.5e-04, and 3 programs err no more than the 0.001 that is asked for"
    assert good_enough(1e-3, ran(9e-4, 5e-4, 2.5e-4)) == why


def test_a_program_that_is_written_again_counts_once():
    again = dataclasses.replace(ran(9e-4)[0], id=2, slot="2")
    assert good_enough(1e-3, [*ran(9e-4), again, dataclasses.replace(again, id=3)]) == ""


def test_the_worst_kind_of_samples_has_to_be_accurate_too():
    first = candidate(1, 9e-5)
    score = dataclasses.replace(
        first.evaluation.dev, samples=(1e-6,) * 9 + (8.9e-4,), kinds=("as asked",) * 9 + ("other values",)
    )
    uneven = dataclasses.replace(first, evaluation=dataclasses.replace(first.evaluation, dev=score))
    assert good_enough(1e-3, [uneven]) == ""


def test_an_estimate_is_compared_with_another_before_it_is_believed():
    first, second = (scored(n, 1e-9, True, "estimated error") for n in (1, 2))
    other = dataclasses.replace(second, proposal=candidate(2, 1.0, source="x = 2").proposal)
    assert good_enough(1e-3, [first]) == ""
    assert good_enough(1e-3, [first, other]).startswith("the estimated error of the best program is 1.0e-09")
