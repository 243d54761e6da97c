"""What replies cost: the shipped table, a person's own, caches of prompts, and attempts that came to nothing."""

import tomllib
from dataclasses import replace
from datetime import date
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldsmith.agents.costs import usage_of
from fieldsmith.errors import InputError
from fieldsmith.models import open_model, prices
from fieldsmith.models.chat_model import ChatReply, ChatRequest, Message
from fieldsmith.models.prices import Price
from fieldsmith.orchestrator.store import Store, StoredModel
from provider_server import REQUEST, model_of, responding

LONG = "The task, told at length. " * 400
ASKED = ChatRequest((Message("system", "Be brief."), Message("user", f"{LONG}\n\nDraft.", stable=len(LONG))))


def test_every_price_that_comes_along_has_a_day_and_a_source():
    told = tomllib.loads((files("fieldsmith.models") / "prices.toml").read_text())
    assert told.keys() == {"anthropic", "openai"}
    for provider, part in told.items():
        assert isinstance(part["read"], date)
        assert part["source"].startswith("https://")
        assert part.get("up_to", {}).keys() <= part["models"].keys()
        for name in part["models"]:
            price = prices.shipped(f"{provider}:{name}")
            assert price is not None
            assert 0.0 < (price.cache_read or 0.01) <= price.input < price.output


def test_a_dated_version_has_its_models_price_unless_it_has_its_own():
    assert prices.shipped("openai:gpt-4o-2024-11-20") == prices.shipped("openai:gpt-4o")
    assert prices.shipped("openai:gpt-4o-2024-05-13") == Price(5.0, 15.0)
    assert prices.shipped("anthropic:claude-haiku-4-5-20251001") == prices.shipped("anthropic:claude-haiku-4-5")
    assert prices.shipped("openai:gpt-4o-of-somebody") is None


def test_a_list_price_holds_at_the_providers_own_server_only(monkeypatch, tmp_path, server):
    reply = ChatReply("x", 1_000_000, 1_000_000)
    assert open_model("openai:gpt-4.1").price(reply) == pytest.approx(10.0)
    elsewhere = open_model("openai:gpt-4.1", base_url=server.url + "/v1")
    assert (elsewhere.priced, elsewhere.price(reply)) == (False, None)
    (tmp_path / "p.toml").write_text('"openai:gpt-4.1" = [1.0, 2.0, 0.1]\n')
    monkeypatch.setenv("FIELDSMITH_PRICES", str(tmp_path / "p.toml"))
    for base in (None, server.url + "/v1"):
        assert open_model("openai:gpt-4.1", base_url=base).price(reply) == pytest.approx(3.0), "one's own goes first"


@pytest.mark.parametrize("line", ["[1.0]", "[1, 2, 3, 4, 5]", "[-1.0, 2.0]", "[nan, 2.0]", '"cheap"', '["a", "b"]'])
def test_a_price_that_is_none_is_refused(monkeypatch, tmp_path, line):
    (tmp_path / "p.toml").write_text(f'"openai:m" = {line}\n')
    monkeypatch.setenv("FIELDSMITH_PRICES", str(tmp_path / "p.toml"))
    with pytest.raises(InputError, match=r"price file .* cannot be read"):
        prices.listed("openai:m")


def test_tokens_of_a_cache_have_prices_of_their_own():
    price = Price(3.0, 15.0, 0.3, 3.75)
    reply = ChatReply("x", 1_000_000, 0, cached_tokens=600_000, cache_written_tokens=100_000)
    assert price.cost(reply) == pytest.approx(0.3 * 3.0 + 0.6 * 0.3 + 0.1 * 3.75)
    assert Price(3.0, 15.0).cost(reply) == pytest.approx(0.9 * 3.0 + 0.1 * 3.75), "never too little"


def test_beyond_the_longest_prompt_the_price_is_unknown():
    reply = ChatReply("x", 272_001, 10)
    assert prices.cost("openai:gpt-5.4", reply) is None
    assert prices.cost("openai:gpt-5.4", replace(reply, input_tokens=272_000)) is not None


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0, 1), st.floats(0, 1))
def test_a_saving_is_what_no_cache_would_have_cost_more(read, written, cached, stored):
    kept = int(read * cached)
    reply = ChatReply("", read, written, cached_tokens=kept, cache_written_tokens=int((read - kept) * stored))
    without = replace(reply, cached_tokens=0, cache_written_tokens=0)
    paid, whole = (prices.cost("anthropic:claude-sonnet-4-6", one) or 0.0 for one in (reply, without))
    assert prices.saving("anthropic:claude-sonnet-4-6", reply) == pytest.approx(whole - paid, abs=1e-12)


