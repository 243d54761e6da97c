"""Steady Darcy flow -div(a grad u) = beta on the unit square with a two-valued coefficient."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from fieldsmith.equations.equation import Axis, Balance, Boundary, Equation, Nodes
from fieldsmith.tasks import hdf5
from fieldsmith.tasks.pde import Arrays, PDETask
from fieldsmith.tasks.poisson import solve_split
from fieldsmith.tasks.task import Argument, Parameter, Result, Signature

LOW = 3.0
MODES = 128
DRAWS = 60
"""Of a medium of one material, at most: at the scored sizes one in twenty is, on a single point each is."""


def coordinates(points: int, nodes: Nodes) -> np.ndarray:
    return np.linspace(0.0, 1.0, points) if nodes == "endpoints" else (np.arange(points) + 0.5) / points


@dataclass(frozen=True)
class Coefficients:
    """Cosine series [batch, modes, modes] whose sign decides between the two values of the coefficient, LOW and `high`.

    With `joined` no two patches of one value touch at a corner alone.
    """

    series: np.ndarray
    high: float
    joined: bool = False

    def take(self, part: slice) -> Self:
        return replace(self, series=self.series[part])

    def __call__(self, points: int, nodes: Nodes = "endpoints") -> np.ndarray:
        """[batch, points, points] at the nodes or cell centres."""
        return np.where(self._patches(points, nodes), self.high, LOW)

    def of_one_material(self, points: int, nodes: Nodes) -> np.ndarray:
        """[batch]: which media are the same at all of these points, and so on all their volumes."""
        patches = self._patches(points, nodes)
        return (patches == patches[:, :1, :1]).all(axis=(1, 2))

    def _patches(self, points: int, nodes: Nodes) -> np.ndarray:
        """[batch, points, points]: where the coefficient has its high value."""
        high = _values(self.series, points, nodes) >= 0.0
        return _joined(high) if self.joined else high


@dataclass(frozen=True)
class SmoothCoefficients(Coefficients):
    """The same series as a smooth positive coefficient between the two values, for refinement studies."""

    def __call__(self, points: int, nodes: Nodes = "endpoints") -> np.ndarray:
        series = self.series[:, :4, :4]
        size = np.abs(series).sum(axis=(1, 2))[:, None, None]
        return 0.5 * (LOW + self.high) + 0.5 * (self.high - LOW) * _values(series, points, nodes) / size


def _values(series: np.ndarray, points: int, nodes: Nodes) -> np.ndarray:
    """Of cosine series [batch, modes, modes]."""
    x = coordinates(points, nodes)
    basis = np.cos(np.pi * np.arange(series.shape[1])[:, None] * x[None, :])
    return np.einsum("bij,ix,jy->bxy", series, basis, basis, optimize=True)


def _joined(high: np.ndarray) -> np.ndarray:
    """Two-valued fields [batch, n, n] in which of two high points that touch at a corner alone one becomes low."""
    high = high.copy()
    while True:
        first, second, third, fourth = high[:, :-1, :-1], high[:, 1:, :-1], high[:, :-1, 1:], high[:, 1:, 1:]
        falling, rising = first & fourth & ~second & ~third, second & third & ~first & ~fourth
        if not (falling.any() or rising.any()):
            return high
        first[falling], second[rising] = False, False


class Darcy(PDETask):
    """Pressure of a fluid in a porous medium of two materials.

    At the hard scale one lets a thousand times more through than the other, and no two patches touch at a corner alone:
    around such corners, at that contrast, no reference is to be trusted.
    Samples lie at nodes, boundary included, or, where a file of PDEBench has them so, at cell centres.
    """

    name = "darcy"
    version = 3
    title = "Darcy flow through a two-valued medium"
    known_parameters: ClassVar = {
        "beta": Parameter(1.0, 1e-3, 1e3, "constant forcing"),
        "contrast": Parameter(4.0, 1.0, 1e4, f"ratio of the coefficient's two values, the lower of which is {LOW:g}"),
    }
    sizes_by_scale: ClassVar = {
        "demo": {"dev": 8, "test": 8, "x": 85, "y": 85},
        "paper": {"dev": 50, "test": 100, "x": 421, "y": 421},
        "hard": {"dev": 8, "test": 8, "x": 65, "y": 65},
    }
    defaults_by_scale: ClassVar = {"hard": {"contrast": 1000.0}}
    span = None
    time_limits: ClassVar = {"demo": 60.0, "paper": 1200.0, "hard": 60.0}
    refinement_points: ClassVar = (22, 43, 85)
    samples_a_process: ClassVar = 2

    def __init__(self, parameters: Mapping[str, float], scale: str = "demo", data: Path | None = None) -> None:
        super().__init__(parameters, scale, data)
        self.nodes: Nodes = "endpoints" if data is None else hdf5.darcy_nodes(data)

    def generated(self) -> "Darcy":
        plain = Darcy(self.parameters, self.scale)
        plain.nodes = self.nodes
        return plain

    @property
    def high(self) -> float:
        return LOW * self.parameters["contrast"]

    @property
    def joined(self) -> bool:
        return self.scale == "hard"

    def argument_values(self) -> Mapping[str, float]:
        return {"beta": self.parameters["beta"]}

    @property
    def equation(self) -> Equation:
        wall = Boundary("dirichlet", "0")
        axes = tuple(Axis(name, 0.0, 1.0, self.nodes, wall, wall) for name in ("x", "y"))
        balance = Balance("", "d(a*d(u, x), x) + d(a*d(u, y), y) + beta")
        constants = {"beta": self.parameters["beta"]}
        return Equation(("u",), axes, (balance,), (), constants, ("a",))

    @property
    def signature(self) -> Signature:
        at, edge = (
            ("nodes, boundary included", "nodes, zero on the boundary")
            if self.nodes == "endpoints"
            else ("cell centres", "cell centres")
        )
        a = Argument("a", "coefficient", "a", ("batch", "x", "y"), f"coefficient at the {at}")
        u = Result("u", "u", ("batch", "x", "y"), f"solution at the {edge}")
        return Signature("solver", (a,), (u,))

    def problem_text(self) -> str:
        return f"""Solve the steady Darcy flow equation

    -div(a(x, y) grad u(x, y)) = {self.parameters["beta"]:g},    (x, y) in (0, 1)^2,    u = 0 on the boundary.

