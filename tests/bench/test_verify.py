"""`fieldsmith runs verify`: what a run tells holds, a figure that was changed by hand is named, and what cannot be checked is told apart."""

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from command_line import run as command
from fieldsmith.orchestrator.folder import held

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
SUITE = """baselines = false
[options]
candidates = 2
sandbox = "process"
[[tasks]]
task = "advection"
[[authors]]
name = "scan"
author = "scan"
[[strategies]]
strategy = "best-of-n"
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with a benchmark of one cell of two drafts, whose run it is."""
    folder = tmp_path_factory.mktemp("verify")
    (folder / "one.toml").write_text(SUITE)
    done = fieldsmith(folder, "bench", "one.toml", "--out", "grid", "--quiet")
    assert done.returncode == 0, done.stderr
    return folder


def fieldsmith(folder, *words):
    return command(*words, cwd=folder, env={**os.environ, "FIELDSMITH_HOME": str(folder / "home")})


def verified(home, place, *words):
    return fieldsmith(home, "runs", "verify", str(place), "--sandbox", "process", *words)


def findings(said):
    """Each finding's state and message by its name."""
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    return {line["check"]: (line["state"], line["message"]) for line in lines if line["event"] == "check"}


def checked(home, place, *words):
    said = verified(home, place, "--json", *words)
    return said.returncode, findings(said)


def copied(home, tmp_path):
    """The benchmark, to be tampered with, and its one run."""
    grid = shutil.copytree(home / "grid", tmp_path / "grid")
    (run,) = (grid / "cells").iterdir()
    return grid, run


def test_what_was_not_touched_holds_and_is_scored_again(home):
    code, found = checked(home, "grid")
    assert code == 0
    assert {state for state, _ in found.values()} == {"holds"}
    assert (
        "store, programs, records, means, chosen, result, data, solver, dev, test hold"
        in found["advection/scan/best-of-n/0"][1]
    )
    forms = {"leaderboard", "scaling", "leaderboard.md", "leaderboard.csv", "leaderboard.html"}
    assert forms <= found.keys()


def test_one_changed_figure_of_the_result_is_named(home, tmp_path):
    _, run = copied(home, tmp_path)
    result = json.loads((run / "result.json").read_text())
    result["best"]["test"]["nrmse"] /= 2
    (run / "result.json").write_text(json.dumps(result))
    said = verified(home, run, "--no-rerun")
    assert said.returncode == 1
    (fault,) = [line for line in said.stdout.splitlines() if line.startswith("FAIL")]
    assert "best.test.nrmse is" in fault
    assert said.stderr.splitlines()[-1] == "fieldsmith: Does not hold: result."


def test_a_figure_that_is_changed_everywhere_fails_when_it_is_scored_again(home, tmp_path):
    grid, run = copied(home, tmp_path)
    with sqlite3.connect(run / "run.sqlite") as database:
        for table, column in (("candidates", "evaluation"), ("facts", "value")):
            for rowid, text in database.execute(f"SELECT rowid, {column} FROM {table}").fetchall():
                database.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (halved(text), rowid))
    for file in [run / "result.json", *run.rglob("candidate.json")]:
        file.write_text(halved(file.read_text()))
    code, found = checked(home, run)
    assert (code, found["dev"][0], found["test"][0]) == (1, "fault", "fault")
    assert "scored again" in found["test"][1]
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


def test_another_candidate_that_is_called_the_best_is_told(home, tmp_path):
    _, run = copied(home, tmp_path)
    with sqlite3.connect(run / "run.sqlite") as database:
        (text,) = database.execute("SELECT value FROM facts WHERE name = 'final'").fetchone()
        final = json.loads(text)
        other = 3 - final["candidate"]
        database.execute(
            "UPDATE facts SET value = ? WHERE name = 'final'", (json.dumps({**final, "candidate": other}),)
        )
    code, found = checked(home, run, "--no-rerun")
    assert (code, found["chosen"][0]) == (1, "fault")
    assert f"candidate {other} is kept as the best" in found["chosen"][1]


def test_another_program_in_the_place_of_the_best_is_told(home, tmp_path):
    _, run = copied(home, tmp_path)
    (run / "best" / "solver.py").write_text("def solver():\n    return 0\n")
    (run / "candidates" / "1" / "solver.py").write_text("def solver():\n    return 0\n")
    said = verified(home, run, "--no-rerun")
    assert "candidates/1/solver.py is not the program of run.sqlite" in said.stdout
    assert "best/solver.py is not the program of candidate" in said.stdout


