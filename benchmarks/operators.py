"""How fast the networks of operators are on the device that is there, beside the library `neuraloperator` and beside what the device can do.

    python benchmarks/operators.py                       # a GPU where there is one, else one thread of the CPU
    python benchmarks/operators.py --device cpu --threads 2

Rows of the library are left out where it is not installed: `pip install neuraloperator` (2.0). Its wheel asks for wandb, which its networks never import: they work with
`pip install --no-deps neuraloperator` and `pip install ruamel.yaml zencfg configmypy tensorly tensorly-torch opt-einsum`.

Steps: our `fno` and the library's FNO of as many modes, channels and layers take turns in one process; each figure is the median over rounds, a ratio the median of the ratios of
rounds. A training step is the relative L2 loss, its gradient and Adam's step. On a CPU seconds are processor time. Memory is the most above what was held before a step: the
device's own count on a GPU, resident memory of a process that does nothing else on a CPU (Linux).

Limits: what the device moves (a copy of a large array, read and written) and multiplies (matrices of 2048 x 2048), each measured here, in single precision. The work of a step is counted from its
operations: multiplications of matrices by torch's own counter, 2.5 N log2 N for a real transform and 5 N log2 N for a complex one; bytes are all that operations read and write,
so that a share of the bandwidth above 1 means that caches serve.

Accuracy: both, trained on the same samples of reacdiff1d in the same order, for as many epochs; the smallest error on dev.
"""

import argparse
import gc
import importlib
import json
import math
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from fieldsmith import tasks
from fieldsmith.operators import Shape, open_operator
from fieldsmith.operators import device as devices
from fieldsmith.operators.layout import Layout
from fieldsmith.operators.networks.normalised import Normalised
from fieldsmith.operators.networks.rollout import OneShot
from fieldsmith.operators.training.losses import relative_errors
from fieldsmith.operators.training.samples import generated, of_split

OURS, LIBRARY = "fieldsmith", "neuraloperator"


@dataclass(frozen=True)
class Size:
    """One network and its batch: 0 and up to `modes` - 1 along each axis, of both signs along all but the last."""

    batch: int
    points: tuple[int, ...]
    modes: int
    width: int
    depth: int = 4

    def __str__(self) -> str:
        return f"{' x '.join(map(str, self.points))} points, batch {self.batch}, {self.modes} modes, {self.width} channels, {self.depth} layers"


SIZES = (Size(16, (1024,), 24, 64), Size(8, (64, 64), 12, 32), Size(4, (128, 128), 16, 48))


def ours(channels_in: int, channels_out: int, size: Size) -> nn.Module:
    kind = open_operator("fno")
    whole = size.modes if len(size.points) == 1 else 2 * size.modes  # the setting is halved along each of two axes
    settings = kind.settings.from_dict({"modes": whole, "width": size.width, "depth": size.depth})
    return kind.network(Shape(channels_in, channels_out, (True,) * len(size.points)), settings)


def library(channels_in: int, channels_out: int, size: Size) -> nn.Module | None:
    """Its FNO with the same parts: lifting and projection of twice the width, a linear map beside each spectral convolution, no perceptrons between; None where it is not installed."""
    try:
        fno: Callable[..., nn.Module] = importlib.import_module("neuralop.models").FNO
    except ImportError:
        return None
    modes = (*[2 * size.modes - 1] * (len(size.points) - 1), 2 * size.modes - 2)
    return fno(
        n_modes=modes, in_channels=channels_in, out_channels=channels_out, hidden_channels=size.width, n_layers=size.depth, positional_embedding=None,
        lifting_channel_ratio=2, projection_channel_ratio=2, use_channel_mlp=False, fno_skip="linear",
    )  # fmt: skip


MAKERS: Mapping[str, Callable[[int, int, Size], nn.Module | None]] = {OURS: ours, LIBRARY: library}


