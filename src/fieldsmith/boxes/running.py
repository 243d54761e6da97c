"""One call of a program on this machine, in a process of its own with limits of processor time and memory.

For programs that families have written, which are trusted; what others write runs in the sandboxes.
"""

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fieldsmith.boxes import child
from fieldsmith.boxes.form import FUNCTION, Form

MEMORY = 4 << 30
"""Bytes of address space that a call may take."""
PATIENCE = (20.0, 120.0)
"""Seconds by the clock, per second of processor time and beside it, after which a process that does nothing is ended."""
ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "VECLIB_MAXIMUM", "NUMEXPR")
}
"""So that sums are taken in the same order whatever the machine does beside."""
TIME_OVER = "takes longer than its time"

OVER = (-signal.SIGXCPU, -signal.SIGKILL)
"""Exit codes of a process whose time is over: the second where the first was not enough."""

Inputs = Mapping[str, np.ndarray | float]
Values = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Outcome:
    """What a call returned, by result, or `fault`, a sentence's second half; `stopped` where a finer one would be stopped, too."""

    values: Values | None
    fault: str
    seconds: float
    stopped: bool = False


def run(text: str, form: Form, inputs: Inputs, seconds: float, memory: int = MEMORY) -> Outcome:
    """Call a program's function with `inputs` by argument; it has `seconds` of processor time, the start of Python included."""
    limit = max(1, math.ceil(seconds))
    with tempfile.TemporaryDirectory(prefix="fieldsmith-call-") as name:
        folder = Path(name)
        (folder / "program.py").write_text(text, encoding="utf-8")
        call = {"function": FUNCTION, "arguments": len(form.inputs), "results": len(form.results)}
        (folder / "call.json").write_text(json.dumps(call), encoding="utf-8")
        np.savez(folder / "inputs.npz", *(np.asarray(inputs[one.name], float) for one in form.inputs))
        code = _lived(folder, limit, memory)
        if code or not (folder / "said.json").exists():
            return Outcome(None, TIME_OVER if code in OVER else f"ends with exit code {code}", float(limit), True)
        said = json.loads((folder / "said.json").read_text(encoding="utf-8"))
        used = float(said["seconds"])
        if said["fault"]:
            return Outcome(None, said["fault"], used, said["memory"])
        try:
            with np.load(folder / "results.npz", allow_pickle=False) as stored:
                arrays = [stored[f"arr_{n}"] for n in range(len(stored.files))]
        except (OSError, ValueError):
            return Outcome(None, "returns what is no arrays of numbers", used)
    return _checked(form, inputs, arrays, used)


def _lived(folder: Path, limit: int, memory: int) -> int:
    """Start the process and wait for its end; the exit code, less than 0 for a signal."""
    command = [sys.executable, "-P", child.__file__, str(folder), str(os.getpid()), str(limit), str(memory)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        command, stdin=quiet, stdout=quiet, stderr=quiet, cwd=folder, env=os.environ | ONE_THREAD
    ) as process:
        try:
            return process.wait(PATIENCE[0] * limit + PATIENCE[1])
        except subprocess.TimeoutExpired:
            return OVER[0]
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()


def _checked(form: Form, inputs: Inputs, arrays: Sequence[np.ndarray], used: float) -> Outcome:
    if len(arrays) != len(form.results):
        return Outcome(None, f"returns {len(arrays)} arrays for {len(form.results)}", used)
    sizes = {axis: size for one in form.inputs for axis, size in zip(one.axes, np.shape(inputs[one.name]), strict=True)}
    for one, array in zip(form.results, arrays, strict=True):
        wanted = tuple(sizes[axis] for axis in one.axes)
        if array.dtype.kind not in "fiub":
            return Outcome(None, f"returns {one.name} of type {array.dtype}", used)
        if array.shape != wanted:
            return Outcome(None, f"returns {one.name} of shape {array.shape} for {wanted}", used)
        if not np.isfinite(array).all():
            return Outcome(None, f"returns values of {one.name} that are not finite", used)
    return Outcome({one.name: array for one, array in zip(form.results, arrays, strict=True)}, "", used)
