"""`env check`: the environment that `env new` writes passes, and each thing that may be wrong with one has a sentence of its own."""

import time
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from pydantic import Field, field_validator

from fieldsmith.environments import Action, Host, Measure, Needs, OutOfTime, ToolFailed, Unfit, kind_of
from fieldsmith.environments.check import CHECKS, examine
from fieldsmith.environments.checks import limits
from fieldsmith.environments.scaffolding import write

Kind = Any
"""The class that the package of `env new` brings; environments of this file are derived from it."""


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Kind:
    folder = tmp_path_factory.mktemp("packages") / "well_made"
    write("well_made", folder)
    return kind_of(str(folder))


def faults(kind: Kind, *names: str, seconds: float = 10.0) -> list[str]:
    checks = [check for check in CHECKS if check.name in names]
    return [finding.fault for finding in examine(kind, Host(), seconds, checks) if finding.fault]


def changed(good: Kind, **members: object) -> Kind:
    """The good environment with members of another kind."""
    return type("Changed", (good,), {"__doc__": good.__doc__, "__module__": good.__module__, **members})


def with_action(good: Kind, action: type[Action], act: Callable[..., str] | None = None, **members: object) -> Kind:
    """The good environment with an action more."""

    def acting(self: Any, state: Any, asked: Action, tools: Any) -> str:
        if not isinstance(asked, action):
            return good.act(self, state, asked, tools)
        return act(self, state, asked, tools) if act else "Done."

    return changed(good, actions=(*good.actions, action), act=acting, **members)


@pytest.mark.slow
def test_what_env_new_writes_is_sound(good):
    found = list(examine(good, Host()))
    assert [finding.fault for finding in found if finding.fault] == []
    assert [finding.check for finding in found] == [check.name for check in CHECKS]
    notes = {finding.check: finding.note for finding in found}
    assert "slow 0.95" in notes["gold"]
    assert "100 steps" in notes["random"]


@pytest.mark.parametrize(
    ("members", "check", "words"),
    [
        ({"name": "well-made"}, "identity", "not of the form namespace/name-v1"),
        ({"__doc__": None}, "identity", "no docstring"),
        ({"state": dict}, "identity", "give the pydantic model"),
        ({"tasks": lambda _: {}}, "tasks", "`tasks` is empty"),
        ({"tasks": lambda _: {"slow": ""}}, "tasks", "has no sentence that says what is asked"),
        ({"tasks": lambda _: {"the slow": "Find the constants of a slow reaction."}}, "tasks", "cannot be typed"),
        ({"begin": lambda *_: Measure("a", "b")}, "tasks", "gives a Measure for the task"),
        ({"begin": lambda *_: 1 / 0}, "tasks", "ZeroDivisionError"),
        ({"measure": lambda *_: {"length": 1.0}}, "tasks", "'length', which is none of the measures: misfit"),
        ({"score": lambda *_: float("nan")}, "tasks", "`score` gives nan at the beginning"),
        ({"measures": (Measure("a", "a figure"),)}, "measures", "No measure is `main`"),
        (
            {"measures": (Measure("a", "a figure", main=True), Measure("a", "another"))},
            "measures",
            "2 measures called 'a'",
        ),
        ({"measures": (Measure("a", "", main=True),)}, "measures", "has no meaning"),
        ({"actions": ()}, "actions", "`actions` is empty"),
        ({"actions": (dict,)}, "actions", "is no Action"),
        ({"gold": {"slow": 0.99, "fast": 0.9}}, "gold", "of 'slow' reaches the score 0.9502, not 0.99 as stated"),
        ({"gold": {"slow": 0.9}}, "gold", "no score for fast"),
        ({"gold": {"slow": 0.0, "fast": 0.9}}, "gold", "a task that is done has one above 0"),
        ({"gold": {"slow": 0.9, "fast": 0.9, "other": 1.0}}, "gold", "names the task 'other'"),
        ({"max_steps": 2}, "gold", "takes 4 steps; an episode has 2"),
        ({"gold_calls": lambda *_: []}, "gold", "reaches the score 0, not"),
    ],
)
def test_what_it_says_of_itself(good, members, check, words):
    assert words in " ".join(faults(changed(good, **members), check))


def test_a_gold_sequence_that_is_not_there_or_fails_is_named(good):
    lost = changed(good, tasks=lambda _: {"lost": "Find the constants."}, gold={"lost": 1.0})
    assert "The task 'lost' has no gold sequence" in faults(lost, "gold")[0]

    def failing(self: Any, state: Any, action: Action, tools: Any) -> str:
        raise Unfit("The valve is shut.", "Open it.")

    assert (
        "Call 1 of the gold sequence of 'slow', sample(times=[0.5, 1.5" in faults(changed(good, act=failing), "gold")[0]
    )


class Nameless(Action):
    """Turn the valve by an angle that is given."""

    called = "Turn it"


class Timeless(Action):
    """Turn the valve by an angle that is given."""

    needs = Needs(seconds=0)


class Loose(Action):
    """Turn the valve by an angle that is given."""

    angle: Any = Field(description="Degrees to turn the valve by")


