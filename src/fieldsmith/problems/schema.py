"""The JSON schema of a problem file (draft 2020-12), for editors that check TOML while it is written and for models that answer in JSON."""

from typing import Any

from fieldsmith.problems.domain import FEWEST, LONGEST_CALL, MOST, SMALLEST_ERROR
from fieldsmith.problems.families import KINDS

DRAFT = "https://json-schema.org/draft/2020-12/schema"
NAME = r"^[^\W\d]\w*$"
EXPRESSION: dict[str, Any] = {"type": ["string", "number"], "description": "An expression, such as sin(pi*x)."}
NUMBER: dict[str, Any] = {"type": ["number", "string"], "description": "A number, or one in constants, such as 2*pi."}
WORDS: dict[str, Any] = {"meaning": {"type": "string"}, "unit": {"type": "string"}}
CONDITION: dict[str, Any] = {
    "type": "string",
    "description": "periodic, open, or an equation that holds at the end, such as u_x + 3*u = 2.",
    "minLength": 1,
}


def schema() -> dict[str, Any]:
    """The schema as plain values."""
    table = _table
    return {
        "$schema": DRAFT,
        "title": "A problem file of Fieldsmith",
        "description": "A partial differential equation with domain, conditions and initial values.",
        "type": "object",
        "additionalProperties": False,
        "required": ["equations", "domain"],
        "properties": {
            "title": {"type": "string"},
            "description": {"type": "string", "description": "What the problem is about, in prose."},
            "equations": {
                "description": "left = right each; u_t, u_xx, d(f, x), laplace(f), div([f, g]) are derivatives.",
                "oneOf": [_equation(), {"type": "array", "minItems": 1, "maxItems": 12, "items": _equation()}],
            },
            "domain": _domain(),
            "unknowns": table("What the unknowns are, and which are complex.", {"oneOf": [{"type": "string"}, _object({**WORDS, "complex": {"type": "boolean"}})]}),
            "parameters": table("Numbers with names; a range lets them vary.", {"oneOf": [NUMBER, _object({"value": NUMBER, "low": NUMBER, "high": NUMBER, **WORDS}, ["value"])]}),
            "definitions": table("Names for expressions, which may hold unknowns.", EXPRESSION),
            "coefficients": table("Given fields.", _given()),
            "boundary": {
                "type": "object",
                "description": "What holds at the ends of axes: x for both, “x=0” for one.",
                "additionalProperties": {"oneOf": [CONDITION, {"type": "array", "minItems": 1, "items": CONDITION}]},
            },
            "initial": table("Values at the first time; u_t too where u is of second order in time.", _given()),
            "output": _output(),
            "conserved": {"type": "object", "description": "Densities whose integrals stay.", "additionalProperties": EXPRESSION},
            "exact": table("A known solution, of every unknown.", EXPRESSION),
        },
    }  # fmt: skip


def _equation() -> dict[str, Any]:
    return {"type": "string", "pattern": "=", "examples": ["u_t = nu*u_xx"]}


def _table(words: str, of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "description": words, "propertyNames": {"pattern": NAME}, "additionalProperties": of}


def _object(properties: dict[str, Any], required: list[str] | None = None) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required or [], "additionalProperties": False}


def _domain() -> dict[str, Any]:
    pair = {"type": "array", "minItems": 2, "maxItems": 2, "items": NUMBER}
    interval = {"oneOf": [pair, _object({"low": NUMBER, "high": NUMBER, **WORDS}, ["low", "high"])]}
    return {
        "type": "object",
        "description": "An interval for each coordinate; t is the time unless `time` names another one, without a time the problem is steady.",
        "minProperties": 1,
        "maxProperties": 5,
        "propertyNames": {"pattern": NAME},
        "properties": {"time": {"oneOf": [{"type": "string"}, interval]}},
        "additionalProperties": interval,
    }  # fmt: skip


def _given() -> dict[str, Any]:
    families = [
        _object(
            {"family": {"const": kind}, **{name: {"type": "number"} for name in settings}},
            ["family", *(name for name, usual in settings.items() if usual is None)],
        )
        for kind, settings in KINDS.items()
    ]
    file = _object({"file": {"type": "string"}, "name": {"type": "string"}}, ["file"])
    return {"oneOf": [EXPRESSION, *families, file]}


def _output() -> dict[str, Any]:
    count = {"type": "integer", "minimum": FEWEST, "maximum": MOST}
    return {
        **_object(
            {
                "points": {"oneOf": [count, {"type": "object", "additionalProperties": count}]},
                "times": {"oneOf": [{"type": "integer", "minimum": 2}, {"type": "array", "minItems": 1, "items": NUMBER}]},
                "accuracy": {"type": "number", "minimum": SMALLEST_ERROR, "maximum": 0.5},
                "seconds": {"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST_CALL},
            }
        ),
        "description": "Points along each axis, times, the relative error wanted, seconds for one call of a solver.",
    }  # fmt: skip
