"""The process that an operator answers calls in: `python -m fieldsmith.operators.worker FOLDER DEVICE [NOISE]`, arrays in and out by standard streams."""

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from fieldsmith.errors import FieldsmithError
from fieldsmith.operators import device as devices
from fieldsmith.operators.observed import through
from fieldsmith.operators.sandbox import receive, send
from fieldsmith.operators.trained import TrainedOperator


def main(folder: Path, device: str, noise: float | None) -> None:
    """Answer until the input ends, seeing fields through `noise` in place of what the operator was trained with."""
    source, target = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    try:
        operator = TrainedOperator.open(folder, device)
        operator = replace(operator, card=through(operator.card, noise))
    except FieldsmithError as error:
        send(target, {"error": np.array(str(error))})
        return
    send(target, {"ready": np.array(1)})
    while (inputs := receive(source)) is not None:
        send(target, answered(operator, inputs))


def answered(operator: TrainedOperator, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The results of one call with the seconds that it took, or the error in words. A first call at these sizes, which is dearer, is not counted."""
    given = {name: value if value.ndim else float(value) for name, value in inputs.items()}
    try:
        operator.solve(first_of(operator, given))
        devices.wait(operator.device)
        start, cpu = time.perf_counter(), time.process_time()
        found = operator.solve(given)
        devices.wait(operator.device)
        taken = {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time() - cpu}
    except (FieldsmithError, RuntimeError, ValueError) as error:
        return {"error": np.array(" ".join(str(error).split())[:500])}
    return {**found, **{name: np.array(value) for name, value in taken.items()}}


def first_of(operator: TrainedOperator, inputs: dict[str, np.ndarray | float]) -> dict[str, np.ndarray | float]:
    """The same call with its first sample alone."""
    return {name: value[:1] if name in operator.layout.fields and isinstance(value, np.ndarray) else value for name, value in inputs.items()}  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]) if sys.argv[3:] else None)
