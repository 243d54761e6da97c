"""What a model is told: all it needs, in every kind of move and style, and nothing of the references.

The prompts of three tasks stand word for word in `snapshots/`, to be reviewed like prose. After a change of a template

    FIELDSMITH_RENEW_SNAPSHOTS=1 python -m pytest tests/agents/test_prompts.py -k snapshot

writes them anew; `git diff tests/agents/snapshots` shows what a model will see.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fieldsmith.agents.author import Candidate, Debug, Draft, Move, Plan, Program, Proposal, Refine, Restart
from fieldsmith.agents.llm_author import LLMAuthor
from fieldsmith.agents.prompts import STYLES, Prompts, read_templates
from fieldsmith.agents.prompts.library import tidy
from fieldsmith.agents.prompts.quotes import quoted
from fieldsmith.agents.prompts.rehearsal import moves, rehearse
from fieldsmith.errors import InputError
from fieldsmith.evaluation.evaluation import ConvergencePoint, Evaluation, Score
from fieldsmith.evaluation.feedback import failure_facts, not_finite_facts
from fieldsmith.evaluation.words import usual
from fieldsmith.problems import Problem
from fieldsmith.sandboxes.sandbox import CallResult, Failure, Limits
from fieldsmith.tasks import load
from fieldsmith.tasks.own.problem_task import ProblemTask
from fieldsmith.tasks.task import Brief, Signature, data, result
from small_box_methods import HEAT
from stated_tasks import names

SNAPSHOTS = Path(__file__).parent / "snapshots"
LIMITS = Limits()
LIBRARIES = ["numpy 2.3.1", "scipy 1.16.0", "pyamg 5.2.1"]


class Silent:
    label, note, priced = "silent", "nobody", True


def candidate(status: str, **changes) -> Candidate:
    score = Score(1.2e-3, {"u": 1.2e-3}, 1e-5, 1e-9, 0.1, 0.5, order=1.98) if status == "ok" else None
    evaluation = Evaluation(status, "It went so.", dev=score, stdout="some output", stderr="some trouble", **changes)
    proposal = Proposal(Program("def solver(u0_batch):\n    return 1\n"), Plan(summary="upwind", expected_order=2.0))
    return Candidate(1, "1", "draft", proposal=proposal, evaluation=evaluation)


def filled(frame: str) -> Candidate:
    """The program with gaps, filled with what is wrong."""
    source = frame.replace('raise NotImplementedError("TODO")', "return 0.0 * unknown")
    evaluation = Evaluation("crashed", "The program stopped with NameError: name 'unknown' is not defined.")
    return Candidate(1, "1", "draft", proposal=Proposal(Program(source)), evaluation=evaluation)


PROGRAM = """import numpy as np


def solver(u0_batch, t_coordinate, nu):
    n_x = u0_batch.shape[1]
    k = 2 * np.pi * np.fft.rfftfreq(n_x - 1, 1 / n_x)
    uhat = np.fft.rfft(u0_batch)
    frames = [u0_batch]
    for a, b in zip(t_coordinate[:-1], t_coordinate[1:]):
        uhat = uhat * np.exp(-nu * k**2 * (b - a))
        frames.append(np.fft.irfft(uhat, n_x))
    return np.stack(frames, axis=1)
