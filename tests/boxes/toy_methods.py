"""Methods for heat between cold ends that are written in a few lines, for tests of what is made of methods; some of them are wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

from fieldsmith.blocks import Choices, Variant, number
from fieldsmith.boxes.family import BoxFamily
from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Unsuited

READ = "__import__('scipy.interpolate').interpolate.make_interp_spline(x, u0, axis=1)(own)"
"""The samples at a program's own points."""
GIVEN = "np.sin(np.pi*own)[None] + 0.5*np.sin(3*np.pi*own)[None] + 0.0*u0[:, :1]"
CALL = """
import numpy as np

def solver(u0, x, t_coordinate):
    own = np.linspace(0, 1, POINTS + 1)
    start = {start}
    k = np.arange(1, POINTS)
    weights = start[:, 1:-1] @ np.sin(np.pi * np.outer(own[1:-1], k)) * 2 / POINTS
"""
SINES = """
    fade = np.exp(-{diffusivity} * np.outer(t_coordinate - t_coordinate[0], (np.pi * k) ** 2))
    return np.einsum("bk,tk,kx->btx", weights, fade, np.sin(np.pi * np.outer(k, x)))
"""
DIFFERENCES = SINES.replace("(np.pi * k)", "(2 * POINTS * np.sin(np.pi * k / POINTS / 2))")
"""Sines are eigenvectors of second differences, too."""
EXPLICIT = """
    u, steps = start, 2000
    for _ in range(steps):
        u = u + 8.0 * (np.roll(u, 1, 1) + np.roll(u, -1, 1) - 2 * u)
    return np.repeat(u[:, None, :1], len(t_coordinate), 1) + np.zeros(len(x))
"""
ENDLESS = "\n    while True:\n        pass\n"
GREEDY = "\n    return np.ones((1 << 20, 1 << 20))\n"
RAISING = "\n    raise ValueError('it is of no use')\n"


@dataclass(frozen=True)
class Points(Choices):
    points: int = number(8, 2, 4096, "points")


class Toy(BoxFamily[Points]):
    """A program's body with a number of points."""

    limits = "A toy."
    choices = Points

    def __init__(self, name: str, principle: str, body: str, score: float = 1.0, points=(8, 16, 32, 64), **words):
        self.name, self.principle, self.score, self.points = name, principle, score, points
        self.body = (CALL + body).format(**{"start": GIVEN, "diffusivity": 0.5} | words)

    def suits(self, form: Form) -> float:
        if self.score <= 0:
            raise Unsuited(f"{self.name} takes no heat")
        return self.score

    def variants(self, form: Form) -> Sequence[Variant[Points]]:
        return [Variant(f"{n} points", Points(n), accuracy=k) for k, n in enumerate(self.points)]

    def text(self, form: Form, choices: Points) -> str:
        return f"POINTS = {choices.points}\n{self.body}"
