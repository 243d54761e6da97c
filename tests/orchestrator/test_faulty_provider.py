"""Whole runs in front of a provider that misbehaves: everything arrives, is paid for once, and what was paid is known."""

import json
import subprocess
import sys

import pytest

import fieldsmith as fs
from faulty_runs import run_against, useful
from faulty_server import DEAD_KEY, KEY, KINDS, FaultyServer, behind
from fieldsmith.errors import MissingPart
from fieldsmith.models.retrying import Patience
from served_llm import small_model
from small_task import SOURCE

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("half", [0, 1])
def test_forty_candidates_arrive_whatever_a_provider_does_and_each_is_paid_for_once(tmp_path, half):
    kinds = KINDS[half::2]
    server = FaultyServer(useful, seed=7, kinds=kinds)
    outcome = run_against(server, tmp_path, KEY)
    server.shutdown()
    candidates = outcome.run.record.candidates
    assert outcome.run.state == "done"
    assert len(candidates) == 40
    assert all(c.evaluation is not None for c in candidates)
    assert {kind for _, kind in server.injected} == set(kinds)
    assert sorted(outcome.replies) == sorted(server.whole), "every whole reply is kept, and nothing else"
    assert set(server.whole.values()) == {1}
    without = [c.proposal.problem for c in candidates if c.proposal and c.proposal.program is None]
    assert all("filter" in words or "too long" in words for words in without), without
    for kind, (charged, counted) in outcome.by_kind().items():
        assert counted == pytest.approx(charged, rel=0.1), kind
    assert outcome.counted == pytest.approx(outcome.charged, rel=0.02)
    assert outcome.run.record.spend.estimated


def test_after_a_rate_limit_nobody_asks_until_it_is_over(tmp_path):
    server = FaultyServer(useful, share=0.15, seed=3, kinds=("429, Retry-After in seconds",))
    outcome = run_against(server, tmp_path, KEY, candidates=16)
    server.shutdown()
    limited = [at for at, kind in server.times if kind]
    assert limited
    assert len(outcome.run.record.candidates) == 16
    for at in limited:
        # What was on its way already may still arrive; the gate is shut when the answer is there.
        assert not [t for t, _ in server.times if at + 0.5 < t < at + 0.95]


def test_a_key_that_dies_ends_the_run_in_one_sentence_and_another_key_takes_it_up(tmp_path):
    server = FaultyServer(useful, share=0.2, seed=5, kinds=("500", "cut stream", "no usage"), dies_after=9)
    with pytest.raises(MissingPart, match=r"refuses the key \(401\): This key was revoked\.") as caught:
        run_against(server, tmp_path, DEAD_KEY, candidates=20)
    assert DEAD_KEY not in str(caught.value)
    before = dict(server.whole)
    assert fs.open_run(tmp_path / "run").state in ("interrupted", "failed")
    outcome = run_against(server, tmp_path, KEY, candidates=20)
    server.shutdown()
    assert outcome.run.state == "done"
    assert len(outcome.run.record.candidates) == 20
    assert len(before) >= 9
    assert set(server.whole.values()) == {1}, "nothing that had arrived is asked for again"
    assert outcome.counted == pytest.approx(outcome.charged, rel=0.02), "those lost under the dead key are counted too"


def test_a_dead_key_ends_the_command_with_its_exit_code(tmp_path, monkeypatch):
    server = FaultyServer(useful, share=0.0, dies_after=2)
    (tmp_path / "twice.py").write_text(SOURCE)
    command = [
        *(sys.executable, "-m", "fieldsmith.cli.main", "solve", "twice.py", "--json", "--run-dir", "run"),
        *("--model", "openai:m", "--base-url", server.url, "--candidates", "4", "--sandbox", "process"),
        *("--model-option", "seed=0", "--in-flight", "1"),
    ]
    ended = []
    for key in (DEAD_KEY, KEY):
        monkeypatch.setenv("OPENAI_API_KEY", key)
        ended.append(subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False))
    server.shutdown()
    first, second = ended
    assert first.returncode == MissingPart.exit_code
    assert "Traceback" not in first.stderr
    assert json.loads(first.stdout.splitlines()[-1])["message"].count("refuses the key") == 1
    assert second.returncode == 0, second.stderr
    assert set(server.whole.values()) == {1}
    assert DEAD_KEY not in "".join(f.read_text(errors="replace") for f in (tmp_path / "run").rglob("*") if f.is_file())


@pytest.mark.parametrize("limit", [3000, 9000])
def test_a_cap_holds_under_load_where_no_usage_is_told(tmp_path, limit):
    """What is begun may go over a limit by less than one reply for each that is on its way."""
    server = FaultyServer(useful, share=1.0, seed=1, kinds=("no usage",))
    outcome = run_against(server, tmp_path, KEY, candidates=40, max_tokens=limit)
    server.shutdown()
    spend = outcome.run.record.spend
    assert spend.estimated
    one = max(charge.read + charge.written for charge in server.charges)
    assert limit - one <= outcome.charged < limit + one
    assert outcome.counted == pytest.approx(outcome.charged, rel=0.02)


@pytest.mark.needs("small-llm")
def test_faults_in_front_of_a_real_model_lose_nothing(tmp_path):
    kinds = ("cut stream", "500", "malformed event", "no usage", "429 without Retry-After", "error in a stream")
    with small_model() as address:
        server = FaultyServer(behind(address), share=0.5, seed=32, kinds=kinds)
        outcome = run_against(
            server,
            tmp_path,
            KEY,
            Patience(first=0.05, longest=1.0),
            timeout=120.0,
            most=24,
            candidates=5,
            in_flight=2,
            debug_rounds=0,
        )
        server.shutdown()
    assert len(outcome.run.record.candidates) == 5
    assert set(server.whole.values()) == {1}
    assert sorted(outcome.replies) == sorted(server.whole)
    assert len(server.injected) >= 3  # the plan of this seed begins with six
    assert outcome.counted == pytest.approx(outcome.charged, rel=0.25), (
        "estimates of four bytes a token against its tokenizer"
    )
