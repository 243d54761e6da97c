"""What a person sees who asks for something wrong: one clear line, the right exit code, no traceback."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import h5py
import numpy as np
import pytest

import command_line


def run(*words, cwd=None, env=None):
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY")} | (env or {})
    return command_line.run(*words, cwd=cwd, env=environment)


def last(process) -> str:
    assert "Traceback" not in process.stderr, process.stderr
    return process.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["solve", "burger"], 2, "Did you mean 'burgers'"),
        (["tasks", "show", "nothing"], 2, "There is no task 'nothing'"),
        (["solve", "burgers", "--param", "mu=1"], 2, "no parameter 'mu'"),
        (["solve", "burgers", "--param", "nu=fast"], 2, "nu=fast is not a number"),
        (["solve", "burgers", "--param", "nu=-1"], 2, "out of range"),
        (["solve", "burgers", "--param", "nu"], 2, "not of the form name=value"),
        (["solve", "burgers", "--scale", "huge"], 2, "no scale 'huge'"),
        (["solve", "advection", "--strategy-option", "drafts=10000000000000"], 2, "Give 10,000 at most."),
        (["solve", "burgers", "--cpus", "1e9"], 2, "limited to cpus = 1000000000.0"),
        (["solve", "burgers", "--model", "command:cat", "--key-file", "k"], 2, "command: has no use for --key-file"),
        (["solve", "burgers", "--model", "mailbox:m", "--base-url", "http://x"], 2, "no use for --base-url"),
        (["solve", "burgers", "--strategy", "best"], 2, "no strategy 'best'"),
        (["solve", "burgers", "--strategy-option", "draft=6"], 2, "Did you mean 'drafts'"),
        (["solve", "burgers", *["--strategy-option", "drafts=6"] * 2], 2, "--strategy-option drafts is given 2 times."),
        (["solve", "burgers", "--strategy-option", "drafts=few"], 2, "drafts = few is not a whole number"),
        (["solve", "burgers", "--strategy", "best-of-n", "--strategy-option", "drafts=6"], 2, "It has none"),
        (["solve", "burgers", "--sandbox", "vm"], 2, "no sandbox 'vm'"),
        (["solve", "burgers", "--candidates", "-1"], 2, "--candidates -1 is negative"),
        (["solve", "burgers", "--fail-if", "error"], 2, "--fail-if"),
        (["solve", "burgers", "--model", "gpt-5"], 2, "is not known"),
        (["solve", "burgers", "--model", "openai:gpt-5"], 3, "OPENAI_API_KEY is not set"),
        (["solve", "burgers", "--model", "anthropic:claude"], 3, "ANTHROPIC_API_KEY is not set"),
        (["solve", "burgers", "--model", "openai:x", "--key-file", "/nowhere"], 2, "/nowhere cannot be read"),
        (["solve", "burgers", "--model", "replay:/nowhere"], 2, "/nowhere cannot be read"),
        (["solve", "burgers", "--data", "/nowhere.h5"], 2, "/nowhere.h5 does not exist"),
        (["solve", "burgers", "--run-dir", "/proc/run"], 2, "/proc/run cannot be written"),
        (["solve", "burgers", "--config", "/nowhere.toml"], 2, "/nowhere.toml cannot be read"),
        (["evaluate", "burgers", "/nowhere.py"], 2, "/nowhere.py cannot be read"),
        (["report", "/tmp"], 2, "/tmp is not a run directory"),
        (["runs", "show", "/tmp"], 2, "/tmp is not a run directory"),
        (["runs", "show", "/etc/passwd"], 2, "/etc/passwd is not a run directory: it is a file"),
        (["solve", "burgers", "--no-such-option"], 2, "--no-such-option"),
        (["solve", "burgers", "--candidates", "many"], 2, "--candidates"),
        (["solve"], 2, "Nothing is named that is to be solved"),
        (["forge"], 2, "No such command 'forge'."),
        (["solv"], 2, "Did you mean 'solve'? `"),
        (["solve", "burgers", "--max-hours", "0"], 2, "--max-hours 0 is no budget"),
        (["solve", "burgers", "--max-tokens", "nan"], 2, "--max-tokens nan is no budget"),
        (["solve", "burgers", "--fail-if", "nrmse > nan"], 2, "--fail-if"),
        (["solve", "burgers", "--sandbox", "process", "--output", "u.nc"], 2, "Only the solution of a problem file"),
        (["solve", "burgers", "--data", "/tmp"], 2, "/tmp is a folder"),
        (["solve", "burgers", "--key-file", "/nowhere"], 2, "--key-file goes with a model"),
        (["solve", "burgers", "--base-url", "http://localhost/v1"], 2, "--base-url goes with a model"),
        (["solve", "burgers", "--temperature", "1"], 2, "--temperature goes with a model"),
        (["solve", "burgers", "--prompt-style", "plain"], 2, "--prompt-style goes with a model"),
        (["solve", "burgers", "--model", "command:cat", "--prompt-style", "plane"], 2, "Did you mean 'plain'"),
        (
            ["solve", "burgers", "--model", "command:cat", "--prompts", "/nowhere"],
            2,
            "prompts in /nowhere cannot be read",
        ),
        (["solve", "burgers", "--model", "openai:x", "--base-url", "localhost"], 2, "is no web address"),
        (["solve", "burgers", "--model", "mailbox:m", "--model-option", "heat=1"], 2, "has no setting 'heat'"),
        (["solve", "burgers", "--model", "command:cat", "--model-option", "timeout"], 2, "form name=value"),
        (["solve", "burgers", "--model", "command:no-such-program"], 3, "'no-such-program' is not found"),
        (["solve", "burgers", "--model", "gguf:/nowhere.gguf"], 2, "/nowhere.gguf cannot be read"),
        (["solve", "burgers", "--model", "command:cat", "--max-cost", "1"], 2, "The price of command:cat is unknown"),
        (
            ["evaluate", "burgers", __file__, "--image", "jax", "--sandbox", "process"],
            2,
            "--image jax goes with docker",
        ),
    ],
)
@pytest.mark.slow
def test_one_clear_line(words, code, said, tmp_path):
    as_json = words[0] != "report"
    ran = run(*words, *["--json"] * as_json, cwd=tmp_path)
    assert ran.returncode == code, ran.stderr
    assert said in last(ran)
    if as_json:
        told = json.loads(ran.stdout.splitlines()[-1])
        assert told["event"] == "error"
        assert said in f"{told['message']} {told['hint']}"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('candidates = "one"', "candidates = 'one' is not a whole number"),
        ("candidates = 1.5", "candidates = 1.5 is not a whole number"),
        ("max_hours = [1]", "max_hours = [1] is not a number"),
        ('json = "no"', "json = 'no' is not true or false"),
        ("model = 5", "model = 5 is not text"),
        ("data = 5", "data = 5 is not a path"),
        ("param = [1]", "param = [1] is not a list of text"),
    ],
)
@pytest.mark.slow
def test_values_of_a_wrong_type_in_a_file_are_named(tmp_path, line, said):
    (tmp_path / "fieldsmith.toml").write_text(f"{line}\n")
    ran = run("solve", "advection", cwd=tmp_path)
    assert ran.returncode == 2
    assert f"fieldsmith.toml: {said}" in last(ran)


@pytest.mark.slow
def test_a_damaged_run_is_named_and_does_not_hide_the_others(tmp_path):
    environment = {"FIELDSMITH_HOME": str(tmp_path / "home")}
    for name in ("good", "bad"):
        made = run(
            "solve", "advection", "--sandbox", "process", "--run-dir", tmp_path / name, cwd=tmp_path, env=environment
        )
        assert made.returncode == 0, made.stderr
    (tmp_path / "bad" / "run.sqlite").write_text("garbage " * 1000)
    for words in (["runs", "show"], ["report"], ["solve", "advection", "--sandbox", "process", "--run-dir"]):
        ran = run(*words, tmp_path / "bad", cwd=tmp_path, env=environment)
        assert ran.returncode == 2
        assert "run.sqlite is damaged" in last(ran)
    listed = run("runs", cwd=tmp_path, env=environment)
    assert listed.returncode == 0
    assert str(tmp_path / "good") in listed.stdout
    assert "run.sqlite is damaged" in listed.stderr


@pytest.mark.slow
def test_a_run_with_another_setting_or_server_is_another_run(tmp_path):
    box = tmp_path / "replies.jsonl"
    box.write_text("")
    words = ["solve", "advection", "--sandbox", "process", "--model", f"replay:{box}", "--run-dir", tmp_path / "r"]
    run(*words, cwd=tmp_path)
    changed = run(*words, "--debug-rounds", "2", cwd=tmp_path)
    assert changed.returncode == 2
    assert "its debug_rounds is 4, not 2" in last(changed)


@pytest.mark.slow
def test_an_unreachable_server_is_named(tmp_path):
    words = ["solve", "burgers", "--sandbox", "process", "--model", "openai:x", "--base-url", "http://127.0.0.1:9/v1"]
    ran = run(*words, cwd=tmp_path)
    assert ran.returncode == 4
    assert "http://127.0.0.1:9/v1 cannot be reached" in last(ran)


@pytest.mark.slow
def test_a_wrong_shape_in_a_data_file_is_named(tmp_path):
    file = tmp_path / "data.h5"
    with h5py.File(file, "w") as h5:
        h5["tensor"] = np.zeros((4, 16))
        h5["t-coordinate"] = np.zeros(3)
    ran = run("solve", "burgers", "--data", file, cwd=tmp_path)
    assert ran.returncode == 2
    assert str(file) in last(ran)
    assert "(4, 16)" in last(ran)
    file.write_bytes(b"not HDF5")
    assert "cannot be read as HDF5" in last(run("solve", "burgers", "--data", file, cwd=tmp_path))


@pytest.mark.slow
def test_a_solver_file_without_the_function_is_named(tmp_path):
    (tmp_path / "mine.py").write_text("def solve(u, t, nu):\n    return u\n")
    ran = run("evaluate", "advection", tmp_path / "mine.py", "--sandbox", "process", "--json", cwd=tmp_path)
    assert ran.returncode == 1
    result = json.loads(ran.stdout.splitlines()[-1])
    assert result["status"] == "missing_function"
    assert "it defines solve" in result["feedback"]


@pytest.mark.slow
def test_a_run_directory_of_another_task_is_refused(tmp_path):
    first = run("solve", "advection", "--candidates", 1, "--run-dir", tmp_path / "r", "--sandbox", "process")
    assert first.returncode == 0, first.stderr
    ran = run("solve", "reacdiff1d", "--run-dir", tmp_path / "r", "--sandbox", "process")
    assert ran.returncode == 2
    assert "its task is advection, not reacdiff1d" in last(ran)
    other = run("solve", "advection", "--param", "beta=0.2", "--run-dir", tmp_path / "r", "--sandbox", "process")
    assert "its param is" in last(other)


@pytest.mark.slow
def test_options_come_from_a_file_and_the_command_line_wins(tmp_path):
    (tmp_path / "fieldsmith.toml").write_text('candidates = 1\nsandbox = "process"\nscale = "huge"\n')
    ran = run("solve", "advection", cwd=tmp_path)
    assert "no scale 'huge'" in last(ran)
    ran = run("solve", "advection", "--scale", "demo", "--json", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1])["candidates"] == 1
    (tmp_path / "fieldsmith.toml").write_text("candidate = 1\n")
    assert "Did you mean 'candidates'" in last(run("solve", "advection", cwd=tmp_path))


@pytest.mark.slow
def test_settings_of_a_strategy_are_part_of_what_was_asked(tmp_path):
    """They may stand in a file, are written down in their kinds, and another value of theirs is another run."""
    (tmp_path / "fieldsmith.toml").write_text("candidates = 2\n\n[strategy-option]\ndrafts = 1\n")
    solve = ["solve", "advection", "--sandbox", "process", "--run-dir", "r"]
    ran = run(*solve, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    asked = tomllib.loads((tmp_path / "r" / "run.toml").read_text())["question"]
    assert asked["strategy_options"] == {"drafts": 1}
    slots = {folder.name for folder in (tmp_path / "r" / "candidates").iterdir()}
    assert slots <= {"1", "r1"}, "the second is no draft"
    other = run(*solve, "--strategy-option", "drafts=2", cwd=tmp_path)
    assert other.returncode == 2
    assert "its strategy_options is {'drafts': 1}, not {'drafts': 2}" in last(other)


def test_errors_are_the_last_json_line(tmp_path):
    ran = run("solve", "burger", "--json", cwd=tmp_path)
    line = json.loads(ran.stdout.splitlines()[-1])
    assert line["event"] == "error"
    assert line["kind"] == "input"


@pytest.mark.slow
def test_a_pipe_gets_plain_lines(tmp_path):
    words = ["solve", "advection", "--candidates", "1", "--sandbox", "process"]
    ran = subprocess.run([*command_line.COMMAND, *words], capture_output=True, text=True, cwd=tmp_path)
    assert ran.returncode == 0
    assert "\x1b" not in ran.stdout + ran.stderr
    assert "not an LLM" in ran.stderr
    assert "test nRMSE" in ran.stdout
    failed = run(
        "solve", "advection", "--candidates", 1, "--sandbox", "process", "--fail-if", "nrmse > 1e-30", cwd=tmp_path
    )
    assert failed.returncode == 1


@pytest.mark.parametrize(
    "words", [[], ["solve"], ["evaluate"], ["tasks"], ["runs"], ["report"], ["sandbox"], ["doctor"]]
)
@pytest.mark.slow
def test_every_command_explains_itself(words):
    ran = run(*words, "--help")
    assert ran.returncode == 0
    assert "Usage" in ran.stdout


@pytest.mark.slow
def test_doctor_and_status_speak_json(tmp_path):
    for words in (["doctor", "--json"], ["sandbox", "status", "--json"], ["runs", "list", "--json"]):
        ran = run(*words, cwd=tmp_path, env={"OPENAI_API_KEY": "sk-canary"})
        assert ran.returncode == 0, ran.stderr
        assert json.loads(ran.stdout)["event"] == "result"
        assert "sk-canary" not in ran.stdout


@pytest.mark.slow
def test_run_directories_with_odd_files_are_named(tmp_path):
    environment = {"FIELDSMITH_HOME": str(tmp_path / "home")}
    solve = ["solve", "advection", "--sandbox", "process", "--run-dir", tmp_path / "r"]
    assert run(*solve, cwd=tmp_path, env=environment).returncode == 0
    asked = (tmp_path / "r" / "run.toml").read_text()
    (tmp_path / "r" / "run.toml").write_text(asked.replace("beta = 0.1", 'beta = "x"'))
    for words in (["report"], ["runs", "show"]):
        ran = run(*words, tmp_path / "r", cwd=tmp_path, env=environment)
        assert ran.returncode == 2
        assert "run.toml: question.param.beta" in last(ran)
    (tmp_path / "r" / "run.toml").write_text(asked)
    (tmp_path / "r" / "best" / "pictures.json").write_text("[]")
    assert run("report", tmp_path / "r", cwd=tmp_path, env=environment).returncode == 0
    (tmp_path / "r" / "run.sqlite").unlink()
    (tmp_path / "r" / "run.sqlite").mkdir()
    ran = run("runs", "show", tmp_path / "r", cwd=tmp_path, env=environment)
    assert ran.returncode == 2
    assert "run.sqlite is not a file" in last(ran)
    (tmp_path / "home" / "data" / "runs.txt").write_bytes(b"\xff\xfe\n")
    assert run("runs", cwd=tmp_path, env=environment).returncode == 0


@pytest.mark.slow
def test_closed_outputs_are_no_faults(tmp_path):
    command = " ".join(command_line.COMMAND)
    for redirection in (">&-", "2>&-", ">&- 2>&-"):
        ran = subprocess.run(f"{command} tasks list {redirection}", shell=True, capture_output=True, text=True)
        assert ran.returncode == 0
        assert "Traceback" not in ran.stderr
    solve = f"{command} solve advection --sandbox process --json --run-dir {tmp_path / 'r'} | head -n 1"
    ran = subprocess.run(["bash", "-c", f"{solve}; exit ${{PIPESTATUS[0]}}"], capture_output=True, text=True)
    assert ran.returncode == 141
    assert "Nobody reads the output any more. The same command resumes." in ran.stderr


def test_a_fault_of_the_program_itself_is_one_line_and_a_file():
    code = (
        "import fieldsmith.cli.main as m\n"
        "def broken(**_): raise LookupError('nothing there')\n"
        "m.app = broken\n"
        "m.main()\n"
    )
    ran = subprocess.run([sys.executable, "-c", code, "solve", "--json"], capture_output=True, text=True)
    assert ran.returncode == 2
    said = last(ran)
    assert "An unforeseen fault, LookupError: nothing there." in said
    file = Path(said.rpartition(" in ")[2].rstrip("."))
    assert "Traceback" in file.read_text()
    assert json.loads(ran.stdout)["event"] == "error"
    file.unlink()


@pytest.mark.slow
def test_a_file_with_a_byte_order_mark_is_a_program(tmp_path):
    file = tmp_path / "solver.py"
    file.write_bytes(
        b"\xef\xbb\xbfimport numpy as np\ndef solver(u, t, beta):\n    return np.stack([u] * len(t), axis=1)\n"
    )
    ran = run("evaluate", "advection", file, "--sandbox", "process", "--no-order", "--json", cwd=tmp_path)
    assert json.loads(ran.stdout)["status"] == "ok", ran.stderr
    assert set(json.loads(ran.stdout)["test"]["fields"]) == {"u"}


def test_an_author_that_there_is_not_is_told_before_data_is_made(tmp_path):
    done = run("solve", "burgers", "--author", "bult-in", cwd=tmp_path, env={"FIELDSMITH_HOME": str(tmp_path / "home")})
    assert done.returncode == 2
    assert "Did you mean 'built-in'" in last(done)
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]
