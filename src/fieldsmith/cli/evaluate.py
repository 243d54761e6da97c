"""`fieldsmith evaluate`: score solver files that someone else wrote."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldsmith.cli.output import current
from fieldsmith.errors import InputError

if TYPE_CHECKING:
    from fieldsmith.evaluation.evaluation import Evaluation


def evaluate(
    context: typer.Context,
    task: Annotated[str, typer.Argument(help="Task to score on, such as burgers.")],
    files: Annotated[list[Path], typer.Argument(help="Solver files; each defines the asked function.")],
    param: Annotated[list[str] | None, typer.Option(help="Parameter of the task, name=value; repeatable.")] = None,
    scale: Annotated[str, typer.Option(help="demo, paper or hard.")] = "demo",
    data: Annotated[Path | None, typer.Option(help="Published HDF5 file to score on instead.")] = None,
    split: Annotated[str, typer.Option(help="test, dev or both.")] = "test",
    sandbox: Annotated[str, typer.Option(help="auto, docker, bubblewrap or process.")] = "auto",
    image: Annotated[str, typer.Option(help="Image of the docker sandbox: base, torch or jax.")] = "base",
    docker_runtime: Annotated[str, typer.Option(help="Container runtime, such as runsc (gVisor).")] = "",
    gpus: Annotated[
        str, typer.Option(help="GPUs for the programs, as `docker run --gpus` takes them, such as all.")
    ] = "",
    order: Annotated[bool, typer.Option("--order/--no-order", help="Measure the order of convergence.")] = True,
    config: Annotated[Path | None, typer.Option(help="TOML file with any of these options.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Score solver files against the trusted references.

    Example: fieldsmith evaluate burgers my_solver.py
    """
    from fieldsmith.cli.options import merged

    options = merged(context, config)
    current.json, current.quiet = options["as_json"], options["quiet"]
    if not _score(options):
        raise typer.Exit(1)


def _score(options: dict[str, Any]) -> bool:
    """Score every file; whether all of them ran."""
    from fieldsmith import evaluation, sandboxes
    from fieldsmith.cli.live import Live
    from fieldsmith.cli.options import parse_parameters
    from fieldsmith.cli.problem_words import faults_told
    from fieldsmith.evaluation.record import result_fields, summary
    from fieldsmith.reports.plain import clean
    from fieldsmith.tasks import load

    splits = {"test": ("test",), "dev": ("dev",), "both": ("dev", "test")}.get(options["split"])
    if splits is None:
        raise InputError(f"--split {options['split']} is not known.", "Use test, dev or both.")
    sources = [(file, _read(file)) for file in options["files"]]
    with faults_told():
        problem = load(options["task"], parse_parameters(options["param"] or []), options["scale"], options["data"])
    place = sandboxes.choose(
        options["sandbox"],
        image=options["image"],
        runtime=options["docker_runtime"],
        gpus=options["gpus"],
    )
    current.progress(f"Sandbox: {place.name}")
    for name in splits:
        problem.split(name, current.making)
    good = True
    with place:
        place.expect(evaluation.default_limits(problem), len(sources))
        for file, source in sources:
            with Live(current, lambda file=file: f"evaluating {file.name}"):
                outcome = evaluation.evaluate(
                    problem, source, place, splits=splits, refinement=options["order"], thorough=True
                )
            good = good and outcome.status == "ok"
            current.event("result", {"file": str(file), **result_fields(problem, source, outcome)})
            current.say(clean(summary(str(file), outcome)))  # a program's words are its own
            _name_image(file, outcome)
    return good


def _name_image(file: Path, outcome: "Evaluation") -> None:
    """Say which image has the library that a program lacks."""
    for image in ("torch", "jax"):
        if outcome.error_type == "ModuleNotFoundError" and f"'{image}" in outcome.feedback:
            current.progress(f"{file} needs {image}: fieldsmith sandbox build --image {image}, then --image {image}.")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 text.", "Give a Python source file.") from error
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.", "Give a Python source file.") from error
