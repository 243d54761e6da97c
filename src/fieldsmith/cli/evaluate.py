"""`fieldsmith evaluate`: score solver files that someone else wrote."""

from pathlib import Path
from typing import Annotated

import typer

from fieldsmith.cli.output import current
from fieldsmith.errors import InputError


def evaluate(
    task: Annotated[str, typer.Argument(help="Task to score on, such as burgers.")],
    files: Annotated[list[Path], typer.Argument(help="Solver files; each defines the asked function.")],
    param: Annotated[list[str] | None, typer.Option(help="Parameter of the task, name=value; repeatable.")] = None,
    scale: Annotated[str, typer.Option(help="demo or paper.")] = "demo",
    data: Annotated[Path | None, typer.Option(help="Published HDF5 file to score on instead.")] = None,
    split: Annotated[str, typer.Option(help="test, dev or both.")] = "test",
    sandbox: Annotated[str, typer.Option(help="auto, docker, bubblewrap or process.")] = "auto",
    image: Annotated[str, typer.Option(help="Image of the docker sandbox: base, torch or jax.")] = "base",
    order: Annotated[bool, typer.Option("--order/--no-order", help="Measure the order of convergence.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Score solver files against the trusted references.

    Example: fieldsmith evaluate burgers my_solver.py
    """
    from fieldsmith import evaluation, sandboxes
    from fieldsmith.cli.options import parse_parameters
    from fieldsmith.evaluation.record import result_fields, summary
    from fieldsmith.tasks import load

    current.json, current.quiet = as_json, quiet
    splits = {"test": ("test",), "dev": ("dev",), "both": ("dev", "test")}.get(split)
    if splits is None:
        raise InputError(f"--split {split} is not known.", "Use test, dev or both.")
    sources = [(file, _read(file)) for file in files]
    problem = load(task, parse_parameters(param or []), scale=scale, data=data)
    place = sandboxes.choose(sandbox, trusted=False, image=image)
    current.progress(f"Sandbox: {place.name}")
    for name in splits:
        problem.split(name, current.making)
    good = True
    for file, source in sources:
        outcome = evaluation.evaluate(problem, source, place, splits=splits, refinement=order)
        good = good and outcome.status == "ok"
        current.event("result", {"file": str(file), **result_fields(problem, source, outcome)})
        current.say(summary(str(file), outcome))
    if not good:
        raise typer.Exit(1)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 text.", "Give a Python source file.") from error
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.", "Give a Python source file.") from error
