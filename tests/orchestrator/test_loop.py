"""The loop with several candidates in the making: faults, budgets and deadlines."""

import threading
import time
from pathlib import Path

import pytest

from fieldsmith.agents.author import Candidate, Plan, Program, Proposal, Usage
from fieldsmith.errors import ProviderError
from fieldsmith.evaluation import default_limits
from fieldsmith.orchestrator import elapsed
from fieldsmith.orchestrator.budget import Budget, spent
from fieldsmith.orchestrator.elapsed import Elapsed
from fieldsmith.orchestrator.loop import Loop
from fieldsmith.orchestrator.programs import ProgramMaker
from fieldsmith.orchestrator.run import Spend
from fieldsmith.orchestrator.store import Store
from fieldsmith.sandboxes import choose
from fieldsmith.strategies import open_strategy
from fieldsmith.tasks import load
from sandbox_calls import OneSession

PROCESS = OneSession()

GOOD = """import numpy as np
def solver(u0_batch, t_coordinate, beta):
    return np.repeat(np.asarray(u0_batch)[:, None], len(t_coordinate), axis=1)
"""
BAD = "def solver(u0_batch, t_coordinate, beta):\n    raise ValueError('no')\n"
SLOW = "import time\ndef solver(u0_batch, t_coordinate, beta):\n    time.sleep(60)\n"


@pytest.fixture(scope="module", autouse=True)
def _closed():
    yield
    PROCESS.close()


class ScriptedAuthor:
    """Answers each slot by a rule; counts how many requests were open at a time."""

    label, note, trusted = "scripted", "a script", True

    def __init__(self, answer) -> None:
        self.answer, self.asked, self.open, self.most = answer, [], 0, 0
        self.lock = threading.Lock()

    def write(self, brief, move, slot, history) -> Proposal:
        with self.lock:
            self.asked.append(slot)
            self.open += 1
            self.most = max(self.most, self.open)
        try:
            return Proposal(Program(self.answer(slot) + f"\nSLOT = {slot!r}\n"), Plan(), usage=Usage(600, 400, 0.5))
        finally:
            with self.lock:
                self.open -= 1


def loop_of(folder: Path, author, budget: Budget, strategy: str = "best-of-n", **options) -> Loop:
    task, store = load("advection"), Store(folder / "run.sqlite")
    sandbox, evaluators = options.pop("sandbox", PROCESS), options.pop("evaluators", 2)
    maker = ProgramMaker(task, task.brief(), author, sandbox, default_limits(task), store, evaluators)
    strategy = open_strategy(strategy, debug_rounds=1)
    own = {"elapsed": Elapsed(store, budget), "in_flight": 4, **options}
    return Loop(maker=maker, strategy=strategy, budget=budget, store=store, **own)


@pytest.mark.slow
def test_replies_under_way_are_kept_when_another_request_fails(tmp_path):
    others = threading.Barrier(3)

    def answer(slot: str) -> str:
        if slot == "1":
            raise ProviderError("the provider gave up")
        others.wait(30)
        time.sleep(1.0)
        return GOOD

    author = ScriptedAuthor(answer)
    started, withdrawn = [], []
    loop = loop_of(tmp_path, author, Budget(candidates=10), on_start=lambda c: started.append(c.slot))
    loop.on_withdrawn = lambda candidate, *why: withdrawn.append((candidate.slot, *why))
    with pytest.raises(ProviderError, match="gave up"):
        loop.run()
    assert started == ["1", "2", "3", "4"]
    assert withdrawn == [("1", "fault", "the provider gave up")]
    kept = {c.slot: c.ok for c in loop.store.candidates() if c.proposal is not None}
    assert kept == {"2": True, "3": True, "4": True}
    assert sorted(author.asked) == ["1", "2", "3", "4"], "nothing more is asked after the fault"
    again = ScriptedAuthor(lambda slot: GOOD)
    loop_of(tmp_path, again, Budget(candidates=6)).run()
    assert sorted(again.asked) == ["1", "5", "6"]


