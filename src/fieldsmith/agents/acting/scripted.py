"""Agents without a model: a list of actions, and random valid ones. For checks, for replays, and as baselines to beat."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fieldsmith.agents.acting.agent import Asked, Exchange, Turn
from fieldsmith.environments.action import GoBack, ReadDocs, Submit, name_of
from fieldsmith.environments.calls import Call
from fieldsmith.environments.environment import AnyEnvironment
from fieldsmith.environments.sampling import sampled
from fieldsmith.errors import InputError


class ScriptedAgent:
    """Takes the actions of a list in turn, and submits at its end if the list does not."""

    note = "a list of actions"

    def __init__(self, calls: Sequence[Call], label: str = "script") -> None:
        self.label, self.calls = label, tuple(calls)

    def turn(self, env: AnyEnvironment, dialogue: Sequence[Exchange], ordinal: str) -> Turn:
        call = self.calls[len(dialogue)] if len(dialogue) < len(self.calls) else Call(name_of(Submit))
        return Turn(calls=(Asked(call, call),))


class RandomAgent:
    """Takes valid actions by chance; the same seed takes the same ones in the same states. It submits with its last step."""

    label = "random"
    note = "random valid actions"

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def turn(self, env: AnyEnvironment, dialogue: Sequence[Exchange], ordinal: str) -> Turn:
        call = random_call(env, np.random.default_rng([self.seed, env.episode.seed, len(dialogue)]))
        return Turn(calls=(Asked(call, call),))


def random_call(env: AnyEnvironment, rng: np.random.Generator) -> Call:
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


def read_script(file: Path) -> list[Call]:
    """The calls of a file: JSON lines or a JSON list, each `{"action": NAME, "arguments": {…}}`.

    Raises InputError for a file that is not there or holds something else.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(f"The script {file} cannot be read: {words}.", "Give a file of JSON lines.") from None
    try:
        listed = (
            json.loads(text)
            if text.lstrip().startswith("[")
            else [json.loads(line) for line in text.splitlines() if line.strip()]
        )
        return [_call(one) for one in listed]
    except (ValueError, TypeError, KeyError) as error:
        words = f"The script {file} is not valid: {error}."
        raise InputError(words, 'Each line is like {"action": "submit", "arguments": {}}.') from None


def _call(fields: Mapping[str, Any]) -> Call:
    return Call(str(fields["action"]), dict(fields.get("arguments") or {}))
