"""What goes to a provider: tools, calls and their results, thoughts that it wants back; and what it refuses of these."""

import json
from dataclasses import replace

import pytest
from tool_replies import ASKED, RUN, call, called, chunks, events, message, response, use

from fieldsmith.errors import RequestRefused, ToolsRefused
from fieldsmith.models import open_model, prompt_text
from fieldsmith.models.chat_model import ChatModel, ChatReply, ChatRequest, Message, ToolCall
from provider_server import Server, model_of, responding

CALLS = (ToolCall("a", "run", '{"code": "1"}'), ToolCall("b", "fly.to it", '{"broken'))
TURNS = (
    *ASKED.messages,
    Message("assistant", "I try.", CALLS),
    Message("tool", "1", call_id="a"),
    Message("tool", "no such tool", call_id="b"),
    Message("user", "Go on."),
)
MALFORMED = {"malformed": '{"broken'}


def model(kind: str, server: Server) -> ChatModel:
    server.streams = True
    if kind == "responses":
        server.events = [{"type": "response.completed", "response": response()}]
        return responding(server)
    return model_of(kind, server)


def sent(kind: str, server: Server, request: ChatRequest) -> dict:
    model(kind, server).complete(request)
    return server.seen[-1][1]


def test_chat_completions_are_told_of_tools_calls_and_results(server):
    body = sent("openai", server, replace(ASKED, messages=TURNS, must_call=True))
    described = {"name": "run", "description": "Runs a program.", "parameters": dict(RUN.parameters)}
    assert body["tools"][0] == {"type": "function", "function": described}
    assert body["tool_choice"] == "required"
    said, first, second, user = body["messages"][2:]
    assert (said["role"], said["content"], user) == ("assistant", "I try.", {"role": "user", "content": "Go on."})
    assert [one["function"]["name"] for one in said["tool_calls"]] == ["run", "fly_to_it"]
    assert [json.loads(one["function"]["arguments"]) for one in said["tool_calls"]] == [{"code": "1"}, MALFORMED]
    assert first == {"role": "tool", "tool_call_id": "a", "content": "1"}
    assert second["tool_call_id"] == "b"


def test_responses_are_told_of_tools_calls_and_results(server):
    body = sent("responses", server, replace(ASKED, messages=TURNS, must_call=True))
    assert body["tools"][0] == {
        "type": "function", "name": "run", "description": "Runs a program.", "parameters": dict(RUN.parameters), "strict": False,
    }  # fmt: skip
    assert (body["tool_choice"], body["store"], body["include"]) == (
        "required",
        False,
        ["reasoning.encrypted_content"],
    )
    assert [item.get("type", item.get("role")) for item in body["input"]] == [
        "user", "assistant", "function_call", "function_call", "function_call_output", "function_call_output", "user",
    ]  # fmt: skip
    assert body["input"][2] == {"type": "function_call", "call_id": "a", "name": "run", "arguments": '{"code": "1"}'}
    assert json.loads(body["input"][3]["arguments"]) == MALFORMED
    assert body["input"][4] == {"type": "function_call_output", "call_id": "a", "output": "1"}


def test_messages_are_told_of_tools_calls_and_all_results_in_one_turn(server):
    body = sent("anthropic", server, replace(ASKED, messages=TURNS, must_call=True))
    assert body["tools"][0] == {
        "name": "run",
        "description": "Runs a program.",
        "input_schema": dict(RUN.parameters),
    }
    assert body["tool_choice"] == {"type": "any"}
    assert body["messages"][1:] == [
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "I try."},
                {"type": "tool_use", "id": "a", "name": "run", "input": {"code": "1"}},
                {"type": "tool_use", "id": "b", "name": "fly_to_it", "input": MALFORMED},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": "1"},
                {"type": "tool_result", "tool_use_id": "b", "content": "no such tool"},
                {"type": "text", "text": "Go on."},
            ],
        },
    ]


def test_nothing_without_a_word_goes_to_anthropic(server):
    turns = (ASKED.messages[1], Message("assistant", " "), Message("user", "And?"), Message("assistant", "", CALLS[:1]))
    body = sent("anthropic", server, replace(ASKED, messages=(*turns, Message("tool", "1", call_id="a"))))
    assert [m["role"] for m in body["messages"]] == ["user", "user", "assistant", "user"]
    assert [block["type"] for block in body["messages"][2]["content"]] == ["tool_use"]