@pytest.mark.slow
def test_several_requests_are_open_at_a_time(tmp_path):
    meeting = threading.Barrier(4)

    def answer(slot: str) -> str:
        if slot in ("1", "2", "3", "4"):
            meeting.wait(60)
        return GOOD

    author = ScriptedAuthor(answer)
    assert "12 candidates" in loop_of(tmp_path, author, Budget(candidates=12)).run()
    assert author.most == 4


@pytest.mark.parametrize("evaluators", [1, 2])
@pytest.mark.slow
def test_programs_run_at_most_as_many_at_a_time_as_asked(tmp_path, monkeypatch, evaluators):
    loop = loop_of(tmp_path, ScriptedAuthor(lambda slot: GOOD), Budget(candidates=4), evaluators=evaluators)
    open_session, sessions, at_once = loop.maker.sandbox.open, [], []

    def counted(limits):
        session = open_session(limits)
        sessions.append(session)
        at_once.append(sum(not one.closed for one in sessions))
        time.sleep(0.2)  # for others to come
        return session

    monkeypatch.setattr(loop.maker.sandbox, "open", counted)
    loop.run()
    assert max(at_once) == evaluators


@pytest.mark.parametrize(("limits", "most"), [({"tokens": 2000}, 2), ({"usd": 1.0}, 2), ({"tokens": 2500}, 3)])
@pytest.mark.slow
def test_tokens_and_dollars_in_flight_count(tmp_path, limits, most):
    author = ScriptedAuthor(lambda slot: time.sleep(0.3) or GOOD)
    reason = loop_of(tmp_path, author, Budget(candidates=20, **limits)).run()
    assert len(author.asked) == most
    assert next(iter(limits)).replace("usd", "dollar") in reason


@pytest.mark.slow
def test_what_a_search_fills_does_not_depend_on_who_is_late(tmp_path):
    def searched(folder: Path, late: str) -> set[str]:
        folder.mkdir()

        def answer(slot: str) -> str:
            if slot == late:
                time.sleep(2.0)
            return BAD if slot in ("1", "2", "3.1") else GOOD

        loop = loop_of(folder, ScriptedAuthor(answer), Budget(candidates=5))
        loop.run()
        return {c.slot for c in loop.store.candidates()}

    assert searched(tmp_path / "a", "1") == searched(tmp_path / "b", "3")


@pytest.mark.slow
def test_what_is_begun_when_a_search_is_interrupted_is_withdrawn(tmp_path):
    withdrawn, asked, over = [], threading.Event(), threading.Event()

    def answer(slot: str) -> str:
        asked.set()
        over.wait(30)
        return SLOW

    def interrupted(kept: Candidate) -> None:
        if kept.slot == "2":
            asked.wait(30)
            raise KeyboardInterrupt

    author = ScriptedAuthor(answer)
    loop = loop_of(tmp_path, author, Budget(candidates=3), on_start=interrupted, on_stop=over.set)
    loop.on_withdrawn = lambda candidate, reason, why: withdrawn.append((candidate.slot, reason, why))
    with pytest.raises(KeyboardInterrupt):
        loop.run()
    assert withdrawn == [("1", "stopped", "the run was interrupted")]


@pytest.mark.slow
@pytest.mark.parametrize("candidates", [8, 1])
def test_the_wall_time_ends_what_is_running(tmp_path, candidates):
    author = ScriptedAuthor(lambda slot: SLOW)
    loop = loop_of(tmp_path, author, Budget(candidates=candidates, hours=4.0 / 3600.0), sandbox=choose("process"))
    begun = time.monotonic()
    assert "hours" in loop.run(), "also where all candidates had begun"
    assert time.monotonic() - begun < 40.0
    assert all(c.evaluation is None for c in loop.store.candidates()), "they are taken up when there is more time"


