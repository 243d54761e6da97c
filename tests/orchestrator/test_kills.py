"""A run with a real small model, killed at random moments: nothing that was answered is asked for again.

FIELDSMITH_KILLS=10 in the environment kills it that many times.
"""

import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fieldsmith.models.chat_model import DURATION
from fieldsmith.orchestrator.record import load_run
from served_llm import Witness, small_model

KILLS, IN_FLIGHT = int(os.environ.get("FIELDSMITH_KILLS", "4")), 2
CANDIDATES = KILLS + 2
MOMENTS = random.Random(20)


def command(model: str, folder: Path, *options: str) -> list[str]:
    solve = [sys.executable, "-m", "fieldsmith.cli.main", "solve", "advection", "--sandbox", "process", "--quiet"]
    search = ["--candidates", str(CANDIDATES), "--debug-rounds", "1", "--strategy", "best-of-n"]
    search += ["--in-flight", str(IN_FLIGHT), "--prompt-style", "plain"]
    return [*solve, "--model", model, *search, "--run-dir", str(folder), *options]


def replies(folder: Path) -> int:
    """How many are stored; a killed run's file is read as it lies there."""
    if not (folder / "run.sqlite").exists():
        return 0
    with sqlite3.connect(folder / "run.sqlite") as store:
        tables = {name for (name,) in store.execute("SELECT name FROM sqlite_master")}
        return store.execute("SELECT count(*) FROM replies").fetchone()[0] if "replies" in tables else 0


def outcome(folder: Path) -> dict:
    """All of a run that does not tell how long things took or who answered."""
    run = load_run(folder)
    return {
        "state": run.state,
        "best": run.best.candidate.slot if run.best else None,
        "tokens": (run.spend.input_tokens, run.spend.output_tokens),
        "candidates": {
            c.slot: (
                c.move,
                c.parents and [p.slot for p in run.candidates if p.id in c.parents],
                c.evaluation.status,
                c.evaluation.dev.samples if c.evaluation.dev else None,
                c.proposal.reply,
                c.program.source if c.program else c.proposal.problem,
            )
            for c in run.candidates
        },
    }


FIGURES = (
    "move",
    "status",
    "ok",
    "best",
    "error",
    "trusted",
    "order",
    "line",
    "summary",
    "input",
    "output",
    "plan",
    "repairs",
)
TEXTS = ("code", "reply", "prompt", "feedback")


def shown(folder: Path) -> dict:
    """What the report has of each candidate, times left out."""
    page = (folder / "report.html").read_text()
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)[1])
    slots = {row["id"]: row["slot"] for row in data["candidates"]}
    found = {}
    for row in data["candidates"]:
        texts = {name: DURATION.sub("_ s", "\n".join(data["texts"][n] for n in row[name])) for name in TEXTS}
        figures = {name: row[name] for name in FIGURES}
        found[row["slot"]] = {**figures, **texts, "parents": [slots[n] for n in row["parents"]]}
    return found


@pytest.mark.slow
@pytest.mark.needs("small-llm")
def test_kills_change_nothing(tmp_path):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    with small_model() as address:
        witness = Witness(address)
        server = ("--base-url", f"http://127.0.0.1:{witness.server_port}/v1", "--model-option", "max_tokens=24")
        kills = 0
        while kills < KILLS:
            asked, stored = witness.asked, replies(killed)
            process = subprocess.Popen(command("openai:smollm2", killed, *server), start_new_session=True)
            while process.poll() is None:  # every other kill hits a request, the others what becomes of a reply
                if witness.asked > asked if kills % 2 else replies(killed) > stored:
                    break
                time.sleep(0.02)
            time.sleep(MOMENTS.uniform(0.0, 0.2))
            if process.poll() is not None:
                break
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
            time.sleep(0.2)
            assert witness.asked - asked <= replies(killed) - stored + IN_FLIGHT
        last = subprocess.run(command("openai:smollm2", killed, *server), check=False, capture_output=True, text=True)
        assert last.returncode in (0, 1), last.stderr
        witness.shutdown()
    assert kills == KILLS, "the run was over too early; give it more to do"
    again = subprocess.run(command(f"replay:{killed}", whole), check=False, capture_output=True, text=True)
    assert again.returncode == last.returncode, again.stderr
    assert outcome(whole) == outcome(killed)
    assert shown(whole) == shown(killed)
    assert len(shown(killed)) == CANDIDATES
    for folder in (killed, whole):
        assert json.loads((folder / "result.json").read_text())["candidates"] == CANDIDATES
