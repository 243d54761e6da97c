"""The official SDKs against a real HTTP server on this machine: settings, keys, addresses, token counts, prices, replays."""

import dataclasses

import pytest

from fieldsmith.errors import InputError, MissingPart, ProviderError
from fieldsmith.models import open_model, prices
from fieldsmith.models.chat_model import ChatReply, ChatRequest, Message, sound
from fieldsmith.models.keys import scrubbed
from fieldsmith.models.replay import write_replay
from provider_server import KEY, REQUEST, model_of


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


def test_drafts_from_one_prompt_have_seeds_of_their_own(server):
    model = model_of("openai", server, seed="3")
    for ordinal in ("1", "2", "1"):
        model.complete(dataclasses.replace(REQUEST, ordinal=ordinal))
    first, second, again = (body["seed"] for _, body, _ in server.seen[-3:])
    assert first == again != second


def test_anthropic_is_told_how_long_to_think(server):
    settings = {"reasoning_effort": "high", "thinking_tokens": 2000}
    open_model("anthropic:x", base_url=server.url, settings=settings).complete(REQUEST)
    body = server.seen[-1][1]
    assert body["output_config"] == {"effort": "high"}
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 2000}
    with pytest.raises(InputError, match="thinking_tokens must leave room for a reply, which has 3,000 tokens in all"):
        open_model("anthropic:x", base_url=server.url, settings={"thinking_tokens": 3000, "max_tokens": 3000})


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
def test_a_setting_that_is_not_known_is_refused(server, kind):
    with pytest.raises(InputError, match="no setting 'heat'"):
        model_of(kind, server, heat=1.0)


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("x", "Quota exceeded for [key]."),
        ("none", "Quota exceeded for [key]."),
        ("", "Quota exceeded for KEY."),
        ("sk-0123456789", "Quota exceeded for [key]."),
    ],
)
def test_a_key_is_shown_nowhere_and_a_short_one_spoils_no_word(key, shown):
    assert scrubbed("Quota exceeded for KEY.".replace("KEY", key or "KEY"), key) == shown


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
