"""Problem files in suites: named relative to the suite, whoever calls from wherever."""

import json

import pytest

from command_line import run
from fieldsmith.bench.suite import read_suite
from small_box_methods import HEAT, PROGRAM

SUITE = """baselines = false
[options]
sandbox = "process"
candidates = 1
[[tasks]]
task = "mine.toml"
[[tasks]]
task = "mine.toml"
param = { D = 0.8 }
[[authors]]
name = "cat"
model = "command:cat %s"
"""


@pytest.fixture
def suite(tmp_path):
    folder = tmp_path / "mine" / "suite"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(HEAT)
    (tmp_path / "reply.md").write_text(f"```python\n{PROGRAM.format(modes=16)}```\n")
    (folder / "suite.toml").write_text(SUITE % (tmp_path / "reply.md"))
    return folder / "suite.toml"


def test_cells_are_called_after_the_file_and_know_where_it_lies(suite):
    cells = read_suite(str(suite)).cells
    assert [cell.name for cell in cells] == ["mine/cat/refine/0", "mine,D=0.8/cat/refine/0"]
    assert {cell.question.task for cell in cells} == {str(suite.parent / "mine.toml")}


@pytest.mark.slow
def test_a_suite_of_problem_files_runs_from_another_folder(suite, tmp_path):
    ran = run("bench", "mine/suite/suite.toml", "--json", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    rows = [json.loads(line) for line in (tmp_path / "runs" / "bench-suite" / "cells.jsonl").read_text().splitlines()]
    assert len(rows) == 2
    results = [json.loads(file.read_text()) for file in tmp_path.glob("runs/bench-suite/**/result.json")]
    assert sorted(one["parameters"]["D"] for one in results) == [0.8, 1.0]
    assert all(one["accuracy"]["met"] for one in results)
