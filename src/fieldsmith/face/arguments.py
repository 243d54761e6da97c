"""Arguments of a program from Python, put in the shape that the task's signature names."""

import numpy as np
from numpy.typing import ArrayLike

from fieldsmith.errors import InputError
from fieldsmith.tasks.task import Argument, Signature

BATCH = "batch"
Inputs = dict[str, np.ndarray | float]


def by_name(
    signature: Signature, arguments: tuple[ArrayLike, ...], named: dict[str, ArrayLike]
) -> dict[str, ArrayLike]:
    """The arguments by their names. Raises InputError where one is missing, unknown or given twice."""
    names = [argument.name for argument in signature.arguments]
    given = dict(zip(names, arguments, strict=False)) | named
    if len(arguments) + len(named) != len(names) or set(given) != set(names):
        told = [*[f"{len(arguments)} by position"] * bool(arguments), *named]
        raise InputError(
            f"The solver takes {len(names)} arguments, given were {', '.join(told) or 'none'}.",
            f"Give {', '.join(names)}.",
        )
    return given


def arranged(signature: Signature, given: dict[str, ArrayLike]) -> tuple[Inputs, bool]:
    """The inputs as the program takes them, and whether they are one sample to which the batch axis was given.

    Raises InputError that names the argument, its axes and the shape that was given.
    """
    arrays = {one.name: _numbers(one, given[one.name]) for one in signature.arguments}
    batched = [one for one in signature.arguments if one.axes[:1] == (BATCH,)]
    single = bool(batched) and all(arrays[one.name].ndim == len(one.axes) - 1 for one in batched)
    inputs: Inputs = {}
    for one in signature.arguments:
        array = arrays[one.name][None] if single and one in batched else arrays[one.name]
        if array.ndim != len(one.axes):
            raise _misshapen(one, arrays[one.name])
        inputs[one.name] = array if one.axes else float(array)
    _check_sizes(signature, inputs)
    return inputs, single


def _numbers(argument: Argument, value: ArrayLike) -> np.ndarray:
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "iufb":
            raise TypeError
        return array.astype(float, copy=False)
    except (TypeError, ValueError):
        raise InputError(f"{argument.name} is not an array of numbers.", f"Give {_wanted(argument)}.") from None


def _check_sizes(signature: Signature, inputs: Inputs) -> None:
    """Raises InputError where an axis has two lengths, or another than its number."""
    seen: dict[str, tuple[int, str]] = {}
    for one in signature.arguments:
        for axis, size in zip(one.axes, np.shape(inputs[one.name]), strict=True):
            if axis.isdecimal() and size != int(axis):
                raise _misshapen(one, np.asarray(inputs[one.name]))
            first, owner = seen.setdefault(axis, (size, one.name))
            if first != size:
                raise InputError(
                    f"{one.name} {shape_of(one)} has {size} values along {axis}, {owner} has {first}.",
                    "Give arrays of the same length along the same axis.",
                )


def _misshapen(argument: Argument, array: np.ndarray) -> InputError:
    return InputError(
        f"{argument.name} has the shape {array.shape}, which is not {shape_of(argument)}.", f"Give {_wanted(argument)}."
    )


def _wanted(argument: Argument) -> str:
    if not argument.axes:
        return f"one number for {argument.name}: {argument.meaning}"
    without = f", or for one sample [{', '.join(argument.axes[1:])}]" if argument.axes[0] == BATCH else ""
    return f"{argument.name} the shape {shape_of(argument)}{without}: {argument.meaning}"


def shape_of(argument: Argument) -> str:
    return f"[{', '.join(argument.axes)}]" if argument.axes else "number"
