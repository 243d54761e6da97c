"""What memory is good for: `memno` against its twin without memory where few points or noise hide what comes next (arXiv 2409.02313).

Run `python benchmarks/operators_memory.py [--scale small|paper] [--variants gated multi-input] [--only KuramotoSivashinsky] [--out trained/memory] [--device auto]`; a second call goes on where the first was stopped. Kuramoto-Sivashinsky and Burgers
(`tasks/few_points.py`) are learned at two resolutions and two levels of noise by each variant from several seeds of weights and order: the same samples, steps and learning rates for all. The errors
are of the test split at the points that are seen: of whole solutions from the first frame alone, and of the next frame from all frames before, each seen through the noise.
"""

import argparse
import itertools
import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from fieldsmith import tasks
from fieldsmith.operators.device import chosen, wait
from fieldsmith.operators.networks.state_space import DiagonalStateSpace
from fieldsmith.operators.observed import DRAWN, Observed
from fieldsmith.operators.trained import TrainedOperator
from fieldsmith.operators.training.asked import Asked
from fieldsmith.operators.training.fit import fit
from fieldsmith.operators.training.losses import relative_errors
from fieldsmith.tasks.task import Task

TASKS = Path(__file__).parent / "tasks" / "few_points.py"
TWIN = "markovian"


@dataclass(frozen=True)
class Row:
    """A task of `tasks/few_points.py`, its viscosities, strides of the points that are seen, shares of noise: all of each with all others."""

    kind: str
    viscosities: tuple[float, ...]
    strides: tuple[int, ...]
    noises: tuple[float, ...]


@dataclass(frozen=True)
class Scale:
    """What is learned, by which variants, and how much."""

    name: str
    rows: tuple[Row, ...]
    variants: tuple[str, ...]
    settings: Mapping[str, object]
    samples: int
    epochs: int
    batch: int
    rate: float
    seeds: int = 3


