"""The Darcy solver against a series solution; its coefficients and control volumes."""

from itertools import pairwise
from typing import ClassVar

import numpy as np
import pytest

from fieldsmith.tasks import load
from fieldsmith.tasks.darcy import Coefficients, Darcy
from fieldsmith.tasks.pde import seeded
from fieldsmith.tasks.poisson import solve_split, split_volumes


def darcy(beta: float = 1.0) -> Darcy:
    made = load("darcy", {"beta": beta})
    assert isinstance(made, Darcy)
    return made


def series_solution(x: np.ndarray) -> np.ndarray:
    """-Laplace u = 1 on the unit square, u = 0 on its boundary: parabola minus cosh terms, at the nodes x."""
    u = np.broadcast_to(0.5 * x * (1 - x), (x.size, x.size)).copy()
    y = x[:, None] - 0.5
    for n in range(1, 400, 2):
        k = n * np.pi
        decay = np.exp(k * (np.abs(y) - 0.5)) * (1 + np.exp(-2 * k * np.abs(y))) / (1 + np.exp(-k))
        u -= 4 / k**3 * np.sin(k * x[None, :]) * decay
    return u


@pytest.mark.parametrize("value", [1.0, 12.0])
def test_a_uniform_medium_converges_with_second_order_to_the_series(value: float) -> None:
    x = np.linspace(0, 1, 17)
    exact = series_solution(x) * 5.0 / value
    errors = [np.abs(solve_split(np.full((17, 17), value), k, 5.0) - exact).max() / exact.max() for k in (1, 3, 9)]
    assert errors[2] < 1e-4
    for coarse, fine in pairwise(errors):
        assert 1.8 < np.log(coarse / fine) / np.log(3) < 2.2


def test_every_point_of_the_split_belongs_to_its_nearest_node() -> None:
    a = np.random.default_rng(0).uniform(1, 2, (6, 6))
    for k in (3, 5):
        fine = split_volumes(a, k)
        nearest = np.rint(np.arange(5 * k + 1) / k).astype(int)
        assert (fine == a[nearest[:, None], nearest[None, :]]).all()
        assert (fine[::k, ::k] == a).all()


def test_the_solution_turns_with_its_medium_and_scales_with_its_forcing() -> None:
    task = darcy()
    a = task.initial_fields(np.random.default_rng(1), 1, smooth=False)(22)[0]
    u = solve_split(a, 3, 1.0)
    assert np.abs(solve_split(a.T, 3, 1.0).T - u).max() < 1e-8 * u.max()
    assert np.abs(solve_split(a[::-1], 3, 1.0)[::-1] - u).max() < 1e-8 * u.max()
    assert np.abs(solve_split(a, 3, 7.0) - 7.0 * u).max() < 1e-8 * u.max() * 7.0


def test_coefficients_have_two_values_and_agree_across_grids() -> None:
    fields = darcy().initial_fields(np.random.default_rng(2), 6, smooth=False)
    fine, coarse = fields(85), fields(43)
    assert set(np.unique(fine)) == {3.0, 12.0}
    assert (fine[:, ::2, ::2] == coarse).all()


def drawn(rng: np.random.Generator, count: int) -> np.ndarray:
    """Cosine series of N(0, (-Laplace + 9)^-2), [count, 128, 128], as they first come."""
    k = np.arange(128)
    twice = np.where(k == 0, 1.0, np.sqrt(2.0))
    spectrum = np.pi**2 * (k[:, None] ** 2 + k[None, :] ** 2) + 9.0
    return rng.standard_normal((count, 128, 128)) * (twice[:, None] * twice[None, :]) / spectrum


def uniform(a: np.ndarray) -> np.ndarray:
    """Samples [batch, n, n] that hold one value."""
    return np.flatnonzero(a.min(axis=(1, 2)) == a.max(axis=(1, 2)))


