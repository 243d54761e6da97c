"""Agents that act: calls found in texts, documentation on demand, the window and its memory."""

import itertools
import json
from typing import ClassVar

import pytest

from fieldsmith.agents.acting.agent import Exchange, Turn
from fieldsmith.agents.acting.llm_agent import LLMAgent, Manner
from fieldsmith.agents.acting.protocol import calls_in
from fieldsmith.agents.acting.scripted import RandomAgent, ScriptedAgent, read_script
from fieldsmith.environments import Call, Environment
from fieldsmith.environments.pde_workbench.actions import EditSolver, WriteSolver
from fieldsmith.errors import InputError, RequestTooLong, ToolsRefused
from fieldsmith.models.chat_model import ChatModel, ChatReply, ChatRequest, ToolCall
from small_environment import Heat, Report, Thermostat

HEAT = Call("heat", {"degrees": 3})
FORMS = [
    '{"action": "heat", "arguments": {"degrees": 3}}',
    'I warm it.\n```json\n{"action": "heat", "arguments": {"degrees": 3}}\n```\nThen I look.',
    '<tool_call>\n{"name": "heat", "arguments": {"degrees": 3}}\n</tool_call>',
    '{"tool": "heat", "parameters": {"degrees": 3}}',
    '{"type": "function", "function": {"name": "heat", "arguments": {"degrees": 3}}}',
    '{"action": "heat", "degrees": 3}',
    'I begin with heat, as told: heat {"degrees": 3}.',
    'I call `heat`: {"degrees": 3}',
    'heat({"degrees": 3})',
    '<think>perhaps {"action": "submit"}?</think>{"action": "heat", "arguments": {"degrees": 3}}',
]


@pytest.mark.parametrize("reply", FORMS)
def test_a_call_is_found_in_whatever_form_it_is_written(reply):
    assert calls_in(reply, Thermostat().all_actions) == ([HEAT], "")


def test_several_calls_are_taken_in_order():
    reply = '{"action": "look"} and {"action": "heat", "arguments": {"degrees": 3}}'
    assert calls_in(reply, Thermostat().all_actions)[0] == [Call("look"), HEAT]


@pytest.mark.parametrize("fence", ["```\n", ""])
def test_a_long_text_may_follow_in_a_block(fence):
    opening = "```json\n" if fence else ""
    reply = f'{opening}{{"action": "report", "arguments": {{}}}}\n{fence}\n```sh\necho "a"\necho b\n```\n'
    (call,), _ = calls_in(reply, Thermostat().all_actions)
    assert call.arguments == {"script": 'echo "a"\necho b\n'} or call.arguments == {"script": 'echo "a"\necho b'}


class Writer(Report):
    """Have a shell command write a report, which is one's only text."""

    called: ClassVar[str] = "report"
    long_text: ClassVar[str] = "script"


ALONE = "I write a report.\n\n```sh\ndate\nuptime\n```\nThat is all."


def test_a_block_alone_is_a_call_of_the_one_action_that_takes_a_long_text():
    (call,), _ = calls_in(ALONE, (Heat, Writer))
    assert (call.action, call.arguments["script"].splitlines()) == ("report", ["date", "uptime"])
    for actions, whole in (((Heat, Report), True), ((Writer, EditSolver, WriteSolver), True), ((Heat, Writer), False)):
        calls, problem = calls_in(ALONE, actions, whole)
        assert (calls, problem[:19]) == ([], "No action was found")
    assert calls_in(f"{FORMS[0]}\n{ALONE}", (Heat, Writer))[0] == [HEAT]


def test_a_long_text_is_not_written_twice_to_have_read_a_page():
    class Written(Thermostat):
        actions = (Heat, Writer)

    env, dialogue = Written(), []
    env.reset(seed=3)
    model = Recorded(ALONE, '{"action": "report"}')
    agent = LLMAgent(model)
    assert [asked.call.action for asked in agent.turn(env, dialogue, "1").calls] == ["report"]
    assert [asked.call.action for asked in agent.turn(env, dialogue, "2").calls] == ["read_docs"]
    system = model.requests[0].messages[0].text
    assert "A fenced block alone is a call of `report`." in system


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("", "empty"),
        ("heet", "Did you mean 'heat'?"),
        ('{"action": "heat", "arguments": {"degrees": 3', "cannot be read"),
        ('{"degrees": 3}', "names no action"),
        ('heat is what I want, with {"degrees": 3}', "names no action"),
        ('heat {"degree": 3}', "names no action"),
    ],
)
def test_a_reply_without_a_call_is_told_what_is_wrong(reply, words):
    calls, problem = calls_in(reply, Thermostat().all_actions)
    assert not calls
    assert words in problem
    assert '"action"' in problem


