"""A real small model acts in an environment through both providers' tool calling: what it gets wrong is told, what it costs adds up, its episode ends."""

import json
from collections import Counter
from pathlib import Path

import pytest

import small_environment
from fieldsmith.models.chat_model import ChatModel, ChatReply, ChatRequest, ToolCall
from fieldsmith.orchestrator.episodes.question import EpisodeQuestion
from fieldsmith.orchestrator.episodes.run import open_run
from served_llm import Witness, small_model
from tool_llm import with_tools

pytestmark = [pytest.mark.needs("small-llm"), pytest.mark.slow]
ROOM = f"{Path(small_environment.__file__)}:Thermostat"
LED = (
    ("look", "{}"),
    ("heat", "{}"),
    ("heat", '{"degrees": 2}'),
    ("heat", '{"degrees": "two"}'),
    ("heat", '{"degrees": 1}'),
)
"""Calls of the first turns, from which it learns how to call."""
TOKENS = 5000
"""Of a run: enough for about four turns of its own."""
PRICE = (1.0, 2.0)


class Led(ChatModel):
    """The first turns are given, the others are the model's own."""

    def __init__(self, inner: ChatModel) -> None:
        self.inner, self.label, self.note, self.priced, self.calls_tools = (
            inner,
            inner.label,
            inner.note,
            inner.priced,
            True,
        )

    def complete(self, request: ChatRequest) -> ChatReply:
        turn = int(request.ordinal.rpartition("/")[2].partition("@")[0])
        if turn > len(LED):
            return self.inner.complete(request)
        name, arguments = LED[turn - 1]
        return ChatReply("", 1, 1, stop="calls", calls=(ToolCall(f"call{turn}", name, arguments),))

    def price(self, reply: ChatReply) -> float | None:
        return self.inner.price(reply)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with small_model(with_tools(tmp_path_factory.mktemp("model"))) as found:
        yield found


@pytest.fixture
def prices(tmp_path, monkeypatch):
    """A person's own table of prices."""
    file = tmp_path / "prices.toml"
    file.write_text("".join(f'"{kind}:smollm2" = {list(PRICE)}\n' for kind in ("openai", "anthropic")))
    monkeypatch.setenv("FIELDSMITH_PRICES", str(file))


def acted(kind: str, witness: Witness, folder: Path):
    """A run of the small model in the room; its result, and the records of the turns that are its own."""
    question = EpisodeQuestion(
        ROOM,
        model=f"{kind}:smollm2",
        base_url=f"http://127.0.0.1:{witness.server_port}{'/v1' if kind == 'openai' else ''}",
        model_options={"max_tokens": 40, "temperature": 0.7},
        steps=10,
        window=4,
        format_errors=8,
        max_tokens=TOKENS,
        run_dir=folder,
    )
    run = open_run(question)
    assert run.model is not None
    run.model = Led(run.model)
    played = run.run()
    episode = json.loads((folder / "episodes" / "0001.json").read_text())
    return played, episode


@pytest.mark.parametrize("kind", ["openai", "anthropic"])
def test_it_is_told_what_it_gets_wrong_and_ends_by_its_caps(address, tmp_path, kind, prices):
    witness = Witness(address, whole=True)  # it is to learn from what was said
    played, episode = acted(kind, witness, tmp_path / "run")
    witness.shutdown()
    own = episode["turns"][len(LED) :]
    records = [record for turn in own for record in turn["records"]]
    statuses = Counter(record["status"] for record in records)
    print(kind, dict(statuses), [len(turn["calls"]) for turn in own])
    assert sum(bool(turn["calls"]) for turn in own) >= 1
    assert set(statuses) <= {"success", "parse_error", "validation_error", "runtime_error", "timeout"}
    assert all(record["text"] for record in records)
    assert episode["end"]["truncated"] or episode["end"]["terminated"]
    assert episode["end"]["status"] == "budget_exceeded" or episode["end"]["action"] == "submit"
    read, written = (sum(turn["usage"][name] for turn in own) for name in ("input_tokens", "output_tokens"))
    assert read == witness.total("prompt_tokens", "input_tokens", "cache_read_input_tokens") > 1000
    assert written == witness.total("completion_tokens", "output_tokens") > 0
    assert played["spend"]["usd"] == pytest.approx(
        (PRICE[0] * (read + len(LED)) + PRICE[1] * (written + len(LED))) / 1e6
    )
