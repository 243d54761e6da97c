"""An environment under examination: its own code is watched, limits can be shortened, and each check has an end."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from fieldsmith.environments.action import Action, name_of
from fieldsmith.environments.calls import Call
from fieldsmith.environments.environment import AnyEnvironment
from fieldsmith.environments.episode import Episode
from fieldsmith.environments.host import Host
from fieldsmith.environments.observation import NOT_THE_AGENTS, Step, StepFault, Unfit
from fieldsmith.errors import FieldsmithError
from fieldsmith.finding import raised_in

FORESEEN = (StepFault, FieldsmithError, ConnectionError, TimeoutError, InterruptedError)
"""What an environment's code may raise on purpose."""
SHOWN = 160
LONG = 100_000
"""Steps of an episode that is not to end by itself."""


class Trial:
    """`faults` and `note` are those of the present check; `reached` are the scores of gold sequences by task, `typical` a call of each
    action that has worked and the episode before it.
    """

    def __init__(self, make: Callable[[Host], AnyEnvironment], host: Host) -> None:
        self.make, self.host = make, host
        self.note = ""
        self.reached: dict[str, float] = {}
        self.typical: dict[str, tuple[Episode, Call]] = {}
        self._faults: dict[object, str] = {}
        self._told: set[object] = set()
        self._call = Call("")
        self.env = make(host)
        self.begin(60.0)

    def begin(self, seconds: float) -> None:
        """Begin a check that may take so long where it goes on by chance."""
        self._told |= self._faults.keys()
        self.note, self._faults = "", {}
        self._end = time.monotonic() + seconds

    @property
    def over(self) -> bool:
        return time.monotonic() > self._end

    @property
    def faults(self) -> list[str]:
        return list(self._faults.values())

    def take(self) -> dict[object, str]:
        """The faults of this check so far by their keys, which are then of no account."""
        taken, self._faults = self._faults, {}
        return taken

    def fault(self, words: str, key: object = None) -> None:
        """Note a fault; of several with one key the first, in whatever check."""
        if (key or words) not in self._told:
            self._faults.setdefault(key or words, words)

    def fresh(self, task: str = "", seed: int = 0, max_steps: int = LONG) -> AnyEnvironment:
        """A new object in a new episode."""
        env = self.bare()
        env.reset(seed, task, max_steps)
        return env

    def bare(self) -> AnyEnvironment:
        """A new object that has no episode yet."""
        env = self.make(self.host)
        for name in ("act", "measure", "judge", "score", "describe", "state_of"):
            setattr(env, name, self._watched(env, name))
        return env

    def _watched(self, env: AnyEnvironment, name: str) -> Callable[..., Any]:
        own = getattr(env, name)

        def watched(state: Any, *rest: Any) -> Any:
            free = bool(rest) and isinstance(rest[0], Action) and type(rest[0]).free
            before = state.model_dump_json() if free else ""
            try:
                given = own(state, *rest)
            except Unfit as fault:
                if not fault.hint:
                    self.fault(f"Unfit({_short(str(fault))!r}) does not say what would be right: give it a hint.", name)
                raise
            except FORESEEN:
                raise
            except Exception as error:
                self._unforeseen(name, error, type(env))
                raise
            if free and state.model_dump_json() != before:
                self.fault(f"{shown(self._call)} is free and changes the state, which is lost: let it only read.", name)
            if name == "act" and not (isinstance(given, str) and given.strip()):
                self.fault(
                    f"`act` returns {_short(repr(given))} for {shown(self._call)}: return what the agent is told.", name
                )
            return given

        return watched

    def _unforeseen(self, name: str, error: Exception, kind: type) -> None:
        place = raised_in(error, kind)
        words = f"{type(error).__name__}: {_short(' '.join(str(error).split())).rstrip('.')}{place}"
        after = shown(self._call) if self._call.action else "the beginning"
        if name == "state_of":
            return self.fault(
                f"The state after {after} cannot be read back from its JSON: {words}.", (name, type(error))
            )
        mend = "give a number whatever the figures are, None among them"
        if name != "score":
            mend = "raise Unfit or ToolFailed with a sentence for the agent"
        self.fault(
            f"`{name}` fails with {words} after {after}: {mend}.",
            (name, type(error), place),
        )

    def step(self, env: AnyEnvironment, call: Call) -> Step | None:
        """Take a step; None, and a fault, where that raises."""
        self._call = call
        self._validate(env, call)
        before = env.episode
        try:
            step = env.step(call)
        except Exception as error:  # a stranger's code may raise anything
            place = raised_in(error, type(env))
            words = f"{type(error).__name__}: {_short(' '.join(str(error).split())).rstrip('.')}{place}"
            self.fault(f"The step {shown(call)} raises {words}: a step never raises.", (type(error), place))
            env.episode = before
            return None
        if step.status in NOT_THE_AGENTS and not before.over:
            self.fault(f"{call.action} cannot run here: {step.observation.text}", (call.action, step.status))
        if step.status == "success":
            self.typical.setdefault(call.action, (before, call))
        return step

    def _validate(self, env: AnyEnvironment, call: Call) -> None:
        kind = env.kind_of(call.action)
        if kind is None or not isinstance(call.arguments, Mapping):
            return
        try:
            kind.model_validate(call.arguments)
        except (ValidationError, RecursionError):
            pass
        except Exception as error:  # a validator of the action's own may raise anything
            words = f"{type(error).__name__}: {_short(' '.join(str(error).split())).rstrip('.')}"
            self.fault(
                f"The arguments of {shown(call)} make a validator fail with {words}: raise ValueError with what would be right.",
                (call.action, type(error)),
            )


@contextlib.contextmanager
def limited(kinds: Sequence[type[Action]], seconds: float) -> Iterator[None]:
    """Steps with these actions take no longer than that, nor than they may anyway."""
    own = {kind: kind.__dict__.get("needs") for kind in kinds}
    for kind in kinds:
        kind.needs = replace(kind.needs, seconds=min(kind.needs.seconds, seconds))
    try:
        yield
    finally:
        for kind, needs in own.items():
            if needs is None:
                del kind.needs
            else:
                kind.needs = needs


def shown(call: Call) -> str:
    """A call in a sentence."""
    if isinstance(call.arguments, Mapping):
        try:
            listed = ", ".join(f"{name}={json.dumps(value)}" for name, value in call.arguments.items())
        except (TypeError, ValueError, RecursionError):
            listed = "…"
        return f"{_short(call.action, 60)}({_short(listed)})"
    return f"{_short(call.action, 60)} {_short(call.arguments)!r}"


def _short(text: str, most: int = SHOWN) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def own_names(env: AnyEnvironment) -> list[str]:
    return [name_of(kind) for kind in env.actions]
