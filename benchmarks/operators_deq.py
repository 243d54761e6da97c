"""Deep equilibrium operators against Fourier operators of at least four times their parameters, on two steady tasks, without and with noise on the inputs.

    python benchmarks/operators_deq.py                        # small: 22 x 22 and 24 x 24 points, 128 samples, five minutes on one core
    python benchmarks/operators_deq.py --scale paper          # sizes of arXiv 2312.00234, for a GPU
    python benchmarks/operators_deq.py --memory               # what is kept between the passes forward and backward, by steps

Every training is a folder below `--out`, so that a script that was broken off goes on where it was. Both kinds take the same samples, epochs, batches and learning rates;
weights are those with the smallest error on dev, and nothing is chosen by test. With noise, inputs of the training have Gaussian noise of that share of their spread, drawn anew at each step; test
inputs are once as they are (as in the paper) and once with noise of that size. The Fourier operator has the fewest layers that make it four times as large.
"""

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch

from fieldsmith.operators import Shape, open_operator
from fieldsmith.operators.device import described
from fieldsmith.operators.layout import Layout
from fieldsmith.operators.trained import TrainedOperator, module_of
from fieldsmith.operators.training.asked import Asked
from fieldsmith.operators.training.fit import fit
from fieldsmith.tasks.darcy import Darcy
from fieldsmith.tasks.navier_stokes_steady_2d import NavierStokesSteady2D
from fieldsmith.tasks.pde import PDETask

SEEDS = (0, 1, 2)
LARGER = 4.0
"""How many times as many parameters the Fourier operator has, at least."""


class DarcyOfFewPoints(Darcy):
    name = "darcy-of-few-points"
    sizes_by_scale: ClassVar = {
        "small": {"dev": 32, "test": 64, "x": 22, "y": 22},
        "paper": {"dev": 100, "test": 500, "x": 141, "y": 141},
    }


class FlowOfFewPoints(NavierStokesSteady2D):
    name = "navier-stokes-steady-2d-of-few-points"
    sizes_by_scale: ClassVar = {
        "small": {"dev": 32, "test": 64, "x": 24, "y": 24},
        "paper": {"dev": 100, "test": 500, "x": 128, "y": 128},
    }


@dataclass(frozen=True)
class Size:
    """Of samples, networks and trainings."""

    samples: int
    epochs: int
    batch: int
    rate: float
    modes: int
    width: int
    steps: int
    """Of the fixed point, at most."""


SIZES = {"small": Size(128, 20, 16, 4e-3, 12, 12, 12), "paper": Size(4000, 500, 32, 1e-3, 24, 32, 16)}


def settings_of(kind: str, size: Size, layout: Layout) -> dict[str, object]:
    """Of a kind; the Fourier operator's depth follows from the other's parameters."""
    usual: dict[str, object] = {"modes": size.modes, "width": size.width}
    if kind != "fno":
        return {**usual, "steps": size.steps, "representation": "fixed-point" if kind == "fno-deq" else "unrolled"}
    wanted = LARGER * module_of("fno-deq", usual, layout).parameters_count()
    depths = ({**usual, "depth": depth} for depth in range(1, 65))
    return next(one for one in depths if module_of("fno", one, layout).parameters_count() >= wanted)


def test_errors(done: TrainedOperator, task: PDETask, noise: float) -> float:
    """Mean relative error on test, with noise of that share of their spread on the fields that are given."""
    (case,) = task.split("test")
    drawn = np.random.default_rng(0)
    inputs = dict(case.inputs)
    for name in done.layout.fields:
        values = np.asarray(inputs[name])
        inputs[name] = values + noise * values.std() * drawn.standard_normal(values.shape)
    found, wanted = (done.layout.solved(one) for one in (done.solve(inputs), case.reference))
    apart, norms = (np.sqrt((one.astype(float) ** 2).sum(axis=(1, 2, 3, 4))) for one in (found - wanted, wanted))
    return float((apart / norms).mean())


Row = Mapping[str, float | str]


