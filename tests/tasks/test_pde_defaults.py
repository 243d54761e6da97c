"""What a PDE task need not say, the grid it lies on, and what its fingerprint knows."""

import numpy as np
import pytest

from fieldsmith.equations.equation import Axis, Balance, Boundary, Equation
from fieldsmith.errors import InputError
from fieldsmith.tasks import load
from fieldsmith.tasks.pde import PDETask
from fieldsmith.tasks.periodic import Box, PeriodicTask
from fieldsmith.tasks.random_fields import random_fields
from fieldsmith.tasks.task import Parameter


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path))


class Decay(PDETask):
    """An ordinary differential equation: no axis."""

    name, title = "decay", "Decay"
    sizes = {"dev": 2, "test": 2, "time": 5}  # noqa: RUF012
    span = (0.0, 1.0)
    equation = Equation(("u",), (), (Balance("u", "-u"),))

    def reference(self, fields, points, level):
        return {"u": np.asarray(self.inputs(fields, points)["u0"])[:, None] * np.exp(-self.times())}


class Damping(Decay):
    """With parameters that are known."""

    name = "damping"
    known_parameters = {"A": Parameter(1.0, 0.0, 2.0, "rate"), "B": Parameter(1.0, 0.0, 2.0, "shift")}  # noqa: RUF012
    meanings = {"B": "what it decays to"}  # noqa: RUF012
    equation = Equation(("u",), (), (Balance("u", "A*(B - u)"),), parameters=("A", "B"))


class Halved(Damping):
    """The function receives another number than the person gave."""

    name = "halved"

    def argument_values(self):
        return {name: 0.5 * value for name, value in self.parameters.items()}


WALL = Boundary("dirichlet", "0")


class Plate(PDETask):
    """Steady, with walls, on a grid that is not square."""

    name, title = "plate", "A plate"
    sizes = {"x": 33, "y": 17}  # noqa: RUF012
    axes = tuple(Axis(name, 0.0, 1.0, "endpoints", WALL, WALL) for name in ("x", "y"))
    equation = Equation(("u",), axes, (Balance("", "d(a*d(u, x), x) + d(u, y, y) + 1"),), coefficients=("a",))

    def reference(self, fields, points, level):
        return {"u": np.asarray(self.inputs(fields, points)["a"])}


class Drift(PeriodicTask):
    """Transport in two dimensions, exact in Fourier space."""

    name, title = "drift", "Drift"
    sizes = {"dev": 2, "test": 2, "time": 3, "x": 16, "y": 12}  # noqa: RUF012
    span = (0.0, 0.5)
    nodes = "cell_centres"

    @property
    def equation(self):
        axes = (Axis("x", 0.0, 2.0, self.nodes), Axis("y", -1.0, 0.0, self.nodes))
        return Equation(("u",), axes, (Balance("u", "-d(u, x) - 2*d(u, y)"),))

    def linear(self, box: Box) -> np.ndarray:
        return -1j * box.k[0] - 2j * box.k[1]

    def nonlinear(self, box: Box, u: np.ndarray) -> np.ndarray:
        return 0.0 * box.spectrum(u)


def test_an_equation_without_axes_is_a_task() -> None:
    task = Decay()
    case = task.split("dev")[0]
    assert case.reference["u"].shape == (2, 5)
    assert case.resolution == 0
    assert task.refinement() == ()
    assert "d(u)/dt = -u" in task.brief().statement


def test_the_stub_says_of_parameters_what_is_known_of_them() -> None:
    stub = Damping().brief().stub
    assert "A: float, rate\n" in stub
    assert "B: float, what it decays to\n" in stub
    assert "A: float, parameter\n" in Halved().brief().stub


def test_resolution_is_that_of_the_first_axis_where_the_grid_is_not_square() -> None:
    task = Plate()
    assert task.split("dev")[0].reference["u"].shape == (8, 33, 17)
    assert task.split("dev")[0].resolution == 32
    assert [case.resolution for case in task.refinement()] == [8, 16, 32]
    assert [case.reference["u"].shape[1:] for case in task.refinement()] == [(9, 5), (17, 9), (33, 17)]


@pytest.mark.parametrize("nodes", ["cell_centres", "left_edges"])
def test_the_periodic_evolution_moves_a_field_in_two_dimensions(nodes, monkeypatch) -> None:
    monkeypatch.setattr(Drift, "nodes", nodes)
    task = Drift()
    fields = random_fields(np.random.default_rng(3), 2, 1, 2, highest=3)
    u = task.reference(fields, 16, 1)["u"]
    x, y = task.coordinates(16)
    exact = fields((x - 0.25) / 2.0, (y + 1.0 - 0.5) / 1.0)[0]
    assert np.abs(u[:, 1] - exact).max() < 1e-10
    again = task.from_samples(task.inputs(fields, 16))
    assert again is not None
    assert np.abs(again["u"] - u).max() < 1e-10


def test_files_and_scales_that_a_task_does_not_have_are_named(tmp_path) -> None:
    file = tmp_path / "x.h5"
    file.write_bytes(b"")
    with pytest.raises(InputError, match="decay has no published files"):
        Decay({}, "demo", file).examine()
    assert Decay.scales() == ("demo",)
    with pytest.raises(InputError, match=r"burgers has no scale 'huge'\. Use demo, paper or hard"):
        load("burgers", scale="huge")


def test_a_size_that_is_missing_is_named(monkeypatch) -> None:
    monkeypatch.setattr(Plate, "sizes", {"x": 33})
    with pytest.raises(InputError, match=r"The task plate has no size for y"):
        Plate().split("dev")


def test_sizes_and_span_are_in_the_fingerprint(monkeypatch) -> None:
    before = Decay().fingerprint
    assert Decay().fingerprint == before
    monkeypatch.setattr(Decay, "sizes", {"dev": 2, "test": 2, "time": 6})
    longer = Decay().fingerprint
    monkeypatch.setattr(Decay, "span", (0.0, 2.0))
    assert len({before, longer, Decay().fingerprint}) == 3
    assert Decay().split("dev")[0].reference["u"].shape == (2, 6)
