"""A grid run by real processes: what is done is not done again, failures are told apart, limits hold, kills lose nothing."""

import csv
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

import command_line
import fieldsmith
import small_burgers
from fieldsmith.bench.cells import kept
from fieldsmith.bench.grid import Grid, Terms, _Going
from fieldsmith.bench.suite import read_suite
from fieldsmith.orchestrator.budget import WITHOUT_PRICE
from fieldsmith.orchestrator.store import Store
from provider_server import KEY, Server
from sandbox_calls import wait_until

pytestmark = pytest.mark.slow

SUITE = f"""
seeds = 2
baselines = false

[options]
candidates = 1
sandbox = "process"

[[tasks]]
name = "small"
task = "{small_burgers.PLACE}"

[[authors]]
name = "built-in"
"""
ZEROS = """```python
import numpy as np


def solver(u0_batch, t_coordinate, nu):
    return np.zeros((len(u0_batch), len(t_coordinate), u0_batch.shape[1]))
```
"""
FAILING = """
[[authors]]
name = "gone"
model = "command:false"
"""


def bench(folder, *options, suite=SUITE, **more):
    (folder / "mine.toml").write_text(suite)
    return command_line.run("bench", "mine.toml", "--json", *options, cwd=folder, **more)


def events(told):
    return [json.loads(line) for line in told.stdout.splitlines()]


def test_a_grid_is_run_and_not_run_again(tmp_path):
    told = bench(tmp_path)
    assert told.returncode == 0, told.stderr
    first = events(told)
    assert [one["event"] for one in first if one["event"] != "cell_news"] == ["begin", "cell_begin", "cell_end", "cell_begin", "cell_end", "result"]  # fmt: skip
    result = first[-1]
    assert (result["cells"], result["missing"], result["reason"]) == (2, {}, None)
    assert result["rows"][0]["ran"] == result["rows"][0]["of"] == 2
    folder = tmp_path / "runs" / "bench-mine"
    assert {f"leaderboard.{ending}" for ending in ("md", "csv", "json", "html")} <= {f.name for f in folder.iterdir()}
    again = events(bench(tmp_path))
    assert [one["event"] for one in again] == ["begin", "result"]
    assert again[-1]["rows"] == result["rows"]


def test_a_damaged_cell_alone_is_done_again(tmp_path):
    bench(tmp_path)
    cells = tmp_path / "runs" / "bench-mine" / "cells"
    damaged = sorted(cells.iterdir())[0]
    (damaged / "result.json").write_text("{")
    told = events(bench(tmp_path))
    assert [one["event"] for one in told if one["event"] in ("cell_begin", "cell_end")] == ["cell_begin", "cell_end"]
    assert len(list(cells.glob("*.damaged-1"))) == 1


def test_a_cell_that_was_taken_up_and_killed_is_taken_up_again(tmp_path):
    one = SUITE.replace("seeds = 2", "seeds = 1")
    bench(tmp_path, suite=one)
    cells = tmp_path / "runs" / "bench-mine" / "cells"
    (run,) = cells.iterdir()
    store = Store(run / "run.sqlite")
    store.set_fact("state", "running")  # as a sitting that was killed leaves it, beside the result of the one before
    store.close()
    told = bench(tmp_path, suite=one.replace("candidates = 1", "candidates = 2"))
    assert told.returncode == 0, told.stderr
    assert list(cells.iterdir()) == [run]
    resumed = [
        event["of"] for event in events(told) if event["event"] == "cell_news" and event["of"]["event"] == "resumed"
    ]
    assert [event["candidates"] for event in resumed] == [1]


def test_a_model_that_gives_up_is_no_score_and_is_tried_once_more(tmp_path):
    told = bench(
        tmp_path, "--at-once", "4", suite=SUITE + FAILING
    )  # a command that fails is asked again after some seconds
    assert told.returncode == 4, told.stderr
    seen = events(told)
    assert [one["event"] for one in seen].count("cell_again") == 2
    ends = {one["cell"]: one["state"] for one in seen if one["event"] == "cell_end"}
    assert ends == {
        "small/built-in/refine/0": "done",
        "small/built-in/refine/1": "done",
        "small/gone/refine/0": "provider",
        "small/gone/refine/1": "provider",
    }
    result = next(one for one in seen if one["event"] == "result")
    assert result["missing"] == {"provider": 2}
    (gone,) = [row for row in result["rows"] if row["author"] == "gone"]
    assert (gone["tasks"], gone["of"]) == ({}, 0)
    assert "small/gone/refine" in told.stderr.splitlines()[-1]


