"""`fieldsmith operators evaluate`: a trained operator judged as programs are, and as an ensemble."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fieldsmith.cli.live import Live
from fieldsmith.cli.operators_beside import AsJson, Device, Quiet
from fieldsmith.cli.output import current
from fieldsmith.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from fieldsmith.bench.beyond import Beyond
    from fieldsmith.evaluation.evaluation import Evaluation
    from fieldsmith.operators.ensembles import Scores
    from fieldsmith.operators.observed import Seen
    from fieldsmith.operators.sandbox import OperatorSandbox
    from fieldsmith.tasks.task import Case, SplitName, Task


def evaluate(
    folder: Annotated[Path, typer.Argument(help="Folder of a trained operator.")],
    split: Annotated[str, typer.Option(help="dev, test or both.")] = "test",
    observed_noise: Annotated[float | None, typer.Option(help="See fields through this noise, in place of what it was trained with.")] = None,
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
    if observed_noise is not None and observed_noise < 0:
        raise InputError(
            f"--observed-noise {observed_noise:g} is negative.", "Give a share of a field's spread, such as 0.1."
        )
    need_torch()
    from fieldsmith.bench.bins import Binned
    from fieldsmith.evaluation.judge import evaluate as judged
    from fieldsmith.operators.observed import Seen
    from fieldsmith.operators.sandbox import OperatorSandbox
    from fieldsmith.operators.trained import task_of

    place = OperatorSandbox(folder, device, observed_noise)
    problem, seen = task_of(place.card, folder), Seen(place.card)
    splits: tuple[SplitName, ...] = ("dev", "test") if split == "both" else (split,)
    binned = Binned(problem.brief().signature)

    def look(name: str, case: "Case", outputs: "Mapping[str, np.ndarray]") -> None:
        for one in (seen, binned.see):
            one(name, case, outputs)

    with Live(current, lambda: f"evaluating {folder}"):
        outcome = judged(
            problem, "", place, splits=splits, refinement=order, thorough=True, probing=False, on_outputs=look
        )
        whole = outcome.status == "ok"
        ensemble = _scores(folder, problem, splits, device, observed_noise) if whole else {}
        more = _beyond(problem, place, splits[-1]) if whole else None
    _report(folder, outcome, seen, {name: binned.means(name) for name in splits}, ensemble, more)
    if not place.card.get("fixed_points", {"found": True})["found"]:
        current.progress(f"Its fixed points were {fixed_points_told(place.card)}.")
    if not whole:
        current.failed(f"The operator fails: {outcome.error_message or outcome.status}.")
        raise typer.Exit(1)


def _scores(
    folder: Path, problem: "Task", splits: Sequence["SplitName"], device: str, noise: float | None
) -> "dict[str, Scores]":
    """What an ensemble is judged by on each split, at the points that it sees; a deterministic operator is an ensemble of one."""
    from fieldsmith.operators.observed import through
    from fieldsmith.operators.trained import TrainedOperator

    if problem.form is not None:  # its calls have points and times of their own each
        return {}
    opened = TrainedOperator.open(folder, device)
    trained = replace(opened, card=through(opened.card, noise))
    return {name: trained.scores(trained.seen(problem, name)) for name in splits}


def _beyond(problem: "Task", place: "OperatorSandbox", split: "SplitName") -> "Beyond":
    """What the error on a split does not say."""
    from fieldsmith.bench.beyond import beyond
    from fieldsmith.evaluation.judge import default_limits

    with place.open(default_limits(problem)) as session:
        return beyond(problem, "", session, problem.split(split)[0])


def _report(
    folder: Path, outcome: "Evaluation", seen: "Seen", bins: Mapping[str, Sequence[float | None]], ensemble: Mapping[str, "Scores"],
    more: "Beyond | None",
) -> None:  # fmt: skip
    scores = {name: score for name, score in (("dev", outcome.dev), ("test", outcome.test)) if score}
    studied = [{"intervals": p.resolution, "nrmse": p.error} for p in outcome.convergence]
    fields = {
        name: {"nrmse": s.nrmse, "fields": dict(s.fields), "max_error": s.max_error, "drift": s.drift, "seconds": s.seconds, "samples": list(s.samples), "bins": list(bins[name])}
        | ({"ensemble": ensemble[name].asdict()} if name in ensemble else {})
        for name, s in scores.items()
    }  # fmt: skip
    current.event(
        "result",
        {
            "folder": str(folder),
            "status": outcome.status,
            **fields,
            "seen": seen.errors,
            "resolutions": studied,
            "beyond": more.asdict() if more else None,
        },
    )
    for name, score in scores.items():
        current.say(
            f"{folder}: {name} nRMSE {score.nrmse:.3e}, {score.seconds / len(score.samples):.1e} s a sample in a batch of {len(score.samples)}"
        )
        if name in seen.errors:
            current.say(
                f"  it sees {seen.words}; where it sees, after the first frame, it errs by {seen.errors[name]:.3e}"
            )
        if bins[name]:
            told = ", ".join("-" if one is None else f"{one:.2e}" for one in bins[name])
            current.say(f"  by equal parts of the time: {told}")
        if score.drift is not None:
            current.say(f"  totals that the equation keeps depart by {score.drift:.1e}")
        if name in ensemble:
            _say_ensemble(ensemble[name])
    if more:
        _say_beyond(more)
    if studied:
        told = ", ".join(f"{one['nrmse']:.2e} on {one['intervals']}" for one in studied)
        current.say(f"  on smooth data at other resolutions: {told} intervals")


def _say_beyond(more: "Beyond") -> None:
    for value, words in (
        (more.coarser, "on every second point along each axis it errs by"),
        (more.energy, "mean squares depart from the reference's by"),
        (more.semigroup, "two steps of half the time differ from one by"),
    ):
        if value is not None:
            current.say(f"  {words} {value:.1e}")


def _say_ensemble(scores: "Scores") -> None:
    for name, crps in scores.crps.items():
        ratio = scores.spread_skill[name]
        what = "mean absolute error" if scores.members == 1 else f"CRPS of {scores.members} members"
        told = "" if ratio is None else f", spread over error {ratio:.2f}"
        current.say(
            f"  {name}: {what} {crps:.2e}, {100 * scores.relative[name]:.2g} % of its spread{told}; VRMSE {scores.vrmse[name]:.2e}"
        )


def fixed_points_told(card: dict[str, Any]) -> str:
    """Whether a network's fixed points were found, in words."""
    known = card["fixed_points"]
    if known["found"]:
        return f"found on dev within {known['tolerance']:.0e} in {known['steps']} steps at most"
    return f"not found on dev: the residual is {known['residual']:.0e} after {known['steps']} steps, {known['tolerance']:.0e} is asked for (--set steps=, --set tolerance=)"
