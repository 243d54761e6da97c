"""A program as a script: with a small built-in example of its equation that runs by itself and prints what comes out."""

import ast

from fieldsmith import syntax
from fieldsmith.equations.equation import Axis, Equation
from fieldsmith.tasks.task import Argument, Brief

POINTS, MANY_AXES = {1: 128, 2: 43}, 24
"""Points along each axis of the example by the number of axes, and where there are more of them."""
PLACES = {
    "cell_centres": "(np.arange(n) + 0.5) / n",
    "left_edges": "np.arange(n) / n",
    "endpoints": "np.arange(n) / (n - 1)",
}
HEAD = """if __name__ == "__main__":
    # A small built-in example: runs by itself and prints what comes out.
    import numpy as np

"""
PRINTING = """    fields = result if isinstance(result, (tuple, list)) else (result,)
    for name, field in zip({names!r}, fields):
        field = np.asarray(field)
        print(f"{{name}}: shape {{field.shape}}, from {{field.min():.6g}} to {{field.max():.6g}}")
"""


def runnable(source: str, brief: Brief) -> str:
    """The program with its example, or for a problem file with a command line, unless it has one already or nothing says what would make one."""
    if _has_main(source):
        return source
    if brief.form is not None:
        from fieldsmith.boxes.program import by_itself  # with SymPy, which tasks by name need not

        return by_itself(source, brief.form)
    if brief.equation is None:
        return source
    names = [result.name for result in brief.signature.results]
    parts = (HEAD, _grid(brief.equation), _call(brief, brief.equation), PRINTING.format(names=names))
    return source.rstrip() + "\n\n\n" + "".join(parts)


def _has_main(source: str) -> bool:
    try:
        tree = syntax.parse(source)
    except (SyntaxError, ValueError):
        return False
    return any(isinstance(node, ast.If) and "__name__" in ast.unparse(node.test) for node in tree.body)


def _grid(equation: Equation) -> str:
    """Lines that make the points, and a phase that goes round once along the diagonal."""
    axes = equation.axes
    if not axes:
        return "    phase = np.zeros(())\n"
    points = POINTS.get(len(axes), MANY_AXES)
    places = "".join(_places(axis, points) for axis in axes)
    grids = ", ".join(f"{axis.name}_example" for axis in axes)
    turn = "sum(2 * np.pi * (g - g.min()) / (g.max() - g.min() + 1e-300) for g in grid)"
    return f'{places}    grid = np.meshgrid({grids}, indexing="ij")\n    phase = {turn} / {len(axes)}\n'


def _places(axis: Axis, points: int) -> str:
    return f"    n = {points}\n    {axis.name}_example = {axis.low} + {axis.length} * {PLACES[axis.nodes]}\n"


def _call(brief: Brief, equation: Equation) -> str:
    """Lines that call the function for two samples."""
    values = "".join(f"        {_value(argument, brief, equation)},\n" for argument in brief.signature.arguments)
    return f"    result = {brief.signature.function}(\n{values}    )\n"


def _value(argument: Argument, brief: Brief, equation: Equation) -> str:
    """What the example gives for an argument, as code."""
    if argument.role == "times":
        first, last = brief.span or (0.0, 1.0)
        return f"np.linspace({first}, {last}, 11)"
    if argument.role == "parameter":
        return repr(float(brief.parameters.get(argument.of, 1.0)))
    if argument.role == "coefficient" or argument.of in equation.positive:
        return "np.stack([2.0 + np.sin(phase), 2.0 + 0.5 * np.cos(phase)])"
    return "np.stack([0.5 + 0.4 * np.sin(phase), 0.5 + 0.4 * np.cos(phase)])"
