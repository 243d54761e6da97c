"""What a model is told: all it needs, in every kind of move, and nothing of the references."""

import numpy as np
import pytest

from fieldsmith.agents.author import Candidate, Debug, Draft, Plan, Program, Proposal, Refine
from fieldsmith.agents.llm_author import LLMAuthor
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.tasks import load, names


class Silent:
    label, note, priced = "silent", "nobody", True


def candidate(status: str, **changes) -> Candidate:
    score = Score(1.2e-3, {"u": 1.2e-3}, 1e-5, 1e-9, 0.1, 0.5, order=1.98) if status == "ok" else None
    evaluation = Evaluation(status, "It went so.", dev=score, stdout="some output", stderr="some trouble", **changes)
    proposal = Proposal(Program("def solver(u0_batch):\n    return 1\n"), Plan(summary="upwind"))
    return Candidate(1, "1", "draft", proposal=proposal, evaluation=evaluation)


def user(move) -> str:
    return LLMAuthor(Silent()).messages(load("burgers").brief(["numpy 2.3.1"]), move)[1].text


def test_a_draft_has_statement_signature_libraries_and_the_form_of_the_answer():
    text = user(Draft())
    for words in (
        "u_t + (u^2/2)_x = nu u_xx",
        "def solver(u0_batch, t_coordinate, nu):",
        "numpy 2.3.1",
        "60 s",
        "```plan",
        "nRMSE",
        "[batch, time, x]",
    ):
        assert words in text, words


def test_a_mend_has_program_status_feedback_and_tails():
    text = user(Debug(candidate("crashed")))
    for words in ("return 1", "Status: crashed", "It went so.", "some output", "some trouble", "step by step"):
        assert words in text, words
    assert "blow up" in user(Debug(candidate("not_finite")))


def test_a_mend_of_no_program_says_so():
    lost = Candidate(
        1,
        "1",
        "draft",
        proposal=Proposal(None, problem="x", reply="Sorry."),
        evaluation=Evaluation("missing_function", "x"),
    )
    told = user(Debug(lost))
    assert "no usable program" in told
    assert "Sorry." in told


def test_a_refinement_shows_figures_and_plans():
    text = user(Refine((candidate("ok"), candidate("ok"))))
    for words in ("nRMSE 1.200e-03", "measured order 1.98", "Plan: upwind", "Program 2", "speed second"):
        assert words in text, words


@pytest.mark.parametrize("name", names())
def test_every_task_has_a_prompt_that_stands_alone(name):
    brief = load(name).brief(["numpy 2.3.1"])
    text = LLMAuthor(Silent()).messages(brief, Draft())[1].text
    assert all(argument.name in text for argument in brief.signature.arguments)
    assert all(result.name in text for result in brief.signature.results)
    compile(brief.stub, "stub", "exec")
    assert np.isfinite(brief.time_limit)
