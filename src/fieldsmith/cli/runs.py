"""`fieldsmith runs`: what was tried on this machine."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldsmith.cli import runs_kept
from fieldsmith.cli.output import current
from fieldsmith.cli.terminal import aligned
from fieldsmith.folders import expanded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fieldsmith.cli.progress import Progress
    from fieldsmith.errors import FieldsmithError
    from fieldsmith.orchestrator.listed import Listed
    from fieldsmith.orchestrator.run import RunRecord


class RunState(StrEnum):
    """States that a run can be in."""

    running = "running"
    interrupted = "interrupted"
    done = "done"
    failed = "failed"


app = typer.Typer(
    help="List the runs of this machine, show, verify or copy one, watch one that is going on, or remove old ones.",
    invoke_without_command=True,
)
app.command("copy")(runs_kept.copy)
app.command("prune")(runs_kept.prune)
Json = Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")]
Task = Annotated[str | None, typer.Option("--task", help="Only runs of this task.")]
State = Annotated[RunState | None, typer.Option("--state", help="Only runs in this state.")]
Last = Annotated[int | None, typer.Option("--last", min=1, metavar="N", help="Only the N that were begun last.")]


@app.callback()
def runs(
    context: typer.Context, task: Task = None, state: State = None, last: Last = None, as_json: Json = False
) -> None:
    """List the runs of this machine, show one, or watch one that is going on.

    Example: fieldsmith runs --task burgers --last 5
    """
    current.json = as_json
    if context.invoked_subcommand is None:
        list_runs(task, state, last, as_json)
    elif task or state or last:
        raise typer.BadParameter(f"--task, --state and --last are of the list, not of `{context.invoked_subcommand}`.")


@app.command("list")
def list_runs(task: Task = None, state: State = None, last: Last = None, as_json: Json = False) -> None:
    """All runs, the newest last: when begun, task, author, best error, spend, state.

    Example: fieldsmith runs list --state interrupted
    """
    from fieldsmith.cli.progress import counted
    from fieldsmith.errors import FieldsmithError
    from fieldsmith.orchestrator.index import known_runs
    from fieldsmith.orchestrator.listed import listed

    current.json = current.json or as_json
    found: list[Listed] = []
    unread: list[FieldsmithError] = []
    for folder in known_runs():
        try:
            found.append(listed(folder))
        except FieldsmithError as error:
            unread.append(error)
    _tell_unread(unread)
    known = len(found)
    found = [run for run in found if task in (None, run.task) and state in (None, run.state)]
    found = sorted(found, key=lambda run: run.started)[-(last or 0) :]
    current.event("result", {"runs": [run.fields() for run in found]})
    if not known and not unread:
        current.say("No runs yet. Start one: fieldsmith solve burgers")
    elif known and not found:
        current.say(f"None of the {counted(known, 'run')} of this machine is such a run.")
    for line in aligned([_row(run) for run in found]):
        current.say(line)


def _tell_unread(errors: "Sequence[FieldsmithError]") -> None:
    """One line on the runs that cannot be read, such as those of another version."""
    if len(errors) == 1:
        current.progress(str(errors[0]))
    elif errors:
        more = "`fieldsmith runs show` says of one why"
        current.progress(f"{len(errors)} runs cannot be read, {more}; the first: {errors[0].message}")


def _row(run: "Listed") -> list[str]:
    """What a line of the list says of a run."""
    from fieldsmith.cli.progress import counted, spent
    from fieldsmith.reports.plain import visible

    parameters = " ".join(f"{name}={value:g}" for name, value in run.parameters.items())
    return [
        visible(run.started[:16]),
        run.state,
        visible(run.task),
        visible(parameters or run.environment, 40),
        run.scale,
        visible(run.author, 40),
        "best -" if run.best is None else f"score {run.best:.4g}" if run.kind == "episodes" else f"best {run.best:.3e}",
        counted(run.made, run.unit),
        spent(run.spend),
        visible(str(run.folder)),
        visible(f"waits for {', '.join(map(str, run.waiting))}", 400) if run.waiting else "",
    ]


@app.command("show")
def show(run: Annotated[Path, typer.Argument(help="Run directory.")], as_json: Json = False) -> None:
    """One run: what was asked, every candidate, what was spent, the best.

    Example: fieldsmith runs show runs/burgers-nu0.01-demo-numerics-refine-0
    """
    from fieldsmith.cli import runs_of_episodes
    from fieldsmith.cli.progress import spent, tell_result
    from fieldsmith.orchestrator.listed import of_episodes
    from fieldsmith.orchestrator.record import load_run
    from fieldsmith.orchestrator.result import run_fields
    from fieldsmith.reports.plain import visible

    current.json, run = current.json or as_json, expanded(run)
    if of_episodes(run):
        runs_of_episodes.show(run)
        return
    found = load_run(run, pictures=False)
    current.event("result", {"state": found.state, "message": found.message, **run_fields(found)})
    current.say(visible(f"{found.asked.title}, {found.state}. {found.message}"))
    current.say(visible(found.asked.call))
    slots = {candidate.id: candidate.slot for candidate in found.candidates}
    for candidate in found.candidates:
        evaluation = candidate.evaluation
        parents = " ".join(visible(slots.get(parent, str(parent)), 12) for parent in candidate.parents)
        move = f"{candidate.move} of {parents}" if parents else candidate.move
        awaited = {one.candidate: one for one in found.waiting}.get(candidate.id)
        status = evaluation.status if evaluation else "unanswered" if awaited else "in the making"
        error = f"{figure:.3e}" if (figure := candidate.dev_figure) is not None else "-"
        said = candidate.proposal.plan.summary if candidate.proposal else ""
        if awaited:
            said = f"waits for {awaited}"
        if evaluation and not candidate.ok:
            said = evaluation.feedback.strip().partition("\n")[0]
        if evaluation and evaluation.copy_of:
            said = f"the program of {visible(evaluation.copy_of, 12)}: {said}".rstrip(": ")
        best = "*" if found.best and found.best.candidate.id == candidate.id else " "
        line = (
            f"{best} {candidate.slot:>6}  {move:<16} {status:<16} {error:>10}  {visible(said, 400 if awaited else 72)}"
        )
        current.say(line.rstrip())
    current.say(f"Spent: {spent(found.spend)}, {found.spend.seconds:.0f} s")
    if found.best or found.state != "running":  # of one that goes on nothing is known to have failed
        tell_result(found, current.say)


@app.command("verify")
def verify(
    run: Annotated[Path, typer.Argument(help="Run directory, or a benchmark's folder.")],
    rerun: Annotated[bool, typer.Option("--rerun/--no-rerun", help="Score programs again.")] = True,
    sandbox: Annotated[str, typer.Option(help="auto, docker, bubblewrap or process.")] = "auto",
    as_json: Json = False,
) -> None:
    """Make every figure anew from what the run kept, score the best program and those in tested.json again, and say what holds, what does not, and what was not checked; exit code 1 where something does not hold.

    Example: fieldsmith runs verify runs/burgers
    """
    from fieldsmith.bench.places import Places
    from fieldsmith.bench.verify import verify as verified
    from fieldsmith.cli.findings import tell
    from fieldsmith.reports.leaderboard_page import forms

    current.json = current.json or as_json
    folder, subject = expanded(run), {"run": str(run)}
    if not rerun:
        tell(verified(folder, None, forms), subject)
        return
    with Places(sandbox) as places:
        tell(verified(folder, places, forms), subject)


@app.command("watch")
def watch(
    run: Annotated[Path | None, typer.Argument(help="Run directory; without it the one that is going on.")] = None,
    as_json: Json = False,
) -> None:
    """Follow a run that is going on in another terminal; Ctrl-C leaves it alone.

    Example: fieldsmith runs watch
    """
    from fieldsmith.cli import runs_of_episodes
    from fieldsmith.cli.progress import Progress
    from fieldsmith.orchestrator.follow import follow
    from fieldsmith.orchestrator.listed import of_episodes
    from fieldsmith.orchestrator.record import load_run
    from fieldsmith.orchestrator.result import run_fields

    current.json = current.json or as_json
    folder = expanded(run) if run else _going_on()
    if of_episodes(folder):
        raise typer.Exit(0 if runs_of_episodes.watch(folder) else 1)
    found = load_run(folder, pictures=False)
    progress = Progress(current, found.asked.question.candidates, found.spend.seconds)
    progress.begin(found.asked, folder)
    told: set[tuple[str, object]] = set()
    with progress:
        for found in follow(folder, lambda folder: load_run(folder, pictures=False)):
            _tell_new(found, told, progress)
    current.event("result", {"state": found.state, "message": found.message, **run_fields(found)})
    current.progress(f"The run is {found.state}. {found.message}".strip())
    progress.result(found)
    raise typer.Exit(0 if found.best is not None else 1)


def _going_on() -> Path:
    """The one run of this machine that is going on. Raises InputError for none or several."""
    from fieldsmith.errors import InputError
    from fieldsmith.orchestrator.index import known_runs
    from fieldsmith.orchestrator.record import is_held

    found = [folder for folder in known_runs() if is_held(folder)]
    if not found:
        raise InputError("No run is going on.", "Name one: `fieldsmith runs` lists them.")
    if len(found) > 1:
        raise InputError(f"{len(found)} runs are going on.", f"Name one: {', '.join(map(str, found))}.")
    return found[0]


def _tell_new(found: "RunRecord", told: set[tuple[str, object]], progress: "Progress") -> None:
    """Events for what has been begun, finished and waited for since the last look, with what was the best by then."""
    from fieldsmith.orchestrator.result import candidate_fields, waiting_fields
    from fieldsmith.strategies.choosing import best_of

    finished = [c for c in found.candidates if c.evaluation is not None]
    for candidate in found.candidates:
        mark = ("start", (candidate.id, candidate.slot))
        if candidate.evaluation is not None:
            told.discard(mark)
            mark = ("candidate", candidate.id)
        if mark in told or (candidate.evaluation is None and found.state != "running"):
            continue
        told.add(mark)
        if candidate.evaluation is None:
            progress.event("start", {"candidate": candidate.id, "slot": candidate.slot})
        else:
            so_far = [c for c in finished if ("candidate", c.id) in told]
            progress.event("candidate", candidate_fields(candidate, best_of(so_far), found.spend, len(so_far)))
    for number, slot in _gone(found, told):
        told.discard(("start", (number, slot)))
        progress.event("withdrawn", _why_gone(found, number, slot))
    for one, fields in zip(found.waiting, waiting_fields(found.waiting), strict=True):
        if ("waiting", one) not in told:
            told.add(("waiting", one))
            progress.event("waiting", fields)


def _gone(found: "RunRecord", told: set[tuple[str, object]]) -> list[tuple[int, str]]:
    """Number and slot of what was begun and does not come: it has gone, or the sitting is over."""
    here = {(c.id, c.slot) for c in found.candidates} if found.state == "running" else set()
    begun: list[Any] = [what for kind, what in told if kind == "start"]
    return sorted(one for one in begun if one not in here)


def _why_gone(found: "RunRecord", number: int, slot: str) -> dict[str, object]:
    from fieldsmith.orchestrator.result import withdrawn_fields

    left = next((c for c in found.candidates if (c.id, c.slot) == (number, slot)), None)
    if left is None:
        return withdrawn_fields(number, slot, "no_more_ideas", found.message or "the author has no more ideas")
    reason = "fault" if found.state == "failed" else "stopped"
    return withdrawn_fields(number, slot, reason, found.message or "the run was interrupted")
