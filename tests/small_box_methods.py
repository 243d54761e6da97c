"""A family of methods for one kind of problem, and the `fieldsmith` command with it.

It solves u_t = D u_xx, u = 0 at both ends, initial values that are an expression, by sums of sines: exact in time, so that its error is what the modes leave out.
"""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import command_line
from fieldsmith.blocks import Choices, Variant, number
from fieldsmith.boxes.family import BoxFamily
from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Unsuited

HEAT = """title = "Heat in a rod"
description = "Two modes that decay."
equations = ["u_t = D*u_xx"]

[domain]
x = [0, 1]
t = [0, 0.1]

[parameters]
D = { value = 1.0, low = 0.5, high = 2.0, meaning = "diffusivity", unit = "m^2/s" }

[boundary]
x = "u = 0"

[initial]
u = "sin(pi*x) + 0.5*sin(9*pi*x)"

[output]
points = 65
times = 11
accuracy = 1e-3
seconds = 20

[exact]
u = "exp(-pi**2*D*t)*sin(pi*x) + 0.5*exp(-81*pi**2*D*t)*sin(9*pi*x)"
"""
PROGRAM = '''"""Sums of sines, exact in time."""

import numpy as np

MODES = {modes}


def solver(u0, x, t_coordinate, D):
    """Solve the heat equation for a batch of initial values."""
    places = (np.arange(256) + 0.5) / 256
    waves = np.pi * np.arange(1, MODES + 1)
    start = np.sin(np.pi * places) + 0.5 * np.sin(9 * np.pi * places)
    weights = 2.0 * np.sin(np.outer(waves, places)) @ start / 256
    decay = np.exp(-D * np.outer(np.asarray(t_coordinate) - t_coordinate[0], waves**2))
    frames = (decay * weights) @ np.sin(np.outer(waves, x))
    return np.broadcast_to(frames, (len(u0), *frames.shape)).copy()
'''


@dataclass(frozen=True)
class SineChoices(Choices):
    modes: int = number(4, 1, 64, "sines")


class Sines(BoxFamily[SineChoices]):
    name = "sines"
    principle = "spectral"
    limits = "Heat in a rod between two ends that are held at 0."
    choices = SineChoices

    def suits(self, form: Form) -> float:
        if [law.text for law in form.system.laws] != ["u_t = D*u_xx"]:
            raise Unsuited(f"“{form.system.laws[0].text}” is not the heat equation.")
        return 1.0

    def variants(self, form: Form) -> Sequence[Variant[SineChoices]]:
        return [Variant(f"{n} modes", SineChoices(n), n, k) for k, n in enumerate((4, 8, 16, 32))]

    def text(self, form: Form, choices: SineChoices) -> str:
        return PROGRAM.format(modes=choices.modes)


def run(folder: Path, *words: object) -> "subprocess.CompletedProcess[str]":
    """The `fieldsmith` command in a folder, this family in place of those that are built in."""
    here = Path(__file__).parent
    paths = os.pathsep.join(filter(None, (str(here), os.environ.get("PYTHONPATH", ""))))
    environment = {**os.environ, "PYTHONPATH": paths, command_line.IMPORTED_FIRST: "planted_box_methods"}
    return command_line.run(*words, cwd=folder, env=environment)
