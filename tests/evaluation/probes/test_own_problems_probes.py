"""Problems of one's own: a program that is far from the solution is told what of the problem its answer misses, and nobody who is right is accused."""

import re

import pytest

from fieldsmith.evaluation import evaluate
from fieldsmith.problems import Problem
from fieldsmith.tasks.own import reference
from fieldsmith.tasks.own.problem_task import ProblemTask
from own_programs import (
    DISH,
    PLATE,
    PLATE_PROGRAM,
    PULSE,
    PULSE_PROGRAM,
    RIGHT_DISHES,
    RIGHT_RODS,
    ROD,
    UPWIND,
    WAVE,
    WRONG_DISHES,
    WRONG_RODS,
    nothing,
    trusted,
)
from sandbox_calls import OneSession

PROCESS = OneSession()
TEXTS: dict[str, str] = {"rod": ROD, "dish": DISH, "wave": WAVE, "plate": PLATE, "pulse": PULSE}
MISLEADING = "how the initial data is taken"


@pytest.fixture(scope="module", autouse=True)
def tasks(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIELDSMITH_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setattr(reference, "trusted", trusted)
        yield {name: ProblemTask(Problem.from_text(text)) for name, text in TEXTS.items()}
        PROCESS.close()


def judged(task: ProblemTask, source: str) -> tuple[str, list[tuple[str, str]]]:
    """Feedback, and the suspects with what they are about."""
    evaluation = evaluate(task, source, PROCESS, refinement=False)
    assert evaluation.status == "ok", evaluation.feedback
    found = evaluation.facts["probes"]
    return evaluation.feedback, [(one["name"], one["term"]) for one in found["suspects"]] if found else []


ROBIN = ("condition", "u_x + 3*(u - 0.5) = 0 at x = 1")
FAULTS = [
    ("sign in the condition", [ROBIN], "The condition at x = 1 (`u_x + 3*(u - 0.5) = 0`) is missed"),
    ("sign of the source in the condition", [ROBIN], "with the other sign of `1.5`"),
    ("sign of a term", [("sign", "c*u_x")], "Equation 1 (`u_t = D*u_xx - c*u_x + k*u*(1 - u)`) does not hold"),
    ("missing term", [("missing", "c*u_x")], "nearly without the term `c*u_x`"),
    ("factor of a term", [("strength", "D*u_xx")], "2 times the term `D*u_xx`"),
    ("parameter ignored", [("ignored", "k")], "as if `k` were 2; it is 3."),
    ("first order in time", [("steps", "")], "this much is what steps of first order make"),
    ("shuffled frames", [("arranged", "")], "frame 1 holds the state of time 7"),
    ("reshaped", [("arranged", "")], "lie in the order [x, time]"),
    ("initial state", [("data", "")], "Frame 0 is not the initial state"),
    ("grid without its end", [], "The condition at x = 1 (`u_x + 3*(u - 0.5) = 0`) is missed"),
]


@pytest.mark.parametrize(("name", "suspects", "words"), FAULTS, ids=[name for name, *_ in FAULTS])
@pytest.mark.slow
def test_what_is_wrong_with_a_program_for_a_rod_is_named(tasks, name, suspects, words):
    feedback, found = judged(tasks["rod"], WRONG_RODS[name])
    assert found == suspects
    assert words in feedback
    assert MISLEADING not in feedback


SIDE = "v_x + v - 1 = 0 at x = 1"
IN_TWO = [
    ("sign of the source in the condition", [("condition", SIDE)], "with the other sign of `1`"),
    ("sign of a term", [("sign", "u")], "Equation 2 (`v_t = 0.05*laplace(v) + u - 2*v*u`) does not hold"),
    ("missing term", [("missing", "2*u*v")], "The other equation holds"),
    ("transposed", [("arranged", "")], "lie in the order [time, y, x]"),
    ("reshaped", [("arranged", "")], "a result of solve_ivp is [unknowns, times]"),
    ("exchanged", [("arranged", "")], "`u` and `v` have changed places"),
    ("parameter of the range", [("ignored", "a")], "as if `a` were 3"),
    ("axis", [("condition", SIDE), ("condition", "v_y = 0 at y = 1")], "nearly without the term `v - 1`"),
]


@pytest.mark.parametrize(("name", "suspects", "words"), IN_TWO, ids=[name for name, *_ in IN_TWO])
@pytest.mark.slow
def test_what_is_wrong_with_a_program_for_a_dish_is_named(tasks, name, suspects, words):
    feedback, found = judged(tasks["dish"], WRONG_DISHES[name])
    assert found == suspects
    assert words in feedback
    assert MISLEADING not in feedback


@pytest.mark.parametrize("name", RIGHT_RODS)
@pytest.mark.slow
def test_right_programs_for_a_rod_are_not_accused(tasks, name):
    feedback, found = judged(tasks["rod"], RIGHT_RODS[name])
    assert found == ([("steps", "")] if name == "many Euler steps" else [])  # which is what it errs by
    assert "follow its tolerances" in feedback or name != "loose"
    assert MISLEADING not in feedback


@pytest.mark.parametrize("name", ["coarse", "loose"])
@pytest.mark.slow
def test_right_programs_for_a_dish_are_not_accused(tasks, name):
    feedback, found = judged(tasks["dish"], RIGHT_DISHES[name])
    assert found == []
    assert MISLEADING not in feedback
    assert ("noise" in feedback) == (name == "loose")


def test_the_diffusion_of_a_scheme_is_no_wrong_factor(tasks):
    feedback, found = judged(tasks["wave"], UPWIND)
    assert found == []
    assert "that is the scheme, which is of low order" in feedback
    feedback, found = judged(
        tasks["wave"], UPWIND.replace("(-(u - before) / dx", "(-1.5 * (after - before) / (2.0 * dx)")
    )
    assert ("strength", "u_x") in found


def test_a_steady_answer_is_looked_at_too(tasks):
    feedback, found = judged(tasks["plate"], PLATE_PROGRAM.replace("4.0 * w[0] - 1.0", "-4.0 * w[0] - 1.0"))
    assert found == [("sign", "4*u")]
    feedback, found = judged(tasks["plate"], PLATE_PROGRAM.replace("b[1] + b[0]", "b[1] - b[0]"))
    assert found == [("condition", "u_x + u = 1 at x = 1")]
    assert "The equation holds inside the domain" in feedback


@pytest.mark.slow
def test_a_value_at_a_side_that_is_wrong_late_and_little_is_named(tasks):
    feedback, found = judged(tasks["pulse"], PULSE_PROGRAM.replace("(4.0 - t) ** 2) /", "(4.0 - 0.99 * t) ** 2) /"))
    assert found == [] or found[0][0] == "condition"
    assert "The condition at x = 4" in feedback
    assert "is the error of the grid" not in feedback
    feedback, found = judged(tasks["pulse"], PULSE_PROGRAM.replace("POINTS = 0.1, 800", "POINTS = 0.1, 120"))
    assert found == []
    assert "The condition at" not in feedback


@pytest.mark.slow
def test_without_a_reference_the_answer_alone_tells(monkeypatch, tmp_path):
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path))
    monkeypatch.setattr(reference, "trusted", nothing)
    task = ProblemTask(Problem.from_text(ROD))
    feedback, found = judged(task, WRONG_RODS["sign of a term"])
    assert found == [("sign", "c*u_x")]
    assert "estimated error" in feedback
    feedback, found = judged(task, WRONG_RODS["sign in the condition"])
    assert found == [ROBIN]
    assert judged(task, RIGHT_RODS["fine"])[1] == []


def test_where_the_error_sits_and_at_which_parameters_is_told(tasks):
    feedback, _ = judged(tasks["rod"], WRONG_RODS["sign in the condition"])
    assert "squared error sits near the side x = 1" in feedback
    assert re.search(r"is the worst with [\d.e-]+; there `k` = ", feedback)
    assert "(t = 1)" in feedback


@pytest.mark.slow
def test_no_value_of_the_reference_is_told(tasks):
    values = tasks["rod"].split("dev")[-1].reference["u"][0, 1:].ravel()
    for name, source in WRONG_RODS.items():
        if name in ("sign in the condition", "initial state", "shuffled frames"):
            feedback, _ = judged(tasks["rod"], source)
            assert not any(f"{value:.4g}" in feedback for value in values)
