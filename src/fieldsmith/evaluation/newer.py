"""Programs that are written for a newer Python than the sandbox has: what they use, and since when there is such a thing."""

import re
from collections.abc import Mapping, Sequence

QUOTED_WITHIN = re.compile(r"[fF][rR]?(['\"])(?:(?!\1).)*\{(?:(?!\1)[^}])*\1[^}\n]*\}")
"""An f-string whose own quotes stand within its braces."""
SYNTAX: tuple[tuple[str, str, str, str], ...] = (
    ("3.12", "the statement `type NAME = …`", "", r"^\s*type\s+\w+\s*(?:\[.*\]\s*)?="),
    ("3.12", "type parameters in brackets after a name", "", r"^\s*(?:async\s+)?(?:def|class)\s+\w+\s*\["),
    ("3.12", "an f-string with its own quotes within its braces", r"f-string|unterminated|was never closed", QUOTED_WITHIN.pattern),
    ("3.12", "a backslash within the braces of an f-string", r"f-string.* backslash", ""),
    ("3.12", "a comment within the braces of an f-string", r"f-string.* '#'", ""),
    ("3.14", "`except A, B:` without brackets", r"multiple exception types must be parenthesized", ""),
    ("3.14", "a template string, t\"…\"", "", r"(?<![\w'\"])t(?:r|R)?['\"]"),
    ("3.15", "a lazy import", "", r"^\s*lazy\s+(?:import|from)\b"),
)  # fmt: skip
"""Since when, what, and by what it is known: the message and the line, where they say it."""
NAMES = {
    "itertools.batched": "3.12",
    "math.sumprod": "3.12",
    "typing.override": "3.12",
    "typing.TypeAliasType": "3.12",
    "collections.abc.Buffer": "3.12",
    "math.fma": "3.13",
    "copy.replace": "3.13",
    "warnings.deprecated": "3.13",
    "typing.TypeIs": "3.13",
    "functools.Placeholder": "3.14",
    "concurrent.interpreters": "3.14",
}
"""Names of the standard library that programs may use, and since when they are there."""
NO_NAME = re.compile(
    r"module '([\w.]+)' has no attribute '(\w+)'|cannot import name '(\w+)' from '([\w.]+)'|No module named '([\w.]+)'"
)


def newer(kind: str, message: str, line: str, libraries: Sequence[str]) -> Mapping[str, object] | None:
    """The next step for a program that needs a newer Python than the sandbox's, which `libraries` names; None for others."""
    here = next((name.split()[1] for name in libraries if name.startswith("Python ")), "")
    found = _syntax(message, line) if kind == "SyntaxError" else _name(message)
    if found is None or (here and _order(found[0]) <= _order(here)):
        return None
    return {"name": "newer_python", "since": found[0], "what": found[1], "here": here}


def _syntax(message: str, line: str) -> tuple[str, str] | None:
    for since, what, told, looks in SYNTAX:
        if (not told or re.search(told, message)) and (not looks or re.search(looks, line)):
            return since, what
    return None


def _name(message: str) -> tuple[str, str] | None:
    match = NO_NAME.search(message)
    if match is None:
        return None
    name = f"{match[1]}.{match[2]}" if match[1] else f"{match[4]}.{match[3]}" if match[3] else match[5]
    return (NAMES[name], f"`{name}`") if name in NAMES else None


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
