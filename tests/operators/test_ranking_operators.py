"""`fieldsmith operators rank`: an operator and a run on one task, judged by one judge; what does not belong together is refused."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import small_heat
from command_line import run
from fieldsmith.bench.beside import learned_beside

TASK = f"{Path(small_heat.__file__)}:SmallHeat"
TRAIN = (
    "operators",
    "train",
    TASK,
    "--samples",
    "16",
    "--epochs",
    "2",
    "--set",
    "modes=6",
    "--set",
    "width=8",
    "--device",
    "cpu",
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a trained operator, and a run of the built-in author on the same task."""
    folder = tmp_path_factory.mktemp("ranking")
    trained = run(*TRAIN, "--out", "operator", cwd=folder)
    assert trained.returncode == 0, trained.stderr
    solved = run("solve", TASK, "--candidates", "1", "--sandbox", "process", "--run-dir", "run", cwd=folder)
    assert solved.returncode == 0, solved.stderr
    return folder


def test_programs_and_operators_are_put_in_order(place):
    done = run(
        "operators",
        "rank",
        TASK,
        "operator",
        "run",
        "--sandbox",
        "process",
        "--csv",
        "table.csv",
        "--figures",
        "plots",
        "--json",
        cwd=place,
    )
    assert done.returncode == 0, done.stderr
    first, second = json.loads(done.stdout.splitlines()[-1])["entries"]
    assert (first["kind"], second["kind"]) == ("solver", "operator")
    assert first["nrmse"] < 1e-6 < 1e-2 < second["nrmse"] < 2.0
    assert first["parameters"] is first["training"] is None
    assert second["parameters"] == json.loads((place / "operator" / "card.json").read_text())["parameters"]
    assert min(second["alone"], second["together"], second["training"], second["data"]) > 0
    with open(place / "table.csv", encoding="utf-8") as stream:
        assert [float(row["nrmse"]) for row in csv.DictReader(stream)] == [first["nrmse"], second["nrmse"]]
    (kept,) = learned_beside(place / "run")
    assert (kept.name, kept.nrmse, kept.training) == (second["name"], second["nrmse"], second["training"])
    assert first["semigroup"] < 1e-6 < 1e-2 < second["semigroup"]
    assert first["energy"] < 1e-6 < second["energy"]
    assert first["coarser"] < 1e-6 < second["coarser"]
    page = (place / "run" / "report.html").read_text(encoding="utf-8")
    table = page[page.index('<div id="beside">') :]
    assert table.index(f"{first['nrmse']:.3e}") < table.index(f"{second['nrmse']:.3e}") < table.index("By <code>")
    assert {file.name for file in (place / "plots").iterdir()} == {"ranking.pdf", "ranking.png"}


def test_breakeven_is_what_its_parts_come_to(place):
    words = ("operators", "breakeven", TASK, "operator", "--against", "run", "--tuning", "5", "--sandbox", "process")
    done = run(*words, "--csv", "even.csv", "--figures", "even", "--json", cwd=place)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    (row,) = told["rows"]
    assert {one["stride"] for one in told["curve"]} == {1, 2, 4}
    assert row["tuning_seconds"] == 5
    gain = row["solver_seconds"] - row["operator_seconds"]
    before = row["data_cpu_seconds"] + row["training_seconds"] + row["tuning_seconds"]
    assert row["solves"] == (pytest.approx(before / gain) if gain > 0 else None)
    assert {file.name for file in (place / "even").iterdir()} == {"breakeven.pdf", "breakeven.png"}
    plain = run(*words, cwd=place)
    assert "every single point, every single time" in plain.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((TASK, "operator", "nothing"), "nothing"),
        (("advection", "operator"), "was trained on other data than advection's"),
        (("advection", "run"), "is on other data than advection's"),
        ((TASK, "operator", "--param", "k=0.1"), "was trained on other data"),
    ],
)
def test_what_does_not_belong_together_is_refused(place, words, said):
    done = run("operators", "rank", *words, cwd=place)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_evaluation_is_told_as_one_line_of_json(place):
    done = run("operators", "evaluate", "operator", "--split", "both", "--device", "cpu", "--json", cwd=place)
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["status"] == "ok"
    assert [one["intervals"] for one in told["resolutions"]] == [8, 16, 32]
    assert set(told["beyond"]) == {"semigroup", "energy", "coarser"}
    assert all(value > 1e-3 for value in told["beyond"].values())
    assert len(told["dev"]["samples"]) == len(told["test"]["samples"]) == 8


def test_without_torch_what_to_install_is_said(place, tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError('No module named torch')\n")
    code = "import sys; sys.argv = ['fieldsmith', 'operators', 'evaluate', 'operator']; from fieldsmith.cli.main import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=place, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "pip install 'fieldsmith[operators]'" in done.stderr.strip().splitlines()[-1]
