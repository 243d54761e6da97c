"""The text protocol: calls as JSON in a reply, for models that know no tools, and for those that write calls into their text.

    {"action": "heat", "arguments": {"degrees": 3}}

Long texts such as programs may follow as fenced blocks in place of arguments: what is missing of the required texts is taken from them in order.
`heat {"degrees": 3}`, an action's name and its arguments, is a call too. A reply without a call whose fenced block can only be the long text of one action is a call of that.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fieldsmith.agents.reply.blocks import blocks_of, spoken
from fieldsmith.environments.action import Action, name_of, schema_of
from fieldsmith.environments.calls import Call
from fieldsmith.environments.pages import example_call

NAMES = ("action", "name", "tool", "tool_name", "function", "recipient_name")
ARGUMENTS = ("arguments", "parameters", "args", "input", "action_input", "kwargs")
START = re.compile(r"\{\s*\"|\{\s*\}")
MOST = 16
"""Calls of one reply that are taken."""
LONGEST_EXAMPLE = 250
FORM = '{"action": "NAME", "arguments": {...}}'


def calls_in(reply: str, actions: Sequence[type[Action]], whole: bool = True) -> tuple[list[Call], str]:
    """The calls of a reply in order, and, where there are none, the problem as its author should be told it. A text that stands alone is one only in
    a reply that is `whole`.
    """
    said, _ = spoken(reply)
    known = {name_of(action): action for action in actions}
    found: list[Call] = []
    for value, begin, end in _objects(said):
        call = _call(value) or _named_before(value, said[:begin], known)
        if call is not None:
            kind = known.get(call.action)
            found.append(_completed(call, kind, _after(said, end)) if kind else call)
    if not found and whole:
        found = _unescaped(said, known) or _text_alone(said, actions)
    if found:
        return found[:MOST], ""
    return [], _problem(said, known)


def _objects(text: str) -> Iterator[tuple[Any, int, int]]:
    """JSON objects of a text that are not within another, and where each begins and ends; line breaks within their texts are let pass."""
    decoder, at = json.JSONDecoder(strict=False), 0
    while match := START.search(text, at):
        try:
            value, at = decoder.raw_decode(text, match.start())
            yield value, match.start(), at
        except (ValueError, RecursionError):
            at = match.end()


def _call(value: Any) -> Call | None:
    if not isinstance(value, dict):
        return None
    inner = value.get("function")
    if isinstance(inner, dict):  # as OpenAI writes it
        value = inner
    name = next((value[key] for key in NAMES if isinstance(value.get(key), str)), None)
    if name is None:
        return None
    given = next((value[key] for key in ARGUMENTS if key in value), None)
    if given is None:
        given = {key: one for key, one in value.items() if key not in NAMES}
    name = name.strip().removeprefix("functions.")
    return Call(name, given if isinstance(given, Mapping | str) else {"value": given})


def _named_before(value: Any, before: str, known: Mapping[str, type[Action]]) -> Call | None:
    """The call of arguments that follow an action's name, with nothing but punctuation between."""
    found = re.search(r"(\w+)[\s`*:(=]*$", before)
    kind = known.get(found[1]) if found else None
    if kind is None or not isinstance(value, dict) or not value.keys() <= schema_of(kind)["properties"].keys():
        return None
    return Call(name_of(kind), value)


def _completed(call: Call, kind: type[Action], rest: str) -> Call:
    """The call with texts that it lacks taken from the fenced blocks between it and the next one."""
    arguments = call.arguments
    if not isinstance(arguments, Mapping):
        return call
    schema = schema_of(kind)
    lacking = [
        name
        for name in schema.get("required", [])
        if name not in arguments and schema["properties"][name].get("type") == "string"
    ]
    if not lacking:
        return call
    texts = [block.text for block in blocks_of(rest) if block.language != "json"]
    return Call(call.action, {**arguments, **dict(zip(lacking, texts, strict=False))})


