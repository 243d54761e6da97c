"""JSON schemas as providers of models take them: no references, no lists of types, a type everywhere. What cannot be said so is left open:
arguments are checked by the schema as it came.
"""

import copy
from collections.abc import Mapping
from typing import Any

DEEPEST = 24
"""Levels of a schema that are told."""
MOST_PARTS = 1000
"""Parts of a schema that are told: definitions that name each other would otherwise grow without end."""
OFTEN = 2
"""How often one definition is told within itself."""
FOLLOWED = 16
"""References that lead from one to the next."""
ANY = ("string", "number", "boolean", "object", "array")
UNTOLD = (
    "$defs", "definitions", "$schema", "$id", "$comment", "$anchor", "$dynamicRef", "$recursiveRef", "patternProperties", "propertyNames",
    "unevaluatedProperties", "unevaluatedItems", "additionalItems", "contains", "not", "if", "then", "else", "dependentSchemas",
    "dependentRequired", "dependencies",
)  # fmt: skip
"""Keywords that models are not told of."""
TELLING = {
    "properties": "object", "items": "array", "prefixItems": "array", "minimum": "number", "maximum": "number",
    "pattern": "string", "minLength": "string", "maxLength": "string",
}  # fmt: skip
"""Keywords that tell the type where it is not said."""


def plain(part: Any, root: Mapping[str, Any]) -> dict[str, Any]:
    """A part of the schema `root`, made plain."""
    return _Plain(root).told(part, 0, ())


def referred(part: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a reference within the schema stands for, with what is said beside it; nothing for one to elsewhere."""
    for _ in range(FOLLOWED):
        if "$ref" not in part:
            return part
        found: Any = root
        for word in str(part["$ref"]).removeprefix("#").strip("/").split("/"):
            word = word.replace("~1", "/").replace("~0", "~")
            found = found.get(word) if isinstance(found, Mapping) and word else found
        rest = {key: value for key, value in part.items() if key != "$ref"}
        part = {**found, **rest} if isinstance(found, Mapping) and found is not root else rest
    return {}


class _Plain:
    """Of one schema. `inside` are the references that led to a part."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self.root, self.left = root, MOST_PARTS

    def told(self, part: Any, depth: int, inside: tuple[str, ...]) -> dict[str, Any]:
        self.left -= 1
        if not isinstance(part, Mapping) or depth > DEEPEST or self.left < 0:
            return _anything({})
        name = str(part.get("$ref", ""))
        if name and inside.count(name) >= OFTEN:
            return _anything({key: part[key] for key in ("description",) if key in part})
        within = (*inside, name) if name else inside
        schema = self._merged(referred(part, self.root))
        for key in ("anyOf", "oneOf", "prefixItems"):
            if isinstance(schema.get(key), list):
                schema[key] = [self.told(one, depth + 1, within) for one in schema[key]]
        if isinstance(schema.get("properties"), Mapping):
            schema["properties"] = {n: self.told(one, depth + 1, within) for n, one in schema["properties"].items()}
        for key in ("items", "additionalProperties"):
            if isinstance(schema.get(key), Mapping):
                schema[key] = self.told(schema[key], depth + 1, within)
        return _typed(schema)

    def _merged(self, part: Mapping[str, Any]) -> dict[str, Any]:
        """With what `allOf` says put beside the rest; of contradictions the first is told."""
        schema = {key: copy.deepcopy(value) for key, value in part.items() if key not in UNTOLD}
        for one in schema.pop("allOf", []):
            if isinstance(one, Mapping):
                for key, value in self._merged(referred(one, self.root)).items():
                    if key in ("properties", "required") and key in schema:
                        schema[key] = {**value, **schema[key]} if key == "properties" else [*schema[key], *value]
                    else:
                        schema.setdefault(key, value)
        if isinstance(schema.get("items"), list):  # as it was said before 2020
            schema["prefixItems"] = schema.pop("items")
        elif not isinstance(schema.get("items", {}), Mapping):
            del schema["items"]
        return schema


def _typed(schema: dict[str, Any]) -> dict[str, Any]:
    """With a type, or alternatives that have some."""
    kinds = schema.pop("type", None)
    if isinstance(kinds, list):
        about = {key: schema.pop(key) for key in ("description", "default", "examples") if key in schema}
        return {"anyOf": [{**schema, "type": kind} if kind != "null" else {"type": "null"} for kind in kinds], **about}
    if kinds is not None:
        return {"type": kinds, **schema}
    if any(key in schema for key in ("anyOf", "oneOf", "const", "enum")):
        return schema
    told = next((kind for key, kind in TELLING.items() if key in schema), None)
    return {**schema, "type": told} if told else _anything(schema)


def _anything(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {**schema, "anyOf": [{"type": kind} for kind in ANY]}
