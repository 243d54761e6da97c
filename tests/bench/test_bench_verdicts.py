"""Who is said not to beat the baselines, from figures by hand."""

import csv

import pytest

from fieldsmith.bench.cells import Outcome
from fieldsmith.bench.suite import Cell, Suite
from fieldsmith.bench.table import leaderboard
from fieldsmith.bench.verdicts import verdicts
from fieldsmith.orchestrator.question import Question
from fieldsmith.reports.leaderboard import as_csv, fields, markdown
from fieldsmith.reports.leaderboard_page import page

BUILT_IN, SCAN, MINE = ("built-in", "refine"), ("scan", "best-of-n"), ("mine", "refine")
SHOT, OTHER_SHOT = ("mine", "single shot"), ("other", "single shot")
ASKED = {
    BUILT_IN: {},
    SCAN: {"author": "scan"},
    MINE: {"model": "command:cat"},
    SHOT: {"model": "command:cat", "candidates": 1},
    OTHER_SHOT: {"model": "command:tac", "candidates": 1},
}


def board_of(tmp_path, errors, usd=None, scan_candidates=0, reference=None):
    """`errors`: of each row by task, a seed each. reference: the reference's own error."""
    cells, outcomes = [], {}
    for (author, strategy), by_task in errors.items():
        asked = dict(ASKED[author, strategy])
        if scan_candidates and author == "scan":
            asked["candidates"] = scan_candidates
        for task, values in by_task.items():
            for seed, value in enumerate(values):
                cell = Cell(task, author, strategy, seed, Question(task, seed=seed, **asked))
                test = {
                    "metric": "nRMSE",
                    "value": value,
                    "nrmse": value,
                    "lower_is_better": True,
                    "reference_error": reference,
                }
                price = (usd or {}).get((author, strategy), 0.0)
                spend = {"input_tokens": 0, "output_tokens": 0, "usd": price, "seconds": 1.0}
                result = {"best": {"status": "ok", "test": test}, "spend": spend}
                cells.append(cell)
                outcomes[cell.name] = Outcome(cell.name, "done", [], result=result)
    return leaderboard(Suite(tmp_path / "x.toml", "Mine", tuple(cells)), outcomes)


def tasks(*values):
    return {f"task{n}": [value] for n, value in enumerate(values)}


@pytest.mark.parametrize(
    ("mine", "scan", "words"),
    [
        (tasks(1e-3), tasks(1e-4), ["mine/refine does not beat scan (1.0e-03 against 1.0e-04)."]),
        (tasks(1e-4), tasks(1e-4), ["mine/refine does not beat scan (1.0e-04 against 1.0e-04)."]),
        (tasks(1e-5), tasks(1e-4), []),
        (
            tasks(1e-1, 1e-3, 1e-4),
            tasks(1e-3, 1e-3, 1e-3),
            ["mine/refine does not beat scan (2.2e-03 against 1.0e-03): it is no better on 2 of 3 tasks."],
        ),
        (
            tasks(1e-8, 2e-3),
            tasks(1e-3, 1e-3),
            ["mine/refine beats scan (4.5e-06 against 1.0e-03), but not on every task: it is no better on 1 of 2 tasks."],
        ),
        (
            {"task0": [1e-3, 1e-5]},
            {"task0": [2e-3, 3e-5]},
            ["mine/refine is not shown to beat scan (1.0e-04 against 2.4e-04): the intervals over seeds overlap on 1 of 1 tasks."],
        ),
        ({"task0": [1.00e-6, 1.01e-6]}, {"task0": [2.00e-3, 2.01e-3]}, []),
    ],
)  # fmt: skip
def test_a_row_is_held_against_the_scan(tmp_path, mine, scan, words):
    assert verdicts(board_of(tmp_path, {MINE: mine, SCAN: scan})) == words


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        (None, []),
        (2e-9, []),
        (3.5e-9, ["mine/refine is not shown to beat scan (1.0e-09 against 4.0e-09): the difference is within the reference's own error on 1 of 1 tasks."]),
    ],
)  # fmt: skip
def test_what_the_reference_cannot_tell_apart_beats_nobody(tmp_path, reference, words):
    assert verdicts(board_of(tmp_path, {MINE: tasks(1e-9), SCAN: tasks(4e-9)}, reference=reference)) == words


def test_the_best_of_the_baselines_counts_and_they_are_held_against_each_other(tmp_path):
    errors = {MINE: tasks(1e-3), SCAN: tasks(1e-4), BUILT_IN: tasks(1e-5), SHOT: tasks(1e-2), OTHER_SHOT: tasks(1e-9)}
    assert verdicts(board_of(tmp_path, errors)) == ["mine/refine does not beat built-in (1.0e-03 against 1.0e-05)."]
    errors = {MINE: tasks(1e-3), SCAN: tasks(1e-4), BUILT_IN: tasks(1e-3), SHOT: tasks(1e-6)}
    assert verdicts(board_of(tmp_path, errors)) == [
        "mine/refine does not beat a single shot of the same model (1.0e-03 against 1.0e-06).",
        "built-in/refine does not beat scan (1.0e-03 against 1.0e-04).",
    ]


def test_a_baseline_that_cost_more_is_none(tmp_path):
    errors = {MINE: tasks(1e-3), SCAN: tasks(1e-4)}
    assert verdicts(board_of(tmp_path, errors, scan_candidates=13)) == []
    assert len(verdicts(board_of(tmp_path, errors, scan_candidates=12))) == 1
    errors = {MINE: tasks(1e-3), SHOT: tasks(1e-4)}
    assert verdicts(board_of(tmp_path, errors, usd={SHOT: 2.0, MINE: 1.0})) == []
    assert len(verdicts(board_of(tmp_path, errors, usd={SHOT: 0.1, MINE: None}))) == 1


def test_tasks_that_a_baseline_was_not_done_on_are_left_out(tmp_path):
    scan = {"task1": [1e-3]}
    assert verdicts(board_of(tmp_path, {MINE: tasks(1e-1, 1e-4), SCAN: scan})) == []
    assert verdicts(board_of(tmp_path, {MINE: tasks(1e-1, 1e-4), SCAN: {"task9": [1e-3]}})) == []


def test_every_form_of_the_table_tells_baselines_from_others(tmp_path):
    board = board_of(tmp_path, {MINE: tasks(1e-3), SCAN: tasks(1e-4)})
    sentence = "mine/refine does not beat scan (1.0e-03 against 1.0e-04)."
    assert "| scan (baseline) | best-of-n |" in markdown(board)
    assert f"- {sentence}" in markdown(board)
    assert [row["baseline"] for row in csv.DictReader(as_csv(board).splitlines())] == ["scan", ""]
    told = fields(board)
    assert [row["baseline"] for row in told["rows"]] == ["scan", None]
    assert told["not_beating"] == [sentence]
    assert '<tr class="baseline"><th scope="row">scan<small>best-of-n, baseline</small></th>' in page(board)
    assert f"<li>{sentence}</li>" in page(board)
