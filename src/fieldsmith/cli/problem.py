"""`fieldsmith problem`: a PDE of one's own, stated in a file: check it, begin one, the schema for editors."""

import json
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldsmith.cli.output import current
from fieldsmith.cli.problem_words import fitting, methods_for, tell, tell_all
from fieldsmith.errors import InputError

if TYPE_CHECKING:
    from fieldsmith.cli.problem_new import Given
    from fieldsmith.problems import Problem

app = typer.Typer(no_args_is_help=True, help="A PDE of your own, stated in a file: check it, begin one.")

AsJson = Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")]
Several = list[str] | None


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="Problem file to check.")],
    as_json: AsJson = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only what is wrong or doubtful.")] = False,
) -> None:
    """Say how a problem file is understood, or what is wrong with it and in which line.

    Example: fieldsmith problem check examples/problems/drum.toml
    """
    current.json, current.quiet = as_json, quiet
    problem = _read(file)
    methods, why_not = methods_for(problem)
    fields = {
        "file": str(file),
        "ok": True,
        **problem.understood.as_dict(),
        "doubts": [one.told() for one in problem.seen.told.ordered()],
        "methods": methods,
        "why_no_method": why_not,
    }
    for one in problem.seen.told.ordered():
        tell(one, str(file))
    current.event("result", fields)
    if not quiet:
        for line in problem.understood.lines():
            current.say(line)
        current.say(f"  {'methods':11}{fitting(methods, why_not)}")


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="Problem file to write; one that is there is left alone.")],
    title: Annotated[str | None, typer.Option(help="What the problem is called.")] = None,
    equation: Annotated[Several, typer.Option(help='Such as "u_t = nu*u_xx"; repeatable.')] = None,
    domain: Annotated[Several, typer.Option(help="Such as x=0,1 or t=0,2*pi; repeatable.")] = None,
    param: Annotated[Several, typer.Option(help="Such as nu=0.1, or nu=0.1,0.01,1 with a range; repeatable.")] = None,
    boundary: Annotated[
        Several, typer.Option(help='Such as x=periodic, "x: u = 0" or "x=1: u_x = 0"; repeatable.')
    ] = None,
    initial: Annotated[Several, typer.Option(help='Such as "u = sin(pi*x)"; repeatable.')] = None,
    unknown: Annotated[
        Several, typer.Option(help='What an unknown is, such as psi=complex or "T=temperature"; repeatable.')
    ] = None,
    points: Annotated[str | None, typer.Option(help="Points along an axis, such as 128 or x=256,y=64.")] = None,
    times: Annotated[int | None, typer.Option(help="How many times, evenly spread.")] = None,
    accuracy: Annotated[float | None, typer.Option(help="Relative error wanted.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write a problem file from options; in a terminal what is missing is asked for. The file is one that passes `problem check`.

    Example: fieldsmith problem new heat.toml --equation "u_t = u_xx" --domain x=0,1 --domain t=0,0.1 --boundary "x: u = 0" --initial "u = sin(pi*x)"
    """
    from fieldsmith.cli.options import check_new
    from fieldsmith.cli.problem_new import Given, document

    current.json = as_json
    check_new(file)
    several = (equation or [], domain or [], param or [], boundary or [], initial or [])
    given = Given(title, *several, accuracy, unknown or [], points, times)
    if sys.stdin.isatty() and not as_json:
        problem = _asked(given, file)
    elif given.equations and given.domain:
        problem = _of(document(given))
    else:
        missing = "--domain" if given.equations else "--equation"
        mend = "`fieldsmith problem new --help` has an example."
        raise InputError(f"{missing} is missing, and there is no terminal to ask in.", mend)
    for one in problem.seen.told.ordered():
        tell(one, "")
    from fieldsmith.files import write_whole

    write_whole(file, problem.to_toml().encode())
    current.event("result", {"file": str(file), "ok": True, "doubts": list(problem.doubts)})
    current.say(_written(file))


@app.command()
def ask(
    words: Annotated[str, typer.Argument(help="What is to be solved, in your words.")],
    model: Annotated[str | None, typer.Option(help="Which model reads them, such as openai:NAME.")] = None,
    out: Annotated[Path | None, typer.Option(help="Problem file to write; usually named after its title.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Address of the model's server.")] = None,
    key_file: Annotated[Path | None, typer.Option(help="File with the key.")] = None,
    model_option: Annotated[
        Several, typer.Option(help="Setting of the model, such as max_tokens=4000; repeatable.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write it without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write a problem file from your words: a model writes it, the check mends it (up to four rounds), you see how it is understood and say yes.

    Example: fieldsmith problem ask "heat in a rod of 1 m, held at 0, that begins as a sine" --model openai:NAME
    """
    from fieldsmith.cli.from_words import NAME_ONE, NO_MODEL, Wanted, problem_file
    from fieldsmith.cli.options import parse_settings
    from fieldsmith.models import open_model

    current.json = as_json
    if model is None:
        raise InputError(NO_MODEL, NAME_ONE)
    settings = parse_settings(model_option or [], "--model-option", "max_tokens=4000")
    opened = open_model(model, base_url, key_file, settings)
    file = problem_file(Wanted(words, out, yes), opened, "Write {file}?")
    current.event("result", {"file": str(file), "ok": True})
    current.say(_written(file))


def _written(file: Path) -> str:
    return f"{file} is written; `fieldsmith problem check {shlex.quote(str(file))}` says how it is understood."


@app.command()
def schema() -> None:
    """Print the JSON schema of problem files, for editors.

    Example: fieldsmith problem schema
    """
    from fieldsmith.problems.schema import schema as made

    print(json.dumps(made(), indent=2, ensure_ascii=False), flush=True)


def _read(file: Path) -> "Problem":
    from fieldsmith.problems import Problem, ProblemError

    try:
        return Problem.from_toml(file)
    except ProblemError as error:
        tell_all(error)
        raise


def _asked(given: "Given", file: Path) -> "Problem":
    """The problem of the options and of answers in the terminal; where these end early, the command that goes on from there is told."""
    from fieldsmith.cli.problem_dialogue import Dialogue

    dialogue = Dialogue(given)
    try:
        if not (given.equations and given.domain):
            dialogue.begin()
        return dialogue.problem()
    except (typer.Abort, KeyboardInterrupt):
        typer.echo(f"\nNothing is written. To go on from here: {dialogue.command(file)}", err=True)
        raise


def _of(document: Mapping[str, Any]) -> "Problem":
    from fieldsmith.problems import Problem, ProblemError

    try:
        return Problem(**document)
    except ProblemError as error:
        tell_all(error)
        raise
