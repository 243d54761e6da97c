"""Limits of tokens and dollars where no server counts, and replies that never end."""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import fieldsmith as fs
from fieldsmith.agents.author import Candidate, Proposal, Usage
from fieldsmith.errors import ProviderError
from fieldsmith.models import hearing, open_model, prices
from fieldsmith.models.chat_model import FURTHER, NOT_ASKED, ChatModel, ChatReply, ChatRequest, Message
from fieldsmith.models.counting import prompt_tokens, tokens_of
from fieldsmith.models.prices import Price
from fieldsmith.orchestrator.budget import Budget, spent
from fieldsmith.orchestrator.meter import LEAST, UPPER, Meter
from fieldsmith.orchestrator.record import load_run
from fieldsmith.orchestrator.run import RunRecord
from fieldsmith.orchestrator.store import Store, StoredModel
from provider_server import HURRIED

ASKED = ChatRequest((Message("user", "Write a solver. " * 50),), ordinal="1")
CHUNK = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}


class Endless(ThreadingHTTPServer):
    """Streams what `part` makes for ever, to everybody; `open` are the streams that nobody has closed yet."""

    daemon_threads = True

    def __init__(self, part: bytes, kind: str = "text/event-stream") -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.part, self.kind, self.ended = part, kind, threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def model(self, kind: str = "openai", **settings: object):
        base = f"http://127.0.0.1:{self.server_port}{'/v1' if kind == 'openai' else ''}"
        return open_model(f"{kind}:m", base_url=base, settings=settings)


class Handler(BaseHTTPRequestHandler):
    server: Endless

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", self.server.kind)
        self.end_headers()
        try:
            while True:
                self.wfile.write(self.server.part)
        except OSError:
            self.server.ended.set()

    def log_message(self, *_: object) -> None: ...


def chunk(delta: dict) -> bytes:
    return b"data: " + json.dumps({**CHUNK, "choices": [{"index": 0, "delta": delta}]}).encode() + b"\n\n"


def event(kind: str, **fields: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


@pytest.fixture
def store(tmp_path):
    kept = Store(tmp_path / "run.sqlite")
    yield kept
    kept.close()


class Silent:
    """A model that says nothing of tokens; its replies are `size` characters."""

    label, note, priced = "silent:m", "", True
    waiting = receiving = may_go_on = None

    def __init__(self, size: int = 4000) -> None:
        self.size, self.asked = size, 0

    def complete(self, request: ChatRequest) -> ChatReply:
        self.asked += 1
        return ChatReply("x" * self.size)

    def price(self, reply: ChatReply) -> float:
        return (reply.input_tokens + 2 * reply.output_tokens) / 1e6


def test_tokens_that_no_server_counted_are_estimated_and_said_to_be(store):
    reply = StoredModel(Silent(), store).complete(ASKED)
    assert (reply.input_tokens, reply.output_tokens, reply.estimated) == (prompt_tokens(ASKED), 1000, True)
    assert store.replies()[0][2] == pytest.approx((prompt_tokens(ASKED) + 2000) / 1e6)
    assert store.replies()[0][1].estimated


def test_counts_of_a_server_are_kept_and_only_what_lacks_is_estimated(store):
    model = Silent()
    model.complete = lambda request: ChatReply("x" * 400, 12, 34)
    reply = StoredModel(model, store).complete(ASKED)
    assert (reply.input_tokens, reply.output_tokens, reply.estimated) == (12, 34, False)
    model.complete = lambda request: ChatReply("x" * 400, 0, 34)
    reply = StoredModel(model, store).complete(ChatRequest(ASKED.messages, ordinal="2"))
    assert (reply.input_tokens, reply.output_tokens, reply.estimated) == (prompt_tokens(ASKED), 34, True)


def test_an_estimate_follows_the_script_of_the_text():
    assert tokens_of("") == 0
    assert tokens_of("abcd" * 10) == 10
    assert tokens_of("求解方程" * 10) == 30


@pytest.mark.parametrize("part", [{"content": "# on\n" * 30}, {"reasoning_content": "hm " * 40}])
@pytest.mark.parametrize("limit", [{"tokens": 5000}, {"usd": 0.01}])
def test_a_reply_without_end_is_cut_off_at_what_is_left(store, part, limit):
    server = Endless(chunk(part))
    inner = server.model()
    inner.price = Silent().price
    reply = StoredModel(inner, store, **limit).complete(ASKED)
    assert reply.stop == "length"
    assert reply.input_tokens + reply.output_tokens == pytest.approx(5000, rel=0.05)
    assert server.ended.wait(30), "the server goes on"
    server.shutdown()


@pytest.mark.slow
def test_a_message_without_end_is_cut_off_too(store):
    server = Endless(event("content_block_delta", index=0, delta={"type": "text_delta", "text": "# on\n" * 30}))
    reply = StoredModel(server.model("anthropic"), store, tokens=3000).complete(ASKED)
    assert (reply.stop, reply.text[:5]) == ("length", "# on\n")
    server.shutdown()


def test_a_command_without_end_is_cut_off_too(store):
    reply = StoredModel(open_model("command:yes"), store, tokens=3000).complete(ASKED)
    assert reply.stop == "length"
    assert reply.output_tokens < 10_000_000


def test_without_a_limit_a_reply_far_beyond_any_program_is_cut_off(store, monkeypatch):
    monkeypatch.setattr(hearing, "LONGEST", 50_000)
    server = Endless(chunk({"content": "# on\n" * 300}))
    reply = StoredModel(server.model(), store).complete(ASKED)
    assert reply.stop == "length"
    assert 50_000 < len(reply.text) < 60_000
    server.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "words"),
    [
        (chunk({}), "50 parts without a word|did not answer in time"),
        (b": keep-alive\n\n", "did not answer in time"),
        (event("ping"), "did not answer in time"),
    ],
)
def test_a_stream_of_nothing_ends(monkeypatch, part, words):
    monkeypatch.setattr(hearing, "MOST_EMPTY", 50)
    server = Endless(part)
    model = server.model("openai" if b"ping" not in part else "anthropic", timeout=1)
    with pytest.raises(ProviderError, match=words):
        model.complete(ASKED)
    assert server.ended.wait(30), "the server goes on"
    server.shutdown()


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        (b" " * 1000, "application/json"),
        (b"data: x" * 100, "text/event-stream"),
        (b"data: x\n" * 100, "text/event-stream"),
    ],
)
def test_an_answer_or_an_event_without_end_ends(monkeypatch, part, kind):
    monkeypatch.setattr(hearing, "MOST_BYTES", 100_000)
    server = Endless(part, kind)
    model = server.model()
    model.patience = HURRIED
    with pytest.raises(ProviderError, match=r"answered|broke off"):
        model.complete(ASKED)
    server.shutdown()


