"""`fieldsmith solve FILE.toml` from end to end, with a family of methods for the heat equation in place of those built in."""

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from small_box_methods import HEAT, PROGRAM, run

EXACT = "exp(-81*pi**2*D*t)"
"""What stands in the exact solution alone."""


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("heat")
    (folder / "heat.toml").write_text(HEAT)
    return folder, run(folder, "solve", "heat.toml", "--sandbox", "process", "--run-dir", "r")


@pytest.mark.slow
def test_the_command_says_how_the_problem_is_understood_and_what_came_of_it(solved):
    folder, ran = solved
    assert ran.returncode == 0, ran.stderr
    for words in ("∂u/∂t = D·∂²u/∂x²", "x from 0 to 1, t from 0 to 0.1", "parameter  D = ", "u = 0 (dirichlet)", "relative error 0.001", "methods    sines", "Judged by the exact solution"):  # fmt: skip
        assert words in ran.stderr
    assert "Relative error of the problem as it is asked" in ran.stdout
    assert "; within the 0.001 that is asked for." in ran.stdout
    assert "reference exact" in ran.stdout
    assert "demo" not in ran.stdout + ran.stderr
    result = json.loads((folder / "r" / "result.json").read_text())
    assert result["accuracy"]["met"] is True
    assert result["accuracy"]["asked"] == 1e-3
    assert result["accuracy"]["error"] < 1e-12
    assert result["best"]["test"]["by_kind"].keys() == {"as asked", "other values"}
    assert result["message"].startswith("Ended: the error of the best program is ")
    assert result["message"].endswith(", no more than a tenth of the 0.001 that is asked for.")
    assert result["message"] in ran.stdout
    assert result["message"] in (folder / "r" / "report.html").read_text()
    assert result["best"]["chosen_for"] == "its dev error"
    assert "Solution: r/best/solution.nc" in ran.stdout
    assert "trusted" not in ran.stdout + ran.stderr


def test_the_author_stops_where_the_accuracy_is_reached_and_not_before(solved):
    folder, _ = solved
    candidates = [json.loads(file.read_text()) for file in sorted((folder / "r").glob("candidates/*/candidate.json"))]
    errors = {one["slot"]: one["evaluation"]["dev"]["nrmse"] for one in candidates}
    assert list(errors) == ["1", "2", "r1"]  # 32 modes are left untried
    assert errors["1"] > 0.1 < errors["2"]
    assert errors["r1"] < 1e-4


@pytest.mark.slow
def test_a_run_holds_by_whatever_path_it_is_named_and_where_it_was_moved(solved, tmp_path):
    folder, _ = solved
    shutil.copytree(folder / "r", tmp_path / "moved")
    for place, run_folder in ((folder, "r"), (tmp_path, tmp_path / "moved")):
        ran = run(place, "runs", "verify", run_folder, "--no-rerun")
        assert ran.returncode == 0, ran.stdout
        assert "ok    result" in ran.stdout
    (tmp_path / "moved" / "best" / "solution.nc").unlink()
    ran = run(tmp_path, "runs", "verify", "moved", "--no-rerun")
    assert ran.returncode == 1
    assert "FAIL  result     solution is solution.nc in result.json and None by run.sqlite" in ran.stdout


@pytest.mark.slow
def test_a_model_is_asked_no_more_where_the_accuracy_is_reached_unless_the_budget_is_to_be_spent(tmp_path):
    (tmp_path / "heat.toml").write_text(HEAT)
    (tmp_path / "reply.py").write_text(f"print({'```python' + chr(10) + PROGRAM.format(modes=32) + '```'!r})")
    model = f"command:{sys.executable} {tmp_path / 'reply.py'}"
    words = ("solve", "heat.toml", "--sandbox", "process", "--model", model, "--in-flight", 1, "--run-dir", "r")
    ended = run(tmp_path, *words)
    assert ended.returncode == 0, ended.stderr
    assert "Best program: candidate 1 of 1, ok" in ended.stdout
    assert "no more than a tenth of the 0.001 that is asked for" in ended.stdout
    went_on = run(tmp_path, *words, "--until", "budget", "--candidates", 2)
    assert "the budget of 2 candidates is spent" in went_on.stdout
    assert json.loads((tmp_path / "r" / "result.json").read_text())["candidates"] == 2
    wrong = run(tmp_path, *words, "--until", "noon")
    assert "--until noon is no end of a search. Use one of accuracy, budget." in wrong.stderr


