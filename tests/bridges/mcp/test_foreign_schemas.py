"""Arguments of foreign tools: what a model is told, and what is refused before the server is asked."""

import json

import numpy as np
import pytest

from fieldsmith.bridges.mcp.foreign_schemas import Tool, action_names, action_of
from fieldsmith.environments.action import Needs, schema_of
from fieldsmith.environments.calls import Call, understood
from fieldsmith.environments.observation import StepFault
from fieldsmith.environments.sampling import sampled

SCHEMA = {
    "type": "object",
    "$defs": {
        "Point": {
            "type": "object",
            "properties": {"x": {"type": "number", "minimum": 0}, "next": {"anyOf": [{"$ref": "#/$defs/Point"}, {"type": "null"}]}},
            "required": ["x"],
        }
    },
    "properties": {
        "json": {"type": ["string", "null"], "description": "a text or nothing"},
        "point": {"$ref": "#/$defs/Point", "description": "where"},
        "count": {"type": "integer", "default": 5, "maximum": 10},
        "$filter": {},
        "size": {"oneOf": [{"enum": ["small", "large"]}, {"type": "integer"}]},
        "mixed": {"allOf": [{"type": "number"}, {"minimum": 1}]},
    },
    "required": ["point"],
    "anyOf": [{"required": ["count"]}, {"required": ["size"]}],
}  # fmt: skip
KIND = action_of(Tool("get.Thing", "get_thing", "Gets a thing from the store.", SCHEMA), Needs())


def test_a_model_is_told_plain_schemas_that_providers_take():
    told = schema_of(KIND)
    assert "$ref" not in json.dumps(told)
    assert not {"anyOf", "oneOf", "allOf"} & told.keys()
    parts = told["properties"]
    assert parts["json_"]["anyOf"] == [{"type": "string"}, {"type": "null"}]
    assert parts["json_"]["description"] == "a text or nothing"
    assert parts["point"]["properties"]["next"]["anyOf"][0]["required"] == ["x"]
    assert parts["count"]["default"] == 5
    assert parts["mixed"] == {"type": "number", "minimum": 1, "description": "mixed, of which its server says no more"}
    assert told["required"] == ["point"]


def test_the_server_gets_its_own_names_and_nothing_that_was_left_out():
    action = understood(Call("get_thing", {"point": {"x": 1}, "count": 3, "filter": [1], "json_": None}), [KIND])
    assert action.sent() == {"point": {"x": 1}, "count": 3, "$filter": [1], "json": None}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"point": {"x": -1}, "count": 1}, "x: -1 is less than the minimum of 0"),
        ({"point": {"x": 1, "next": {"x": "no"}}, "count": 1}, "next: {'x': 'no'} is not valid"),
        ({"point": {"x": 1}, "count": 11}, "11 is greater than the maximum of 10. Right would be: count"),
        ({"point": {"x": 1}, "size": "middling"}, "'middling' is not valid"),
        ({"point": {"x": 1}, "mixed": 0, "count": 1}, "0 is less than the minimum of 1"),
        ({"point": {"x": 1}}, "is not valid under any of the given schemas"),
        ({"count": 1}, "point is missing"),
        ({"point": {"x": 1}, "count": 1, "conut": 2}, "did you mean 'count'?"),
        ({"point": {"x": float("nan")}, "count": 1}, "it cannot be written as JSON"),
        ({"point": {"x": 1}, "count": 1, "json_": "\ud800"}, "it cannot be written as JSON"),
        ({"point": {"x": 1}, "count": 10**400}, "it does not fit maximum 10"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would_be_right(arguments, words):
    with pytest.raises(StepFault) as raised:
        understood(Call("get_thing", arguments), [KIND])
    assert raised.value.status == "validation_error"
    assert words in str(raised.value)


def test_arguments_of_any_name_pass_where_the_server_takes_them():
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": {"type": "integer"}}
    kind = action_of(Tool("free", "free_form", "Takes what it gets.", schema), Needs())
    assert understood(Call("free_form", {"a": 1, "b": 2}), [kind]).sent() == {"a": 1, "b": 2}
    with pytest.raises(StepFault, match="'x' is not of type 'integer'"):
        understood(Call("free_form", {"b": "x"}), [kind])


def test_definitions_that_name_each_other_are_told_in_part_and_checked_in_full():
    names = [f"N{n}" for n in range(12)]
    node = {"type": "object", "properties": {one: {"$ref": f"#/$defs/{one}"} for one in names}, "additionalProperties": {"$ref": "#/$defs/N0"}}  # fmt: skip
    schema = {"type": "object", "$defs": dict.fromkeys(names, node), "properties": {"tree": {"$ref": "#/$defs/N0"}, "all": {"items": True}}}  # fmt: skip
    kind = action_of(Tool("tree", "tree", "Grow a tree of nodes.", schema), Needs())
    told = json.dumps(schema_of(kind))
    assert "$ref" not in told
    assert len(told) < 200_000
    sampled(kind, np.random.default_rng(0))
    deep = {"N1": {"N2": {"N3": {"N4": {"N5": {"other": 7}}}}}}
    with pytest.raises(StepFault, match="7 is not of type 'object'"):
        understood(Call("tree", {"tree": deep}), [kind])


def test_a_schema_that_is_none_is_refused():
    with pytest.raises(ValueError, match="its input schema is no JSON schema"):
        action_of(
            Tool("odd", "odd", "An odd one.", {"type": "object", "properties": {"a": {"type": "nothing"}}}), Needs()
        )


def test_names_of_actions_are_those_that_providers_take_and_never_two_alike():
    tools = ["getValue", "get-value", "get.value", "Submit", "7 wonders", "名", "answer", "x" * 80]
    assert list(action_names(tools, taken=("answer",)).values()) == [
        "get_value", "get_value_tool", "get_value_2", "submit_tool", "tool_7_wonders", "tool", "answer_tool", "x" * 40,
    ]  # fmt: skip
