"""The leaderboard: means and intervals by hand, cells that are not done, published rows."""

import math
import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from fieldsmith.bench.cells import Outcome
from fieldsmith.bench.suite import Cell, Published, Suite
from fieldsmith.bench.table import Interval, Leaderboard, Row, Standing, across, leaderboard, over
from fieldsmith.orchestrator.question import Question
from fieldsmith.reports.leaderboard import as_csv, fields, markdown, notes
from fieldsmith.reports.leaderboard_page import page

SPEND = {"input_tokens": 10, "output_tokens": 5, "usd": 0.5, "seconds": 2.0}


def cell(task, author, seed):
    return Cell(task, author, "refine", seed, Question(task, seed=seed))


def outcome(of, error, state="done", *, held=None, **spend):
    test = None if error is None else {"metric": "nRMSE", "value": error, "nrmse": error, "lower_is_better": True}
    test = test and {**test, **(held or {})}
    best = None if error is None else {"status": "ok", "test": test, "plan": {"summary": "Fourier | ETDRK4"}}
    result = {"best": best, "spend": {**SPEND, **spend}} if state == "done" else None
    return Outcome(of.name, state, [], result=result)


@pytest.fixture
def board(tmp_path):
    cells = [cell(task, author, seed) for task in ("burgers", "darcy") for author in ("a", "b") for seed in (0, 1)]
    errors = {"burgers/a": (1e-4, 1e-6), "darcy/a": (1e-2, 1e-2), "burgers/b": (1e-3, None)}
    known = {}
    for one in cells:
        key = f"{one.task}/{one.author}"
        if key in errors:
            known[one.name] = outcome(one, errors[key][one.seed], usd=None if one.author == "b" else 0.5)
    known["darcy/b/refine/0"] = outcome(cells[6], None, "provider")
    published = (Published("they", "a paper", {"burgers": 2e-3, "darcy": 5e-3}),)
    return leaderboard(Suite(tmp_path / "x.toml", "Mine", tuple(cells), published), known)


def test_errors_are_averaged_by_decades_and_tasks_count_once(board):
    first = board.rows[0]
    burgers = first.tasks["burgers"].interval
    assert (first.author, burgers.mean) == ("a", pytest.approx(1e-5))
    half = stats.t.ppf(0.975, 1) * np.std([-4, -6], ddof=1) / math.sqrt(2)
    assert math.log10(burgers.high) == pytest.approx(-5 + half)
    assert first.overall.mean == pytest.approx(10 ** ((-5 - 2) / 2))
    seeds = stats.t.ppf(0.975, 1) * np.std([-4, -6], ddof=1) / math.sqrt(2) / 2  # darcy's seeds came to the same
    assert math.log10(first.overall.low) == pytest.approx(-3.5 - seeds)
    assert (first.ran, first.total("tokens"), first.total("usd"), first.total("seconds")) == ((4, 4), 60.0, 2.0, 8.0)


def test_an_interval_over_tasks_is_that_of_other_seeds_of_these_tasks():
    rng = np.random.default_rng(3)
    spreads, means = np.array([0.1, 0.4, 0.2]), np.array([-6.0, -2.0, -4.0])
    held = 0
    for _ in range(400):
        drawn = across([10 ** rng.normal(mean, spread, 4) for mean, spread in zip(means, spreads, strict=True)])
        held += math.log10(drawn.low) <= -4.0 <= math.log10(drawn.high)
    assert 0.92 < held / 400 < 0.985


def test_one_seed_has_no_interval_over_tasks():
    assert across([[1e-3], [1e-5]]) == Interval(pytest.approx(1e-4))


def test_nothing_that_ran_counts_as_zeros_and_what_is_not_done_nowhere(board):
    second = next(row for row in board.rows if row.author == "b")
    assert second.tasks["burgers"].values == (1e-3, 1.0)
    assert (second.ran, list(second.tasks), second.total("usd")) == ((1, 2), ["burgers"], None)
    assert board.missing == {"provider": 1, "not begun": 1}
    assert any("1 of 8 cells are not in the table: the provider gave up" in words for words in notes(board))


