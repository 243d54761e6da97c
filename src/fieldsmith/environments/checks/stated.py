"""What an environment says of itself: names, tasks, measures, actions as providers take them, and their pages."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from pydantic import BaseModel

from fieldsmith.environments.action import NAME, Action, name_of, schema_of, short_docs
from fieldsmith.environments.calls import argument_words
from fieldsmith.environments.checks.trial import Trial
from fieldsmith.environments.missing import missing
from fieldsmith.environments.naming import NAME as WHOLE_NAME
from fieldsmith.environments.pages import long_docs

ARGUMENT = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""What Anthropic takes as the name of a property; OpenAI takes these too."""
MOST_ACTIONS, LONGEST_DOCS = 128, 1024
"""Tools of a request, and characters of a tool's description, that OpenAI takes."""
SHORT, LONG = 20, 200
"""Characters that a line, and a page, must have to say something."""
TYPES = {"string", "number", "integer", "boolean", "object", "array", "null"}
TOP = {"anyOf", "oneOf", "allOf", "enum", "not"}
"""Keywords that neither provider takes at the top of a tool's arguments."""


def identity(trial: Trial) -> Iterator[str]:
    """Its name, title, docstring and kind of state."""
    env = trial.env
    if not WHOLE_NAME.fullmatch(str(env.name)):
        yield f"The name {env.name!r} is not of the form namespace/name-v1."
    if not str(env.title).strip():
        yield "Its `title` is empty."
    if len(env.about()) < SHORT:
        yield "The class has no docstring: say in a sentence or two what tool this is and what is asked."
    if not (isinstance(env.state, type) and issubclass(env.state, BaseModel)):
        yield f"Its `state` is {env.state!r}: give the pydantic model that states are."
    if env.max_steps < 1:
        yield f"max_steps = {env.max_steps}: an episode has 1 step or more."
    trial.note = f"{env.name}, {env.title}"


def machine(trial: Trial) -> Iterator[str]:
    """Whether this machine has what its actions need."""
    yield from missing(trial.env)


def tasks(trial: Trial) -> Iterator[str]:
    """Each task begins, has a sentence, and gives the figures that are declared."""
    env = trial.env
    known = env.tasks()
    if not known:
        yield "`tasks` is empty: give one at least."
    for task, sentence in known.items():
        if not task or re.search(r"\s", task):
            yield f"The task name {task!r} cannot be typed: use no blanks."
        if len(sentence.strip()) < SHORT or not env.brief(task).strip():
            yield f"The task {task!r} has no sentence that says what is asked."
            continue
        if not trial.over:
            yield from _begun(trial, task)
    trial.note = ", ".join(list(known)[:8]) + (f" and {len(known) - 8} more" if len(known) > 8 else "")


def _begun(trial: Trial, task: str) -> Iterator[str]:
    env = trial.bare()
    state = env.begin(task, np.random.default_rng(0))
    if not isinstance(state, env.state):
        yield f"`begin` gives a {type(state).__name__} for the task {task!r}, not a {env.state.__name__}."
        return
    env.reset(0, task)
    metrics = env.episode.last.metrics
    declared = [measure.name for measure in env.measures]
    for name in metrics:
        if name not in declared:
            yield f"`measure` gives {name!r}, which is none of the measures: {', '.join(declared) or 'there are none'}."
    if not np.isfinite(env.score(metrics)):
        yield f"`score` gives {env.score(metrics)} at the beginning of {task!r}: give 0 where nothing was achieved."


def measures(trial: Trial) -> Iterator[str]:
    """The panel: each figure has a name of its own and a meaning."""
    listed = trial.env.measures
    for name, count in Counter(measure.name for measure in listed).items():
        if count > 1:
            yield f"There are {count} measures called {name!r}."
    for measure in listed:
        if len(measure.meaning.strip()) < 5:
            yield f"The measure {measure.name!r} has no meaning: say what it is."
    if listed and not any(measure.main for measure in listed):
        yield "No measure is `main`: the history would show no figure."
    trial.note = ", ".join(measure.name for measure in listed) or "none"


