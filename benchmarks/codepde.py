"""CodePDE's five tasks as problem files: whether methods for problems of one's own do on them what the built-in tasks' methods do.

    python benchmarks/codepde.py [TASK …]

Each file in `benchmarks/truth/codepde/` states what a built-in task of the same name states. The demo inputs of that task's test split are given to programs that the families of `fieldsmith.boxes` write
for the file, at the task's points, and to those that the built-in author writes for the task; both are scored against the task's own reference, which neither has made. Of either the
best of the first programs stands in a row (`PROGRAMS`, in the order in which they are tried), with the reference's own error: below it errors say nothing.
Errors are nRMSE, means over smooth samples and over the others: those with kinks or windows, of which the files' families of initial values have none,
and whose samples the built-in author alone unfolds.
"""

import argparse
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from fieldsmith.boxes.form import FUNCTION, Form
from fieldsmith.boxes.methods import suited
from fieldsmith.equations.equation import Axis
from fieldsmith.evaluation.metrics import sample_nrmse
from fieldsmith.numerics.code import analysed
from fieldsmith.numerics.ladder import climbed, ladder
from fieldsmith.numerics.methods import families
from fieldsmith.problems import Problem
from fieldsmith.tasks import load
from fieldsmith.tasks.task import Case, Task

FOLDER = Path(__file__).parent / "truth" / "codepde"
PROGRAMS = 4
ACCURACY = 1e-8
"""That is asked of programs for the files, in place of what these ask: the built-in author goes for the least."""
RENAMED: Mapping[str, str] = {"v": "Vx", "rho": "density", "p": "pressure"}
"""Unknowns of files by the names that built-in tasks have for them, where these are others."""
COLUMNS = (
    "task", "reference, smooth", "others", "built-in task, smooth", "others", "by", "problem file, smooth", "others", "by",
)  # fmt: skip

Program = tuple[str, Callable[[], Mapping[str, np.ndarray]]]
"""What a program is, and its answer to a case."""


@dataclass(frozen=True)
class Best:
    """The best of some programs, and its errors."""

    program: str = "none"
    errors: np.ndarray = field(default_factory=lambda: np.full(1, np.nan))
    """[samples]"""

    def mean(self, smooth: np.ndarray) -> float:
        return float(np.broadcast_to(self.errors, smooth.shape)[smooth].mean())


def files() -> list[str]:
    return sorted(file.stem for file in FOLDER.glob("*.toml"))


def ours(task: Task, case: Case, problem: Problem) -> Iterator[Program]:
    """Programs for the problem file, called with the inputs of the task and with its points."""
    form = Form(problem)
    arguments = called(form, task, case)
    columns = [
        [(family, v) for v in sorted(variants, key=lambda one: one.accuracy)] for _, family, variants in suited(form)
    ]
    for family, variant in climbed(columns):
        source = family.text(form, variant.choices)

        def answer(source: str = source) -> Mapping[str, np.ndarray]:
            return named(compiled(source)(*arguments), [one.of for one in form.results])

        yield f"{family.name} ({variant.name})", answer


def theirs(task: Task, case: Case) -> Iterator[Program]:
    """The built-in author's programs for the task, in its order."""
    brief = task.brief()
    analysis = analysed(brief)
    for family, variant in ladder(families(), analysis, brief):
        source = family.source(analysis, brief, variant.choices)

        def answer(source: str = source) -> Mapping[str, np.ndarray]:
            found = compiled(source)(*(case.inputs[one.name] for one in brief.signature.arguments))
            return named(found, [one.of for one in brief.signature.results])

        yield f"{family.name} ({variant.name})", answer


def called(form: Form, task: Task, case: Case) -> list[np.ndarray | float]:
    """The arguments of a program for the file: what the task's case holds, by what it is in the equation."""
    signature = task.brief().signature
    held = {(one.role, one.of): case.inputs[one.name] for one in signature.arguments}
    equation = task.brief().equation
    assert equation is not None  # all five are stated as equations
    shape = np.shape(next(iter(case.reference.values())))[-len(equation.axes) :]
    lines = {axis.name: places(axis, count) for axis, count in zip(equation.axes, shape, strict=True)}
    found = []
    for one in form.inputs:
        name = RENAMED.get(one.of, one.of) if one.role == "initial" else one.of
        if one.role == "points":
            found.append(lines[one.of])
        elif one.role == "times":
            found.append(np.asarray(case.inputs["t_coordinate"]))
        else:
            found.append(held[one.role, name])
    return found


def places(axis: Axis, count: int) -> np.ndarray:
    """The points of a task along an axis."""
    first, spacing = axis.grid(count)
    return first + spacing * np.arange(count)


def compiled(source: str) -> Callable[..., Any]:
    scope: dict[str, Any] = {"__name__": "solver"}
    exec(compile(source, "solver.py", "exec"), scope)
    return scope[FUNCTION]


def named(found: Any, unknowns: Sequence[str]) -> dict[str, np.ndarray]:
    arrays = found if isinstance(found, tuple) else (found,)
    return {RENAMED.get(name, name): array for name, array in zip(unknowns, arrays, strict=True)}


def best(programs: Iterable[Program], reference: Mapping[str, np.ndarray], smooth: np.ndarray, count: int) -> Best:
    """Of the first `count` programs that answer with numbers the one that errs least on smooth samples."""
    found = Best()
    for name, answer in itertools.islice(programs, count):
        try:
            errors = sample_nrmse(answer(), reference)
        except (ArithmeticError, ValueError, RuntimeError, np.linalg.LinAlgError):
            continue
        if np.isfinite(errors).all() and not errors[smooth].mean() >= found.mean(smooth):
            found = Best(name, errors)
    return found


def row(name: str, count: int) -> str:
    """A line of the table."""
    task = load(name, {}, "demo")
    (case,) = task.split("test")
    results = [one.of for one in task.brief().signature.results]
    reference = dict(zip(results, case.reference.values(), strict=True))
    own = case.reference_errors
    assert own is not None  # generated references have them
    smooth = np.array([kind == "smooth" for kind in case.kinds]) if case.kinds else np.ones(len(own), bool)
    cells = [name, *means(own, smooth)]
    problem = sharp(Problem.from_toml(FOLDER / f"{name}.toml"))
    for programs in (theirs(task, case), ours(task, case, problem)):
        found = best(programs, reference, smooth, count)
        cells += [*means(np.broadcast_to(found.errors, own.shape), smooth), found.program]
    return f"| {' | '.join(cells)} |"


def sharp(problem: Problem) -> Problem:
    """The problem with `ACCURACY` asked for."""
    output = {**problem.document["output"], "accuracy": ACCURACY}
    return Problem(**{**problem.document, "output": output}, origin=problem.origin)


def means(errors: np.ndarray, smooth: np.ndarray) -> list[str]:
    """Over samples that are smooth, and over the others."""
    return [f"{errors[part].mean():.1e}" if part.any() else "" for part in (smooth, ~smooth)]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="CodePDE's tasks as problem files beside the built-in tasks.")
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"of {', '.join(files())}; all unless told")
    parser.add_argument("--programs", type=int, default=PROGRAMS, metavar="N", help="programs that are tried for each")
    options = parser.parse_args(arguments)
    if unknown := set(options.tasks) - set(files()):
        parser.error(f"there is no task {min(unknown)}; there are {', '.join(files())}")
    print(f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}", flush=True)
    for name in options.tasks or files():
        print(row(name, options.programs), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
