"""Agents without a model: a list of actions, and random valid ones. For checks, for replays, and as baselines to beat."""

import hashlib
import json
from collections.abc import Sequence

import numpy as np

from fieldsmith.agents.acting.agent import Asked, Exchange, Turn
from fieldsmith.environments.action import Submit, name_of
from fieldsmith.environments.calls import Call
from fieldsmith.environments.environment import AnyEnvironment
from fieldsmith.environments.sampling import random_call
from fieldsmith.environments.script import read_script

__all__ = ["RandomAgent", "ScriptedAgent", "random_call", "read_script"]


class ScriptedAgent:
    """Takes the actions of a list in turn, and submits at its end if the list does not."""

    note = "a list of actions"

    def __init__(self, calls: Sequence[Call], label: str = "script") -> None:
        self.label, self.calls = label, tuple(calls)

    @property
    def digest(self) -> str:
        """SHA-256 of its actions, by which a list that was changed is told from what it was."""
        return hashlib.sha256(json.dumps([[call.action, call.arguments] for call in self.calls]).encode()).hexdigest()

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
