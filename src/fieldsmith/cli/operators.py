"""`fieldsmith operators`: what a solver is measured against, learned operators."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldsmith.cli import operators_beside, operators_scaling
from fieldsmith.cli.live import Live
from fieldsmith.cli.operators_beside import Device, Params, Quiet, Scale
from fieldsmith.cli.operators_judged import evaluate, fixed_points_told
from fieldsmith.cli.operators_words import digest, seconds_told, settings_of, tell
from fieldsmith.cli.output import current
from fieldsmith.cli.terminal import aligned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fieldsmith.blocks import Block

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
    usual = kind()
    told = {
        name: {
            "default": block.name, "words": "; ".join(f"{b.name}: {b.summary}" for b in kind.options(name)),
        }
        for name, block in usual.blocks().items()
    }  # fmt: skip
    numbers = {
        name: {"default": getattr(usual, name), "words": ", ".join(filter(None, (one.summary, one.range, _of(one.of))))}
        for name, one in kind.known_numbers().items()
    }
    return told | numbers


def _of(blocks: "Sequence[Block]") -> str:
    """Of a number that only some choices have."""
    return f"with {' or '.join(f'{one.kind}={one.name}' for one in blocks)}" if blocks else ""


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
    coarsened: Annotated[int, typer.Option(help="See every so many-th point along each axis only, when judged too.")] = 1,
    observed_noise: Annotated[float, typer.Option(help="See fields through noise, a share of their spread, when judged too.")] = 0.0,
    unrolled: Annotated[int, typer.Option(help="Steps learned at a time where the operator goes frame by frame.")] = 1,
    pushforward: Annotated[bool, typer.Option(help="Learn only the last of these steps, from where the others lead.")] = False,
    accumulated: Annotated[int, typer.Option(help="Parts that a batch is taken in, which need less memory.")] = 1,
    patience: Annotated[int, typer.Option(help="Epochs without a better dev error after which to end; 0: never.")] = 0,
    precision: Annotated[str, typer.Option(help="float32 or bfloat16.")] = "float32",
    compiled: Annotated[bool, typer.Option("--compile", help="Compile the network first (torch.compile).")] = False,
    seed: Annotated[int, typer.Option(help="Of weights and order.")] = 0,
    processes: Annotated[int, typer.Option(help="Processes that train together, each with a batch of its own, on a GPU of its own where there are several.")] = 1,
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
    from fieldsmith.cli.options import parse_parameters
    from fieldsmith.operators import need_torch
    from fieldsmith.tasks import load

    need_torch()
    from fieldsmith.operators.training.asked import Asked
    from fieldsmith.operators.training.fit import fit
    from fieldsmith.operators.training.penalties import parsed

    settings = settings_of(set_ or [])
    asked = Asked(
        operator, settings, samples, epochs, minutes, batch, rate, noise=noise, coarsened=coarsened, observed_noise=observed_noise, unrolled=unrolled, pushforward=pushforward, accumulated=accumulated,
        patience=patience, precision=precision, compiled=compiled, seed=seed, processes=processes, penalties=parsed(penalty or []), micro=micro,
    )  # fmt: skip
    problem = load(task, parse_parameters(param or []), scale)
    folder = out or Path("trained") / f"{problem.name}-{operator}-{digest(problem, asked.digest)}"
    told = [""]
    with Live(current, lambda: told[0]):
        done = fit(problem, asked, folder, device, current.making, lambda course, left: tell(course, left, told))
    _say(folder, dict(done.card))


@app.command()
def retrofit(
    trained: Annotated[Path, typer.Argument(help="Folder of a trained deterministic operator.")],
    members: Annotated[int, typer.Option(help="Answers drawn for a sample of a step; 1: no noise, the training that an ensemble is compared with.")] = 2,
    samples: Annotated[int | None, typer.Option(help="Samples to learn from; as many as the operator had by itself.")] = None,
    epochs: Annotated[int, typer.Option(help="Times that all samples are gone through.")] = 20,
    minutes: Annotated[float, typer.Option(help="Time for the training, in place of --epochs.")] = 0.0,
    batch: Annotated[int, typer.Option(help="Samples a step.")] = 16,
    rate: Annotated[float, typer.Option(help="Largest learning rate.")] = 1e-3,
    unrolled: Annotated[int, typer.Option(help="Steps learned at a time where the operator goes frame by frame.")] = 1,
    latent: Annotated[int, typer.Option(help="Normal numbers drawn for an answer.")] = 32,
    frozen: Annotated[bool, typer.Option("--frozen", help="Learn only what becomes of the noise.")] = False,
    noise: Annotated[float, typer.Option(help="Noise on inputs, as a share of their spread.")] = 0.0,
    patience: Annotated[int, typer.Option(help="Epochs without a better dev score after which to end; 0: never.")] = 0,
    seed: Annotated[int, typer.Option(help="Of noise and order.")] = 0,
    processes: Annotated[int, typer.Option(help="Processes that train together, each with a batch of its own.")] = 1,
    device: Device = "auto",
    out: Annotated[Path | None, typer.Option(help="Folder of the ensemble; trained/TASK-OPERATOR-ensemble-DIGEST by itself.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:  # fmt: skip
    """Make an ensemble of a trained operator: noise enters its network, and training goes on with the fair CRPS.

    Example: fieldsmith operators retrofit trained/reacdiff1d-fno-0d0c4a3e --epochs 10
    """
    current.json, current.quiet, current.resumes = as_json, quiet, True
    from fieldsmith.operators import need_torch

    need_torch()
    from fieldsmith.operators.trained import read_card, task_of
    from fieldsmith.operators.training.fit import fit
    from fieldsmith.operators.training.retrofit import Retrofit

    known = read_card(trained)
    asked = Retrofit.of(
        trained, samples=samples or known["samples"], epochs=epochs, minutes=minutes, batch=batch, rate=rate, noise=noise, unrolled=unrolled, patience=patience, seed=seed, processes=processes,
        members=members, latent=latent, frozen=frozen,
    )  # fmt: skip
    problem = task_of(known, trained)
    kind = "ensemble" if members > 1 else "tuned"
    folder = out or Path("trained") / f"{problem.name}-{asked.operator}-{kind}-{digest(problem, asked.digest)}"
    told = [""]
    with Live(current, lambda: told[0]):
        done = fit(
            problem,
            asked,
            folder,
            device,
            current.making,
            lambda course, left: tell(course, left, told, "CRPS"),
            trained,
        )
    _say(folder, dict(done.card), "CRPS")


def _say(folder: Path, card: dict[str, Any], score: str = "nRMSE") -> None:
    course, threads = (
        card["course"],
        f", {card['threads']} thread{'s' * (card['threads'] != 1)}" if card["device_type"] == "cpu" else "",
    )
    current.event("result", {"folder": str(folder), **card})
    current.say(
        f"{card['asked']['operator']} on {card['task']['name']}: dev {score} {course['best']:.3e} after epoch {course['best_epoch']} of {course['epochs']}"
    )
    for line in aligned([
        ("parameters", f"{card['parameters']:,}"),
        ("samples", f"{card['samples']}, made in {seconds_told(card['sample_seconds'])} of processor time{_solved_by(card)}"),
        ("training", f"{seconds_told(course['seconds'])} on {card['device']}{threads}"),
        *([("fixed points", fixed_points_told(card))] if "fixed_points" in card else []),
        ("folder", str(folder)),
    ]):  # fmt: skip
        current.say(f"  {line}")


def _solved_by(card: dict[str, Any]) -> str:
    """What made the samples of a problem file, and how well."""
    known = card.get("samples_solved")
    return f" by {known['method']}, nRMSE {known['dev_error']:.1e} on dev" if known else ""


app.command()(evaluate)
app.command()(operators_beside.rank)
app.command()(operators_beside.breakeven)
app.command()(operators_scaling.scaling)
