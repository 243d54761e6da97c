"""Faults that servers hide behind a good status, ends of replies in many words, and answers without what their API promises."""

import pytest

from fieldsmith.agents.reply import cut_off, program_in
from fieldsmith.errors import ProviderError
from fieldsmith.models.endings import broken_off, ending
from provider_server import HURRIED, REQUEST, Server, model_of

CHUNK = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
HALF = "Here it is:\n\n```python\ndef solver(u):\n    return u +"


@pytest.fixture
def hurried():
    """Opens models whose attempts follow one another at once."""

    def opened(kind: str, server: Server):
        model = model_of(kind, server)
        model.patience = HURRIED
        return model

    return opened


def chunks(*choices: dict, **usage: int) -> list[dict]:
    parts = [{**CHUNK, "choices": [{"index": 0, "finish_reason": None, **choice}]} for choice in choices]
    return [*parts, {**CHUNK, "choices": [], "usage": usage}] if usage else parts


def said(text: str = HALF, **fields: object) -> dict:
    return {"delta": {"content": text}, **fields}


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("stop", "stop"),
        ("STOP", "stop"),
        ("FinishReason.STOP", "stop"),
        ("end_turn", "stop"),
        ("eos_token", "stop"),
        ("COMPLETE", "stop"),
        (None, "stop"),
        ("length", "length"),
        ("MAX_TOKENS", "length"),
        ("FINISH_REASON_MAX_TOKENS", "length"),
        ("model_context_window_exceeded", "length"),
        ("content_filter", "content_filter"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("refusal", "refusal"),
        ("purple", "purple"),
    ],
)
def test_the_words_for_an_end_are_many_and_their_meanings_few(reason, told):
    assert ending(reason) == told
    assert not broken_off(reason)


@pytest.mark.parametrize(
    "reason",
    [
        "error", "insufficient_system_resource", "abort", "network_error", "pause_turn", "timeout", "cancelled",
        "MALFORMED_FUNCTION_CALL", "upstream-error", "server_overloaded",
    ],
)  # fmt: skip
def test_a_reply_that_the_server_broke_off_is_asked_for_again(server, hurried, reason):
    server.events = chunks(said(), {"delta": {}, "finish_reason": reason})
    model = hurried("openai", server)
    with pytest.raises(ProviderError, match=rf"broke off the answer of openai:some-model 6 times \({reason}\)"):
        model.complete(REQUEST)
    assert len(server.seen) == 6


@pytest.mark.parametrize("streams", [True, False])
def test_a_fault_beside_half_a_reply_is_told_with_its_words(server, hurried, streams):
    """OpenRouter puts what went wrong behind it on the choice."""
    fault = {"finish_reason": "error", "error": {"code": 504, "message": "the host went away"}}
    if streams:
        server.events = chunks(said(), {**said(""), **fault})
    else:
        whole = {"index": 0, "message": {"role": "assistant", "content": HALF}, **fault}
        server.answer = {**CHUNK, "object": "chat.completion", "choices": [whole]}
    with pytest.raises(ProviderError, match="504: the host went away"):
        hurried("openai", server).complete(REQUEST)
    assert len(server.seen) == 6 + (not streams)


@pytest.mark.slow
def test_an_anthropic_reply_that_was_broken_off_is_asked_for_again(server, hurried):
    message = {"id": "1", "type": "message", "role": "assistant", "model": "m", "stop_sequence": None}
    server.answer = {**message, "content": [{"type": "text", "text": HALF}], "stop_reason": "pause_turn"}
    with pytest.raises(ProviderError, match=r"6 times \(pause_turn\)"):
        hurried("anthropic", server).complete(REQUEST)


def test_an_end_that_nobody_knows_makes_a_reply_no_whole_one(server):
    whole = f"{HALF} 1\n```\n"
    for text, cut in ((HALF, True), (whole, False)):
        server.events = chunks(said(text), {"delta": {}, "finish_reason": "purple"})
        reply = model_of("openai", server).complete(REQUEST)
        assert reply.stop == "purple"
        assert cut_off(reply.text, reply.stop, program_in(reply.text, "solver", stop=reply.stop)) == cut


