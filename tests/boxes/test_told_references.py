"""While a reference is computed it is told by what; whoever only wants to read the statement waits for none."""

import pytest
from toy_methods import DIFFERENCES, SINES, Toy

from fieldsmith.boxes import methods
from fieldsmith.problems import Problem
from fieldsmith.tasks.own import reference
from fieldsmith.tasks.own.problem_task import ProblemTask

HEAT = Problem(
    ["u_t = D*u_xx"], title="heat", domain={"x": (0, 1), "t": (0, 0.1)}, parameters={"D": 0.5},
    boundary={"x": "u = 0"}, initial={"u": "sin(pi*x)"}, output={"points": 9, "times": 3},
)  # fmt: skip
UNDECIDED = "Whether there is such a solution is found out before"


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path))


@pytest.mark.slow
def test_the_statement_is_shown_without_a_reference_and_is_the_whole_one_where_one_was_sought(monkeypatch):
    sides = Toy("sines", "spectral", SINES, 2.0), Toy("second", "differences", DIFFERENCES, points=(8, 16, 32, 64))
    monkeypatch.setattr(methods, "families", lambda: sides)
    with monkeypatch.context() as without:
        without.setattr(reference, "of_calls", lambda *_: pytest.fail("a reference is computed"))
        shown = ProblemTask(HEAT).outline().statement
    assert UNDECIDED in shown
    said = []
    ProblemTask(HEAT).split("test", lambda what, share: said.append((what, share)))
    assert {what for what, _ in said if what.startswith("Generating")} == {"Generating heat, as asked"}
    levels = [what for what, share in said if what.startswith("Reference") and 0 < share < 1]
    assert levels[0].startswith("Reference of heat, as asked, by sines, level 1 (")
    assert any(what.startswith("Reference of heat, as asked, by second, level 2 (") for what in levels)
    task = ProblemTask(HEAT)  # what is in the cache is known without computing
    assert task.outline().statement == task.brief().statement
    assert UNDECIDED not in task.outline().statement
