"""The built-in author's programs beside programs that others have published, on data of the same kind.

Run `python benchmarks/published_programs.py FOLDER [TASK ...]`, FOLDER being a clone of CodePDE's repository, whose
`solvers/TASK/PARAMETERS/seeds/implementation_*.py` are programs that LLMs wrote for its five tasks. Each task gets a
file in the published HDF5 layout with accurate solutions; `fieldsmith solve` and `fieldsmith evaluate` are then given
that file. Programs that import PyTorch or JAX need the images `torch` and `jax` (`fieldsmith sandbox build --image`).
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from fieldsmith.tasks import load
from fieldsmith.tasks.pde import PDETask

FIELDSMITH = Path(sys.executable).with_name("fieldsmith")
PLACES = {
    "advection": "advection/beta_0.1",
    "burgers": "burgers/nu_0.01",
    "reacdiff1d": "reacdiff1d/nu_0.5_rho_1.0",
    "cns1d": "cns1d/eta_0.1",
    "darcy": "darcy/beta_1.0",
}
TESTED = {"advection": 8, "burgers": 8, "reacdiff1d": 8, "cns1d": 4, "darcy": 4}


def data_file(name: str, smooth: bool, folder: Path) -> Path:
    """Accurate solutions of new random fields; two thirds of the samples are for the test."""
    task = load(name, scale="paper")
    assert isinstance(task, PDETask)
    points = task.sizes_by_scale["paper"]["x"]
    fields = task.initial_fields(np.random.default_rng(2026), TESTED[name] * 3 // 2, smooth)
    inputs, reference = task.inputs(fields, points), task.reference(fields, points, 1)
    layout = {"coeff": inputs["a"], "sol": reference["u"]} if name == "darcy" else {}
    if "u_batch" in reference:
        layout = {"tensor": reference["u_batch"], "t-coordinate": inputs["t_coordinate"]}
    elif name != "darcy":
        layout = {**reference, "t-coordinate": inputs["t_coordinate"]}
    file = folder / f"{name}-{'smooth' if smooth else 'mixed'}.hdf5"
    with h5py.File(file, "w") as stream:
        for key, array in layout.items():
            stream[key] = array
    return file


def outcomes(*command: object) -> Iterator[dict]:
    ran = subprocess.run([str(FIELDSMITH), *map(str, command), "--json"], capture_output=True, text=True, check=False)
    for line in ran.stdout.splitlines():
        told = json.loads(line)
        if told["event"] in ("result", "error"):
            yield told


def row(name: str, kind: str, who: str, told: dict) -> None:
    score = told.get("test")
    if score is None:
        print(f"| {name} | {kind} | {who} | {told.get('status') or told['message']} | | |", flush=True)
    else:
        print(
            f"| {name} | {kind} | {who} | {score['nrmse']:.1e} | {score['trusted']:.1e} | {score['seconds']:.1f} |",
            flush=True,
        )


def image_for(program: Path) -> str:
    text = program.read_text()
    return "torch" if "import torch" in text else "jax" if "jax" in text else "base"


def compare(name: str, smooth: bool, programs: Path, folder: Path) -> None:
    kind = "no kinks" if smooth else "mixed"
    file = data_file(name, smooth, folder)
    shared = ("--scale", "paper", "--data", file)
    for told in outcomes("solve", name, *shared, "--run-dir", folder / f"run-{file.stem}"):
        row(name, kind, "built-in author", {**told, **(told.get("best") or {})})
    for program in sorted((programs / "solvers" / PLACES[name] / "seeds").glob("implementation_*.py")):
        for told in outcomes("evaluate", name, program, *shared, "--image", image_for(program), "--no-order"):
            row(name, kind, program.stem, told)


def main(programs: Path, names: list[str]) -> None:
    print("| task | samples | program | test nRMSE | trusted | seconds a call |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in names or PLACES:
        with tempfile.TemporaryDirectory() as folder:
            for smooth in (False, True) if name in ("advection", "burgers") else (name == "reacdiff1d",):
                compare(name, smooth, programs, Path(folder))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