def test_a_sandbox_that_is_not_there_is_no_score(tmp_path):
    told = bench(
        tmp_path,
        suite=SUITE.replace('"process"', '"docker"'),
        env={**os.environ, "DOCKER_HOST": "unix:///nowhere.sock"},
    )
    assert told.returncode == 3
    assert {one["state"] for one in events(told) if one["event"] == "cell_end"} == {"machine"}


def test_a_grid_that_was_killed_goes_on(tmp_path):
    (tmp_path / "mine.toml").write_text(SUITE.replace("seeds = 2", "seeds = 3"))
    command = [*command_line.COMMAND, "bench", "mine.toml", "--quiet"]
    running = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    folder = tmp_path / "runs" / "bench-mine"
    wait_until(lambda: any(one.done for one in kept(folder).values()), 120.0)
    time.sleep(0.5)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    before = {name for name, one in kept(folder).items() if one.done}
    told = bench(tmp_path, suite=SUITE.replace("seeds = 2", "seeds = 3"))
    assert told.returncode == 0, told.stderr
    begun = {one["cell"] for one in events(told) if one["event"] == "cell_begin"}
    assert begun.isdisjoint(before)
    assert len(begun) + len(before) == 3


def test_an_interrupted_grid_says_how_it_goes_on(tmp_path):
    (tmp_path / "mine.toml").write_text(SUITE)
    command = [*command_line.COMMAND, "bench", "mine.toml", "--json"]
    running = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: (tmp_path / "runs" / "bench-mine" / "cells").exists(), 60.0)
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "The same command resumes." in said
    folder = tmp_path / "runs" / "bench-mine"
    assert {one.state for one in kept(folder).values()} <= {"interrupted", "done"}
    assert json.loads((folder / "leaderboard.json").read_text())["missing"] != {}


def test_a_part_of_the_grid_leaves_the_rest_of_the_table(tmp_path):
    assert bench(tmp_path, "--cells", "*/0").returncode == 0
    result = events(bench(tmp_path, "--cells", "*/1"))[-1]
    assert (result["cells"], result["missing"], result["rows"][0]["of"]) == (2, {}, 2)


def test_a_condition_decides_the_exit_code(tmp_path):
    assert bench(tmp_path, "--fail-if", "nrmse > 10", "--cells", "*/0").returncode == 0
    told = bench(tmp_path, "--fail-if", "nrmse < 10", "--cells", "*/0")
    assert told.returncode == 1
    assert events(told)[-1]["reason"] == "fail_if"


def test_a_dry_run_counts_and_asks_nothing(tmp_path):
    told = bench(tmp_path, "--dry-run", suite=SUITE + FAILING)
    (result,) = events(told)
    assert (result["left"], result["done"], result["usd"]) == (4, 0, None)
    assert not (tmp_path / "runs").exists()


PROGRAM = "```python\nimport numpy as np\n\n\ndef solver(u0_batch, t_coordinate, nu):\n    return np.repeat(u0_batch[:, None], len(t_coordinate), 1)\n```"
PAID = f"""
seeds = 2
baselines = false

[options]
candidates = 4
sandbox = "process"

[[tasks]]
name = "small"
task = "{small_burgers.PLACE}"

[[authors]]
name = "paid"
model = "openai:m"
base_url = "URL"

[[strategies]]
strategy = "best-of-n"
"""