@pytest.mark.parametrize("kind", ["openai", "anthropic", "responses"])
def test_a_request_without_tools_is_sent_as_ever(server, kind):
    body = sent(kind, server, replace(ASKED, tools=()))
    assert not {"tools", "tool_choice", "include"} & body.keys()
    told = body["input"] if kind == "responses" else body["messages"]
    assert told[-1] == {"role": "user", "content": "Solve it."}


THINKING = {"type": "thinking", "thinking": "", "signature": ""}
THOUGHT = [{"type": "thinking_delta", "thinking": "Hm."}, {"type": "signature_delta", "signature": "signed"}]
SEALED = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "sealed"}


def went_on(server: Server, asked: ChatModel, reply: ChatReply) -> dict:
    """What the provider is sent after its reply."""
    turns = (*ASKED.messages, reply.turn, Message("tool", "1", call_id=reply.calls[0].id))
    asked.complete(replace(ASKED, messages=turns, ordinal="2"))
    return server.seen[-1][1]


@pytest.mark.parametrize("streams", [True, False])
def test_signed_thoughts_go_back_with_the_call_to_anthropic(server, streams):
    hidden = {"type": "redacted_thinking", "data": "?"}
    if streams:
        server.events = events((THINKING, THOUGHT), (hidden, []), use("run", '{"code": "1"}'))
    else:
        thought = {"type": "thinking", "thinking": "Hm.", "signature": "signed"}
        called_run = {"type": "tool_use", "id": "a", "name": "run", "input": {"code": "1"}}
        server.no_streams, server.answer = (400, "no stream"), message(thought, hidden, called_run)
    asked = open_model("anthropic:x", base_url=server.url, settings={"thinking_tokens": 2000})
    reply = asked.complete(replace(ASKED, must_call=True))
    assert "tool_choice" not in server.seen[-1][1], "a model that thinks cannot be made to call"
    assert went_on(server, asked, reply)["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "Hm.", "signature": "signed"},
        hidden,
        {"type": "tool_use", "id": "a", "name": "run", "input": {"code": "1"}},
    ]


def test_sealed_thoughts_go_back_with_the_call_to_openai(server):
    items = [SEALED, called("run", {"code": "1"})]
    server.events = [{"type": "response.completed", "response": response(*items)}]
    asked = responding(server)
    body = went_on(server, asked, asked.complete(ASKED))
    assert body["input"][1:] == [*items, {"type": "function_call_output", "call_id": "a", "output": "1"}]


def test_thoughts_that_are_not_sealed_stay_away_from_openai(server):
    bare = {name: value for name, value in SEALED.items() if name != "encrypted_content"}
    server.events = [{"type": "response.completed", "response": response(bare, called("run", {}))}]
    asked = responding(server)
    body = went_on(server, asked, asked.complete(ASKED))
    assert [item.get("type") for item in body["input"][1:]] == ["function_call", "function_call_output"]


@pytest.mark.parametrize("where", ["reasoning_content", "reasoning"])
def test_thoughts_go_back_with_the_call_where_a_server_has_them(server, where):
    server.events = chunks({where: "Hm."}, {"tool_calls": [call("run", "{}", index=0)]})
    asked = model_of("openai", server)
    reply = asked.complete(ASKED)
    assert reply.text == "<think>Hm.</think>\n"
    said = went_on(server, asked, reply)["messages"][2]
    assert (said[where], said["content"]) == ("Hm.", None)


def test_blocks_of_thoughts_go_back_with_the_call_to_openrouter(server):
    block = {"type": "reasoning.text", "format": "x", "index": 0}
    hidden = {"type": "reasoning.encrypted", "data": "?", "index": 1}
    server.events = chunks(
        {"reasoning": "H", "reasoning_details": [{**block, "text": "H"}]},
        {"reasoning": "m.", "reasoning_details": [{**block, "text": "m."}]},
        {"reasoning_details": [{**block, "signature": "signed"}, hidden]},
        {"tool_calls": [call("run", "{}", index=0)]},
    )
    asked = model_of("openai", server)
    said = went_on(server, asked, asked.complete(ASKED))["messages"][2]
    assert said["reasoning_details"] == [{**block, "text": "Hm.", "signature": "signed"}, hidden]
    assert "reasoning" not in said


