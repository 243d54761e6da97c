"""The plan that a reply states beside its program."""

import json
import math
import re
import tomllib
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from fieldsmith.agents.author import Plan
from fieldsmith.agents.reply.blocks import FENCE, NO_PROGRAM, blocks_of, spoken

LONGEST = 200
WORDS = 400
"""Characters of a field that are kept."""
NAMES = {
    "discretisation": ("discretization", "space", "scheme", "in_space"),
    "time_integrator": ("time_integration", "integrator", "time_stepping", "time_stepper", "time", "in_time"),
    "resolution_control": ("resolution",),
    "expected_order": ("order", "order_of_convergence", "expected_order_of_convergence", "convergence_order"),
}
"""What else models call the fields."""
SPATIAL = re.compile(r"^(?:spatial|space|temporal)_(?=discreti[sz]ation|scheme|integrat)")
HEADING = re.compile(
    r"[ \t>]*(?:#{1,6}[ \t]+(?P<hash>[^\n]+)|(?:\*\*|__)(?P<bold>[^*_\n]+)(?:\*\*|__)[ \t]*:?[ \t]*(?P<after>[^\n]*)"
    r"|(?P<word>(?:[A-Za-z]+[ ]){0,2}plan)[ \t]*:[ \t]*(?P<rest>[^\n]*))",
    re.IGNORECASE,
)
"""A line that begins a section: `# Plan`, `**Plan**`, `Plan: ...`."""
OF_A_PLAN = re.compile(
    r"(?:step[ ]|part[ ])?(?:\d+[.):]*[ ]*)?(?:[a-z]+[ -]){0,3}plan(?:[ ](?:of|for)[ ][a-z ]+)?\W*", re.IGNORECASE
)
ITEM = re.compile(r"^[ \t]*(?:[-*+•]|\d{1,2}[.)])[ \t]+")
CODE = re.compile(r"(?:import|from|def|class|@)[ ]")
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
        return "" if value is None else str(value)[:WORDS]

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
    """The plan block of a reply, or what stands under a heading of a plan; where neither can be read, what is said after its program in a sentence, if anything."""
    for block in blocks_of(spoken(reply)[0]):
        if block.language not in NO_PROGRAM:
            continue
        for read in (json.loads, tomllib.loads, _loose):
            try:
                plan = _of_fields(read(block.text))
            except (ValueError, ValidationError, RecursionError):
                continue
            if plan is not None:
                return plan
    sections = (_of_section(lines) for lines in reversed(list(_sections(spoken(reply)[0]))))
    return next((plan for plan in sections if plan is not None), None) or Plan(summary=_afterword(spoken(reply)[0]))


def _of_fields(read: Any) -> Plan | None:
    """The plan of such fields; None where it names neither a method nor what is used in space or time."""
    plan = _PlanBlock.model_validate(_renamed(read) if isinstance(read, dict) else read)
    named = [words for words in (plan.method, plan.discretisation, plan.time_integrator) if words]
    values = plan.model_dump()
    return Plan(**{**values, "summary": plan.summary or ", ".join(named)}) if named else None


def _renamed(fields: dict[str, Any]) -> dict[str, Any]:
    """The same by the names that are asked for; one that stands there itself comes first."""
    own = {other: name for name, others in NAMES.items() for other in others}
    plain = {str(name).strip().lower().replace(" ", "_"): value for name, value in fields.items()}
    found: dict[str, Any] = {}
    for name, value in plain.items():
        known = own.get(name) or own.get(SPATIAL.sub("", name), SPATIAL.sub("", name))
        if known == name or known not in plain:
            found.setdefault(known, value)
    return found


def _sections(reply: str) -> Iterator[list[str]]:
    """The lines below each heading of a plan, up to the next heading, a block or a program."""
    closed = [block.lead for block in blocks_of(reply)]
    for text in (*closed, _after_blocks(reply)):
        section: list[str] | None = None
        for line in text.split("\n"):
            heading = HEADING.fullmatch(line)
            if heading and (title := heading["hash"] or heading["bold"] or heading["word"]):
                begins = OF_A_PLAN.fullmatch(title.strip(" *_:")) is not None
                if section is not None and not begins and heading["bold"] and (heading["after"] or section == []):
                    section.append(line)  # `**Space:** WENO` is a line of the plan
                    continue
                if section:
                    yield section
                section = [words for words in (heading["after"], heading["rest"]) if words] if begins else None
            elif CODE.match(line):
                break
            elif section is not None:
                section.append(line)
        if section:
            yield section


def _of_section(lines: list[str]) -> Plan | None:
    """The plan of lines of prose or `name: value`; None where they say nothing."""
    plain = [ITEM.sub("", line).strip() for line in lines]
    try:
        plan = _of_fields(_loose("\n".join(plain)))
    except ValidationError:
        plan = None
    if plan is not None:
        return plan
    words = "; ".join(line.replace("**", "").replace("__", "") for line in plain if line)[:WORDS]
    return Plan(method=words, summary=words) if words.strip(" -*_#=") else None


def _after_blocks(reply: str) -> str:
    """What stands after the last fence; all where there is none, nothing where a block is left open."""
    lines = reply.rstrip().split("\n")
    fences = [n for n, line in enumerate(lines) if FENCE.match(line)]
    if not fences:
        return reply
    return "\n".join(lines[fences[-1] + 1 :]) if blocks_of(reply)[-1].closed else ""


def _afterword(reply: str) -> str:
    """The first sentence after the last fence."""
    if not any(FENCE.match(line) for line in reply.split("\n")):
        return ""
    words = " ".join(_after_blocks(reply).split())
    return SENTENCE_END.split(words)[0].strip(" *_#-")[:LONGEST]


def _loose(text: str) -> dict[str, str]:
    """`name: value` lines."""
    pairs = (line.partition(":") for line in text.splitlines() if ":" in line)
    return {name.strip(' "-*_`').lower().replace(" ", "_"): value.strip(' ",*`') for name, _, value in pairs}