def test_the_exact_solution_is_told_to_nobody(solved):
    folder, _ = solved
    assert EXACT in (folder / "r" / "problem" / "heat.toml").read_text()
    assert EXACT not in tomllib.loads((folder / "r" / "run.toml").read_text())["statement"]
    assert all(EXACT not in file.read_text() for file in (folder / "r" / "candidates").rglob("*.*"))
    assert EXACT not in (folder / "r" / "report.html").read_text()


@pytest.mark.slow
def test_the_run_goes_on_with_its_copy_when_the_file_changed_or_is_gone(solved, tmp_path):
    folder, _ = solved
    begun = run(folder, "solve", "heat.toml", "--sandbox", "process", "--run-dir", tmp_path / "r", "--candidates", 1)
    assert "not within the 0.001 that is asked for" in begun.stdout
    changed = tmp_path / "heat.toml"
    changed.write_text(HEAT.replace("0.5*", "0.4*"))
    words = ("solve", "heat.toml", "--sandbox", "process", "--run-dir", "r")
    went_on = run(tmp_path, *words, "--candidates", 2)
    assert went_on.returncode == 0, went_on.stderr
    assert (
        "heat.toml has changed since the run began. The run goes on with its copy, r/problem/heat.toml"
        in went_on.stderr
    )
    assert "Resumes: 1 candidate" in went_on.stderr
    changed.write_text(HEAT.replace("u_xx", "u_xx + q"))
    assert "heat.toml cannot be used any more: heat.toml:3:" in run(tmp_path, *words, "--candidates", 2).stderr
    changed.unlink()
    gone = run(tmp_path, *words)
    assert gone.returncode == 0, gone.stderr
    assert "heat.toml cannot be used any more: heat.toml is not there." in gone.stderr
    assert "within the 0.001" in gone.stdout
    assert json.loads(run(tmp_path, "runs", "show", "r", "--json").stdout)["candidates"] == 3
    assert (tmp_path / "r" / "best" / "problem" / "heat.toml").read_text() == HEAT


@pytest.mark.slow
def test_an_edited_file_is_another_run_and_a_moved_one_the_same(tmp_path):
    (tmp_path / "heat.toml").write_text(HEAT)
    words = ("--sandbox", "process", "--candidates", 1, "--json")
    first = run(tmp_path, "solve", "heat.toml", *words)
    (tmp_path / "heat.toml").write_text(HEAT.replace("0.5*", "0.4*"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "heat.toml").write_text(f"# moved\n{HEAT}")
    edited = run(tmp_path, "solve", "heat.toml", *words)
    moved = run(tmp_path, "solve", "elsewhere/heat.toml", *words)
    other = run(tmp_path, "solve", "elsewhere/heat.toml", "--param", "D=0.7", *words)
    first, edited, moved, other = (json.loads(one.stdout.splitlines()[-1]) for one in (first, edited, moved, other))
    assert first["run"] == moved["run"]
    assert len({first["run"], edited["run"], other["run"]}) == 3
    assert other["parameters"] == {"D": 0.7}
    assert moved["data"]["fingerprint"] == first["data"]["fingerprint"] != other["data"]["fingerprint"]


@pytest.mark.slow
def test_faults_of_a_file_are_told_as_by_the_check(tmp_path):
    (tmp_path / "heat.toml").write_text(HEAT.replace("u_xx", "u_xx + q").replace("low = 0.5", "low = 3"))
    checked = run(tmp_path, "problem", "check", "heat.toml")
    (tmp_path / "p.py").write_text(PROGRAM)
    for words in (("solve", "heat.toml"), ("evaluate", "heat.toml", "p.py"), ("tasks", "check", "heat.toml"), ("tasks", "show", "heat.toml")):  # fmt: skip
        ran = run(tmp_path, *words)
        assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", checked.stderr)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--param", "D=3"], "D=3 is out of range. heat.toml takes 0.5 to 2."),
        (["--param", "d=1"], "heat.toml has no parameter 'd'."),
        (["--scale", "hard"], "heat.toml is a problem file, which has no scale 'hard'."),
        (["--data", "heat.toml"], "heat.toml is a problem file, of which there are no published files."),
    ],
)
def test_what_a_problem_file_has_not_is_refused_in_a_sentence(solved, words, said):
    ran = run(solved[0], "solve", "heat.toml", *words)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.slow
