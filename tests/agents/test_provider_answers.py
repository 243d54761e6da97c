"""Answers of providers over HTTP: every form, refusals, streams that break, and every kind of fault."""

import threading

import openai
import pytest

from fieldsmith.agents.models.chat_model import ChatModel, ChatRequest
from fieldsmith.agents.reply import program_in
from fieldsmith.errors import MissingPart, ProviderError
from provider_server import KEY, REQUEST, Server, model_of


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
@pytest.mark.parametrize("answer", ["<html>Welcome</html>", {"choices": [], "content": 3}, {}, []])
def test_answers_of_another_form_are_the_providers_fault(server, kind, answer):
    server.answer = answer
    with pytest.raises(ProviderError, match=r"did not answer .*some-model as its API promises.*/v1"):
        model_of(kind, server).complete(REQUEST)


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
@pytest.mark.parametrize("raw", [b"<html>Welcome</html>", b"", b'{"choices": ['])
def test_answers_that_are_no_json_are_the_providers_fault(server, kind, raw):
    server.raw = raw
    with pytest.raises(ProviderError, match=r"did not answer .*some-model as its API promises"):
        model_of(kind, server).complete(REQUEST)


def test_content_in_parts_is_joined(server):
    parts = [{"type": "text", "text": "hel"}, {"type": "thinking", "thinking": "?"}, {"type": "text", "text": "lo"}]
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": parts}}
    server.answer = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    assert model_of("openai", server).complete(REQUEST).text == "hello"


def responding(server: Server) -> ChatModel:
    """A model behind the API of OpenAI itself, at an address of this machine."""
    model = model_of("openai", server)
    model.connect = lambda **options: openai.OpenAI(**{**options, "base_url": f"{server.url}/v1"})
    model.base_url = None
    return model


NO = "I will not write that."
CHAT = {"id": "1", "object": "chat.completion", "created": 1, "model": "m"}
RESPONSE = {
    "id": "1", "object": "response", "created_at": 1, "model": "m", "status": "completed", "parallel_tool_calls": True,
    "tool_choice": "auto", "tools": [], "error": None, "incomplete_details": None, "instructions": None, "metadata": {},
    "usage": {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7},
}  # fmt: skip
MESSAGE = {"id": "1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_sequence": None}
COUNTS = {"input_tokens": 12, "output_tokens": 4}


def chat(finish: str = "stop", **message: object) -> dict:
    return {**CHAT, "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", **message}}]}


def response(*content: dict, **fields: object) -> dict:
    said = {"id": "2", "type": "message", "role": "assistant", "status": "completed", "content": content}
    return {**RESPONSE, "output": [{"id": "3", "type": "reasoning", "summary": []}, said], **fields}


@pytest.mark.parametrize(
    ("kind", "answer", "text", "stop"),
    [
        ("openai", chat(content=None, refusal=NO), NO, "refusal"),
        ("openai", chat(content="Part.", refusal=NO), f"{NO}\n\nPart.", "refusal"),
        ("openai", chat(content=[{"type": "refusal", "refusal": NO}]), NO, "refusal"),
        ("openai", chat(content="hello", refusal=None), "hello", "stop"),
        ("openai", chat("content_filter", content=None), "", "content_filter"),
        ("responses", response({"type": "refusal", "refusal": NO}), NO, "refusal"),
        ("responses", response({"type": "output_text", "text": "hello", "annotations": []}), "hello", "stop"),
        ("responses", response(incomplete_details={"reason": "content_filter"}), "", "content_filter"),
        ("responses", response(incomplete_details={"reason": "max_output_tokens"}), "", "length"),
        ("anthropic", {**MESSAGE, "stop_reason": "refusal", "usage": COUNTS}, "", "refusal"),
        (
            "anthropic",
            {
                **MESSAGE,
                "stop_reason": "refusal",
                "stop_details": {"type": "refusal", "category": "cyber", "explanation": NO},
                "usage": COUNTS,
            },
            NO,
            "refusal",
        ),
    ],
)
def test_refusals_keep_their_words(server, kind, answer, text, stop):
    server.answer = answer
    model = responding(server) if kind == "responses" else model_of(kind, server)
    reply = model.complete(REQUEST)
    assert (reply.text, reply.stop) == (text, stop)
    if stop in ("refusal", "content_filter"):
        told = program_in(reply.text, "solver", stop=reply.stop).problem
        assert told.startswith("The model refused to answer")
        assert text.replace("\n\n", " ") in told


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_refusals_in_the_middle_of_a_stream_keep_their_words(server, kind):
    server.streams, server.refuses = True, NO
    reply = model_of(kind, server).complete(REQUEST)
    assert (reply.text, reply.stop) == (f"{NO}\n\nhi!", "refusal")


