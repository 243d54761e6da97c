"""Taking a program and its plan out of a model's reply."""

import ast
import json
import math
import re
import tomllib
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from fieldsmith.agents.author import Plan

FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<language>[^\s`]*)[^\n]*$")
THINKING = re.compile(r"<think(ing)?>.*?</think(ing)?>", re.DOTALL | re.IGNORECASE)

NO_PROGRAM = ("plan", "json", "toml", "yaml")
PYTHON = ("python", "py", "python3", "")
MOST_FENCES = 20


def code_blocks(reply: str) -> list[tuple[str, str]]:
    """All fenced blocks as (language, text); a last block without a closing fence counts to the end.

    A line of a program that looks like a closing fence (Markdown in a string) does not end its block where a later one
    makes it a program that can be parsed.
    """
    lines = reply.replace("\r\n", "\n").split("\n")
    blocks: list[tuple[str, str]] = []
    at = 0
    while at < len(lines):
        match = FENCE.match(lines[at])
        at += 1
        if not match:
            continue
        language = match["language"].lower()
        ends = _closings(lines, at, match["fence"])
        end = ends[0]
        if language in PYTHON and not _parses(_dedented(lines[at:end], match["indent"])):
            end = next((n for n in ends if _parses(_dedented(lines[at:n], match["indent"]))), end)
        blocks.append((language, _dedented(lines[at:end], match["indent"])))
        at = end + 1
    return blocks


def _closings(lines: list[str], start: int, fence: str) -> list[int]:
    """Lines that may close a block opened by `fence`, the nearest first; the end where there is none."""
    found = []
    for n in range(start, len(lines)):
        line = lines[n].strip()
        if line and set(line) == {fence[0]} and len(line) >= len(fence):
            found.append(n)
    return found[:MOST_FENCES] or [len(lines)]


def _dedented(lines: list[str], indent: str) -> str:
    return "\n".join(line[len(indent) :] if indent and line.startswith(indent) else line for line in lines)


def defines(source: str, function: str) -> bool:
    """Whether a source text defines the function at its top level; by its looks where it cannot be parsed."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return re.search(rf"^\s*(async\s+)?def\s+{re.escape(function)}\s*\(", source, re.MULTILINE) is not None
    return any(_binds(node, function) for node in _top_level(tree.body))


def _top_level(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that bind names of the module: those inside `if`, `try` and `with` too."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With | ast.For | ast.While):
            for part in ("body", "orelse", "finalbody"):
                yield from _top_level(getattr(node, part, []))
            for handler in getattr(node, "handlers", []):
                yield from _top_level(handler.body)


def _binds(node: ast.stmt, function: str) -> bool:
    """Whether a statement makes the name something that can be called; a function without a body does not."""
    if isinstance(node, ast.FunctionDef):
        return node.name == function and not _empty(node)
    if isinstance(node, ast.Assign):
        return any(isinstance(target, ast.Name) and target.id == function for target in node.targets)
    if isinstance(node, ast.AnnAssign):
        return isinstance(node.target, ast.Name) and node.target.id == function and node.value is not None
    if isinstance(node, ast.Import | ast.ImportFrom):
        return any((alias.asname or alias.name) == function for alias in node.names)
    return False


def _empty(node: ast.FunctionDef) -> bool:
    """Whether a function is only a stub: a docstring, `pass`, `...`, or an exception that says so."""
    raises = [n for n in node.body if isinstance(n, ast.Raise) and "NotImplementedError" in ast.dump(n)]
    return all(
        isinstance(n, ast.Pass) or (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)) or n in raises
        for n in node.body
    )


def program_of(reply: str, function: str) -> tuple[str | None, str]:
    """The last block that defines the function, or None and what was wrong, in words an author can act on."""
    blocks = code_blocks(THINKING.sub("", reply)) or code_blocks(reply)
    defining = [(language, text) for language, text in blocks if language not in NO_PROGRAM and defines(text, function)]
    if defining:
        # Blocks of another language, and such as cannot be parsed, are only taken where there is nothing better.
        ranked = sorted(defining, key=lambda block: (_parses(block[1]), block[0] in PYTHON))
        return ranked[-1][1].strip("\n") + "\n", ""
    if not blocks and defines(reply, function) and _parses(reply):
        return reply.strip("\n") + "\n", ""
    if not reply.strip():
        return None, "The reply was empty."
    if not blocks:
        return None, f"The reply holds no code block. Answer with one ```python block that defines `{function}`."
    return None, f"No code block of the reply defines `{function}`. Give the whole program in one ```python block."


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


class _PlanBlock(BaseModel):
    model_config = ConfigDict(extra="ignore")

    discretisation: str = ""
    time_integrator: str = ""
    resolution_control: str = ""
    expected_order: float | None = None
    summary: str = ""

    @field_validator("discretisation", "time_integrator", "resolution_control", "summary", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> str:
        return "" if value is None else str(value)[:400]

    @field_validator("expected_order", mode="before")
    @classmethod
    def _as_number(cls, value: Any) -> float | None:
        match = re.search(r"\d+(\.\d+)?", str(value))
        number = float(match[0]) if match and len(match[0]) < 20 else None
        return number if number is None or math.isfinite(number) else None


def plan_of(reply: str) -> Plan:
    """The plan block of a reply; an empty plan where there is none that can be read."""
    for language, text in code_blocks(THINKING.sub("", reply)):
        if language not in NO_PROGRAM:
            continue
        for read in (json.loads, tomllib.loads, _loose):
            try:
                block = _PlanBlock.model_validate(read(text))
            except (ValueError, ValidationError, RecursionError):
                continue
            if block.discretisation or block.time_integrator:
                values = block.model_dump()
                values["summary"] = block.summary or ", ".join(
                    filter(None, [block.discretisation, block.time_integrator])
                )
                return Plan(**values)
    return Plan()


def _loose(text: str) -> dict[str, str]:
    """`name: value` lines."""
    pairs = (line.partition(":") for line in text.splitlines() if ":" in line)
    return {name.strip(' "-*_`').lower().replace(" ", "_"): value.strip(' ",*`') for name, _, value in pairs}
