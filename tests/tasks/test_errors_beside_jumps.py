"""The error away from jumps: which points lie beside one, and what a reference and an answer are off by at the others."""

import numpy as np
import pytest

from fieldsmith.boxes.form import Form
from fieldsmith.problems import Problem
from fieldsmith.tasks.own.jumps import Away, away, beside_jumps


def carried(start: str, *, points: int = 200, ends: str = "periodic") -> Form:
    """Transport by 0.1 over 0 < x < 1, seen at two times."""
    stated = {"boundary": {"x": ends}, "initial": {"u": start}, "output": {"points": points, "times": 2}}
    return Form(Problem(["u_t + u_x = 0"], {"x": (0, 1), "t": (0, 0.1)}, **stated))


FORM = carried("where(x < 0.5, 1, 0)")
PLACES = np.arange(200) / 200


def result(*frames: np.ndarray) -> dict[str, np.ndarray]:
    return {FORM.results[0].name: np.stack(frames)[None]}


def step(at: float, smeared: int = 0) -> np.ndarray:
    """1 before a place and 0 behind it, a line over so many intervals between; it jumps where the axis closes, too."""
    return np.clip((at - PLACES) * 200 / max(smeared, 1), 0, 1) if smeared else (at > PLACES).astype(float)


def test_points_beside_a_jump_are_three_on_either_side_and_at_the_close_of_a_period():
    beside = beside_jumps(FORM, result(step(0.5), step(0.6)))
    assert beside is not None
    assert np.flatnonzero(beside[0, 0]).tolist() == [0, 1, 2, 97, 98, 99, 100, 101, 102, 197, 198, 199]
    assert np.flatnonzero(beside[0, 1]).tolist() == [0, 1, 2, 117, 118, 119, 120, 121, 122, 197, 198, 199]


@pytest.mark.parametrize("field", [np.sin(2 * np.pi * PLACES), np.exp(-((PLACES - 0.5) ** 2) / 0.001), np.ones(200)])
def test_what_the_points_resolve_is_no_jump(field):
    assert beside_jumps(FORM, result(field, field)) is None


def test_an_error_of_where_a_jump_lies_is_told_from_one_elsewhere():
    exact = result(step(0.5), step(0.6))
    other = result(step(0.5), step(0.605) + 0.01 * np.sin(2 * np.pi * PLACES) * (PLACES < 0.4))
    found = away(FORM, exact, other)
    assert isinstance(found, Away)
    assert found.share == pytest.approx(24 / 400)
    beside = beside_jumps(FORM, exact)
    assert beside is not None
    values, away_from = exact["u"][0], ~beside[0]
    wanted = np.linalg.norm((other["u"][0] - values)[away_from]) / np.linalg.norm(values[away_from])
    assert found.errors == pytest.approx([wanted])
    assert wanted < 0.1 * np.linalg.norm(other["u"] - exact["u"]) / np.linalg.norm(exact["u"])


def test_a_problem_that_stays_smooth_has_no_jumps_however_few_its_points():
    form = carried("sin(2*pi*x)", points=20)
    few = {form.results[0].name: np.repeat(np.where(np.arange(20) < 10, 1.0, 0.0)[None, None], 2, axis=1)}
    assert away(form, few, few) is None


def test_jumps_everywhere_are_told_apart_nowhere():
    noise = np.sign(np.sin(1e4 * PLACES))
    assert beside_jumps(FORM, result(noise, noise)) is None
