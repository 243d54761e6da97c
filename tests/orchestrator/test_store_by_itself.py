"""The queries of docs/runs.md, on a run of a strategy whose moves have parents."""

import re
import sqlite3
from pathlib import Path

import pytest

import fieldsmith as fs
import small_burgers

pytestmark = pytest.mark.slow
PAGE = (Path(__file__).parents[2] / "docs" / "runs.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store") / "run"
    return fs.solve(small_burgers.PLACE, author="built-in", sandbox="process", candidates=3, run_dir=folder)


def test_the_queries_of_the_page_tell_what_the_run_tells(run):
    ran, costs, chosen, line = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    with sqlite3.connect(f"file:{run.folder / 'run.sqlite'}?mode=ro", uri=True) as store:
        best, *_ = rows = store.execute(ran).fetchall()
        by_move = {row[0]: row[1:] for row in store.execute(costs)}
        final = store.execute(chosen).fetchall()
        lineage = store.execute(line).fetchall()
    candidates = {candidate.slot: candidate for candidate in run.record.candidates}
    assert len(rows) == sum(candidate.ok for candidate in candidates.values())
    assert best[2] == min(candidate.dev_nrmse for candidate in candidates.values())
    assert {move: asked for move, (asked, *_) in by_move.items()} == {"draft": 2, "refine": 1}
    kept = run.record.best.candidate
    assert final == [(kept.slot, kept.move, kept.evaluation.dev.nrmse, kept.evaluation.test.nrmse)]
    assert kept.slot in {row[1] for row in lineage}
    assert lineage[0][2] == "draft"
    assert len(lineage) > 1


def test_the_page_names_the_tables_and_files_that_there_are(run):
    with sqlite3.connect(run.folder / "run.sqlite") as store:
        tables = {name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    told = set(re.findall(r"^      ([\w.]+)", PAGE, re.MULTILINE))
    there = {path.name for path in run.folder.iterdir() if not path.name.startswith("run.sqlite-")} - {"run.lock"}
    assert there <= told
