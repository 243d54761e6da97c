"""The best program runs by itself, whatever the axes of its equation."""

import subprocess
import sys
from dataclasses import replace

import pytest

from fieldsmith.equations.equation import Axis, Balance, Boundary, Equation
from fieldsmith.orchestrator.runnable import runnable
from fieldsmith.tasks import load
from fieldsmith.tasks.statement import signature_of

BRIEF = load("advection").brief()
WALL = Boundary("dirichlet", "0")
SOLVER = """import numpy as np


def solver(u0, t_coordinate, c):
    return np.repeat(u0[:, None], t_coordinate.size, axis=1)
"""


@pytest.mark.parametrize(
    ("axes", "shape"),
    [
        ((), "(2, 11)"),
        ((Axis("x", 0.0, 1.0),), "(2, 11, 128)"),
        ((Axis("x", 0.0, 1.0, "endpoints", WALL, WALL), Axis("y", -1.0, 1.0, "left_edges")), "(2, 11, 43, 43)"),
    ],
)
def test_a_program_is_given_an_example_that_prints_what_comes_out(tmp_path, axes, shape) -> None:
    equation = Equation(("u",), axes, (Balance("u", "-c*u"),), parameters=("c",))
    brief = replace(BRIEF, equation=equation, signature=signature_of(equation, {}), parameters={"c": 2.0})
    file = tmp_path / "solver.py"
    file.write_text(runnable(SOLVER, brief))
    said = subprocess.run([sys.executable, file], capture_output=True, text=True, check=False)
    assert said.stderr == ""
    assert said.stdout.startswith(f"u: shape {shape}, from 0.")


def test_a_program_with_an_example_and_one_of_no_equation_stay_as_they_are() -> None:
    own = SOLVER + '\n\nif __name__ == "__main__":\n    print(solver)\n'
    assert runnable(own, BRIEF) == own
    assert runnable(SOLVER, replace(BRIEF, equation=None)) == SOLVER