@pytest.mark.parametrize(
    ("kind", "answer", "words", "requests"),
    [
        ("openai", {"error": {"message": "Slow down", "code": 429}, "choices": None}, "429: Slow down", 6),
        (
            "openai",
            {"error": {"message": "Provider failed", "code": 502, "metadata": {"raw": "no GPU"}}},
            r"502: Provider failed \(no GPU\)",
            6,
        ),
        ("openai", {"error": {"message": "Out of money", "code": "402"}}, "402: Out of money", 1),
        ("openai", {"error": "insufficient balance"}, "insufficient balance", 1),
        ("openai", {"error": "model is loading"}, "model is loading", 6),
        ("openai", {"object": "error", "message": "no such model", "code": 404}, "404: no such model", 1),
        ("openai", {"detail": "Try later"}, "Try later", 6),
        ("openai", {"base_resp": {"status_code": 1002, "status_msg": "rate limit"}}, "1002: rate limit", 6),
        ("openai", {"error_code": 18, "error_msg": "QPS limit reached"}, "18: QPS limit reached", 6),
        ("openai", [{"error": {"code": 503, "message": "Overloaded", "status": "UNAVAILABLE"}}], "503: Overloaded", 6),
        (
            "anthropic",
            {"type": "error", "error": {"type": "overloaded_error", "message": "Too many"}},
            "overloaded_error: Too many",
            6,
        ),
    ],
)
def test_a_fault_told_in_a_good_answer_keeps_its_words_and_is_tried_again_where_it_may_pass(
    server, hurried, kind, answer, words, requests
):
    server.answer = answer
    with pytest.raises(ProviderError, match=words):
        hurried(kind, server).complete(REQUEST)
    assert len(server.seen) == requests


@pytest.mark.parametrize(
    "event",
    [
        {"error": "GPU gone"},
        {"object": "error", "message": "GPU gone", "code": 50001},
        {"error": {"message": "GPU gone"}},
    ],
)
def test_a_fault_in_a_stream_is_known_in_every_form(server, hurried, event):
    server.events = [*chunks(said()), event]
    with pytest.raises(ProviderError, match="GPU gone"):
        hurried("openai", server).complete(REQUEST)
    assert len(server.seen) == 6


def test_chunks_without_a_delta_are_passed_over(server):
    """As Azure's filter sends them between the others, and at the end."""
    told = {"content_filter_results": {"hate": {"filtered": False}}}
    server.events = [
        {**CHUNK, "model": "", "choices": [], "prompt_filter_results": []},
        *chunks(said("hel"), told, {"delta": None}, said("lo"), {"delta": {}, "finish_reason": "stop"}, told),
        {**CHUNK, "choices": None},
    ]
    reply = model_of("openai", server).complete(REQUEST)
    assert (reply.text, reply.stop) == ("hello", "stop")


def test_a_stream_that_holds_the_message_as_a_whole_is_understood(server):
    server.events = chunks({"message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"})
    assert model_of("openai", server).complete(REQUEST).text == "hello"


START = {"id": "1", "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None}


@pytest.mark.parametrize("ended", [{"stop_reason": "max_tokens"}, {"stop_reason": None}, None])
def test_messages_without_usage_and_with_gaps_are_understood(server, ended):
    server.events = [
        {"type": "message_start", "message": START},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "hel"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "lo"}},
        {"type": "content_block_stop", "index": 0},
        *([{"type": "message_delta", "delta": ended}] if ended else []),
        {"type": "message_stop"},
    ]
    reply = model_of("anthropic", server).complete(REQUEST)
    assert (reply.text, reply.stop) == ("hello", "length" if ended and ended["stop_reason"] else "stop")
    assert (reply.input_tokens, reply.output_tokens) == (0, 0)


@pytest.mark.parametrize(
    ("where", "counts"),
    [
        ({"usage": {"prompt_tokens": 20, "completion_tokens": 7, "total_tokens": 27}}, (20, 7)),
        ({"usage": {"prompt_tokens": 20, "completion_tokens": 7, "total_tokens": 500}}, (20, 480)),
        ({"x_groq": {"usage": {"prompt_tokens": 20, "completion_tokens": 7}}}, (20, 7)),
        ({"choices": [{"index": 0, "delta": {}, "usage": {"prompt_tokens": 20, "completion_tokens": 7}}]}, (20, 7)),
        ({"usage": {"prompt_tokens": None, "completion_tokens": 7}}, (0, 7)),
        ({"usage": "none"}, (0, 0)),
    ],
)
def test_counts_are_found_where_servers_have_them(server, where, counts):
    """The total of some (Gemini, Grok) holds thoughts that the count of the reply leaves out."""
    server.events = [*chunks(said("hello"), {"delta": {}, "finish_reason": "stop"}), {**CHUNK, "choices": [], **where}]
    reply = model_of("openai", server).complete(REQUEST)
    assert (reply.input_tokens, reply.output_tokens) == counts
