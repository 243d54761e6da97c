"""`fieldsmith scaling` of runs whose programs are known: independent drafts, candidates that depend on each other, what is kept."""

import csv
import itertools
import json
import os
import shutil
import sys

import pytest

import small_burgers
from command_line import run as command

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with a run of five independent drafts and two of a strategy that looks at what came before."""
    folder = tmp_path_factory.mktemp("scaling")
    solve = ("solve", small_burgers.PLACE, "--author", "scan", "--sandbox", "process", "--quiet")
    runs = [("drafts", "best-of-n", "0", "5"), ("first", "evolve", "1", "3"), ("second", "evolve", "2", "3")]
    for name, strategy, seed, candidates in runs:
        words = (*solve, "--strategy", strategy, "--seed", seed, "--candidates", candidates, "--run-dir", name)
        assert fieldsmith(folder, *words).returncode == 0
    return folder


def fieldsmith(folder, *words):
    return command(*words, cwd=folder, env={**os.environ, "FIELDSMITH_HOME": str(folder / "home")})


def scaled(home, *words):
    said = fieldsmith(home, "scaling", *words, "--sandbox", "process", "--json", "--quiet")
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)["rows"]


def test_all_drafts_together_come_to_what_the_run_came_to(home):
    rows = scaled(home, "drafts")
    assert [row["k"] for row in rows] == [1, 2, 3, 4, 5]
    result = json.loads((home / "drafts" / "result.json").read_text())["best"]
    assert rows[-1]["test"] == pytest.approx(result["test"]["nrmse"], rel=1e-9)
    assert rows[-1]["dev"] == pytest.approx(result["dev"]["nrmse"], rel=1e-9)
    assert all(row["oracle"] <= row["test"] * (1 + 1e-12) for row in rows)
    assert all(later["dev"] <= earlier["dev"] for earlier, later in itertools.pairwise(rows))


def test_test_errors_are_measured_once_and_kept(home):
    scaled(home, "drafts")
    kept = json.loads((home / "drafts" / "tested.json").read_text())
    assert len(kept["ranks"]) == 5
    changed = {**kept, "ranks": dict.fromkeys(kept["ranks"], 0.5)}
    shutil.copytree(home / "drafts", home / "copy")
    (home / "copy" / "tested.json").write_text(json.dumps(changed))
    assert scaled(home, "copy")[0]["test"] != scaled(home, "drafts")[0]["test"]


def test_test_errors_that_were_measured_are_verified(home, tmp_path):
    scaled(home, "drafts")
    run = shutil.copytree(home / "drafts", tmp_path / "drafts")
    assert verified(home, run) == ("holds", "5 of 5 programs scored again, as tested.json tells")
    assert verified(home, run, "--no-rerun")[0] == "unchecked"
    kept = json.loads((run / "tested.json").read_text())
    best = json.loads((run / "result.json").read_text())["best"]["test"]["nrmse"]
    other = next(digest for digest, rank in kept["ranks"].items() if rank != best)
    kept["ranks"][other] = kept["ranks"][other] / 2 if kept["ranks"][other] else 0.5
    (run / "tested.json").write_text(json.dumps(kept))
    state, words = verified(home, run)
    assert (state, "scored again" in words) == ("fault", True)


def verified(home, run, *words):
    said = fieldsmith(home, "runs", "verify", str(run), "--sandbox", "process", "--json", *words)
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    return next((line["state"], line["message"]) for line in lines if line.get("check") == "tested")


@pytest.mark.parametrize("text", ["[]", "{", '{"fingerprint": "x"}', '{"fingerprint": "x", "ranks": {"a": "small"}}'])
def test_a_damaged_file_of_test_errors_is_as_good_as_none(home, tmp_path, text):
    shutil.copytree(home / "drafts", tmp_path / "damaged")
    (tmp_path / "damaged" / "tested.json").write_text(text)
    assert fieldsmith(home, "report", str(tmp_path / "damaged")).returncode == 0
    assert "oracle" not in (tmp_path / "damaged" / "report.html").read_text()


def test_a_draft_whose_mends_the_budget_cut_off_is_no_failure(tmp_path):
    broken = f"command:{sys.executable} -c \"print('Sorry.')\""
    words = ("solve", "advection", "--model", broken, "--strategy", "best-of-n", "--debug-rounds", "2")
    fieldsmith(tmp_path, *words, "--candidates", "5", "--sandbox", "process", "--quiet", "--run-dir", "cut")
    of = {row["kind"]: row["of"] for row in scaled(tmp_path, "cut")}
    assert of == {"drafts, mended": 1, "first shots": 2}


def test_seeds_of_a_strategy_are_averaged_and_the_same_run_counts_once(home):
    rows = scaled(home, "first", "second", "first")
    assert {row["of"] for row in rows} == {2}
    assert {row["kind"] for row in rows} == {"runs as they went"}
    ends = [json.loads((home / name / "result.json").read_text())["best"] for name in ("first", "second")]
    product = ends[0]["test"]["nrmse"] * ends[1]["test"]["nrmse"]
    assert rows[-1]["test"] == pytest.approx(product**0.5, rel=1e-9)


def test_tables_and_plots_are_written(home):
    words = ("drafts", "--csv", "s.csv", "--figures", "plots", "--sandbox", "process")
    said = fieldsmith(home, "scaling", *words)
    assert (said.returncode, "best of k out of 5" in said.stdout) == (0, True)
    with (home / "s.csv").open() as file:
        assert [row["k"] for row in csv.DictReader(file)] == ["1", "2", "3", "4", "5"]
    assert {file.name for file in (home / "plots").iterdir()} >= {"scaling-tries.pdf", "scaling-tries.png"}


def test_the_report_has_the_table_with_test_errors_once_these_are_known(home):
    scaled(home, "drafts")
    fieldsmith(home, "report", "drafts")
    page = (home / "drafts" / "report.html").read_text()
    assert "What fewer drafts would have come to" in page
    assert "oracle" in page
    fieldsmith(home, "report", "first")
    assert "What fewer drafts" not in (home / "first" / "report.html").read_text()


def test_places_without_runs_are_refused(home, tmp_path):
    said = fieldsmith(home, "scaling", str(tmp_path))
    assert (said.returncode, said.stderr.count("\n")) == (2, 1)
