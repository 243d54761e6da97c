"""A run that goes on, seen from another terminal, and a command that hears of its end."""

import json
import os
import signal
import subprocess
import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from filelock import FileLock

from command_line import COMMAND, run
from fieldsmith.agents.author import Candidate
from fieldsmith.cli.runs import _tell_new
from fieldsmith.orchestrator import hook, record
from fieldsmith.orchestrator.follow import follow
from fieldsmith.orchestrator.store import Store
from mailbox_person import Person


def start(*words, cwd):
    # A suite that runs in the background ignores SIGINT, and so would its children.
    return subprocess.Popen(
        [*COMMAND, *map(str, words)],
        cwd=cwd,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def solving(folder, *options):
    model = ("--model", f"mailbox:{folder / 'box'}", "--candidates", "3", "--in-flight", "1")
    process = start(
        "solve", "burgers", "--sandbox", "process", *model, "--run-dir", folder / "run", *options, cwd=folder
    )
    end = time.monotonic() + 120
    while not (folder / "box").exists() or not list((folder / "box").glob("*-prompt.md")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    return process


@pytest.mark.slow
def test_a_run_is_watched_to_its_end_and_its_end_is_told(tmp_path):
    told = 'cat > told.json; echo "$FIELDSMITH_STATE $FIELDSMITH_TASK $FIELDSMITH_NRMSE $FIELDSMITH_RUN" > told.txt; echo heard'
    process = solving(tmp_path, "--on-finish", told)
    (listed,) = json.loads(subprocess.check_output([*COMMAND, "runs", "--json"], cwd=tmp_path, text=True))["runs"][-1:]
    assert (listed["run"], listed["state"]) == (str(tmp_path / "run"), "running")
    watcher = start("runs", "watch", tmp_path / "run", "--json", cwd=tmp_path)
    person = Person(tmp_path / "box")
    out, _ = watcher.communicate(timeout=300)
    _, err = process.communicate(timeout=300)
    person.leaving.set()
    assert (watcher.returncode, process.returncode) == (0, 0), err
    events = [json.loads(line) for line in out.splitlines()]
    assert [e["slot"] for e in events if e["event"] == "candidate"] == ["1", "1.1", "r1"]
    assert events[0]["event"] == "begin"
    begun = [e["slot"] for e in events if e["event"] == "start"]
    assert len(begun) == len(set(begun))
    result = json.loads((tmp_path / "told.json").read_text())
    assert events[-1] == {"event": "result", **result}
    assert result["state"] == "done"
    state, task, nrmse, folder = (tmp_path / "told.txt").read_text().split()
    assert (state, task, folder) == ("done", "burgers", str(tmp_path / "run"))
    assert float(nrmse) == pytest.approx(result["best"]["test"]["nrmse"], rel=1e-5)
    assert "heard" in err


@pytest.mark.slow
def test_an_interrupted_run_tells_so_and_a_watcher_leaves_runs_alone(tmp_path):
    process = solving(tmp_path, "--on-finish", 'echo "$FIELDSMITH_STATE" > told.txt; exit 3')
    watcher = start("runs", "watch", tmp_path / "run", cwd=tmp_path)
    while "Author" not in watcher.stderr.readline():
        assert watcher.poll() is None
    watcher.send_signal(signal.SIGINT)
    _, words = watcher.communicate(timeout=60)
    assert watcher.returncode == 130
    assert words.strip().splitlines()[-1] == "fieldsmith: Interrupted."
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "--on-finish ended with exit code 3." in err
    assert (tmp_path / "told.txt").read_text() == "interrupted\n"
    over = run("runs", "watch", tmp_path / "run")
    assert over.returncode == 1, "nothing ran"
    assert "The run is interrupted." in over.stderr


@pytest.mark.slow
def test_a_run_that_is_done_is_followed_until_its_result_is_written(tmp_path, finished_run):
    record.write_asked(tmp_path, finished_run.asked)
    store = Store(tmp_path / "run.sqlite")
    held = FileLock(tmp_path / "run.lock").acquire()
    store.set_facts({"state": "done", "seconds": 1.0})
    seen = follow(tmp_path, record.load_run)
    assert next(seen).spend.seconds == 1.0
    store.set_fact("seconds", 2.0)
    assert next(seen).spend.seconds == 2.0
    held.lock.release()
    assert [run.state for run in seen] == ["done"]
    store.close()


def test_a_watcher_is_told_of_what_was_begun_and_does_not_come(finished_run):
    events, told = [], set()
    listener = SimpleNamespace(event=lambda kind, fields: events.append((kind, fields["slot"], fields.get("reason"))))
    begun = [Candidate(n, str(n), "draft") for n in (1, 2)]
    for state, left in (("running", begun), ("running", begun[:1]), ("interrupted", begun[:1])):
        _tell_new(replace(finished_run, state=state, candidates=tuple(left)), told, listener)
    assert events[:3] == [("start", "1", None), ("start", "2", None), ("withdrawn", "2", "no_more_ideas")]
    assert events[3:] == [("withdrawn", "1", "stopped")]


@pytest.mark.slow
def test_nothing_to_watch_is_said(tmp_path):
    environment = {**os.environ, "FIELDSMITH_HOME": str(tmp_path / "home")}
    ran = run("runs", "watch", cwd=tmp_path, env=environment)
    assert ran.returncode == 2
    assert ran.stderr.strip() == "fieldsmith: No run is going on. Name one: `fieldsmith runs` lists them."


@pytest.mark.slow
def test_a_command_that_hangs_is_ended_with_all_it_started(tmp_path, monkeypatch, finished_run):
    monkeypatch.setattr(hook, "SECONDS", 1.0)
    mark = tmp_path / "mark"
    said = hook.run_hook(f"(sleep 5; touch {mark}) & sleep 100", finished_run, {})
    assert said == "--on-finish took longer than 1 s and was ended."
    time.sleep(5.5)
    assert not mark.exists()


def test_a_command_that_reads_nothing_is_no_fault(finished_run):
    assert hook.run_hook("exec 0<&-; true", finished_run, {"text": "x" * 1_000_000}) == ""
    assert hook.run_hook("no-such-command-here", finished_run, {}) == "--on-finish ended with exit code 127."


@pytest.fixture
def finished_run(tmp_path):
    from fieldsmith.orchestrator.question import Question
    from fieldsmith.orchestrator.run import Asked, RunRecord, Spend

    asked = Asked(Question("t"), "T", "s", "f", "a", "n", "c", "now")
    return RunRecord(tmp_path, asked, "done", (), None, Spend())