@dataclass(frozen=True)
class Bench:
    """A network with a batch on a device, ready for steps."""

    network: nn.Module
    x: Tensor
    y: Tensor
    optimiser: torch.optim.Optimizer

    @classmethod
    def of(cls, name: str, size: Size, device: torch.device) -> "Bench | None":
        torch.manual_seed(0)
        network = MAKERS[name](2, 1, size)
        if network is None:
            return None
        network = network.to(device)
        x, y = (torch.randn(size.batch, n, *size.points, device=device) for n in (2, 1))
        return cls(network, x, y, torch.optim.Adam(network.parameters(), lr=1e-4, foreach=True))

    def learn(self) -> None:
        self.optimiser.zero_grad(set_to_none=True)
        relative_errors(self.network(self.x), self.y).mean().backward()
        self.optimiser.step()

    @torch.no_grad()
    def answer(self) -> None:
        self.network(self.x)

    @property
    def parameters(self) -> int:
        """Real numbers."""
        return sum(p.numel() * (2 if p.is_complex() else 1) for p in self.network.parameters())


def seconds(call: Callable[[], object], device: torch.device) -> float:
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    devices.wait(device)
    start = clock()
    call()
    devices.wait(device)
    return clock() - start


def in_turns(calls: Mapping[str, Callable[[], object]], device: torch.device, rounds: int) -> Mapping[str, list[float]]:
    """Seconds of each call in each round, one after the other within a round; the first two rounds are not counted."""
    found: dict[str, list[float]] = {name: [] for name in calls}
    for n in range(rounds + 2):
        for name, call in calls.items():
            taken = seconds(call, device)
            if n > 1:
                found[name].append(taken)
    return found


def memory(name: str, size: Size, device: torch.device) -> float:
    """Most that a training step holds, MB."""
    if device.type == "cuda":
        bench = Bench.of(name, size, device)
        assert bench is not None
        bench.learn()
        torch.cuda.reset_peak_memory_stats(device)
        held = torch.cuda.memory_allocated(device)
        bench.learn()
        return (torch.cuda.max_memory_allocated(device) - held) / 2**20
    context = multiprocessing.get_context("spawn")
    told, teller = context.Pipe(duplex=False)
    process = context.Process(target=_resident, args=(name, size, teller))
    process.start()
    found = float(told.recv())
    process.join()
    return found


def _resident(name: str, size: Size, teller: Any) -> None:
    torch.set_num_threads(1)
    small = Bench.of(name, Size(1, tuple(32 for _ in size.points), 4, 4, 1), torch.device("cpu"))
    assert small is not None
    small.learn()  # what is loaded at a first step is no part of it
    bench = Bench.of(name, size, torch.device("cpu"))
    assert bench is not None
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    before = _status("VmRSS")
    bench.learn()
    teller.send((_status("VmHWM") - before) / 2**10)


def _status(name: str) -> float:
    """Of this process, kB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith(name)))


class Traffic(TorchDispatchMode):
    """Counts bytes that operations read and write, and the work of transforms."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes, self.transforms = 0, 0.0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        read, written = (
            [one for one in tree_leaves(part) if isinstance(one, Tensor)] for part in ((args, kwargs), found)
        )
        if not func.is_view:
            self.bytes += sum(one.numel() * one.element_size() for one in [*read, *written])
        if (name := func.overloadpacket.__name__) in ("_fft_r2c", "_fft_c2r", "_fft_c2c"):
            real = read[0] if name == "_fft_r2c" else written[0]
            lines = math.prod(real.shape[dim] for dim in args[1])
            self.transforms += (5.0 if name == "_fft_c2c" else 2.5) * real.numel() * math.log2(max(2, lines))
        return found


def work(call: Callable[[], object]) -> tuple[float, float]:
    """Operations and bytes of a call."""
    with FlopCounterMode(display=False) as counter:
        call()
    with Traffic() as traffic:
        call()
    return counter.get_total_flops() + traffic.transforms, float(traffic.bytes)


def limits(device: torch.device) -> tuple[float, float]:
    """Operations and bytes a second."""
    square = torch.randn(2048, 2048, device=device)
    long = torch.randn(2**26, device=device)
    target = torch.empty_like(long)
    multiply = in_turns({"": lambda: square @ square}, device, 5)[""]
    copy = in_turns({"": lambda: target.copy_(long)}, device, 5)[""]
    return 2 * 2048**3 / min(multiply), 2 * long.numel() * long.element_size() / min(copy)


