"""`fieldsmith problem` checks files, writes new ones, and prints the schema."""

import json
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

import small_box_methods
from command_line import COMMAND, run
from fieldsmith.cli.problem_words import blown_up, methods_for
from fieldsmith.problems import Problem

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "problems"
HEAT = ("--equation", "u_t = D*u_xx", "--domain", "x=0,1", "--domain", "t=0,0.1", "--param", "D=0.5,0.1,1", "--boundary", "x: u = 0", "--initial", "u = sin(pi*x)")  # fmt: skip


@pytest.mark.slow
def test_check_says_how_a_file_is_understood():
    ran = run("problem", "check", EXAMPLES / "drum.toml")
    assert (ran.returncode, ran.stderr) == (0, "")
    for words in ("∂²u/∂t² = c²·∇²u", "second order in time", "hyperbolic", "waves travel at -1 to 1", "u = 0 (dirichlet)", "energy", "the exact solution"):  # fmt: skip
        assert words in ran.stdout
    assert ran.stdout.splitlines()[-1].split()[0] == "methods"


@pytest.mark.slow
def test_check_names_the_methods_that_fit_and_why_others_do_not(tmp_path):
    (tmp_path / "heat.toml").write_text(small_box_methods.HEAT)
    (tmp_path / "b.toml").write_text(small_box_methods.HEAT.split("[exact]")[0].replace("D*u_xx", "D*u_xx - u*u_x"))
    fits, not_ = (
        json.loads(small_box_methods.run(tmp_path, "problem", "check", name, "--json").stdout.splitlines()[-1])
        for name in ("heat.toml", "b.toml")
    )
    assert fits["methods"] == [{"name": "sines", "why_not": ""}]
    assert not_["methods"][0]["why_not"] == not_["why_no_method"] == "“u_t = D*u_xx - u*u_x” is not the heat equation."
    assert not_["kind"]["types"] == ["parabolic"]


@pytest.mark.slow
def test_check_tells_every_fault_with_its_line(tmp_path):
    text = (
        (EXAMPLES / "drum.toml")
        .read_text("utf-8")
        .replace("x = [0, 1]", "x = [1, 0]")
        .replace("laplace(u)", "laplac(u)")
    )
    (tmp_path / "drum.toml").write_text(text)
    ran = run("problem", "check", "drum.toml", cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    lines = ran.stderr.splitlines()
    assert lines[0].startswith("drum.toml:4:")
    assert "Did you mean laplace?" in lines[0]
    assert lines[1] == "drum.toml:10:1: The interval of x is reversed or too short: [1, 0]. Write [0, 1]."
    assert lines[-1] == f"fieldsmith: {lines[0]} It is one of 2 faults."
    told = [
        json.loads(line) for line in run("problem", "check", "drum.toml", "--json", cwd=tmp_path).stdout.splitlines()
    ]
    assert [(one["event"], one.get("line")) for one in told] == [("finding", 4), ("finding", 10), ("error", None)]


@pytest.mark.slow
def test_doubts_are_told_and_stop_nothing(tmp_path):
    text = (EXAMPLES / "drum.toml").read_text("utf-8").replace("[boundary]", "k = 3\n[boundary]")
    (tmp_path / "drum.toml").write_text(text)
    ran = run("problem", "check", tmp_path / "drum.toml", "--quiet")
    assert (ran.returncode, ran.stdout) == (0, "")
    assert re.fullmatch(r".*drum\.toml:17:1: doubt: Nothing uses the parameter k\. .*\n", ran.stderr)


@pytest.mark.slow
def test_new_writes_a_file_that_passes_and_overwrites_none(tmp_path):
    ran = run("problem", "new", "heat.toml", *HEAT, "--accuracy", 1e-6, "--title", "Heat", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    problem = Problem.from_toml(tmp_path / "heat.toml")
    assert (problem.title, problem.system.output.accuracy, problem.parameters["D"]["high"]) == ("Heat", 1e-6, 1)
    assert run("problem", "check", "heat.toml", cwd=tmp_path).returncode == 0
    before = (tmp_path / "heat.toml").read_bytes()
    again = run("problem", "new", "heat.toml", *HEAT, cwd=tmp_path)
    assert (again.returncode, again.stderr) == (2, "fieldsmith: heat.toml is there already. Choose another name; nothing is overwritten.\n")  # fmt: skip
    assert (tmp_path / "heat.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--domain", "x=0,1"], "--equation is missing, and there is no terminal to ask in"),
        (["--equation", "u_t = u_xx", "--domain", "x=0"], "has not two ends"),
        (["--equation", "u_t = u_xx", "--domain", "x"], "not of the form name = value"),
        (["--equation", "u_t = u_xx", "--domain", "x=0,1", "--domain", "t=0,1"], "The ends of x have no condition"),
        ([*HEAT, "--param", "k=1,2"], "neither a value nor value, low, high"),
    ],
)
def test_new_writes_nothing_that_is_wrong(tmp_path, words, said):
    ran = run("problem", "new", "p.toml", *words, cwd=tmp_path)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
    assert list(tmp_path.iterdir()) == []


