"""Random valid arguments by an action's schema: for agents that know nothing, examples and checks."""

import math
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from fieldsmith.environments.action import Action, GoBack, ReadDocs, Submit, name_of, schema_of
from fieldsmith.environments.calls import Call
from fieldsmith.environments.episode import Episode

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WIDE = 100.0
"""Numbers that no limit holds are drawn from as far as this to either side."""


class Playing(Protocol):
    """An environment in the middle of an episode."""

    @property
    def episode(self) -> Episode: ...

    @property
    def all_actions(self) -> tuple[type[Action], ...]: ...


def random_call(env: Playing, rng: np.random.Generator) -> Call:
    """A valid action by chance: the last step submits, others never do."""
    episode = env.episode
    if episode.used + 1 >= episode.max_steps:
        return Call(name_of(Submit))
    kinds = [kind for kind in env.all_actions if kind is not Submit]
    kind = kinds[int(rng.integers(len(kinds)))]
    if kind is GoBack:
        return Call(name_of(kind), {"step": int(rng.integers(episode.used + 1))})
    if kind is ReadDocs:
        return Call(name_of(kind), {"action": name_of(kinds[int(rng.integers(len(kinds)))])})
    return Call(name_of(kind), sampled(kind, rng))


def sampled(action: type[Action], rng: np.random.Generator) -> dict[str, Any]:
    """Arguments that the schema allows; those that may be left out are, half the time."""
    schema = schema_of(action)
    return _object(schema, rng)


def _object(schema: Mapping[str, Any], rng: np.random.Generator) -> dict[str, Any]:
    required = schema.get("required", [])
    properties = schema.get("properties", {})
    return {name: _value(one, rng) for name, one in properties.items() if name in required or rng.random() < 0.5}


def _value(schema: Mapping[str, Any], rng: np.random.Generator) -> Any:
    if "const" in schema:
        return schema["const"]
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][int(rng.integers(len(schema[key])))]
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return _value(choices[int(rng.integers(len(choices)))], rng)
    kind = schema.get("type", "string")
    if kind == "object":
        return _object(schema, rng)
    if kind == "array":
        return _list(schema, rng)
    if kind == "boolean":
        return bool(rng.integers(2))
    if kind == "null":
        return None
    if kind in ("integer", "number"):
        return _number(schema, kind == "integer", rng)
    length = int(
        rng.integers(
            schema.get("minLength", 1), max(schema.get("minLength", 1), min(12, schema.get("maxLength", 12))) + 1
        )
    )
    return "".join(LETTERS[int(n)] for n in rng.integers(len(LETTERS), size=length))


def _list(schema: Mapping[str, Any], rng: np.random.Generator) -> list[Any]:
    least = int(schema.get("minItems", 0))
    most = max(least, int(min(schema.get("maxItems", least + 3), least + 3)))
    if "prefixItems" in schema:
        return [_value(one, rng) for one in schema["prefixItems"]]
    return [_value(schema.get("items", {}), rng) for _ in range(int(rng.integers(least, most + 1)))]


def _number(schema: Mapping[str, Any], whole: bool, rng: np.random.Generator) -> float:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    low, high = _ends(low, high)
    step = schema.get("multipleOf")
    if whole or step:
        unit = step or 1
        first = math.ceil(low / unit) + ("exclusiveMinimum" in schema and low % unit == 0)
        last = math.floor(high / unit) - ("exclusiveMaximum" in schema and high % unit == 0)
        value = unit * int(rng.integers(first, max(first, last) + 1))
        return int(value) if whole else value
    # Never an end, which may be excluded.
    value = float(low + (high - low) * rng.uniform(0.001, 0.999))
    short = float(f"{value:.4g}")
    return short if low < short < high else value


def _ends(low: float | None, high: float | None) -> tuple[float, float]:
    if low is None and high is None:
        return -WIDE, WIDE
    if low is None:
        assert high is not None
        return high - WIDE, high
    return low, (low + WIDE if high is None else high)
