"""Whether the arrays of a call are what the signature says, each fault in a sentence."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from fieldsmith.errors import InputError
from fieldsmith.tasks.task import Signature


def input_faults(signature: Signature, inputs: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the arguments of a call; nothing after a wrong name or shape, which others depend on."""
    names = [argument.name for argument in signature.arguments]
    if not isinstance(inputs, Mapping):
        yield f"`inputs` gives a {type(inputs).__name__}, and not the arguments by name."
        return
    if lacking := [name for name in names if name not in inputs]:
        others = ", ".join(name for name in inputs if name not in names)
        yield f"`inputs` gives no {', '.join(lacking)}{f', but {others}' if others else ''}."
        return
    sizes: dict[str, int] = {}
    for argument in signature.arguments:
        try:
            values = np.asarray(inputs[argument.name], float)
        except (TypeError, ValueError):
            yield f"The input {argument.name} is no array of numbers."
            return
        shape = values.shape
        wanted = tuple(int(axis) if axis.isdecimal() else sizes.get(axis, -1) for axis in argument.axes)
        if len(shape) != len(wanted) or any(w not in (-1, n) for w, n in zip(wanted, shape, strict=True)):
            yield f"The input {argument.name} has shape {shape}; expected {_shape_text(argument.axes, sizes)}."
            return
        sizes.update(zip(argument.axes, shape, strict=True))
        if not np.isfinite(values).all():
            yield f"The input {argument.name} holds values that are not finite."


def reference_faults(
    signature: Signature, inputs: Mapping[str, Any], reference: Mapping[str, np.ndarray], needed: bool = True
) -> Iterator[str]:
    """What is wrong with the reference of a call whose inputs are sound; `needed` says that every result has one."""
    for name, shape in signature.shapes(inputs).items():
        if name not in reference:
            if needed:
                yield f"The reference gives no {name}."
        elif np.shape(reference[name]) != shape:
            yield f"The reference of {name} has shape {np.shape(reference[name])}; expected {shape}."
        elif not np.isfinite(reference[name]).all():
            count = int((~np.isfinite(reference[name])).sum())
            yield f"The reference of {name} holds {count} values that are not finite."


def check_inputs(owner: str, signature: Signature, inputs: Mapping[str, Any]) -> None:
    """Raises InputError for arguments of a call that are not those of the signature."""
    for fault in input_faults(signature, inputs):
        names = ", ".join(argument.name for argument in signature.arguments)
        raise InputError(f"{owner}: {fault}", f"Let `inputs` give what the signature asks for: {names}.")


def check_reference(
    owner: str, signature: Signature, inputs: Mapping[str, Any], reference: Mapping[str, np.ndarray], needed: bool
) -> None:
    """Raises InputError for a reference that is not what the signature says."""
    for fault in reference_faults(signature, inputs, reference, needed):
        raise InputError(f"{owner}: {fault}", "Mend the task; `fieldsmith tasks check` looks into it.")


def _shape_text(axes: tuple[str, ...], sizes: Mapping[str, int]) -> str:
    return (
        f"[{', '.join(f'{axis} = {sizes[axis]}' if axis in sizes else axis for axis in axes)}]" if axes else "a float"
    )
