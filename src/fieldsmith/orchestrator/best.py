"""`best/`: the best program, made to run by itself, and its pictures."""

import ast
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from fieldsmith.agents.author import Candidate, Program
from fieldsmith.equations.equation import Equation
from fieldsmith.evaluation import evaluate
from fieldsmith.evaluation.evaluation import Evaluation
from fieldsmith.evaluation.judge import OnOutputs
from fieldsmith.orchestrator import record
from fieldsmith.orchestrator.page import Listener
from fieldsmith.sandboxes.sandbox import Sandbox
from fieldsmith.tasks.task import Brief, Picture, Task

EXAMPLE_POINTS = {1: 128, 2: 43}


def write_best(folder: Path, program: Program, brief: Brief, pictures: Mapping[str, Picture]) -> None:
    """`best/solver.py` and the pictures of what it returned."""
    record.write_text(folder / "best" / "solver.py", runnable(program.source, brief))
    record.write_pictures(folder, pictures)


def score_once_more(task: Task, best: Candidate, sandbox: Sandbox, draw: OnOutputs, listener: Listener) -> Evaluation:
    """The best candidate's program scored on both splits, alone on the machine; a note says where its figure is another."""
    source = best.program.source if best.program else ""
    scored = evaluate(task, source, sandbox, splits=("dev", "test"), on_outputs=draw, probing=False)
    note = _other_figure(best, scored)
    if note is None:
        return scored
    listener("note", {"message": note})
    return replace(scored, notes=(*scored.notes, note))


def _other_figure(chosen: Candidate, final: Evaluation) -> str | None:
    """A word where the final scoring of a program differs from the one it was chosen by."""
    if final.status != "ok" or final.dev is None:
        return f"When it was scored once more at the end, the chosen program ended with {final.status}."
    score = chosen.evaluation.dev if chosen.evaluation else None
    before, now = score.figure if score else math.inf, final.dev.figure
    if abs(before - now) <= min(abs(before), abs(now)):
        return None
    name = "error" if final.dev.value is None else final.dev.metric
    return (
        f"The chosen program's dev {name} was {before:.3e} in the search and {now:.3e} when it was scored once more at the "
        "end: what it does depends on more than its inputs, such as the time it takes."
    )


def runnable(source: str, brief: Brief) -> str:
    """The program with a small built-in example to run as a script, unless it has one already or no equation says what would make one."""
    if _has_main(source) or brief.equation is None:
        return source
    return source.rstrip() + "\n\n\n" + _example(brief, brief.equation)


def _has_main(source: str) -> bool:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return any(isinstance(node, ast.If) and "__name__" in ast.unparse(node.test) for node in tree.body)


def _example(brief: Brief, equation: Equation) -> str:
    signature = brief.signature
    axes = equation.axes
    points = EXAMPLE_POINTS.get(len(axes), 24)
    lines = [
        'if __name__ == "__main__":',
        "    # A small built-in example: runs by itself and prints what comes out.",
        "    import numpy as np",
        "",
    ]
    for axis in axes:
        at = {"cell_centres": "(np.arange(n) + 0.5) / n", "left_edges": "np.arange(n) / n"}
        place = at.get(axis.nodes, "np.arange(n) / (n - 1)")
        lines += [f"    n = {points}", f"    {axis.name}_example = {axis.low} + {axis.length} * {place}"]
    grids = ", ".join(f"{axis.name}_example" for axis in axes)
    lines.append(f'    grid = np.meshgrid({grids}, indexing="ij")')
    lines.append(
        f"    phase = sum(2 * np.pi * (g - g.min()) / (g.max() - g.min() + 1e-300) for g in grid) / {len(axes)}"
        if axes
        else "    phase = np.zeros(())"
    )
    values = []
    for argument in signature.arguments:
        if argument.role == "times":
            first, last = brief.span or (0.0, 1.0)
            value = f"np.linspace({first}, {last}, 11)"
        elif argument.role == "parameter":
            value = repr(float(brief.parameters.get(argument.of, 1.0)))
        elif argument.role == "coefficient" or argument.of in equation.positive:
            value = "np.stack([2.0 + np.sin(phase), 2.0 + 0.5 * np.cos(phase)])"
        else:
            value = "np.stack([0.5 + 0.4 * np.sin(phase), 0.5 + 0.4 * np.cos(phase)])"
        values.append(value)
    lines += [f"    result = {signature.function}("] + [f"        {value}," for value in values] + ["    )"]
    names = [result.name for result in signature.results]
    lines += [
        "    fields = result if isinstance(result, (tuple, list)) else (result,)",
        f"    for name, field in zip({names!r}, fields):",
        "        field = np.asarray(field)",
        '        print(f"{name}: shape {field.shape}, from {field.min():.6g} to {field.max():.6g}")',
    ]
    return "\n".join(lines) + "\n"