class Umlaut(Action):
    """Turn the valve by an angle that is given."""

    grösse: float = Field(description="Degrees to turn the valve by")


class Inner(Action):
    """A list that may hold lists like itself."""

    inner: "list[Inner]" = Field(description="More of the same")


class Odd(Action):
    """Turn the valve by an angle that is given."""

    angle: float = Field(description="Degrees to turn the valve by", json_schema_extra={"type": "angle"})


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (Nameless, "The action 'Turn it' cannot be called so"),
        (Timeless, "may take 0 s"),
        (Loose, "says no type, so that a model may send anything"),
        (Umlaut, "The argument 'grösse' of umlaut cannot be called so"),
        (Inner, "Inner contains itself"),
        (Odd, "the type 'angle' is none of"),
    ],
)
def test_schemas_that_a_provider_refuses(good, action, words):
    assert words in " ".join(faults(with_action(good, action), "actions"))


class Wordless(Action):
    angle: float = 0.0


def test_pages_that_are_missing_or_say_too_little(good, tmp_path):
    told = " ".join(faults(with_action(good, Wordless), "docs"))
    assert "The docstring of wordless has 0 characters" in told
    assert "angle (number) of wordless is not explained: Field(description=...)" in told
    assert "The page of wordless has 0 characters: write 200 or more to" in told
    (tmp_path / "wordless.md").write_text("Turns the valve. " * 20)
    told = " ".join(faults(with_action(good, Wordless, folders=[tmp_path]), "docs"))
    assert "The page of wordless does not mention angle" in told


def test_what_this_machine_lacks_is_named(good):
    class Far(Action):
        """Runs a program that nobody has."""

        needs = Needs(programs=("no-such-program",))

    assert "'no-such-program', which far needs, is not found" in faults(with_action(good, Far), "machine")[0]


class Turn(Action):
    """Turn the valve by an angle that is given."""

    angle: float = Field(description="Degrees to turn the valve by")


class Read(Turn):
    """Read the valve, which costs nothing."""

    free: ClassVar[bool] = True


def fails(self: Any, state: Any, action: Turn, tools: Any) -> str:
    return {0.0: "nothing"}[action.angle]


def overflows(self: Any, state: Any, action: Turn, tools: Any) -> str:
    return f"Turned by {2.0**action.angle:g}." if action.angle > 5e4 else "Turned."


def says_nothing(self: Any, state: Any, action: Turn, tools: Any) -> Any:
    state.readings.append(1.0)


def gives_no_hint(self: Any, state: Any, action: Turn, tools: Any) -> str:
    raise Unfit("That is too far.")


def changes(self: Any, state: Any, action: Turn, tools: Any) -> str:
    state.readings.append(1.0)
    return "Read."


def by_the_clock(self: Any, state: Any, action: Turn, tools: Any) -> str:
    return f"Turned at {time.time_ns()}."


def remembers(self: Any, state: Any, action: Turn, tools: Any) -> str:
    self.turned = getattr(self, "turned", 0.0) + action.angle
    return f"Turned by {self.turned:g} in all."


def no_number(self: Any, state: Any, action: Turn, tools: Any) -> str:
    state.k1 = float("nan")
    return "Turned."


@pytest.mark.parametrize(
    ("action", "act", "check", "words"),
    [
        (Turn, fails, "valid", "`act` fails with KeyError"),
        (Turn, overflows, "invalid", "`act` fails with OverflowError"),
        (Turn, says_nothing, "valid", "`act` returns None for turn(angle="),
        (Turn, gives_no_hint, "valid", "does not say what would be right: give it a hint"),
        (Read, changes, "valid", "is free and changes the state, which is lost"),
        (Turn, by_the_clock, "seeds", "give something else the second time, task 'slow': the text after turn"),
        (Turn, remembers, "state", "something is kept outside the state: the text after turn"),
        (Turn, no_number, "state", "cannot be read back from its JSON: ValidationError"),
    ],
)
def test_actions_that_misbehave(good, action, act, check, words):
    assert words in " ".join(faults(with_action(good, action, act), check))


class Strict(Action):
    """Turn the valve by an angle, of which only one is right."""

    angle: float = Field(description="Degrees to turn the valve by")

    @field_validator("angle")
    @classmethod
    def _right(cls, angle: float) -> float:
        if angle != 0.123456789:
            raise ValueError("the valve turns by 0.123456789 degrees alone")
        return angle


class Brittle(Action):
    """Turn the valves by angles, the largest first."""

    angles: list[int] = Field(description="Degrees to turn the valves by")

    @field_validator("angles")
    @classmethod
    def _right(cls, angles: list[int]) -> list[int]:
        if len(set(angles)) < len(angles):
            raise KeyError(angles[0])
        return angles


def test_a_schema_by_which_nothing_is_right(good):
    assert (
        "No call of strict that follows its schema is taken, such as: strict was not run"
        in faults(with_action(good, Strict), "valid")[0]
    )


