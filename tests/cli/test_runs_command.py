"""`fieldsmith runs`, `runs show` and `report` of runs that went well and of one that did not."""

import json
import os
import re
import shutil
import sqlite3
import sys
from pathlib import Path

import pytest

from command_line import run
from fieldsmith.cli.progress import used

pytestmark = pytest.mark.slow


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
    for words in ("done", "advection", "beta=0.1", "demo", "numerics", "best 1.532e-07", "1 candidate ", "$0.00"):
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


def test_runs_of_another_version_are_one_line_without_words_of_python(home, tmp_path):
    for name in ("new", "old", "older"):
        shutil.copytree(home / "good", tmp_path / "runs" / name)
    for name in ("old", "older"):
        with sqlite3.connect(tmp_path / "runs" / name / "run.sqlite") as database:
            (stored,) = database.execute("SELECT evaluation FROM candidates").fetchone()
            fields = json.loads(stored)
            del fields["dev"]["trusted"]
            database.execute("UPDATE candidates SET evaluation = ?", (json.dumps(fields),))
    done = fieldsmith(tmp_path, "runs")
    assert len(done.stdout.splitlines()) == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("2 runs cannot be read, `fieldsmith runs show` says of one why; the first:")
    assert line.endswith("run.sqlite holds what is not understood: the field 'trusted' is missing or unknown.")
    assert "Error" not in line
    assert "__init__" not in line
    shutil.rmtree(tmp_path / "runs" / "new")
    shutil.rmtree(tmp_path / "runs" / "older")
    alone = fieldsmith(tmp_path, "runs")
    assert alone.stdout == ""
    assert "Use the version of Fieldsmith that wrote it" in alone.stderr


def test_a_run_is_shown_with_figures_and_spend(home):
    shown = fieldsmith(home, "runs", "show", "good").stdout
    for words in (
        "test nRMSE",
        "geometric mean",
        "trusted",
        "reference error",
        "Spent: $0.00",
        "best/solver.py",
        "report.html",
    ):
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


@pytest.mark.parametrize(
    ("spend", "words"),
    [
        ((0, 0.0), "$0.00"),
        ((0, None), "price unknown"),
        ((1200, 0.5), "1,200 tokens, $0.50"),
        ((1200, None, True), "about 1,200 tokens (estimated), price unknown"),
        ((1200, 0.0012, True), "about 1,200 tokens (estimated), about $0.001"),
        ((0, None, False, True), "tokens unknown, price unknown"),
    ],
)
def test_what_was_spent_says_how_it_is_known(spend, words):
    assert used(*spend) == words