@pytest.mark.slow
def test_the_time_of_a_sitting_that_is_killed_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(elapsed, "EVERY_SECONDS", 0.3)
    stored = []

    def answer(slot: str) -> str:
        """Looks twice at what a kill would leave, from outside."""
        for pause in (0.0, 1.0):
            time.sleep(pause)
            store = Store(tmp_path / "run.sqlite", reading=True)
            stored.append(store.fact("seconds"))
            store.close()
        return GOOD

    loop_of(tmp_path, ScriptedAuthor(answer), Budget(candidates=1, used_before=100.0)).run()
    assert 100.0 <= stored[0] < stored[1]


def candidates(count: int, waited: int) -> list[Candidate]:
    proposal = Proposal(None, usage=Usage(600, 400, 0.5))
    answered = [Candidate(n, str(n), "draft", proposal=proposal) for n in range(count)]
    return [*answered, *(Candidate(count + n, str(count + n), "draft") for n in range(waited))]


def test_budgets_refuse_with_the_reason():
    history = candidates(3, 0)
    spend = spent(history, 0.0)
    assert spend == Spend(1800, 1200, 1.5, 0.0)
    assert Budget(candidates=4).refusal(history, spend) == ""
    assert "3 candidates" in Budget(candidates=3).refusal(history, spend)
    assert "3000 tokens" in Budget(tokens=3000).refusal(history, spend)
    assert "1.5 dollars" in Budget(usd=1.5).refusal(history, spend)
    assert "budget of 1 hour is" in Budget(hours=1.0, used_before=3600.0).refusal(history, spend)
    assert Budget(tokens=3001, usd=1.6, hours=2.0, used_before=3600.0).refusal(history, spend) == ""


def test_what_is_waited_for_is_taken_to_cost_the_mean():
    budget = Budget(candidates=100, tokens=10_000)
    history = candidates(3, 2)
    assert budget.affordable(history, spent(history, 0.0)) == 5
    assert budget.affordable(candidates(0, 0), Spend()) == 1
    assert budget.affordable(candidates(0, 1), Spend()) == 0
    assert Budget(candidates=6).affordable(history, Spend()) == 1


@pytest.mark.slow
def test_a_mistake_that_is_made_twice_leads_to_a_fresh_start_that_is_recorded(tmp_path):
    moves = {}

    class Author(ScriptedAuthor):
        def write(self, brief, move, slot, history):
            moves[slot] = move
            return super().write(brief, move, slot, history)

    loop = loop_of(tmp_path, Author(lambda slot: GOOD if slot == "1.2" else BAD), Budget(candidates=3), in_flight=1)
    loop.strategy = open_strategy("best-of-n", debug_rounds=2)
    loop.run()
    kept = {c.slot: (c.move, c.parents) for c in loop.store.candidates()}
    assert kept == {"1": ("draft", ()), "1.1": ("debug", (1,)), "1.2": ("restart", (2,))}
    assert moves["1.2"].failed.evaluation.error_message == "no"
    assert moves["1.2"].failed.failing_line == "raise ValueError('no')"
    assert loop.store.candidates()[-1].ok


@pytest.mark.slow
def test_a_plan_that_is_made_anew_knows_the_mistake_also_in_a_run_that_is_taken_up(tmp_path):
    moves = {}

    class Author(ScriptedAuthor):
        def write(self, brief, move, slot, history):
            moves.setdefault(slot, []).append(move)
            if slot == "1.2" and len(moves[slot]) == 1:
                raise ProviderError("the provider gave up")
            return super().write(brief, move, slot, history)

    def loop() -> Loop:
        author = Author(lambda slot: GOOD if slot == "1.2" else BAD)
        made = loop_of(tmp_path, author, Budget(candidates=3), in_flight=1)
        made.strategy = open_strategy("plan-first", debug_rounds=2, drafts=1, pilots=0)
        return made

    with pytest.raises(ProviderError):
        loop().run()
    last = loop()
    last.run()
    first, again = moves["1.2"]
    assert (first, first.name, first.avoid.evaluation.error_message) == (again, "planned", "no")
    assert {c.slot: (c.move, c.parents) for c in last.store.candidates()} == {
        "1": ("planned", ()),
        "1.1": ("debug", (1,)),
        "1.2": ("planned", (2,)),
    }
