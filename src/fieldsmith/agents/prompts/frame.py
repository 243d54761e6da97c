"""What every program with gaps shares: its names, none of which is taken twice, and the lines that begin it."""

import builtins
import keyword
from collections.abc import Iterable

from fieldsmith.equations.equation import Axis
from fieldsmith.equations.facts import Methods
from fieldsmith.tasks.task import Argument, Brief

OWN = (
    "np", "step", "largest_step", "rate", "rest", "exact", "solve_one", "dt", "times", "frame", "left", "shortest",
    "batch", "sample", "k", "k1", "k2", "k3", "k4", "half",
)  # fmt: skip
USED = ("range", "len", "max", "min", "abs")


class Frame:
    """The names of a program with gaps: what it is given, what it calls its own, how many points there are."""

    def __init__(self, brief: Brief, asked: Iterable[str], methods: Methods | None) -> None:
        assert brief.equation is not None
        self.brief, self.signature = brief, brief.signature
        self.equation, self.axes = brief.equation, brief.equation.axes
        self.methods = methods
        self.taken = {*asked, *USED, *keyword.kwlist, *self.equation.constants}
        self.own = {name: self.free(name) for name in OWN}
        self.counts = {axis.name: self.free(f"n_{axis.name}") for axis in self.axes}
        self.spacings = {axis.name: self.free(f"d{axis.name}") for axis in self.axes}

    def free(self, name: str) -> str:
        """The name, with underscores at its end as long as it is taken or a builtin's."""
        while name in self.taken or (hasattr(builtins, name)):
            name += "_"
        self.taken.add(name)
        return name

    def arguments(self, role: str) -> list[Argument]:
        return [a for a in self.signature.arguments if a.role == role]

    def space(self) -> str:
        return ", ".join(axis.name for axis in self.axes)

    def walls(self) -> str:
        """What holds at the ends of axes that are not periodic, as sentences after a space; empty where all are."""
        kinds = {"dirichlet": "the value is", "neumann": "the outward derivative is"}
        said = []
        for axis in self.axes:
            ends = {f"{axis.name} = {axis.low:g}": axis.lower, f"{axis.name} = {axis.high:g}": axis.upper}
            if axis.lower == axis.upper:
                ends = {f"both ends of {axis.name}": axis.lower}
            said += [
                f" At {place} {kinds[end.kind]} {' '.join(end.value.split())}."
                for place, end in ends.items()
                if end.kind in kinds
            ]
        return "".join(said)

    def sizes(self, array: str) -> list[str]:
        counts = ", ".join(self.counts[axis.name] for axis in self.axes)
        lines = [f"    {self.own['batch']}, {counts} = {array}.shape"]
        return lines + [
            f"    {self.spacings[axis.name]} = {_spacing(axis, self.counts[axis.name])}" for axis in self.axes
        ]

    def header(self) -> str:
        return f"def {self.signature.function}({', '.join(a.name for a in self.signature.arguments)}):"


def _spacing(axis: Axis, count: str) -> str:
    return f"{axis.length!r} / ({count} - 1)" if axis.nodes == "endpoints" else f"{axis.length!r} / {count}"