def test_a_row_that_lacks_a_task_has_no_figure_over_all_and_comes_last(tmp_path):
    cells = [cell(task, author, 0) for author in ("whole", "easy") for task in ("burgers", "darcy")]
    known = {one.name: outcome(one, 1e-2 if one.author == "whole" else 1e-9) for one in cells}
    del known["darcy/easy/refine/0"]  # the hard one is yet to come
    table = leaderboard(Suite(tmp_path / "x.toml", "Mine", tuple(cells), ()), known)
    assert [(row.author, row.overall) for row in table.rows] == [
        ("whole", Interval(pytest.approx(1e-2))),
        ("easy", None),
    ]
    assert "| refine | 1.00e-09 | - | - | 1/1 |" in markdown(table)


def held_against_references(tmp_path, **of):
    """Two authors on two tasks; of the first, burgers, it is known what it is held against. of: more of the table."""
    cells = [cell(task, author, 0) for task in ("burgers", "darcy") for author in ("a", "b")]
    held = {"trusted": 3e-9, "reference_error": 5e-9}
    errors = {"burgers/a": 1e-9, "burgers/b": 4e-9, "darcy/a": 1e-5, "darcy/b": 1e-6}
    known = {
        one.name: outcome(one, errors[f"{one.task}/{one.author}"], held=held if one.task == "burgers" else None)
        for one in cells
    }
    return leaderboard(Suite(tmp_path / "x.toml", "Mine", tuple(cells), ()), {**known, **of})


def test_what_figures_are_held_against_stands_in_every_form_and_what_cannot_be_told_apart_is_equal(tmp_path):
    table = held_against_references(tmp_path)
    text = page(table)
    assert "| *trusted method* |  | 3.00e-09 | - | - | - |" in markdown(table)
    assert "| *reference's own error* |  | 5.00e-09 | - | - | - |" in markdown(table)
    assert [line.split(",")[-3:-1] for line in as_csv(table).splitlines()[1:3]] == [["3e-09", "5e-09"], ["", ""]]
    assert fields(table)["marks"] == {"burgers": {"trusted": 3e-9, "reference": 5e-9}}
    # On burgers both are as good as can be told; on darcy, of which nothing is known, one is best.
    assert len(re.findall(r'<td class="right best">(?:1\.00e-09|4\.00e-09)', text)) == 2
    assert len(re.findall(r'<td class="right best">(?:1\.00e-05|1\.00e-06)', text)) == 1
    assert text.count('<rect class="untold"') == text.count('<line class="trusted"') == 1


def test_a_table_that_lacks_tasks_says_how_many_its_means_are_of(tmp_path):
    cells = [cell(task, "a", 0) for task in ("burgers", "darcy")]
    table = leaderboard(Suite(tmp_path / "x.toml", "Mine", tuple(cells), ()), {cells[0].name: outcome(cells[0], 1e-3)})
    assert "| all tasks (1 of 2 so far) |" in markdown(table)
    assert "all tasks<small>1 of 2 so far</small>" in page(table)
    assert "so far" not in page(held_against_references(tmp_path))


def test_every_cell_leads_to_its_report_or_says_why_it_has_none(tmp_path):
    one, other, lost = cells = [cell("burgers", "a", seed) for seed in (0, 1, 2)]
    known = {
        one.name: replace(outcome(one, 1e-3), folder=one.folder),
        other.name: replace(outcome(other, None), folder=other.folder),
        lost.name: replace(outcome(lost, None, "provider"), message="no quota <left>", folder=lost.folder),
    }
    told = page(leaderboard(Suite(tmp_path / "x.toml", "Mine", tuple(cells), ()), known))
    rows = re.findall(r"<tr><th scope=\"row\">(?:(?!</tr>).)*</tr>", told[told.index('id="cells"') :])
    assert f'<a href="cells/{one.folder}/report.html">burgers/a/refine/0</a>' in rows[0]
    assert "1.00e-03" in rows[0]
    assert "nothing ran" in rows[1]
    assert "href" not in rows[2]
    assert "the provider gave up<small>no quota &lt;left&gt;</small>" in rows[2]


