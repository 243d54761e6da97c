"""The options of `fieldsmith problem new`, which are the answers in a terminal too, and the document that comes of them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fieldsmith.errors import InputError


@dataclass(frozen=True)
class Given:
    """The options as they were typed."""

    title: str | None
    equations: Sequence[str]
    domain: Sequence[str]
    parameters: Sequence[str]
    boundary: Sequence[str]
    initial: Sequence[str]
    accuracy: float | None
    unknowns: Sequence[str] = ()
    points: str | None = None
    times: int | None = None


def document(given: Given) -> dict[str, Any]:
    """The tables of a problem. Raises InputError for words of another form."""
    tables: dict[str, Any] = {
        "title": given.title or "",
        "equations": list(given.equations),
        "domain": _domain(given.domain),
        "unknowns": dict(_pair("--unknown", word, "psi=complex") for word in given.unknowns),
        "parameters": _parameters(given.parameters),
        "boundary": _boundary(given.boundary),
        "initial": dict(_pair("--initial", word, "u = sin(pi*x)") for word in given.initial),
    }
    asked = {"points": _points(given.points), "times": given.times, "accuracy": given.accuracy}
    tables["output"] = {name: value for name, value in asked.items() if value is not None}
    return {name: value for name, value in tables.items() if value or name in ("equations", "domain")}


def _pair(option: str, word: str, example: str) -> tuple[str, str]:
    name, sign, value = (part.strip() for part in word.partition("="))
    if not (name and sign and value):
        raise InputError(f"{option} {word!r} is not of the form name = value.", f"For example {option} {example!r}.")
    return name, value


def _number(text: str) -> Any:
    """A number as one, anything else as the expression that it may be."""
    try:
        return int(text) if re.fullmatch(r"[+-]?\d{1,15}", text) else float(text)
    except ValueError:
        return text


def _points(word: str | None) -> Any:
    """How many along every axis, or along each: 128, or x=256,y=64."""
    if word is None or "=" not in word:
        return word if word is None else _number(word)
    return {name: _number(count) for name, count in (_pair("--points", one, "x=256,y=64") for one in word.split(","))}


def _domain(words: Sequence[str]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for word in words:
        name, value = _pair("--domain", word, "x=0,1")
        ends = [part.strip() for part in value.strip("[] ").split(",")]
        if name == "time" and len(ends) == 1:
            found[name] = ends[0]
            continue
        if len(ends) != 2:
            raise InputError(f"--domain {word!r} has not two ends.", "For example --domain x=0,1.")
        found[name] = [_number(end) for end in ends]
    return found


def _parameters(words: Sequence[str]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for word in words:
        name, value = _pair("--param", word, "nu=0.1")
        numbers = [_number(part.strip()) for part in value.split(",")]
        if len(numbers) not in (1, 3):
            raise InputError(
                f"--param {word!r} is neither a value nor value, low, high.", "For example --param nu=0.1,0.01,1."
            )
        keys = ("value", "low", "high")
        found[name] = numbers[0] if len(numbers) == 1 else dict(zip(keys, numbers, strict=True))
    return found


def _boundary(words: Sequence[str]) -> Mapping[str, Any]:
    found: dict[str, list[str]] = {}
    for word in words:
        end, sign, condition = (part.strip() for part in word.partition(":"))
        if not sign:
            end, condition = _pair("--boundary", word, "x: u = 0")
        found.setdefault(end, []).append(condition)
    return {end: several[0] if len(several) == 1 else several for end, several in found.items()}
