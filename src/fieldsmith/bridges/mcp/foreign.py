"""An environment whose actions are the tools of a foreign MCP server, as they were when it was made.

The class lies in a package that `fieldsmith env from-mcp` has written, with `tools.json` (where the server is, and its tools, pinned) and
`tasks.json` (what is to be found) beside it.
"""

import base64
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from mcp_types import CallToolResult
from mcp_types import Tool as ServedTool
from pydantic import BaseModel, Field

from fieldsmith.bridges.mcp.foreign_schemas import Tool, ToolAction, action_of
from fieldsmith.bridges.mcp.foreign_server import Connection, Ended, asked
from fieldsmith.bridges.mcp.source import Source
from fieldsmith.environments.action import Action, Needs
from fieldsmith.environments.environment import Environment
from fieldsmith.environments.observation import Lacking, Measure, ToolFailed
from fieldsmith.environments.tools import Tools
from fieldsmith.errors import InputError

SHOWN = 12_000
"""Characters of an answer that the agent is shown; all of it is kept as an artifact."""
RECALLED = 300
"""Characters of an earlier answer that are told after going back."""
MARGIN = 0.2
"""Seconds of a step that are left for its end."""


class Called(BaseModel):
    """A call that the server has taken: its own names, and its answer in short."""

    tool: str
    arguments: dict[str, Any]
    answer: str


class Calls(BaseModel):
    """The state: what was called, in order, and what the agent says is the answer."""

    task: str
    calls: list[Called] = []
    answer: str | None = None


class Answer(Action):
    """State what the task asks for. The last answer is the one that is judged, once you submit."""

    needs = Needs(seconds=10)
    text: str = Field(description="The answer: a number, or the words asked for", min_length=1, max_length=20_000)


class Task(BaseModel):
    """What is to be found: in words, its value, and by how much a number may be off, relatively."""

    about: str
    expects: str
    tolerance: float = 1e-6


class ForeignEnvironment(Environment[Calls]):
    """Derive from it beside a `tools.json` and a `tasks.json`, with a name, a title and a docstring."""

    state = Calls
    measures = (
        Measure("calls", "calls of tools that may have changed something", lower_is_better=None, main=True),
        Measure("answered", "whether an answer was given", lower_is_better=False, main=True),
        Measure("right", "whether the answer is right", lower_is_better=False, held_out=True),
    )
    judging = Needs(seconds=10)
    source: ClassVar[Source]
    replays: ClassVar[bool]
    """Whether the calls of an episode so far are repeated in a fresh process before each step, since the server keeps what they did in its memory."""
    pinned: ClassVar[Mapping[str, Tool]]
    known: ClassVar[Mapping[str, Task]]

    def __init_subclass__(cls, **named: Any) -> None:
        super().__init_subclass__(**named)
        folder = Path(str(sys.modules[cls.__module__].__file__)).parent
        fields = _read(folder / "tools.json")
        try:
            cls.source = Source.from_dict(fields["server"])
            cls.replays = bool(cls.source.command) and not fields["stateless"]
            cls.pinned = {one["name"]: Tool(**one) for one in fields["tools"]}
            needs = Needs(seconds=float(fields["seconds"]), programs=cls.source.command[:1])
            cls.actions = (*(action_of(tool, needs) for tool in cls.pinned.values()), Answer)
            cls.known = {name: Task(**one) for name, one in _read(folder / "tasks.json").items()}
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            words = f"{folder} does not hold the tools and tasks of a server: {type(error).__name__}: {error}."
            raise InputError(words, "Make it anew with `fieldsmith env from-mcp`.") from None
        cls.gold = {name: 1.0 for name in cls.known if (folder / "gold" / f"{name}.jsonl").is_file()}

    def tasks(self) -> Mapping[str, str]:
        return {name: task.about for name, task in self.known.items()}

    def begin(self, task: str, rng: np.random.Generator) -> Calls:
        del rng
        return Calls(task=task)

    def describe(self, state: Calls) -> str:
        told = [f"- {one.tool}({_plain(one.arguments)}): {_cut(one.answer)}" for one in state.calls]
        said = "" if state.answer is None else f"Your answer so far: {_cut(state.answer)}"
        return "\n".join(filter(None, ["Calls so far:" if told else "", *told, said]))

    def act(self, state: Calls, action: Action, tools: Tools) -> str:
        if isinstance(action, Answer):
            state.answer = action.text
            return "Your answer is noted. It is judged when you submit."
        assert isinstance(action, ToolAction)
        result = self._called(state, action, tools)
        text = told(result, tools)
        if result.is_error:
            raise ToolFailed(text)
        if not type(action).free:
            state.calls.append(Called(tool=action.tool, arguments=action.sent(), answer=text[:SHOWN]))
        return text

    def _called(self, state: Calls, action: ToolAction, tools: Tools) -> CallToolResult:
        """The server's answer; a process that ends in the middle is given a second chance, since it may have been ended by others."""
        before = state.calls if self.replays else []

        async def question(connection: Connection) -> CallToolResult:
            served = {one.name: one for one in (await connection.listed()).tools}
            self._compare(action.tool, served.get(action.tool))
            await _repeat(connection, before)
            return await connection.call(action.tool, action.sent())

        for _ in range(2):
            try:
                return asked(self.source, question, tools.left - MARGIN, tools.check)
            except Ended as ended:
                said = str(ended)
        raise ToolFailed(f"The server ends in the middle of this call{f', saying: {said}' if said else ''}.")

    def _compare(self, name: str, served: ServedTool | None) -> None:
        """Raises Lacking where the tool is not what it was: an agent would act on words that no longer hold."""
        if served is None:
            words = f"The server {self.source.words!r} has no tool {name!r} any more."
        elif dict(served.input_schema) != dict(self.pinned[name].input_schema):
            words = (
                f"The tool {name!r} of {self.source.words!r} takes other arguments than when the environment was made."
            )
        else:
            return
        raise Lacking(words, "Make the environment anew with `fieldsmith env from-mcp`.")

    def measure(self, state: Calls, tools: Tools) -> Mapping[str, float | None]:
        del tools
        return {"calls": len(state.calls), "answered": float(state.answer is not None)}

    def judge(self, state: Calls, tools: Tools) -> Mapping[str, float | None]:
        del tools
        task = self.known[state.task]
        return {"right": float(state.answer is not None and same(state.answer, task.expects, task.tolerance))}

    def score(self, metrics: Mapping[str, float | None]) -> float:
        return metrics.get("right") or 0.0


