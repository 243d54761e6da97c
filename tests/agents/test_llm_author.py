"""The author with a language model: replies that are cut off, patches, refusals; every reply stored and counted."""

import json
from dataclasses import replace

import numpy as np
import pytest

from fieldsmith.agents.author import Candidate, Debug, Draft, Move, Program, Proposal, Refine
from fieldsmith.agents.llm_author import LLMAuthor
from fieldsmith.agents.prompts import Prompts
from fieldsmith.errors import ProviderError, RequestRefused, RequestTooLong
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.models.chat_model import ChatReply, ToolCall
from fieldsmith.models.replay import ReplayModel, write_replay
from fieldsmith.orchestrator.store import Store, StoredModel
from fieldsmith.tasks import load

PROGRAM = """import numpy as np


def solver(u0_batch, t_coordinate, nu):
    u = np.asarray(u0_batch)
    return np.repeat(u[:, None], len(t_coordinate), axis=1)
"""
WHOLE = f"```plan\ndiscretisation: none\ntime_integrator: copies\n```\n\n```python\n{PROGRAM}```\n"
CUT = len(WHOLE) - 40
BRIEF = load("burgers").brief()


class Scripted:
    """Answers each ordinal by a table; an exception in it is raised."""

    label, note, priced = "scripted", "a script", True
    waiting = receiving = None

    def __init__(self, **answers) -> None:
        self.answers = {name.replace("_", "+"): answer for name, answer in answers.items()}
        self.asked = []

    def complete(self, request):
        self.asked.append(request)
        _, plus, kind = request.ordinal.partition("+")
        answer = self.answers[kind if plus else "first"]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, ChatReply):
            return answer
        text, stop = answer if isinstance(answer, tuple) else (answer, "stop")
        return ChatReply(text, 100, 10, stop, seconds=1.0)

    def price(self, reply):
        return 0.25

    @property
    def ordinals(self):
        return [request.ordinal for request in self.asked]


def write(model, move=None, slot="3") -> Proposal:
    return LLMAuthor(model).write(BRIEF, move or Draft(), slot, [])


def test_a_whole_reply_takes_one_request():
    model = Scripted(first=(WHOLE, "length"))
    proposal = write(model)
    assert model.ordinals == ["3"]
    assert (proposal.program.source, proposal.repairs) == (PROGRAM, ())


def test_a_reply_that_is_cut_off_is_continued_and_counted():
    model = Scripted(first=(WHOLE[:CUT], "length"), **{"continue": WHOLE[CUT - 30 :]})
    proposal = write(model)
    assert model.ordinals == ["3", "3+continue"]
    assert [m.role for m in model.asked[1].messages] == ["system", "user", "assistant", "user"]
    assert model.asked[1].messages[2].text == WHOLE[:CUT]
    assert WHOLE[:CUT].splitlines()[-1] in model.asked[1].messages[3].text
    assert proposal.program.source == PROGRAM
    assert proposal.plan.time_integrator == "copies"
    assert proposal.repairs == ("The reply was cut off and continued.",)
    assert proposal.reply == WHOLE
    usage = proposal.usage
    assert (usage.input_tokens, usage.output_tokens, usage.usd, usage.seconds) == (200, 20, 0.5, 2.0)


def test_an_open_block_that_is_no_program_is_continued_whatever_the_server_says():
    model = Scripted(first=WHOLE[:CUT], **{"continue": WHOLE[CUT:]})
    assert write(model).program.source == PROGRAM


def test_a_continuation_that_is_cut_off_too_is_followed_by_a_fresh_try_with_more_room():
    model = Scripted(
        first=(WHOLE[: CUT - 60], "length"), **{"continue": (WHOLE[CUT - 60 : CUT], "length"), "shorter": WHOLE}
    )
    proposal = write(model)
    assert model.ordinals == ["3", "3+continue", "3+shorter"]
    assert [request.room for request in model.asked] == [1, 1, 2]
    assert "Keep this one short" in model.asked[2].messages[-1].text
    assert proposal.program.source == PROGRAM
    assert proposal.repairs == ("The reply was cut off, so a shorter one was asked for.",)
    assert proposal.usage.input_tokens == 300


def test_an_empty_reply_that_used_up_its_tokens_is_asked_for_anew():
    model = Scripted(first=("", "length"), shorter=WHOLE)
    assert write(model).program.source == PROGRAM
    assert model.ordinals == ["3", "3+shorter"]