def test_the_signature_of_a_call_goes_back_to_gemini(server):
    extra = {"google": {"thought_signature": "signed"}}
    server.events = chunks({"tool_calls": [call("run", "{}", index=0, extra_content=extra), call("run", "{}", "b")]})
    asked = model_of("openai", server)
    said = went_on(server, asked, asked.complete(ASKED))["messages"][2]
    assert [one.get("extra_content") for one in said["tool_calls"]] == [extra, None]


def test_thoughts_in_text_do_not_go_back(server):
    server.events = chunks({"content": "<think>Hm.</think>\n\nDone."}, finish="stop")
    assert model_of("openai", server).complete(ASKED).turn == Message("assistant", "Done.")


@pytest.mark.parametrize("kind", ["openai", "anthropic", "responses"])
@pytest.mark.parametrize(
    "words",
    [
        "registry.ollama.ai/library/gemma:2b does not support tools",
        '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
        "tools param requires --jinja flag",
        "tools: Extra inputs are not permitted",
        "Unrecognized request argument supplied: tools",
        "Function calling is not enabled for this model",
        "No endpoints found that support tool use",
    ],
)
def test_a_server_that_refuses_tools_is_asked_for_none_any_more(server, kind, words):
    asked = model(kind, server)
    server.unwanted, server.words = "tools", words
    for _ in range(2):
        with pytest.raises(ToolsRefused, match="takes no tools"):
            asked.complete(ASKED)
    assert not asked.calls_tools
    assert len(server.seen) == 1, "its way is remembered"
    asked.complete(replace(ASKED, tools=()))


@pytest.mark.parametrize(
    "words",
    [
        "Invalid schema for function 'run': 'objekt' is not supported.",
        "Unknown name \"exclusiveMinimum\" at 'tools[0].function_declarations[0].parameters'",
        "tools.0.custom.input_schema: JSON schema is not supported",
        "Tool call validation failed: attempted to call tool 'x' which was not in request",
        "The model is overloaded",
    ],
)
def test_a_refusal_of_one_tool_or_for_another_reason_is_told(server, words):
    asked = model("openai", server)
    server.unwanted, server.words = "tools", words
    with pytest.raises(RequestRefused) as caught:
        asked.complete(ASKED)
    assert not isinstance(caught.value, ToolsRefused)
    assert asked.calls_tools


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
@pytest.mark.parametrize(
    "words",
    [
        "Thinking may not be enabled when tool_choice forces tool use.",
        "This model does not support this tool_choice",
        "tool_choice 'required' is not supported",
    ],
)
def test_a_model_that_cannot_be_made_to_call_may_call(server, kind, words):
    asked = model(kind, server)
    server.unwanted, server.words = "tool_choice", words
    request = replace(ASKED, must_call=True)
    assert [asked.complete(request).text for _ in range(2)] == ["hi!", "hi!"]
    assert ["tool_choice" in body for _, body, _ in server.seen] == [True, False, False]
    assert asked.calls_tools


def test_a_model_that_seals_no_thoughts_is_not_asked_to(server):
    asked = model("responses", server)
    server.unwanted, server.words = "include", "Encrypted content is not supported with this model."
    for _ in range(2):
        asked.complete(ASKED)
    assert ["include" in body for _, body, _ in server.seen] == [True, False, False]
    assert asked.calls_tools


def test_a_server_that_takes_no_thoughts_back_gets_none(server):
    server.events = chunks({"reasoning_content": "Hm."}, {"tool_calls": [call("run", "{}", index=0)]})
    asked = model_of("openai", server)
    reply = asked.complete(ASKED)
    server.refused_in_turns, server.words = "reasoning_content", "property 'reasoning_content' is unsupported"
    said = went_on(server, asked, reply)["messages"][2]
    assert (len(server.seen), "reasoning_content" in said, len(said["tool_calls"])) == (3, False, 1)


def test_calls_and_results_can_be_read_where_text_is_all_there_is():
    read = prompt_text(ChatRequest(TURNS))
    assert '[assistant]\n\nI try.\n\nrun({"code": "1"})\n\nfly.to it({"broken)\n\n[tool]\n\n1\n\n[tool]' in read
