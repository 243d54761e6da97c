"""The official SDKs against real HTTP servers on this machine: replies, token counts, and every kind of fault."""

import dataclasses
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import openai
import pytest

from fieldsmith.agents.models import open_model, prices
from fieldsmith.agents.models.chat_model import ChatReply, ChatRequest, Message, sound
from fieldsmith.agents.models.replay import write_replay
from fieldsmith.agents.reply import program_in
from fieldsmith.errors import InputError, MissingPart, ProviderError

KEY = "sk-canary-1234"
REQUEST = ChatRequest((Message("system", "You are brief."), Message("user", "Say hello.")))


class Server(ThreadingHTTPServer):
    """Speaks chat completions, responses and messages; `faults` are statuses to answer with first."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.faults: list[int] = []
        self.seen: list[tuple[str, dict, dict]] = []
        self.answer: object = None
        self.raw: bytes | None = None
        self.streams, self.breaks, self.politely = False, 0, False
        self.refuses = ""
        self.hold = 0.0
        self.holding, self.release = threading.Event(), threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.path, body, {k.lower(): v for k, v in self.headers.items()}))
        if self.server.answer is not None:
            self.server.holding.set()
            self.server.release.wait(self.server.hold)
            self.reply(200, self.server.answer)
        elif self.server.raw is not None:
            self.send(200, self.server.raw)
        elif self.server.faults:
            status = self.server.faults.pop(0)
            self.reply(status, {"error": {"message": f"no, not with {KEY}", "type": "x"}}, {"retry-after": "0"})
        elif body.get("stream") and self.server.streams:
            self.stream(body)
        elif self.path.endswith("/chat/completions"):
            choice = {"index": 0, "finish_reason": "length", "message": {"role": "assistant", "content": "hello"}}
            usage = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
            self.reply(
                200,
                {
                    "id": "1",
                    "object": "chat.completion",
                    "created": 1,
                    "model": body["model"],
                    "choices": [choice],
                    "usage": usage,
                },
            )
        elif self.path.endswith("/messages"):
            usage = {"input_tokens": 12, "output_tokens": 4}
            content = [{"type": "text", "text": "hello"}]
            self.reply(
                200,
                {
                    "id": "1",
                    "type": "message",
                    "role": "assistant",
                    "model": body["model"],
                    "content": content,
                    "stop_reason": "end_turn",
                    "stop_sequence": None,
                    "usage": usage,
                },
            )
        else:
            self.reply(404, {"error": {"message": "no such page"}})

    def reply(self, status: int, body: dict, headers: dict | None = None) -> None:
        self.send(status, json.dumps(body).encode(), headers)

    def send(self, status: int, text: bytes, headers: dict | None = None) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(text)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def stream(self, body: dict) -> None:
        """The same answer in parts; the first `breaks` times it ends in the middle, `politely` or with the connection."""
        if self.path.endswith("/messages"):
            message = {"id": "1", "type": "message", "role": "assistant", "model": body["model"], "content": []}
            usage = {"input_tokens": 12, "output_tokens": 1}
            events = [
                {"type": "message_start", "message": {**message, "usage": usage}},
                {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
                *(
                    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": t}}
                    for t in "hi!"
                ),
                {"type": "content_block_stop", "index": 0},
                {"type": "message_delta", "delta": self.ending(), "usage": {"output_tokens": 4}},
                {"type": "message_stop"},
            ]
            lines = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]
        else:
            part = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
            deltas = [{"index": 0, "delta": {"content": t}, "finish_reason": None} for t in "hi!"]
            deltas += [{"index": 0, "delta": {"refusal": t}, "finish_reason": None} for t in self.server.refuses]
            deltas.append({"index": 0, "delta": {}, "finish_reason": "stop" if self.server.refuses else "length"})
            usage = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
            events = [{**part, "choices": [delta]} for delta in deltas] + [{**part, "choices": [], "usage": usage}]
            lines = [f"data: {json.dumps(event)}\n\n" for event in events] + ["data: [DONE]\n\n"]
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        broken = self.server.breaks > 0
        self.server.breaks -= broken
        for line in lines[: 3 if broken else None]:
            self.wfile.write(f"{len(line.encode()):x}\r\n{line}\r\n".encode())
        if not broken or self.server.politely:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True

    def ending(self) -> dict:
        """Why a streamed message ends."""
        why = self.server.refuses
        if not why:
            return {"stop_reason": "max_tokens"}
        return {"stop_reason": "refusal", "stop_details": {"type": "refusal", "category": None, "explanation": why}}

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def server():
    started = Server()
    yield started
    started.shutdown()
    started.server_close()


@pytest.fixture(autouse=True)
def _keys(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)


def model_of(kind: str, server: Server, **settings):
    return open_model(
        f"{kind}:some-model", base_url=server.url + ("/v1" if kind == "openai" else ""), settings=settings
    )


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
    model = model_of("openai" if kind == "responses" else kind, server)
    if kind == "responses":  # the API of the provider itself, at an address of this machine
        model.connect = lambda **options: openai.OpenAI(**{**options, "base_url": f"{server.url}/v1"})
        model.base_url = None
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


def test_replies_are_made_sound_before_they_are_stored():
    reply = sound(ChatReply("a\ud800b", None, -3), "m")  # type: ignore[arg-type]
    assert (reply.text, reply.input_tokens, reply.output_tokens) == ("a?b", 0, 0)
    with pytest.raises(ProviderError, match="answered with a list in place of text"):
        sound(ChatReply(["a"]), "m")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nonsense", "is no web address"),
        ("ftp://x/v1", "is no web address"),
        ("http://localhost:99999/v1", "is no web address"),
        ("", "is no web address"),
        ("http://me:secret@localhost/v1", "would be stored with the run"),
        ("http://localhost/v1?api_key=secret", "would be stored with the run"),
    ],
)
def test_addresses_that_cannot_or_should_not_be_used_are_refused(address, words):
    with pytest.raises(InputError, match=words) as caught:
        open_model("openai:m", base_url=address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("key", ["schlüssel", "two\nlines", "bell\a"])
def test_keys_that_cannot_be_sent_are_refused(monkeypatch, key):
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(InputError, match="OPENAI_API_KEY holds characters that no key has"):
        open_model("openai:m")


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


def test_settings_have_kinds(server):
    model = model_of("openai", server, temperature="0.5", max_tokens="7", stop=["a", "b"], seed="3")
    model.complete(REQUEST)
    body = server.seen[-1][1]
    assert (body["temperature"], body["max_tokens"], body["stop"], body["seed"]) == (0.5, 7, ["a", "b"], 3)
    for name, value in {"temperature": "warm", "max_tokens": "0", "seed": ["1", "2"]}.items():
        with pytest.raises(InputError, match=name):
            model_of("openai", server, **{name: value})
    with pytest.raises(InputError, match="has no setting 'stop'"):
        open_model("openai:m", settings={"stop": "x"})


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


def test_chat_completions_with_settings_and_counts(server):
    reply = model_of("openai", server, temperature=0.5, max_tokens=100).complete(REQUEST)
    assert (reply.text, reply.input_tokens, reply.output_tokens, reply.stop) == ("hello", 11, 3, "length")
    path, body, headers = server.seen[0]
    assert path == "/v1/chat/completions"
    assert body["temperature"] == 0.5
    assert [m["role"] for m in body["messages"]] == ["system", "user"]
    assert headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_a_request_with_more_room_gets_more_tokens(server, kind):
    model = open_model(f"{kind}:x", base_url=f"{server.url}/v1", settings={"max_tokens": 500})
    model.complete(REQUEST)
    model.complete(dataclasses.replace(REQUEST, room=2))
    assert [server.seen[0][1]["max_tokens"], server.seen[-1][1]["max_tokens"]] == [500, 1000]


@pytest.mark.parametrize(("kind", "limits"), [("openai", [None, None]), ("anthropic", [16_000, 32_000])])
def test_more_room_needs_a_limit_that_is_given_or_that_the_api_wants(server, kind, limits):
    model = model_of(kind, server)
    model.complete(REQUEST)
    model.complete(dataclasses.replace(REQUEST, room=2))
    assert [server.seen[0][1].get("max_tokens"), server.seen[-1][1].get("max_tokens")] == limits


def test_more_room_is_part_of_a_requests_identity_and_the_usual_room_is_not():
    usual = ChatRequest(REQUEST.messages, ordinal="1")
    assert usual.key != dataclasses.replace(usual, room=2).key
    assert usual.key == "a975e896809880bd746d27909cedcdbf0abb8b299ef9ebebc4bb43364f5364d8"


def test_anthropic_messages_with_counts(server):
    reply = model_of("anthropic", server, temperature=0.3).complete(REQUEST)
    assert (reply.text, reply.input_tokens, reply.output_tokens, reply.stop) == ("hello", 12, 4, "stop")
    path, body, _ = server.seen[0]
    assert path == "/v1/messages"
    assert body["system"] == "You are brief."
    assert body["temperature"] == 0.3


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


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_a_setting_that_is_not_known_is_refused(server, kind):
    with pytest.raises(InputError, match="no setting 'heat'"):
        model_of(kind, server, heat=1.0)


def test_keys_come_from_a_file_too(server, tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    file = tmp_path / "key"
    file.write_text("sk-from-file\n")
    open_model("openai:m", base_url=server.url + "/v1", key_file=file).complete(REQUEST)
    assert server.seen[0][2]["authorization"] == "Bearer sk-from-file"
    file.write_text("two words")
    with pytest.raises(InputError, match="does not hold one key"):
        open_model("openai:m", key_file=file)
    with pytest.raises(MissingPart, match="OPENAI_API_KEY is not set"):
        open_model("openai:m")


def test_unknown_models_are_refused():
    with pytest.raises(InputError, match="Did you mean openai:"):
        open_model("opena:gpt")
    with pytest.raises(InputError, match="no name after the colon"):
        open_model("openai:")


def test_prices_are_unknown_unless_given(tmp_path, monkeypatch, server):
    reply = ChatReply("x", 1_000_000, 500_000)
    assert open_model("openai:some-model").price(reply) is None
    file = tmp_path / "prices.toml"
    file.write_text('"openai:some-model" = [2.0, 8.0]\n')
    monkeypatch.setenv("FIELDSMITH_PRICES", str(file))
    assert prices.cost("openai:some-model", reply) == pytest.approx(6.0)
    assert model_of("openai", server).price(reply) == pytest.approx(6.0), (
        "the person's own file names this server's price"
    )


def test_a_replay_finds_replies_and_shows_differences(tmp_path):
    file = tmp_path / "talk.jsonl"
    stored = {"messages": [{"role": m.role, "text": m.text} for m in REQUEST.messages], "settings": {}, "ordinal": "1"}
    write_replay(file, [(stored, ChatReply("hello", 5, 2), 0.01)])
    model = open_model(f"replay:{file}")
    reply = model.complete(ChatRequest(REQUEST.messages, ordinal="1"))
    assert (reply.text, model.price(reply)) == ("hello", 0.01)
    with pytest.raises(InputError, match=r"-Say hello\. \| \+Say goodbye\."):
        model.complete(ChatRequest((REQUEST.messages[0], Message("user", "Say goodbye.")), ordinal="1"))
    with pytest.raises(InputError, match="ordinal '1'"):
        model.complete(ChatRequest(REQUEST.messages, ordinal="2"))
    file.write_text("not json\n")
    with pytest.raises(InputError, match="is not valid"):
        open_model(f"replay:{file}")


def test_durations_are_no_part_of_a_requests_identity():
    def key(text):
        return ChatRequest((Message("user", text),)).key

    assert key("nRMSE 1e-3 in 0.12 s") == key("nRMSE 1e-3 in 7 s")
    assert key("nRMSE 1e-3 in 0.12 s") != key("nRMSE 2e-3 in 0.12 s")