def rows(
    tasks: list[PDETask], size: Size, kinds: list[str], noises: list[float], out: Path, device: str
) -> Iterator[Row]:
    """One for each training."""
    for task in tasks:
        layout = Layout.of(task)
        values = ",".join(f"{name}={value:g}" for name, value in task.parameters.items())
        for noise in noises:
            for seed in SEEDS:
                for kind in kinds:
                    operator = "fno" if kind == "fno" else "fno-deq"
                    asked = Asked(
                        operator, settings_of(kind, size, layout), size.samples, size.epochs, batch=size.batch, rate=size.rate, noise=noise, seed=seed
                    )  # fmt: skip
                    done = fit(task, asked, out / f"{task.name}-{task.scale}-{kind}-{asked.digest}-{values}", device)
                    course, found = done.card["course"], done.card.get("fixed_points", {})
                    yield {
                        "task": task.name, "parameters": values, "noise": noise, "kind": kind, "seed": seed, "weights": done.card["parameters"],
                        "dev": course["best"], "clean": test_errors(done, task, 0.0), "noisy": test_errors(done, task, noise),
                        "seconds": course["cpu_seconds"] if device == "cpu" else course["seconds"], "steps": found.get("steps", 0), "residual": found.get("residual", 0.0),
                    }  # fmt: skip


def table(found: list[Row]) -> Iterator[str]:
    """Markdown: a line for each kind, with the mean over the seeds and all of them, and the ratio of the errors, paired by seeds."""
    yield "| task | noise | operator | parameters | test nRMSE: mean (seeds) | on noisy inputs | of the FNO's, by seeds | seconds a training |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    keys = dict.fromkeys((one["task"], one["noise"], one["kind"]) for one in found)
    for task, noise, kind in keys:
        own, rivals = (
            sorted(
                (one for one in found if (one["task"], one["noise"], one["kind"]) == (task, noise, name)),
                key=lambda one: one["seed"],
            )
            for name in (kind, "fno")
        )
        clean, noisy = (np.array([float(one[name]) for one in own]) for name in ("clean", "noisy"))
        ratios = ", ".join(f"{float(a['clean']) / float(b['clean']):.2f}" for a, b in zip(own, rivals, strict=False))
        seconds = np.mean([float(one["seconds"]) for one in own])
        yield (
            f"| {str(task).removesuffix('-of-few-points')} | {noise:g} | {kind} | {own[0]['weights']:,} | {_mean(clean)} | {_mean(noisy) if noise else ''} | "
            f"{'' if kind == 'fno' else ratios} | {seconds:.0f} |"
        )


def _mean(values: np.ndarray) -> str:
    return f"{values.mean():.4f} ({', '.join(f'{one:.4f}' for one in values)})"


def kept_mb(representation: str, steps: int, points: int, width: int) -> float:
    """Megabytes that are kept between the passes, of 8 samples on points x points."""
    kind = open_operator("fno-deq")
    words = {"width": width, "representation": representation, "steps": steps}
    network = kind.network(Shape(1, 1, (True, True)), kind.settings.from_dict(words))
    known: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        known[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = network(torch.randn(8, 1, points, points)).square().mean()
        kept = sum(known.values()) / 2**20
        loss.backward()
    return kept


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", choices=SIZES, default="small")
    parser.add_argument("--kinds", nargs="+", choices=("fno", "fno-deq", "unrolled"), default=["fno", "fno-deq"])
    parser.add_argument("--noises", nargs="+", type=float, default=[0.0, 0.2])
    parser.add_argument("--viscosities", nargs="+", type=float, default=[0.01])
    parser.add_argument("--out", type=Path, default=Path("trained/deq"))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--memory", action="store_true")
    asked = parser.parse_args()
    if asked.memory:
        print("| steps | fixed point, MB | unrolled, MB |\n| --- | --- | --- |")
        for steps in (4, 16, 64):
            print(
                f"| {steps} | {kept_mb('fixed-point', steps, 64, 32):.1f} | {kept_mb('unrolled', steps, 64, 32):.1f} |"
            )
        return
    flows = [FlowOfFewPoints({"nu": nu}, asked.scale) for nu in asked.viscosities]
    tasks: list[PDETask] = [DarcyOfFewPoints({}, asked.scale), *flows]
    found: list[Row] = []
    for row in rows(tasks, SIZES[asked.scale], asked.kinds, asked.noises, asked.out, asked.device):
        found.append(row)
        print(", ".join(f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}" for name, value in row.items()), flush=True)  # fmt: skip
    print(f"\nOn {described(torch.device(asked.device))}, {torch.get_num_threads()} threads.\n")
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
