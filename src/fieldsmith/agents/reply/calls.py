"""Programs that a reply holds as the argument of a call of some tool: as JSON, however deep, or between tags of markup."""

import html
import json
import re
from collections.abc import Iterator

from fieldsmith import syntax

DEFINITION = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]", re.MULTILINE)
VALUE = re.compile(r"(?:^|(?<=[>\s:\]]))[\[{](?=\s*[\[{\"'])")
"""Where a JSON value may begin: at the head of a line, after a tag, a colon or a word."""
DEEPEST, MOST_VALUES = 30, 20
REPLACED = ("old_str", "old_string", "old_text", "old", "search", "original", "before")
"""Names of arguments that hold what is there already."""
TAGGED = re.compile(
    r"<(?P<tag>[A-Za-z_][\w.:-]*)(?:[ =][^<>\n]*)?>(?P<body>(?:(?!<(?P=tag)[ >=]).)*?)</(?P=tag)>", re.DOTALL
)
CDATA = re.compile(r"^\s*<!\[CDATA\[(?P<body>.*)\]\]>\s*$", re.DOTALL)
ADDED = re.compile(r"^\*\*\* (?:Add|Update) File:[^\n]*\n(?P<body>(?:\+[^\n]*\n?)+)", re.MULTILINE)


def from_json(reply: str, function: str) -> str:
    """The one text with a `def` line among all texts of the JSON values of a reply; empty where there are none or several.

    Of several files the one that defines the function is taken, as of a program and its tests.
    """
    return _only([text for value in _values(reply) for text in _programs(value)], function)


def _only(texts: list[str], function: str) -> str:
    """The one of several texts, or the one that defines the function; empty where there is no such."""
    defines = re.compile(rf"^(?:async[ \t]+)?def[ \t]+{re.escape(function)}\b", re.MULTILINE)
    several = set(texts)
    if len(several) > 1:
        several = {text for text in several if defines.search(text)}
    return several.pop() if len(several) == 1 else ""


def programs_in(arguments: str) -> list[str]:
    """All texts with a `def` line in the arguments of a call: JSON, an object as Python prints it, or the program as it stands."""
    value = _parsed(arguments)
    if value is None and arguments.lstrip()[:1] == "{":
        value = _printed(arguments)
    return list(dict.fromkeys(_programs(arguments if value is None else value)))


def from_tags(reply: str, function: str) -> str:
    """The one text with a `def` line between tags that are not thoughts, such as of `<parameter name="content">`."""
    if "</" not in reply:
        return ""
    bodies = [match["body"] for match in TAGGED.finditer(reply)]
    bodies += [inner["body"] for body in bodies for inner in TAGGED.finditer(body)]
    found = _only([body for body in bodies if DEFINITION.search(body) and not TAGGED.search(body)], function)
    if not found:
        return ""
    inner = CDATA.match(found)
    text = inner["body"] if inner else found
    return (html.unescape(text) if "&lt;" in text or "&gt;" in text or "&quot;" in text else text).strip("\n") + "\n"


def from_patch(reply: str, function: str) -> str:
    """A file that a patch in the form of some assistants adds: `*** Add File: solver.py` and lines with a plus."""
    found = [match["body"] for match in ADDED.finditer(reply)]
    texts = ["\n".join(line[1:] for line in body.split("\n") if line) + "\n" for body in found]
    return _only([text for text in texts if DEFINITION.search(text)], function)


def _values(reply: str) -> Iterator[object]:
    """JSON values in a text, and objects as Python prints them; line breaks within their texts are let pass."""
    decoder, at = json.JSONDecoder(strict=False), 0
    for _ in range(MOST_VALUES):
        match = VALUE.search(reply, at)
        if match is None:
            return
        try:
            value, at = decoder.raw_decode(reply, match.start())
            yield value
        except (ValueError, RecursionError):
            if at == 0 and (printed := _printed(reply[match.start() :])) is not None:
                yield printed
                return
            at = match.end()


def _printed(text: str) -> object:
    """An object in Python's notation that ends with the last bracket of a text; None where it is none."""
    end = max(text.rfind("}"), text.rfind("]"))
    try:
        return syntax.literal_eval(text[: end + 1])
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None


def _programs(value: object, depth: int = 0) -> Iterator[str]:
    if depth > DEEPEST:
        return
    if isinstance(value, str):
        if depth > 0 and value.lstrip()[:1] in ("{", "[") and (inner := _parsed(value)) is not None:
            yield from _programs(inner, depth + 1)  # the arguments of a call are often JSON within JSON
        elif DEFINITION.search(value):
            yield value
    elif isinstance(value, dict):
        for name, one in value.items():
            if name not in REPLACED:
                yield from _programs(one, depth + 1)
    elif isinstance(value, list):
        lines = [one for one in value if isinstance(one, str)]
        if lines and len(lines) == len(value) > 1 and DEFINITION.search("\n".join(lines)):
            yield "".join(lines) if any(line.endswith("\n") for line in lines) else "\n".join(lines) + "\n"
            return
        for one in value:
            if depth or not isinstance(one, str) or "\n" in one:
                yield from _programs(one, depth + 1)


def _parsed(text: str) -> object:
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
