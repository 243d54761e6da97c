"""`fieldsmith compare` of real runs: a benchmark's rows, folders, patterns, runs that are not done, and what cannot be compared."""

import json
import shutil
import sqlite3

import pytest

import command_line
import small_burgers
from fieldsmith.orchestrator.folder import held

pytestmark = pytest.mark.slow

SUITE = f"""
seeds = 2
baselines = false

[options]
sandbox = "process"

[[tasks]]
name = "small"
task = "{small_burgers.PLACE}"

[[authors]]
name = "built-in"

[[strategies]]
name = "one"
strategy = "best-of-n"
candidates = 1

[[strategies]]
name = "four"
strategy = "refine"
candidates = 4
"""


@pytest.fixture(scope="module")
def benchmark(tmp_path_factory):
    """A folder in which a benchmark was run; its runs are in runs/bench-mine/cells."""
    folder = tmp_path_factory.mktemp("compared")
    (folder / "mine.toml").write_text(SUITE)
    told = command_line.run("bench", "mine.toml", "--quiet", cwd=folder)
    assert told.returncode == 0, told.stderr
    return folder


def compared(folder, *words):
    told = command_line.run("compare", *words, "--json", cwd=folder)
    return told.returncode, json.loads(told.stdout.splitlines()[-1])


def cell(folder, start):
    (found,) = (folder / "runs/bench-mine/cells").glob(f"{start}-*")
    return found


def test_two_rows_of_a_benchmark(benchmark):
    code, result = compared(benchmark, "runs/bench-mine", "--rows", "built-in/one", "four")
    (one,) = result["comparisons"]
    assert (code, result["reason"], result["pairs"], one["better"], one["unit"]) == (0, None, 2, "b", "seed")
    (task,) = one["tasks"]
    assert [pair["seed"] for pair in task["pairs"]] == [0, 1]
    board = json.loads((benchmark / "runs/bench-mine/leaderboard.json").read_text())
    means = {row["strategy"]: row["overall"]["mean"] for row in board["rows"]}
    assert one["ratio"]["mean"] == pytest.approx(means["one"] / means["four"])
    assert result["differs"]["candidates"] == [{"a": 1, "b": 4}]
    assert (result["a"]["cost"]["tokens"], result["a"]["cost"]["usd"]) == (0.0, 0.0)
    told = command_line.run("compare", "runs/bench-mine", "--rows", "built-in/one", "four", cwd=benchmark)
    assert "The error of B is" in told.stdout
    assert "the seeds change nothing" in told.stdout, "the built-in author draws nothing by chance"
    assert "candidates 1 for A, 4 for B." in told.stdout


def test_two_runs_and_patterns_of_runs(benchmark):
    first, second = (str(cell(benchmark, f"small-built-in-{name}-0")) for name in ("one", "four"))
    code, result = compared(benchmark, first, second)
    assert (code, result["comparisons"][0]["more_than_noise"]) == (0, None)
    assert result["comparisons"][0]["verdict"].startswith("One pair: the error of B is")
    patterns = "runs/bench-mine/cells/*-one-*", "runs/bench-mine/cells/*-four-*"
    assert compared(benchmark, *patterns)[1]["pairs"] == 2
    assert compared(benchmark, "runs/bench-mine/cells", "--rows", "*-one-*", "*-four-*")[1]["pairs"] == 2


def test_runs_that_are_not_done_are_left_out(benchmark, tmp_path):
    for name in ("one", "four"):
        for seed in (0, 1):
            start = f"small-built-in-{name}-{seed}"
            shutil.copytree(cell(benchmark, start), tmp_path / name / start)
    with sqlite3.connect(tmp_path / "one/small-built-in-one-0/run.sqlite") as store:
        store.execute("UPDATE facts SET value = ? WHERE name = 'state'", (json.dumps("running"),))
    code, result = compared(tmp_path, "one", "four")
    assert (code, result["pairs"]) == (0, 1)
    assert {one["why"] for one in result["left_out"]} == {
        "it was interrupted",
        "A has no run of small-burgers, seed 0, that is done",
    }
    code, result = compared(tmp_path, "one/small-built-in-one-0", "four/small-built-in-four-0")
    assert (code, result["reason"], result["comparisons"]) == (1, "no_pairs", [])


def test_what_is_still_running_is_said_to_be(benchmark, tmp_path):
    shutil.copytree(benchmark / "runs/bench-mine", tmp_path / "mine")
    first = next((tmp_path / "mine/cells").glob("*-one-0-*"))
    with sqlite3.connect(first / "run.sqlite") as store:
        store.execute("UPDATE facts SET value = ? WHERE name = 'state'", (json.dumps("running"),))
    with held(tmp_path / "mine"), held(first):
        code, result = compared(tmp_path, "mine", "--rows", "one", "four")
        assert (code, result["pairs"]) == (0, 1)
        assert result["notes"] == ["mine is still running: cells that have not ended are not compared."]
        assert result["left_out"][0]["why"] == "it is still running"


def test_a_cell_that_is_damaged_or_failed_is_left_out(benchmark, tmp_path):
    shutil.copytree(benchmark / "runs/bench-mine", tmp_path / "moved")
    lines = (tmp_path / "moved/cells.jsonl").read_text().splitlines()
    failed = {**json.loads(lines[0]), "state": "provider", "result": None}
    (tmp_path / "moved/cells.jsonl").write_text("\n".join([*lines, json.dumps(failed)]) + "\n")
    code, result = compared(tmp_path, "moved", "--rows", "one", "four")
    assert (code, result["pairs"]) == (0, 1)
    assert result["left_out"][0]["why"] == "the provider gave up"
    assert all("tmp" not in pair["run_a"] for pair in result["comparisons"][0]["tasks"][0]["pairs"])
    next((tmp_path / "moved/cells").glob("*-one-1-*")).joinpath("run.toml").write_text("[")
    code, result = compared(tmp_path, "moved", "--rows", "one", "four")
    assert (code, result["pairs"]) == (1, 0)
    assert any("cannot be read" in one["why"] for one in result["left_out"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["runs/bench-mine"], "runs/bench-mine alone cannot be compared. Name a second place"),
        (["runs/bench-mine", "runs/bench-mine"], "such as --rows one four"),
        (["runs/bench-mine", "--rows", "one", "one"], "is on both sides"),
        (["runs/bench-mine", "--rows", "one", "five"], "No run of runs/bench-mine is called 'five'. There are small/built-in/one/0"),
        (["runs/nothing", "runs/bench-mine"], "runs/nothing does not exist"),
        (["runs", "runs/bench-mine"], "runs holds no runs"),
        (["mine.toml", "runs/bench-mine"], "mine.toml holds no runs"),
        (["runs/bench-mine", "--rows", "one/0", "four/1"], "have no pair to compare: small/built-in/one/0: B has no run of"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_told(benchmark, words, said):
    told = command_line.run("compare", *words, cwd=benchmark)
    assert told.returncode == 2
    assert said in told.stderr.splitlines()[-1]
    assert "Traceback" not in told.stderr
