"""What a model can be told: names, kinds and meanings as tables; a setting that a model does not know is refused."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fieldsmith.errors import InputError
from fieldsmith.plugins import meant


@dataclass(frozen=True)
class Setting:
    """One setting: its kind (float, int, str, or list for several texts), what it means, the least value."""

    kind: type
    meaning: str
    least: float = -math.inf


TEMPERATURE = Setting(float, "randomness of the reply, 0 for the likeliest words", 0.0)
MAX_TOKENS = Setting(int, "tokens of a reply, thinking included", 1)
COMPLETION_TOKENS = Setting(int, "max_tokens under the name that newer models want", 1)
TIMEOUT = Setting(float, "seconds that one reply may take", 1.0)
REASONING_EFFORT = Setting(str, "how long a reasoning model thinks, such as low, medium or high")
THINKING_TOKENS = Setting(int, "tokens that the model may think before it answers", 1024)
STOP = Setting(list, "texts that end a reply; repeatable")
SEED = Setting(int, "seed of the sampling")

WORDS = {float: "a number", int: "a whole number", str: "text", list: "text"}


def checked(prefix: str, given: Mapping[str, object], known: Mapping[str, Setting]) -> dict[str, Any]:
    """The settings in their kinds. Raises InputError for an unknown name or a value of another kind."""
    return {name: _value(prefix, name, value, known) for name, value in given.items()}


def _value(prefix: str, name: str, value: object, known: Mapping[str, Setting]) -> Any:
    setting = known.get(name)
    if setting is None:
        raise InputError(
            f"{prefix}: has no setting {name!r}.{meant(name, known)}",
            f"Settings: {', '.join(known)}." if known else "It has none; leave it out.",
        )
    if setting.kind is list:
        texts = value if isinstance(value, list | tuple) else [value]
        return [str(text) for text in texts]
    if isinstance(value, list | tuple):
        raise InputError(f"{name} is given {len(value)} times.", "Give it once.")
    try:
        converted = setting.kind(str(value)) if not isinstance(value, bool) else None
    except ValueError:
        converted = None
    if converted is None or converted == "" or (isinstance(converted, float) and not math.isfinite(converted)):
        raise InputError(f"{name} = {value} is not {WORDS[setting.kind]}.", f"It is the {setting.meaning}.")
    if isinstance(converted, int | float) and converted < setting.least:
        raise InputError(f"{name} = {value} is too small.", f"Give {setting.least:g} or more.")
    return converted