def test_a_reply_that_was_all_thoughts_is_not_continued():
    model = Scripted(first=("<think>\nThe equation is", "length"), shorter=WHOLE)
    assert write(model).program.source == PROGRAM
    assert model.ordinals == ["3", "3+shorter"]


def test_a_reply_that_stays_cut_off_is_taken_as_it_is():
    model = Scripted(
        first=(WHOLE[: CUT - 60], "length"),
        **{"continue": (WHOLE[CUT - 60 : CUT], "length"), "shorter": ("No.", "length")},
    )
    proposal = write(model)
    assert proposal.program.source.startswith("import numpy")
    assert model.ordinals == ["3", "3+continue", "3+shorter"]


def test_a_refusal_is_no_reason_to_ask_again():
    model = Scripted(first=("", "refusal"))
    proposal = write(model)
    assert proposal.program is None
    assert "refused" in proposal.problem
    assert model.ordinals == ["3"]


RATE = "```python\ndef rate(u, dx, nu):\n    return -d_x(u**2 / 2, dx) + nu * d_xx(u, dx)\n```\n"


def fill(text, move=None) -> Proposal:
    return LLMAuthor(Scripted(first=text), prompts=Prompts("skeleton")).write(BRIEF, move or Draft(), "1", [])


def test_the_gaps_of_a_skeleton_are_filled_from_the_reply():
    proposal = fill(f"By the chain rule.\n\n{RATE}")
    assert proposal.repairs == (), "just this was asked for"
    space = {}
    exec(proposal.program.source, space)
    x = (np.arange(64) + 0.5) / 64
    found = space["solver"](np.sin(2 * np.pi * x)[None], np.array([0.0, 0.1]), 0.05)
    assert found.shape == (1, 2, 64)
    assert 0.1 < np.max(np.abs(found[0, 1])) < 0.95


def test_a_filled_gap_that_lacks_a_name_is_left_for_the_run_to_show():
    proposal = fill(RATE.replace("d_xx(u, dx)", "second(u, dx)"))
    assert "second(u, dx)" in proposal.program.source
    assert "def solver" in proposal.program.source


def test_the_filling_of_a_gap_is_mended_as_a_program_is():
    typographic = RATE.replace("-d_x", "\u2212d_x").replace("**2", "**2\u00a0")
    proposal = fill(typographic)
    assert proposal.program.source == fill(RATE.replace("**2", "**2 ")).program.source
    assert proposal.repairs == ("Typographic quotes, dashes and spaces were replaced by those of Python.",)
    bare = fill(RATE.replace("```python\n", "").replace("```\n", ""))
    assert bare.program == fill(RATE).program


def test_a_gap_that_is_still_open_is_named():
    assert fill(RATE.replace("return -d_x(u**2 / 2, dx) + nu * d_xx(u, dx)", "...")).problem == (
        "`rate` is still open: the code belongs where TODO stands."
    )
    assert fill("```python\ndef other(u):\n    return u\n```").problem == (
        "No code block of the reply holds `def rate(u, dx, nu):` with its code. Give that in one ```python block."
    )
    assert fill("```python\ndef rate(u, dx, nu):\n    return (u +\n```").problem.startswith(
        "The code of the reply is no Python: '(' was never closed in line 2"
    )


BODIES = [
    "return -d_x(u**2 / 2, dx) + nu * d_xx(u, dx)",
    "    half = u**2 / 2\n    return -d_x(half, dx) + nu * d_xx(u, dx)",
    "rate(u, dx, nu) = -d_x(u**2 / 2, dx) + nu * d_xx(u, dx)",
    "-d_x(u**2 / 2, dx) + nu * d_xx(u, dx)",
]


@pytest.mark.parametrize("body", BODIES)
def test_the_body_of_a_gap_is_put_under_its_header(body):
    proposal = fill(f"```python\n{body}\n```\nThe equation as it stands.")
    assert proposal.repairs == ("The body of `rate` was put under its `def` line.",)
    space = {}
    exec(proposal.program.source, space)
    u = np.sin(2 * np.pi * (np.arange(16) + 0.5) / 16)[None]
    expected = -space["d_x"](u**2 / 2, 1 / 16) + 0.1 * space["d_xx"](u, 1 / 16)
    np.testing.assert_allclose(space["rate"](u, 1 / 16, 0.1), expected)


