"""The text an author works from, and the stub of the function that is asked for."""

from collections.abc import Mapping, Sequence

from fieldsmith.equations.equation import Axis, Equation
from fieldsmith.tasks.task import NRMSE, Argument, Metric, Result, Signature


def render_stub(signature: Signature) -> str:
    """Python source of the function with its docstring and no body."""
    arguments = ", ".join(argument.name for argument in signature.arguments)
    lines = [
        f"def {signature.function}({arguments}):",
        f'    """Solve the problem{" for a batch of inputs" if signature.batched else ""}.',
        "",
        "    Args:",
    ]
    lines += [f"        {a.name}: {_kind(a)} {a.meaning}" for a in signature.arguments]
    lines += ["", "    Returns:"]
    lines += [f"        {r.name}: {_kind(r)} {r.meaning}" for r in signature.results]
    names = ", ".join(result.name for result in signature.results)
    return "\n".join([*lines, '    """', f"    return {names}", ""])


def signature_of(equation: Equation, meanings: Mapping[str, str]) -> Signature:
    """`solver(u0, ..., coefficients, t_coordinate, parameters...)` returning the unknowns, for any equation."""
    space = tuple(axis.name for axis in equation.axes)
    said = {
        name: f"{meanings[name]}, " if name in meanings else "" for name in (*equation.unknowns, *equation.coefficients)
    }
    arguments = [
        Argument(f"{name}0", "initial", name, ("batch", *space), f"{said[name]}initial values")
        for name in (() if equation.steady else equation.unknowns)
    ]
    arguments += [
        Argument(name, "coefficient", name, ("batch", *space), f"{said[name]}at the points")
        for name in equation.coefficients
    ]
    if not equation.steady:
        arguments.append(Argument("t_coordinate", "times", "t", ("time",), "output times, the first is 0"))
    arguments += [
        Argument(name, "parameter", name, (), meanings.get(name, "parameter")) for name in equation.parameters
    ]
    frames = () if equation.steady else ("time",)
    when = "at the points" if equation.steady else "at every output time, initial frame included"
    results = [Result(name, name, ("batch", *frames, *space), f"{said[name]}{when}") for name in equation.unknowns]
    return Signature("solver", tuple(arguments), tuple(results))


def _kind(item: Argument | Result) -> str:
    return f"float64 array [{', '.join(item.axes)}]," if item.axes else "float,"


def render_statement(
    title: str,
    problem: str,
    stub: str,
    signature: Signature,
    sizes: Mapping[str, int],
    limit: float,
    memory_mb: int,
    libraries: Sequence[str],
    refinement: str = "",
    metric: Metric = NRMSE,
) -> str:
    """Markdown that stands alone: problem, function, shapes, what is scored, what may be used.

    `refinement` says in what the data of the convergence study differs.
    """
    smooth = f" {refinement}" if refinement else ""
    steady = "time" not in sizes
    shapes = ", ".join(f"{name} = {size}" for name, size in sizes.items())
    spatial = bool({*sizes} - {"batch", "time"})
    over = " and ".join(["time"] * (not steady) + ["space"] * spatial)
    stacked = " (all returned fields stacked)" if len(signature.results) > 1 else ""
    named = ", ".join(libraries) if libraries else "numpy and scipy"
    frames = (
        ""
        if steady
        else "\nThe first frame is the initial state itself, frame n is the solution at `t_coordinate[n]`; "
        "`t_coordinate[0]` is 0. Output times are not internal time steps: take as many smaller ones as accuracy needs.\n"
    )
    scored = (
        f"The error nRMSE = mean over the batch of ||u - u_ref||_2 / ||u_ref||_2, norms over {over}{stacked}, against a\n"
        f"trusted reference. Lower is better. The {'order of convergence under grid refinement, the ' if spatial else ''}largest\n"
        f"error{'' if steady else ', the drift of conserved quantities'} and the processor time of the call are reported beside it.{smooth}"
    )
    sizes_text = (
        f"At the scored scale {shapes}. The function is also called with other numbers of {'points and ' if spatial else ''}samples, so take all\n"
        f"sizes from the arrays.\n{frames}"
    )
    words = scored if metric == NRMSE else own_metric(metric)
    return page(title, problem, stub, sizes_text, words, limit, memory_mb, named)


