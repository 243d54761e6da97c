"""References by two methods: what they are off by is what is stated, and what goes wrong is said. The methods are toys for heat."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from toy_methods import DIFFERENCES, ENDLESS, EXPLICIT, GREEDY, RAISING, READ, SINES, Toy

from fieldsmith.boxes import methods, running
from fieldsmith.boxes.climbing import distance
from fieldsmith.boxes.form import Form
from fieldsmith.boxes.reference import Reference, trusted
from fieldsmith.boxes.samples import arguments, closer, drawn, picked
from fieldsmith.problems import Problem

WAVES = "sin(pi*x) + 0.5*sin(3*pi*x)"
HEAT = Problem(
    ["u_t = D*u_xx"], domain={"x": (0, 1), "t": (0, 0.1)}, parameters={"D": 0.5}, boundary={"x": "u = 0"},
    initial={"u": WAVES}, output={"points": 33, "times": 5},
)  # fmt: skip
DRAWN = Problem(
    ["u_t = D*u_xx"], domain={"x": (0, 1), "t": (0, 0.02)}, parameters={"D": 0.5}, boundary={"x": "u = 0"},
    initial={"u": {"family": "gaussian", "length": 0.1}}, output={"points": 9, "times": 3},
)  # fmt: skip


@pytest.fixture
def with_families(monkeypatch):
    def given(*families: Toy) -> None:
        monkeypatch.setattr(methods, "families", lambda: families)

    return given


def solved(
    problem: Problem = HEAT, accuracy: float = 1e-3, seconds: float = 60.0, seeds=(0,), sampled: bool = False
) -> Reference:
    form, draw = Form(problem), drawn(problem, seeds)
    return trusted(form, arguments(form, draw), accuracy, seconds, draw if sampled else None)


def exact_heat() -> dict[str, np.ndarray]:
    x, t = np.linspace(0, 1, 33), np.linspace(0, 0.1, 5)[:, None]
    fade = 0.5 * np.pi**2 * t
    return {"u": (np.exp(-fade) * np.sin(np.pi * x) + 0.5 * np.exp(-9 * fade) * np.sin(3 * np.pi * x))[None]}


def true_error(found: Reference) -> float:
    return float(distance(Form(HEAT), exact_heat(), found.values).max())


SPECTRAL = Toy("sines", "spectral", SINES, 2.0)
SECOND = Toy("second", "differences", DIFFERENCES, points=(8, 16, 32, 64, 128))


@pytest.mark.slow
def test_the_error_of_two_methods_that_agree_is_stated_and_bounds_the_true_one(with_families):
    with_families(SPECTRAL, SECOND)
    found = solved()
    assert [name.split()[0] for name in found.methods] == ["sines", "second"]
    assert "agree to" in found.words
    assert true_error(found) < 1e-10
    assert 1e-6 < found.error <= 3e-4  # a tenth of the accuracy is what the second was refined to


@pytest.mark.parametrize("accuracy", [1e-2, 1e-3])
@pytest.mark.slow
def test_refinement_alone_states_a_little_more_than_the_true_error_of_a_method_of_second_order(with_families, accuracy):
    with_families(SECOND)
    found = solved(accuracy=accuracy)
    assert "alone" in found.words
    assert found.methods == (found.climbs[0].name,)
    assert true_error(found) < found.error < 4 * true_error(found)
    assert found.error <= accuracy


@pytest.mark.slow
def test_of_a_call_that_several_share_each_is_told_its_own_error(with_families):
    """What is said of a view is what a call of its own would be told: the methods stop at the same level."""
    with_families(SPECTRAL, SECOND)
    form = Form(HEAT)
    x, t = np.linspace(0, 1, 33), np.linspace(0, 0.1, 5)
    every, late = {"x": np.arange(33), "time": np.arange(5)}, {"x": np.arange(0, 33, 4), "time": np.array([0, 4])}
    given = arguments(form, drawn(HEAT, (0,)), {"x": x}, t)
    shared = trusted(form, given, 1e-3, 60.0, views=(every, late))
    assert shared.errors is not None
    assert shared.errors.shape == (2, 1)
    own = arguments(form, drawn(HEAT, (0,)), {"x": x[::4]}, t[[0, 4]])
    alone = [trusted(form, one, 1e-3, 60.0) for one in (given, own)]
    np.testing.assert_allclose(shared.errors[:, 0], [one.error for one in alone], rtol=1e-6)
    assert shared.errors[0, 0] != pytest.approx(shared.errors[1, 0], rel=0.1)
    np.testing.assert_allclose(picked(form, shared.values, late)["u"], alone[1].values["u"], atol=1e-12)


@pytest.mark.slow
def test_two_of_one_principle_are_one(with_families):
    with_families(SECOND, Toy("another", "differences", DIFFERENCES, 0.5))
    assert len(solved().climbs) == 1


def test_a_wrong_method_is_told_by_the_other(with_families):
    with_families(SPECTRAL, Toy("wrong", "volumes", SINES, diffusivity=0.55))
    found = solved()
    assert "disagree by" in found.words
    assert 0.02 < found.error < 0.2


@pytest.mark.slow
def test_a_third_method_decides_between_two_that_disagree(with_families):
    with_families(SPECTRAL, Toy("wrong", "volumes", SINES, 1.5, diffusivity=0.55), SECOND)
    found = solved()
    assert [name.split()[0] for name in found.methods] == ["sines", "second"]
    assert found.error < 1e-3
    assert "wrong (16 points) is" in found.words


@pytest.mark.slow
def test_a_method_that_blows_up_gives_way(with_families):
    with_families(Toy("explicit", "volumes", EXPLICIT, 3.0), SPECTRAL, SECOND)
    found = solved()
    assert len(found.methods) == 2
    assert "explicit returns values of u that are not finite" in found.words


@pytest.mark.slow
def test_nothing_is_trusted_where_nothing_works(with_families):
    with_families(Toy("explicit", "volumes", EXPLICIT), Toy("raising", "spectral", RAISING))
    found = solved()
    assert (found.values, found.error, found.errors, found.methods) == ({}, None, None, ())
    assert "not finite" in found.words
    assert "raising raises ValueError: it is of no use" in found.words


def test_nothing_is_trusted_where_no_method_suits(with_families):
    with_families(Toy("none", "spectral", SINES, 0.0))
    found = solved()
    assert found.error is None
    assert found.words == "none takes no heat"


@pytest.mark.slow
def test_levels_that_do_not_come_closer_are_no_reference(with_families):
    with_families(Toy("restless", "spectral", "\n    return np.full((1, 5, 33), float(POINTS))\n"))
    found = solved()
    assert found.error is None
    assert "restless (64 points) changes by 5.0e-01 between its last two levels" in found.words


@pytest.mark.slow
def test_a_method_without_end_is_stopped_by_its_time_and_the_other_stands(with_families):
    with_families(Toy("endless", "spectral", ENDLESS, 3.0), SECOND)
    found = solved(seconds=12.0)
    assert "endless takes longer than its time" in found.words
    assert found.methods[0].startswith("second")
    assert 6 <= found.seconds < 13


@pytest.mark.slow
def test_a_method_without_bounds_is_stopped_by_its_memory(with_families):
    with_families(Toy("greedy", "spectral", GREEDY), SECOND)
    found = solved()
    assert "greedy needs more than 4096 MB of memory" in found.words
    assert found.error is not None


@pytest.mark.slow
def test_results_of_the_wrong_shape_are_told(with_families):
    with_families(Toy("flat", "spectral", "\n    return start\n"))
    assert "returns u of shape (1, 65) for (1, 5, 33)" in solved().words


@pytest.mark.slow
def test_the_same_call_gives_the_same_reference(with_families):
    with_families(SPECTRAL, SECOND)
    one, other = solved(), solved()
    np.testing.assert_array_equal(one.values["u"], other.values["u"])
    np.testing.assert_array_equal(one.errors, other.errors)


@pytest.mark.slow
def test_what_is_drawn_is_sampled_closer_than_asked(with_families):
    """On the asked points alone, of which nine hold what changes over a tenth, the samples would be the error."""
    with_families(
        Toy("sines", "spectral", SINES, 2.0, start=READ, points=(32, 64, 128)),
        Toy("second", "differences", DIFFERENCES, start=READ, points=(32, 64, 128, 256)),
    )
    found = solved(DRAWN, 1e-2, seeds=(1, 2, 3), sampled=True)
    x, waves = np.linspace(0, 1, 2049), np.arange(1, 200)
    asked, t = np.linspace(0, 1, 9), np.linspace(0, 0.02, 3)
    truth = []
    for seed in (1, 2, 3):
        weights = DRAWN.field("u", {"x": x}, seed)[1:-1] @ np.sin(np.pi * np.outer(x[1:-1], waves)) / 1024
        fade = np.exp(-0.5 * np.outer(t, (np.pi * waves) ** 2))
        truth.append((weights * fade) @ np.sin(np.pi * np.outer(waves, asked)))
    off = distance(Form(DRAWN), {"u": np.array(truth)}, found.values)
    assert found.errors.shape == off.shape == (3,)
    assert (off < 3 * found.errors).all()
    assert off.max() < 1e-2
    coarse = solved(DRAWN, 1e-2, seeds=(1, 2, 3))
    assert coarse.words.endswith("What is drawn is known at the asked points alone.")
    assert distance(Form(DRAWN), {"u": np.array(truth)}, coarse.values).max() > 5 * off.max()


@pytest.mark.parametrize("periodic", [True, False])
def test_closer_points_hold_the_asked_ones(periodic):
    problem = Problem(
        ["u_t = u_xx"], domain={"x": (0, 2), "t": (0, 1)}, boundary={"x": "periodic" if periodic else "u = 0"},
        initial={"u": {"family": "fourier"}},
    )  # fmt: skip
    form, draw = Form(problem), drawn(problem, (4,))
    asked = np.array([0.1, 0.5, 0.7, 1.2])
    found, picks = closer(form, arguments(form, draw, {"x": asked}), draw, 4)
    points = found["x"]
    np.testing.assert_allclose(points[picks["x"]], asked)
    assert (np.diff(points) > 0).all()
    assert points[0] >= 0
    assert points[-1] < 2 if periodic else points[-1] == 2
    assert len(points) == (16 if periodic else 21)
    np.testing.assert_allclose(found["u0"][0, picks["x"]], problem.field("u", {"x": asked}, 4))


@pytest.mark.slow
def test_a_program_ends_with_the_process_that_started_it(tmp_path):
    """Killed, not asked: nothing is left that goes on computing."""
    script = textwrap.dedent(f"""
        from pathlib import Path
        from fieldsmith.boxes import running
        from fieldsmith.boxes.form import Form
        from fieldsmith.boxes.samples import arguments, drawn
        from fieldsmith.problems import Problem
        problem = Problem(["u_t = u_xx"], domain={{"x": (0, 1), "t": (0, 1)}}, boundary={{"x": "u = 0"}}, initial={{"u": "x*(1 - x)"}})
        form = Form(problem)
        text = "import os\\ndef solver(u0, x, t):\\n    open({str(tmp_path / "pid")!r}, 'w').write(str(os.getpid()))\\n    while True: pass"
        running.run(text, form, arguments(form, drawn(problem, (0,))), 60)
    """)
    parent = subprocess.Popen([sys.executable, "-c", script])
    try:
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            assert parent.poll() is None
            time.sleep(0.05)
    finally:
        parent.kill()
        parent.wait()
    child = int((tmp_path / "pid").read_text())
    for _ in range(200):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        if (_state(child)) == "Z":
            return
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    pytest.fail("the program goes on")


def _state(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


def test_steady_problems_without_samples_have_no_batch():
    problem = Problem(["u_xx = -2"], domain={"x": (0, 1)}, boundary={"x": "u = 0"}, output={"points": 5})
    form = Form(problem)
    text = "def solver(x):\n    return x*(1 - x)"
    outcome = running.run(text, form, arguments(form, drawn(problem, (0,))), 10)
    assert outcome.values is not None
    assert distance(form, outcome.values, {"u": 0 * outcome.values["u"]}).shape == (1,)