def _unescaped(said: str, known: Mapping[str, type[Action]]) -> list[Call]:
    """The call whose long text stands in the JSON with quotation marks of its own, as of a docstring, that were not escaped: it ends with the object. What it is
    called does not matter where the action has no such argument.
    """
    found = re.search(r'\{\s*"(?:action|name)"\s*:\s*"(\w+)"\s*,\s*"arguments"\s*:\s*\{\s*"(\w+)"\s*:\s*"(.*)"\s*\}\s*\}', said, re.DOTALL)  # fmt: skip
    kind = known.get(found[1]) if found else None
    if (
        found is None
        or kind is None
        or not kind.long_text
        or (found[2] != kind.long_text and found[2] in kind.model_fields)
    ):
        return []
    inner = re.sub(r'(?<!\\)((?:\\\\)*)"', r'\1\\"', found[3])
    try:
        return [Call(found[1], {kind.long_text: json.loads(f'"{inner}"', strict=False)})]
    except ValueError:
        return []


def _text_alone(said: str, actions: Sequence[type[Action]]) -> list[Call]:
    """The call that a fenced block stands for: the longest one, where one action alone takes a long text."""
    takers = [action for action in actions if action.long_text]
    texts = [block.text for block in blocks_of(said) if block.language != "json"]
    if len(takers) != 1 or not texts:
        return []
    return [Call(name_of(takers[0]), {takers[0].long_text: max(texts, key=len)})]


def _after(said: str, end: int) -> str:
    """What follows a call, without the end of the fence that the call itself stands in."""
    inside = len(re.findall(r"^[ \t]*`{3,}", said[:end], re.MULTILINE)) % 2
    return re.sub(r"\A\s*`{3,}[ \t]*\n?", "", said[end:]) if inside else said[end:]


def _problem(said: str, known: Mapping[str, type[Action]]) -> str:
    right = f"Answer with one JSON object, such as {FORM}."
    if not said.strip():
        return f"Your reply was empty. {right}"
    if match := START.search(said):
        try:
            json.JSONDecoder(strict=False).raw_decode(said, match.start())
        except RecursionError:
            return f"The JSON in your reply is nested too deeply. {right}"
        except ValueError as error:
            follow = _for_long_texts(said, known)
            return f"The JSON in your reply cannot be read: {error}. {right}{follow}"
        return f"The JSON in your reply names no action. {right}"
    kind = _in_mind(said, known)
    if kind is None:
        return f"No action was found in your reply. {right} Actions: {', '.join(known)}."
    return f"No action was found in your reply. Did you mean {name_of(kind)!r}? Write nothing but the call: {_written(kind)}. Actions: {', '.join(known)}."


def _for_long_texts(said: str, known: Mapping[str, type[Action]]) -> str:
    """How a long text is written without JSON; which action takes it, where the one that was named takes none."""
    takers = [name for name, kind in known.items() if kind.long_text]
    if not takers:
        return ""
    named = re.search(r'"(?:action|name)"\s*:\s*"(\w+)"', said)
    if named and named[1] in known and named[1] not in takers and len(takers) == 1:
        (taker,) = takers
        return f' {named[1]} takes no whole text; {taker} does: write {{"action": "{taker}", "arguments": {{}}}} and let the text follow as a fenced block.'
    return " A long text need not be in it: let it follow as a fenced block."


def _in_mind(said: str, known: Mapping[str, type[Action]]) -> type[Action] | None:
    """The action that a reply without a call is about: the last that it names, or one whose name is like its first word."""
    named = [word for word in re.findall(r"\w+", said) if word in known]
    first = said.strip().split()[0].strip("`*\"'():.,")
    close = named[-1:] or difflib.get_close_matches(first, list(known), 1, 0.5)
    return known[close[0]] if close else None


def _written(kind: type[Action]) -> str:
    """A call of an action to go by, without its arguments where these are long."""
    example = example_call(kind)
    return example if len(example) <= LONGEST_EXAMPLE else f'{{"action": "{name_of(kind)}", "arguments": {{...}}}}'