@pytest.mark.parametrize("text", ["u = solver(u0, t, nu)", "print(1)", "nu", "1.0", "return", "rate(u, dx, nu) == 1"])
def test_what_is_no_body_is_not_made_one(text):
    assert fill(f"```python\n{text}\n```").program is None
    both = fill(f"```\n-u * u_x\n```\n{RATE}\n```\n{text}\n```")
    assert both.program == fill(RATE).program


def test_usual_imports_that_are_missing_are_put_in():
    proposal = write(Scripted(first=WHOLE.replace("import numpy as np\n", "")))
    assert proposal.program.source.lstrip("\n").startswith("import numpy as np\n")
    assert proposal.repairs == ("`import numpy as np` was missing and put in.",)
    headed = WHOLE.replace("import numpy as np\n", '"""Copies."""\nfrom __future__ import annotations\n')
    source = write(Scripted(first=headed)).program.source
    assert source.startswith('"""Copies."""\nfrom __future__ import annotations\nimport numpy as np\n')
    exec(source, {})


def test_a_mend_of_a_filled_skeleton_changes_single_functions():
    first = fill(RATE.replace("nu *", "mu *"))
    failed = Candidate(1, "1", "draft", proposal=first, evaluation=Evaluation("crashed", "No mu."))
    mended = fill(RATE, Debug(failed))
    assert (mended.program.source, mended.repairs) == (fill(RATE).program.source, ())


def test_a_whole_program_in_place_of_the_gaps_is_taken_as_it_is():
    assert fill(WHOLE).program.source == PROGRAM


def test_a_mend_that_holds_one_function_is_put_into_the_program():
    parent = PROGRAM.replace("    u = np", "    u = start(u0_batch)\n    u = np").replace(
        "def solver", "def start(u):\n    return u[0]\n\n\ndef solver"
    )
    failed = Candidate(
        1, "1", "draft", proposal=Proposal(Program(parent)), evaluation=Evaluation("crashed", "It went so.")
    )
    model = Scripted(first="Only this:\n\n```python\ndef start(u):\n    return 1.0 * u\n```\n")
    proposal = write(model, Debug(failed))
    assert "return 1.0 * u" in proposal.program.source
    assert "def solver" in proposal.program.source
    assert "`start` took the place" in proposal.repairs[0]
    assert write(Scripted(first=model.answers["first"])).program is None, "a draft has nothing to patch"


def test_a_sitting_that_ends_between_two_replies_asks_none_twice(tmp_path):
    rest = {"continue": ProviderError("gone")}
    first = Scripted(first=(WHOLE[:CUT], "length"), **rest)
    store = Store(tmp_path / "run.sqlite")
    with pytest.raises(ProviderError):
        write(StoredModel(first, store))
    store.close()
    store = Store(tmp_path / "run.sqlite")
    second = Scripted(first=AssertionError("asked twice"), **{"continue": WHOLE[CUT:]})
    proposal = write(StoredModel(second, store))
    assert second.ordinals == ["3+continue"]
    assert proposal.program.source == PROGRAM
    assert proposal.usage.input_tokens == 200
    third = Scripted()
    assert write(StoredModel(third, store)) == proposal
    assert third.ordinals == []


def test_a_further_request_that_is_refused_leaves_what_there_is_also_in_a_replay(tmp_path):
    refused = RequestRefused("the prompt is too long")
    model = Scripted(first=(WHOLE[:CUT], "length"), **{"continue": refused, "shorter": refused})
    store = Store(tmp_path / "run.sqlite")
    proposal = write(StoredModel(model, store))
    assert proposal.program.source.startswith("import numpy")
    write_replay(tmp_path / "replies.jsonl", store.replies())
    again = write(ReplayModel(tmp_path / "replies.jsonl"))
    assert (again.program, again.repairs, again.problem) == (proposal.program, proposal.repairs, proposal.problem)


def test_a_program_of_replies_that_were_all_cut_off_is_told_to_be_one():
    whole, cut = "```python\n" + PROGRAM, (WHOLE[:CUT], "length")
    model = Scripted(first=cut, **{"continue": ("", "stop"), "shorter": (whole.rstrip(), "length")})
    assert "That one was cut off as well: its program may lack its end." in write(model).repairs