@pytest.fixture
def paid(tmp_path, monkeypatch):
    """A server whose replies cost half a dollar each of the model m, a twentieth of the model cheap."""
    server = Server()
    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    said = {"index": 0, "delta": {"role": "assistant", "content": PROGRAM}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 400_000, "completion_tokens": 100_000, "total_tokens": 500_000}
    server.events = [{**chunk, "choices": [said]}, {**chunk, "choices": [], "usage": usage}]
    (tmp_path / "prices.toml").write_text('"openai:m" = [1.0, 1.0]\n"openai:cheap" = [0.1, 0.1]\n')
    monkeypatch.setenv("FIELDSMITH_PRICES", str(tmp_path / "prices.toml"))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    yield server
    server.shutdown()
    server.server_close()


def test_dollars_of_all_cells_together_are_held_and_nothing_is_paid_twice(tmp_path, paid):
    suite = PAID.replace("URL", f"{paid.url}/v1")
    first = bench(tmp_path, "--max-cost", "1.2", suite=suite)
    assert first.returncode == 1, first.stderr
    assert {one["state"] for one in events(first) if one["event"] == "cell_end"} == {"budget"}
    assert len(paid.seen) == 3, "half a dollar each, and the last may go over by less than one"
    again = bench(tmp_path, "--max-cost", "1.2", suite=suite)
    assert (again.returncode, len(paid.seen)) == (1, 3)
    last = bench(tmp_path, "--max-cost", "10", suite=suite)
    assert last.returncode == 0, last.stderr
    assert len(paid.seen) == 8
    assert events(last)[-1]["rows"][0]["usd"] == pytest.approx(4.0)


def test_what_caches_of_prompts_saved_stands_in_every_form_and_holds(tmp_path, paid):
    (tmp_path / "prices.toml").write_text('"openai:m" = [1.0, 1.0, 0.25]\n')
    for event in paid.events:
        if "usage" in event:
            event["usage"]["prompt_tokens_details"] = {"cached_tokens": 300_000}
    told = bench(tmp_path, suite=PAID.replace("URL", f"{paid.url}/v1"))
    assert told.returncode == 0, told.stderr
    (row,) = events(told)[-1]["rows"]
    assert (row["cached_tokens"], row["saved_usd"], row["usd"]) == (2_400_000, pytest.approx(1.8), pytest.approx(2.2))
    folder = tmp_path / "runs" / "bench-mine"
    assert "| 2,400,000, saving $1.80 |" in (folder / "leaderboard.md").read_text()
    (line,) = list(csv.DictReader((folder / "leaderboard.csv").open()))
    assert (float(line["cached_tokens"]), float(line["saved_usd"])) == (2_400_000, pytest.approx(1.8))
    assert "<small>2,400,000, saving $1.80</small>" in (folder / "leaderboard.html").read_text()
    held = command_line.run("runs", "verify", str(folder), "--no-rerun", cwd=tmp_path)
    assert held.returncode == 0, held.stdout + held.stderr
    file = folder / "leaderboard.json"
    changed = json.loads(file.read_text())
    changed["rows"][0]["saved_usd"] = 18.0
    file.write_text(json.dumps(changed))
    wrong = command_line.run("runs", "verify", str(folder), "--no-rerun", cwd=tmp_path)
    assert wrong.returncode == 1
    assert "saved_usd is 18.0 in leaderboard.json" in " ".join((wrong.stdout + wrong.stderr).split())


@pytest.mark.parametrize("where", ["grid", "suite"])
def test_dollars_of_a_model_without_a_price_are_refused_before_the_first_cell(tmp_path, paid, where):
    suite = PAID.replace("URL", f"{paid.url}/v1").replace("openai:m", "openai:unpriced")
    words = ("--max-cost", "1") if where == "grid" else ()
    suite = suite if words else suite.replace("candidates = 4", "candidates = 4\nmax_cost = 1.0")
    refused = bench(tmp_path, *words, suite=suite)
    assert refused.returncode == 2
    assert "The price of openai:unpriced is unknown" in refused.stderr
    assert not [one for one in events(refused) if one["event"].startswith("cell")]
    assert not paid.seen
    assert bench(tmp_path, *words, "--dry-run", suite=suite).returncode == 0


