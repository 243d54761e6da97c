"""Programs of a task's signature from a few lines that make the answers."""

import inspect
import textwrap
from collections.abc import Iterable, Mapping

from fieldsmith.bench.audit import carried
from fieldsmith.tasks.task import Argument, Result, Signature

CARRIED = "\n\n".join(inspect.getsource(one) for one in (carried.spread, carried.places, carried.stretched))


def program(signature: Signature, body: str, head: str = "") -> str:
    """The source of a program in which `body` fills `answers[name]` of every result.

    It sees `given`, the arguments by name, `axes` of arguments and results, `sizes` of the axes, and `shapes` of the results. `head` stands above the function.
    """
    names = [argument.name for argument in signature.arguments]
    axes = {one.name: one.axes for one in (*signature.arguments, *signature.results)}
    results = [one.name for one in signature.results]
    back = ", ".join(f"answers[{name!r}]" for name in results)
    return f"""import numpy as np

{CARRIED}
{head}


def {signature.function}({", ".join(names)}):
    given = {{{", ".join(f"{name!r}: {name}" for name in names)}}}
    axes = {axes!r}
    sizes = {{}}
    for name, value in given.items():
        sizes.update(zip(axes[name], np.shape(value)))
    shapes = {{name: tuple(sizes[a] if a in sizes else int(a) for a in axes[name]) for name in {results!r}}}
    answers = {{}}
{textwrap.indent(body.strip(), "    ")}
    return {back}
"""


def repeated(signature: Signature, chosen: Mapping[str, str]) -> str:
    """Lines that answer each result with the argument that is chosen for it."""
    return "\n".join(
        f"answers[{name!r}] = spread(given[{chosen[name]!r}], axes[{chosen[name]!r}], axes[{name!r}], shapes[{name!r}])"
        for name in (result.name for result in signature.results)
    )


def filled(signature: Signature, value: str) -> str:
    """Lines that answer each result with one value everywhere."""
    return "\n".join(f"answers[{r.name!r}] = np.full(shapes[{r.name!r}], {value})" for r in signature.results)


def initial(signature: Signature) -> dict[str, str] | None:
    """For each result the argument with the initial values of its unknown; None where one has none."""
    starts = {argument.of: argument.name for argument in signature.arguments if argument.role == "initial"}
    chosen = {result.name: starts[result.of] for result in signature.results if result.of in starts}
    return chosen if len(chosen) == len(signature.results) else None


def arrays(signature: Signature) -> list[Argument]:
    """The arguments that are arrays, output times apart."""
    return [one for one in signature.arguments if one.axes and one.role != "times"]


def within(argument: Argument, result: Result) -> bool:
    """Whether the argument's axes are all among the result's."""
    return set(argument.axes) <= set(result.axes)


def choices(signature: Signature) -> Iterable[tuple[str, dict[str, str]]]:
    """What an input may be returned as: words, and the argument for each result."""
    start = initial(signature)
    if start is not None:
        yield "the initial values at all times", start
    for argument in arrays(signature):
        if start is None or argument.name not in start.values():
            yield f"the input {argument.name} as it is", {result.name: argument.name for result in signature.results}
