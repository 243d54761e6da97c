"""The built-in author on problems of one's own: which methods, in which order."""

from dataclasses import replace

import pytest

from fieldsmith.agents.author import Candidate, Draft, NothingLeft, Program, Proposal, Refine
from fieldsmith.agents.numerics_author import NumericsAuthor
from fieldsmith.agents.scan_author import ScanAuthor
from fieldsmith.blocks import Plan
from fieldsmith.boxes import methods
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.problems import Problem
from fieldsmith.tasks.own.problem_task import ProblemTask
from small_box_methods import HEAT, Sines


class Others(Sines):
    """The same under another name, which suits less."""

    name = "others"

    def suits(self, form):
        return 0.5 * super().suits(form)

    def text(self, form, choices):
        return f"OTHER = True\n{super().text(form, choices)}"


@pytest.fixture(autouse=True)
def _two_families(monkeypatch):
    monkeypatch.setattr(methods, "families", lambda: (Others(), Sines()))


@pytest.fixture(scope="module")
def brief():
    return ProblemTask(Problem.from_text(HEAT), "heat").brief()


def score(error: float, **more) -> Score:
    return replace(Score(error, {}, None, 0.0, error, 0.1, samples=(error,)), **more)


def done(number: int, proposal: Proposal, error: float, **more) -> Candidate:
    evaluation = Evaluation("ok", dev=score(error, **more))
    return Candidate(number, str(number), "draft", (), "numerics", proposal, evaluation)


def played(brief, errors, **more) -> tuple[list[str], str]:
    """What is written while the programs err so, and why it ends."""
    author, history = NumericsAuthor(), []
    for number, error in enumerate(errors, 1):
        move = Draft() if number < 3 else Refine((min(history, key=lambda c: c.dev_nrmse),))
        try:
            history.append(done(number, author.write(brief, move, str(number), history), error, **more))
        except NothingLeft as end:
            return [c.proposal.plan.summary for c in history], str(end)
    return [c.proposal.plan.summary for c in history], ""


def test_the_best_family_comes_first_and_others_before_it_is_refined_twice(brief):
    written, _ = played(brief, [1.0, 0.9, 0.5, 0.2])
    assert written == ["sines: 4 modes", "sines: 8 modes", "sines: 16 modes", "sines: 32 modes"]
    assert played(brief, [1.0, 0.9, 0.5, 0.5, 0.5])[0][-1] == "others: 4 modes"


def test_what_takes_too_long_or_blows_up_is_answered_as_with_other_problems(brief):
    author = NumericsAuthor()
    first = author.write(brief, Draft(), "1", [])
    late = Candidate(1, "1", "draft", (), "numerics", first, Evaluation("timeout"))
    with pytest.raises(NothingLeft, match="nothing cheaper is known"):
        author.write(brief, Draft(), "2", [late])
    blown = [
        Candidate(n, str(n), "draft", (), "numerics", Proposal(Program(f"{n}"), Plan(summary=f"sines: {k} modes"), "", ""), Evaluation("not_finite"))
        for n, k in ((1, 4), (2, 8))
    ]  # fmt: skip
    assert author.write(brief, Draft(), "3", blown).plan.summary == "others: 4 modes"


def test_the_scan_goes_through_all_variants(brief):
    author, history = ScanAuthor(seed=1), []
    for number in range(1, 9):
        history.append(done(number, author.write(brief, Draft(), str(number), history), 1.0))
    assert {c.proposal.plan.summary for c in history} == {f"{f}: {n} modes" for f in ("sines", "others") for n in (4, 8, 16, 32)}  # fmt: skip
    with pytest.raises(NothingLeft, match="all 8 settings"):
        author.write(brief, Draft(), "9", history)
