"""The documentation of actions: a line for each that is always told, and the whole page of one."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fieldsmith.environments.action import Action, name_of, schema_of, short_docs
from fieldsmith.environments.calls import argument_words
from fieldsmith.environments.sampling import sampled

OWN = Path(__file__).parent / "docs"
"""Where the pages of the actions lie that every environment has."""


def overview(actions: Sequence[type[Action]]) -> str:
    """All actions, a line each."""
    return "\n".join(f"- `{name_of(action)}`: {short_docs(action)}" for action in actions)


def page(action: type[Action], folders: Sequence[Path]) -> str:
    """The whole page: what the action is for, its arguments, its long documentation, an example of a call.

    `folders` are looked through in turn for `NAME.md`.
    """
    name, schema = name_of(action), schema_of(action)
    required = schema.get("required", [])
    listed = [f"- {argument_words(n, s, n in required)}" for n, s in schema["properties"].items()]
    arguments = "\n".join(listed) or "It takes no arguments."
    parts = [
        f"# {name}",
        short_docs(action),
        f"## Arguments\n\n{arguments}",
        long_docs(action, folders),
        f"## Form of a call\n\n```json\n{example_call(action)}\n```",
    ]
    return "\n\n".join(part for part in parts if part)


def long_docs(action: type[Action], folders: Sequence[Path]) -> str:
    """What stands in the action's file, empty where there is none."""
    for folder in (*folders, OWN):
        file = folder / f"{name_of(action)}.md"
        if file.is_file():
            return file.read_text(encoding="utf-8").strip()
    return ""


def example_call(action: type[Action]) -> str:
    """A call as JSON; the values are those that the action gives, or as the schema has them, or by chance."""
    arguments = dict(action.example) or sampled(action, np.random.default_rng(0))
    return json.dumps({"action": name_of(action), "arguments": arguments}, ensure_ascii=False)
