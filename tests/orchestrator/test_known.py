"""A program that was evaluated before is not evaluated again, and what is known of the best is not found out twice."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from fieldsmith.agents.author import Draft, Program, Proposal
from fieldsmith.cli.output import Output
from fieldsmith.cli.progress import Progress
from fieldsmith.evaluation import default_limits, evaluate
from fieldsmith.evaluation.evaluation import Evaluation
from fieldsmith.orchestrator.best import score_once_more
from fieldsmith.orchestrator.budget import Budget
from fieldsmith.orchestrator.known import Known
from fieldsmith.orchestrator.loop import Loop
from fieldsmith.orchestrator.result import candidate_fields
from fieldsmith.orchestrator.run import Spend
from fieldsmith.orchestrator.store import Store
from fieldsmith.sandboxes import choose
from fieldsmith.strategies import open_strategy
from fieldsmith.strategies.choosing import best_of
from fieldsmith.tasks import load
from orchestrator.test_loop import GOOD, ScriptedAuthor, loop_of

SAME = [
    ("def f(a):\n    return a + 1\n", "def f( a ):  # the same\n\n    return (a+1)\n", True),
    ("def f(a):\n    return a\n", '"""Words."""\ndef f(a):\n    """More words."""\n    return a\n', True),
    ("class C:\n    pass\n", 'class C:\n    """Words."""\n    pass\n', True),
    ("def f(a):\n    return a + 1\n", "def f(a):\n    return a + 2\n", False),
    ("def f(a):\n    return 'x'\n", "def f(a):\n    return 'y'\n", False),
    ("def f(a:\n", "def f(a:\n\n", False),
]


@pytest.mark.parametrize(("one", "other", "same"), SAME)
def test_programs_are_the_same_up_to_comments_formatting_and_docstrings(one, other, same):
    assert (Program(one).essence == Program(other).essence) == same


class Commenting(ScriptedAuthor):
    """Gives one program again and again, each time with another comment."""

    def write(self, brief, move, slot, history) -> Proposal:
        return Proposal(Program(self.answer(slot) + f"# {slot}\n"))


def counted(loop: Loop, monkeypatch) -> Counter:
    opened, open_session = Counter(), loop.maker.sandbox.open

    def counting(limits):
        opened["sessions"] += 1
        return open_session(limits)

    monkeypatch.setattr(loop.maker.sandbox, "open", counting)
    return opened


def test_copies_get_the_evaluation_of_the_first_and_say_so(tmp_path, monkeypatch):
    loop = loop_of(tmp_path, Commenting(lambda slot: GOOD), Budget(candidates=4))
    opened = counted(loop, monkeypatch)
    loop.run()
    assert opened["sessions"] == 1
    first, *copies = sorted(loop.store.candidates(), key=lambda c: c.evaluation.copy_of)
    assert first.evaluation.copy_of == ""
    for copy in copies:
        assert copy.evaluation.copy_of == first.slot
        assert copy.evaluation.dev == first.evaluation.dev
        assert copy.evaluation.feedback == first.evaluation.feedback
        assert candidate_fields(copy, first, Spend(0, 0, 0.0, 1.0), 4)["copy_of"] == first.slot
    assert best_of(loop.store.candidates()).id == first.id


def test_a_sitting_that_resumes_knows_what_earlier_ones_evaluated(tmp_path, monkeypatch):
    loop_of(tmp_path, Commenting(lambda slot: GOOD), Budget(candidates=1)).run()
    loop = loop_of(tmp_path, Commenting(lambda slot: GOOD), Budget(candidates=2))
    opened = counted(loop, monkeypatch)
    loop.run()
    assert opened["sessions"] == 0
    assert [c.evaluation.copy_of for c in loop.store.candidates()] == ["", "1"]


def test_a_program_is_looked_up_without_reading_the_run_again(tmp_path):
    store = Store(tmp_path / "run.sqlite")
    first, second = (store.issue(slot, Draft(), "x") for slot in ("1", "2"))
    earlier, later = Program(GOOD), Program(GOOD + "N = 2\n")
    store.record(replace(first, proposal=Proposal(earlier), evaluation=Evaluation("ok", "Fine.")))
    known = Known(store)
    store.close()
    known.keep(replace(second, proposal=Proposal(later), evaluation=Evaluation("ok", "Fine.")))
    for program, slot in ((earlier, "1"), (later, "2")):
        with known.claimed(Program(program.source + "# a copy\n")) as found:
            assert found.copy_of == slot


@pytest.mark.parametrize(("limit", "again"), [("wall", True), ("time", False)])
def test_an_end_by_the_wall_clock_tells_nothing_of_a_copy(tmp_path, limit, again):
    store = Store(tmp_path / "run.sqlite")
    first = store.issue("1", Draft(), "x")
    evaluation = Evaluation("timeout", "It took too long.", facts={"limit": limit})
    store.record(replace(first, proposal=Proposal(Program(GOOD)), evaluation=evaluation))
    known = Known(store)
    with known.claimed(Program(GOOD + "# once more\n")) as found:
        assert (found is None) == again


def test_the_final_scoring_finds_out_nothing_twice(tmp_path):
    task, sandbox = load("advection"), choose("process")
    store = Store(tmp_path / "run.sqlite")
    known = evaluate(task, GOOD, sandbox)
    best = replace(store.issue("1", Draft(), "x"), proposal=Proposal(Program(GOOD)), evaluation=known)
    seen = []
    scored = score_once_more(task, best, sandbox, lambda split, *_: seen.append(split), lambda *_: None)
    assert seen == ["test"]
    assert scored.dev == known.dev
    assert scored.convergence == known.convergence != ()
    assert scored.test is not None


def test_a_program_that_fails_on_the_test_split_is_told_of(tmp_path):
    task, sandbox, notes = load("advection"), choose("process"), []
    known = evaluate(task, GOOD, sandbox)
    failing = Proposal(Program(GOOD.replace("import numpy as np", "import numpy as np\nraise ValueError('late')")))
    best = replace(Store(tmp_path / "run.sqlite").issue("1", Draft(), "x"), proposal=failing, evaluation=known)
    scored = score_once_more(task, best, sandbox, lambda *_: None, lambda kind, fields: notes.append(fields["message"]))
    assert (scored.status, scored.dev, scored.test) == ("crashed", known.dev, None)
    assert notes == ["On the test split the chosen program ended with crashed."]


COSTLY = """import time
import numpy as np
def solver(u0_batch, t_coordinate, beta):
    if len(u0_batch) < 8:  # the study of the order
        end = time.process_time() + 600.0
        while time.process_time() < end: pass
    return np.repeat(np.asarray(u0_batch)[:, None], len(t_coordinate), axis=1)
