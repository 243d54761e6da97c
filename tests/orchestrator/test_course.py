"""First shot, evaluations to the target and failures of a run."""

from fieldsmith.orchestrator.course import course_fields
from report_runs import candidate, scored


def test_the_target_is_twice_the_trusted_error_and_counts_what_was_evaluated_until_it():
    run = [candidate(1, None), candidate(2, 1e-2), candidate(3, 1.9e-5), candidate(4, 1e-6)]
    found = course_fields([*run, candidate(5, None, evaluation=None)])
    assert found["target"] == 2e-5
    assert found["evaluations_to_target"] == 3
    assert found["first_shot"] == {"candidate": 1, "slot": "1", "status": "crashed", "value": None}
    assert found["failures"] == {"crashed": 1}


def test_what_never_came_to_the_target_or_has_none_says_so():
    assert course_fields([candidate(1, 1e-2)])["evaluations_to_target"] is None
    own = course_fields([scored(1, 3.0), scored(2, 5.0)])
    assert (own["target"], own["evaluations_to_target"]) == (None, None)
    assert own["first_shot"] == {"candidate": 1, "slot": "1", "status": "ok", "value": 3.0}
    assert course_fields([])["first_shot"] is None