@pytest.mark.parametrize(
    ("kind", "usage", "counts"),
    [
        (
            "openai",
            {"prompt_tokens": 50, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 40}},
            (50, 7, 40, 0),
        ),
        ("openai", {"prompt_tokens": 50, "completion_tokens": 7, "prompt_cache_hit_tokens": 32}, (50, 7, 32, 0)),
        ("openai", {"prompt_tokens": 50, "completion_tokens": 7, "prompt_tokens_details": None}, (50, 7, 0, 0)),
        (
            "responses",
            {"input_tokens": 50, "output_tokens": 7, "total_tokens": 57, "input_tokens_details": {"cached_tokens": 40}},
            (50, 7, 40, 0),
        ),
        (
            "anthropic",
            {"input_tokens": 10, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 5, "output_tokens": 7},
            (45, 7, 30, 5),
        ),
    ],
)
def test_cached_tokens_are_read_in_all_three_apis(server, kind, usage, counts):
    if kind == "openai":
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}
        server.answer = {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [choice],
            "usage": usage,
        }
    elif kind == "responses":
        said = {"type": "message", "id": "2", "role": "assistant", "status": "completed"}
        text = {"type": "output_text", "text": "hello", "annotations": []}
        server.answer = {
            **{"id": "1", "object": "response", "created_at": 1, "model": "m", "status": "completed", "usage": usage},
            **{
                "output": [{**said, "content": [text]}],
                "tools": [],
                "tool_choice": "auto",
                "parallel_tool_calls": False,
            },
        }
    else:
        content = [{"type": "text", "text": "hello"}]
        server.answer = {
            "id": "1",
            "type": "message",
            "role": "assistant",
            "model": "m",
            "content": content,
            "stop_reason": "end_turn",
            "usage": usage,
        }
    reply = (responding(server) if kind == "responses" else model_of(kind, server)).complete(REQUEST)
    assert (reply.input_tokens, reply.output_tokens, reply.cached_tokens, reply.cache_written_tokens) == counts


def test_anthropic_is_told_what_it_may_keep_and_the_text_stays_the_same(server):
    model_of("anthropic", server).complete(ASKED)
    head, tail = server.seen[-1][1]["messages"][0]["content"]
    assert head["cache_control"] == {"type": "ephemeral"}
    assert "cache_control" not in tail
    assert head["text"] + tail["text"] == ASKED.messages[1].text
    assert head["text"] == LONG
    short = replace(ASKED, messages=(Message("user", "Short.\n\nDraft.", stable=6),))
    model_of("anthropic", server).complete(short)
    assert server.seen[-1][1]["messages"][0]["content"] == "Short.\n\nDraft."
    assert ASKED.key == replace(ASKED, messages=tuple(replace(m, stable=0) for m in ASKED.messages)).key


def test_a_server_that_keeps_nothing_is_asked_without(server):
    server.unwanted, server.words = "", "content.0.cache_control: Extra inputs are not permitted"
    server.refused_in_content = "cache_control"
    model = model_of("anthropic", server)
    assert [model.complete(ASKED).text for _ in range(2)] == ["hello", "hello"]
    assert [isinstance(body["messages"][0]["content"], list) for _, body, _ in server.seen] == [True, False, False] + [
        False
    ] * (len(server.seen) - 3)


class Priced:
    """A model whose replies come from a cache, after an attempt that broke off."""

    label, note, priced = "anthropic:claude-sonnet-4-6", "", True
    waiting = receiving = may_go_on = lost = staticmethod(lambda *_: None)

    def complete(self, request: ChatRequest) -> ChatReply:
        self.lost(request, 1000, 200)
        return ChatReply("x", 10_000, 100, cached_tokens=8_000)

    def price(self, reply: ChatReply) -> float | None:
        return prices.cost(self.label, reply)

    def saving(self, reply: ChatReply) -> float | None:
        return prices.saving(self.label, reply)


def test_a_reply_carries_what_was_lost_before_it_and_a_usage_what_was_saved(tmp_path):
    store = Store(tmp_path / "run.sqlite")
    model = StoredModel(Priced(), store)
    reply = model.complete(replace(REQUEST, ordinal="1"))
    usage = usage_of(model, reply)
    assert (usage.input_tokens, usage.output_tokens, usage.lost_tokens, usage.estimated) == (11_000, 300, 1200, True)
    assert usage.usd == pytest.approx((3000 * 3.0 + 8000 * 0.3 + 300 * 15.0) / 1e6)
    assert usage.saved_usd == pytest.approx(8000 * 2.7 / 1e6)
    assert model.used[0] == 11_300
    assert store.replies()[0][1] == reply
    assert store.lost().lost_tokens == 0
    store.close()


def test_what_was_lost_for_a_reply_that_never_came_is_in_the_spend(tmp_path):
    store = Store(tmp_path / "run.sqlite")
    inner = Priced()
    StoredModel(inner, store)
    for _ in range(2):
        inner.lost(replace(REQUEST, ordinal="1"), 1000, 200)
    assert (store.lost().input_tokens, store.lost().output_tokens) == (2000, 400)
    assert store.lost().usd == pytest.approx((2000 * 3.0 + 400 * 15.0) / 1e6)
    assert (
        StoredModel(Priced(), store, tokens=2400).complete(replace(REQUEST, ordinal="2+continue")).stop == "not asked"
    )
    store.close()
