"""Arguments that nobody should send, and the ends of those that one may."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np

from fieldsmith.environments.action import Action, name_of, schema_of
from fieldsmith.environments.calls import Call
from fieldsmith.environments.sampling import sampled

FAR = 1e300
"""Stands for a number that no limit holds."""
LONG_TEXT, LONG_LIST = 10_000, 100


def _nested(depth: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


ODD: tuple[Any, ...] = (
    None, True, 0, -1, 10**400, FAR, -FAR, 5e-324, math.nan, math.inf, -math.inf, "", " ", "nan", "1e999", "x" * 100_000,
    "\x00\u202e😀é\ud800", "../../etc/passwd", "'; --", "{{ 7*7 }}", [], [[]], [math.nan], {}, {"": {}}, _nested(150),
    list(range(10_000)),
)  # fmt: skip
TEXTS = ("no JSON at all", "{", '{"a": ', "[1, 2]", "null", "42", "[" * 3000, '{"a": 1} and more', "\x00")
NAMES = ("", "no_such_action", "Submit ", "x" * 10_000, "../submit", "s\u202eubmit")


def unreadable(kind: type[Action]) -> Iterator[Call]:
    """Arguments that are no object."""
    yield from (Call(name_of(kind), text) for text in TEXTS)


def unknown() -> Iterator[Call]:
    """Actions that there are not."""
    yield from (Call(name, {}) for name in NAMES)


def misfits(kind: type[Action], rng: np.random.Generator) -> Iterator[Call]:
    """Objects with an argument too many or too few."""
    name, right = name_of(kind), sampled(kind, rng)
    yield Call(name, {**right, "no_such_argument": 1})
    for argument in schema_of(kind).get("required", []):
        yield Call(name, {key: value for key, value in right.items() if key != argument})


def odd(kind: type[Action], rng: np.random.Generator) -> Iterator[Call]:
    """Valid arguments but for one, which is of a wrong type, extreme, or neither."""
    name = name_of(kind)
    for argument in schema_of(kind)["properties"]:
        for value in ODD:
            yield Call(name, {**sampled(kind, rng), argument: value})


def ends(kind: type[Action], which: Literal["least", "most"]) -> Call:
    """The smallest arguments that the schema allows, those that may be left out left out; or the largest."""
    return Call(name_of(kind), _end(schema_of(kind), which == "most"))


def without_numbers(kind: type[Action]) -> Call:
    """The largest arguments, with NaN for every number."""
    return Call(name_of(kind), _nan(_end(schema_of(kind), True)))


def _nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _nan(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_nan(one) for one in value]
    return math.nan if isinstance(value, int | float) and not isinstance(value, bool) else value


def _end(schema: Mapping[str, Any], most: bool) -> Any:
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][-1 if most else 0]
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return _end(choices[0 if most else -1], most)
    kind = schema.get("type", "string")
    if kind == "object":
        asked = schema.get("properties", {}) if most else schema.get("required", [])
        return {name: _end(schema["properties"][name], most) for name in asked}
    if kind == "array":
        return _list_end(schema, most)
    if kind in ("integer", "number"):
        return _number_end(schema, most)
    if kind == "string":
        return "x" * int(min(schema.get("maxLength", LONG_TEXT), LONG_TEXT) if most else schema.get("minLength", 0))
    return most if kind == "boolean" else None


def _list_end(schema: Mapping[str, Any], most: bool) -> list[Any]:
    if "prefixItems" in schema:
        return [_end(one, most) for one in schema["prefixItems"]]
    few = int(schema.get("minItems", 0))
    length = int(min(schema.get("maxItems", LONG_LIST), LONG_LIST)) if most else few
    return [_end(schema.get("items", {}), most) for _ in range(max(few, length))]


def _number_end(schema: Mapping[str, Any], most: bool) -> float:
    limit = schema.get("maximum" if most else "minimum")
    open_end = schema.get("exclusiveMaximum" if most else "exclusiveMinimum")
    whole = schema.get("type") == "integer"
    if limit is None and open_end is None:
        far = 10**18 if whole else FAR
        return far if most else -far
    if limit is None:
        assert open_end is not None
        beside = 1 if whole else max(1e-12, abs(open_end) * 1e-9)
        limit = open_end - beside if most else open_end + beside
    return int(limit) if whole else float(limit)


def plain(call: Call) -> str:
    """A call as a text that tells it from others."""
    return json.dumps([call.action, call.arguments], sort_keys=True, default=repr)