@pytest.mark.parametrize(("kind", "counts"), [("openai", (11, 3)), ("anthropic", (12, 4))])
@pytest.mark.parametrize(("breaks", "politely"), [(0, False), (2, False), (1, True)])
def test_replies_are_streamed_and_asked_for_again_if_they_have_no_end(server, kind, counts, breaks, politely):
    server.streams, server.breaks, server.politely = True, breaks, politely
    model, heard = model_of(kind, server), []
    model.receiving = lambda slot, characters: heard.append((slot, characters))
    reply = model.complete(ChatRequest(REQUEST.messages, ordinal="7"))
    assert (reply.text, reply.stop) == ("hi!", "length")
    assert (reply.input_tokens, reply.output_tokens) == counts
    assert heard[-1] == ("7", 3)
    assert len(server.seen) == 1 + breaks


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_a_connection_that_always_breaks_is_told(server, kind):
    server.streams, server.breaks = True, 100
    with pytest.raises(ProviderError, match="broke off the answer of"):
        model_of(kind, server).complete(REQUEST)


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_a_request_that_is_waited_for_can_be_broken_off(server, kind):
    server.answer, server.hold = {}, 60.0
    model, ended = model_of(kind, server), threading.Event()

    def ask() -> None:
        with pytest.raises(InterruptedError):
            model.complete(REQUEST)
        ended.set()

    threading.Thread(target=ask, daemon=True).start()
    assert server.holding.wait(30)
    model.stop()
    assert ended.wait(30), "the request goes on"
    server.release.set()


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
@pytest.mark.parametrize(
    ("status", "error", "words"),
    [(401, MissingPart, "refuses the key"), (404, ProviderError, "does not know"), (400, ProviderError, "failed")],
)
def test_faults_are_one_sentence_without_the_key(server, kind, status, error, words):
    server.faults = [status] * 10
    with pytest.raises(error) as caught:
        model_of(kind, server).complete(REQUEST)
    assert words in str(caught.value)
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_rate_limits_and_server_faults_are_tried_again(server, kind):
    server.streams, server.faults = True, [429, 500]
    assert model_of(kind, server).complete(REQUEST).text == "hi!"
    assert len(server.seen) == 3


TEXT = {"type": "output_text", "text": "hello", "annotations": []}
FAILED = {"status": "failed", "error": {"code": "server_error", "message": f"no {KEY}"}}
DELTAS = [
    {"type": "response.output_text.delta", "delta": part, "item_id": "2", "output_index": 1, "content_index": 0}
    for part in ("hel", "lo")
]


def test_responses_are_streamed_through_long_thoughts(server):
    thought = {"type": "response.reasoning_summary_text.delta", "delta": "Hm.", "item_id": "3", "output_index": 0}
    server.events = [thought, *DELTAS, {"type": "response.completed", "response": response(TEXT)}]
    model, heard = responding(server), []
    model.receiving = lambda slot, characters: heard.append((slot, characters))
    reply = model.complete(ChatRequest(REQUEST.messages, ordinal="7"))
    assert (reply.text, reply.stop, reply.input_tokens, reply.output_tokens) == ("hello", "stop", 5, 2)
    assert heard == [("7", 3), ("7", 5)]
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "ending",
    [
        [{"type": "response.failed", "response": response(**FAILED)}],
        [{"type": "error", "code": "server_error", "message": f"no {KEY}", "param": None, "sequence_number": 3}],
        [],
    ],
)
def test_a_response_that_fails_on_its_way_is_asked_for_again(server, ending, monkeypatch):
    server.events = [*DELTAS, *ending]
    model = responding(server)
    monkeypatch.setattr(model._stopped, "wait", lambda seconds: False)
    with pytest.raises(ProviderError, match=r"broke off the answer of .* 4 times") as caught:
        model.complete(REQUEST)
    assert ("server_error" in str(caught.value)) == bool(ending)
    assert KEY not in str(caught.value)
    assert len(server.seen) == 4


@pytest.mark.parametrize("kind", ["openai", "anthropic", "responses"])
def test_servers_that_refuse_to_stream_are_asked_without(server, kind):
    server.no_streams = "Unsupported parameter: stream_options"
    if kind == "responses":
        server.answer = response(TEXT)
    model = responding(server) if kind == "responses" else model_of(kind, server)
    assert [model.complete(REQUEST).text for _ in range(2)] == ["hello", "hello"]
    assert [bool(body.get("stream")) for _, body, _ in server.seen] == [True, False, False]
