"""`fieldsmith solve`: forge a solver."""

import math
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from fieldsmith.cli.output import current
from fieldsmith.errors import InputError

BUDGET, SEARCH, PLACE = "Budget", "Author and search", "Problem and place"


def solve(
    context: typer.Context,
    task: Annotated[str, typer.Argument(help="Task to solve, such as burgers (`fieldsmith tasks` lists them).")],
    param: Annotated[
        list[str] | None, typer.Option(help="Parameter of the task, name=value; repeatable.", rich_help_panel=PLACE)
    ] = None,
    scale: Annotated[str, typer.Option(help="demo or paper.", rich_help_panel=PLACE)] = "demo",
    data: Annotated[
        Path | None, typer.Option(help="Published HDF5 file to use instead of generated data.", rich_help_panel=PLACE)
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            help="openai:NAME, anthropic:NAME, command:'PROGRAM …', gguf:FILE, mailbox:DIR or replay:RUN; without it the "
            "built-in numerics author.",
            rich_help_panel=SEARCH,
        ),
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(help="Address of a compatible server.", rich_help_panel=SEARCH)
    ] = None,
    key_file: Annotated[Path | None, typer.Option(help="File that holds the API key.", rich_help_panel=SEARCH)] = None,
    prompt_style: Annotated[
        str | None,
        typer.Option(
            help="What the model is told: guided (the default), skeleton, contract or plain.", rich_help_panel=SEARCH
        ),
    ] = None,
    prompts: Annotated[
        Path | None,
        typer.Option(help="Folder of templates in place of those of the same name.", rich_help_panel=SEARCH),
    ] = None,
    strategy: Annotated[str, typer.Option(help="best-of-n or refine.", rich_help_panel=SEARCH)] = "refine",
    debug_rounds: Annotated[int, typer.Option(help="Mends of a program that fails.", rich_help_panel=SEARCH)] = 4,
    in_flight: Annotated[
        int, typer.Option(help="Requests to a model at a time; 0 chooses.", rich_help_panel=SEARCH)
    ] = 0,
    seed: Annotated[int, typer.Option(help="Tells repeated runs apart.", rich_help_panel=SEARCH)] = 0,
    temperature: Annotated[float | None, typer.Option(help="Temperature of the model.", rich_help_panel=SEARCH)] = None,
    model_option: Annotated[
        list[str] | None,
        typer.Option(
            help="Setting of the model, name=value, such as max_tokens=8000; repeatable.", rich_help_panel=SEARCH
        ),
    ] = None,
    candidates: Annotated[
        int, typer.Option(help="Programs to write, mends included; 0 chooses.", rich_help_panel=BUDGET)
    ] = 0,
    max_tokens: Annotated[float | None, typer.Option(help="Tokens of the whole run.", rich_help_panel=BUDGET)] = None,
    max_cost: Annotated[float | None, typer.Option(help="US dollars.", rich_help_panel=BUDGET)] = None,
    max_hours: Annotated[float | None, typer.Option(help="Wall time.", rich_help_panel=BUDGET)] = None,
    sandbox: Annotated[str, typer.Option(help="auto, docker, bubblewrap or process.", rich_help_panel=PLACE)] = "auto",
    image: Annotated[
        str, typer.Option(help="Image of the docker sandbox: base, torch or jax.", rich_help_panel=PLACE)
    ] = "base",
    docker_runtime: Annotated[
        str, typer.Option(help="Container runtime, such as runsc (gVisor).", rich_help_panel=PLACE)
    ] = "",
    gpus: Annotated[
        str,
        typer.Option(
            help="GPUs for the programs, as `docker run --gpus` takes them, such as all.", rich_help_panel=PLACE
        ),
    ] = "",
    run_dir: Annotated[
        Path | None, typer.Option(help="Run directory; ./runs/NAME by default.", rich_help_panel=PLACE)
    ] = None,
    on_finish: Annotated[
        str | None,
        typer.Option(
            help="Shell command to run when the run has ended, for at most 60 s; gets the result as JSON on standard input and "
            "FIELDSMITH_RUN, _STATE, _NRMSE … in its environment.",
            rich_help_panel=PLACE,
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="TOML file with any of these options.", rich_help_panel=PLACE)
    ] = None,
    fail_if: Annotated[
        str | None, typer.Option(help='Exit with 1 if this holds, such as "nrmse > 1e-3".', rich_help_panel=BUDGET)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Forge a solver for a task: programs are written, run, judged and refined until the budget is spent.

    Example: fieldsmith solve burgers --param nu=0.001
    """
    from fieldsmith.cli.options import merged

    options = merged(context, config)
    current.json, current.quiet, current.resumes = options["as_json"], options["quiet"], True
    _run(options)


def _run(options: dict[str, Any]) -> None:
    from fieldsmith.cli.options import parse_parameters, parse_settings
    from fieldsmith.cli.progress import Progress
    from fieldsmith.orchestrator.open import open_solve
    from fieldsmith.orchestrator.solve import result_fields

    condition = parse_condition(options["fail_if"]) if options["fail_if"] else None
    settings = parse_settings(options["model_option"] or [])
    if options["temperature"] is not None:
        settings["temperature"] = options["temperature"]
    run = open_solve(
        options["task"],
        parse_parameters(options["param"] or []),
        scale=options["scale"],
        data=options["data"],
        model=options["model"],
        base_url=options["base_url"],
        key_file=options["key_file"],
        settings=settings,
        prompt_style=options["prompt_style"],
        prompts=options["prompts"],
        strategy=options["strategy"],
        debug_rounds=options["debug_rounds"],
        in_flight=options["in_flight"],
        candidates=options["candidates"],
        max_tokens=options["max_tokens"],
        max_cost=options["max_cost"],
        max_hours=options["max_hours"],
        seed=options["seed"],
        sandbox=options["sandbox"],
        image=options["image"],
        docker_runtime=options["docker_runtime"],
        gpus=options["gpus"],
        folder=options["run_dir"],
        on_finish=options["on_finish"],
        command=shlex.join(["fieldsmith", *sys.argv[1:]]),
    )
    run.write_report = _report_writer()
    run.prepare()
    progress = Progress(current, run.budget.candidates)
    progress.begin(run.asked, run.folder, run.sandbox.reason)
    run.listener = progress.event
    with progress:
        done = run.run()
    fields = result_fields(done)
    current.event("result", fields)
    progress.result(done)
    best = done.best.candidate.evaluation if done.best else None
    if best is None or best.status != "ok" or best.test is None:
        current.failed(f"The best program ended with {best.status}." if best else f"No candidate ran. {done.message}")
        raise typer.Exit(1)
    if condition is not None and condition(best.test.nrmse, best.test.seconds):
        current.failed(f"--fail-if {options['fail_if']} holds.")
        raise typer.Exit(1)


def _report_writer():
    from fieldsmith.reports.html import write_report

    return write_report


def parse_condition(text: str):
    """`nrmse > 1e-3` or `seconds > 10` as a function of both. Raises InputError for anything else."""
    words = text.replace(">", " > ").split()
    if len(words) == 3 and words[0] in ("nrmse", "seconds") and words[1] == ">":
        try:
            limit = float(words[2])
        except ValueError:
            limit = None
        if limit is not None and math.isfinite(limit):
            return lambda nrmse, seconds: (nrmse if words[0] == "nrmse" else seconds) > limit
    raise InputError(f"--fail-if {text!r} is not understood.", 'Write "nrmse > NUMBER" or "seconds > NUMBER".')