async def _repeat(connection: Connection, before: Sequence[Called]) -> None:
    """The calls of the episode once more, so that a fresh process is where the last one was."""
    for n, one in enumerate(before, 1):
        if (await connection.call(one.tool, one.arguments)).is_error:
            words = f"The server does not take call {n} of this episode, {one.tool}, again as it did before."
            raise ToolFailed(words, "Go back to before it, or submit.")


def told(result: CallToolResult, tools: Tools | None = None) -> str:
    """An answer as a text; what is none, and what is too long, is kept as artifacts where there are tools to keep them by."""
    parts = [_part(one, n, tools) for n, one in enumerate(result.content, 1)]
    if not any(parts) and result.structured_content is not None:
        parts = [json.dumps(result.structured_content, indent=1, ensure_ascii=False)]
    text = "\n".join(filter(None, parts)).strip() or "The tool answers with nothing."
    if len(text) <= SHOWN:
        return text
    if tools is not None:
        tools.keep("answer.txt", text, caption="the whole answer")
    return f"{text[:SHOWN]}\n… ({len(text) - SHOWN} characters more are left out.)"


def _part(part: Any, number: int, tools: Tools | None) -> str:
    if part.type == "text":
        return part.text
    if part.type == "resource_link":
        return f"{part.name}: {part.uri}"
    inner = part.resource if part.type == "resource" else part
    if getattr(inner, "text", None) is not None:
        return inner.text
    kind = inner.mime_type or "application/octet-stream"
    name = str(getattr(inner, "uri", "")).rpartition("/")[2] or f"{part.type}-{number}.{kind.rpartition('/')[2]}"
    try:
        content = base64.b64decode(getattr(inner, "data", None) or inner.blob, validate=True)
    except (ValueError, TypeError):
        return f"({part.type} {name} that cannot be decoded)"
    if tools is not None:
        tools.keep(name, content, kind, "what the tool gives")
    return f"({part.type} {name}, {kind}, {len(content)} bytes)"


def same(answer: str, expects: str, tolerance: float) -> bool:
    """Whether an answer is the one expected: as numbers within the relative tolerance, as JSON, or as words whatever the blanks between them."""
    one, other = _number(answer), _number(expects)
    if other is not None:
        return one is not None and math.isclose(one, other, rel_tol=tolerance, abs_tol=0.0)
    try:
        return bool(json.loads(answer) == json.loads(expects))
    except (ValueError, RecursionError):
        return answer.split() == expects.split()


def _number(text: str) -> float | None:
    try:
        value = float(text.strip())
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _plain(arguments: Mapping[str, Any]) -> str:
    return _cut(json.dumps(arguments, ensure_ascii=False))


def _cut(text: str, most: int = RECALLED) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _read(file: Path) -> dict[str, Any]:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        words = f"{file} cannot be read: {error}."
        raise InputError(words, "Make the environment anew with `fieldsmith env from-mcp`.") from None