SCALES = {
    "small": Scale(
        "demo",
        (
            Row("KuramotoSivashinsky", (0.1,), (4, 2), (0.0, 0.1)),
            Row("SteepBurgers", (0.01,), (4, 2), (0.0, 0.1)),
            Row("SteepBurgers", (0.1,), (2,), (0.0,)),
        ),
        ("memory",), {"modes": 16, "width": 16, "depth": 4}, samples=128, epochs=24, batch=8, rate=4e-3,
    ),
    "paper": Scale(
        "paper",
        (
            Row("LongKuramotoSivashinsky", (0.075, 0.1, 0.125), (8, 4, 2), (0.0, 0.01, 0.1)),
            Row("SteepBurgers", (0.1, 0.01, 0.001), (8, 4, 2), (0.0, 0.01, 0.1)),
        ),
        ("memory", "gated", "multi-input"), {"modes": 64, "width": 64, "depth": 4}, samples=2048, epochs=200, batch=32, rate=1e-3,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """One row: a task, at every `stride`-th point, through noise."""

    task: Task
    viscosity: float
    seen: Observed

    @property
    def points(self) -> int:
        return int(self.task.brief().sizes["x"]) // self.seen.stride


@dataclass(frozen=True)
class Figures:
    """Mean relative errors on test: of solutions from the first frame, and of the next frame; seconds of training by the processor."""

    solution: float
    next_frame: float
    seconds: float
    parameters: int
    gate: float


def settings(scale: Scale, only: str | None) -> Iterator[Setting]:
    for row in scale.rows:
        if only not in (None, row.kind):
            continue
        for viscosity, stride, noise in itertools.product(row.viscosities, row.strides, row.noises):
            task = tasks.load(f"{TASKS}:{row.kind}", {"nu": str(viscosity)}, scale.name)
            yield Setting(task, viscosity, Observed(stride, noise))


def trained(setting: Setting, scale: Scale, variant: str, seed: int, out: Path, device: str) -> Figures:
    seen = setting.seen
    asked = Asked(
        "memno", {**scale.settings, "variant": variant}, scale.samples, scale.epochs, batch=scale.batch, rate=scale.rate, seed=seed,
        coarsened=seen.stride, observed_noise=seen.noise,
    )  # fmt: skip
    folder = out / f"{setting.task.name}-{setting.viscosity:g}-{setting.points}-{seen.noise:g}-{variant}-{seed}"
    done = fit(setting.task, asked, folder, device)
    case = setting.task.split("test")[0]
    opened: list[float] = []
    memory = getattr(done.module.inner.network, "memory", None)
    if memory is not None and memory.gate is not None:
        memory.gate.register_forward_hook(lambda _, __, share: opened.append(float(share.mean())))
    whole = seen.error(done.solve(case.inputs), case.reference, done.layout)
    return Figures(
        whole, next_frame_error(done, seen, setting.task), done.card["course"]["cpu_seconds"], done.card["parameters"],
        statistics.fmean(opened) if opened else math.nan,
    )  # fmt: skip


@torch.no_grad()
def next_frame_error(done: TrainedOperator, seen: Observed, task: Task) -> float:
    """Mean over samples and frames of the relative error of a frame that is told from all before it, which are seen through noise of their own."""
    case = task.split("test")[0]
    x, y = (seen.thinned(one, done.layout) for one in (done.layout.encoded(case.inputs), done.layout.solved(case.reference)))  # fmt: skip
    before = np.concatenate([x[:, None, done.layout.state], y[:, :-1]], axis=1)
    drawn = np.random.default_rng([DRAWN, 1]).standard_normal(before.shape) * done.module.spreads[done.layout.state]
    noisy = np.asarray(before + seen.noise * drawn, np.float32)
    given, frames = (torch.from_numpy(np.ascontiguousarray(one)).to(done.device) for one in (x, noisy))
    told = done.module(given, None, frames)
    return float(relative_errors(told.cpu().flatten(0, 1), torch.from_numpy(y.copy()).flatten(0, 1)).mean())


def print_timing(device: torch.device) -> None:
    """Milliseconds for a state space to go through a sequence: at once, and step by step."""
    past = DiagonalStateSpace(32, 16).to(device)
    print("| steps | at once | step by step |")
    print("| --- | --- | --- |")
    for steps in (16, 64, 256, 1024):
        u = torch.randn(4, steps, 32, 64, device=device)
        print(f"| {steps} | {_milliseconds(past, u, device):.1f} | {_milliseconds(partial(_stepped, past), u, device):.1f} |")  # fmt: skip


@torch.no_grad()
def _milliseconds(through: Callable[[Tensor], Tensor], u: Tensor, device: torch.device) -> float:
    """The least of five calls, the first of which is not counted."""
    taken = []
    for _ in range(5):
        wait(device)
        start = time.perf_counter()
        through(u)
        wait(device)
        taken.append(1e3 * (time.perf_counter() - start))
    return min(taken[1:])


def _stepped(past: DiagonalStateSpace, u: Tensor) -> Tensor:
    state, told = None, []
    for now in u.unbind(1):
        y, state = past.step(now, state)
        told.append(y)
    return torch.stack(told, 1)


def cell(values: list[float]) -> str:
    """Mean with the spread over seeds."""
    return f"{statistics.fmean(values):.2g} ± {statistics.stdev(values) if len(values) > 1 else 0.0:.1g}"


def ratio(twin: list[float], own: list[float]) -> str:
    """Of errors, twin over own, seed by seed: geometric mean, least and largest."""
    each = [a / b for a, b in zip(twin, own, strict=True)]
    return f"{statistics.geometric_mean(each):.2f} ({min(each):.2f} to {max(each):.2f})"


def line(setting: Setting, found: Mapping[str, list[Figures]], variant: str) -> str:
    own, twin = ([(one.solution, one.next_frame) for one in found[name]] for name in (variant, TWIN))
    parts = [
        setting.task.name,
        f"{setting.viscosity:g}",
        str(setting.points),
        f"{setting.seen.noise:g}",
        variant,
    ]
    for n in range(2):
        mine, others = [one[n] for one in own], [one[n] for one in twin]
        parts += [cell(others), cell(mine), ratio(others, mine)]
    gates = [one.gate for one in found[variant] if not math.isnan(one.gate)]
    return f"| {' | '.join([*parts, f'{statistics.fmean(gates):.2f}' if gates else ''])} |"


def main() -> None:
    parser = argparse.ArgumentParser(description="memno against its twin without memory.")
    parser.add_argument("--scale", choices=SCALES, default="small")
    parser.add_argument("--out", type=Path, default=Path("trained/memory"))
    parser.add_argument("--device", default="auto")
    parser.add_argument("--only", help="one task of `tasks/few_points.py`, such as KuramotoSivashinsky")
    parser.add_argument(
        "--timing", action="store_true", help="only the time of a state space, at once and step by step"
    )
    parser.add_argument("--variants", nargs="+", help="in place of the scale's: memory, gated, multi-input")
    told = parser.parse_args()
    if told.timing:
        print_timing(chosen(told.device))
        return
    scale, spent = SCALES[told.scale], dict[str, list[Figures]]()
    variants = (*(told.variants or scale.variants), TWIN)
    print(
        "| equation | viscosity | points | noise | variant | solution: twin | own | ratio | next frame: twin | own | ratio | gate |"
    )
    print(f"| {' | '.join(['---'] * 12)} |")
    for setting in settings(scale, told.only):
        found = {
            variant: [
                trained(setting, scale, variant, seed, told.out / told.scale, told.device)
                for seed in range(scale.seeds)
            ]
            for variant in variants
        }
        for variant, figures in found.items():
            spent.setdefault(variant, []).extend(figures)
            if variant != TWIN:
                print(line(setting, found, variant), flush=True)
    for variant, figures in spent.items():
        seconds = statistics.fmean(one.seconds for one in figures)
        print(f"{variant}: {figures[0].parameters:,} parameters, {seconds:.0f} s of processor time a training")


if __name__ == "__main__":
    main()