def actions(trial: Trial) -> Iterator[str]:
    """Names and schemas that OpenAI and Anthropic take for tools."""
    env = trial.env
    if not env.actions:
        yield "`actions` is empty: give one at least."
    for kind in env.actions:
        if not (isinstance(kind, type) and issubclass(kind, Action)):
            yield f"{kind!r} is no Action: derive it from fieldsmith.environments.Action."
            return
        if not NAME.fullmatch(name_of(kind)):
            yield f"The action {name_of(kind)!r} cannot be called so: small letters, digits and _, 48 at most."
        if not 0.0 < kind.needs.seconds < float("inf"):
            yield f"{name_of(kind)} may take {kind.needs.seconds} s: give a time above 0 that ends."
        if kind.long_text and kind.long_text not in kind.model_fields:
            yield f"The long_text of {name_of(kind)} is {kind.long_text!r}, which is none of its arguments."
        yield from _schema_faults(kind)
    for name, count in Counter(map(name_of, env.actions)).items():
        if count > 1:
            yield f"There are {count} actions called {name!r}."
    if len(env.all_actions) > MOST_ACTIONS:
        yield f"There are {len(env.all_actions)} actions; providers take {MOST_ACTIONS}, and a model knows few."
    trial.note = ", ".join(map(name_of, env.actions))


def _schema_faults(kind: type[Action]) -> Iterator[str]:
    name = name_of(kind)
    try:
        schema = schema_of(kind)
        json.dumps(schema, allow_nan=False)
    except Exception as error:  # pydantic and whatever a model's own hooks raise
        yield f"The arguments of {name} have no JSON schema: {' '.join(str(error).split())[:200].rstrip('.')}."
        return
    if bad := TOP & schema.keys():
        yield f"The schema of {name} has {', '.join(sorted(bad))} at its top, which providers refuse: use fields."
    for argument in schema["properties"]:
        if not ARGUMENT.fullmatch(argument):
            yield f"The argument {argument!r} of {name} cannot be called so: letters, digits and _, 64 at most."
    if lost := set(schema.get("required", [])) - schema["properties"].keys():
        yield f"The schema of {name} requires {', '.join(sorted(lost))}, which it does not have."
    for argument, part in schema["properties"].items():
        if fault := next(_part_faults(part), ""):
            yield f"The argument {argument} of {name} has no sound schema: {fault}."


def _part_faults(part: Any) -> Iterator[str]:
    """What keeps a part of a schema from being one."""
    if not isinstance(part, Mapping):
        yield f"{part!r} is no schema"
        return
    if "$ref" in part:
        yield "it refers to elsewhere"
    kinds = part.get("type", [])
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if kind not in TYPES:
            yield f"the type {kind!r} is none of {', '.join(sorted(TYPES))}"
    if "type" not in part and not any(key in part for key in ("anyOf", "oneOf", "allOf", "const", "enum")):
        yield "it says no type, so that a model may send anything"
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for one in part.get(key, []):
            yield from _part_faults(one)
    for one in part.get("properties", {}).values():
        yield from _part_faults(one)
    if isinstance(part.get("items"), Mapping):
        yield from _part_faults(part["items"])


def documentation(trial: Trial) -> Iterator[str]:
    """A line for each action and argument, and a page that speaks of them."""
    env = trial.env
    for kind in env.actions:
        name, line, schema = name_of(kind), short_docs(kind), schema_of(kind)
        if not SHORT <= len(line) <= LONGEST_DOCS:
            yield f"The docstring of {name} has {len(line)} characters: say in {SHORT} to {LONGEST_DOCS} what it does."
        for argument, part in schema["properties"].items():
            if not part.get("description"):
                yield f"{argument_words(argument, part, True)} of {name} is not explained: Field(description=...)."
        page = long_docs(kind, env.folders)
        where = f"{env.folders[0]}/{name}.md" if env.folders else f"docs/{name}.md"
        if len(page) < LONG:
            yield f"The page of {name} has {len(page)} characters: write {LONG} or more to {where}."
            continue
        if lost := [word for word in schema["properties"] if not re.search(rf"\b{re.escape(word)}\b", page)]:
            yield f"The page of {name} does not mention {', '.join(lost)} ({where})."
