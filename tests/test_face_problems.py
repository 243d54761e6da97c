"""Problems of one's own from Python."""

import tomllib

import numpy as np
import pytest

import fieldsmith as fs
from fieldsmith.boxes import methods
from fieldsmith.errors import InputError
from small_box_methods import HEAT, PROGRAM, Sines


@pytest.fixture(autouse=True)
def _sines(monkeypatch):
    monkeypatch.setattr(methods, "families", lambda: (Sines(),))


@pytest.mark.slow
def test_a_problem_that_was_made_in_python_is_solved_and_its_run_opens_again(tmp_path):
    problem = fs.Problem(**tomllib.loads(HEAT))
    run = problem.solve(tmp_path / "r", sandbox="process", quiet=True)
    assert run.best.test.nrmse < 1e-12
    x = np.linspace(0.0, 1.0, 7)
    frames = run.best.solver(np.sin(np.pi * x), x, [0.0, 0.1], 1.0)
    assert frames.shape == (2, 7) or frames.shape == (1, 2, 7)
    opened = fs.open_run(tmp_path / "r")
    assert opened.task.fingerprint == run.record.asked.fingerprint
    (tmp_path / "r").rename(tmp_path / "moved")
    assert fs.open_run(tmp_path / "moved").task.fingerprint == run.record.asked.fingerprint
    assert fs.solve(problem, tmp_path / "moved", sandbox="process", quiet=True).best.test.nrmse < 1e-12
    other = fs.Problem(**{**tomllib.loads(HEAT), "title": "Another"})
    with pytest.raises(InputError, match="directory of another run"):
        fs.solve(other, tmp_path / "moved", sandbox="process", quiet=True)


@pytest.mark.slow
def test_a_program_is_scored_on_a_problem_and_on_a_file(tmp_path):
    (tmp_path / "heat.toml").write_text(HEAT)
    problem = fs.Problem.from_toml(tmp_path / "heat.toml")
    for task in (problem, str(tmp_path / "heat.toml"), fs.task(str(tmp_path / "heat.toml"), D=0.7)):
        found = fs.evaluate(task, PROGRAM.format(modes=16), sandbox="process")
        assert found.test is not None
        assert found.test.nrmse < 1e-12