{self._grid_text()} The solution is wanted at the same points."""

    def _grid_text(self) -> str:
        if self.nodes == "endpoints":
            return f"""The coefficient is given at the N x N nodes x_i = i/(N - 1), y_j = j/(N - 1), boundary included. It takes {self._values()}
in random patches and is constant on each node's control volume (the square of side 1/(N - 1) around the node, cut
at the boundary), so that it jumps midway between nodes.{" No two patches of one value touch at a corner alone." if self.joined else ""}"""
        return f"""The coefficient is given at the N x N cell centres x_i = (i + 1/2)/N, y_j = (j + 1/2)/N, none of which lies on the boundary: it is
half a cell away from the outermost ones. It takes {self._values()} in random patches and is constant on each cell."""

    def _values(self) -> str:
        """The coefficient's values in words, those of the file where there is one."""
        found = np.array([LOW, self.high]) if self._file is None else np.unique(self._file.arrays("dev")[0]["a"])
        if len(found) == 2:
            return f"the two values {found[0]:g} and {found[1]:g}"
        return f"values from {found[0]:g} to {found[-1]:g}"

    def initial_fields(self, rng: np.random.Generator, count: int, smooth: bool) -> Coefficients:
        """Gaussian fields N(0, (-Laplace + 9)^-2) with zero normal derivative, thresholded at 0.

        At the hard scale without their mean, so that neither material is rare. Else one in twenty is of one material throughout, and all such media
        have one answer; they are drawn again, after all others. What counts are the scored points, since a medium is constant on the volume of each:
        a patch that lies between them is in neither the samples nor the reference.
        """
        series = self._series(rng, count)
        if smooth:
            return SmoothCoefficients(series, self.high)
        fields, again = Coefficients(series, self.high, self.joined), np.arange(count)
        for _ in range(DRAWS):
            again = again[replace(fields, series=series[again]).of_one_material(self.scored_points(), self.nodes)]
            if not again.size:
                break
            series[again] = self._series(rng, again.size)
        return fields

    def _series(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """[count, modes, modes]."""
        number = np.arange(MODES)
        eigenvalues = np.pi**2 * (number[:, None] ** 2 + number[None, :] ** 2)
        weight = np.where(number[:, None] == 0, 1.0, np.sqrt(2.0)) * np.where(number[None, :] == 0, 1.0, np.sqrt(2.0))
        series = rng.standard_normal((count, MODES, MODES)) * weight / (eigenvalues + 9.0)
        if self.joined:
            series[:, 0, 0] = 0.0
        return series

    def inputs(self, fields: Coefficients, points: int) -> dict[str, np.ndarray | float]:
        return {"a": fields(points, self.nodes)}

    def reference(self, fields: Coefficients, points: int, level: int) -> Arrays:
        """Control volumes split k x k with Richardson's combination of two values of k.

        A smooth coefficient is a function instead, sampled on a grid finer than the nodes'.
        """
        if isinstance(fields, SmoothCoefficients):
            factor = 9 if level else 5  # odd, so that cell centres coincide
            centred = self.nodes == "cell_centres"
            fine = fields(points * factor if centred else (points - 1) * factor + 1, self.nodes)
            solved = np.stack([solve_split(a, 1, self.parameters["beta"], nodes=self.nodes) for a in fine])
            first = factor // 2 if centred else 0
            return {"u": solved[:, first::factor, first::factor]}
        return {"u": np.stack([self._extrapolated(a, level) for a in fields(points, self.nodes)])}

    def _extrapolated(self, a: np.ndarray, level: int) -> np.ndarray:
        fine, coarse = self._splits(a.shape[-1], level)
        beta = self.parameters["beta"]
        one, other = (solve_split(a, k, beta, nodes=self.nodes) for k in (fine, coarse))
        return one + (one - other) / ((fine / coarse) ** (ORDER_JOINED if self.joined else ORDER) - 1.0)

    def _splits(self, points: int, level: int) -> tuple[int, int]:
        if points > 200:
            return (5, 3) if level else (3, 1)
        return (9, 5) if level else (5, 3)

    def refinement_text(self) -> str:
        return (
            f"For the order the coefficient is a smooth function with values between {LOW:g} and {self.high:g}, given at the same "
            "kind of points."
        )

    def from_samples(self, inputs: Mapping[str, np.ndarray | float]) -> None:
        """The samples are all there is to know: what the trusted method reaches is the reference, to within its own error."""
        return None

    def trusted(self, inputs: Mapping[str, np.ndarray | float]) -> Arrays:
        """The coarser of the references: published ones are of second order on the nodes, far from either."""
        return {"u": np.stack([self._extrapolated(a, 0) for a in np.asarray(inputs["a"])])}

    def _key(self, name: str) -> str:
        return super()._key(name if self.nodes == "endpoints" else f"{name}-cells")

    def from_file(self, path: Path, part: hdf5.Part) -> tuple[dict[str, np.ndarray | float], Arrays]:
        a, u = hdf5.read_darcy(path, part)
        return {"a": a}, {"u": u}


ORDER = 1.5
"""Measured order of the scheme in the split: corners where four patches meet limit it below 2."""
ORDER_JOINED = 4.0 / 3.0
"""Without these corners, and at a high contrast: the solution is like r^(2/3) at those of a patch."""
