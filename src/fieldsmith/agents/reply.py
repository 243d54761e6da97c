"""Taking a program and its plan out of a model's reply."""

import ast
import json
import re
import tomllib
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from fieldsmith.agents.author import Plan

FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<language>[^\s`]*)[^\n]*$")
THINKING = re.compile(r"<think(ing)?>.*?</think(ing)?>", re.DOTALL | re.IGNORECASE)


NO_PROGRAM = ("plan", "json", "toml")


def code_blocks(reply: str) -> list[tuple[str, str]]:
    """All fenced blocks as (language, text); a last block without a closing fence counts to the end."""
    blocks: list[tuple[str, str]] = []
    fence = language = indent = ""
    rows: list[str] = []
    for line in reply.replace("\r\n", "\n").split("\n"):
        match = FENCE.match(line)
        if not fence:
            if match:
                fence, language, indent, rows = match["fence"], match["language"].lower(), match["indent"], []
            continue
        closing = line.strip()
        if closing and set(closing) == {fence[0]} and len(closing) >= len(fence):
            blocks.append((language, "\n".join(rows)))
            fence = ""
        else:
            rows.append(line[len(indent) :] if indent and line.startswith(indent) else line)
    if fence:
        blocks.append((language, "\n".join(rows)))
    return blocks


def defines(source: str, function: str) -> bool:
    """Whether a source text defines the function at its top level; by its looks where it cannot be parsed."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return re.search(rf"^\s*(async\s+)?def\s+{re.escape(function)}\s*\(", source, re.MULTILINE) is not None
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == function:
            return True
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == function for t in node.targets):
            return True
    return False


def program_of(reply: str, function: str) -> tuple[str | None, str]:
    """The last block that defines the function, or None and what was wrong, in words an author can act on."""
    blocks = code_blocks(THINKING.sub("", reply)) or code_blocks(reply)
    defining = [text for language, text in blocks if language not in NO_PROGRAM and defines(text, function)]
    if defining:
        # A block that cannot be parsed is only taken where there is none that can: the sandbox reports its error.
        text = next((text for text in reversed(defining) if _parses(text)), defining[-1])
        return text.strip("\n") + "\n", ""
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
        return float(match[0]) if match else None


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
    return {name.strip(' "-').lower().replace(" ", "_"): value.strip(' ",') for name, _, value in pairs}