def test_a_whole_text_in_an_action_that_takes_pieces_is_told_which_one_takes_it():
    reply = '{"action": "edit_solver", "arguments": {"source": "def solver(u0):\\n    """One."""\\n    return u0"}}'
    _, problem = calls_in(reply, (EditSolver, WriteSolver))
    assert "edit_solver takes no whole text; write_solver does" in problem


DOCSTRING = 'def solver(u0):\\n    """Says "solve", and a backslash: \\\\."""\\n    return u0'


def test_a_program_with_quotation_marks_that_were_not_escaped_is_taken():
    reply = f'```json\n{{"action": "report", "arguments": {{"script": "{DOCSTRING}"}}}}\n```'
    (call,), _ = calls_in(reply, (Heat, Writer))
    assert calls_in(reply.replace("script", "code"), (Heat, Writer))[0] == [call]
    written = 'def solver(u0):\n    """Says "solve", and a backslash: \\."""\n    return u0'
    assert call == Call("report", {"script": written})
    calls, problem = calls_in(reply[:-10], (Heat, Writer))
    assert not calls
    assert "let it follow as a fenced block" in problem


def test_a_reply_that_only_talks_of_an_action_is_answered_with_a_whole_call_of_it():
    _, problem = calls_in("Before I heat the room I have to look. It is done at once.", Thermostat().all_actions)
    assert 'Write nothing but the call: {"action": "look", "arguments": {}}.' in problem
    _, problem = calls_in("Heating is best.", Thermostat().all_actions)
    assert 'Write nothing but the call: {"action": "heat", "arguments": {"degrees": ' in problem


class Recorded(ChatModel):
    """Answers with given replies and keeps the requests."""

    label, note = "recorded", "a test"

    def __init__(self, *replies: ChatReply | str, tools: bool = False) -> None:
        self.replies = [reply if isinstance(reply, ChatReply) else ChatReply(reply, 10, 5) for reply in replies]
        self.requests: list[ChatRequest] = []
        self.calls_tools = tools

    def complete(self, request: ChatRequest) -> ChatReply:
        self.requests.append(request)
        return self.replies[len(self.requests) - 1]


def called(*calls: tuple[str, str], text: str = "") -> ChatReply:
    found = tuple(ToolCall(f"c{n}-{name}", name, arguments) for n, (name, arguments) in enumerate(calls))
    return ChatReply(text, 10, 5, calls=found)


def played(model: Recorded, **manner) -> tuple[Environment, list[Exchange]]:
    """All replies of the model taken in an episode."""
    env, agent = Thermostat(), LLMAgent(model, manner=Manner(**manner))
    env.reset(seed=1)
    dialogue: list[Exchange] = []
    while len(model.requests) < len(model.replies) and not env.episode.over:
        turn = agent.turn(env, dialogue, f"1/{len(dialogue) + 1}")
        before = len(env.episode.records)
        if turn.calls:
            for asked in turn.calls:
                env.step(asked.call)
        else:
            env.rejected(turn.text, turn.problem)
        dialogue.append(Exchange(turn, env.episode.records[before:]))
    return env, dialogue


def test_an_action_is_chosen_first_and_run_once_its_page_was_shown():
    model = Recorded(
        '{"action": "heat", "arguments": {"degrees": 3}}', '{"action": "heat", "arguments": {"degrees": 3}}'
    )
    env, _ = played(model)
    assert [record.action for record in env.episode.records] == ["reset", "read_docs", "heat"]
    assert [record.step for record in env.episode.records] == [0, 0, 1]
    shown = model.requests[1].messages[-1].text
    assert "degrees (number above 0 and at most 10): by how much" in shown
    assert "Now call heat with its arguments" in shown


def test_all_documentation_at_once_runs_actions_directly():
    env, _ = played(model := Recorded('{"action": "heat", "arguments": {"degrees": 3}}'), documentation="all")
    assert env.episode.last.action == "heat"
    assert "by how much" in model.requests[0].messages[0].text


def test_tools_stay_the_same_so_that_nothing_is_read_twice():
    model = Recorded(
        called(("heat", "{}")), called(("heat", '{"degrees": 3}'), ("look", "{}")), called(("submit", "{}")), tools=True
    )
    env, _ = played(model)
    first = model.requests[0].tools
    assert all(request.tools == first for request in model.requests)
    heat = next(tool for tool in first if tool.name == "heat")
    assert list(heat.parameters["properties"]) == ["degrees"]
    assert "first call shows its documentation" in heat.description
    assert [record.action for record in env.episode.records] == ["reset", "read_docs", "heat", "look", "submit"]
    last = model.requests[2].messages
    assert [m.role for m in last] == ["system", "user", "assistant", "tool", "assistant", "tool", "tool"]
    assert [m.call_id for m in last[-2:]] == [call.id for call in last[-3].calls]


def test_calls_that_are_malformed_or_do_not_exist_are_answered():
    model = Recorded(called(("heet", "{}"), ("heat", "")), called(("heat", "{degrees")), tools=True)
    env, _ = played(model)
    statuses = [(record.action, record.status) for record in env.episode.records[1:]]
    assert statuses == [("heet", "validation_error"), ("read_docs", "success"), ("heat", "parse_error")]


