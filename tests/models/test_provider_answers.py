"""Answers of providers over HTTP: every form, refusals, streams that break, and every kind of fault."""

import json
import re
import threading

import pytest

from fieldsmith.agents.reply import program_in
from fieldsmith.errors import InputError, MissingPart, ProviderError, RequestRefused, RequestTooLong
from fieldsmith.models import open_model
from fieldsmith.models.chat_model import ChatModel, ChatRequest
from provider_server import HURRIED, KEY, REQUEST, Server, model_of, responding

EXPECTED = {"openai": "a chat completion", "responses": "a response", "anthropic": "a message"}
PAGE = b"<!DOCTYPE html>\n<html><head><title>\n  Sign in &amp; go on</title><script>go()</script></head><body>x</body></html>"


def opened(kind: str, server: Server) -> ChatModel:
    return responding(server) if kind == "responses" else model_of(kind, server)


@pytest.mark.parametrize("kind", EXPECTED)
@pytest.mark.parametrize("answer", [{"choices": [], "content": 3}, {}, []])
@pytest.mark.slow
def test_answers_of_another_form_are_the_providers_fault(server, kind, answer):
    server.answer = answer
    with pytest.raises(
        ProviderError, match=rf"with JSON of another form \(“.*”\) where {EXPECTED[kind]} was expected\."
    ):
        opened(kind, server).complete(REQUEST)


@pytest.mark.parametrize("kind", EXPECTED)
@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize(
    ("raw", "media", "what"),
    [
        (PAGE, "text/html", "an HTML page (“Sign in & go on”)"),
        (PAGE, "application/json", "an HTML page (“Sign in & go on”)"),
        (b"\n<html><body><h1>Sign <b>in</b></h1></body></html>", "text/html", "an HTML page (“Sign in”)"),
        (b"<html></html>", "text/html", "an HTML page"),
        (b"", "application/json", "nothing"),
        (b"", "text/event-stream", "nothing"),
        (b'{"choices": [', "application/json", 'text that is no whole JSON (“{"choices": [”)'),
    ],
)
@pytest.mark.slow
def test_an_answer_that_is_no_reply_is_told_by_what_it_is(server, kind, streams, raw, media, what):
    server.raw, server.media = raw, media
    if not streams:
        server.no_streams = (400, "stream is not supported")
    with pytest.raises(ProviderError) as told:
        opened(kind, server).complete(REQUEST)
    assert told.value.message.endswith(f":some-model with {what} where {EXPECTED[kind]} was expected.")
    assert "Error" not in str(told.value)


@pytest.mark.parametrize(
    ("base", "advice"),
    [("/v1", "Check --base-url, and whether a proxy"), ("", "Check --base-url; it usually ends in /v1.")],
)
def test_an_address_is_not_told_to_end_as_it_ends(server, base, advice):
    server.raw = PAGE
    with pytest.raises(ProviderError) as told:
        open_model("openai:m", base_url=server.url + base).complete(REQUEST)
    assert told.value.hint.startswith(advice)


@pytest.mark.parametrize("kind", EXPECTED)
def test_a_page_beside_a_bad_status_is_told_by_its_title(server, kind):
    server.raw, server.media, server.raw_status = PAGE, "text/html", 403
    with pytest.raises(MissingPart, match=r"\(403\): an HTML page \(“Sign in & go on”\)\."):
        opened(kind, server).complete(REQUEST)


def test_content_in_parts_is_joined(server):
    parts = [{"type": "text", "text": "hel"}, {"type": "thinking", "thinking": "?"}, {"type": "text", "text": "lo"}]
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": parts}}
    server.answer = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    assert model_of("openai", server).complete(REQUEST).text == "hello"


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
        assert told.startswith(
            "The model refused to answer" if stop == "refusal" else "The provider's content filter kept"
        )
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


@pytest.mark.slow
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
@pytest.mark.slow
def test_rate_limits_and_server_faults_are_tried_again(server, kind):
    server.streams, server.faults = True, [429, 500]
    assert model_of(kind, server).complete(REQUEST).text == "hi!"
    assert len(server.seen) == 3


TEXT = {"type": "output_text", "text": "hello", "annotations": []}
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


def failed(code: str, words: str) -> list[dict]:
    answer = response(status="failed", error={"code": code, "message": words})
    return [*DELTAS, {"type": "response.failed", "response": answer}]


def told(code: str, words: str) -> list[dict]:
    return [{"type": "error", "code": code, "message": words, "param": None, "sequence_number": 3}]


