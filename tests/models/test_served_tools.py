"""A real small model calls a tool: through a child process, and over HTTP by the official SDKs."""

import pytest

from fieldsmith.errors import ToolsRefused
from fieldsmith.models import open_model
from fieldsmith.models.chat_model import ChatModel, ChatRequest, Message
from served_llm import small_model
from tool_llm import WEATHER, asked_for_weather, small_model_file, with_tools

pytestmark = pytest.mark.needs("small-llm")
SETTINGS = {"max_tokens": "40", "temperature": "0"}


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return with_tools(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def address(file):
    with small_model(file) as found:
        yield found


@pytest.fixture(params=["gguf", "openai", "openai at once", "anthropic", "anthropic at once"])
def model(request, file):
    kind, _, at_once = request.param.partition(" ")
    if kind == "gguf":
        opened = open_model(f"gguf:{file}", settings={**SETTINGS, "context": "1024"})
    else:
        address = request.getfixturevalue("address")
        opened = open_model(f"{kind}:m", base_url=address + ("/v1" if kind == "openai" else ""), settings=SETTINGS)
    if at_once:
        opened._form = type(opened._form)(streams=False)  # type: ignore[attr-defined]
    yield opened
    getattr(opened, "close", lambda: None)()


@pytest.mark.slow
def test_a_model_calls_a_tool_and_reads_its_result(model: ChatModel):
    request = asked_for_weather()
    reply = model.complete(request)
    (call,) = reply.calls
    assert (call.name, call.values, reply.stop) == ("get_weather", {"city": "Paris"}, "calls")
    assert (reply.text.strip(), model.calls_tools) == ("", True)
    turns = (*request.messages, reply.turn, Message("tool", "foggy", call_id=call.id))
    told = model.complete(ChatRequest(turns, tools=request.tools, ordinal="2"))
    assert told.input_tokens > reply.input_tokens > 100
    assert told.text.strip()


@pytest.mark.slow
def test_a_model_whose_template_has_no_place_for_tools_is_asked_for_none():
    opened = open_model(f"gguf:{small_model_file()}", settings={**SETTINGS, "context": "512"})
    asked = (Message("user", "What is the weather in Paris?"),)
    try:
        with pytest.raises(ToolsRefused, match="has no place for tools"):
            opened.complete(ChatRequest(asked, tools=(WEATHER,)))
        assert not opened.calls_tools
        assert opened.complete(ChatRequest(asked)).text
    finally:
        opened.close()  # type: ignore[attr-defined]
