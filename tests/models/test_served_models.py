"""Whole runs with a real small model behind the official SDKs: its programs are useless, its accounts must be right."""

import json
import subprocess
import sys

import pytest

from served_llm import Witness, small_model

pytestmark = [pytest.mark.needs("small-llm", "docker"), pytest.mark.slow]
CANDIDATES, ROUNDS, MOST_TOKENS = 3, 1, 24


@pytest.fixture(scope="module")
def address():
    with small_model() as found:
        yield found


@pytest.mark.parametrize(
    ("prefix", "suffix", "path", "counts"),
    [
        ("openai", "/v1", "/v1/chat/completions", (("prompt_tokens",), ("completion_tokens",))),
        (
            "anthropic",
            "",
            "/v1/messages",
            (("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"), ("output_tokens",)),
        ),
    ],
)
def test_runs_end_with_honest_failures_and_the_servers_own_counts(address, tmp_path, prefix, suffix, path, counts):
    witness = Witness(address)
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "fieldsmith.cli.main", "solve", "advection", "--json"),
            *("--model", f"{prefix}:smollm2", "--base-url", f"http://127.0.0.1:{witness.server_port}{suffix}"),
            *("--model-option", f"max_tokens={MOST_TOKENS}", "--in-flight", "2"),
            *("--candidates", str(CANDIDATES), "--debug-rounds", str(ROUNDS), "--prompt-style", "plain"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    witness.shutdown()
    result = json.loads(ran.stdout.splitlines()[-1])
    assert result["event"] == "result", ran.stderr
    assert ran.returncode == (0 if result["best"] else 1)
    assert sum(result["statuses"].values()) == result["candidates"] == CANDIDATES
    assert result["sandbox"] == "docker"
    assert set(witness.paths) == {path}
    assert len(witness.usages) >= CANDIDATES
    asked, answered = counts
    assert result["spend"]["input_tokens"] == witness.total(*asked) > 100 * CANDIDATES
    assert result["spend"]["output_tokens"] == witness.total(*answered) > 0
    folder = tmp_path / result["run"]
    moves = [json.loads(line)["move"] for line in ran.stdout.splitlines() if '"candidate"' in line and '"move"' in line]
    assert "debug" in moves
    assert (folder / "report.html").stat().st_size > 10_000
    assert not (folder / "best").exists() or result["best"]
