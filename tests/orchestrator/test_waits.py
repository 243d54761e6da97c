"""A run says which file it waits for, for whom and since when, to other processes too; who has not answered is no candidate."""

import json
import subprocess
import sys
import time

import pytest

import fieldsmith as fs
from fieldsmith.agents.author import Draft
from fieldsmith.models.chat_model import ChatReply, ChatRequest, Message
from fieldsmith.orchestrator.store import Store, StoredModel
from fieldsmith.orchestrator.waits import candidate_of, waiting_of

REPLY = "```python\nimport numpy as np\n\n\ndef solver(u0_batch, t_coordinate, beta):\n    return np.repeat(u0_batch[:, None], len(t_coordinate), axis=1)\n```\n"


class Asking:
    label, note, priced = "asking:m", "", True
    receiving = may_go_on = None

    def __init__(self, fails: bool = False) -> None:
        self.heard, self.fails, self.seen = [], fails, []
        self.waiting = self.heard.append

    def complete(self, request: ChatRequest) -> ChatReply:
        self.seen.append(request.candidate)
        self.waiting("box/0002-reply.md")
        if self.fails:
            raise InterruptedError
        return ChatReply("hello")

    def price(self, reply: ChatReply) -> float:
        return 0.0


@pytest.fixture
def store(tmp_path):
    kept = Store(tmp_path / "run.sqlite")
    for slot in ("1", "2", "1.1"):
        kept.issue(slot, Draft(), "m")
    yield kept
    kept.close()


def test_what_is_waited_for_is_kept_until_it_is_there(store):
    request, model = ChatRequest((Message("user", "x"),), ordinal="2@5"), Asking(fails=True)
    with pytest.raises(InterruptedError):
        StoredModel(model, store).complete(request)
    (before,) = waiting_of(store.fact("waiting"), store.candidates())
    assert (before.candidate, before.slot, before.what) == (2, "2", "box/0002-reply.md")
    assert before.since.startswith(time.strftime("%Y-"))
    assert model.heard == ["box/0002-reply.md"]
    assert model.seen == [2]
    with pytest.raises(InterruptedError):
        StoredModel(Asking(fails=True), store).complete(request)
    assert waiting_of(store.fact("waiting"), store.candidates()) == (before,), "since the first sitting"
    StoredModel(Asking(), store).complete(request)
    assert waiting_of(store.fact("waiting"), store.candidates()) == ()


def test_a_request_belongs_to_the_candidate_of_its_slot(store):
    candidates = store.candidates()
    names = {"1": 1, "1@3": 1, "1.1+continue": 3, "2@-4--+shorter": 2, "3": None, "1.10": None}
    found = {ordinal: (one.id if (one := candidate_of(ordinal, candidates)) else None) for ordinal in names}
    assert found == names


@pytest.mark.slow
def test_others_see_what_a_run_waits_for(tmp_path):
    command = [sys.executable, "-m", "fieldsmith.cli.main", "solve", "advection", "--sandbox", "process", "--json"]
    options = ["--model", "mailbox:box", "--candidates", "2", "--debug-rounds", "0", "--strategy", "best-of-n"]
    box = tmp_path / "box"
    run = subprocess.Popen([*command, *options, "--run-dir", "run"], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    try:
        end = time.monotonic() + 120
        while not (box / "0002-prompt.md").exists():
            assert time.monotonic() < end
            time.sleep(0.05)
        (box / "0002-reply.md").write_text(REPLY)
        while len(fs.open_run(tmp_path / "run").record.written) < 1:
            assert time.monotonic() < end
            time.sleep(0.05)
        shown = subprocess.run(
            [sys.executable, "-m", "fieldsmith.cli.main", "runs", "show", str(tmp_path / "run"), "--json"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        told = json.loads(shown.stdout.splitlines()[-1])
        (waiting,) = told["waiting"]
        assert waiting["candidate"] == 1
        assert str(box / "0001-reply.md") in waiting["for"]
        assert told["candidates"] == 1
        (box / "0001-reply.md").write_text(REPLY)
        out, _ = run.communicate(timeout=120)
    finally:
        run.kill()
    result = json.loads(out.splitlines()[-1])
    assert (result["candidates"], result["waiting"], result["spend"]["estimated"]) == (2, [], True)
    assert result["spend"]["input_tokens"] > 1000