def test_where_more_room_is_refused_a_shorter_reply_is_asked_for_with_the_room_there_is(tmp_path):
    class Full(Scripted):
        """Cannot reply at greater length than it does."""

        def complete(self, request):
            if request.room > 1:
                raise RequestRefused("max_tokens is too large")
            return super().complete(request)

    model = Full(first=(WHOLE[:CUT], "length"), **{"continue": ("", "stop"), "shorter": WHOLE})
    proposal = write(StoredModel(model, Store(tmp_path / "run.sqlite")))
    assert proposal.program.source == PROGRAM
    assert proposal.repairs == ("The reply was cut off, so a shorter one was asked for.",)


def test_a_first_request_that_is_refused_ends_the_run(tmp_path):
    store = Store(tmp_path / "run.sqlite")
    with pytest.raises(ProviderError):
        write(StoredModel(Scripted(first=RequestRefused("too long")), store))
    assert store.replies() == []


class Narrow(Scripted):
    """Has room for so many programs."""

    def __init__(self, programs: int) -> None:
        super().__init__(first=WHOLE)
        self.programs = programs

    def complete(self, request):
        if request.messages[1].text.count("### Program ") > self.programs:
            self.asked.append(request)
            raise RequestTooLong("the prompt is too long")
        return super().complete(request)


def ran(n: int) -> Candidate:
    score = Score(1e-3 * n, {"u": 1e-3 * n}, 1e-5, 1e-9, 0.1, 0.5)
    program = Program(f"{PROGRAM}\nNUMBER = {n}\n")
    return Candidate(n, str(n), "draft", (), "x", Proposal(program), Evaluation("ok", "It ran.", dev=score))


def copy_of(first: Candidate, n: int) -> Candidate:
    program = Program(f"{first.proposal.program.source}# written again\n")
    return replace(first, id=n, slot=f"r{n}", proposal=Proposal(program))


@pytest.mark.parametrize("seed", [0, 4])
def test_a_refinement_shows_as_many_programs_as_there_is_room_for_also_in_a_replay(tmp_path, seed):
    move = Refine((ran(1), ran(2), ran(3)))
    model, store = Narrow(1), Store(tmp_path / "run.sqlite")
    proposal = LLMAuthor(StoredModel(model, store), seed).write(BRIEF, move, "r1", [])
    assert len(model.asked) == 3
    assert proposal.repairs[0] == "The model had no room for 2 of the programs to improve on."
    assert "nRMSE 1.000e-03" in proposal.prompt
    assert "nRMSE 2.000e-03" not in proposal.prompt
    write_replay(tmp_path / "replies.jsonl", store.replies())
    again = LLMAuthor(ReplayModel(tmp_path / "replies.jsonl"), seed).write(BRIEF, move, "r1", [])
    assert (again.prompt, again.repairs, again.program) == (proposal.prompt, proposal.repairs, proposal.program)
    with pytest.raises(RequestTooLong):
        LLMAuthor(Narrow(0), seed).write(BRIEF, move, "r1", [])


@pytest.mark.parametrize("style", ["guided", "plain"])
def test_a_refinement_that_changed_nothing_is_told_in_the_words_of_the_prompt(style):
    def asked(*parents: Candidate) -> str:
        model = Scripted(first=WHOLE)
        LLMAuthor(model, prompts=Prompts(style)).write(BRIEF, Refine(parents), "r9", [])
        return model.asked[0].messages[1].text

    first, second = ran(1), ran(2)
    assert "tried last" not in asked(first, second)
    once = asked(first, second, copy_of(second, 3))
    assert once.count("NUMBER = 2") == 1
    assert "Your last refinement was the same program as program 2 but for comments" in once
    more = asked(first, second, copy_of(second, 3), copy_of(first, 4), copy_of(first, 5))
    assert "Your last 3 refinements were the same program as program 2 and program 1 (2 times) but" in more


class Fuse(Move):
    words = "Combine these programs."


