"""The text an author works from, and the stub of the function that is asked for."""

from collections.abc import Mapping, Sequence

from fieldsmith.tasks.task import Argument, Result, Signature


def render_stub(signature: Signature) -> str:
    """Python source of the function with its docstring and no body."""
    arguments = ", ".join(argument.name for argument in signature.arguments)
    lines = [
        f"def {signature.function}({arguments}):",
        '    """Solve the problem for a batch of inputs.',
        "",
        "    Args:",
    ]
    lines += [f"        {a.name}: {_kind(a)} {a.meaning}" for a in signature.arguments]
    lines += ["", "    Returns:"]
    lines += [f"        {r.name}: {_kind(r)} {r.meaning}" for r in signature.results]
    names = ", ".join(result.name for result in signature.results)
    return "\n".join([*lines, '    """', f"    return {names}", ""])


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
) -> str:
    """Markdown that stands alone: problem, function, shapes, what is scored, what may be used.

    `refinement` says in what the data of the convergence study differs.
    """
    smooth = f" {refinement}" if refinement else ""
    steady = "time" not in sizes
    shapes = ", ".join(f"{name} = {size}" for name, size in sizes.items())
    over = "space" if steady else "time and space"
    stacked = " (all returned fields stacked)" if len(signature.results) > 1 else ""
    named = ", ".join(libraries) if libraries else "numpy and scipy"
    frames = (
        ""
        if steady
        else "\nThe first frame is the initial state itself, frame n is the solution at `t_coordinate[n]`; "
        "`t_coordinate[0]` is 0. Output times are not internal time steps: take as many smaller ones as accuracy needs.\n"
    )
    return f"""# {title}

{problem.strip()}

## The function to write

```python
{stub.rstrip()}
```

At the scored scale {shapes}. The function is also called with other numbers of points and samples, so take all
sizes from the arrays.
{frames}
## What is scored

The error nRMSE = mean over the batch of ||u - u_ref||_2 / ||u_ref||_2, norms over {over}{stacked}, against a
trusted reference. Lower is better. The order of convergence under grid refinement, the largest
error{"" if steady else ", the drift of conserved quantities"} and the wall time of the call are reported beside it.{smooth}

## Limits

One call may take {limit:g} s and {memory_mb / 1024:g} GB of memory. It runs without network and without files, on a few processor
cores. Libraries: {named}.
"""
