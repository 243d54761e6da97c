"""The task of an environment from a foreign server: real calls, recorded, and the answer that they come to."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fieldsmith.bridges.mcp.foreign import SHOWN, told
from fieldsmith.bridges.mcp.foreign_schemas import ToolAction
from fieldsmith.bridges.mcp.foreign_server import Connection, Ended, asked
from fieldsmith.bridges.mcp.source import Source
from fieldsmith.environments.action import schema_of
from fieldsmith.environments.calls import Call, understood
from fieldsmith.environments.observation import StepFault
from fieldsmith.environments.sampling import sampled
from fieldsmith.environments.script import read_script
from fieldsmith.errors import InputError

START = 60.0
"""Seconds that a server has to start and to tell its tools."""
TRIES = 4
"""Calls by chance, at most, of a tool that only reads, until one succeeds."""
SHORT, LONGEST = 400, 4000
"""Characters of an answer that may be asked for as a whole, and of any that may be."""


@dataclass(frozen=True)
class Wish:
    """What the owner of a server wants of the environment.

    name: `namespace/name-v1`, made from the server's if empty. only, reads: tools that are taken, all if empty; tools that only read, besides those
    that say so. task: its name and words. expects: the answer, that of the last call if empty. calls: `TOOL {JSON}`, made now and recorded as those
    that do the task; or gold: a file of such calls. stateless: the server keeps nothing between calls.
    """

    name: str = ""
    only: Sequence[str] = ()
    reads: Sequence[str] = ()
    task: tuple[str, str] = ("", "")
    expects: str = ""
    tolerance: float = 1e-6
    calls: Sequence[str] = ()
    gold: Path | None = None
    stateless: bool = False
    seconds: float = 60.0


@dataclass(frozen=True)
class Recorded:
    """Calls that do a task, and what they come to."""

    task: str
    about: str
    expects: str
    calls: Sequence[Call]


def recorded_task(source: Source, wish: Wish, kinds: Mapping[str, type[ToolAction]]) -> Recorded:
    """The task with the calls that do it: the owner's, or one of a tool that only reads. Raises InputError where there is neither."""
    if wish.gold or wish.calls:
        calls = read_script(wish.gold) if wish.gold else [_call(text) for text in wish.calls]
        return _of_calls(source, wish, kinds, calls)
    if wish.expects:
        raise InputError(
            "Nothing shows that the task can be done.", "Give its calls: --call 'TOOL {JSON}', or --gold FILE."
        )
    for kind in kinds.values():
        if kind.free:
            for seed in range(TRIES):
                call = Call(kind.called, sampled(kind, np.random.default_rng(seed)))
                try:
                    return _of_calls(source, wish, kinds, [call])
                except (InputError, StepFault, Ended):
                    if not schema_of(kind)["properties"]:
                        break
    first = next(iter(kinds.values()))
    example = json.dumps(sampled(first, np.random.default_rng(0)))
    why = (
        "No call by chance of a tool that only reads has succeeded, twice alike"
        if any(kind.free for kind in kinds.values())
        else "No tool says that it only reads, so none was called"
    )
    raise InputError(f"{why}: there is no task.", f"Give a call to record, such as --call '{first.called} {example}'.")


def _call(text: str) -> Call:
    name, _, arguments = text.strip().partition(" ")
    try:
        given = json.loads(arguments or "{}")
    except ValueError as error:
        raise InputError(
            f"The call {text!r} cannot be read: {error}.", "Write it as 'TOOL {\"argument\": 1}'."
        ) from None
    return Call(name, given)


def _of_calls(source: Source, wish: Wish, kinds: Mapping[str, type[ToolAction]], calls: Sequence[Call]) -> Recorded:
    """Calls made now, and the answer: the stated one, or what the last of them gives, twice alike from two connections."""
    by_tool = {kind.tool: kind.called for kind in kinds.values()}
    stated = next((_text(call) for call in calls if call.action == "answer"), "")
    named = [Call(by_tool.get(c.action, c.action), c.arguments) for c in calls if c.action not in ("answer", "submit")]
    if not named:
        raise InputError("No call of a tool is given.", "Give one that leads to the answer.")
    try:
        actions = [understood(call, tuple(kinds.values())) for call in named]
    except StepFault as fault:
        raise InputError(fault.message, fault.hint) from None
    sent = [(action.tool, action.sent()) for action in actions if isinstance(action, ToolAction)]
    first = _answers(source, sent, wish.seconds)
    expects, where = wish.expects or stated, ""
    if not expects:
        if first != _answers(source, sent, wish.seconds):
            words = f"{named[-1].action} answers otherwise the second time, so that there is no one answer."
            raise InputError(words, "Say what is right by --expects VALUE.")
        expects, where = _value(first)
    about = wish.task[1] or _about(named, where)
    task = wish.task[0] or named[-1].action.replace("_", "-")
    if re.search(r"\s|/", task):
        raise InputError(f"The task cannot be called {task!r}.", "Use no blanks and no slashes.")
    script = [*named, Call("answer", {"text": expects}), Call("submit")]
    return Recorded(task, about, expects, script)


def _text(call: Call) -> str:
    return str(call.arguments.get("text", "")) if isinstance(call.arguments, Mapping) else ""


def _answers(source: Source, sent: Sequence[tuple[str, dict[str, Any]]], seconds: float) -> str:
    """The last answer. Raises InputError where a call fails."""

    async def question(connection: Connection) -> str:
        text = ""
        await connection.listed()
        for tool, arguments in sent:
            result = await connection.call(tool, arguments)
            text = told(result)
            if result.is_error:
                raise InputError(f"{tool} fails: {text[:400]}", "Give a call that succeeds.")
        return text

    return asked(source, question, START + seconds * len(sent))


def _value(answer: str) -> tuple[str, str]:
    """What may be asked for of an answer, and where in it that stands, empty for the whole."""
    if len(answer) <= SHORT:
        return answer, ""
    try:
        parsed = json.loads(answer)
    except ValueError:
        parsed = None
    for path, leaf in _leaves(parsed, ()):
        if 0 < len(leaf) <= SHORT:
            return leaf, ".".join(path)
    if len(answer) > min(LONGEST, SHOWN):
        raise InputError("The answer is too long to be asked for.", "Say what is right by --expects VALUE.")
    return answer, ""


def _leaves(value: Any, path: tuple[str, ...]) -> list[tuple[tuple[str, ...], str]]:
    """Numbers and texts within JSON with their places."""
    if isinstance(value, dict):
        return [leaf for key, one in value.items() for leaf in _leaves(one, (*path, str(key)))]
    if isinstance(value, list):
        return [leaf for n, one in enumerate(value) for leaf in _leaves(one, (*path, str(n)))]
    if isinstance(value, bool) or not isinstance(value, int | float | str) or not path:
        return []
    return [(path, value if isinstance(value, str) else repr(value))]


def _about(calls: Sequence[Call], where: str) -> str:
    last = calls[-1]
    before = f", after {len(calls) - 1} other calls that lead there" if len(calls) > 1 else ""
    what = f"the value of `{where}` in what" if where else "what"
    return (
        f"Find out {what} the tool {last.action} answers when it is called with {json.dumps(last.arguments, ensure_ascii=False)}"
        f"{before}; state it with the action answer, word for word."
    )
