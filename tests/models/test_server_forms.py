"""Servers that want to be asked in another form: other names of a limit, no words of the system."""

import pytest

from fieldsmith.errors import InputError, RequestRefused
from provider_server import REQUEST, model_of

REFUSED = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
UNKNOWN = "Unrecognized request argument supplied: max_completion_tokens"


@pytest.mark.parametrize(
    ("given", "words", "wanted"),
    [("max_tokens", REFUSED, "max_completion_tokens"), ("max_completion_tokens", UNKNOWN, "max_tokens")],
)
def test_a_limit_goes_out_under_the_name_that_a_server_wants(server, given, words, wanted):
    server.streams, server.unwanted, server.words = True, given, words
    model = model_of("openai", server, **{given: 800})
    assert [model.complete(REQUEST).text for _ in range(2)] == ["hi!", "hi!"]
    assert [body.get(wanted) for _, body, _ in server.seen] == [None, 800, 800]


def test_a_limit_has_one_name(server):
    with pytest.raises(InputError, match="are the same limit"):
        model_of("openai", server, max_tokens=1, max_completion_tokens=1)


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
@pytest.mark.parametrize(
    "words",
    [
        "System role not supported",
        "Only user and assistant roles are supported!",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        "Developer instruction is not enabled for models/gemma-3-27b-it",
        "Error rendering prompt with jinja template: System role not supported",
        "'system' is not one of ['user', 'assistant'] - 'messages.0.role'",
        "messages.0.role: Input should be 'user' or 'assistant'",
    ],
)
def test_what_the_system_says_goes_to_the_user_where_there_is_no_such_role(server, kind, words):
    server.streams, server.unwanted, server.words = True, "system", words
    model = model_of(kind, server)
    assert [model.complete(REQUEST).text for _ in range(2)] == ["hi!", "hi!"]
    sent = server.seen[-1][1]
    assert sent["messages"] == [{"role": "user", "content": "You are brief.\n\nSay hello."}]
    assert "system" not in sent
    refused = [body for _, body, _ in server.seen if body.get("system") or len(body["messages"]) > 1]
    assert len(refused) == 1, "the server's way is remembered"


def test_what_a_schema_refuses_is_understood(server):
    server.no_streams = (422, {"detail": [{"loc": ["body", "stream_options"], "msg": "extra fields not permitted"}]})
    assert model_of("openai", server).complete(REQUEST).text == "hello"
    assert [bool(body.get("stream")) for _, body, _ in server.seen] == [True, False]


def test_a_refusal_for_another_reason_is_told(server):
    server.streams, server.unwanted, server.words = True, "system", "The system is overloaded by this prompt"
    with pytest.raises(RequestRefused, match="The system is overloaded"):
        model_of("openai", server).complete(REQUEST)
