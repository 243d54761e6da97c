"""`best/`: the best program, made to run by itself, and its pictures."""

import ast
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
    """The best candidate's program scored on the test split, alone on the machine; of what the search found on the dev split nothing is found again.

    A note says where the program fails on the test split.
    """
    source, known = best.program.source if best.program else "", best.evaluation or Evaluation("ok")
    scored = evaluate(
        task, source, sandbox, splits=("test",), refinement=not known.convergence, on_outputs=draw, probing=False
    )
    study = known if known.convergence else scored
    order = next((score.order for score in (study.dev, study.test) if score), None)
    whole = replace(
        scored,
        dev=replace(known.dev, order=order) if known.dev else None,
        test=replace(scored.test, order=order) if scored.test else None,
        convergence=study.convergence,
        notes=tuple(dict.fromkeys((*known.notes, *scored.notes))),
    )
    if scored.status == "ok":
        return whole
    note = f"On the test split the chosen program ended with {scored.status}."
    listener("note", {"message": note})
    return replace(whole, notes=(*whole.notes, note))


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
