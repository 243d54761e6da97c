"""`fieldsmith operators scaling`: how a training budget is best split between samples and epochs."""

from pathlib import Path
from typing import Annotated

import typer

from fieldsmith.cli.live import Live
from fieldsmith.cli.operators_beside import Csv, Device, Figures, Params, Quiet, Scale
from fieldsmith.cli.output import current
from fieldsmith.cli.terminal import aligned
from fieldsmith.errors import InputError

SAMPLES, EPOCHS = [32, 64, 128], [4, 8, 16, 32]
"""Of small trainings, where nothing else is asked."""


def scaling(
    task: Annotated[str, typer.Argument(help="Task to learn, such as burgers, or a problem file.")],
    budget: Annotated[float, typer.Option(help="Seconds of the device to split: those for the samples, and those of the training.")],
    operator: Annotated[str, typer.Option(help="Kind of operator; `operators list` has all.")] = "fno",
    samples: Annotated[list[int], typer.Option(help="Samples of small trainings; repeatable, three or more.")] = SAMPLES,
    epochs: Annotated[list[int], typer.Option(help="Epochs of small trainings; repeatable, three or more.")] = EPOCHS,
    batch: Annotated[int, typer.Option(help="Samples a step.")] = 16,
    rate: Annotated[float, typer.Option(help="Largest learning rate.")] = 1e-3,
    set_: Annotated[list[str] | None, typer.Option("--set", help="Setting of the operator, name=value; repeatable.")] = None,
    seed: Annotated[int, typer.Option(help="Of weights and order.")] = 0,
    train: Annotated[bool, typer.Option("--train", help="Train the operator of that split at once, and say what it came to.")] = False,
    param: Params = None,
    scale: Scale = "demo",
    device: Device = "auto",
    out: Annotated[Path | None, typer.Option(help="Folder of the trainings; trained/scaling-TASK-OPERATOR-DIGEST by itself.")] = None,
    csv: Csv = None,
    figures: Figures = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on standard output.")] = False,
    quiet: Quiet = False,
) -> None:  # fmt: skip
    """Train small operators on several numbers of samples and epochs, fit a law to their errors on dev, and split a budget by it.

    The law is error = E + A samples^-alpha + B epochs^-beta, or of passes in place of epochs. The same command goes on where it was broken off.

    Example: fieldsmith operators scaling reacdiff1d --operator fno --budget 120
    """
    current.json, current.quiet, current.resumes = as_json, quiet, True
    from fieldsmith.cli.operators_words import digest, settings_of, tell
    from fieldsmith.cli.options import parse_parameters
    from fieldsmith.cli.scaling import check_outputs, written_csv
    from fieldsmith.operators import need_torch
    from fieldsmith.tasks import load

    if not 0 < budget < float("inf"):
        raise InputError(f"--budget {budget:g} is no time.", "Give seconds, such as 600.")
    need_torch()
    from fieldsmith.bench import training_law as law
    from fieldsmith.bench.trainings import combinations, place, trained, trial_of
    from fieldsmith.operators.training.asked import Asked
    from fieldsmith.operators.training.state import Course
    from fieldsmith.reports import training_law as told

    settings = settings_of(set_ or [])
    asked = Asked(operator, settings, batch=batch, rate=rate, seed=seed)
    each = combinations(asked, samples, epochs)
    law.check([law.Trial(one.samples, one.epochs, 1.0, 0.0, 0.0) for one in each])
    check_outputs(csv, figures)
    problem = load(task, parse_parameters(param or []), scale)
    folder = out or Path("trained") / f"scaling-{problem.name}-{operator}-{digest(problem, asked.digest)}"
    trials, at = [], [""]

    def report(one: Asked, course: Course, left: float) -> None:
        tell(course, left, at, head=f"{len(trials) + 1} of {len(each)}, {one.samples} samples, ")

    with Live(current, lambda: at[0]):
        for one in each:
            trials.append(trial_of(trained(problem, one, folder, device, current.making, report)))
            current.progress(f"{len(trials)} of {len(each)}: {one.samples} samples, {one.epochs} epochs: dev nRMSE {trials[-1].error:.2e}")  # fmt: skip
    known, rates = law.fitted(trials), law.rates_of(trials)
    split = law.best_split(known, rates, budget)
    files = written_csv(csv, told.as_csv(trials, known))
    files += told.write_training_law(trials, known, rates, split, problem.title, figures.expanduser()) if figures else []  # fmt: skip
    for line in (*aligned(told.rows(trials, known)), "", *told.sentences(trials, known, split)):
        current.say(line)
    (chosen,) = combinations(asked, [split.samples], [split.epochs])
    reached = None
    if train:
        with Live(current, lambda: at[0]):
            reached = trial_of(trained(problem, chosen, folder, device, current.making, report))
        current.say(f"It came to {reached.error:.2e} on dev in {reached.data + reached.training:.3g} s: {place(folder, chosen)}")  # fmt: skip
    else:
        words = [f"fieldsmith operators train {task} --operator {operator} --samples {split.samples} --epochs {split.epochs} --batch {batch} --rate {rate:g} --seed {seed}"]  # fmt: skip
        words += [f"--set {pair}" for pair in set_ or []] + [f"--param {pair}" for pair in param or []]
        words += [f"--scale {scale}"] if scale != "demo" else []
        current.say(f"  {' '.join(words)}")
    for file in files:
        current.progress(f"Written: {file}")
    current.event(
        "result",
        {"folder": str(folder), **told.as_json(trials, known, rates, split), "reached": vars(reached) if reached else None, "files": list(map(str, files))},
    )  # fmt: skip