def test_a_cell_whose_cost_is_unknown_counts_with_all_that_it_might_use(tmp_path):
    (tmp_path / "paid.toml").write_text(PAID.replace("URL", "http://127.0.0.1:9/v1"))
    grid = Grid(read_suite(str(tmp_path / "paid.toml")), tmp_path / "out", Terms(usd=10.0))
    grid._usd = {}

    class Ended:
        exit_code = 0
        forget = staticmethod(lambda: None)

        def __init__(self, message: str) -> None:
            self.message = message

        def result(self) -> dict:
            return {"message": self.message, "spend": {"usd": None}}

    said = {"Ended.": "done", f"Ended: {WITHOUT_PRICE.format(4.0)}.": "budget"}
    for cell, (message, state) in zip(grid.suite.cells, said.items(), strict=False):
        outcome = grid._outcome(_Going(cell, Ended(message), [], 0.0, 4.0))
        assert (outcome.state, outcome.usd) == (state, None)
    assert grid._left() == pytest.approx(10.0 - 2 * 4.0)


def test_money_that_some_cells_leave_over_is_for_those_that_lack_it(tmp_path, paid):
    cheap = f'[[authors]]\nname = "cheap"\nmodel = "openai:cheap"\nbase_url = "{paid.url}/v1"\n\n[[strategies]]'
    suite = PAID.replace("URL", f"{paid.url}/v1").replace("[[strategies]]", cheap)
    told = bench(tmp_path, "--cells", "*/0", "--max-cost", "2.5", "--at-once", "2", suite=suite)
    assert told.returncode == 0, told.stderr
    ends = [(one["cell"].split("/")[1], one["state"]) for one in events(told) if one["event"] == "cell_end"]
    assert sorted(ends) == [("cheap", "done"), ("paid", "budget"), ("paid", "done")]
    assert len(paid.seen) == 8


def test_the_suite_of_the_documentation_is_one(tmp_path):
    page = Path(fieldsmith.__file__).parents[2] / "docs" / "benchmarks.md"
    (suite,) = re.findall(r"```toml\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    (result,) = events(bench(tmp_path, "--dry-run", suite=suite))
    assert result["left"] == (2 * (2 * 2 + 2 + 2) + 1) * 3
    assert any("coder.gguf" in row["lacks"] for row in result["cells"] if "/local/" in row["cell"])


def test_a_budget_of_time_leaves_the_rest_for_the_same_command(tmp_path):
    told = bench(tmp_path, "--max-hours", "1e-9")
    assert told.returncode == 1
    assert {one["state"] for one in events(told) if one["event"] == "cell_end"} == {"budget"}
    assert events(told)[-1]["reason"] == "cells_left"
    assert bench(tmp_path).returncode == 0


def test_baselines_are_run_and_a_model_that_does_not_beat_them_is_told(tmp_path):
    (tmp_path / "reply.md").write_text(ZEROS)
    zeros = (
        SUITE.replace("baselines = false", "")
        .replace("seeds = 2", "seeds = 1")
        .replace("candidates = 1", "candidates = 2")
    )
    suite = zeros.replace('name = "built-in"', f'name = "zeros"\nmodel = "command:cat {tmp_path}/reply.md"')
    told = bench(tmp_path, suite=suite)
    assert told.returncode == 0, told.stderr
    result = events(told)[-1]
    rows = {(row["author"], row["strategy"]): row for row in result["rows"]}
    assert {key: row["baseline"] for key, row in rows.items()} == {
        ("built-in", "refine"): "built-in",
        ("scan", "best-of-n"): "scan",
        ("zeros", "single shot"): "single shot",
        ("zeros", "refine"): None,
    }
    assert all(row["ran"] == row["of"] == 1 for row in rows.values())
    (plan,) = rows["scan", "best-of-n"]["tasks"]["small"]["schemes"]
    assert plan.startswith(("spectral: ", "finite volumes: "))
    sentences = [words for words in result["not_beating"] if words.startswith("zeros/refine does not beat")]
    assert len(sentences) == 1
    table = (tmp_path / "runs" / "bench-mine" / "leaderboard.md").read_text()
    assert sentences[0] in table
    assert "| scan (baseline) | best-of-n |" in table
