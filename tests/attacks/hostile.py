"""The hostile programs, and what their docstrings promise."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fieldsmith.sandboxes.sandbox import CallResult, Limits, Session

FOLDER = Path(__file__).parent / "programs"
LIMITS = Limits(seconds=6.0, memory_mb=512, processes=128, cpus=1.0, scratch_mb=32, log_kb=8)
WON = 666.0
SHORT = 3.0
"""Processor seconds for a program that goes on until it is stopped."""
HONEST = "def solve(a):\n    return 2 * a\n"
INPUT = np.arange(4.0)
CANARY = Path("/tmp/reference-canary.npy")
"""A file of the host that programs are after."""


@dataclass(frozen=True)
class Attack:
    """A program with the statuses that it must end as and, where its docstring names them, a limit (unless it ends as ok), a time, and whether the next call gets a fresh worker."""

    name: str
    source: str
    statuses: tuple[str, ...]
    limit: str
    seconds: float
    fresh: bool


def attack(name: str) -> Attack:
    source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    told = ast.get_docstring(ast.parse(source)) or ""
    statuses = re.search(r"^Must end as: (.*)$", told, re.MULTILINE)
    assert statuses, f"{name} does not say how it must end"
    limit = re.search(r"^Meets the limit: (\w+)$", told, re.MULTILINE)
    seconds = re.search(r"^Takes at least: ([\d.]+)$", told, re.MULTILINE)
    return Attack(
        name,
        source,
        tuple(statuses[1].split(" or ")),
        limit[1] if limit else "",
        float(seconds[1]) if seconds else 0.0,
        bool(re.search(r"^The next call gets a fresh worker$", told, re.MULTILINE)),
    )


def names() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.py"))


def run(session: Session, source: str, seconds: float = LIMITS.seconds) -> CallResult:
    return session.call(source, "solve", {"a": INPUT.copy()}, {"y": (4,)}, seconds)


def won(result: CallResult) -> bool:
    """Whether the program says that it got what it was after."""
    return result.status == "ok" and bool((result.outputs["y"] == WON).any())