def test_rows_are_sorted_and_published_ones_marked(board):
    assert [row.author for row in board.rows] == ["a", "they", "b"]
    text = markdown(board)
    assert "| they (published) |  | 2.00e-03 | 5.00e-03 | 3.16e-03 | - | - | - | - | - |" in text
    assert "not measured here" in text
    assert "1.00e-05 (" in text
    assert "unknown" in next(line for line in text.splitlines() if line.startswith("| b "))


def test_the_same_figures_stand_in_every_form(board):
    lines = as_csv(board).splitlines()
    assert len(lines) == 1 + 2 + 1 + 2
    assert lines[1].startswith("a,refine,burgers,nRMSE,1e-05,")
    told = fields(board)
    assert told["rows"][0]["tasks"]["burgers"]["schemes"] == {"Fourier | ETDRK4": 2}
    text = page(board, "fieldsmith bench mine.toml")
    assert "<svg" in text
    assert "<b>2</b> Fourier | ETDRK4" in text
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org", "")


@pytest.mark.parametrize(
    ("cached", "saved", "told"),
    [
        (8000, 0.05, "16,000, saving $0.10"),
        (8000, -0.001, "16,000, saving -$0.002"),
        (8000, None, "16,000"),
        (0, 0.0, ""),
        (None, None, ""),  # a run of an earlier version
    ],
)
def test_what_came_from_caches_is_told_where_it_is_known(tmp_path, cached, saved, told):
    cells = [cell("burgers", "a", seed) for seed in (0, 1)]
    known = {one.name: outcome(one, 1e-3, cached_tokens=cached, saved_usd=saved) for one in cells}
    table = leaderboard(Suite(tmp_path / "x.toml", "Mine", tuple(cells), ()), known)
    assert table.rows[0].cache_told == told
    assert markdown(table).count(told or "from caches") == (1 if told else 0)
    assert ("from caches" in page(table)) == bool(told)


def test_cells_whose_plan_cannot_be_read_are_counted_among_what_was_chosen(board):
    row = board.rows[0]
    tasks = {
        task: replace(one, schemes=one.schemes if task == "darcy" else Counter()) for task, one in row.tasks.items()
    }
    others = [one for one in board.rows if one is not row]
    told = page(replace(board, rows=(replace(row, tasks=tasks), *others)))
    assert "no plan that could be read" not in page(board)
    assert "<b>2</b> no plan that could be read <small>a · refine</small>" in told


@pytest.fixture
def episodes():
    """A table of an environment alone, whose two seeds lie far apart."""
    one = Standing("env:a", "score", False, (0.95, 0.0), 2, 2, None, None, 1.0)
    return Leaderboard("T", ("env:a",), (Row("gold", "", {"env:a": one}, None),), 2, {})


def test_scores_of_few_seeds_that_lie_far_apart_are_told_and_nothing_is_said_of_errors(episodes):
    told = " ".join(notes(episodes))
    assert "gold on env:a: the 2 seeds came to 0.95, 0; so few" in told
    assert "nRMSE" not in told
    assert "error of 1" not in told


def test_a_heading_of_two_figures_says_which_stands_below(episodes):
    assert "ran<small>seconds below</small>" in page(episodes)


def test_an_axis_of_scores_has_round_values(episodes):
    words = re.findall(r'text-anchor="middle">([^<]+)</text>', page(episodes))
    assert words == ["0", "0.2", "0.4", "0.6", "0.8"]


def test_names_cannot_become_markup(board):
    row = replace(board.rows[0], author="<script>alert(1)</script>|x")
    text = page(replace(board, rows=(row,), title="<b>"))
    assert "<script>alert" not in text
    assert "\\|x" in markdown(replace(board, rows=(row,)))


def test_one_observation_has_no_interval():
    alone = over([1e-3], by_decades=True)
    assert (alone.mean, alone.low, alone.high) == (pytest.approx(1e-3), None, None)
    assert over([0.0, 1.0], by_decades=False).mean == 0.5
