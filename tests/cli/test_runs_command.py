"""`fieldsmith runs`, `runs show` and `report` of runs that went well and of one that did not."""

import json
import os
import re
import sys
from pathlib import Path

import pytest

from command_line import run


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with two runs in it: one of the built-in author, one of a program that knows no answer."""
    folder = tmp_path_factory.mktemp("home")
    solve = ("solve", "advection", "--sandbox", "process", "--quiet", "--candidates")
    assert fieldsmith(folder, *solve, "1", "--run-dir", "good").returncode == 0
    shrug = f"command:{sys.executable} -c \"print('Sorry, no idea.')\""
    assert fieldsmith(folder, *solve, "2", "--run-dir", "bad", "--model", shrug).returncode == 1
    return folder


def fieldsmith(folder, *words):
    environment = {**os.environ, "FIELDSMITH_HOME": str(folder / "home")}
    return run(*words, cwd=folder, env=environment)


def test_the_list_has_a_line_for_every_run_in_columns(home):
    good, bad = fieldsmith(home, "runs").stdout.splitlines()
    for words in ("done", "advection", "beta=0.1", "demo", "numerics", "best 2.912e-04", "1 candidate ", "$0.00"):
        assert words in good
    for words in ("best -", "2 candidates", "command:"):
        assert words in bad
    assert good.index("best") == bad.index("best")


def test_the_list_says_when_each_run_was_begun_and_can_be_narrowed(home):
    def listed(*words):
        return [Path(row["run"]).name for row in json.loads(fieldsmith(home, "runs", "--json", *words).stdout)["runs"]]

    assert listed() == listed("--task", "advection") == ["good", "bad"]
    assert listed("--state", "done", "--task", "advection") == ["good", "bad"]
    assert listed("--state", "interrupted") == []
    assert listed("--last", "1") == ["bad"]
    assert all(re.match(r"20\d\d-\d\d-\d\d \d\d:\d\d  ", line) for line in fieldsmith(home, "runs").stdout.splitlines())
    none = fieldsmith(home, "runs", "list", "--task", "burgers")
    assert (none.returncode, none.stdout) == (0, "None of the 2 runs of this machine is such a run.\n")


@pytest.mark.parametrize("words", [("--state", "lost"), ("--last", "0"), ("--last", "1", "show", "good")])
def test_a_wrong_choice_from_the_list_is_one_line(home, words):
    said = fieldsmith(home, "runs", *words)
    assert (said.returncode, said.stdout, said.stderr.count("\n")) == (2, "", 1)
    assert words[0] in said.stderr


def test_a_run_is_shown_with_figures_and_spend(home):
    shown = fieldsmith(home, "runs", "show", "good").stdout
    for words in ("test nRMSE", "floor", "reference error", "Spent: $0.00", "best/solver.py", "report.html"):
        assert words in shown


def test_a_run_that_failed_is_shown_with_its_reasons(home):
    shown = fieldsmith(home, "runs", "show", "bad").stdout
    assert "```python block" in shown
    assert "No program ran: 2 candidates failed" in shown


def test_figures_of_a_run_that_failed_are_missed_aloud(home):
    ran = fieldsmith(home, "report", "bad", "--figures", "plots")
    assert ran.returncode == 1
    assert ran.stderr.strip() == "No figure was drawn: no program of this run has ended well."
    assert (home / "bad" / "report.html").exists()
