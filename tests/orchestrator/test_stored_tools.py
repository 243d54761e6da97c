"""A run's store and requests with tools: nothing is asked twice, and a server that takes none is remembered."""

from dataclasses import replace

import pytest

from fieldsmith.errors import ToolsRefused
from fieldsmith.models.chat_model import FURTHER, ChatModel, ChatReply, ChatRequest, Message, Tool, ToolCall
from fieldsmith.orchestrator.store import Store, StoredModel

REQUEST = ChatRequest(
    (Message("user", "Solve it."),), ordinal="1", tools=(Tool("run", "Runs a program.", {"type": "object"}),)
)
REPLY = ChatReply("", calls=(ToolCall("a", "run", "{}"),), kept=({"signature": "signed"},))


class Calling(ChatModel):
    """Calls a tool, or takes none."""

    label, calls_tools = "test:calling", True

    def __init__(self, refuses: bool = False) -> None:
        self.asked, self.refuses = 0, refuses

    def complete(self, request: ChatRequest) -> ChatReply:
        self.asked += 1
        if self.refuses and request.tools:
            raise ToolsRefused("No tools here.")
        return REPLY if request.tools else ChatReply("In words.")


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "run.sqlite")
    yield opened
    opened.close()


def test_a_reply_with_calls_is_stored_and_asked_for_once(store):
    inner = Calling()
    first = StoredModel(inner, store).complete(REQUEST)
    again = StoredModel(inner, store).complete(REQUEST)
    assert (first, inner.asked) == (again, 1)
    assert (first.calls, first.kept, first.stop) == (REPLY.calls, REPLY.kept, "calls")
    assert first.output_tokens > 0
    assert first.estimated


@pytest.mark.parametrize("ordinal", ["1", f"1{FURTHER}turn"])
def test_a_run_remembers_that_its_model_takes_no_tools(store, ordinal):
    model = StoredModel(Calling(refuses=True), store)
    assert model.calls_tools
    with pytest.raises(ToolsRefused):
        model.complete(replace(REQUEST, ordinal=ordinal))
    assert not model.calls_tools
    assert model.complete(replace(REQUEST, tools=(), ordinal=ordinal)).text == "In words."
    assert not StoredModel(Calling(), store).calls_tools, "a later sitting asks in the same way"
