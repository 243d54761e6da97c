"""Learned operators in a leaderboard: rows of their own, marked, with what they took to have, and never part of anybody's interval or verdict."""

import csv
import io
import json
from dataclasses import asdict

import pytest

from fieldsmith.bench.beside import FILE, Learned, learned_rows
from fieldsmith.bench.cells import Outcome
from fieldsmith.bench.suite import Cell, Suite
from fieldsmith.bench.table import leaderboard
from fieldsmith.bench.verdicts import verdicts
from fieldsmith.bench.verify_board import verify_board
from fieldsmith.orchestrator.question import Question
from fieldsmith.reports.leaderboard import as_csv
from fieldsmith.reports.leaderboard_page import forms, write_leaderboard

SPEND = {"input_tokens": 0, "output_tokens": 0, "usd": 0.0, "seconds": 2.0, "cached_tokens": 0, "saved_usd": 0.0}
FNO = Learned("fno, 128 samples", 3e-2, 40.0, 2.5, "a processor")


def outcome(cell, error):
    best = {"status": "ok", "test": {"metric": "nRMSE", "lower_is_better": True, "value": error}}
    return Outcome(cell.name, "done", [], result={"best": best, "spend": SPEND}, folder=cell.folder)


@pytest.fixture
def bench(tmp_path):
    """A benchmark of two tasks and two seeds whose runs were ranked beside operators."""
    cells = [
        Cell(task, "me", "best-of-n", seed, Question(task, seed=seed, strategy="best-of-n"))
        for task in ("advection", "burgers")
        for seed in (0, 1)
    ]
    outcomes = {cell.name: outcome(cell, 1e-3 * (1 + cell.seed)) for cell in cells}
    for cell in cells:
        (tmp_path / "cells" / cell.folder).mkdir(parents=True)
        rank(tmp_path, cell, FNO)
    return tmp_path, Suite(tmp_path / "x.toml", "Mine", tuple(cells)), outcomes


def rank(folder, cell, *operators):
    told = {"rows": [["", "test nRMSE"]], "day": "", "machine": "", "operators": [asdict(one) for one in operators]}
    (folder / "cells" / cell.folder / FILE).write_text(json.dumps(told))


def board_of(bench):
    folder, suite, outcomes = bench
    return leaderboard(suite, outcomes, 0, learned_rows(folder, suite, outcomes))


def test_an_operator_is_a_row_of_its_own(bench):
    board = board_of(bench)
    me, fno = board.rows
    assert (me.author, fno.author) == ("me", "fno, 128 samples")
    assert [one.values for one in fno.tasks.values()] == [(3e-2,), (3e-2,)], "once, beside however many seeds"
    assert me.tasks["burgers"].values == (1e-3, 2e-3)
    assert fno.overall is not None
    assert fno.overall.mean == pytest.approx(3e-2)
    assert fno.overall.low is None
    assert fno.learned == "80 s of training on a processor, 5 s of processor time for its samples"


def test_it_is_marked_in_every_form(bench):
    board = board_of(bench)
    made = forms(board)
    assert (
        "| fno, 128 samples (operator) |  | 3.00e-02 | 3.00e-02 | 3.00e-02 | - | - | - | - | - |"
        in made["leaderboard.md"]
    )
    assert "one training each, so that there is no interval" in made["leaderboard.md"]
    assert "80 s of training on a processor" in made["leaderboard.md"]
    assert made["leaderboard.html"].count("<small>operator</small>") == 1
    assert [bool(row["learned"]) for row in json.loads(made["leaderboard.json"])["rows"]] == [False, True]
    rows = list(csv.DictReader(io.StringIO(as_csv(board))))
    assert [bool(row["learned"]) for row in rows] == [False, False, True, True]
    assert verdicts(board) == []


def test_one_that_errs_less_leads_and_takes_no_mark_of_the_best(bench):
    folder, suite, _ = bench
    for cell in suite.cells:
        rank(folder, cell, Learned("fno, 9 samples", 1e-5, 1.0, 1.0, "a processor"))
    board = board_of(bench)
    assert board.rows[0].author == "fno, 9 samples"
    assert 'class="right best"' not in forms(board)["leaderboard.html"]


def test_operators_of_one_name_are_told_apart_and_what_is_damaged_is_left_out(bench):
    folder, suite, outcomes = bench
    rank(folder, suite.cells[0], FNO, Learned(FNO.name, 5e-2, 40.0, 2.5, "a processor"))
    (folder / "cells" / suite.cells[1].folder / FILE).write_text("{")
    for cell in suite.cells[2:]:
        (folder / "cells" / cell.folder / FILE).write_text('{"operators": [{"name": "x", "nrmse": NaN}]}')
    found = {row.author: row for row in learned_rows(folder, suite, outcomes)}
    assert set(found) == {"fno, 128 samples", "fno, 128 samples (2)"}
    assert list(found["fno, 128 samples (2)"].tasks) == ["advection"]
    last = board_of(bench).rows[-1]
    assert last.overall is None, "it has no figure on burgers"


def test_a_table_is_verified_with_its_operators(bench):
    folder, suite, outcomes = bench

    def found():
        return {one.check: (one.fault, one.unchecked) for one in verify_board(folder, suite, outcomes, forms)}

    write_leaderboard(board_of(bench), folder)
    assert found()["leaderboard"] == ("", "")
    rank(folder, suite.cells[0], FNO, Learned("unet, 64 samples", 5e-2, 40.0, 2.5, "a processor"))
    listed = [one for one in verify_board(folder, suite, outcomes, forms) if one.check == "leaderboard"]
    assert ["before unet, 64 samples was ranked" in one.unchecked for one in listed] == [True, False]
    assert not any(one.fault for one in listed)
    for cell in suite.cells:
        rank(folder, cell, Learned(FNO.name, 4e-2, 40.0, 2.5, "a processor"))
    assert "fno, 128 samples/operator" in found()["leaderboard"][0]