def test_doubts_are_told_once(tmp_path):
    (tmp_path / "heat.toml").write_text(HEAT.replace("[boundary]", "k = 3\n[boundary]"))
    ran = run(tmp_path, "solve", "heat.toml", "--sandbox", "process", "--candidates", 1, "--quiet")
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.count("Nothing uses the parameter k") == 1


@pytest.mark.slow
def test_what_no_family_can_do_ends_the_run_with_their_reasons(tmp_path):
    (tmp_path / "waves.toml").write_text(HEAT.split("[exact]")[0].replace("u_t = D*u_xx", "u_t = -D*u_x").replace('x = "u = 0"', '"x=0" = "u = 0"'))  # fmt: skip
    ran = run(tmp_path, "solve", "waves.toml", "--sandbox", "process")
    assert ran.returncode == 1
    last = ran.stderr.splitlines()[-1]
    assert "“u_t = -D*u_x” is not the heat equation." in last
    assert "name it with --model" in last


@pytest.mark.slow
def test_other_commands_take_the_file_too(solved):
    folder, _ = solved
    checked = run(folder, "tasks", "check", "heat.toml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "the reference is an exact solution" in checked.stdout
    shown = run(folder, "tasks", "show", "heat.toml")
    assert "def solver(u0, x, t_coordinate, D):" in shown.stdout
    (folder / "p.py").write_text(PROGRAM.format(modes=16))
    scored = run(folder, "evaluate", "heat.toml", "p.py", "--sandbox", "process", "--split", "both", "--json")
    result = json.loads(scored.stdout.splitlines()[-1])
    assert (result["status"], result["task"]) == ("ok", "heat")
    assert max(result["dev"]["nrmse"], result["test"]["nrmse"]) < 1e-12


@pytest.mark.slow
def test_a_model_writes_for_a_problem_file_and_is_replayed(tmp_path):
    (tmp_path / "heat.toml").write_text(HEAT)
    (tmp_path / "reply.md").write_text(f"Sines.\n\n```python\n{PROGRAM.format(modes=16)}```\n")
    options = ("--sandbox", "process", "--candidates", 1)
    asked = run(tmp_path, "solve", "heat.toml", "--model", "command:cat reply.md", "--run-dir", "a", *options)
    assert asked.returncode == 0, asked.stderr
    prompt = next((tmp_path / "a").glob("candidates/*/prompt.md")).read_text()
    assert "parabolic" in prompt
    assert "Heat in a rod between two ends" in prompt
    assert EXACT not in prompt
    again = run(tmp_path, "solve", "heat.toml", "--model", "replay:a", "--run-dir", "b", *options)
    assert again.returncode == 0, again.stderr
    first, second = (
        json.loads((tmp_path / name / "result.json").read_text())["best"]["test"]["nrmse"] for name in "ab"
    )
    assert first == second < 1e-12