def answered(folder: Path, answers: list[str], *words: str) -> tuple[int, str]:
    """The exit code of `problem new waves.toml` in a terminal of such answers, after which it ends, and what is said."""
    master, slave = pty.openpty()
    with subprocess.Popen([*COMMAND, "problem", "new", "waves.toml", *words], cwd=folder, stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as asking:  # fmt: skip
        os.close(slave)
        os.write(master, "".join(f"{answer}\n" for answer in answers).encode() + b"\x04")
        said, _ = asking.communicate(timeout=120)
    os.close(master)
    return asking.returncode, said


@pytest.mark.slow
def test_new_asks_in_a_terminal(tmp_path):
    code, said = answered(tmp_path, ["Waves", "u_tt = c**2*u_xx", "", "x = 0, 1", "t = 0, 2", "", "c = 2", "", "x: u = 0", "", "u = sin(pi*x)", "u_t = 0", ""])  # fmt: skip
    assert code == 0, said
    assert "waves.toml is written" in said
    problem = Problem.from_toml(tmp_path / "waves.toml")
    assert problem.understood.equations == ("∂²u/∂t² = c²·∂²u/∂x²",)
    assert (problem.title, problem.document["domain"]) == ("Waves", {"x": [0, 1], "t": [0, 2]})


@pytest.mark.slow
def test_new_asks_for_parameters_by_name_and_for_what_is_complex(tmp_path):
    answers = ["", "I*p_t = -k*p_xx/2 + w*x**2*p", "", "p", "x = -5, 5", "t = 0, 1", "", "0.5", "w = 1, 0.5, 2", "", "x: p = 0", "", "p = exp(-x**2)", ""]  # fmt: skip
    code, said = answered(tmp_path, answers, "--points", "x=96", "--times", "5")
    assert code == 0, said
    assert said.index("k = (") < said.index("w = (")
    problem = Problem.from_toml(tmp_path / "waves.toml")
    assert problem.system.complex
    assert problem.document["parameters"] == {"k": 0.5, "w": {"value": 1, "low": 0.5, "high": 2}}
    assert (problem.system.output.points, len(problem.system.output.times)) == ({"x": 96}, 5)


@pytest.mark.slow
def test_a_bad_answer_is_told_at_once_and_asked_again(tmp_path):
    bad = ("u_t = D u_xx", "x = 0.1", "t = 1, 0", "D = much", "x: u == 1", "u = exp(-x")
    code, said = answered(tmp_path, ["", bad[0], "u_t = D*u_xx", "", bad[1], "x = 0, 1", bad[2], "t = 0, 1", "", bad[3], "D = 0.1", "", bad[4], "x: u = 1", "", bad[5], "u = 1", ""])  # fmt: skip
    assert code == 0, said
    at = [said.index(words) for words in ("Between D and u_xx", "has not two ends", "Write [0, 1]", "much is not known", "one equals sign", "is not closed")]  # fmt: skip
    assert at == sorted(at)
    assert Problem.from_toml(tmp_path / "waves.toml").document["parameters"] == {"D": 0.1}


def test_a_fault_of_the_whole_brings_its_question_back(tmp_path):
    start = ["", "u_t = -k*u_xx", "", "x = 0, 1", "t = 0, 1", "", "", "", "k = 1", "", "x=0: u = 1", "", "u = 1", ""]
    code, said = answered(tmp_path, [*start, "u_t = k*u_xx", "x=1: u_x = 0", ""])
    assert code == 0, said
    assert said.index("k is not known here") < said.index("backwards in time")
    document = Problem.from_toml(tmp_path / "waves.toml").document
    assert (document["equations"], document["boundary"]) == (["u_t = k*u_xx"], {"x=0": "u = 1", "x=1": "u_x = 0"})


def test_what_was_answered_is_not_lost_with_the_terminal(tmp_path):
    code, said = answered(tmp_path, ["Waves", "u_tt = u_xx", "", "x = 0, 1"])
    assert code == 130
    (line,) = [line for line in said.splitlines() if "To go on" in line]
    again = shlex.split(line.partition(": ")[2])
    assert again == ["fieldsmith", "problem", "new", "waves.toml", "--title", "Waves", "--equation", "u_tt = u_xx", "--domain", "x = 0, 1"]  # fmt: skip
    assert list(tmp_path.iterdir()) == []


def test_the_schema_is_printed_as_json():
    ran = run("problem", "schema")
    jsonschema.Draft202012Validator.check_schema(json.loads(ran.stdout))


@pytest.mark.slow
def test_the_page_shows_what_is_printed(tmp_path):
    page = (ROOT / "docs" / "problems.md").read_text("utf-8")
    (file,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    said, _ = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    (tmp_path / "p.toml").write_text(file)
    ran = run("problem", "check", tmp_path / "p.toml")
    assert ran.stdout.splitlines()[:-1] == said.splitlines()  # the last line has the methods that fit
    assert ran.stdout.splitlines()[-1].split()[0] == "methods"


@pytest.mark.slow
def test_the_python_of_the_page_runs(tmp_path):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (snippet,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "problems.md").read_text("utf-8"), re.DOTALL)
    ran = subprocess.run([sys.executable, "-c", snippet], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "∂u/∂t = D·∂²u/∂x²" in ran.stdout


def test_every_example_is_in_the_page():
    page = (ROOT / "docs" / "problems.md").read_text("utf-8")
    assert {f"`{file.name}`" for file in EXAMPLES.glob("*.toml")} <= set(re.findall(r"`\w+\.toml`", page))


@pytest.mark.slow
def test_a_command_that_is_suggested_can_be_typed_as_it_stands(tmp_path):
    done = run("problem", "new", "my heat.toml", *HEAT, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "`fieldsmith problem check 'my heat.toml'`" in done.stdout


def test_a_number_of_points_that_is_too_large_is_told_with_the_largest(tmp_path):
    text = (EXAMPLES / "drum.toml").read_text(encoding="utf-8")
    (tmp_path / "p.toml").write_text(text.replace("points = 64", "points = 1000000000000"))
    done = run("problem", "check", "p.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert "from 5 to 200,000,000" in done.stderr


CAVITY = {
    "equations": ["r*(u_t + u*u_x + v*u_y) = -p_x + nu*laplace(u)", "r*v_t + r*(u*v_x + v*v_y) = -p_y + nu*laplace(v)", "u_x + v_y = 0"],
    "parameters": {"r": 2, "nu": 0.01}, "domain": {"x": (0, 1), "y": (0, 1), "t": (0, 1)},
    "boundary": {"x": ["u = 0", "v = 0"], "y=0": ["u = 0", "v = 0"], "y=1": ["u = x**2*(1 - x)**2", "v = 0"]},
    "initial": {"u": "0", "v": "0"},
}  # fmt: skip


def test_of_a_flow_that_no_method_takes_the_form_is_named_that_one_does():
    methods, why = methods_for(Problem(**CAVITY))
    assert all(one["why_not"] for one in methods)
    (law,) = re.findall("“(.*d\\(laplace.*)”", why)
    walls = {"x": ["psi = 0", "psi_x = 0"], "y=0": ["psi = 0", "psi_y = 0"], "y=1": ["psi = 0", "psi_y = x**2*(1 - x)**2"]}  # fmt: skip
    named = Problem(**{**CAVITY, "equations": [law], "boundary": walls, "initial": {"psi": "0"}})
    assert {one["name"] for one in methods_for(named)[0] if not one["why_not"]} >= {"collocation", "differences"}
    forced = {**CAVITY, "equations": [f"{CAVITY['equations'][0]} + y", *CAVITY["equations"][1:]]}
    assert "stream function" not in methods_for(Problem(**forced))[1]  # its form would not be that of the forced flow


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("raises ArithmeticError: Steps become too short at 0.0109849.", "raises FloatingPointError: The steps become too small at 0.0109847.", "0.011"),
        ("raises ArithmeticError: Steps become too short at 0.0109849.", "raises FloatingPointError: The steps become too small at 0.5.", ""),
        ("raises ArithmeticError: Steps become too short at 0.0109849.", "is not done in time", ""),
        ("raises ArithmeticError: Steps become too short at 0.", "raises FloatingPointError: The steps become too small at 0.", ""),
    ],
)  # fmt: skip
def test_methods_that_give_up_at_one_time_are_said_to_meet_a_blow_up(first, second, said):
    words = f"an estimate, as there is no reference: No method gives a reference: collocation {first}; differences {second}."
    assert blown_up(words, 0, 1) == said
