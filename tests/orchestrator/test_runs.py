"""Whole runs as a person starts them: in processes of their own, interrupted, killed, resumed."""

import functools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mailbox_person import Person

pytestmark = pytest.mark.slow
SOLVE = [sys.executable, "-m", "fieldsmith.cli.main", "solve", "burgers", "--sandbox", "process", "--json"]


def start(folder: Path, *options: str) -> subprocess.Popen:
    model = ("--model", f"mailbox:{folder / 'box'}", "--candidates", "3", "--in-flight", "1")
    command = [*SOLVE, *model, "--run-dir", str(folder / "run"), *options]
    # A suite that runs in the background ignores SIGINT, and so would its children.
    listen = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=folder, text=True, preexec_fn=listen, **pipes)


def finish(process: subprocess.Popen) -> tuple[int, list[dict], str]:
    out, err = process.communicate(timeout=300)
    return process.returncode, [json.loads(line) for line in out.splitlines()], err


def wait_for(condition, process: subprocess.Popen, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the awaited moment did not come"
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def outcome(folder: Path) -> dict:
    """What must not depend on interruptions."""
    result = json.loads((folder / "run" / "result.json").read_text())
    best = result["best"]
    return {
        "slot": best["slot"],
        "dev": best["dev"]["samples"],
        "test": best["test"]["samples"],
        "statuses": result["statuses"],
        "tokens": result["spend"]["input_tokens"],
        "source": (folder / "run" / "best" / "solver.py").read_text(),
        "replies": len(list((folder / "box").glob("*-reply.md"))),
        "prompts": len(list((folder / "box").glob("*-prompt.md"))),
    }


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    person = Person(folder / "box")
    code, lines, err = finish(start(folder))
    person.leaving.set()
    assert code == 0, err
    assert lines[-1]["event"] == "result"
    return folder


def test_a_bug_is_mended_and_then_refined(uninterrupted):
    events = json.loads((uninterrupted / "run" / "result.json").read_text())
    assert events["statuses"] == {"bad_output": 1, "ok": 2}
    assert events["best"]["slot"] == "r1"
    assert events["best"]["plan"]["time_integrator"] == "RK4, finer"
    from fieldsmith.orchestrator.record import load_run

    tree = {c.slot: (c.move, c.parents, c.evaluation.status) for c in load_run(uninterrupted / "run").candidates}
    assert tree == {"1": ("draft", (), "bad_output"), "1.1": ("debug", (1,), "ok"), "r1": ("refine", (2,), "ok")}
    mend = (uninterrupted / "run" / "candidates" / "1.1" / "prompt.md").read_text()
    assert "expected (8, 51, 256)" in mend


def test_the_best_solver_runs_by_itself(uninterrupted, tmp_path):
    ran = subprocess.run(
        [sys.executable, str(uninterrupted / "run" / "best" / "solver.py")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert "shape (2, 11, 128)" in ran.stdout


def test_the_same_command_shows_a_finished_run_again(uninterrupted):
    code, lines, _ = finish(start(uninterrupted))
    assert code == 0
    assert lines[-1]["best"]["slot"] == "r1"
    assert outcome(uninterrupted)["prompts"] == 3


def test_a_replay_of_the_replies_gives_the_same_result(uninterrupted, tmp_path):
    recorded = f"replay:{uninterrupted / 'run'}"
    command = [*SOLVE, "--model", recorded, "--candidates", "3", "--in-flight", "1"]
    ran = subprocess.run([*command, "--run-dir", str(tmp_path / "run")], capture_output=True, text=True, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    again = json.loads(ran.stdout.splitlines()[-1])
    before = json.loads((uninterrupted / "run" / "result.json").read_text())
    assert again["best"]["test"]["samples"] == before["best"]["test"]["samples"]
    wrong = subprocess.run(
        [*command[:-2], "--in-flight", "1", "--param", "nu=0.02", "--run-dir", str(tmp_path / "other")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert wrong.returncode == 2
    assert "differs from the nearest recorded one" in wrong.stderr.splitlines()[-1]


MOMENTS = {
    "while waiting for a reply": lambda folder: (folder / "box" / "0002-prompt.md").exists(),
    "while a program runs": lambda folder: (folder / "started").exists(),
    "while the outcome is written": lambda folder: (folder / "run" / "best" / "pictures.npz").exists(),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_resumes_to_the_same_result(uninterrupted, tmp_path, moment):
    delay = ""
    if moment == "while a program runs":
        delay = f"import pathlib, time; p = pathlib.Path({str(tmp_path / 'started')!r}); time.sleep(0 if p.exists() else (p.touch() or 60))"
    person = Person(tmp_path / "box", delay, pause=1.0 if moment == "while waiting for a reply" else 0.0)
    process = start(tmp_path)
    wait_for(lambda: MOMENTS[moment](tmp_path), process)
    process.kill()
    process.wait()
    begun = (tmp_path / "run" / "best" / "solver.py").exists()
    assert begun == (moment == "while the outcome is written"), "the best so far is on disk, and only then"
    code, lines, err = finish(start(tmp_path))
    person.leaving.set()
    assert code == 0, err
    ours, whole = outcome(tmp_path), outcome(uninterrupted)
    if delay:
        for name in ("source", "tokens"):  # the program is another text, and its length is what is estimated
            ours.pop(name), whole.pop(name)
    assert ours == whole
    assert lines[-1]["event"] == "result"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_cleanly_and_resumes(tmp_path, number):
    process = start(tmp_path)
    wait_for(lambda: (tmp_path / "box" / "0001-prompt.md").exists(), process)
    time.sleep(0.5)
    process.send_signal(number)
    code, _, err = finish(process)
    assert code == 130
    assert "Interrupted. The same command resumes." in err.splitlines()[-1]
    assert (tmp_path / "run" / "report.html").exists()
    person = Person(tmp_path / "box")
    code, _, err = finish(start(tmp_path))
    person.leaving.set()
    assert code == 0, err
    assert len(list((tmp_path / "box").glob("*-prompt.md"))) == 3


def test_two_processes_do_not_share_a_run(tmp_path):
    first = start(tmp_path)
    wait_for(lambda: (tmp_path / "box" / "0001-prompt.md").exists(), first)
    code, _, err = finish(start(tmp_path))
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    assert code == 2
    assert "Another process is working on" in err


@pytest.mark.needs("docker")
def test_the_built_in_author_is_as_good_as_the_trusted_method_in_a_container(tmp_path):
    command = [sys.executable, "-m", "fieldsmith.cli.main", "solve", "reacdiff1d", "--sandbox", "docker"]
    solving = subprocess.Popen(
        [*command, "--candidates", "3", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    code, lines, err = finish(solving)
    assert code == 0, err
    best = lines[-1]["best"]
    assert best["test"]["nrmse"] < 1.05 * best["test"]["trusted"] + 1e-8
    label = f"label=fieldsmith.owner={solving.pid}"
    listed = subprocess.run(["docker", "ps", "-aq", "--filter", label], capture_output=True, text=True)
    assert not listed.stdout.strip()


@pytest.mark.needs("docker")
def test_an_evaluation_that_is_ended_leaves_no_container(tmp_path):
    (tmp_path / "endless.py").write_text("def solver(u, t, beta):\n    while True: pass\n")
    command = [
        sys.executable,
        "-m",
        "fieldsmith.cli.main",
        "evaluate",
        "advection",
        "endless.py",
        "--sandbox",
        "docker",
    ]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    listing = ["docker", "ps", "-aq", "--filter", f"label=fieldsmith.owner={process.pid}"]
    wait_for(lambda: subprocess.run(listing, capture_output=True, text=True).stdout.strip(), process)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert not subprocess.run(listing, capture_output=True, text=True).stdout.strip()
