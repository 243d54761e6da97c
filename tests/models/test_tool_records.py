"""Requests with tools and replies with calls in recordings; their estimated tokens; their identity."""

import json
from dataclasses import asdict, replace

import pytest
from tool_replies import ASKED, LOOK

from fieldsmith.errors import InputError
from fieldsmith.models import open_model
from fieldsmith.models.chat_model import ChatReply, ChatRequest, Message, ToolCall, sound
from fieldsmith.models.counting import counted, prompt_tokens
from fieldsmith.models.record import reply_fields, reply_from, request_fields, request_from
from fieldsmith.models.replay import write_replay

CALL = ToolCall("a", "run", '{"code": "1"}')
KEPT = ({"type": "thinking", "thinking": "Hm.", "signature": "signed"},)
TURNS = (*ASKED.messages, Message("assistant", "", (CALL,), kept=KEPT), Message("tool", "1", call_id="a"))
WHOLE = replace(ASKED, messages=TURNS, must_call=True)
REPLY = ChatReply("I try.", 5, 2, "calls", calls=(CALL, replace(CALL, id="b", arguments='{"broken')), kept=KEPT)


def test_a_request_and_its_reply_come_back_from_json_as_they_were():
    assert request_from(json.loads(json.dumps(request_fields(WHOLE)))) == WHOLE
    assert reply_from(json.loads(json.dumps(reply_fields(REPLY)))) == REPLY


def test_what_has_no_tools_is_stored_as_before_there_were_any():
    plain, said = ChatRequest((Message("user", "Hi."),), ordinal="1"), ChatReply("Hello.", 3, 2)
    assert request_fields(plain) == {
        "messages": [{"role": "user", "text": "Hi."}], "settings": {}, "ordinal": "1", "room": 1, "candidate": 0,
    }  # fmt: skip
    assert reply_fields(said) == {
        "text": "Hello.", "input_tokens": 3, "output_tokens": 2, "stop": "stop", "model": "", "seconds": 0.0, "estimated": False,
    }  # fmt: skip


def test_tools_calls_and_what_they_answer_are_part_of_a_requests_identity():
    others = [
        replace(WHOLE, tools=(LOOK,)),
        replace(WHOLE, must_call=False),
        replace(WHOLE, messages=(*TURNS[:3], replace(TURNS[3], call_id="b"))),
        replace(WHOLE, messages=(*TURNS[:2], replace(TURNS[2], calls=(replace(CALL, arguments="{}"),)), TURNS[3])),
    ]
    assert len({WHOLE.key, *(other.key for other in others)}) == 5


def test_durations_that_a_tool_tells_are_no_part_of_a_requests_identity():
    def key(text: str) -> str:
        return replace(WHOLE, messages=(*TURNS[:3], replace(TURNS[3], text=text))).key

    assert key("ran in 0.12 s") == key("ran in 7 s") != key("failed in 7 s")


def test_a_recording_gives_calls_again(tmp_path):
    file = tmp_path / "talk.jsonl"
    write_replay(file, [(request_fields(WHOLE), REPLY, 0.01)])
    model = open_model(f"replay:{file}")
    assert model.calls_tools
    assert model.complete(WHOLE) == REPLY
    with pytest.raises(InputError, match=r'-run\(\{"code": "1"\}\)'):
        model.complete(replace(WHOLE, messages=(*TURNS[:2], Message("assistant", "No."), TURNS[3])))


def test_a_recording_of_words_alone_is_asked_in_words(tmp_path):
    file = tmp_path / "talk.jsonl"
    write_replay(file, [(asdict(replace(ASKED, tools=())), ChatReply("Hello."), None)])
    assert not open_model(f"replay:{file}").calls_tools


def test_tools_calls_and_results_count():
    plain = ChatRequest(ASKED.messages)
    with_tools, with_calls = replace(plain, tools=ASKED.tools), replace(plain, messages=TURNS)
    assert prompt_tokens(with_tools) - prompt_tokens(plain) > sum(len(t.description) for t in ASKED.tools) // 4
    assert prompt_tokens(with_calls) - prompt_tokens(plain) > len(CALL.arguments) // 4
    reply = counted(plain, ChatReply("", calls=(replace(CALL, arguments="x" * 400),)))
    assert (reply.output_tokens >= 100, reply.estimated) == (True, True)


def test_calls_are_made_sound_before_they_are_stored():
    reply = sound(ChatReply("", stop="stop", calls=(ToolCall(7, "ru\ud800n", "{}"),)), "m")  # type: ignore[arg-type]
    assert (reply.calls, reply.stop) == ((ToolCall("7", "ru?n", "{}"),), "calls")
