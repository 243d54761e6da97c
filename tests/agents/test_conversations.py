"""A move of several turns: a plan is drafted, criticised and carried out in one conversation, each turn stored, paid for once and left out where there is no room."""

import pytest
from test_llm_author import BRIEF, PROGRAM, WHOLE, Scripted, ran

from fieldsmith.agents.author import Calibrate, Combine, Move, Planned, SpeedUp
from fieldsmith.agents.llm_author import LLMAuthor
from fieldsmith.agents.prompts import STYLES, Prompts, read_templates
from fieldsmith.agents.prompts.rehearsal import anew, bred, rehearse
from fieldsmith.errors import InputError, ProviderError, RequestTooLong
from fieldsmith.models.chat_model import NOT_ASKED, ChatReply
from fieldsmith.orchestrator.store import Store, StoredModel
from fieldsmith.tasks import load

PLAN = "```plan\ndiscretisation: upwind\ntime_integrator: Euler\n```"
MENDED = "The order is 1.\n\n```plan\ndiscretisation: WENO\ntime_integrator: SSPRK3\nexpected_order: 5\n```"
BARE = f"```python\n{PROGRAM}```"


def planned(model, slot="3"):
    return LLMAuthor(model).write(BRIEF, Planned(), slot, [])


def test_plan_criticism_and_program_are_one_conversation_and_one_candidate():
    model = Scripted(first=PLAN, criticise=MENDED, program=BARE)
    proposal = planned(model)
    assert model.ordinals == ["3", "3+criticise", "3+program"]
    roles = [message.role for message in model.asked[-1].messages]
    assert roles == ["system", "user", "assistant", "user", "assistant", "user"]
    problem, referee, order = (model.asked[-1].messages[n].text for n in (1, 3, 5))
    assert "u_t + (u^2/2)_x = nu u_xx" in problem
    assert "No program yet" in problem
    assert "referee" in referee
    assert "mended plan" in order
    assert (proposal.program.source, proposal.plan.discretisation, proposal.plan.expected_order) == (PROGRAM, "WENO", 5)
    assert (proposal.usage.input_tokens, proposal.usage.usd) == (300, 0.75)
    assert PLAN in proposal.prompt
    assert MENDED in proposal.prompt


def test_a_plan_that_the_program_states_anew_counts():
    model = Scripted(first=PLAN, criticise=MENDED, program=WHOLE)
    assert planned(model).plan.time_integrator == "copies"


def test_thoughts_are_not_carried_on():
    model = Scripted(first=f"<think>long thoughts</think>{PLAN}", criticise=MENDED, program=BARE)
    planned(model)
    assert "long thoughts" not in model.asked[-1].messages[2].text


def test_a_run_is_taken_up_in_the_middle_of_a_plan(tmp_path):
    first = Scripted(first=PLAN, criticise=ProviderError("gone"))
    store = Store(tmp_path / "run.sqlite")
    with pytest.raises(ProviderError):
        planned(StoredModel(first, store))
    store.close()
    second = Scripted(criticise=MENDED, program=BARE)
    store = Store(tmp_path / "run.sqlite")
    proposal = planned(StoredModel(second, store))
    assert second.ordinals == ["3+criticise", "3+program"]
    third = Scripted()
    assert planned(StoredModel(third, store)) == proposal
    assert third.ordinals == []
    store.close()


def test_a_criticism_that_nothing_is_left_for_is_left_out_and_a_missing_program_says_why():
    nothing = ChatReply("", stop=NOT_ASKED)
    assert planned(Scripted(first=PLAN, criticise=nothing, program=BARE)).plan.discretisation == "upwind"
    lost = planned(Scripted(first=PLAN, criticise=nothing, program=nothing))
    assert (lost.program, lost.plan.discretisation) == (None, "upwind")
    assert lost.problem == "What is left of the budget has no room for the program of this plan."


def test_a_model_with_little_room_writes_from_its_first_plan():
    class Narrow(Scripted):
        """Has room for two turns."""

        def complete(self, request):
            if len(request.messages) > 4:
                self.asked.append(request)
                raise RequestTooLong("too long")
            return super().complete(request)

    model = Narrow(first=PLAN, criticise=MENDED, **{"program-": BARE})
    proposal = planned(model)
    assert proposal.program.source == PROGRAM
    assert [message.text for message in model.asked[-1].messages[2:3]] == [PLAN]


