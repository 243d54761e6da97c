"""Search strategies by name: those here and those of the entry-point group `fieldsmith.strategies`, each naming a class."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from fieldsmith.agents.author import (
    Calibrate,
    Candidate,
    Combine,
    Debug,
    Draft,
    Move,
    Plan,
    Planned,
    Program,
    Proposal,
    Refine,
    Restart,
    SpeedUp,
)
from fieldsmith.agents.candidate import distinct
from fieldsmith.errors import InputError
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.plugins import Group
from fieldsmith.strategies.best_of_n import BestOfN
from fieldsmith.strategies.chains import grow, settled
from fieldsmith.strategies.evolve import Evolve
from fieldsmith.strategies.funsearch import FunSearch
from fieldsmith.strategies.plan_first import PlanFirst
from fieldsmith.strategies.refine import RefineBest
from fieldsmith.strategies.rounds import Rounds
from fieldsmith.strategies.settings import checked
from fieldsmith.strategies.strategy import Ask, Strategy
from fieldsmith.strategies.tree import Tree

__all__ = [
    "Ask",
    "BestOfN",
    "Calibrate",
    "Candidate",
    "Combine",
    "Debug",
    "Draft",
    "Evaluation",
    "Evolve",
    "FunSearch",
    "Move",
    "Plan",
    "PlanFirst",
    "Planned",
    "Program",
    "Proposal",
    "Refine",
    "RefineBest",
    "Restart",
    "Rounds",
    "Score",
    "SpeedUp",
    "Strategy",
    "Tree",
    "distinct",
    "grow",
    "open_strategy",
    "settled",
]


def _built_ins() -> dict[str, Callable[..., Strategy]]:
    return {one.name: one for one in (BestOfN, RefineBest, PlanFirst, FunSearch, Tree, Evolve)}


def _fault(_name: str, part: object) -> str:
    """What is wrong with a strategy that a plug-in brings, if anything: a function that makes one will do."""
    if inspect.isclass(part) and callable(getattr(part, "ask", None)):
        return ""
    return "" if inspect.isfunction(part) else "it is not a class with a method `ask`"


STRATEGIES: Group[Callable[..., Strategy]] = Group("fieldsmith.strategies", "strategy", _built_ins, _fault)


def open_strategy(name: str, debug_rounds: int = 4, seed: int = 0, **settings: object) -> Strategy:
    """The strategy of that name, told of `debug_rounds` and `seed` if it takes them.

    Raises InputError for an unknown name or setting and for negative rounds, MissingPart for a plug-in that is broken or
    fails.
    """
    made = STRATEGIES.get(name)
    if debug_rounds < 0:
        raise InputError(f"--debug-rounds {debug_rounds} is negative.", "Give 0 or more.")
    taken = inspect.signature(made).parameters
    told = {"debug_rounds": debug_rounds, "seed": seed}
    given = checked(name, made, settings)
    with STRATEGIES.calling(name):
        return made(**{one: value for one, value in told.items() if one in taken}, **given)


def leaves_open(name: str, setting: str) -> bool:
    """Whether a run chooses this setting of the strategy of that name where nobody gives it.

    So it is with constructors that are written here, also where a plug-in inherits one; what a plug-in's own constructor has a default for is its own.
    """
    made = STRATEGIES.get(name)
    parameter = inspect.signature(made).parameters.get(setting)
    if parameter is None or parameter.default is parameter.empty:
        return parameter is not None
    written = made.__init__ if inspect.isclass(made) else made
    return written.__module__.startswith(f"{__name__}.")


def strategy_settings(name: str, given: Mapping[str, object]) -> dict[str, Any]:
    """The settings as the strategy of that name takes them. Raises InputError for an unknown one or another kind."""
    return checked(name, STRATEGIES.get(name), given)


def requests_of(name: str) -> int:
    """The most requests to a model that one candidate of the strategy of that name takes where no reply is cut off."""
    return int(getattr(STRATEGIES.get(name), "requests", 1))
