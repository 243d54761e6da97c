"""Time to generate each task's data, the references' estimated errors and what the trusted methods reach.

Run `python benchmarks/references.py [demo|paper] [TASK ...]`; an empty cache in a temporary folder is used.
"""

import os
import sys
import tempfile
import time
from collections.abc import Mapping

from fieldsmith.tasks import load, names

ROWS: tuple[tuple[str, Mapping[str, float]], ...] = (
    ("advection", {"beta": 0.1}),
    ("burgers", {"nu": 0.01}),
    ("burgers", {"nu": 0.001}),
    ("burgers", {"nu": 1.0}),
    ("reacdiff1d", {"nu": 0.5, "rho": 1.0}),
    ("cns1d", {"eta": 0.1, "zeta": 0.1}),
    ("cns1d", {"eta": 0.01, "zeta": 0.01}),
    ("cns1d", {"eta": 1e-8, "zeta": 1e-8}),
    ("darcy", {"beta": 1.0}),
    ("navier-stokes-steady-2d", {"nu": 0.01}),
    ("navier-stokes-steady-2d", {"nu": 0.001}),
)


def main(scale: str, chosen: list[str]) -> None:
    print(
        "| task | parameters | scale | seconds (dev + test) | estimated error, dev and test | trusted, dev and test |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for name, parameters in ROWS:
        if chosen and not {name, *(f"{name}:{value:g}" for value in parameters.values())} & set(chosen):
            continue
        task = load(name, parameters, scale)
        start = time.perf_counter()
        cases = [case for split in ("dev", "test") for case in task.split(split)]
        seconds = time.perf_counter() - start
        errors = ", ".join(f"{case.reference_error:.1e}" for case in cases)
        trusted = ", ".join("none" if case.trusted is None else f"{case.trusted:.1e}" for case in cases)
        values = ", ".join(f"{key}={value:g}" for key, value in parameters.items())
        print(f"| {name} | {values} | {scale} | {seconds:.1f} | {errors} | {trusted} |", flush=True)


if __name__ == "__main__":
    asked = sys.argv[1:]
    size = asked.pop(0) if asked and asked[0] in ("demo", "paper") else "demo"
    unknown = [word for word in asked if word.split(":")[0] not in names()]
    if unknown:
        sys.exit(f"references.py: no task {unknown[0]!r}; known: {', '.join(names())}.")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FIELDSMITH_HOME"] = folder
        main(size, asked)
