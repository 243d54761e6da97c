"""Search strategies by name: those here and those of the entry-point group `fieldsmith.strategies`."""

import difflib
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any

from fieldsmith.agents.strategies.settings import checked
from fieldsmith.agents.strategies.strategy import Strategy
from fieldsmith.errors import InputError


def _known() -> dict[str, Callable[..., Strategy]]:
    from fieldsmith.agents.strategies.best_of_n import BestOfN
    from fieldsmith.agents.strategies.refine import RefineBest

    found: dict[str, Callable[..., Strategy]] = {BestOfN.name: BestOfN, RefineBest.name: RefineBest}
    for point in entry_points(group="fieldsmith.strategies"):
        found[point.name] = point.load()
    return found


def open_strategy(name: str, debug_rounds: int = 4, **settings: object) -> Strategy:
    """The strategy of that name. Raises InputError for an unknown name or setting, and for negative rounds."""
    if debug_rounds < 0:
        raise InputError(f"--debug-rounds {debug_rounds} is negative.", "Give 0 or more.")
    return _opener(name)(debug_rounds=debug_rounds, **strategy_settings(name, settings))


def strategy_settings(name: str, given: Mapping[str, object]) -> dict[str, Any]:
    """The settings as the strategy of that name takes them. Raises InputError for an unknown one or another kind."""
    return checked(name, _opener(name), given)


def _opener(name: str) -> Callable[..., Strategy]:
    known = _known()
    if name not in known:
        close = difflib.get_close_matches(name, known, 1)
        meant = f" Did you mean {close[0]!r}?" if close else ""
        raise InputError(f"There is no strategy {name!r}.{meant}", f"Use one of {', '.join(known)}.")
    return known[name]
