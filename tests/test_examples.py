"""The examples run as they stand."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import fieldsmith as fs
from command_line import run
from fieldsmith.tasks import load
from fieldsmith.tasks.check import examine

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.slow
def test_solving_from_python(tmp_path):
    ran = subprocess.run([sys.executable, EXAMPLES / "solve_burgers.py"], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "test nRMSE" in ran.stdout
    assert "a sine wave has decayed to 0.1" in ran.stdout or "a sine wave has decayed to 0.2" in ran.stdout


@pytest.mark.slow
def test_a_solver_in_codepdes_style_is_scored(tmp_path):
    words = ["evaluate", "advection", EXAMPLES / "upwind.py", "--sandbox", "process", "--split", "both", "--json"]
    ran = run(*words, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    result = json.loads(ran.stdout.splitlines()[-1])
    assert result["status"] == "ok"
    assert 0.5 < result["test"]["order"] < 1.2
    assert result["test"]["nrmse"] > 10 * result["test"]["trusted"]
    assert result["test"]["drift"] < 1e-5
    assert {"dev", "test", "certificate", "program", "parameters"} <= set(result)


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("kuramoto_sivashinsky", 35),
        pytest.param("gray_scott", 60, marks=pytest.mark.slow),
        ("kepler", 60),
        ("deconvolution", 60),
    ],
)
@pytest.mark.slow
def test_tasks_are_short_and_sound(name, most):
    file = EXAMPLES / "tasks" / f"{name}.py"
    assert sum(bool(line.strip()) for line in file.read_text().splitlines()) <= most
    found = list(examine(load(str(file))))
    assert [finding.fault for finding in found if finding.fault] == []
    assert found[-1].check == "residual"


@pytest.mark.slow
def test_kuramoto_sivashinsky_is_solved_by_the_built_in_author(tmp_path):
    done = fs.solve(
        str(EXAMPLES / "tasks" / "kuramoto_sivashinsky.py"), tmp_path / "run", candidates=2, sandbox="process"
    )
    assert done.best.test.nrmse < 1e-4
    assert done.record.best.pictures