@pytest.mark.parametrize("place", ["values", "interval", "seconds"])
def test_a_figure_of_the_leaderboard_that_the_cells_do_not_come_to_is_told(home, tmp_path, place):
    grid, _ = copied(home, tmp_path)
    board = json.loads((grid / "leaderboard.json").read_text())
    (row,) = board["rows"]
    if place == "seconds":
        row["seconds"] /= 2
    elif place == "values":
        row["tasks"]["advection"]["values"] = [1e-30]
    else:
        row["tasks"]["advection"]["interval"]["mean"] = 1e-30
    (grid / "leaderboard.json").write_text(json.dumps(board))
    code, found = checked(home, grid, "--no-rerun")
    assert (code, found["leaderboard"][0]) == (1, "fault")
    assert "rows.scan/best-of-n." in found["leaderboard"][1]
    assert found["leaderboard.md"][0] == "holds"


@pytest.mark.parametrize("ending", ["md", "csv", "html"])
def test_a_figure_that_was_changed_in_one_form_of_the_table_is_told(home, tmp_path, ending):
    grid, _ = copied(home, tmp_path)
    file = grid / f"leaderboard.{ending}"
    mean = json.loads((grid / "leaderboard.json").read_text())["rows"][0]["overall"]["mean"]
    shown = repr(mean) if ending == "csv" else f"{mean:.2e}"
    assert shown in file.read_text()
    file.write_text(file.read_text().replace(shown, "1.00e-30"))
    code, found = checked(home, grid, "--no-rerun")
    assert (code, found[file.name][0]) == (1, "fault")
    assert "1.00e-30" in found[file.name][1]


def test_a_cell_that_the_suite_no_longer_has_is_left_out(home, tmp_path):
    grid, _ = copied(home, tmp_path)
    lines = (grid / "cells.jsonl").read_text()
    gone = {**json.loads(lines.splitlines()[-1]), "cell": "burgers/with/slashes/in/it/0"}
    (grid / "cells.jsonl").write_text(json.dumps(gone) + "\n" + lines)
    board = json.loads((grid / "leaderboard.json").read_text())
    (grid / "leaderboard.json").write_text(json.dumps({**board, "outcomes": 2}))
    code, found = checked(home, grid, "--no-rerun")
    assert (code, found["leaderboard"][0]) == (0, "holds")
    assert "1 cell that the suite no longer asks for" in found["suite"][1]


def test_what_is_missing_is_no_proof(home, tmp_path):
    grid, run = copied(home, tmp_path)
    (run / "run.sqlite").unlink()
    (grid / "leaderboard.json").unlink()
    said = verified(home, grid, "--no-rerun")
    assert said.returncode == 1
    assert "run.sqlite is missing" in said.stdout
    assert "leaderboard.json is missing" in said.stdout


@pytest.mark.parametrize("change", ["other", "none"])
def test_data_that_differ_by_rounding_or_have_no_digest_are_not_checked_and_no_fault(home, tmp_path, change):
    _, run = copied(home, tmp_path)
    asked, result = (run / "run.toml").read_text(), (run / "result.json").read_text()
    digest = json.loads(result)["data"]["test"]
    for file, text in ((run / "run.toml", asked), (run / "result.json", result)):
        file.write_text(text.replace(digest, "ab" * 32 if change == "other" else ""))
    code, found = checked(home, run)
    assert (code, found["data"][0]) == (0, "unchecked")
    assert ("another machine" if change == "other" else "no digest") in found["data"][1]
    assert "dev" not in found


def test_a_suite_that_is_not_there_leaves_the_table_unchecked(home, tmp_path):
    grid, _ = copied(home, tmp_path)
    (grid / "suite.toml").unlink()
    code, found = checked(home, grid, "--no-rerun")
    assert (code, found["leaderboard"][0]) == (0, "unchecked")


def test_a_run_that_goes_on_is_said_to_be_running(home, tmp_path):
    _, run = copied(home, tmp_path)
    with sqlite3.connect(run / "run.sqlite") as database:
        database.execute("UPDATE facts SET value = ? WHERE name = 'state'", ('"running"',))
    with held(run):
        code, found = checked(home, run)
    assert code == 0
    assert found == {"run": ("unchecked", "it is still running: what it keeps changes while it is looked at")}


def test_a_run_of_episodes_is_scored_again_without_the_model(tmp_path):
    room = ROOT / "tests" / "small_environment.py"
    words = ("env", "run", str(room), "--agent", "random", "--steps", "2", "--run-dir", "played", "--quiet")
    assert fieldsmith(tmp_path, *words).returncode == 0
    code, found = checked(tmp_path, "played")
    assert (code, {state for state, _ in found.values()}) == (0, {"holds"})
    assert "scored again, without the model" in found["states"][1]
    with sqlite3.connect(tmp_path / "played" / "run.sqlite") as database:
        rows = database.execute("SELECT rowid, record FROM steps").fetchall()
        for rowid, text in rows:
            record = json.loads(text)
            changed = {name: value + 1.0 for name, value in record["metrics"].items() if value is not None}
            row = (json.dumps({**record, "metrics": changed, "score": 1.0}), rowid)
            database.execute("UPDATE steps SET record = ? WHERE rowid = ?", row)
    code, found = checked(tmp_path, "played")
    assert (code, found["scores"][0], found["states"][0]) == (1, "fault", "fault")
