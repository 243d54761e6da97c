"""What `fieldsmith problem new` asks in a terminal, and the document that comes of the answers."""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import typer

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


def asked(given: Given) -> Given:
    """The same, with what is missing asked for in a terminal. Raises InputError where there is none to ask in."""
    if given.equations and given.domain:
        return given
    if not sys.stdin.isatty():
        missing = "--equation" if not given.equations else "--domain"
        raise InputError(
            f"{missing} is missing, and there is no terminal to ask in.",
            "`fieldsmith problem new --help` has an example.",
        )
    say = typer.echo
    say("A problem of your own. An empty answer ends a list; Ctrl-C writes nothing.", err=True)
    title = given.title if given.title is not None else _ask("Title")
    equations = given.equations or _many("Equation, such as u_t = nu*u_xx")
    domain = given.domain or _many("Interval, such as x = 0, 1 (t is the time; without it the problem is steady)")
    parameters = given.parameters or _many("Parameter, such as nu = 0.1")
    boundary = given.boundary or _many("Ends, such as x = periodic, or x: u = 0")
    initial = given.initial or _many("Value at the first time, such as u = sin(pi*x)")
    return replace(
        given,
        title=title,
        equations=equations,
        domain=domain,
        parameters=parameters,
        boundary=boundary,
        initial=initial,
    )


def _ask(words: str) -> str:
    return str(typer.prompt(words, default="", show_default=False, err=True)).strip()


def _many(words: str) -> list[str]:
    found: list[str] = []
    while answer := _ask(words if not found else "  another"):
        found.append(answer)
    return found


def document(given: Given) -> dict[str, Any]:
    """The tables of a problem. Raises InputError for words of another form."""
    tables: dict[str, Any] = {
        "title": given.title or "",
        "equations": list(given.equations),
        "domain": _domain(given.domain),
        "parameters": _parameters(given.parameters),
        "boundary": _boundary(given.boundary),
        "initial": dict(_pair("--initial", word, "u = sin(pi*x)") for word in given.initial),
    }
    if given.accuracy is not None:
        tables["output"] = {"accuracy": given.accuracy}
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