"""
LINE = "uhat = uhat * np.exp(-nu * k**2 * (b - a))"
CRASH = CallResult(
    "crashed",
    failure=Failure(
        "ValueError",
        "operands could not be broadcast together with shapes (8,129) (128,)",
        10,
        f'  File "solver.py", line 10, in solver\n    {LINE}\nValueError: operands could not be broadcast together ...',
        {
            "u0_batch": "float64 array (8, 256)",
            "uhat": "complex128 array (8, 129)",
            "k": "float64 array (128,)",
            "nu": "float 0.003183098861837907",
            "n_x": "int 256",
        },
    ),
)
NO_LIBRARY = CallResult("crashed", failure=Failure("ModuleNotFoundError", "No module named 'torch'", 1))


def blown_up(brief: Brief) -> Mapping:
    u = np.ones((2, 9, 16))
    u[1, 5:] = np.nan
    u[1, 1:5] *= 10.0 ** np.arange(4)[:, None]
    return not_finite_facts({"u_batch": u}, brief)


def failing(status: str, facts: Mapping, source: str = PROGRAM) -> Debug:
    proposal = Proposal(Program(source), Plan(summary="Diffusion exactly in Fourier space"))
    return Debug(
        Candidate(1, "1", "draft", proposal=proposal, evaluation=Evaluation(status, usual().said(facts), facts=facts))
    )


def user(move, style: str = "guided") -> str:
    prompts = Prompts(style)
    return LLMAuthor(Silent(), prompts=prompts).messages(load("burgers").brief(LIBRARIES), move)[1].text


def written(name: str, style: str, kinds: tuple[str, ...]) -> str:
    """Some of a style's prompts for a task, one after the other."""
    brief = replace(load(name).brief(LIBRARIES), trusted=7.6e-6)
    prompts = Prompts(style)
    draft, *debugs, _, both, restart, _, refined_again = moves(brief)
    told = {
        "system": prompts.system(brief),
        "draft": prompts.move(brief, draft),
        "debug": prompts.move(brief, debugs[0]),
        "debug of values that blow up": prompts.move(brief, debugs[5]),
        "debug of a reply without a program": prompts.move(brief, debugs[6]),
        "refine": prompts.move(brief, both),
        "restart": prompts.move(brief, restart),
        "restart of a refinement": prompts.move(brief, refined_again),
        "continue": prompts.continuation(brief, "    u = u0\n    for n in range("),
        "shorter": prompts.shorter(brief),
    }
    if name == "burgers":
        torch = PROGRAM.replace("import numpy as np", "import torch")
        told |= {
            "debug of shapes": prompts.move(brief, failing("crashed", failure_facts(CRASH, PROGRAM, brief, LIMITS))),
            "debug of a missing library": prompts.move(
                brief, failing("crashed", failure_facts(NO_LIBRARY, torch, brief, LIMITS), torch)
            ),
            "debug of NaN": prompts.move(brief, failing("not_finite", blown_up(brief))),
        }
    if frame := prompts.frame(brief, draft):
        told["debug of filled gaps"] = prompts.move(brief, Debug(filled(frame)))
    return "".join(f"<!-- {kind} -->\n\n{told[kind]}\n\n" for kind in kinds or told)


SHOWN = {
    ("burgers", "guided"): (),
    ("burgers", "skeleton"): ("draft", "debug", "debug of a reply without a program", "debug of filled gaps", "refine"),
    ("burgers", "plain"): ("system", "draft", "debug of shapes", "refine", "restart", "continue", "shorter"),
    ("cns1d", "guided"): ("draft", "debug of values that blow up", "refine"),
    ("cns1d", "skeleton"): ("draft",),
    ("cns1d", "plain"): ("draft", "debug"),
    ("darcy", "guided"): ("draft", "debug", "refine"),
    ("darcy", "skeleton"): ("draft",),
    ("darcy", "plain"): ("draft",),
}
"""Which prompts stand in a snapshot; all where none are named."""


@pytest.mark.parametrize(("name", "style"), SHOWN)
def test_prompts_are_those_of_the_snapshot(name, style):
    file = SNAPSHOTS / f"{name}-{style}.md"
    text = written(name, style, SHOWN[name, style])
    if os.environ.get("FIELDSMITH_RENEW_SNAPSHOTS") == "1":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8"), f"{file} differs; the first lines of this file say how to renew it"


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


def test_what_the_trusted_method_reaches_is_told_where_it_is_known():
    brief = replace(load("burgers").brief(), trusted=3.21e-5)
    assert "nRMSE of about 3.2e-05" in Prompts().move(brief, Draft())


@pytest.mark.parametrize(
    ("error", "done"),
    [(1e-5, False), (9e-6, False), (1.1e-9, False), (9e-10, True)],
    ids=["trusted", "below", "near", "within"],
)
def test_only_within_the_references_own_error_speed_is_all_that_is_left(error, done):
    ran = candidate("ok")
    score = replace(ran.evaluation.dev, nrmse=error, samples=(error, error))
    text = user(Refine([replace(ran, evaluation=replace(ran.evaluation, dev=score))]))
    assert ("what is left to win is speed" in text) == done


