"""What an episode in the workbench stands at: the present program, and the versions so far."""

import math
from collections.abc import Mapping

from pydantic import BaseModel

Choices = dict[str, str | int | float]
"""A family's name, and its blocks and numbers by name."""


class Version(BaseModel):
    """A program that was evaluated.

    title: what it is, in a line. source, evaluation: digests of the artifacts that hold them. essence: the same for programs that do
    the same; empty where the evaluation tells of the machine rather than of the program. choices: what it was composed of, None where people or models have written in it.
    """

    number: int
    title: str
    source: str
    evaluation: str
    essence: str
    status: str
    figures: dict[str, float | None]
    choices: Choices | None = None

    @property
    def runs(self) -> bool:
        return self.status == "ok"

    @property
    def score(self) -> float:
        return self.figures.get("score") or 0.0

    @property
    def rank(self) -> tuple[float, float]:
        """What versions sort by, the higher the better."""
        nrmse = self.figures.get("nrmse")
        return self.score, -math.inf if nrmse is None else -nrmse


class State(BaseModel):
    """current: number of the version whose program is `source`; 0 before there is one."""

    task: str
    source: str = ""
    current: int = 0
    versions: list[Version] = []

    @property
    def version(self) -> Version | None:
        """The present one."""
        return self.numbered(self.current)

    @property
    def choices(self) -> Choices | None:
        """What the present program was composed of."""
        return self.version.choices if self.version else None

    @property
    def best(self) -> Version | None:
        """That of the highest score, of several the one with the smallest error; None where none runs."""
        running = [version for version in self.versions if version.runs]
        return max(running, key=lambda version: version.rank, default=None)

    def numbered(self, number: int) -> Version | None:
        return next((version for version in self.versions if version.number == number), None)

    def same(self, essence: str) -> Version | None:
        """The first version that does the same."""
        return next((version for version in self.versions if version.essence == essence), None)

    def figures(self) -> Mapping[str, float | None]:
        return self.version.figures if self.version else {}
