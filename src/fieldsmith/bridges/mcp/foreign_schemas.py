"""From the tools of a foreign server to actions: JSON schemas made plain for providers, arguments validated by the schemas as they came."""

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import jsonschema
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for
from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema, create_model, model_validator

from fieldsmith.bridges.mcp.plain_schemas import plain, referred
from fieldsmith.environments.action import EVERYWHERE, Action, Needs, name_of

LONGEST_LINE = 600
"""Characters of a tool's description that stand in its short documentation; its page has all."""
LONGEST_FAULT = 200
WHOLE = {"type", "properties", "required", "additionalProperties", "title", "description", "$schema", "$defs", "definitions"}  # fmt: skip
"""Keywords at the top of a schema that hold for each argument by itself."""


@dataclass(frozen=True)
class Tool:
    """A tool as it is pinned in tools.json. `action` is what agents call it; `reads` whether it only reads, by its server's word or its owner's."""

    name: str
    action: str
    description: str
    input_schema: Mapping[str, Any]
    output_schema: Mapping[str, Any] | None = None
    reads: bool = False


class ToolAction(Action):
    """An action that calls a foreign server's tool; `argument_names` are the server's names by those that agents use."""

    tool: ClassVar[str] = ""
    argument_names: ClassVar[Mapping[str, str]] = {}

    def sent(self) -> dict[str, Any]:
        """The arguments as the server takes them; what the agent has left out is left out."""
        given = self.model_dump(mode="json", exclude_unset=True)
        return {self.argument_names.get(name, name): value for name, value in given.items()}


class OpenAction(ToolAction):
    """One that takes arguments of any name."""

    model_config = ConfigDict(extra="allow")


def action_names(tools: Sequence[str], taken: Sequence[str] = ()) -> dict[str, str]:
    """What each tool is called as an action: small letters, digits and _, no two alike."""
    used = {*taken, *map(name_of, EVERYWHERE)}
    found: dict[str, str] = {}
    for tool in tools:
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", tool).lower()
        base = re.sub(r"[^a-z0-9]+", "_", snake).strip("_")[:40]
        base = base if base[:1].isalpha() else f"tool_{base}".rstrip("_")
        free = (name for name in _numbered(base) if name not in used)
        found[tool] = next(free)
        used.add(found[tool])
    return found


def _numbered(base: str) -> Iterator[str]:
    yield base
    yield f"{base}_tool"
    n = 2
    while True:
        yield f"{base}_{n}"
        n += 1


def action_of(tool: Tool, needs: Needs) -> type[ToolAction]:
    """The action that calls it. Raises ValueError for a schema that is none."""
    schema = dict(tool.input_schema)
    draft = validator_for(schema, jsonschema.Draft202012Validator)
    try:
        draft.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise ValueError(f"its input schema is no JSON schema: {error.message[:200]}") from None
    validator = draft(schema)
    properties = _properties(schema, schema)
    names = _argument_names(properties)
    required = {name for name in schema.get("required", []) if name in properties}
    fields = {shown: _field(tool, name, properties[name], validator, name in required) for shown, name in names.items()}
    free_form = schema.get("additionalProperties") not in (None, False)
    kind = create_model(
        "".join(part.capitalize() for part in tool.action.split("_")),
        __base__=OpenAction if free_form else ToolAction,
        __doc__=_line(tool),
        __validators__={"fit_together": _together(validator)} if set(schema) - WHOLE or free_form else {},
        **fields,
    )
    kind.called, kind.free, kind.needs = tool.action, tool.reads, needs
    kind.tool = tool.name
    kind.argument_names = {shown: name for shown, name in names.items() if shown != name}
    return kind


def _line(tool: Tool) -> str:
    told = " ".join(tool.description.split()) or f"Call the server's tool {tool.name}."
    if len(told) < 20:
        told = f"{told.rstrip('.')}, by the server's tool {tool.name}."
    return told if len(told) <= LONGEST_LINE else f"{told[:LONGEST_LINE].rsplit(' ', 1)[0]} …"


def _properties(schema: Mapping[str, Any], root: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments by name, those of alternatives at the top included."""
    found: dict[str, Any] = {}
    for key in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(key, []):
            if isinstance(part, Mapping):
                for name, one in _properties(referred(part, root), root).items():
                    found.setdefault(name, one)
    own = schema.get("properties", {})
    return {**found, **(own if isinstance(own, Mapping) else {})}


def _argument_names(properties: Mapping[str, Any]) -> dict[str, str]:
    """The server's names by names that providers and pydantic take."""
    found: dict[str, str] = {}
    for name in properties:
        base = re.sub(r"[^A-Za-z0-9_-]", "_", name).strip("_-")[:60] or "argument"
        base = f"{base}_" if hasattr(Action, base) or base.startswith("model_") else base
        base = base if base[0].isalpha() else f"argument_{base}"
        shown = next(one for one in _numbered(base) if one not in found)
        found[shown] = name
    return found


def _field(tool: Tool, name: str, part: Any, whole: Validator, required: bool) -> Any:
    schema = plain(part, tool.input_schema)
    if not schema.get("description"):
        schema["description"] = f"{name}, of which its server says no more"
    own = whole.evolve(schema=part)  # whose references are still those of the whole schema

    def fit(value: Any) -> Any:
        _check(own, value)
        return value

    kind = Annotated[Any, AfterValidator(fit), WithJsonSchema(schema)]
    return (kind, Field(...)) if required else (kind, Field(default=schema.get("default")))


def _check(validator: Validator, value: Any) -> None:
    """Raises ValueError with what is wrong."""
    _sendable(value)
    try:
        faults = [_words(error) for error in itertools.islice(validator.iter_errors(value), 3)]
    except Exception as error:  # of numbers that are too large, and references to nowhere
        raise ValueError(f"it cannot be checked by the server's schema ({type(error).__name__})") from None
    if faults:
        raise ValueError("; ".join(faults)[:400])


def _words(error: jsonschema.ValidationError) -> str:
    place = ".".join(map(str, error.absolute_path))
    rule = f"it does not fit {error.validator} {json.dumps(error.validator_value)}"[:LONGEST_FAULT]
    words = error.message if len(error.message) <= LONGEST_FAULT else rule
    return f"{place}: {words}" if place else words


def _sendable(value: Any) -> None:
    """Raises ValueError for what JSON in UTF-8 cannot say."""
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError):
        raise ValueError("it cannot be written as JSON: no NaN, no infinity, no broken characters") from None


def _together(validator: Validator) -> Any:
    """Checks what holds for several arguments together."""

    def fit_together(self: ToolAction) -> ToolAction:
        _check(validator, self.sent())
        return self

    return model_validator(mode="after")(fit_together)