def steps(device: torch.device, rounds: int) -> Iterator[dict[str, Any]]:
    """Time, memory and shares of the device's limits, for each size and maker."""
    operations, moved = limits(device)
    yield {"section": "device", "flops": operations, "bytes": moved}
    for size in SIZES:
        benches = {name: bench for name in MAKERS if (bench := Bench.of(name, size, device)) is not None}
        learning = in_turns({name: bench.learn for name, bench in benches.items()}, device, rounds)
        answering = in_turns({name: bench.answer for name, bench in benches.items()}, device, rounds)
        for name, bench in benches.items():
            ratios = [[a / b for a, b in zip(found[OURS], found[name], strict=True)] for found in (learning, answering)]
            flops, bytes_ = work(bench.learn)
            step = statistics.median(learning[name])
            yield {
                "section": "steps", "size": str(size), "network": name, "parameters": bench.parameters, "step": step, "answer": statistics.median(answering[name]),
                "ours_over_it": [statistics.median(one) for one in ratios], "memory_mb": memory(name, size, device),
                "gflop": flops / 1e9, "gbyte": bytes_ / 1e9, "share_of_flops": flops / step / operations, "share_of_bandwidth": bytes_ / step / moved,
            }  # fmt: skip


def accuracy(device: torch.device, epochs: int) -> Iterator[dict[str, Any]]:
    """Both on the same samples in the same order: Adam with half a cosine, the loss that operators are trained by."""
    task = tasks.load("reacdiff1d")
    layout = Layout.of(task)
    train, dev = generated(task, layout, 128), of_split(task, layout, "dev")
    size = Size(16, train.given.shape[2:], 16, 32)
    x, y, norms = (torch.from_numpy(one).to(device) for one in (train.given, train.solved, train.norms))
    x_dev, y_dev, norms_dev = (torch.from_numpy(one).to(device) for one in (dev.given, dev.solved, dev.norms))
    for name, make in MAKERS.items():
        torch.manual_seed(0)
        network = make(layout.channels, layout.frames, size)
        if network is None:
            continue
        module = Normalised(OneShot(network, layout.frames), layout.channels, 1)
        module.fit(train.given, train.solved, [0])
        module.to(device)
        optimiser = torch.optim.Adam(module.parameters(), lr=2e-3, foreach=True)
        falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * (len(x) // size.batch))
        start, errors = time.process_time(), []
        for epoch in range(epochs):
            order = torch.randperm(len(x), generator=torch.Generator().manual_seed(epoch))
            for part in order.to(device).split(size.batch):
                optimiser.zero_grad(set_to_none=True)
                relative_errors(module(x[part]), y[part], norms[part]).mean().backward()
                optimiser.step()
                falling.step()
            with torch.no_grad():
                errors.append(float(relative_errors(module(x_dev), y_dev, norms_dev).mean()))
        yield {
            "section": "accuracy",
            "network": name,
            "dev_nrmse": min(errors),
            "cpu_seconds": time.process_time() - start,
        }


def told(row: Mapping[str, Any]) -> str:
    """A row in words."""
    if row["section"] == "device":
        return f"measured limits: {row['flops'] / 1e9:.0f} GFLOP/s, {row['bytes'] / 1e9:.1f} GB/s"
    if row["section"] == "accuracy":
        return f"  {row['network']:15} dev nRMSE {row['dev_nrmse']:.3e}, {row['cpu_seconds']:.1f} s of processor time"
    ratio = "" if row["network"] == OURS else "; ours / its: step {:.2f}, answer {:.2f}".format(*row["ours_over_it"])
    return (
        f"  {row['network']:15} {row['parameters']:9,} parameters, step {1e3 * row['step']:7.1f} ms, answer {1e3 * row['answer']:6.1f} ms, {row['memory_mb']:.0f} MB, "
        f"{100 * row['share_of_flops']:.0f} % of FLOPs, {100 * row['share_of_bandwidth']:.0f} % of bandwidth{ratio}"
    )


def main(options: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--epochs", type=int, default=60, help="Of the comparison of accuracy.")
    parser.add_argument("--json", type=Path, help="File to write all figures to.")
    asked = parser.parse_args(options)
    torch.set_num_threads(asked.threads)
    device = devices.chosen(asked.device)
    print(
        f"{devices.described(device)}, torch {torch.__version__}"
        + (f", {asked.threads} threads" if device.type == "cpu" else "")
    )
    rows, seen = [], ""
    for section in (steps(device, asked.rounds), accuracy(device, asked.epochs)):
        for row in section:
            rows.append(row)
            head = row.get("size", row["section"])
            if head != seen and row["section"] != "device":
                print(head)
            seen = head
            print(told(row), flush=True)
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
