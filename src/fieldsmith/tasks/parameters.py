"""Parameters of a task: what they are, and the values that are given for them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from fieldsmith.errors import InputError
from fieldsmith.plugins import meant


@dataclass(frozen=True)
class Parameter:
    """A parameter of a task: its default, the range that is accepted, what it means."""

    default: float
    low: float
    high: float
    meaning: str


def checked(
    task: str, known: Mapping[str, Parameter], usual: Mapping[str, float], given: Mapping[str, str | float]
) -> dict[str, float]:
    """The values of a task's parameters, the usual ones where none is given.

    Raises InputError for a parameter that the task called `task` does not have, and for a value that is no number or out of range.
    """
    values = dict(usual)
    for key, text in given.items():
        if key not in values:
            raise InputError(
                f"{task} has no parameter {key!r}.{meant(key, values)}",
                f"Its parameters: {', '.join(values) or 'none'}.",
            )
        parameter = known[key]
        try:
            value = float(text)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"{key}={text} is not a number.", f"Give a value such as {key}={parameter.default:g}."
            ) from error
        if not math.isfinite(value) or not parameter.low <= value <= parameter.high:
            raise InputError(f"{key}={text} is out of range.", f"{task} takes {parameter.low:g} to {parameter.high:g}.")
        values[key] = value
    return values
