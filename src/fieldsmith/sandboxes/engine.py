"""Questions to the Docker engine, and what is done when it does not answer."""

import contextlib
import json
import os
import shutil
import subprocess
import time
from functools import cache
from typing import Any

from fieldsmith.sandboxes.owner import abandoned

LABEL = "fieldsmith.owner"
ORIGIN = "fieldsmith.origin"
ANSWER_SECONDS = 60.0
"""An engine that takes longer to answer a small question is not waited for."""
PATIENCE_SECONDS = 90.0
"""How long an engine that has gone is waited for in the middle of a run: time enough to be started again."""
LEAST_ROOM = 16 << 20
"""Bytes that a container needs for its own files."""
SILENCE = (
    "Cannot connect to the Docker daemon",
    "does not answer",
    "connection refused",
    "error during connect",
    "EOF",
)


def asked(*words: str, seconds: float = ANSWER_SECONDS) -> subprocess.CompletedProcess[str]:
    """What the engine answers; an answer that says so where it takes too long."""
    try:
        return subprocess.run(["docker", *words], capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(words, 1, "", "the Docker engine does not answer")


def silent(answer: subprocess.CompletedProcess[str]) -> bool:
    """Whether an answer says that there is no engine now, rather than what is wrong with the question."""
    return answer.returncode != 0 and any(words.lower() in answer.stderr.lower() for words in SILENCE)


def patiently(*words: str, patience: float = PATIENCE_SECONDS) -> subprocess.CompletedProcess[str]:
    """As `asked`, again and again while no engine answers, for at most `patience` seconds."""
    end = time.monotonic() + patience
    while silent(answer := asked(*words)) and time.monotonic() < end:
        time.sleep(1.0)
        if "--name" in words:  # what was asked for may have been made all the same
            asked("rm", "--force", words[words.index("--name") + 1])
    return answer


def inspect(name: str, template: str) -> str:
    return asked("inspect", "--format", template, name).stdout.strip()


@cache
def daemon() -> str:
    """Empty if a Docker engine answers, else why not."""
    if shutil.which("docker") is None:
        return "Docker is not installed"
    answer = asked("version", "--format", "{{.Server.Version}}", seconds=20.0)
    if answer.returncode == 0:
        return ""
    if "does not answer" in answer.stderr:
        return answer.stderr
    if "permission denied" in answer.stderr:
        return "this user may not use the Docker engine (be in the group docker, or root)"
    if "unable to parse" in answer.stderr.lower() or "invalid" in answer.stderr.lower():
        return " ".join(answer.stderr.split())
    where = os.environ.get("DOCKER_HOST", "")
    return f"no Docker engine answers at DOCKER_HOST={where}" if where else "no Docker engine runs"


@cache
def about() -> dict[str, Any]:
    """What the engine says of itself: `docker info`; empty if it does not."""
    answer = asked("info", "--format", "{{json .}}")
    try:
        return dict(json.loads(answer.stdout)) if answer.returncode == 0 else {}
    except ValueError:
        return {}


def is_full() -> bool:
    """Whether the disk that the engine of this machine keeps its containers on has no room left; its own words do not always say so."""
    with contextlib.suppress(OSError, ValueError):
        return shutil.disk_usage(str(about().get("DockerRootDir") or "")).free < LEAST_ROOM
    return False


def remove_orphans() -> int:
    """Remove containers whose owner has died (killed before it could clean up); how many there were."""
    listing = ("ps", "--all", "--filter", f"label={ORIGIN}", "--format", '{{.ID}}\t{{.Label "' + ORIGIN + '"}}')
    rows = [row.split("\t") for row in asked(*listing).stdout.splitlines()]
    dead = [row[0] for row in rows if len(row) == 2 and abandoned(row[1])]
    if dead:
        asked("rm", "--force", *dead)
    return len(dead)
