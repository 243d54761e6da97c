"""What a retrofit makes of deterministic operators, where the future is not known: Kuramoto-Sivashinsky on few points, seen with noise.

    python benchmarks/operators_probabilistic.py --scale small       # one core
    python benchmarks/operators_probabilistic.py --scale paper       # a GPU

For every seed an autoregressive `fno` is trained, and from there goes on in ways that cost as much, steps times members: without noise (one member, whose CRPS is the mean
absolute error), and as an ensemble (fair CRPS of two members), fine-tuned or with the network frozen. What is given has noise of `NOISE` of its spread, in training and in the test;
what is asked for has none. Scores are of whole rollouts on the test split, by ensembles of 16; nothing is chosen by it. The same command goes on where it was stopped.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from fieldsmith.operators import device as devices
from fieldsmith.operators.ensembles import Scores
from fieldsmith.operators.trained import TrainedOperator
from fieldsmith.operators.training.asked import Asked
from fieldsmith.operators.training.fit import fit
from fieldsmith.operators.training.retrofit import Retrofit
from fieldsmith.operators.training.samples import Samples, of_split
from fieldsmith.tasks import Axis, Balance, Box, Equation, PeriodicTask

NOISE = 0.1
DRAW = 7
"""Seed of the noise on the test's inputs."""
MEMBERS = 2


class CoarseKuramotoSivashinsky(PeriodicTask):
    """Chaos on a circle of length 64 that is known at 32 points (128 at paper scale), a time unit apart."""

    name = "coarse-kuramoto-sivashinsky"
    title = "Kuramoto-Sivashinsky equation on few points"
    sizes_by_scale: ClassVar = {
        "demo": {"dev": 32, "test": 128, "time": 31, "x": 32},
        "paper": {"dev": 64, "test": 256, "time": 31, "x": 128},
    }
    span = (0.0, 30.0)

    @property
    def equation(self) -> Equation:
        balance = Balance("u", "-d(u**2/2, x) - d(u, x, x) - d(u, x, x, x, x)")
        return Equation(("u",), (Axis("x", 0.0, 64.0),), (balance,))

    def initial_values(self, fields: Any, points: int) -> np.ndarray:
        """As high as the waves that grow from it."""
        return 2.0 * super().initial_values(fields, points)

    def linear(self, box: Box) -> np.ndarray:
        return box.squared - box.squared**2

    def nonlinear(self, box: Box, u: np.ndarray) -> np.ndarray:
        return -0.5j * box.k[0] * box.spectrum(u**2)


@dataclass(frozen=True)
class Size:
    """What is trained: `epochs` of one step at a time first, then `more` of `unrolled` steps with two members, twice as many with one."""

    samples: int
    width: int
    modes: int
    depth: int
    epochs: int
    more: int
    unrolled: int


SIZES = {"small": Size(256, 24, 12, 3, 20, 6, 4), "paper": Size(4096, 64, 32, 4, 100, 30, 8)}


def trained(task: PeriodicTask, size: Size, seed: int, out: Path, device: str) -> Mapping[str, TrainedOperator]:
    """The operator before, and what became of it in each way."""
    settings = {"rollout": "autoregressive", "width": size.width, "modes": size.modes, "depth": size.depth}
    asked = Asked(
        "fno", settings, samples=size.samples, epochs=size.epochs, batch=32, rate=2e-3, noise=NOISE, seed=seed
    )
    base = out / f"seed{seed}"
    found = {"before": fit(task, asked, base, device)}
    more = Retrofit.of(base, epochs=size.more, unrolled=size.unrolled, rate=1e-3, members=MEMBERS)
    ways = {
        "tuned without noise": replace(more, members=1, epochs=MEMBERS * size.more),
        "ensemble": more,
        "ensemble, frozen": replace(more, frozen=True),
    }
    for name, way in ways.items():
        found[name] = fit(
            task, way, out / f"seed{seed}-{name.replace(', ', '-').replace(' ', '-')}", device, backbone=base
        )
    return found


def seen(samples: Samples) -> Samples:
    """The same with noise on what is given."""
    noise = np.random.default_rng(DRAW).standard_normal(samples.given.shape)
    spread = samples.given.std((0, 2), keepdims=True)
    return replace(samples, given=(samples.given + NOISE * spread * noise).astype(np.float32))


def row(name: str, found: Sequence[Scores], seconds: Sequence[float]) -> str:
    """Means over seeds with their least and largest, as a row of a table."""

    def told(values: Sequence[float | None], digits: int = 3) -> str:
        known = [value for value in values if value is not None]
        return f"{np.mean(known):.{digits}f} ({min(known):.{digits}f} to {max(known):.{digits}f})" if known else ""

    thirds = []
    for part in range(3):
        frames = [one.by_frame["u"] for one in found]
        count = len(frames[0])
        kept = [rows[part * count // 3 : (part + 1) * count // 3] for rows in frames]
        thirds.append(f"{np.mean([np.mean([float(one['crps'] or 0) for one in rows]) for rows in kept]):.3f}")
    cells = [
        name, told([one.crps["u"] for one in found]), " / ".join(thirds), told([one.spread_skill["u"] for one in found], 2),
        told([one.vrmse["u"] for one in found]), f"{np.mean(seconds):.0f}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", choices=SIZES, default="small")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--split", choices=("dev", "test"), default="test")
    parser.add_argument("--out", type=Path, default=Path("trained/probabilistic"))
    parser.add_argument("--json", type=Path, help="File to write all scores to.")
    options = parser.parse_args()
    if options.device == "cpu" or not torch.cuda.is_available():
        torch.set_num_threads(1)
    task = CoarseKuramotoSivashinsky(scale="paper" if options.scale == "paper" else "demo")
    size = SIZES[options.scale]
    out, found, seconds = options.out / options.scale, {}, {}
    for seed in range(options.seeds):
        for name, operator in trained(task, size, seed, out, options.device).items():
            samples = seen(of_split(task, operator.layout, options.split))
            found.setdefault(name, []).append(operator.scores(samples))
            seconds.setdefault(name, []).append(operator.card["course"]["cpu_seconds"])
    print(
        f"{options.seeds} seeds, {size.samples} samples, {size.width} channels, on {devices.described(devices.chosen(options.device))}"
    )
    print(
        "\n| | CRPS | thirds of the time | spread over error | VRMSE of the mean | training, s |\n| --- | --- | --- | --- | --- | --- |"
    )
    for name, scores in found.items():
        print(row(name, scores, seconds[name]))
    ratios = [
        1 - new.crps["u"] / old.crps["u"]
        for new, old in zip(found["ensemble"], found["tuned without noise"], strict=True)
    ]
    print(
        f"\nCRPS of the ensemble below that of the same cost without noise by {100 * min(ratios):.0f} to {100 * max(ratios):.0f} %."
    )
    if options.json:
        options.json.write_text(
            json.dumps({name: [one.asdict() for one in rows] for name, rows in found.items()}, indent=2)
        )


if __name__ == "__main__":
    main()