@pytest.mark.slow
def test_what_came_before_the_time_was_up_is_kept_as_cut_off():
    server = Endless(b": wait\n\n")
    first = chunk({"content": "# begun\n"})
    sent = Handler.do_POST

    def once(self):
        self.server.part, later = first + b": wait\n\n", self.server.part
        threading.Timer(0.2, lambda: setattr(self.server, "part", later)).start()
        sent(self)

    server.RequestHandlerClass = type("Once", (Handler,), {"do_POST": once})
    reply = server.model(timeout=1).complete(ASKED)
    assert reply.stop == "length"
    assert reply.text.startswith("# begun\n")
    server.shutdown()


def test_nothing_further_is_asked_for_a_reply_when_the_limit_is_reached(store):
    inner = Silent()
    model = StoredModel(inner, store, tokens=1000)
    model.complete(ASKED)
    reply = model.complete(ChatRequest(ASKED.messages, ordinal=f"1{FURTHER}continue"))
    assert (reply.text, reply.stop, inner.asked) == ("", NOT_ASKED, 1)


def test_replies_on_their_way_count_together(store):
    model = StoredModel(Silent(), store, tokens=20_000)
    others = [ChatRequest(ASKED.messages, ordinal=str(n)) for n in range(4)]
    assert all(model.may_go_on(request, 4 * 4000) for request in others)
    assert [model.may_go_on(request, 4 * 5000) for request in others] == [True, True, True, False]
    assert model.may_go_on(others[0], 4 * LEAST - 4)


def test_a_run_ends_at_its_limit_by_an_estimate(store):
    history = [Candidate(1, "1", "draft", proposal=Proposal(None, reply="x", usage=Usage(600, 400, None, 1.0, True)))]
    spend = spent(history, 1.0)
    assert Budget(tokens=1000).refusal(history, spend) == (
        "the budget of 1000 tokens is spent, by an estimate, as not all tokens were counted"
    )
    assert spend.estimated


class Tiered(Silent):
    """Has the prices of a model whose list says nothing of prompts beyond so many tokens."""

    longest = 20_000

    def __init__(self, read: int = 0, written: int = 0, rates: Price | None = None) -> None:
        super().__init__()
        self.read, self.written = read, written
        self.rates = rates or Price(2.0, 8.0, up_to=self.longest)

    def complete(self, request: ChatRequest) -> ChatReply:
        self.asked += 1
        return ChatReply("x", self.read, self.written)

    def price(self, reply: ChatReply) -> float | None:
        return self.rates.cost(reply)


@pytest.mark.parametrize("label", ["openai:gpt-5.4", "openai:gpt-5.5", "anthropic:claude-sonnet-4-5"])
def test_prompts_of_models_whose_price_ends_somewhere_are_not_free(label):
    model = Silent()
    model.price = lambda reply: prices.cost(label, reply)
    rate = prices.shipped(label).input
    prompt = ChatRequest((Message("user", "x" * 400_000),), ordinal="1")
    usd = rate * prompt_tokens(prompt) / 1e6
    assert not Meter(model, usd=usd).has_room(prompt)
    assert Meter(model, usd=2 * usd).has_room(prompt)


