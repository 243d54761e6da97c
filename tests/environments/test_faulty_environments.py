"""What an environment's own code does wrong becomes the status of one step; the episode goes on from the state before."""

import math

import pytest
from pydantic import Field, field_validator

from fieldsmith.environments import Action, Call
from small_environment import Thermostat


class Spoil(Action):
    """Make the state one that JSON cannot hold."""


class Brittle(Action):
    """Look a colour up."""

    colour: str = Field(description="any colour")

    @field_validator("colour")
    @classmethod
    def _known(cls, colour: str) -> str:
        return {"red": "RED"}[colour]


class Faulty(Thermostat):
    """A room whose code has faults."""

    actions = (*Thermostat.actions, Spoil, Brittle)

    def act(self, state, action, tools):
        if isinstance(action, Spoil):
            state.celsius = math.nan
            return "Spoiled."
        return super().act(state, action, tools)

    def describe(self, state):
        return {"cold": "It is cold."}["cold" if state.celsius < 17 else "warm"]


@pytest.fixture
def env() -> Faulty:
    env = Faulty()
    env.reset()
    return env


def test_a_state_that_cannot_be_read_back_is_dropped(env):
    before = env.episode.last.state
    step = env.step(Call("spoil"))
    assert (step.status, env.episode.last.state) == ("runtime_error", before)
    assert "ValidationError" in step.observation.text
    assert env.step(Call("heat", {"degrees": 1})).status == "success"


def test_a_validator_that_fails_is_an_invalid_call(env):
    step = env.step(Call("brittle", {"colour": "blue"}))
    assert (step.status, step.counted) == ("validation_error", False)
    assert "its arguments cannot be checked (KeyError: 'blue'). Right would be: colour (text)" in step.observation.text
    assert env.step(Call("brittle", {})).status == "validation_error"


def test_a_description_that_fails_is_a_failed_step(env):
    env.step(Call("heat", {"degrees": 5}))
    step = env.step(Call("go_back", {"step": 1}))
    assert step.status == "runtime_error"
    assert "KeyError" in step.observation.text
    assert env.step(Call("go_back", {"step": 0})).status == "success"
