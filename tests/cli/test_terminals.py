"""Every line can be printed and read: on narrow terminals, in other encodings, with paths of any bytes, for users without a home."""

import contextlib
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fieldsmith import folders

MAIN = [sys.executable, "-m", "fieldsmith.cli.main"]
ODD = os.fsdecode(b"r\xe9sultats")


def run(*words: str, cwd: Path, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    told = {**os.environ, "FIELDSMITH_HOME": str(cwd / "home"), **environment}
    return subprocess.run([*MAIN, *words], cwd=cwd, env=told, capture_output=True, check=False)


@pytest.mark.parametrize("columns", ["20", "45"])
def test_help_names_every_option_on_a_narrow_terminal(tmp_path, columns):
    shown = run("evaluate", "--help", cwd=tmp_path, COLUMNS=columns).stdout.decode()
    assert all(option in shown for option in ("--param", "--scale", "--data", "--docker-runtime"))


@pytest.mark.slow
def test_progress_stays_on_one_line_of_a_narrow_terminal(tmp_path):
    (tmp_path / "solver.py").write_text("def solver(u0_batch, t_coordinate, beta): return u0_batch\n")
    master, slave = pty.openpty()
    command = [*MAIN, "evaluate", "advection", "solver.py", "--sandbox", "process", "--no-order"]
    told = {**os.environ, "FIELDSMITH_HOME": str(tmp_path), "COLUMNS": "24"}
    subprocess.run(command, cwd=tmp_path, env=told, stderr=slave, stdout=subprocess.DEVNULL, check=False)
    os.close(slave)
    shown = os.read(master, 1 << 16).decode()
    os.close(master)
    drawn = re.findall(r"\r\x1b\[K([^\r\n]*)", shown)
    assert drawn
    assert max(map(len, drawn)) < 24
    assert any(line.endswith("100%") for line in drawn)


def on_a_terminal(folder: Path, *words: str) -> str:
    """What a command shows on a terminal of 120 columns, without the codes that move and colour."""
    master, slave = pty.openpty()
    told = {**os.environ, "FIELDSMITH_HOME": str(folder), "COLUMNS": "120", "TERM": "xterm"}
    process = subprocess.Popen([*MAIN, *words], cwd=folder, env=told, stderr=slave, stdout=subprocess.DEVNULL)
    os.close(slave)
    shown = b""
    with contextlib.suppress(OSError):  # the other end is closed
        while part := os.read(master, 1 << 16):
            shown += part
    os.close(master)
    process.wait()
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())


@pytest.mark.slow
def test_a_terminal_shows_what_is_being_evaluated_and_for_how_long(tmp_path):
    shown = on_a_terminal(tmp_path, "solve", "advection", "--candidates", "1", "--sandbox", "process")
    assert re.search(r"0/1 candidates, evaluating 1 \(\d+ s\)", shown)
    assert re.search(r"evaluating the best on the test split \(\d+ s\)", shown)
    (tmp_path / "solver.py").write_text("def solver(u0_batch, t_coordinate, beta): return u0_batch\n")
    assert "evaluating solver.py" in on_a_terminal(
        tmp_path, "evaluate", "advection", "solver.py", "--sandbox", "process"
    )


@pytest.mark.slow
def test_a_run_directory_of_another_encoding_is_written_listed_and_resumed(tmp_path):
    for candidates in ("1", "2"):
        words = ["solve", "advection", "--candidates", candidates, "--sandbox", "process", "--run-dir", ODD]
        ran = run(*words, cwd=tmp_path)
        assert ran.returncode == 0, ran.stderr
        assert b"r\xe9sultats/best/solver.py" in ran.stdout
    assert (tmp_path / ODD / "report.html").exists()
    listed = run("runs", cwd=tmp_path)
    assert listed.returncode == 0
    assert listed.stdout.count(b"sultats") == 1
    assert run("runs", "show", ODD, cwd=tmp_path).returncode == 0


@pytest.mark.slow
def test_a_task_in_a_folder_of_another_encoding_is_found(tmp_path):
    (tmp_path / ODD).mkdir()
    text = "from fieldsmith.tasks.advection import Advection\nclass Other(Advection):\n    name, title = 'other', 'Other'\n"
    (tmp_path / ODD / "task.py").write_text(text)
    shown = run("tasks", "show", f"{ODD}/task.py", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_that_knows_few_characters_gets_those_that_are_nearest(tmp_path, encoding):
    ran = run("tasks", "show", "burgers", "--json", cwd=tmp_path, PYTHONIOENCODING=encoding)
    assert ran.returncode == 0, ran.stderr
    code = "import sys; from fieldsmith.cli.terminal import prepare; prepare(); print('\\u2588 \\u2026 \\u6f22 d\\udce9', file=sys.stderr)"
    told = {**os.environ, "PYTHONIOENCODING": encoding}
    shown = subprocess.run([sys.executable, "-c", code], env=told, capture_output=True, check=True).stderr
    assert shown == b"# ... ? d\xe9\n"


def test_a_user_without_a_home_gets_no_folder_of_that_name(monkeypatch):
    for name in ("HOME", "FIELDSMITH_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", lambda _: {}["no such user"])
    for folder in (folders.cache_folder(), folders.data_folder()):
        assert folder.is_absolute()
        assert "~" not in str(folder)