@pytest.mark.parametrize(
    ("stop", "words"),
    [
        ("length", "Your reply was cut off"),
        ("content_filter", "Your provider's content filter broke your reply off before it called an action."),
    ],
)
def test_a_turn_without_its_end_is_told_who_ended_it(stop, words):
    env, dialogue = played(Recorded(ChatReply('{"action": "heat", "argu', 10, 5, stop)))
    assert dialogue[-1].turn.problem.startswith(words)
    assert words in env.episode.last.text


def test_a_server_without_tools_is_asked_in_text():
    class Refusing(Recorded):
        def complete(self, request):
            if request.tools:
                self.calls_tools = False
                raise ToolsRefused("no tools here")
            return super().complete(request)

    model = Refusing('{"action": "look"}', tools=True)
    env, _ = played(model)
    assert env.episode.last.action == "look"
    assert "one JSON object" in model.requests[0].messages[0].text


def test_replies_without_a_call_are_not_shown_again_and_again():
    talk = "I will now heat the room."
    played(model := Recorded(*["", talk, talk, talk, '{"action": "look"}', talk, talk]), format_errors=9)
    shown = [[m.text for m in request.messages if m.role == "assistant"] for request in model.requests]
    assert [texts.count(talk) for texts in shown] == [0, 0, 1, 1, 1, 1, 2]
    assert "These are 4 replies in a row without a call." in model.requests[4].messages[-1].text
    assert "in a row" not in model.requests[1].messages[-1].text


def test_old_turns_leave_the_window_and_stay_in_the_table():
    replies = ['{"action": "heat"}', *['{"action": "heat", "arguments": {"degrees": 0.5}}'] * 5]
    played(model := Recorded(*replies), window=2)
    messages = model.requests[-1].messages
    assert sum(m.role == "assistant" for m in messages) == 2
    assert "3 earlier turns are left out" in messages[1].text
    assert messages[1].text.count("| heat | success |") == 2


def test_what_a_model_is_shown_goes_on_from_what_it_was_shown_before():
    replies = ['{"action": "heat"}', *['{"action": "heat", "arguments": {"degrees": 0.1}}'] * 12]
    played(model := Recorded(*replies), window=4)
    shown = [[message.text for message in request.messages] for request in model.requests]
    on = [later[: len(earlier)] == earlier for earlier, later in itertools.pairwise(shown)]
    assert on.count(False) <= len(on) // 2
    assert max(sum(message.role == "assistant" for message in request.messages) for request in model.requests) == 5


def test_a_model_with_little_room_is_shown_fewer_turns():
    class Small(Recorded):
        def complete(self, request):
            if sum(m.role == "assistant" for m in request.messages) > 1:
                raise RequestTooLong("too long")
            return super().complete(request)

    played(model := Small(*['{"action": "look"}'] * 6))
    assert len(model.requests) == 6
    assert all(sum(m.role == "assistant" for m in request.messages) <= 1 for request in model.requests)


def test_turns_are_kept_as_json_as_they_were():
    _, dialogue = played(Recorded(called(("heat", "{}"), ("nothing", "[")), tools=True))
    turn = dialogue[0].turn
    assert Turn.from_dict(json.loads(json.dumps(turn.to_dict()))) == turn


def test_chance_takes_the_same_actions_for_the_same_seed_and_submits_last():
    def actions(seed: int) -> list[tuple]:
        env, agent, dialogue = Thermostat(), RandomAgent(seed), []
        env.reset(max_steps=4)
        while not env.episode.over:
            turn = agent.turn(env, dialogue, "")
            env.step(turn.calls[0].call if turn.calls[0].call.action != "wait" else Call("look"))
            dialogue.append(Exchange(turn, (env.episode.last,)))
        return [(record.action, str(record.arguments)) for record in env.episode.records]

    assert actions(1) == actions(1) != actions(2)
    assert actions(1)[-1][0] == "submit"


def test_a_script_is_read_and_submits_at_its_end(tmp_path):
    file = tmp_path / "script.jsonl"
    file.write_text('{"action": "heat", "arguments": {"degrees": 3}}\n\n')
    agent, env = ScriptedAgent(read_script(file)), Thermostat()
    env.reset()
    turns = [agent.turn(env, [None] * n, "").calls[0].call for n in range(2)]
    assert turns == [HEAT, Call("submit")]
    file.write_text("{")
    with pytest.raises(InputError, match="not valid"):
        read_script(file)


def test_a_model_that_never_calls_its_tools_is_asked_in_text():
    model = Recorded(*["I would heat."] * 2, '{"action": "look"}', tools=True)
    env, _ = played(model)
    assert [bool(request.tools) for request in model.requests] == [True, True, False]
    assert env.episode.last.action == "look"