@pytest.mark.slow
def test_hypothesis_finds_what_chance_does_not_and_makes_it_small(good):
    assert faults(with_action(good, Brittle), "invalid") == []
    (found,) = faults(with_action(good, Brittle), "search", seconds=30.0)
    assert "The arguments of brittle(angles=[0, 0]) make a validator fail with KeyError: 0" in found


def test_without_hypothesis_the_search_is_left_out(good, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (finding,) = examine(good, Host(), 5.0, [check for check in CHECKS if check.name == "search"])
    assert (finding.fault, finding.note[:8]) == ("", "left out")


def test_a_score_that_fails_is_told(good):
    told = " ".join(faults(changed(good, score=lambda _, metrics: [0.0][int(metrics["readings"] or 0)]), "valid"))
    assert "`score` fails with IndexError: list index out of range" in told
    assert "give a number whatever the figures are" in told


def test_a_step_that_raises_after_all_is_told(good):
    def shown(self, metrics):
        return {"readings": [0.0][int(metrics["readings"] or 0)]}

    told = " ".join(faults(changed(good, shown=shown), "valid"))
    assert "raises IndexError: list index out of range: a step never raises" in told


def test_what_is_raised_after_going_back_is_found_by_the_random_agent(good):
    def described(self: Any, state: Any) -> str:
        return "" if not state.readings else str(state.readings[99])

    told = " ".join(faults(changed(good, describe=described), "random"))
    assert "`describe` fails with IndexError" in told
    assert "after go_back(step=" in told


def sleeps(self: Any, state: Any, action: Turn, tools: Any) -> str:
    time.sleep(20.0)
    return "Turned."


def swallows(self: Any, state: Any, action: Turn, tools: Any) -> str:
    until = time.monotonic() + 1.0
    while time.monotonic() < until:
        try:
            for _ in range(100):
                time.sleep(0.01)
        except Exception:
            pass
    return "Turned."


def translates(self: Any, state: Any, action: Turn, tools: Any) -> str:
    try:
        tools.run(["sleep", "5"])
    except OutOfTime:
        raise ToolFailed("The valve is stuck.") from None
    return "Turned."


def in_time(self: Any, state: Any, action: Turn, tools: Any) -> str:
    tools.run(["sleep", "5"])
    return "Turned."


@pytest.mark.slow
@pytest.mark.parametrize(
    ("act", "words"),
    [
        (sleeps, "goes on 0.1 s after its time is over: call `tools.check()`"),
        (swallows, "and then succeeds: something in it catches the exception that ends it"),
        (translates, "and its status is runtime_error: let OutOfTime pass"),
        (in_time, ""),
    ],
)
def test_limits_that_are_not_kept(good, act, words, monkeypatch):
    monkeypatch.setattr(limits, "PATIENCE", 0.1)
    found = faults(with_action(good, Turn, act), "limits")
    assert words in found[0] if words else found == []


def scoring(score: Callable[[dict[str, float | None]], float]) -> dict[str, object]:
    return {"score": lambda _, metrics: score(metrics)}


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (
            scoring(lambda m: 1.0 - (m.get("error") or 0.0)),
            "To submit at once earns 1 in 'slow', 101% of the gold score",
        ),
        (
            scoring(lambda m: max(0.0, 1.0 - m["error"]) if m.get("error") else m["readings"] / 100),
            "To repeat sample(times=",
        ),
        (scoring(lambda m: 1.0 if m.get("error") else 0.0), "To repeat propose(k1=0.01, k2=0.01) earns 1 in 'slow'"),
    ],
)
def test_what_is_no_work_and_earns_something(good, members, words):
    told = " ".join(faults(changed(good, **members), "gold", "exploits"))
    assert words in told
    assert "let `score` be 0 where nothing was achieved" in told
    # What the usual call earns once is allowed already.
    assert ("or let the action say `suffices = True`" in told) == ("propose" in words)


def test_an_action_that_needs_what_others_have_made_is_tried_after_a_gold_sequence(good):
    def acting(self: Any, state: Any, action: Action, tools: Any) -> str:
        if state.proposed is None or len(state.readings) < 9:
            raise Unfit("There is nothing to draw yet.", "Take samples and propose first.")
        return "Drawn."

    assert faults(with_action(good, Turn, acting), "gold", "valid") == []


def test_an_action_of_which_one_call_may_do_a_task_is_no_exploit_and_its_repetition_is(good, monkeypatch):
    once = changed(good, **scoring(lambda m: 1.0 if m.get("error") else 0.0))
    monkeypatch.setattr(good.actions[1], "suffices", True)
    assert faults(once, "gold", "exploits") == []

    def more(self: Any, state: Any, action: Action, tools: Any) -> str:
        state.times.append(0.0)
        state.readings.append(0.0)
        return good.act(self, state, action, tools)

    again = changed(once, act=more, **scoring(lambda m: m["readings"] / 20 if m.get("error") else 0.0))
    assert "To repeat propose(" in " ".join(faults(again, "gold", "exploits"))


def test_limits_of_actions_are_as_before_a_check(good):
    before = [kind.needs for kind in good.actions]
    assert faults(good, "valid", "limits", "exploits") == []
    assert [kind.needs for kind in good.actions] == before