"""


@pytest.mark.slow
def test_the_study_of_the_order_takes_no_more_than_its_share():
    task = load("advection")
    evaluation = evaluate(task, COSTLY, choose("process"), limits=default_limits(task))
    assert evaluation.status == "ok"
    assert evaluation.convergence == ()
    assert "it would have taken longer than the score" in evaluation.feedback


@pytest.mark.slow
def test_the_best_program_is_studied_with_more_time_and_a_study_cut_short_is_no_note(tmp_path):
    task, sandbox = load("advection"), choose("process")
    source = COSTLY.replace("600.0", "1.2")
    known = evaluate(task, source, sandbox)
    assert len(known.convergence) < 3
    assert known.notes == ()
    best = replace(Store(tmp_path / "run.sqlite").issue("1", Draft(), "x"), proposal=Proposal(Program(source)))
    scored = score_once_more(task, replace(best, evaluation=known), sandbox, lambda *_: None, lambda *_: None)
    assert len(scored.convergence) >= 3
    assert scored.notes == ()


def scaled(factors: dict[str, float]) -> Callable[[str], str]:
    """Programs that are the worse the further their factor is from one, by slot."""
    return lambda slot: GOOD.replace("return np.repeat", f"return {factors[slot]} * np.repeat")


@pytest.mark.slow
def test_the_order_is_studied_only_of_what_is_among_the_best_that_it_was_made_from(tmp_path):
    factors = {"1": 1.1, "2": 1.2, "3": 1.3, "4": 1.4, "r1": 1.35, "r2": 1.25, "r3": 1.0}
    loop = loop_of(tmp_path, ScriptedAuthor(scaled(factors)), Budget(candidates=7), in_flight=1, evaluators=1)
    loop.strategy = open_strategy("refine", debug_rounds=0, drafts=4)
    loop.run()
    studied = {c.slot for c in loop.store.candidates() if c.evaluation.convergence}
    assert studied == {"1", "2", "3", "4", "r2", "r3"}


@pytest.mark.parametrize("late", ["1", "4"])
def test_feedback_does_not_depend_on_who_is_late(tmp_path, late):
    programs, others, came = scaled({"1": 1.1, "2": 1.2, "3": 1.3, "4": 1.4}), threading.Event(), []

    def answer(slot: str) -> str:
        if slot == late:
            others.wait(60)
        return programs(slot)

    def recorded(candidate) -> None:
        came.append(candidate.slot)
        if len(came) == 3:
            others.set()

    loop = loop_of(tmp_path, ScriptedAuthor(answer), Budget(candidates=4), on_candidate=recorded)
    loop.strategy = open_strategy("best-of-n", debug_rounds=0)
    loop.run()
    assert came[-1] == late
    assert {c.slot for c in loop.store.candidates() if c.evaluation.convergence} == {"1", "2", "3", "4"}


def test_the_line_of_a_copy_that_crashed_tells_the_error_whole_and_once_whose_program_it_is(tmp_path, capsys):
    crash = "def solver(*inputs):\n    raise IndexError('index 51 is out of bounds for axis 1 with size 51')\n"
    loop = loop_of(tmp_path, Commenting(lambda slot: crash), Budget(candidates=2))
    loop.run()
    first, copy = sorted(loop.store.candidates(), key=lambda c: c.evaluation.copy_of)
    progress = Progress(Output(), 2)
    progress.event("candidate", candidate_fields(copy, None, Spend(0, 0, 0.0, 1.0), 2))
    line = capsys.readouterr().err.strip()
    assert line.count(f"the program of {first.slot}") == 1
    assert "IndexError: index 51 is out of bounds for axis 1 with size 51" in line