def test_the_same_in_a_run_where_a_request_that_is_too_long_is_not_taken(tmp_path):
    model = Scripted(first=PLAN, criticise=MENDED, program=RequestTooLong("too long"), **{"program-": BARE})
    store = Store(tmp_path / "run.sqlite")
    assert planned(StoredModel(model, store)).program.source == PROGRAM
    store.close()


@pytest.mark.parametrize("style", STYLES)
def test_a_chain_that_repeats_a_mistake_is_asked_in_other_words_that_name_it(style):
    prompts = Prompts(style)
    first = [move for move in bred(BRIEF) if move.name != "debug"]
    for before, again in zip(first, anew(BRIEF), strict=True):
        assert again.name == before.name
        asked = prompts.turn("plan", BRIEF, again) if again.turns else prompts.move(BRIEF, again)
        assert "ValueError: shapes do not fit" in asked
        assert "VARIANT = 1" not in asked
        usual = prompts.turn("plan", BRIEF, before) if before.turns else prompts.move(BRIEF, before)
        assert "shapes do not fit" not in usual


class Weigh(Move):
    words = "Write the program that you have argued for."
    turns = ("weighing", "criticise")


def test_a_plug_in_has_turns_of_its_own_and_those_that_there_are(tmp_path):
    (tmp_path / "weighing.md.jinja").write_text("Which of {{ candidates|length }} is better, as {{ move.name }}?")
    prompts = Prompts("guided", read_templates(tmp_path, "guided"))
    rehearse(prompts, BRIEF)
    model = Scripted(first="The first.", criticise="It is slow.", program=BARE)
    proposal = LLMAuthor(model, prompts=prompts).write(BRIEF, Weigh((ran(1), ran(2))), "w1", [])
    asked = model.asked[-1].messages
    assert model.ordinals == ["w1", "w1+criticise", "w1+program"]
    assert asked[1].text == "Which of 2 is better, as weigh?"
    assert "referee" in asked[3].text
    assert Weigh.words in asked[5].text
    assert proposal.program.source == PROGRAM


def test_a_turn_without_a_template_is_refused_before_anything_is_asked(tmp_path):
    class Argue(Move):
        words = "Write the program that you have argued for."
        turns = ("argument", "reply")

    words = "The move 'argue' has a turn 'argument', for which there is no template argument.md.jinja"
    model = Scripted()
    with pytest.raises(InputError, match=words) as refused:
        LLMAuthor(model).write(BRIEF, Argue(), "a1", [])
    assert (model.asked, "--prompts" in refused.value.hint) == ([], True)
    (tmp_path / "argument.md.jinja").write_text("Argue.")
    with pytest.raises(InputError, match="The move 'argue' has a turn 'reply'"):
        rehearse(Prompts("guided", read_templates(tmp_path, "guided")), BRIEF)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("task", ["burgers", "cns1d", "darcy"])
def test_every_style_has_words_of_its_own_for_the_moves_of_strategies(style, task):
    brief, prompts = load(task).brief(), Prompts(style)
    plan, calibrate, combine, faster, stopped = (prompts.move(brief, move) for move in bred(brief))
    drafted = prompts.turn("plan", brief, Planned())
    function = f"def {brief.signature.function}("
    assert all(function in text for text in (drafted, calibrate, combine, faster, stopped))
    assert function not in plan  # the first turn has said it
    assert "pilot: one smooth sample, 32 intervals | 1.00e-02 | 0.100 s" in calibrate
    for kind, text in ((Calibrate, calibrate), (Combine, combine), (SpeedUp, faster)):
        assert kind.words not in text
    assert "1.000e-03 or better" in faster
    assert "VARIANT = 8" in combine
    assert "VARIANT = 9" in combine


def test_where_each_of_two_programs_is_ahead_is_told_to_whoever_combines_them():
    from dataclasses import replace

    def of(number, samples, seconds):
        one = ran(number)
        score = replace(one.evaluation.dev, samples=samples, kinds=("smooth", "kinked"), cpu_seconds=seconds)
        return replace(one, evaluation=replace(one.evaluation, dev=score))

    text = Prompts().move(BRIEF, Combine((of(1, (1e-6, 1e-2), 9.0), of(2, (1e-4, 1e-3), 3.0))))
    assert "On kinked samples program 2 has the lowest error, 1.0e-03; the highest is 1.0e-02." in text
    assert "On smooth samples program 1 has the lowest error" in text
    assert "Program 2 takes the least time, 3.00 s; the most is 9.00 s." in text
