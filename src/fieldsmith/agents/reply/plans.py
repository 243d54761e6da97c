"""The plan that a reply states beside its program."""

import json
import math
import re
import tomllib
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from fieldsmith.agents.author import Plan
from fieldsmith.agents.reply.blocks import FENCE, NO_PROGRAM, blocks_of, spoken

LONGEST = 200
SENTENCE_END = re.compile(r"(?<=[.!?:])\s")


class _PlanBlock(BaseModel):
    model_config = ConfigDict(extra="ignore")

    discretisation: str = ""
    time_integrator: str = ""
    resolution_control: str = ""
    expected_order: float | None = None
    summary: str = ""
    method: str = ""

    @field_validator("discretisation", "time_integrator", "resolution_control", "summary", "method", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> str:
        return "" if value is None else str(value)[:400]

    @field_validator("expected_order", mode="before")
    @classmethod
    def _as_number(cls, value: Any) -> float | None:
        if re.search(
            r"spectral|exponential|infinite", str(value), re.IGNORECASE
        ):  # in space, whatever number comes with it
            return None
        match = re.search(r"\d+(\.\d+)?", str(value))
        number = float(match[0]) if match and len(match[0]) < 20 else None
        return number if number is None or math.isfinite(number) else None


def plan_of(reply: str) -> Plan:
    """The plan block of a reply; where none can be read, what is said after its program in a sentence, if anything."""
    for block in blocks_of(spoken(reply)[0]):
        if block.language not in NO_PROGRAM:
            continue
        for read in (json.loads, tomllib.loads, _loose):
            try:
                plan = _PlanBlock.model_validate(read(block.text))
            except (ValueError, ValidationError, RecursionError):
                continue
            named = [words for words in (plan.method, plan.discretisation, plan.time_integrator) if words]
            if named:
                values = plan.model_dump()
                values["summary"] = plan.summary or ", ".join(named)
                return Plan(**values)
    return Plan(summary=_afterword(spoken(reply)[0]))


def _afterword(reply: str) -> str:
    """The first sentence after the last fence."""
    lines = reply.rstrip().split("\n")
    fences = [n for n, line in enumerate(lines) if FENCE.match(line)]
    if not fences or not blocks_of(reply)[-1].closed:
        return ""
    words = " ".join(" ".join(lines[fences[-1] + 1 :]).split())
    return SENTENCE_END.split(words)[0].strip(" *_#-")[:LONGEST]


def _loose(text: str) -> dict[str, str]:
    """`name: value` lines."""
    pairs = (line.partition(":") for line in text.splitlines() if ":" in line)
    return {name.strip(' "-*_`').lower().replace(" ", "_"): value.strip(' ",*`') for name, _, value in pairs}