def test_changes_that_fit_two_copies_of_one_program_fit_that_program():
    parent = "def start(u):\n    return u\n\n\n" + PROGRAM.replace("(u0_batch)", "(start(u0_batch))")
    first = replace(ran(1), proposal=Proposal(Program(parent)))
    again = replace(copy_of(first, 2), slot="2")
    model = Scripted(first="Only this:\n\n```python\ndef start(u):\n    return 1.0 * u\n```\n")
    for move in (Refine((first, again)), Fuse((first, again))):
        proposal = write(model, move, "r1")
        assert "return 1.0 * u" in proposal.program.source, proposal.problem


def test_changes_that_were_made_before_give_that_program_again():
    parent = "def start(u):\n    return u\n\n\n" + PROGRAM.replace("(u0_batch)", "(start(u0_batch))")
    first = replace(ran(1), proposal=Proposal(Program(parent)))
    changed = parent.replace("    return u\n\n", "    return 1.0 * u\n\n")
    better = replace(ran(2), proposal=Proposal(Program(changed)))
    model = Scripted(first="Only this:\n\n```python\ndef start(u):\n    return 1.0 * u\n```\n")
    proposal = write(model, Refine((better, first)), "r2")
    assert proposal.program == Program(changed), proposal.problem


def test_a_mend_that_does_not_fit_the_context_is_a_failure_once_others_were_answered():
    answered = Candidate(1, "1", "draft", (), "x", Proposal(None, reply="words"), Evaluation("crashed", "So."))
    model = Scripted(first=RequestTooLong("too long"))
    with pytest.raises(RequestTooLong):
        LLMAuthor(model).write(BRIEF, Debug(answered), "1.1", [])
    proposal = LLMAuthor(model).write(BRIEF, Debug(answered), "1.1", [answered])
    assert (proposal.program, proposal.problem) == (None, "The prompt was too long for the model's context.")


def test_repairs_are_kept_with_the_candidate(tmp_path):
    store = Store(tmp_path / "run.sqlite")
    proposal = write(Scripted(first=(WHOLE[:CUT], "length"), **{"continue": WHOLE[CUT:]}))
    candidate = store.issue("3", Draft(), "scripted")
    import dataclasses

    store.record(dataclasses.replace(candidate, proposal=proposal))
    assert store.candidates()[0].proposal == proposal


def called(*calls: tuple[str, str], text: str = "", stop: str = "calls") -> ChatReply:
    return ChatReply(text, 100, 10, stop, calls=tuple(ToolCall(f"c{n}", *call) for n, call in enumerate(calls)))


FILE = json.dumps({"path": "solver.py", "content": PROGRAM})


@pytest.mark.parametrize(
    "reply",
    [
        called(("write_file", FILE)),
        called(("write_file", FILE), text="<think>def solver(u): return u</think>\n"),
        called(("write_file", json.dumps({"input": FILE}))),
        called(("write_file", FILE.replace("\\n", "\n"))),
        called(("write_file", str({"code": PROGRAM}))),
        called(("write_file", PROGRAM)),
        called(("write_file", json.dumps({"content": f"Here:\n\n```python\n{PROGRAM}```\n"})), text="I write it."),
        called(("write_file", FILE), ("write_file", json.dumps({"content": "def test():\n    assert solver\n"}))),
    ],
)
def test_a_program_in_a_call_of_a_tool_that_was_not_offered_is_taken(reply):
    proposal = write(Scripted(first=reply))
    assert proposal.program is not None, proposal.problem
    assert proposal.program.source == PROGRAM
    assert proposal.repairs[-1] == "The program was taken out of a call of `write_file`, a tool that was not offered."
    assert "Call of `write_file`:" in proposal.reply


def test_a_program_in_the_text_goes_before_one_in_a_call():
    proposal = write(Scripted(first=called(("run", json.dumps({"code": "def solver(x):\n    pass\n"})), text=WHOLE)))
    assert proposal.program.source == PROGRAM
    assert not proposal.repairs


def test_calls_without_a_program_are_named():
    proposal = write(Scripted(first=called(("search", '{"query": "Burgers"}'), ("think", "{}"))))
    assert proposal.program is None
    assert proposal.problem.startswith("The reply called `search` and `think`, tools that were not offered. ")
    assert '{"query": "Burgers"}' in proposal.reply


def test_a_call_that_was_cut_off_is_asked_for_anew():
    model = Scripted(first=called(("write_file", FILE[:-60]), stop="length"), shorter=WHOLE)
    assert write(model).program.source == PROGRAM
    assert model.ordinals == ["3", "3+shorter"]
