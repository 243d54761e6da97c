"""What a problem file claims to stay is watched in the answers of programs."""

from pathlib import Path

import numpy as np
import pytest

from fieldsmith.evaluation.conservation import drift
from fieldsmith.problems import Problem
from fieldsmith.tasks.own.problem_task import ProblemTask

EXAMPLES = Path(__file__).parents[2] / "examples" / "problems"
LINE = np.linspace(-1, 1, 64, endpoint=False)
CLOCK = np.linspace(0, 1, 5)[:, None]
WAVE = Problem(
    ["I*p_t = -p_xx"], {"x": (-1, 1), "t": (0, 1)}, unknowns={"p": {"complex": True}}, boundary={"x": "periodic"},
    initial={"p": "exp(I*pi*x)*(2 + cos(pi*x))"}, output={"points": 64, "times": 5},
    conserved={"probability": "abs(p)**2", "momentum": "im(conj(p)*p_x)"},
)  # fmt: skip


def test_claimed_totals_of_an_exact_answer_stay_and_those_of_a_damped_one_drift():
    task = ProblemTask.from_file(str(EXAMPLES / "soliton.toml"))
    case = task.split("test")[0]
    assert set(task.conserved(case.reference)) == {"mass", "momentum", "energy"}
    assert drift(task, task.signature, case.reference, case.reference) == pytest.approx(0, abs=1e-9)
    name, values = next(iter(case.reference.items()))
    damped = values * np.linspace(1, 0.9, values.shape[1])[None, :, None]
    lost = drift(task, task.signature, {name: damped}, case.reference)
    assert lost is not None
    assert lost > 0.05


def test_totals_of_complex_waves_are_taken_with_their_derivatives():
    waves = {0: 0.5, 1: 2.0, 2: 0.5}  # of exp(I*pi*k*x), each turning at (pi*k)**2
    p = np.sum([a * np.exp(1j * (np.pi * k * LINE - (np.pi * k) ** 2 * CLOCK)) for k, a in waves.items()], axis=0)
    found = ProblemTask(WAVE).conserved({"p_real": p.real[None], "p_imag": p.imag[None]})
    assert set(found) == {"probability", "momentum"}
    for total in found.values():
        assert total.shape == (1, 5)
        assert total == pytest.approx(np.ones((1, 5)), rel=1e-6)


def test_what_an_answer_does_not_show_is_left_out():
    drum = ProblemTask.from_file(str(EXAMPLES / "drum.toml"))
    assert drum.problem.conserved
    case = drum.split("test")[0]
    assert dict(drum.conserved(case.reference)) == {}  # its energy has the rate u_t