def chunk(code: object, words: str) -> list[dict]:
    first = {**CHAT, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": "a"}}]}
    return [first, {"error": {"code": code, "message": words}}]


def event(code: str, words: str) -> list[dict]:
    return [{"type": "error", "error": {"type": code, "message": words}}]


@pytest.mark.parametrize(
    ("kind", "events", "requests"),
    [
        ("responses", failed("server_error", "no"), 6),
        ("responses", told("server_error", "no"), 6),
        ("responses", told("rate_limit_exceeded", "no"), 6),
        ("responses", told("insufficient_quota", "no"), 1),
        ("responses", failed("invalid_prompt", "no"), 1),
        ("openai", chunk(502, "no"), 6),
        ("openai", chunk(403, "no"), 1),
        ("anthropic", event("overloaded_error", "no"), 6),
        ("anthropic", event("invalid_request_error", "no"), 1),
    ],
)
def test_a_fault_told_in_a_stream_keeps_its_words_and_is_tried_again_where_it_may_pass(server, kind, events, requests):
    server.events = json.loads(json.dumps(events).replace('"no"', f'"no, not with {KEY}"'))
    model = responding(server) if kind == "responses" else model_of(kind, server)
    model.patience = HURRIED
    with pytest.raises(ProviderError, match=r"failed at .*: \w+: no, not with \[key\]") as caught:
        model.complete(REQUEST)
    assert not isinstance(caught.value, RequestTooLong)
    assert len(server.seen) == requests


@pytest.mark.parametrize(
    ("kind", "events"),
    [
        ("responses", told("context_length_exceeded", "Too much.")),
        ("responses", failed("context_length_exceeded", "Too much.")),
        ("openai", chunk(400, "Context length exceeded: 9000 tokens")),
        ("anthropic", event("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")),
    ],
)
def test_a_request_that_is_too_long_is_known_from_a_stream_too(server, kind, events):
    server.events = events
    with pytest.raises(RequestTooLong):
        (responding(server) if kind == "responses" else model_of(kind, server)).complete(REQUEST)
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("status", "words", "error"),
    [
        (400, "Input tokens exceed the configured limit of 272000 tokens.", RequestTooLong),
        (400, "This model's maximum prompt length is 131072 but the request contains 140000 tokens.", RequestTooLong),
        (413, "Payload", RequestTooLong),
        (400, "max_tokens is too large: 200000. This model supports at most 16384 completion tokens.", RequestRefused),
        (403, "Project p does not have access to model x.", MissingPart),
    ],
)
def test_a_fault_is_what_its_words_say(server, status, words, error):
    server.faults, server.words = [status], words
    with pytest.raises(error, match=re.escape(words.rstrip("."))) as caught:
        model_of("openai", server).complete(REQUEST)
    assert type(caught.value) is error


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_a_connection_that_ends_before_the_first_word_is_asked_again(server, kind):
    server.streams, server.breaks, server.most = True, 2, 0
    assert model_of(kind, server).complete(REQUEST).text == "hi!"
    assert len(server.seen) == 3


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
@pytest.mark.slow
def test_a_server_that_never_says_where_a_stream_ends_is_asked_without(server, kind):
    server.streams, server.breaks, server.politely = True, 100, True
    model = model_of(kind, server)
    assert [model.complete(REQUEST).text for _ in range(2)] == ["hello", "hello"]
    assert [bool(body.get("stream")) for _, body, _ in server.seen] == [True, True, False, False]


def test_a_stop_between_two_attempts_is_an_interruption(server):
    server.streams, server.breaks = True, 100
    model = model_of("openai", server)
    model._stopped.set()
    with pytest.raises(InterruptedError):
        model.complete(REQUEST)


@pytest.mark.parametrize("kind", ["openai", "anthropic", "responses"])
@pytest.mark.parametrize("status", [400, 405])
def test_servers_that_refuse_to_stream_are_asked_without(server, kind, status):
    server.no_streams = (status, "Unsupported parameter: stream_options")
    if kind == "responses":
        server.answer = response(TEXT)
    model = responding(server) if kind == "responses" else model_of(kind, server)
    assert [model.complete(REQUEST).text for _ in range(2)] == ["hello", "hello"]
    assert [bool(body.get("stream")) for _, body, _ in server.seen] == [True, False, False]


def test_a_fault_upstream_is_no_refusal_to_stream(server):
    server.no_streams = (400, "upstream error: model overloaded")
    model = model_of("openai", server)
    with pytest.raises(RequestRefused):
        model.complete(REQUEST)
    assert model._streams


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_an_address_in_the_environment_alone_is_not_used(monkeypatch, kind, server):
    monkeypatch.setenv(f"{kind.upper()}_BASE_URL", server.url)
    with pytest.raises(InputError, match=f"Add --base-url {server.url}"):
        open_model(f"{kind}:m")
    assert open_model(f"{kind}:m", base_url=f"{server.url}/v1").label == f"{kind}:m"