def test_a_mend_has_program_status_feedback_and_tails():
    text = user(Debug(candidate("crashed")))
    for words in ("return 1", "Status: crashed", "It went so.", "some output", "some trouble", "step by step"):
        assert words in text, words
    blown = user(Debug(candidate("not_finite")))
    assert "blow up" in blown
    assert "Limits of explicit steps" in blown


@pytest.mark.parametrize("style", [style for style in STYLES if style != "plain"])
def test_a_steady_problem_that_blows_up_is_told_nothing_of_time_steps(style):
    brief = load("darcy").brief(LIBRARIES)
    told = Prompts(style).move(brief, Debug(candidate("not_finite")))
    assert "time step" not in told
    assert "smaller steps" not in told


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


def lost(reply: str) -> Debug:
    evaluation = Evaluation("missing_function", "The reply holds no code block.")
    return Debug(Candidate(1, "1", "draft", proposal=Proposal(None, problem="x", reply=reply), evaluation=evaluation))


@pytest.mark.parametrize("style", STYLES)
def test_thoughts_are_not_shown_again(style):
    told = user(lost("<think>\nFirst I wonder.\n" + "Hm. " * 2000 + "</think>\nThe answer is upwind."), style)
    assert "The answer is upwind." in told
    assert "wonder" not in told
    assert "think>" not in told
    assert "Hm." not in user(lost("<think>\n" + "Hm. " * 2000), style)


@pytest.mark.parametrize("style", STYLES)
def test_of_a_long_reply_beginning_and_end_are_shown(style):
    lines = [f"Line {n} of many." for n in range(2000)]
    told = user(lost("\n".join(lines)), style)
    assert lines[0] in told
    assert lines[-1] in told
    assert lines[1000] not in told
    assert "characters left out" in told
    assert len(quoted("\n".join(lines))) < 4100
    one = quoted("x" * 9000)
    assert one == "x" * 2000 + "\n[… 5,000 characters left out …]\n" + "x" * 2000


def test_a_refinement_shows_figures_and_plans():
    other = Proposal(Program("def solver(u0_batch):\n    return 2\n"))
    text = user(Refine((candidate("ok"), replace(candidate("ok"), id=2, slot="2", proposal=other))))
    for words in (
        "nRMSE 1.200e-03",
        "measured order 1.98",
        "Plan: upwind",
        "Program 2",
        "speed second",
        "agrees with the 2 of the plan",
    ):
        assert words in text, words


def test_an_order_far_above_that_of_the_plan_is_no_agreement():
    one = candidate("ok")
    score = replace(one.evaluation.dev, order=9.5)
    one = replace(one, evaluation=replace(one.evaluation, dev=score))
    text = user(Refine((one,)))
    assert "The measured order 9.50 is above the 2 of the plan" in text
    assert "agrees" not in text


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        ((1e-3, 1.1e-3), "the error hardly depends on the grid: what limits it is the time"),
        ((1e-3, 4e-3), "grows with the number of points"),
        ((1e-8, 4e-9), "near the reference's own"),
        ((), "none could be measured."),
    ],
)
def test_an_order_that_could_not_be_measured_has_its_reason(errors, words):
    study = tuple(ConvergencePoint(64 * 2**n, error) for n, error in enumerate(errors))
    one = candidate("ok", convergence=study)
    assert one.evaluation
    assert one.evaluation.dev
    evaluation = replace(one.evaluation, dev=replace(one.evaluation.dev, order=None))
    assert words in " ".join(user(Refine((replace(one, evaluation=evaluation),))).split())


@pytest.mark.parametrize("style", STYLES)
def test_a_fresh_start_names_the_mistake(style):
    failed = candidate("crashed", error_type="ValueError", error_message="no such shape", error_line=2)
    text = user(Restart(failed), style)
    small = style == "skeleton"
    gaps = "A program with gaps" in text
    for words in ("ValueError: no such shape", "another, simpler way" if gaps else "from the start"):
        assert words in text, words
    assert gaps == (style in ("guided", "skeleton"))
    assert "Numerical methods" not in text, "whoever fills gaps writes no scheme"
    assert ("`return 1`" in text) != small, "a small model copies the line that it is to avoid"
    again = user(Restart(failed, (candidate("ok"),)), style)
    assert "ValueError: no such shape" in again
    assert "Program 1: nRMSE 1.200e-03" in again


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", names())
def test_every_task_has_a_prompt_that_stands_alone(name, style):
    brief = load(name).brief(["numpy 2.3.1"])
    text = LLMAuthor(Silent(), prompts=Prompts(style)).messages(brief, Draft())[1].text
    assert all(argument.name in text for argument in brief.signature.arguments)
    assert all(result.name in text for result in brief.signature.results)
    assert "{{" not in text
    assert "{%" not in text
    compile(brief.stub, "stub", "exec")
    assert np.isfinite(brief.time_limit)


