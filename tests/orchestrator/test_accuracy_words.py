"""The sentence on what a run came to never contradicts itself."""

import pytest

from fieldsmith.orchestrator.met import Met


@pytest.mark.parametrize(
    ("error", "own", "met", "said"),
    [
        (2e-5, 1e-5, True, "2.0e-05 (the reference's own: 1.0e-05); within the 0.001"),
        (8.5e-4, 8.5e-4, False, "8.5e-04, no more than the reference's own 8.5e-04, within which nothing can be told; with the reference's own on top it may be more than the 0.001"),
        (9e-4, 2e-4, False, "9.0e-04 (the reference's own: 2.0e-04); with the reference's own on top it may be more than the 0.001"),
        (2e-3, 1e-5, False, "2.0e-03 (the reference's own: 1.0e-05); not within the 0.001"),
        (9e-4, None, True, "9.0e-04; within the 0.001"),
    ],
)  # fmt: skip
def test_what_a_run_came_to_is_said_beside_what_was_asked(error, own, met, said):
    found = Met(1e-3, error, own, False, "test")
    assert found.met is met
    assert str(found) == f"Relative error of the problem as it is asked: {said} that is asked for."
