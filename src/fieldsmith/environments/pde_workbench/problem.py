"""The tasks of the workbench, named with all that sets them apart: `burgers?nu=0.001&scale=paper&mode=structured`."""

import functools
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from fieldsmith import numerics, tasks
from fieldsmith.equations.facts import Methods
from fieldsmith.errors import InputError
from fieldsmith.evaluation.measuring import with_samples
from fieldsmith.plugins import meant
from fieldsmith.tasks.task import Brief, Task

Mode = Literal["both", "free", "structured"]
"""How programs come about: written freely, composed from blocks, or either."""
MODES: tuple[Mode, ...] = get_args(Mode)
FORM = "Write a task's name, and what differs from the usual as in burgers?nu=0.001&scale=paper&mode=structured."
KEPT = 16
"""Tasks that stay in memory with their references."""
_lock = threading.Lock()


@dataclass(frozen=True)
class Named:
    """A task's name taken apart, unchecked."""

    task: str
    parameters: Mapping[str, str]
    scale: str = "demo"
    mode: str = "both"


def taken_apart(text: str) -> Named:
    """Raises InputError for what is not of the form NAME?KEY=VALUE&KEY=VALUE."""
    name, _, query = text.strip().partition("?")
    given: dict[str, str] = {}
    for pair in filter(None, re.split("[&,]", query)):
        key, sign, value = (part.strip() for part in pair.partition("="))
        if not (key and sign and value):
            raise InputError(f"The task {text!r} has {pair!r} where KEY=VALUE belongs.", FORM)
        if key in given:
            raise InputError(f"The task {text!r} gives {key} twice.", FORM)
        given[key] = value
    mode = given.pop("mode", "both")
    if mode not in MODES:
        raise InputError(f"There is no mode {mode!r}.{meant(mode, MODES)}", f"There are {', '.join(MODES)}.")
    return Named(name, given, given.pop("scale", "demo"), mode)


class Problem:
    """A task with what the workbench knows of it; the same for all episodes, and nothing in it changes."""

    def __init__(self, task: Task, name: str, mode: str) -> None:
        self.task, self.name, self.mode = task, name, mode

    @functools.cached_property
    def plain(self) -> Brief:
        """The public face, whatever libraries there are."""
        return self.task.brief()

    @functools.cached_property
    def shown(self) -> Brief:
        """The same with an axis for samples in all results."""
        return with_samples(self.plain)

    @functools.cached_property
    def methods(self) -> Methods | None:
        """What is to be said of the equation; None where there is none or it is not understood."""
        return _methods_of(self.plain)

    @property
    def menu(self) -> list[dict[str, Any]]:
        """Families and blocks; none where `no_menu` says why."""
        return self._menu[0]

    @property
    def no_menu(self) -> str:
        """Why there is nothing to compose, empty where there is."""
        return self._menu[1]

    @functools.cached_property
    def _menu(self) -> tuple[list[dict[str, Any]], str]:
        try:
            menu = numerics.menu(self.plain)
        except InputError as error:
            return [], error.message
        suited = any(not course["why_not"] for course in menu)
        return menu, "" if suited else "No built-in family of methods suits the equation."

    @property
    def composes(self) -> bool:
        """Whether programs can be composed from blocks."""
        return self.mode != "free" and not self.no_menu

    @property
    def judged_as(self) -> str:
        """The name without the mode, in which nothing is judged otherwise."""
        return re.sub(r"[?&]mode=\w+$", "", self.name)

    @property
    def writes(self) -> bool:
        """Whether programs can be written freely."""
        return self.mode != "structured"

    def brief(self, libraries: tuple[str, ...]) -> Brief:
        """The public face with what the sandbox can import and what the trusted method reaches."""
        trusted = [case.trusted for case in self.task.split("dev")]
        return replace(self.task.brief(libraries), trusted=trusted[0] if len(trusted) == 1 else None)


def problem(name: str) -> Problem:
    """The problem of that name, kept with its references for the next that asks.

    Raises InputError for an unknown task, parameter, value, scale or mode, and for one that cannot be worked on in that mode.
    """
    with _lock:
        return _made(name)


@functools.lru_cache(3 * KEPT)
def _made(name: str) -> Problem:
    named = taken_apart(name)
    task = tasks.load(named.task, _known(named), named.scale)
    stated = _stated(task)
    told = [*stated, *([f"mode={named.mode}"] if named.mode != "both" else [])]
    whole = f"{named.task}?{'&'.join(told)}" if told else named.task
    if whole != name:
        return _made(whole)
    found = Problem(_shared(named.task, stated, named.scale), name, named.mode)
    if named.mode == "structured" and not found.composes:
        raise InputError(f"{named.task} cannot be worked on with mode=structured: {found.no_menu}", "Use mode=free.")
    return found


@functools.lru_cache(KEPT)
def _shared(name: str, stated: tuple[str, ...], scale: str) -> Task:
    """One task for all modes, as its references may be large."""
    values = dict(pair.split("=", 1) for pair in stated)
    values.pop("scale", None)
    return tasks.load(name, values, scale)


def _known(named: Named) -> Mapping[str, str]:
    """The parameters. Raises InputError for the misspelt name of one, or of scale or mode."""
    for key in named.parameters:
        if close := meant(key, ("scale", "mode")):
            raise InputError(f"There is no {key!r} in a task's name.{close}", FORM)
    return named.parameters


def _stated(task: Task) -> tuple[str, ...]:
    """What is not as usual: parameters in their order, and the scale."""
    usual = {key: parameter.default for key, parameter in task.known_parameters.items()}
    told = [f"{key}={_number(value)}" for key, value in task.parameters.items() if value != usual.get(key)]
    return (*told, *([f"scale={task.scale}"] if task.scale != "demo" else []))


def _number(value: float) -> str:
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def _methods_of(brief: Brief) -> Methods | None:
    if brief.equation is None:
        return None
    from fieldsmith.equations.expressions import Unsuited
    from fieldsmith.equations.methods import methods
    from fieldsmith.equations.reading import Reading

    try:
        reading = Reading(brief.equation, brief.parameters, brief.sizes, brief.span)
        return methods(reading, {*brief.equation.parameters, *brief.equation.constants})
    except Unsuited:
        return None
    except Exception:  # SymPy raises what it likes; a page less must never end an episode
        return None
