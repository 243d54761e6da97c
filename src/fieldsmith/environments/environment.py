"""The words of this room: an environment is a tool with tasks, made usable for an agent by typed actions.

An `Environment` says how an episode begins, what an action does to its state, and how good a state is. The state is a value, a
pydantic model, and so is the `Episode` (episode.py) with all that was done: an environment keeps nothing between two calls but the episode it was handed. A step is
an `Action` (action.py) and gives a `Step` with an `Observation`, a `Status` and the whole panel of `Measure`s (observation.py). What actions may use
of the machine they get as `Tools` (tools.py) from a `Host` (host.py).
"""

import inspect
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from pydantic import BaseModel

from fieldsmith.environments import stepping
from fieldsmith.environments.action import EVERYWHERE, Action, Needs, name_of
from fieldsmith.environments.calls import Call
from fieldsmith.environments.episode import Episode
from fieldsmith.environments.host import Host
from fieldsmith.environments.observation import Measure, Observation, Step
from fieldsmith.environments.pages import overview, page
from fieldsmith.environments.script import read_script
from fieldsmith.environments.tools import Tools
from fieldsmith.errors import InputError
from fieldsmith.plugins import meant

S = TypeVar("S", bound=BaseModel)


class Environment(ABC, Generic[S]):
    """Derive from it: five attributes and five methods that have no default. Made without arguments, or with the host that it runs on.

    name: `namespace/name-v1`; the number rises when scores can no longer be compared. actions: what can be done, besides what every environment has
    (go_back, read_docs, history, submit). measures: the panel. max_steps: of an episode, unless whoever begins it says otherwise.
    judging: what `judge` needs. gold: the score that the gold sequence of a task reaches with seed 0; its calls lie in `gold/TASK.jsonl` beside
    the module, and show without a model that the task can be done.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    actions: ClassVar[tuple[type[Action], ...]]
    measures: ClassVar[tuple[Measure, ...]]
    state: type[S]
    max_steps: ClassVar[int] = 20
    judging: ClassVar[Needs] = Needs()
    gold: ClassVar[Mapping[str, float]] = {}

    _episode: Episode | None = None

    def __init__(self, host: Host | None = None) -> None:
        self.host = host or Host()

    @property
    def episode(self) -> Episode:
        """The present episode. Raises InputError before there is one."""
        if self._episode is None:
            raise InputError(f"No episode of {self.name} has been begun.", "Call `reset` first.")
        return self._episode

    @episode.setter
    def episode(self, episode: Episode) -> None:
        self._episode = episode

    # What a tool builder writes.

    @abstractmethod
    def tasks(self) -> Mapping[str, str]:
        """The tasks by name, each with a sentence; the first is the usual one."""

    @abstractmethod
    def begin(self, task: str, rng: np.random.Generator) -> S:
        """The state in which an episode of that task begins."""

    @abstractmethod
    def act(self, state: S, action: Action, tools: Tools) -> str:
        """Do what the action says: change `state`, which is a copy, and return what the agent is told.

        Raises Unfit for arguments that do not fit the state, ToolFailed, OutOfTime, Lacking or Unreachable; any other exception counts as ToolFailed. The
        state then stays as it was.
        """

    @abstractmethod
    def measure(self, state: S, tools: Tools) -> Mapping[str, float | None]:
        """The figures of a state, None for one that cannot be computed; called after every action that may have changed it."""

    @abstractmethod
    def score(self, metrics: Mapping[str, float | None]) -> float:
        """How well the task is done by these figures, higher is better: 0 where nothing was achieved.

        Gets those of the panel, and at the end those of `judge` too.
        """

    def measure_anew(self, state: S, tools: Tools) -> Mapping[str, float | None]:
        """The figures of a state that was recorded, for whoever checks them; where `measure` reads what the state holds, all of it is found again here."""
        return self.measure(state, tools)

    def judge(self, state: S, tools: Tools) -> Mapping[str, float | None]:
        """Figures that only judges see, computed where an episode ends."""
        del state, tools
        return {}

    def brief(self, task: str) -> str:
        """What the agent is told of the task."""
        return self.tasks().get(task, "")

    def describe(self, state: S) -> str:
        """A state in words, as the agent sees it at the beginning and after going back."""
        del state
        return ""

    def actions_of(self, task: str) -> tuple[type[Action], ...]:
        """Those of its own actions that a task offers, all unless it says otherwise."""
        del task
        return self.actions

    def named_task(self, task: str) -> str:
        """The task as it is called everywhere. Raises InputError for one that there is not."""
        known = self.tasks()
        if not known:
            raise InputError(f"{self.name} has no tasks.", "Its `tasks` gives one at least.")
        if not task:
            return next(iter(known))
        if task not in known:
            words = f"{self.name} has no task {task!r}.{meant(task, known)}"
            raise InputError(words, f"Known: {', '.join(known)}.")
        return task

    # What whoever drives it calls.

    def reset(self, seed: int = 0, task: str = "", max_steps: int | None = None) -> Observation:
        """Begin an episode. Raises InputError for a task that there is not."""
        named = self.named_task(task)
        self.episode, observation = stepping.begun(self, named, seed, max_steps or self.max_steps)
        return observation

    def step(self, action: Action | Call) -> Step:
        """Take an action, checked or not. Never raises for what an agent does: that is told by the step's status."""
        call = Call(name_of(action), action.model_dump(mode="json")) if isinstance(action, Action) else action
        self.episode, step = stepping.taken(self, self.episode, call)
        return step

    def rejected(self, text: str, why: str) -> Step:
        """A reply of the agent's in which no call can be made out, as a step with the status `parse_error`."""
        self.episode, step = stepping.not_understood(self, self.episode, text, why)
        return step

    def end(self, why: str) -> Step:
        """Break the episode off for a limit of whoever drives it: it is judged by the best of its states.

        Raises StepFault where that is not possible now.
        """
        self.episode, step = stepping.ended(self, self.episode, why)
        return step

    def branch(self, episode: Episode, step: int, seed: int = 0, max_steps: int | None = None) -> None:
        """Begin an episode in the state after a step of another. Raises InputError where that has no such step, StepFault."""
        self.episode = stepping.branched(self, episode, step, seed, max_steps or episode.max_steps)

    def offered(self, task: str) -> tuple[type[Action], ...]:
        """What can be done in a task: its own actions, and those that every environment has; one of its own stands for one of the same name."""
        return _with_everywhere(self.actions_of(task))

    @property
    def all_actions(self) -> tuple[type[Action], ...]:
        """What can be done in the present episode; before there is one, in any task."""
        begun = self._episode
        return self.offered(begun.task) if begun else _with_everywhere(self.actions)

    def kind_of(self, name: str) -> type[Action] | None:
        """The action of that name."""
        return next((action for action in self.all_actions if name_of(action) == name), None)

    @property
    def folders(self) -> list[Path]:
        """Where the long pages of its actions lie, the nearest first: `docs` beside the module of its class and of those it derives from."""
        return self._beside("docs")

    def _beside(self, name: str) -> list[Path]:
        files = [getattr(sys.modules.get(kind.__module__), "__file__", None) for kind in type(self).__mro__]
        return [Path(file).parent / name for file in dict.fromkeys(files) if file]

    def gold_calls(self, task: str) -> list[Call]:
        """The calls that do a task well. Raises InputError where there are none."""
        files = [folder / f"{task}.jsonl" for folder in self._beside("gold")]
        found = next((file for file in files if file.is_file()), None)
        if found is None:
            wanted = files[0] if files else f"gold/{task}.jsonl"
            raise InputError(f"The task {task!r} has no gold sequence.", f"Write its calls to {wanted}.")
        return read_script(found)

    def docs(self, name: str) -> str:
        """The whole page of an action. Raises InputError for a name that none has."""
        kind = self.kind_of(name)
        if kind is None:
            known = [name_of(action) for action in self.all_actions]
            raise InputError(f"There is no action {name!r}.{meant(name, known)}", f"There are {', '.join(known)}.")
        return page(kind, self.folders)

    def overview(self) -> str:
        """All actions, a line each."""
        return overview(self.all_actions)

    def about(self) -> str:
        """The class's docstring."""
        return inspect.cleandoc(type(self).__doc__ or "") if type(self).__doc__ != Environment.__doc__ else ""

    def state_of(self, text: str) -> S:
        """A state from its JSON."""
        return self.state.model_validate_json(text)

    def shown(self, metrics: Mapping[str, float | None]) -> dict[str, float | None]:
        """The figures that an agent may see."""
        hidden = {measure.name for measure in self.measures if measure.held_out}
        return {name: value for name, value in metrics.items() if name not in hidden}


def _with_everywhere(own: tuple[type[Action], ...]) -> tuple[type[Action], ...]:
    names = {name_of(action) for action in own}
    return (*own, *(action for action in EVERYWHERE if name_of(action) not in names))


AnyEnvironment = Environment[Any]
