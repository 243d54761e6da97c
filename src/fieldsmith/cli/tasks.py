"""`fieldsmith tasks`: what can be asked, and the statement as an author sees it."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fieldsmith.cli.findings import tell
from fieldsmith.cli.output import current
from fieldsmith.cli.problem_words import faults_told

if TYPE_CHECKING:
    from fieldsmith.tasks.task import Task

app = typer.Typer(invoke_without_command=True, help="List the tasks, or show one as an author sees it.")

AsJson = Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")]


@app.callback()
def tasks(context: typer.Context, as_json: AsJson = False) -> None:
    """What can be asked. Without a command: list.

    Example: fieldsmith tasks show burgers --param nu=0.001
    """
    current.json = as_json
    if context.invoked_subcommand is None:
        list_tasks(as_json)


@app.command("list")
def list_tasks(as_json: AsJson = False) -> None:
    """Every task with its parameters, defaults and ranges.

    Example: fieldsmith tasks list
    """
    from fieldsmith.reports.plain import visible
    from fieldsmith.tasks import SCALES, TASKS

    current.json = current.json or as_json
    found, refused = TASKS.everything()
    known = dict(sorted(found.items()))
    rows = [
        {
            "name": name,
            "title": kind.title,
            "parameters": {
                key: {"default": p.default, "low": p.low, "high": p.high, "meaning": p.meaning}
                for key, p in kind.known_parameters.items()
            },
            "scales": list(kind.scales()),
            "defaults_by_scale": {scale: dict(values) for scale, values in kind.defaults_by_scale.items()},
        }
        for name, kind in known.items()
    ]
    current.event("result", {"tasks": rows, "refused": [{**asdict(r.plug_in), "why": r.why} for r in refused]})
    width = max(map(len, known))
    own = {name: _own_scales(tuple(kind.scales())) for name, kind in known.items()}
    for name, kind in known.items():
        current.say(f"{name:{width}}  {kind.title}{own[name]}")
        for key, p in kind.known_parameters.items():
            current.say(
                f"{'':{width}}    --param {key}={p.default:g}   {p.low:g} to {p.high:g}, {p.meaning}{_elsewhere(kind, key)}"
            )
    others = " of the others" if any(own.values()) else ""
    current.say(f"Scales{others}: {', '.join(SCALES)}. `fieldsmith tasks show NAME` prints a task's statement.")
    for plug_in in refused:
        current.progress(f"Left out: {visible(plug_in.why)}")


def _elsewhere(kind: type["Task"], parameter: str) -> str:
    """The scales at which a parameter has another default."""
    others = {scale: values[parameter] for scale, values in kind.defaults_by_scale.items() if parameter in values}
    return "".join(f"; {value:g} at {scale} scale" for scale, value in others.items())


def _own_scales(scales: tuple[str, ...]) -> str:
    """The scales of a task that has others than most, after its title."""
    from fieldsmith.tasks import SCALES

    return "" if scales == SCALES else f" (scale{'s' if len(scales) > 1 else ''}: {', '.join(scales)})"


@app.command()
def show(
    task: Annotated[str, typer.Argument(help="Task to show, such as burgers.")],
    param: Annotated[list[str] | None, typer.Option(help="Parameter of the task, name=value; repeatable.")] = None,
    scale: Annotated[str, typer.Option(help="demo, paper or hard.")] = "demo",
    data: Annotated[Path | None, typer.Option(help="Published HDF5 file to use instead of generated data.")] = None,
    image: Annotated[str, typer.Option(help="Image of the docker sandbox: base, torch or jax.")] = "base",
    as_json: AsJson = False,
) -> None:
    """Print a task's statement, the text an author works from.

    Example: fieldsmith tasks show burgers
    """
    from fieldsmith import sandboxes
    from fieldsmith.cli.options import parse_parameters
    from fieldsmith.tasks import load
    from fieldsmith.tasks.own.problem_task import ProblemTask

    current.json = current.json or as_json
    with faults_told():
        chosen = load(task, parse_parameters(param or []), scale, data)
    libraries = sandboxes.choose(trusted=True, image=image).libraries()
    brief = chosen.outline(libraries) if isinstance(chosen, ProblemTask) else chosen.brief(libraries)
    fields = {
        "task": chosen.name,
        "title": brief.title,
        "parameters": dict(chosen.parameters),
        "arguments": dict(brief.parameters),
        "scale": scale,
        "sizes": dict(brief.sizes),
        "span": brief.span,
        "time_limit": brief.time_limit,
        "stub": brief.stub,
        "statement": brief.statement,
    }
    current.event("result", fields)
    current.say(brief.statement.rstrip())


@app.command()
def check(
    task: Annotated[
        str,
        typer.Argument(help="Task to check: a name, path/to/file.py:Class, package.module:Class or a problem file."),
    ],
    param: Annotated[list[str] | None, typer.Option(help="Parameter of the task, name=value; repeatable.")] = None,
    scale: Annotated[str, typer.Option(help="demo, paper or hard.")] = "demo",
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Check that a task is sound: equation, signature, arrays, splits, and that the reference satisfies the equation.

    Example: fieldsmith tasks check burgers
    """
    from fieldsmith.cli.options import parse_parameters
    from fieldsmith.tasks import load
    from fieldsmith.tasks.check import examine

    current.json, current.quiet = current.json or as_json, quiet
    with faults_told():
        chosen = load(task, parse_parameters(param or []), scale)
    tell(examine(chosen, current.making), {"task": chosen.name})
