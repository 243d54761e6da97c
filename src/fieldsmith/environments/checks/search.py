"""A search for calls that break an environment, by Hypothesis where it is installed: it finds them and makes them small."""

import contextlib
import importlib.util
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fieldsmith.environments.action import Action, name_of, schema_of
from fieldsmith.environments.calls import Call
from fieldsmith.environments.checks.trial import Trial, limited
from fieldsmith.environments.environment import AnyEnvironment

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

EXAMPLES, CALLS = 80, 4
MOST_SECONDS = 2.0


class _Found(Exception):
    """Calls that break it."""


def searched(trial: Trial) -> None:
    """Valid and invalid calls, some in a row, that are made up from the schemas never raise."""
    if importlib.util.find_spec("hypothesis") is None:
        trial.note = "left out: `pip install hypothesis` searches for calls that break it"
        return
    from hypothesis import HealthCheck, given, settings
    from hypothesis import strategies as st
    from hypothesis.errors import Flaky

    env, tried = trial.fresh(), 0
    begun, smallest = env.episode, dict[object, str]()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    )
    @given(st.lists(calls(env), min_size=1, max_size=CALLS))
    def search(listed: list[Call]) -> None:
        nonlocal tried, smallest
        if trial.over:
            return
        env.episode = begun
        for call in listed:
            tried += 1
            trial.step(env, call)
            if trial.faults:
                smallest = trial.take()
                raise _Found

    with limited(env.all_actions, MOST_SECONDS), contextlib.suppress(_Found, Flaky):  # flaky where the time is over
        search()
    for key, words in smallest.items():
        trial.fault(words, key)
    trial.note = f"{tried} calls by Hypothesis"


def calls(env: AnyEnvironment) -> "SearchStrategy[Call]":
    """Calls of its own actions, right and wrong ones."""
    from hypothesis import strategies as st

    return st.sampled_from(list(env.actions)).flatmap(_calls_of)


def _calls_of(kind: type[Action]) -> "SearchStrategy[Call]":
    from hypothesis import strategies as st

    schema = schema_of(kind)
    wrong = st.dictionaries(st.sampled_from([*schema["properties"], "other"]), _anything(), max_size=4)
    return st.builds(Call, st.just(name_of(kind)), _value(schema) | wrong | st.text(max_size=20))


def _anything() -> "SearchStrategy[Any]":
    from hypothesis import strategies as st

    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=6,
    )


def _value(schema: Mapping[str, Any]) -> "SearchStrategy[Any]":
    """What a part of a schema allows; limits that need more than this are left to the environment's answer."""
    from hypothesis import strategies as st

    if "const" in schema:
        return st.just(schema["const"])
    if schema.get("enum"):
        return st.sampled_from(schema["enum"])
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return st.one_of([_value(one) for one in choices])
    kind = schema.get("type")
    if kind == "object":
        needed = schema.get("required", [])
        parts = {name: _value(one) for name, one in schema.get("properties", {}).items()}
        return st.fixed_dictionaries(
            {name: part for name, part in parts.items() if name in needed},
            optional={name: part for name, part in parts.items() if name not in needed},
        )
    if kind == "array":
        if "prefixItems" in schema:
            return st.tuples(*map(_value, schema["prefixItems"])).map(list)
        few = schema.get("minItems", 0)
        return st.lists(
            _value(schema.get("items", {})), min_size=few, max_size=min(schema.get("maxItems", few + 5), few + 5)
        )
    if kind == "integer":
        return st.integers(
            _whole(schema, "minimum", "exclusiveMinimum", 1), _whole(schema, "maximum", "exclusiveMaximum", -1)
        )
    if kind == "number":
        low, high = (
            schema.get("minimum", schema.get("exclusiveMinimum")),
            schema.get("maximum", schema.get("exclusiveMaximum")),
        )
        return st.floats(low, high, allow_nan=False, allow_infinity=False)
    if kind == "string":
        return st.text(
            min_size=schema.get("minLength", 0),
            max_size=min(schema.get("maxLength", 40), 40 + schema.get("minLength", 0)),
        )
    if kind == "boolean":
        return st.booleans()
    return st.none() if kind == "null" else _anything()


def _whole(schema: Mapping[str, Any], closed: str, opened: str, beside: int) -> int | None:
    if closed in schema:
        return int(schema[closed])
    return int(schema[opened]) + beside if opened in schema else None