def render_task_statement(
    title: str,
    problem: str,
    stub: str,
    metric: Metric,
    signature: Signature,
    sizes: Mapping[str, int],
    limit: float,
    memory_mb: int,
    libraries: Sequence[str],
) -> str:
    """The same for a problem that is not stated as an equation, with a metric of its own or nRMSE."""
    shapes = ", ".join(f"{name} = {size}" for name, size in sizes.items())
    calls = f"At the scored scale {shapes}. Take all sizes from the arrays.\n" if shapes else ""
    named = ", ".join(libraries) if libraries else "numpy and scipy"
    if metric == NRMSE:
        mean = "mean over the batch of " if signature.batched else ""
        scored = (
            f"The error nRMSE = {mean}||u - u_ref||_2 / ||u_ref||_2, u being all that is returned, against a trusted\n"
            "reference. Lower is better. The processor time of the call is reported beside it."
        )
    else:
        scored = own_metric(metric)
    return page(title, problem, stub, calls, scored, limit, memory_mb, named)


def render_problem(
    equation: Equation,
    parameters: Mapping[str, float],
    span: str,
    meanings: Mapping[str, str],
    initial: str,
) -> str:
    """Markdown for a task that has no words of its own about its equation: balances, domain, conditions, points."""
    steady = equation.steady
    balances = "\n".join(f"    {'0' if steady else f'd({b.quantity})/dt'} = {b.rhs}" for b in equation.balances)
    domain = "\n".join(_axis_text(axis) for axis in equation.axes)
    values = {**parameters, **equation.constants}
    unknowns = ", ".join(f"{name} ({meanings[name]})" if name in meanings else name for name in equation.unknowns)
    given = ", ".join(f"{name} = {value:g}" for name, value in values.items())
    when = f"for {span}, from given values at the first output time" if not steady else ""
    along = "d(f, x) is the derivative of f along x" if equation.axes else ""
    return f"""Find {unknowns} such that

{balances}

{"; ".join(filter(None, (when, along)))}.{f" Here {given}." if given else ""}

{domain}

{initial}"""


def _axis_text(axis: Axis) -> str:
    """Where an axis lies, what holds at its ends and where its points are."""
    low = f"{axis.low:g} + " if axis.low else ""
    place = {
        "cell_centres": f"the cell centres {low}(j + 1/2) h with h = {axis.length:g}/N",
        "left_edges": f"{low}j h with h = {axis.length:g}/N",
        "endpoints": f"{low}j h with h = {axis.length:g}/(N - 1), ends included",
    }[axis.nodes]
    kinds = {"dirichlet": "the value is", "neumann": "the outward derivative is"}
    ends = " and ".join(
        f"at {axis.name} = {at:g} {kinds[end.kind]} {end.value}"
        for at, end in ((axis.low, axis.lower), (axis.high, axis.upper))
        if end.kind in kinds
    )
    held = "periodic" if axis.periodic else ends
    return f"- {axis.name} in ({axis.low:g}, {axis.high:g}), {held}; the N points are {place}."


def own_metric(metric: Metric) -> str:
    """What is scored, of a task with a metric of its own."""
    better = "Lower" if metric.lower_is_better else "Higher"
    fails = f"\nAn answer for which it is not a finite number fails. {metric.failure}" if metric.failure else ""
    return f"{metric.name}: {metric.meaning.rstrip('.')}. {better} is better.{fails}"


def page(title: str, problem: str, stub: str, sizes: str, scored: str, limit: float, memory_mb: int, named: str) -> str:
    """The parts of a statement in their order."""
    return f"""# {title}

{problem.strip()}

## The function to write

```python
{stub.rstrip()}
```

{sizes}
## What is scored

{scored}

## Limits

One call may take {limit:g} s of processor time, all its processes and threads together, and {memory_mb / 1024:g} GB of
memory. It runs without network and without files, on a few processor cores. Libraries: {named}.
"""
