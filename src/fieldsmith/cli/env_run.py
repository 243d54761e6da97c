"""`fieldsmith env run` and `env replay`: episodes of an agent in an environment, and what was recorded of them played again."""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from fieldsmith.cli.asking import asks
from fieldsmith.cli.output import current
from fieldsmith.orchestrator.episodes.question import EpisodeQuestion
from fieldsmith.orchestrator.question import BUDGET, PLACE


@asks(EpisodeQuestion)
def run(
    context: typer.Context,
    *,
    config: Annotated[
        Path | None, typer.Option(help="TOML file with any of these options.", rich_help_panel=PLACE)
    ] = None,
    fail_below: Annotated[
        float | None, typer.Option(help="Exit with 1 if the best score is below this.", rich_help_panel=BUDGET)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    **_question: Any,
) -> None:
    """Let an agent act in an environment, headless; the same command resumes.

    Example: fieldsmith env run pde-workbench --task burgers --agent random --steps 5
    """
    from fieldsmith.cli.options import merged, parse_settings
    from fieldsmith.orchestrator.episodes.run import open_run

    options = merged(context, config)
    current.json, current.quiet, current.resumes = options["as_json"], options["quiet"], True
    options["model_options"] = parse_settings(options["model_options"] or [], "--model-option", "max_tokens=2000")
    options["strategy_options"] = parse_settings(options["strategy_options"] or [], "--strategy-option", "drafts=2")
    names = EpisodeQuestion.__dataclass_fields__
    question = EpisodeQuestion(**{name: options[name] for name in names if name in options})
    playing = open_run(question, command=shlex.join(["fieldsmith", *sys.argv[1:]]))
    playing.listener = told
    playing.write_report = _report_writer()
    asked = playing.asked
    current.progress(f"{asked.title} ({asked.question.task})")
    current.progress(f"Agent:   {asked.label}, {asked.note}")
    current.progress(f"Run:     {playing.folder}")
    current.event(
        "begin",
        {
            "run": str(playing.folder),
            "environment": asked.question.environment,
            "task": asked.question.task,
            "agent": asked.label,
        },
    )
    fields = playing.run()
    best: Any = fields["best"]
    low = best is not None and fail_below is not None and best["score"] < fail_below
    page = playing.folder / "report.html"
    report = str(page) if page.exists() else None
    current.event("result", {**fields, "report": report, "reason": fields["reason"] or ("fail_below" if low else None)})
    for line in result_lines(fields):
        current.say(line)
    if report:
        current.say(f"Report: {page.resolve().as_uri()}")
    if best is None:
        current.failed(f"No episode was finished. {fields['message']}")
    elif low:
        current.failed(f"The best score, {best['score']:.4g}, is below --fail-below {fail_below:g}.")
    if best is None or low:
        raise typer.Exit(1)


def _report_writer():
    from fieldsmith.reports.episodes import write_episodes_report

    return write_episodes_report


def told(kind: str, fields: Mapping[str, Any]) -> None:
    """What a person sees while episodes go on: a line a step."""
    current.event(kind, fields)
    if kind == "step":
        mark = " " if fields["status"] == "success" else "!"
        free = "" if fields["counted"] else " (free)"
        current.progress(
            f"{mark} {fields['episode']:>3}  step {fields['step']:<3} {fields['action'] or '-':<20} {fields['status']:<16} "
            f"score {fields['score']:.4g}{free}"
        )
    elif kind == "episode":
        current.progress(f"* episode {fields['episode']} ends with score {fields['score']:.4g}")
    elif kind == "waiting":
        current.progress(f"Waiting for {fields['for']}")
    elif kind == "report_failed":
        current.progress(f"The report could not be written: {fields['message']}")
    elif kind == "progress" and fields["share"] is None:
        current.progress(str(fields["what"]))


def result_lines(fields: Mapping[str, Any]) -> list[str]:
    """The result for people."""
    from fieldsmith.cli.progress import used

    lines = [f"{'episode':<9} {'score':>9}  metrics"]
    for one in fields["episodes"]:
        figures = ", ".join(f"{name} {value:.3g}" for name, value in one["metrics"].items())
        lines.append(f"{one['episode']:<9} {one['score']:>9.4g}  {figures}")
    spend = fields["spend"]
    uncounted = spend["input_tokens"] is None
    tokens = 0 if uncounted else spend["input_tokens"] + spend["output_tokens"]
    cost = used(tokens, spend["usd"], spend["estimated"], uncounted)
    lines.append(f"Spent: {cost}, {spend['seconds']:.0f} s. Run: {fields['run']}")
    return lines


def replay(
    run: Annotated[Path, typer.Argument(help="Directory of a run of episodes.")],
    episode: Annotated[int, typer.Option(help="Number of one episode; all by default.")] = 0,
    sandbox: Annotated[str, typer.Option(help="auto, docker, bubblewrap or process.")] = "auto",
    rescore: Annotated[
        bool,
        typer.Option("--rescore", help="Compute the figures of the recorded states anew, without taking the actions."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")] = False,
) -> None:
    """Take the recorded actions of a run's episodes again, without a model, and compare; or score its states anew.

    Example: fieldsmith env replay runs/my-run --episode 1
    """
    from fieldsmith.folders import expanded
    from fieldsmith.orchestrator.episodes.replay import replayed

    current.json, run = current.json or as_json, expanded(run)
    differing = 0
    for found in replayed(run, episode, sandbox, rescore):
        differing += bool(found.differences)
        current.event(
            "replayed",
            {
                "episode": found.episode,
                "steps": found.steps,
                "score": found.score,
                "recorded": found.recorded,
                "differences": list(found.differences),
            },
        )
        verdict = "as recorded" if not found.differences else f"{len(found.differences)} differences"
        current.say(
            f"episode {found.episode}: {found.steps} steps, score {found.score:.6g} (recorded {found.recorded:.6g}), {verdict}"
        )
        for words in found.differences[:10]:
            current.say(f"  {words}")
    current.event("result", {"run": str(run), "ok": not differing, "reason": "differences" if differing else None})
    if differing:
        current.failed(
            f"{differing} {'episode differs' if differing == 1 else 'episodes differ'} from what was recorded."
        )
        raise typer.Exit(1)
