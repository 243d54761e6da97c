"""`fieldsmith operators`: what a solver is measured against, learned operators."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldsmith.cli import operators_beside
from fieldsmith.cli.live import Live
from fieldsmith.cli.operators_beside import Device, Params, Quiet, Scale
from fieldsmith.cli.output import current
from fieldsmith.cli.terminal import aligned
from fieldsmith.errors import InputError

if TYPE_CHECKING:
    from fieldsmith.evaluation.evaluation import Evaluation
    from fieldsmith.operators.training.state import Course
    from fieldsmith.tasks.task import Task

app = typer.Typer(no_args_is_help=True, help="Train operators on samples of a task, and judge them as programs are.")

AsJson = Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")]


@app.command("list")
def list_operators(as_json: AsJson = False) -> None:
    """Every operator with its settings, their usual values and ranges.

    Example: fieldsmith operators list
    """
    from fieldsmith.operators import OPERATORS
    from fieldsmith.reports.plain import visible

    current.json = as_json
    found, refused = OPERATORS.everything()
    rows = [
        {"name": name, "title": kind.title, "source": kind.source, "settings": _settings(kind.settings)}
        for name, kind in found.items()
    ]
    current.event("result", {"operators": rows, "refused": [visible(one.why) for one in refused]})
    for row in rows:
        current.say(f"{row['name']}  {row['title']} ({row['source']})")
        for line in aligned(
            [(f"  --set {name}={one['default']}", one["words"]) for name, one in row["settings"].items()]
        ):
            current.say(f"  {line}")
    for one in refused:
        current.progress(f"Left out: {visible(one.why)}")


def _settings(kind: Any) -> dict[str, dict[str, Any]]:
    """What can be chosen: default, and what it is and may be in words."""
    usual = kind().to_dict()
    told = {
        name: {"default": usual[name], "words": "; ".join(f"{b.name}: {b.summary}" for b in kind.options(name))}
        for name in kind.kinds()
    }
    numbers = {name: {"default": usual[name], "words": f"{one.summary}, {one.range}"} for name, one in kind.known_numbers().items()}  # fmt: skip
    return told | numbers


@app.command()
def train(
    task: Annotated[str, typer.Argument(help="Task to learn, such as burgers, or a problem file.")],
    operator: Annotated[str, typer.Option(help="Kind of operator; `operators list` has all.")] = "fno",
    samples: Annotated[int, typer.Option(help="Samples to learn from, made by the task's own generator.")] = 256,
    epochs: Annotated[int, typer.Option(help="Times that all samples are gone through.")] = 100,
    minutes: Annotated[float, typer.Option(help="Time for the training, in place of --epochs.")] = 0.0,
    batch: Annotated[int, typer.Option(help="Samples a step.")] = 16,
    rate: Annotated[float, typer.Option(help="Largest learning rate.")] = 1e-3,
    set_: Annotated[list[str] | None, typer.Option("--set", help="Setting of the operator, name=value; repeatable.")] = None,
    noise: Annotated[float, typer.Option(help="Noise on inputs, as a share of their spread.")] = 0.0,
    unrolled: Annotated[int, typer.Option(help="Steps learned at a time where the operator goes frame by frame.")] = 1,
    pushforward: Annotated[bool, typer.Option(help="Learn only the last of these steps, from where the others lead.")] = False,
    accumulated: Annotated[int, typer.Option(help="Parts that a batch is taken in, which need less memory.")] = 1,
    patience: Annotated[int, typer.Option(help="Epochs without a better dev error after which to end; 0: never.")] = 0,
    precision: Annotated[str, typer.Option(help="float32 or bfloat16.")] = "float32",
    compiled: Annotated[bool, typer.Option("--compile", help="Compile the network first (torch.compile).")] = False,
    seed: Annotated[int, typer.Option(help="Of weights and order.")] = 0,
    penalty: Annotated[list[str] | None, typer.Option(help="Penalty on micro-batches, gradient-norm=0.01, fisher-trace=… or jacobian=…; repeatable.")] = None,
    micro: Annotated[int, typer.Option(help="Samples of a micro-batch.")] = 4,
    param: Params = None,
    scale: Scale = "demo",
    device: Device = "auto",
    out: Annotated[Path | None, typer.Option(help="Folder of the operator; trained/TASK-OPERATOR-DIGEST by itself.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:  # fmt: skip
    """Train an operator on samples of a task; the same command goes on where it was broken off.

    Example: fieldsmith operators train reacdiff1d --operator fno --samples 128 --epochs 20
    """
    current.json, current.quiet, current.resumes = as_json, quiet, True
    from fieldsmith.cli.options import parse_parameters, parse_settings
    from fieldsmith.operators import need_torch
    from fieldsmith.tasks import load

    need_torch()
    from fieldsmith.operators.training.asked import Asked
    from fieldsmith.operators.training.fit import fit
    from fieldsmith.operators.training.penalties import parsed

    settings = {name: _number(value) for name, value in parse_settings(set_ or [], "--set", "--set modes=16").items()}
    asked = Asked(
        operator, settings, samples, epochs, minutes, batch, rate, noise=noise, unrolled=unrolled, pushforward=pushforward, accumulated=accumulated,
        patience=patience, precision=precision, compiled=compiled, seed=seed, penalties=parsed(penalty or []), micro=micro,
    )  # fmt: skip
    problem = load(task, parse_parameters(param or []), scale)
    folder = out or Path("trained") / f"{problem.name}-{operator}-{_digest(problem, asked.digest)}"
    told = [""]
    with Live(current, lambda: told[0]):
        done = fit(problem, asked, folder, device, current.making, lambda course, left: _tell(course, left, told))
    _say(folder, dict(done.card))


def _tell(course: "Course", left: float, told: list[str]) -> None:
    """After an epoch."""
    row = course.history[-1]
    told[0] = (
        f"epoch {row['epoch']} of {course.epochs}: loss {row['loss']:.2e}, dev nRMSE {row['dev']:.2e}, {_time(left)} left"
    )
    current.event("epoch", {**row, "epochs": course.epochs, "best": course.best, "seconds_left": round(left, 1)})
    if row["epoch"] == 1 or row["epoch"] % max(1, course.epochs // 10) == 0:
        current.progress(told[0])


def _say(folder: Path, card: dict[str, Any]) -> None:
    course, threads = card["course"], f", {card['threads']} threads" if card["device_type"] == "cpu" else ""
    current.event("result", {"folder": str(folder), **card})
    current.say(
        f"{card['asked']['operator']} on {card['task']['name']}: dev nRMSE {course['best']:.3e} after epoch {course['best_epoch']} of {course['epochs']}"
    )
    for line in aligned([
        ("parameters", f"{card['parameters']:,}"),
        ("samples", f"{card['samples']}, made in {_time(card['sample_seconds'])} of processor time{_solved_by(card)}"),
        ("training", f"{_time(course['seconds'])} on {card['device']}{threads}"),
        ("folder", str(folder)),
    ]):  # fmt: skip
        current.say(f"  {line}")


def _solved_by(card: dict[str, Any]) -> str:
    """What made the samples of a problem file, and how well."""
    known = card.get("samples_solved")
    return f" by {known['method']}, nRMSE {known['dev_error']:.1e} on dev" if known else ""


@app.command()
def evaluate(
    folder: Annotated[Path, typer.Argument(help="Folder of a trained operator.")],
    split: Annotated[str, typer.Option(help="dev, test or both.")] = "test",
    order: Annotated[bool, typer.Option(help="Also at other resolutions, on the smooth data of the convergence study.")] = True,
    device: Device = "auto",
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:  # fmt: skip
    """Judge a trained operator as a program is: the same cases, the same scorer, in a process of its own.

    Example: fieldsmith operators evaluate trained/reacdiff1d-fno-0d0c4a3e
    """
    current.json, current.quiet = as_json, quiet
    from fieldsmith.operators import need_torch

    if split not in ("dev", "test", "both"):
        raise InputError(f"--split {split} is not known.", "Give dev, test or both.")
    need_torch()
    from fieldsmith.bench.bins import Binned
    from fieldsmith.evaluation.judge import evaluate as judged
    from fieldsmith.operators.sandbox import OperatorSandbox

    place = OperatorSandbox(folder, device)
    problem = _task_of(place.card, folder)
    splits = ("dev", "test") if split == "both" else (split,)
    binned = Binned(problem.brief().signature)
    with Live(current, lambda: f"evaluating {folder}"):
        outcome = judged(
            problem, "", place, splits=splits, refinement=order, thorough=True, probing=False, on_outputs=binned.see
        )
    _report(folder, outcome, {name: binned.means(name) for name in splits})
    if outcome.status != "ok":
        current.failed(f"The operator fails: {outcome.error_message or outcome.status}.")
        raise typer.Exit(1)


def _task_of(card: dict[str, Any], folder: Path) -> "Task":
    """The task that an operator was trained on. Raises InputError where its data has changed since."""
    from fieldsmith.tasks import load, names
    from fieldsmith.tasks.places import is_problem_file

    known = card["task"]
    copy = folder / known["place"]
    name = (
        str(copy) if is_problem_file(known["place"]) else known["name"] if known["name"] in names() else known["place"]
    )
    problem = load(name, {name: str(value) for name, value in known["parameters"].items()}, known["scale"])
    if problem.fingerprint != known["fingerprint"]:
        raise InputError(
            f"The data of {known['name']} is another than this operator was trained on.", "Train it again."
        )
    return problem


def _report(folder: Path, outcome: "Evaluation", bins: Mapping[str, Sequence[float | None]]) -> None:
    scores = {name: score for name, score in (("dev", outcome.dev), ("test", outcome.test)) if score}
    studied = [{"intervals": p.resolution, "nrmse": p.error} for p in outcome.convergence]
    fields = {
        name: {"nrmse": s.nrmse, "fields": dict(s.fields), "max_error": s.max_error, "drift": s.drift, "seconds": s.seconds, "samples": list(s.samples), "bins": list(bins[name])}
        for name, s in scores.items()
    }  # fmt: skip
    current.event("result", {"folder": str(folder), "status": outcome.status, **fields, "resolutions": studied})
    for name, score in scores.items():
        current.say(
            f"{folder}: {name} nRMSE {score.nrmse:.3e}, {score.seconds / len(score.samples):.1e} s a sample in a batch of {len(score.samples)}"
        )
        if bins[name]:
            told = ", ".join("-" if one is None else f"{one:.2e}" for one in bins[name])
            current.say(f"  by equal parts of the time: {told}")
        if score.drift is not None:
            current.say(f"  totals that the equation keeps depart by {score.drift:.1e}")
    if studied:
        told = ", ".join(f"{one['nrmse']:.2e} on {one['intervals']}" for one in studied)
        current.say(f"  on smooth data at other resolutions: {told} intervals")


def _digest(problem: "Task", asked: str) -> str:
    import hashlib

    return hashlib.sha256(f"{problem.fingerprint}{asked}".encode()).hexdigest()[:8]


def _number(value: object) -> object:
    """A setting's text as the number that it is, if it is one."""
    for kind in (int, float):
        try:
            return kind(str(value))
        except ValueError:
            continue
    return value


def _time(seconds: float) -> str:
    """In the largest unit that leaves more than one of it."""
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


app.command()(operators_beside.rank)
app.command()(operators_beside.breakeven)
