"""`fieldsmith runs verify`: what a run tells holds, and a figure that was changed by hand is named."""

import json
import os
import shutil
import sqlite3

import pytest

from command_line import run as command

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with a benchmark of one cell, whose run it is."""
    folder = tmp_path_factory.mktemp("verify")
    suite = 'title = "One"\nbaselines = false\n[options]\ncandidates = 1\nsandbox = "process"\n'
    (folder / "one.toml").write_text(suite + '[[tasks]]\ntask = "advection"\n[[authors]]\nname = "built-in"\n')
    done = fieldsmith(folder, "bench", "one.toml", "--out", "grid", "--quiet")
    assert done.returncode == 0, done.stderr
    return folder


def fieldsmith(folder, *words):
    return command(*words, cwd=folder, env={**os.environ, "FIELDSMITH_HOME": str(folder / "home")})


def verified(home, place, *words):
    return fieldsmith(home, "runs", "verify", str(place), "--sandbox", "process", *words)


def copied(home, tmp_path):
    """The benchmark, to be tampered with, and its one run."""
    grid = shutil.copytree(home / "grid", tmp_path / "grid")
    (run,) = (grid / "cells").iterdir()
    return grid, run


def test_what_was_not_touched_holds_and_is_scored_again(home):
    said = verified(home, "grid")
    assert (said.returncode, said.stderr) == (0, "")
    first, last = said.stdout.splitlines()
    assert "store; programs; records; means; result; data; solver; dev; test hold" in first
    assert "its values are those of the cells" in last


def test_one_changed_figure_of_the_result_is_named(home, tmp_path):
    _, run = copied(home, tmp_path)
    result = json.loads((run / "result.json").read_text())
    result["best"]["test"]["nrmse"] /= 2
    (run / "result.json").write_text(json.dumps(result))
    said = verified(home, run, "--no-rerun")
    assert said.returncode == 1
    (fault,) = [line for line in said.stdout.splitlines() if line.startswith("FAIL")]
    assert "best.test.nrmse is" in fault


def test_a_figure_that_is_changed_everywhere_fails_when_it_is_scored_again(home, tmp_path):
    grid, run = copied(home, tmp_path)
    with sqlite3.connect(run / "run.sqlite") as database:
        for table, column in (("candidates", "evaluation"), ("facts", "value")):
            for rowid, text in database.execute(f"SELECT rowid, {column} FROM {table}").fetchall():
                database.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (halved(text), rowid))
    for file in [run / "result.json", *run.rglob("candidate.json")]:
        file.write_text(halved(file.read_text()))
    said = verified(home, run)
    faults = [line for line in said.stdout.splitlines() if line.startswith("FAIL")]
    assert any("scored again" in fault for fault in faults)
    whole = verified(home, grid, "--no-rerun")
    assert (whole.returncode, "cell: best." in whole.stdout) == (1, True)


def halved(text):
    """A record whose errors on samples, and their means, are half of what they were."""

    def half(name, value):
        if isinstance(value, dict):
            return {key: half(key, one) for key, one in value.items()}
        if isinstance(value, list):
            return [half(name, one) for one in value]
        return value / 2 if name in ("samples", "nrmse") and isinstance(value, float) else value

    return json.dumps(half("", json.loads(text)))


def test_another_program_in_the_place_of_the_best_is_told(home, tmp_path):
    _, run = copied(home, tmp_path)
    (run / "best" / "solver.py").write_text("def solver():\n    return 0\n")
    (run / "candidates" / "1" / "solver.py").write_text("def solver():\n    return 0\n")
    said = verified(home, run, "--no-rerun")
    assert "candidates/1/solver.py is not the program of run.sqlite" in said.stdout
    assert "best/solver.py is not the program of candidate 1" in said.stdout


def test_a_value_of_the_leaderboard_that_no_cell_has_is_told(home, tmp_path):
    grid, _ = copied(home, tmp_path)
    board = json.loads((grid / "leaderboard.json").read_text())
    for row in board["rows"]:
        for one in row["tasks"].values():
            one["values"] = [1e-30 for _ in one["values"]]
    (grid / "leaderboard.json").write_text(json.dumps(board))
    said = verified(home, grid, "--no-rerun")
    assert said.returncode == 1
    assert "built-in/refine on advection" in said.stdout


def test_what_is_missing_is_no_proof(home, tmp_path):
    grid, run = copied(home, tmp_path)
    (run / "run.sqlite").unlink()
    (grid / "leaderboard.json").unlink()
    said = verified(home, grid, "--no-rerun")
    assert said.returncode == 1
    assert "run.sqlite is missing" in said.stdout
    assert "leaderboard.json is missing" in said.stdout