def test_a_reply_to_a_prompt_beyond_its_price_is_charged_at_the_upper_rate_in_this_sitting_and_the_next(store):
    beyond = 100_000 * UPPER * 2.0 / 1e6 + 1000 * UPPER * 8.0 / 1e6
    inner = Tiered(100_000, 1000)
    model = StoredModel(inner, store, usd=1.0)
    model.complete(ASKED)
    assert store.replies()[0][2] is None, "no price is made up"
    assert model.used == (101_000, pytest.approx(beyond))
    again = StoredModel(Tiered(), store, usd=1.0)
    assert again.used == (101_000, pytest.approx(beyond))
    model = StoredModel(inner, store, usd=1.5 * beyond)
    model.complete(ChatRequest(ASKED.messages, ordinal="2"))
    assert not model.may_go_on(ChatRequest(ASKED.messages, ordinal="3"), 4 * LEAST)


def test_a_prompt_on_its_way_that_is_beyond_its_price_counts_at_the_upper_rate():
    prompt = ChatRequest((Message("user", "x" * 400_000),), ordinal="1")
    usd = 2.0 * prompt_tokens(prompt) / 1e6
    assert not Meter(Tiered(), usd=1.5 * usd).has_room(prompt)
    assert not Meter(Tiered(), usd=1.5 * usd).may_go_on(prompt, 4 * LEAST)
    assert Meter(Tiered(), usd=3.0 * usd).may_go_on(prompt, 4 * LEAST)


def of_unknown_price(count: int) -> list[Candidate]:
    proposal = Proposal(None, reply="x", usage=Usage(100_000, 1000, None))
    return [Candidate(n, str(n), "draft", proposal=proposal) for n in range(1, count + 1)]


def test_a_reply_of_unknown_price_leaves_the_limit_of_dollars_on(store):
    model = StoredModel(Tiered(100_000, 1000), store, usd=1.0)
    budget = Budget(candidates=99, usd=1.0, charged=lambda: model.used[1])
    asked = 0
    while not (why := budget.refusal(of_unknown_price(asked), spent(of_unknown_price(asked), 1.0))):
        assert budget.affordable(of_unknown_price(asked), spent(of_unknown_price(asked), 1.0)) > 0
        asked += 1
        model.complete(ChatRequest(ASKED.messages, ordinal=str(asked)))
    assert asked == 3, "0.416 dollars each"
    assert why == "the budget of 1 dollar is spent, replies of unknown price taken at 2 times the known rates"
    assert spent(of_unknown_price(asked), 1.0).usd is None


def test_where_no_rate_is_known_either_a_reply_without_a_price_ends_the_run_and_says_why(store):
    class Unpriced(Silent):
        def price(self, reply: ChatReply) -> float | None:
            return None

    model = StoredModel(Unpriced(), store, usd=5.0)
    model.complete(ASKED)
    budget = Budget(candidates=9, usd=5.0, charged=lambda: model.used[1])
    history = of_unknown_price(1)
    words = "a reply came whose price is not known, so the budget of 5 dollars cannot be kept any longer"
    assert budget.refusal(history, spent(history, 1.0)) == words
    assert budget.affordable(history, spent(history, 1.0)) == 0
    unlimited = StoredModel(Unpriced(), store, tokens=10_000)
    assert unlimited.may_go_on(ChatRequest(ASKED.messages, ordinal="2"), 4 * LEAST)
    assert Budget(candidates=9).refusal(history, spent(history, 1.0)) == ""


@pytest.mark.slow
def test_a_run_whose_prompts_are_beyond_their_price_ends_at_its_limit_and_is_taken_up_with_a_higher_one(tmp_path):
    class Beyond(ChatModel):
        label, priced = "beyond:m", True

        def complete(self, request: ChatRequest) -> ChatReply:
            program = "def solver(u0_batch, t_coordinate, beta):\n    raise ValueError('no')\n"
            return ChatReply(f"```python\n{program}```\n", 100_000, 1000)

        def price(self, reply: ChatReply) -> float | None:
            return Price(2.0, 8.0, up_to=20_000).cost(reply)

    def run(usd: float) -> RunRecord:
        asked = {"strategy": "best-of-n", "debug_rounds": 0, "sandbox": "process", "quiet": True, "in_flight": 1}
        fs.solve("advection", tmp_path / "run", model=Beyond(), candidates=8, max_cost=usd, **asked)
        return load_run(tmp_path / "run")

    short, longer = run(1.0), run(2.0)
    assert len(short.candidates) == 3, "0.416 dollars each"
    assert "the budget of 1 dollar is spent, replies of unknown price taken at 2 times" in short.message
    assert (len(longer.candidates), longer.spend.usd) == (5, None)


def test_memory_stays_bounded_by_a_stream_of_nothing(monkeypatch):
    kept = hearing.Hearing(ASKED, lambda *_: None, lambda *_: True, 60.0)
    for _ in kept.parts(range(10_000)):
        kept.take("", "")
    assert sys.getsizeof(kept._text) < 200
    assert time.monotonic() < kept._end