def test_empty_lines_in_programs_stay():
    text = "\n\nWords.\n\n\n\nMore.\n```python\na = 1\n\n\n\nb = 2\n```\n\n\n"
    assert tidy(text) == "Words.\n\nMore.\n```python\na = 1\n\n\n\nb = 2\n```"


def test_a_template_of_ones_own_takes_the_place_of_one_and_leaves_the_others(tmp_path):
    (tmp_path / "draft.md.jinja").write_text("Please solve {{ brief.title }}.\n{% include 'answer.md.jinja' %}")
    prompts = Prompts("guided", read_templates(tmp_path, "guided"))
    brief = load("burgers").brief()
    rehearse(prompts, brief)
    assert prompts.move(brief, Draft()).startswith("Please solve Viscous Burgers' equation.\n## How to answer")
    failed = Debug(candidate("crashed"))
    assert prompts.move(brief, failed) == Prompts().move(brief, failed)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("drift.md.jinja", "x", "has the name of no template. Did you mean 'draft.md.jinja'"),
        ("draft.md.jinja", "{% if %}", "draft.md.jinja, line 1"),
        ("draft.md.jinja", "{{ breif.title }}", "unknown variable 'breif'. Did you mean 'brief'"),
        ("draft.md.jinja", "{{ brief.titel }}", "titel"),
        ("draft.md.jinja", "{{ candidate.id }}", "'candidate' is undefined"),
        ("debug.md.jinja", "{{ candidate.evaluation.dev.nrmse }}", "nrmse"),
        ("draft.md.jinja", "{% include 'nothing.md.jinja' %}", "includes 'nothing.md.jinja'"),
        ("draft.md.jinja", "{{ 1 / 0 }}", "division by zero"),
        ("draft.md.jinja", "{{ brief.title + 1 }}", "draft.md.jinja"),
        ("success.md.jinja", "{{ facts.nrms }}", "nrms"),
        ("feedback.md.jinja", "{{ fact.nrmse }}", "unknown variable 'fact'"),
        ("hints.md.jinja", "{% block SyntaxError %}{% end", "hints.md.jinja, line 1"),
        (
            "hints.md.jinja",
            "{% block SyntaxEror %}{% endblock %}",
            "block 'SyntaxEror' that no failure asks for. Did you mean 'SyntaxError'",
        ),
    ],
)
def test_a_faulty_template_is_refused_before_anything_is_asked(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as caught:
        rehearse(Prompts("guided", read_templates(tmp_path, "guided")), load("burgers").brief())
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_none_and_an_unknown_style_are_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_templates(tmp_path / "nowhere", "guided")
    with pytest.raises(InputError, match="holds no templates"):
        read_templates(tmp_path, "guided")
    (tmp_path / "draft.md.jinja").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        read_templates(tmp_path, "guided")
    with pytest.raises(InputError, match="Did you mean 'plain'"):
        Prompts("plane")


def test_feedback_and_steps_are_said_in_words_of_ones_own(tmp_path):
    (tmp_path / "failure.md.jinja").write_text("FAILED with {{ facts.error_type }}. {{ step }}")
    (tmp_path / "hints.md.jinja").write_text("{% block shapes_do_not_fit %}LOOK AT THE SHAPES.{% endblock %}")
    prompts = Prompts("guided", read_templates(tmp_path, "guided"))
    brief = load("burgers").brief(LIBRARIES)
    rehearse(prompts, brief)
    told = prompts.move(brief, failing("crashed", failure_facts(CRASH, PROGRAM, brief, LIMITS)))
    assert "FAILED with ValueError. LOOK AT THE SHAPES." in told
    assert "Next step" not in told
    blown = failing("not_finite", blown_up(brief))
    assert prompts.move(brief, blown) == Prompts().move(brief, blown), "other templates on feedback stay"


@pytest.mark.parametrize("style", STYLES)
def test_a_move_without_a_template_says_its_sentence_in_every_style(style):
    class Swap(Move):
        words = "Swap the time steps of these programs."

    brief = load("burgers").brief(LIBRARIES)
    told = Prompts(style).move(brief, Swap((candidate("ok"), candidate("crashed"), lost("Sorry.").candidate)))
    for words in (Swap.words, "nRMSE 1.200e-03", "return 1", "crashed", "It went so.", "no usable program"):
        assert words in told, words
    assert Swap.words in Prompts(style).move(brief, Swap())


@pytest.mark.parametrize("name", ["burgers", "darcy"])
def test_drafts_from_one_prompt_are_asked_for_different_approaches(name):
    brief = load(name).brief(LIBRARIES)
    prompts = Prompts()
    told = [prompts.move(brief, Draft(), draft) for draft in (1, 2, 3, 4)]
    assert told[0] == prompts.move(brief, Draft())
    assert "Another approach" not in told[0]
    added = ["\n".join(set(text.split("\n")) - set(told[0].split("\n"))) for text in told[1:]]
    assert all("in another way" in text for text in added)
    assert len(set(added)) == 3
    assert told[1] == prompts.move(brief, Draft(), 2), "whenever it is asked"


@pytest.mark.parametrize("style", STYLES)
def test_a_move_of_a_plug_in_tells_a_tasks_own_metric(style):
    class Join(Move):
        words = "Join these programs."

    score = replace(candidate("ok").evaluation.dev, nrmse=np.nan, metric="share covered", value=0.565)
    ran = replace(candidate("ok"), evaluation=Evaluation("ok", "It ran.", dev=score))
    told = Prompts(style).move(load("burgers").brief(LIBRARIES), Join((ran,)))
    assert "share covered 5.650e-01" in told
    assert "nan" not in told


def test_a_function_without_samples_is_not_asked_to_take_any_number_of_them():
    whole = load("burgers").brief(LIBRARIES)
    lone = Signature("f", (data("x", ("n",), "values"),), (result("y", ("n",), "values"),))
    brief = replace(whole, equation=None, span=None, signature=lone)
    assert "It works for any lengths of the arrays." in Prompts("guided").move(brief, Draft())
    assert "It works for any number of samples and points." in Prompts("guided").move(whole, Draft())


def scored(slot: str, error: float, own: float = 1e-9) -> Candidate:
    one = candidate("ok")
    score = Score(error, {"u": error}, None, own, error, 0.5, samples=(error,), reference_samples=(own,))
    proposal = Proposal(Program(f"def solver(u0_batch):\n    return 'text of {slot}'\n"), Plan(summary=f"way {slot}"))
    return replace(one, slot=slot, proposal=proposal, evaluation=replace(one.evaluation, dev=score))


@pytest.mark.parametrize("style", ["guided", "plain"])
def test_the_text_of_what_is_far_behind_is_left_out_and_its_figure_stays(style):
    text = user(Refine((scored("1", 1e-6), scored("2", 5e-4), scored("3", 0.48))), style)
    assert "text of 1" in text
    assert "text of 2" in text
    assert "text of 3" not in text
    assert "Program 3: nRMSE 4.800e-01" in text
    assert "it errs at least 480,000 times as much as the best" in text
    alone = user(Refine((scored("3", 0.48),)), style)
    assert "text of 3" in alone


@pytest.mark.parametrize("style", ["guided", "plain"])
def test_what_counts_next_is_said_once(style):
    resolved = user(Refine((scored("1", 1e-6, 1e-5),)), style)
    assert "keep the nRMSE where it is and be faster" in resolved
    assert "comes first, speed second" not in resolved
    assert "comes first, speed second" in user(Refine((scored("1", 1e-4),)), style)


@pytest.mark.slow
def test_what_is_odd_about_a_problem_is_told_to_the_model():
    text = HEAT.split("[exact]")[0].replace('"sin(pi*x) + 0.5*sin(9*pi*x)"', '"1 + x"')
    prompt = Prompts("guided").move(ProblemTask(Problem.from_text(text), "heat").brief(LIBRARIES), Draft())
    assert "- Note: The initial value of u breaks the condition “u = 0”" in prompt