@pytest.mark.parametrize(("scale", "split", "again"), [("paper", "dev", [30, 34]), ("demo", "test", [])])
def test_a_medium_of_one_material_is_drawn_again_and_no_other(scale: str, split: str, again: list[int]) -> None:
    task = load("darcy", scale=scale)
    assert isinstance(task, Darcy)
    count, points = task.size_of(split), task.scored_points()
    first = drawn(seeded(task, split), count)
    assert uniform(Coefficients(first, task.high)(points)).tolist() == again
    fields = task.initial_fields(seeded(task, split), count, smooth=False)
    assert not uniform(fields(points)).size
    assert np.flatnonzero((fields.series != first).any(axis=(1, 2))).tolist() == again


def test_media_to_learn_from_hold_both_materials_too() -> None:
    """Of the first 300 of this stream 24 would not, nor would three of those that are drawn in their place."""
    fields = darcy().initial_fields(np.random.default_rng(11), 300, smooth=False)
    first = Coefficients(drawn(np.random.default_rng(11), 300), 12.0)
    assert uniform(first(85)).size == 24
    assert not uniform(fields(85)).size


def test_without_a_contrast_or_with_one_point_drawing_comes_to_an_end() -> None:
    """At a contrast of 1 every medium has one value, whatever its patches; on a single point there is nothing else."""
    flat = load("darcy", {"contrast": 1.0})
    assert isinstance(flat, Darcy)
    same = flat.initial_fields(np.random.default_rng(2), 6, smooth=False)
    assert (same.series == darcy().initial_fields(np.random.default_rng(2), 6, smooth=False).series).all()
    assert OnePoint({}).initial_fields(np.random.default_rng(2), 2, smooth=False)(1).shape == (2, 1, 1)


class OnePoint(Darcy):
    name = "one-point"
    sizes_by_scale: ClassVar = {"demo": {"dev": 2, "test": 2, "x": 1, "y": 1}}


@pytest.mark.slow
def test_the_refinement_data_is_smooth_and_belongs_to_one_medium(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path))
    cases = darcy().refinement()
    assert [case.resolution for case in cases] == [21, 42, 84]
    fine, middle = cases[-1], cases[-2]
    assert np.allclose(np.asarray(fine.inputs["a"])[:, ::2, ::2], middle.inputs["a"], rtol=1e-13)
    assert np.abs(fine.reference["u"][:, ::2, ::2] - middle.reference["u"]).max() < 1e-4 * fine.reference["u"].max()
    assert max(case.reference_error for case in cases) < 1e-3


@pytest.mark.parametrize("value", [1.0, 12.0])
def test_cell_centres_converge_with_second_order_to_the_series(value: float) -> None:
    exact = series_solution((np.arange(16) + 0.5) / 16) * 5.0 / value
    solved = [solve_split(np.full((16, 16), value), k, 5.0, nodes="cell_centres") for k in (1, 3, 9)]
    errors = [np.abs(u - exact).max() / exact.max() for u in solved]
    assert errors[2] < 1e-4
    for coarse, fine in pairwise(errors):
        assert 1.8 < np.log(coarse / fine) / np.log(3) < 2.2


def test_a_medium_on_cells_is_that_of_nodes_on_a_grid_that_holds_both() -> None:
    """The same medium, once by cells and once by fine nodes whose volumes are off by half a spacing at the interfaces."""
    a = np.random.default_rng(4).choice([3.0, 12.0], (6, 6))
    cells = solve_split(a, 27, 1.0, nodes="cell_centres")
    n = 6 * 26 + 1  # nodes of spacing 1/156: thirteen intervals reach from an edge of a cell to its centre
    owner = np.minimum((np.arange(n) * 6) // (n - 1), 5)
    nodes = solve_split(a[owner[:, None], owner[None, :]], 3, 1.0)
    assert np.linalg.norm(nodes[13::26, 13::26] - cells) < 0.03 * np.linalg.norm(cells)
