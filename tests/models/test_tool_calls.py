"""Calls of tools in replies, over HTTP: every API, streamed and at once, and the forms of servers that differ."""

import json
import re

import pytest
from tool_replies import ASKED, call, called, chat, chunks, events, message, response, use

from fieldsmith.agents.author import Draft
from fieldsmith.agents.llm_author import LLMAuthor
from fieldsmith.agents.reply import cut_off, program_in
from fieldsmith.models.chat_model import ChatReply, ToolCall
from fieldsmith.tasks import load
from provider_server import Server, model_of, responding

BOTH = (ToolCall("a", "run", '{"code": "1"}'), ToolCall("b", "look", '{"path": "x"}'))
"""Two calls of one turn."""


def replied(server: Server, kind: str, answer: dict | None = None, stream: list[dict] | None = None) -> ChatReply:
    server.answer, server.events = answer, stream
    if stream is None:
        server.no_streams = (400, "no stream")
    return (responding(server) if kind == "responses" else model_of(kind, server)).complete(ASKED)


ANSWERS = {
    "openai": chat({"tool_calls": [call("run", '{"code": "1"}'), call("look", '{"path": "x"}', "b")]}),
    "responses": response(called("run", '{"code": "1"}'), called("look", '{"path": "x"}', "b")),
    "anthropic": message(
        {"type": "tool_use", "id": "a", "name": "run", "input": {"code": "1"}},
        {"type": "tool_use", "id": "b", "name": "look", "input": {"path": "x"}},
    ),
}
STREAMS = {
    "openai": chunks(
        {"role": "assistant", "content": None},
        {"tool_calls": [call("run", "", index=0)]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"code"'}}]},
        {"tool_calls": [call("look", '{"path": ', "b", index=1)]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ': "1"}'}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": '"x"}'}}]},
    ),
    "responses": [
        {"type": "response.function_call_arguments.delta", "output_index": 0, "item_id": "fc_a", "delta": '{"code": "1"}'},
        {"type": "response.completed", "response": ANSWERS["responses"]},
    ],
    "anthropic": events(use("run", '{"code"', ': "1"}'), use("look", '{"path": "x"}', id="b")),
}  # fmt: skip


@pytest.mark.parametrize("kind", ANSWERS)
def test_parallel_calls_come_at_once(server, kind):
    reply = replied(server, kind, ANSWERS[kind])
    assert (reply.calls, reply.text, reply.stop) == (BOTH, "", "calls")
    assert not server.seen[-1][1].get("stream")


@pytest.mark.parametrize("kind", STREAMS)
def test_parallel_calls_come_in_parts(server, kind):
    reply = replied(server, kind, stream=STREAMS[kind])
    assert (reply.calls, reply.text, reply.stop) == (BOTH, "", "calls")
    assert len(server.seen) == 1


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_text_before_a_call_is_kept(server, kind):
    told = chunks({"content": "I look."}, {"tool_calls": [call("look", "{}", index=0)]})
    if kind == "anthropic":
        told = events(({"type": "text", "text": "I "}, [{"type": "text_delta", "text": "look."}]), use("look"))
    reply = replied(server, kind, stream=told)
    assert (reply.text, reply.calls) == ("I look.", (ToolCall("a", "look", "{}"),))


@pytest.mark.parametrize(
    ("deltas", "arguments"),
    [
        ([{"tool_calls": [call("run", '{"code": "1"}')]}], ['{"code": "1"}']),  # whole, without index
        ([{"tool_calls": [call("run", {"code": "1"}, index=0)]}], ['{"code": "1"}']),  # an object in place of text
        ([{"tool_calls": [call("run", '"{\\"code\\": 1}"', index=0)]}], ['{"code": 1}']),  # packed twice
        ([{"tool_calls": [call("run", None, index=0)]}], ["{}"]),  # nothing to call with
        ([{"tool_calls": [call("run", "{}", index=0)]}, {"tool_calls": [{"index": 0, "function": {"arguments": '{"a": 1}'}}]}], ['{"a": 1}']),
        ([{"function_call": {"name": "run", "arguments": '{"co'}}, {"function_call": {"arguments": 'de": 1}'}}], ['{"code": 1}']),
        ([{"tool_calls": [{"name": "run", "arguments": {"code": "1"}}]}], ['{"code": "1"}']),  # without function
        ([{"tool_calls": [call("run", '{"a": 1}', index=0)]}, {"tool_calls": [call("run", '{"b": 1}', "b", index=0)]}], ['{"a": 1}', '{"b": 1}']),
        ([{"tool_calls": [call("run", '{"a": 1}', None), call("run", '{"b": 1}', None)]}], ['{"a": 1}', '{"b": 1}']),  # neither id nor index
        ([{"tool_calls": [call("run", '{"a": ', index=0)]}, {"tool_calls": [call("run", "1}", index=0)]}], ['{"a": 1}']),  # its name in every part
        ([{"tool_calls": [call("run", '{"a": ')]}, {"tool_calls": [call("", "1}", "z")]}], ['{"a": 1}']),  # another id in every part
        ([{"tool_calls": [call("run", '{"a": ', index=0)]}, {"tool_calls": [{"index": 0, "id": "", "function": {"arguments": "1}"}}]}], ['{"a": 1}']),
    ],
)  # fmt: skip
def test_calls_are_understood_in_the_forms_of_many_servers(server, deltas, arguments):
    reply = replied(server, "openai", stream=chunks(*deltas))
    assert [call.arguments for call in reply.calls] == arguments
    assert {call.name for call in reply.calls} == {"run"}
    assert len({call.id for call in reply.calls}) == len(arguments)
    assert all(call.id for call in reply.calls)


@pytest.mark.parametrize("old", [True, False])
def test_a_whole_message_with_an_odd_call_is_understood(server, old):
    function = {"name": "run", "arguments": {"code": "1"}}
    reply = replied(
        server, "openai", chat({"function_call": function} if old else {"tool_calls": [{"function": function}]})
    )
    (made,) = reply.calls
    assert (made.name, made.values) == ("run", {"code": "1"})


def test_an_id_that_is_missing_is_made_and_the_same_each_time(server):
    answer = chat({"tool_calls": [call("run", "{}", None), call("look", "{}", None)]})
    first, again = replied(server, "openai", answer), replied(server, "openai", answer)
    assert first.calls == again.calls
    assert len({one.id for one in first.calls}) == 2
    assert all(re.fullmatch("[a-zA-Z0-9]{9}", one.id) for one in first.calls), "Mistral takes no others"


@pytest.mark.parametrize("kind", ["openai", "anthropic", "responses"])
def test_malformed_arguments_and_names_of_no_tool_pass_through(server, kind):
    broken = '{"code": "1'
    streams = {
        "openai": chunks({"tool_calls": [call("fly.to the moon", broken, index=0)]}),
        "anthropic": events(use("fly.to the moon", broken)),
        "responses": [{"type": "response.completed", "response": response(called("fly.to the moon", broken))}],
    }
    (made,) = replied(server, kind, stream=streams[kind]).calls
    assert (made.name, made.arguments, made.values) == ("fly.to the moon", broken, None)


@pytest.mark.parametrize("finish", ["stop", "STOP", "tool_calls", "function_call", "tool_use"])
def test_a_reply_with_calls_ends_with_calls_whatever_the_server_says(server, finish):
    reply = replied(server, "openai", stream=chunks({"tool_calls": [call("run", "{}", index=0)]}, finish=finish))
    assert reply.stop == "calls"


def test_a_reply_without_calls_is_a_whole_one_whatever_the_server_says(server):
    assert replied(server, "openai", stream=chunks({"content": "Done."})).stop == "stop"


def test_a_call_that_nobody_asked_for_makes_no_reply_a_broken_one(server):
    reply = replied(server, "openai", stream=chunks({"tool_calls": [call("run", "{}", index=0)]}))
    assert not cut_off(reply.text, reply.stop, program_in(reply.text, "solver", stop=reply.stop))


def test_a_call_that_ran_into_the_limit_says_so(server):
    told = chunks({"tool_calls": [call("run", '{"code": "', index=0)]}, finish="length")
    reply = replied(server, "openai", stream=told)
    assert (reply.stop, reply.calls[0].values) == ("length", None)


@pytest.mark.parametrize("kind", ["openai", "anthropic", "responses"])
def test_arguments_count_like_text_while_they_come(server, kind):
    """Ten parts of a hundred characters, cut off by who counts them."""
    part = "x" * 100
    server.events = {
        "openai": chunks({"tool_calls": [call("run", "", index=0)]},
                         *[{"tool_calls": [{"index": 0, "function": {"arguments": part}}]} for _ in range(10)]),
        "anthropic": events(use("run", *[part] * 10)),
        "responses": [
            *({"type": "response.function_call_arguments.delta", "output_index": 0, "item_id": "a", "delta": part} for _ in range(10)),
            {"type": "response.completed", "response": response(called("run", part * 10))},
        ],
    }[kind]  # fmt: skip
    model, heard = responding(server) if kind == "responses" else model_of(kind, server), []
    model.receiving = lambda _, characters: heard.append(characters)
    model.may_go_on = lambda _, characters: characters < 450
    reply = model.complete(ASKED)
    assert reply.stop == "length"
    assert 450 <= heard[-1] <= 600
    assert len(reply.calls[0].arguments) < 600


def test_arguments_without_end_are_cut_off(server, monkeypatch):
    monkeypatch.setattr("fieldsmith.models.hearing.LONGEST", 1000)
    more = [{"tool_calls": [{"index": 0, "function": {"arguments": "x" * 300}}]}] * 10
    reply = replied(server, "openai", stream=chunks({"tool_calls": [call("run", "", index=0)]}, *more))
    assert (reply.stop, len(reply.calls[0].arguments)) == ("length", 1200)


PROGRAM = "def solver(u0_batch, t_coordinate, beta):\n    return u0_batch[:, None]\n"
WRITTEN = json.dumps({"path": "solver.py", "content": PROGRAM})
UNOFFERED = {
    "openai": (
        chat({"tool_calls": [call("write_file", WRITTEN)]}),
        chunks({"tool_calls": [call("write_file", WRITTEN)]}),
    ),
    "responses": (
        response(called("write_file", WRITTEN)),
        [{"type": "response.completed", "response": response(called("write_file", WRITTEN))}],
    ),
    "anthropic": (
        message({"type": "tool_use", "id": "a", "name": "write_file", "input": json.loads(WRITTEN)}),
        events(use("write_file", WRITTEN[:20], WRITTEN[20:])),
    ),
}


@pytest.mark.parametrize("kind", UNOFFERED)
@pytest.mark.parametrize("streams", [True, False])
def test_a_program_that_a_model_puts_into_a_call_of_no_tool_of_its_own_is_its_answer(server, kind, streams):
    whole, server.events = UNOFFERED[kind]
    if not streams:
        server.answer, server.events, server.no_streams = whole, None, (400, "no stream")
    model = responding(server) if kind == "responses" else model_of(kind, server)
    proposal = LLMAuthor(model).write(load("advection").brief(), Draft(), "1", [])
    assert proposal.program is not None, proposal.problem
    assert proposal.program.source == PROGRAM
    assert proposal.repairs == ("The program was taken out of a call of `write_file`, a tool that was not offered.",)
    assert "tools" not in server.seen[-1][1]
