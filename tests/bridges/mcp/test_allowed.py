"""What a server's owner allows: models only within a cap, and caps that count all runs of the folder."""

from dataclasses import replace

import pytest

import small_burgers
from command_line import run
from fieldsmith.bridges.mcp.allowed import Allowed
from fieldsmith.errors import InputError, MissingPart
from fieldsmith.orchestrator.question import Question

SHRUG = "command:echo Sorry"
ASKED = Question(task="burgers", model=SHRUG)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Holds a run of a model."""
    made = tmp_path_factory.mktemp("runs")
    asked = ("solve", small_burgers.PLACE, "--sandbox", "process", "--quiet", "--candidates", "1", "--model", SHRUG)
    assert run(*asked, "--run-dir", made / "first").returncode == 1
    return made


def spent(folder) -> int:
    spend = Allowed(Question(task=""), folder).run("first").spend
    return spend.input_tokens + spend.output_tokens


def capped(folder, tokens: float) -> tuple[Allowed, Question]:
    question = Question(task="", max_tokens=tokens)
    return Allowed(question, folder, [SHRUG]), replace(ASKED, max_tokens=tokens)


@pytest.mark.slow
def test_a_run_gets_what_others_have_left(folder):
    allowed, asked = capped(folder, spent(folder) + 100)
    assert allowed.budgeted(asked, "second", {}).max_tokens == 100


def test_a_run_that_is_taken_up_gets_its_own_again(folder):
    allowed, asked = capped(folder, spent(folder))
    assert allowed.budgeted(asked, "first", {}).max_tokens == spent(folder)


def test_what_a_run_that_goes_on_may_yet_spend_is_not_given_twice(folder):
    allowed, asked = capped(folder, spent(folder) + 100)
    going_on = {"second": replace(ASKED, max_tokens=60)}
    assert allowed.budgeted(asked, "third", going_on).max_tokens == 40


def test_nothing_is_begun_where_nothing_is_left(folder):
    allowed, asked = capped(folder, spent(folder))
    with pytest.raises(InputError, match="spent or given to runs that go on"):
        allowed.budgeted(asked, "second", {})


def test_the_built_in_author_costs_nothing(folder):
    allowed, _ = capped(folder, spent(folder))
    question = allowed.asked("burgers", {}, "demo", "numerics", None, 0)
    assert (question.model, question.max_tokens) == (None, None)
    assert allowed.budgeted(question, "second", {}) == question


def test_a_client_gets_none_of_the_owners_options_changed(tmp_path):
    owner = Question(task="", sandbox="bubblewrap", max_hours=0.5, max_tokens=1e4, candidates=7)
    asked = Allowed(owner, tmp_path, [SHRUG]).asked("burgers", {"nu": 0.1}, "demo", SHRUG, None, 3)
    expected = replace(owner, task="burgers", param={"nu": 0.1}, model=SHRUG, seed=3)
    assert asked == expected


def test_models_need_a_cap(tmp_path):
    with pytest.raises(InputError, match="Nothing caps what clients spend"):
        Allowed(Question(task=""), tmp_path, [SHRUG])


def test_a_model_that_cannot_be_had_is_told_before_anything_is_served(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(MissingPart, match="OPENAI_API_KEY"):
        Allowed(Question(task="", max_cost=1.0), tmp_path, ["openai:gpt-5"])
    with pytest.raises(InputError, match="price"):
        Allowed(Question(task="", max_cost=1.0), tmp_path, [SHRUG])
