"""From what an agent wrote to an action: unknown names, malformed arguments and wrong values answered with what would be right."""

import contextlib
import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from fieldsmith.environments.action import Action, name_of, schema_of
from fieldsmith.environments.observation import Status, StepFault
from fieldsmith.plugins import meant

SHOWN = 200
"""Characters of a wrong value that a message shows."""


@dataclass(frozen=True)
class Call:
    """What an agent asks for, unchecked: an action's name and its arguments, as an object or as the text that was to be one."""

    action: str
    arguments: Mapping[str, Any] | str = field(default_factory=dict)


class Unreadable(StepFault):
    """A call that cannot be made out."""

    status: Status = "parse_error"


class Invalid(StepFault):
    """A call with a name or arguments that are not right."""

    status: Status = "validation_error"


def understood(call: Call, actions: Sequence[type[Action]]) -> Action:
    """The action that is called. Raises Unreadable and Invalid, each with what would be right."""
    known = {name_of(action): action for action in actions}
    kind = known.get(call.action)
    if kind is None:
        shown = str(call.action)[:SHOWN]
        raise Invalid(f"There is no action {shown!r}.{meant(shown, known)}", f"There are {', '.join(known)}.")
    arguments = _object(call, kind)
    try:
        return kind.model_validate(arguments)
    except ValidationError as error:
        raise Invalid(*_told(kind, error)) from None
    except RecursionError:
        raise Invalid(f"The arguments of {call.action} are nested too deeply.", _right(kind)) from None
    except Exception as error:  # a validator of the action's own may raise anything
        words = f"{call.action} was not run: its arguments cannot be checked ({type(error).__name__}: {error})."
        raise Invalid(words, _right(kind)) from error


def _object(call: Call, kind: type[Action]) -> Mapping[str, Any]:
    """The arguments as an object; a text is read as JSON."""
    arguments: Any = call.arguments
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments) if arguments.strip() else {}
        except (ValueError, RecursionError) as error:
            words = f"The arguments of {call.action} are no JSON ({error})"
            raise Unreadable(f"{words}: {_shown(arguments)}.", _right(kind)) from None
    if isinstance(arguments, str):  # an object that was written as a text twice over
        with contextlib.suppress(ValueError, RecursionError):
            arguments = json.loads(arguments)
    if not isinstance(arguments, Mapping):
        words = f"The arguments of {call.action} are no object: {_shown(arguments)}."
        raise Unreadable(words, _right(kind))
    return {str(name): value for name, value in arguments.items()}


def _told(kind: type[Action], error: ValidationError) -> tuple[str, str]:
    """All that is wrong, in one message, and what would be right."""
    known = list(kind.model_fields)
    said, wrong = [], []
    for fault in error.errors(include_url=False)[:8]:
        place = ".".join(str(part) for part in fault["loc"])
        wrong.append(str(fault["loc"][0]) if fault["loc"] else "")
        if fault["type"] == "missing":
            said.append(f"{place} is missing")
        elif fault["type"] == "extra_forbidden":
            said.append(f"there is no argument {place!r}{_perhaps(place, known)}")
        else:
            words = fault["msg"].removeprefix("Value error, ").rstrip(".")
            said.append(f"{place} = {_shown(fault['input'])}: {words}" if place else words)
    listed = "; ".join(said)
    named = [name for name in dict.fromkeys(wrong) if name in kind.model_fields]
    right = _right(kind, named) if named or not known else f"It takes {', '.join(known)}."
    return f"{name_of(kind)} was not run: {listed}.", f"{right}{_example(kind)}"


def _example(kind: type[Action]) -> str:
    """A whole call to go by, where the action has a short one."""
    text = json.dumps(dict(kind.example), ensure_ascii=False) if kind.example else ""
    return f" For example: {name_of(kind)} {text}." if 0 < len(text) <= SHOWN else ""


def _perhaps(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, 1, 0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _right(kind: type[Action], only: Sequence[str] = ()) -> str:
    """What the arguments, or some of them, have to be."""
    schema = schema_of(kind)
    fields = {n: s for n, s in schema["properties"].items() if not only or n in only}
    if not fields:
        return (
            f"{name_of(kind)} takes {'no arguments' if not schema['properties'] else ', '.join(schema['properties'])}."
        )
    required = schema.get("required", [])
    return f"Right would be: {'; '.join(argument_words(n, s, n in required) for n, s in fields.items())}."


def argument_words(name: str, schema: Mapping[str, Any], required: bool) -> str:
    """An argument in words: its name, what values it takes, what it means."""
    about = str(schema.get("description", "")).rstrip(".")
    kind = values_words(schema)
    optional = (
        "" if required else f", {json.dumps(schema['default'])} if left out" if "default" in schema else ", optional"
    )
    return f"{name} ({kind}{optional}){f': {about}' if about else ''}"


def values_words(schema: Mapping[str, Any]) -> str:
    """Which values a part of a schema takes, in words."""
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return "one of " + ", ".join(json.dumps(value) for value in schema["enum"])
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(values_words(one) for one in choices))
    kind = str(schema.get("type", "any value"))
    if kind == "array" and "prefixItems" in schema:
        return f"list of {', '.join(map(values_words, schema['prefixItems']))}, in this order"
    if kind == "array":
        few, many = schema.get("minItems"), schema.get("maxItems")
        return f"list of {values_words(schema.get('items', {}))}{_between(few, many, ' long')}"
    if kind == "string":
        few, many = schema.get("minLength"), schema.get("maxLength")
        return f"text{_between(few, many, ' characters')}"
    if kind == "object" and schema.get("properties"):
        required = schema.get("required", [])
        return f"object with {', '.join(argument_words(n, s, n in required) for n, s in schema['properties'].items())}"
    words = {"integer": "whole number", "boolean": "true or false", "null": "null"}.get(kind, kind)
    limits = [
        f"{sign} {schema[key]:g}"
        for key, sign in (("minimum", "at least"), ("exclusiveMinimum", "above"), ("maximum", "at most"), ("exclusiveMaximum", "below"))
        if key in schema
    ]  # fmt: skip
    return " ".join([words, " and ".join(limits)]).strip()


def _between(least: int | None, most: int | None, unit: str) -> str:
    told = [f"at least {least}" if least else "", f"at most {most}" if most is not None else ""]
    words = " and ".join(word for word in told if word)
    return f", {words}{unit}" if words else ""
