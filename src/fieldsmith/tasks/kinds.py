"""What is wrong with a task's class as it is written, before an object is made of it."""

from collections.abc import Iterator, Mapping
from numbers import Integral, Real
from typing import Any

from fieldsmith.tasks.parameters import Parameter
from fieldsmith.tasks.task import Metric, Signature, Task


def fault_of(kind: type[Task]) -> str:
    """The first fault in a sentence without a full stop, or nothing. What a class computes by a property is not looked at."""
    return next(_faults(kind), "")


def _faults(kind: type[Task]) -> Iterator[str]:
    known: Any = kind.known_parameters
    if not (isinstance(known, Mapping) and all(isinstance(value, Parameter) for value in known.values())):
        yield "its known_parameters are not fieldsmith.tasks.Parameter by name"
        return
    for name, one in known.items():
        if not one.low <= one.default <= one.high:
            yield f"the default {one.default:g} of its parameter {name} is not within {one.low:g} to {one.high:g}"
    for name, wanted in (("metric", Metric), ("signature", Signature)):
        value = getattr(kind, name, None)
        if value is None and _announced(kind, name):
            yield f"it has no {name}: write it in the class, {name} = {wanted.__name__}(...)"
        elif not (value is None or _computed(value) or isinstance(value, wanted)):
            yield f"its {name} is {value!r}, and no fieldsmith.tasks.{wanted.__name__}"
    yield from _sizes(kind)
    span: Any = getattr(kind, "span", None)
    if not (span is None or _computed(span)):
        ends = list(span) if isinstance(span, tuple | list) else []
        if len(ends) != 2 or not all(isinstance(end, Real) for end in ends) or not ends[0] < ends[1]:
            yield f"its span is {span!r}, and not the first and the last output time, such as (0.0, 1.0)"


def _sizes(kind: type[Task]) -> Iterator[str]:
    by_scale: Any = getattr(kind, "sizes_by_scale", {})
    for sizes in [getattr(kind, "sizes", {}), *(by_scale.values() if isinstance(by_scale, Mapping) else ())]:
        for name, size in sizes.items() if isinstance(sizes, Mapping) else ():
            if not isinstance(size, Integral) or size < 1:
                yield f"its size of {name} is {size!r}, and no whole number above 0"


def _announced(kind: type[Task], name: str) -> bool:
    """Whether a base class says by its annotation alone that there is such a member."""
    return any(name in vars(base).get("__annotations__", ()) for base in kind.__mro__ if base is not Task)


def _computed(value: object) -> bool:
    return hasattr(value, "__get__")
