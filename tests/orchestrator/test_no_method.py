"""An equation that the built-in author knows no method for: the run ends at once and says why."""

import json
import subprocess
from pathlib import Path

import pytest

import command_line
from plug_ins import distribution, with_plug_ins

PLANE = """
from dataclasses import replace
from fieldsmith.tasks import Axis, Balance
from fieldsmith.tasks.advection import Advection

class Plane(Advection):
    name, title = "plane", "Advection that spreads across"

    @property
    def equation(self):
        equation = super().equation
        rhs = "-beta*d(u, x) + d(u, y, y)"
        return replace(equation, axes=(*equation.axes, Axis("y", 0.0, 1.0)), balances=(Balance("u", rhs),))
"""
REASONS = (
    "the built-in author knows no method for this equation. "
    "There is more than one axis (spectral, splitting, finite volumes, method of lines). "
    "The equation is not steady (steady finite volumes). A model may know one: name it with --model."
)


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return command_line.run(*words, cwd=folder, env=with_plug_ins(folder))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("plane")
    return distribution(made, "plane-task", {"plane": PLANE}, {"fieldsmith.tasks": "plane = plane:Plane"})


@pytest.fixture(scope="module")
def solved(folder: Path) -> subprocess.CompletedProcess[str]:
    return run(folder, "solve", "plane", "--sandbox", "process", "--run-dir", "r")


@pytest.mark.slow
def test_the_run_ends_with_every_familys_reason(solved):
    assert solved.returncode == 1, solved.stderr
    assert solved.stderr.splitlines()[-1] == f"fieldsmith: No candidate ran. Ended: {REASONS}"
    assert "No candidate ran." in solved.stdout
    assert "missing_function" not in solved.stderr + solved.stdout


@pytest.mark.slow
def test_everything_that_reads_the_run_says_the_same(folder, solved):
    shown = json.loads(run(folder, "runs", "show", "r", "--json").stdout)
    assert shown["state"] == "done"
    assert shown["candidates"] == 0
    assert shown["message"] == f"Ended: {REASONS}"
    assert REASONS in run(folder, "runs", "show", "r").stdout
    assert json.loads((folder / "r" / "result.json").read_text())["message"] == f"Ended: {REASONS}"
    assert REASONS in (folder / "r" / "report.html").read_text()


@pytest.mark.slow
def test_the_same_command_says_it_again(folder, solved):
    again = run(folder, "solve", "plane", "--sandbox", "process", "--run-dir", "r", "--json")
    assert again.returncode == 1
    assert again.stderr.splitlines()[-1] == solved.stderr.splitlines()[-1]
    *events, last = map(json.loads, again.stdout.splitlines())
    assert [event["event"] for event in events] == ["begin", "start", "withdrawn"]
    assert events[1]["candidate"] == events[2]["candidate"]
    assert (events[2]["reason"], events[2]["why"]) == ("no_more_ideas", REASONS.removesuffix("."))
    assert last["event"] == "result"
    assert last["best"] is None
    assert last["message"] == f"Ended: {REASONS}"
