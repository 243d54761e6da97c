"""Settings of a strategy: the parameters of its constructor, which say their names, kinds and defaults."""

import inspect
import math
from collections.abc import Callable, Mapping
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from fieldsmith.errors import InputError
from fieldsmith.plugins import meant

OWN = ("self", "debug_rounds", "seed")
"""Parameters that have an option of their own."""
WORDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
MOST = 10_000
"""Of what a strategy counts: drafts, chains side by side, islands, programs that are shown. No budget has room for more, and lists are made of some."""
TRUTHS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def checked(strategy: str, opener: Callable[..., Any], given: Mapping[str, object]) -> dict[str, Any]:
    """The settings in the kinds of the constructor's parameters. Raises InputError for an unknown name and another kind."""
    known = {name: one for name, one in inspect.signature(opener).parameters.items() if name not in OWN}
    open_ended = any(one.kind is one.VAR_KEYWORD for one in known.values())
    known = {name: one for name, one in known.items() if one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD)}
    hints = get_type_hints(opener.__init__ if inspect.isclass(opener) else opener)
    for name in given:
        if name not in known and not open_ended:
            told = ", ".join(map(str, known.values()))
            raise InputError(
                f"The strategy {strategy} has no setting {name!r}.{meant(name, known)}",
                f"Its settings: {told}." if known else "It has none; leave it out.",
            )
    return {name: _typed(name, value, hints.get(name, object)) for name, value in given.items()}


def bounded(strategy: str, **counts: int) -> None:
    """Raises InputError for a count that is more than `MOST`."""
    for name, count in counts.items():
        if count > MOST:
            raise InputError(f"The strategy {strategy} cannot take {name} = {count}.", f"Give {MOST:,} at most.")


def _typed(name: str, value: object, hint: Any) -> Any:
    """A value as the parameter takes it: words become numbers where a number is asked for."""
    union = get_origin(hint) in (Union, UnionType)
    kinds = [kind for kind in (get_args(hint) if union else (hint,)) if kind is not NoneType]
    converted = [result for kind in kinds if (result := _as(value, kind)) is not None]
    if isinstance(value, list | tuple) and set(kinds) <= set(WORDS):
        raise InputError(f"--strategy-option {name} is given {len(value)} times.", "Give it once.")
    if not converted:
        words = " or ".join(WORDS.get(kind, str(kind)) for kind in kinds)
        raise InputError(f"--strategy-option {name} = {value} is not {words}.", "Give another value.")
    return converted[0]


def _as(value: object, kind: Any) -> Any:
    """The value as one of this kind, or None; kinds that no word can be turned into are left to the strategy."""
    if kind is bool:
        return value if isinstance(value, bool) else TRUTHS.get(str(value).lower())
    if kind not in (int, float, str):
        return value
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float | str)
        or (kind is int and isinstance(value, float))
    ):
        return None
    try:
        converted = kind(value)
    except ValueError:
        return None
    return None if isinstance(converted, float) and not math.isfinite(converted) else converted
