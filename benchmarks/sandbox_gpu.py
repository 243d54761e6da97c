"""What a call costs whose program computes on a GPU: torch and CUDA, in workers that have or have not imported torch before.

    python benchmarks/sandbox_gpu.py            # needs torch and a GPU, some 2 minutes

A worker forks a child for each call, and CUDA does not survive a fork: what a worker imports ahead must not have touched the
GPU. Each way is therefore also checked: five calls of one worker see the GPU and give what the processor gives. All figures are medians of
one run, the ways taken in turn.
"""

import argparse
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np

from fieldsmith.sandboxes.process import ProcessSandbox
from fieldsmith.sandboxes.sandbox import Limits, Session

LIMITS = Limits(seconds=120.0, memory_mb=32768, cpus=2.0)
PROGRAM = """
import torch

def solver(u0_batch, t_coordinate, nu):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    u = torch.as_tensor(u0_batch, device=device)
    n = u.shape[-1]
    k = 2 * torch.pi * torch.fft.rfftfreq(n, 1 / n, device=device, dtype=torch.float64)
    t = torch.as_tensor(t_coordinate, device=device)
    decay = torch.exp(-nu * k**2 * t[:, None])
    return torch.fft.irfft(torch.fft.rfft(u)[:, None, :] * decay, n)
"""
WHERE = PROGRAM + "\ndef where(a):\n    return [float(torch.cuda.is_available())]\n"
PARTS = (
    """
import time
begun = time.perf_counter()
import torch
imported = time.perf_counter()

def parts(u0_batch, t_coordinate, nu):
    started = time.perf_counter()
    torch.zeros(1, device="cuda").cpu()
    ready = time.perf_counter()
    solver(u0_batch, t_coordinate, nu).cpu()
    return [imported - begun, ready - started, time.perf_counter() - ready]
"""
    + PROGRAM
)
SCRIPT = PROGRAM + (
    "\nimport sys\nimport numpy as np\n"
    "data = np.load(sys.argv[1])\n"
    "np.save(sys.argv[1], solver(data['u'], data['t'], float(data['nu'])).cpu().numpy())\n"
)


def inputs(batch: int, points: int, frames: int) -> dict[str, np.ndarray | float]:
    given = np.random.default_rng(0).standard_normal((batch, points)), np.linspace(0.0, 1.0, frames)
    for array in given:
        array.flags.writeable = False
    return {"u0_batch": given[0], "t_coordinate": given[1], "nu": 1e-3}


def called(session: Session, given: dict[str, np.ndarray | float]) -> tuple[float, np.ndarray]:
    batch, points = np.shape(given["u0_batch"])
    begun = time.perf_counter()
    result = session.call(PROGRAM, "solver", given, {"u": (batch, len(np.ravel(given["t_coordinate"])), points)})
    spent = time.perf_counter() - begun
    assert result.status == "ok", result.failure
    return spent, result.outputs["u"]


def check(session: Session, given: dict[str, np.ndarray | float], expected: np.ndarray) -> float:
    """Largest difference of five calls from what the processor gives; each of them has seen the GPU."""
    worst = 0.0
    for _ in range(5):
        seen = session.call(WHERE, "where", {"a": np.zeros(1)}, {"y": (1,)})
        assert seen.status == "ok", seen.failure
        assert seen.outputs["y"][0] == 1.0, "a call does not see the GPU"
        worst = max(worst, float(np.abs(called(session, given)[1] - expected).max()))
    return worst


def on_processor(given: dict[str, np.ndarray | float]) -> np.ndarray:
    u, t = np.asarray(given["u0_batch"]), np.asarray(given["t_coordinate"])
    k = 2 * np.pi * np.fft.rfftfreq(u.shape[-1], 1 / u.shape[-1])
    return np.fft.irfft(np.fft.rfft(u)[:, None, :] * np.exp(-given["nu"] * k**2 * t[:, None]), u.shape[-1])


def fresh(given: dict[str, np.ndarray | float]) -> float:
    """Seconds of a new interpreter for the call, as loops that write a script and start it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "data.npz"
        begun = time.perf_counter()
        np.savez(file, u=given["u0_batch"], t=given["t_coordinate"], nu=given["nu"])
        subprocess.run([sys.executable, "-c", SCRIPT, str(file)], check=True, capture_output=True)
        return time.perf_counter() - begun


def inside(given: dict[str, np.ndarray | float]) -> Callable[[], float]:
    """The same in this interpreter, its arrays going to the GPU and back: what no sandbox can be faster than."""
    import torch  # pyright: ignore[reportMissingImports]

    scope: dict[str, Callable[..., torch.Tensor]] = {}
    exec(PROGRAM, scope)

    def turn() -> float:
        begun = time.perf_counter()
        scope["solver"](*(np.array(value) for value in given.values())).cpu().numpy()
        return time.perf_counter() - begun

    return turn


def main() -> None:
    parser = argparse.ArgumentParser(description="What a call costs whose program computes on a GPU.")
    parser.add_argument("--repetitions", type=int, default=7)
    asked = parser.parse_args()
    given = inputs(64, 1024, 201)
    expected = on_processor(given)
    plain, ahead = ProcessSandbox(), ProcessSandbox("torch")
    with plain.open(LIMITS) as without, ahead.open(LIMITS) as preloaded:
        worst = max(check(session, given, expected) for session in (without, preloaded))
        parts = [preloaded.call(PARTS, "parts", given, {"y": (3,)}).outputs["y"] for _ in range(asked.repetitions)]
        # This interpreter touches the GPU only now that both workers live.
        ways: dict[str, Callable[[], float]] = {
            "a new interpreter for each call": lambda: fresh(given),
            "Fieldsmith, torch imported by the program": lambda: called(without, given)[0],
            "Fieldsmith, torch imported ahead": lambda: called(preloaded, given)[0],
            "in the calling interpreter, no sandbox": inside(given),
        }
        found: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(asked.repetitions + 1):
            for name, way in ways.items():
                seconds = way()
                if turn:
                    found[name].append(seconds)
    plain.close()
    ahead.close()
    import torch  # pyright: ignore[reportMissingImports]

    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, Linux {platform.release()}, {date.today()}\n")
    print(
        "| a call, 64 samples in, 64 x 201 x 1024 doubles out | median | against a new interpreter |\n| --- | --- | --- |"
    )
    first = float(np.median(found["a new interpreter for each call"]))
    for name, seconds in found.items():
        middle = float(np.median(seconds))
        print(f"| {name} | {1e3 * middle:,.0f} ms | {first / middle:.1f}x |")
    imported, started, worked = 1e3 * np.median(parts, axis=0)
    print(
        f"\nOf a call with torch imported ahead: import {imported:.1f} ms, start of CUDA {started:.0f} ms, "
        f"the program's own work {worked:.0f} ms"
    )
    print(f"\nLargest difference of ten calls in two workers from the processor's result: {worst:.1e}")


if __name__ == "__main__":
    main()
