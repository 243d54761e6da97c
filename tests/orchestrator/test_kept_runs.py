"""What is kept of runs: files of earlier and later versions, copies that are made while a run goes on, runs that are removed."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from command_line import run as command
from fieldsmith.agents.author import Draft, Program, Proposal
from fieldsmith.errors import InputError, MissingPart
from fieldsmith.evaluation.evaluation import Evaluation, Score
from fieldsmith.orchestrator import copying, prune, versions
from fieldsmith.orchestrator.copying import copy_run
from fieldsmith.orchestrator.folder import held
from fieldsmith.orchestrator.index import known_runs, remember
from fieldsmith.orchestrator.question import Question
from fieldsmith.orchestrator.record import load_run, write_asked
from fieldsmith.orchestrator.run import Asked
from fieldsmith.orchestrator.store import Store

OLD = (Path(__file__).parent / "store_version_0.sql").read_text(encoding="utf-8")
WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from fieldsmith.agents.author import Draft, Program, Proposal
from fieldsmith.evaluation.evaluation import Evaluation
from fieldsmith.orchestrator.store import Store
store = Store(Path(sys.argv[1]))
store.set_fact("state", "running")
number = 0
while True:
    number += 1
    made = store.issue(f"w{number}", Draft(), "a")
    store.record(replace(made, proposal=Proposal(Program("x = 1\\n" * 500)), evaluation=Evaluation("crashed")))
    if number == 20:
        print("writing", flush=True)
"""


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An index of runs of its own."""
    monkeypatch.setenv("FIELDSMITH_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def a_run(folder, state="done"):
    """A run directory with one candidate."""
    folder.mkdir(parents=True)
    write_asked(folder, Asked(Question("burgers"), "T", "s", "f", "a", "n", "c", "2026-01-01 10:00:00"))
    store = Store(folder / "run.sqlite")
    made = store.issue("1", Draft(), "a")
    score = Score(1e-3, {}, None, None, 0.0, 1.0)
    store.record(replace(made, proposal=Proposal(Program("x = 1")), evaluation=Evaluation("ok", dev=score)))
    store.set_fact("state", state)
    store.close()
    remember(folder)
    return folder


def version_of(file):
    with contextlib.closing(sqlite3.connect(file)) as database:
        return database.execute("PRAGMA user_version").fetchone()[0]


@pytest.fixture
def old(tmp_path):
    """A store that was written before there were versions."""
    file = tmp_path / "run.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.executescript(OLD)
    return file


@pytest.mark.parametrize("reading", [True, False])
def test_a_store_of_the_first_version_is_read_whole(old, reading):
    store = Store(old, reading=reading)
    first, second = store.candidates()
    assert (first.dev_nrmse, second.dev_nrmse, second.parents) == (1e-3, 1e-4, (1,))
    assert store.reply_to("1").text == "```python\nx = 1\n```"
    assert (store.fact("state"), store.final()[0]) == ("done", 2)
    store.close()
    assert version_of(old) == (0 if reading else versions.VERSION)


def test_a_store_that_was_brought_to_this_version_has_what_a_new_one_has(old, tmp_path):
    Store(old).close()
    Store(tmp_path / "new.sqlite").close()
    found = []
    for file in (old, tmp_path / "new.sqlite"):
        with contextlib.closing(sqlite3.connect(file)) as database:
            found.append(sorted(database.execute("SELECT type, name FROM sqlite_master").fetchall()))
            found.append(database.execute("PRAGMA integrity_check").fetchone())
    assert found[:2] == found[2:]


@pytest.mark.parametrize("reading", [True, False])
def test_a_store_of_a_later_version_is_refused_in_one_sentence_and_left_alone(old, reading):
    with contextlib.closing(sqlite3.connect(old)) as database:
        database.execute("PRAGMA user_version = 99")
    before = old.read_bytes()
    with pytest.raises(InputError, match="was written by a newer Fieldsmith: it is of version 99"):
        Store(old, reading=reading)
    assert version_of(old) == 99
    assert not reading or old.read_bytes() == before


def test_requests_are_found_by_their_ordinal_without_looking_through_all(old):
    Store(old).close()
    query = "EXPLAIN QUERY PLAN SELECT reply FROM replies WHERE json_extract(request, '$.ordinal') = '1' ORDER BY rowid"
    with contextlib.closing(sqlite3.connect(old)) as database:
        assert "replies_by_ordinal" in str(database.execute(query).fetchall())


def test_a_copy_of_a_run_that_goes_on_is_whole_each_time(tmp_path):
    run = a_run(tmp_path / "run")
    words = [sys.executable, "-c", WRITER, str(run / "run.sqlite")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as writer, held(run):
        assert writer.stdout
        writer.stdout.readline()
        counts = []
        for n in range(6):
            copy_run(run, tmp_path / f"copy-{n}")
            file = tmp_path / f"copy-{n}" / "run.sqlite"
            with contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
                assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            copied = load_run(tmp_path / f"copy-{n}")
            counts.append(len(copied.candidates))
            assert all(c.evaluation or c is copied.candidates[-1] for c in copied.candidates)
            assert copied.state == "interrupted"
        writer.kill()
    assert counts == sorted(counts)
    assert counts[0] > 20
    assert not (tmp_path / "copy-0" / "run.lock").exists()


def test_a_copy_can_be_gone_on_with_and_stands_in_the_list(tmp_path):
    run = a_run(tmp_path / "run", "interrupted")
    (run / "candidates" / "1").mkdir(parents=True)
    (run / "candidates" / "1" / "solver.py").write_text("x = 1")
    copy_run(run, tmp_path / "deep" / "copy")
    copy = tmp_path / "deep" / "copy"
    assert (copy / "candidates" / "1" / "solver.py").read_text() == "x = 1"
    Store(copy / "run.sqlite").issue("2", Draft(), "a")
    assert len(load_run(run).candidates) == 1
    assert copy.resolve() in known_runs()


@pytest.mark.parametrize(("to", "words"), [("run/inside", "lies in"), ("taken", "exists already")])
def test_a_place_that_cannot_take_a_copy_is_refused(tmp_path, to, words):
    a_run(tmp_path / "run")
    (tmp_path / "taken").mkdir()
    with pytest.raises(InputError, match=words):
        copy_run(tmp_path / "run", tmp_path / to)
    with pytest.raises(InputError, match="holds no run"):
        copy_run(tmp_path / "taken", tmp_path / "new")


@pytest.mark.parametrize(("state", "copied"), [("done", True), ("running", False), ("interrupted", False)])
def test_a_result_is_copied_with_a_store_that_is_done_alone(tmp_path, state, copied):
    run = a_run(tmp_path / "run", state)
    (run / "result.json").write_text("{}")
    copy_run(run, tmp_path / "copy")
    assert (tmp_path / "copy" / "result.json").exists() is copied


def test_a_copy_of_a_benchmark_tells_of_no_cell_that_ended_after_its_store_was_copied(tmp_path, monkeypatch):
    a_run(tmp_path / "grid" / "cells" / "one")
    for name in ("cells.jsonl", "leaderboard.json"):
        (tmp_path / "grid" / name).write_text("before")
    copy_to = Store.copy_to

    def copied(store, file):
        for name in ("cells.jsonl", "leaderboard.json"):
            (tmp_path / "grid" / name).write_text("after")
        copy_to(store, file)

    monkeypatch.setattr(Store, "copy_to", copied)
    copy_run(tmp_path / "grid", tmp_path / "copy")
    assert {(tmp_path / "copy" / name).read_text() for name in ("cells.jsonl", "leaderboard.json")} == {"before"}


def test_a_store_that_cannot_be_read_is_copied_as_it_is_and_told(tmp_path):
    a_run(tmp_path / "grid" / "cells" / "one")
    broken = a_run(tmp_path / "grid" / "cells" / "one.damaged-1")
    (broken / "run.sqlite").write_bytes(b"no database" * 1000)
    (broken / "result.json").write_text("{")
    told = command("runs", "copy", "grid", "copy", cwd=tmp_path, env=dict(os.environ))
    assert told.returncode == 0
    assert "one.damaged-1/run.sqlite is damaged" in told.stderr
    copy = tmp_path / "copy" / "cells" / "one.damaged-1"
    assert (copy / "run.sqlite").read_bytes() == (broken / "run.sqlite").read_bytes()
    assert (copy / "result.json").read_text() == "{"
    assert load_run(tmp_path / "copy" / "cells" / "one").state == "done"


def test_of_a_copy_that_fails_nothing_is_left(tmp_path, monkeypatch):
    a_run(tmp_path / "run")

    def full(*_):
        raise MissingPart("The disk is full.")

    monkeypatch.setattr(copying, "_copy_store", full)
    with pytest.raises(MissingPart):
        copy_run(tmp_path / "run", tmp_path / "copies" / "one")
    assert list((tmp_path / "copies").iterdir()) == []


@pytest.mark.parametrize("how", ["in it", "by a link"])
def test_a_cell_of_a_benchmark_is_refused_by_whatever_path(tmp_path, monkeypatch, how):
    cell = a_run(tmp_path / "grid" / "cells" / "one")
    (tmp_path / "grid" / "cells.jsonl").write_text("")
    (tmp_path / "link").symlink_to(cell)
    if how == "in it":
        monkeypatch.chdir(cell)
    told = command("runs", "prune", "." if how == "in it" else "link", "--yes", cwd=Path.cwd(), env=dict(os.environ))
    assert told.returncode == 2
    assert "is a cell of a benchmark" in told.stderr
    assert (cell / "run.sqlite").exists()


@pytest.mark.slow
def test_a_whole_benchmark_is_removed_with_its_cells_and_nothing_else(tmp_path):
    cell, other = a_run(tmp_path / "my grid" / "cells" / "one"), a_run(tmp_path / "other")
    (tmp_path / "my grid" / "cells.jsonl").write_text("")
    for words in (("runs", "show"), ("report",)):
        told = command(*words, "my grid", cwd=tmp_path, env=dict(os.environ))
        assert told.returncode == 2
        assert (
            "is the folder of a benchmark, not of a run. Its table is my grid/leaderboard.html"
            in told.stderr.replace("\n", " ")
        )
    with held(cell), pytest.raises(InputError, match="still running"):
        prune.named(tmp_path / "my grid")
    shown = command("runs", "prune", "my grid", "--dry-run", cwd=tmp_path, env=dict(os.environ))
    assert (shown.returncode, cell.exists()) == (0, True)
    told = command("runs", "prune", "my grid", "--yes", cwd=tmp_path, env=dict(os.environ))
    assert (told.returncode, (tmp_path / "my grid").exists()) == (0, False), told.stderr
    assert known_runs() == [other]


def test_only_runs_that_are_meant_are_prunable(tmp_path):
    failed, done = a_run(tmp_path / "failed", "failed"), a_run(tmp_path / "done")
    old = a_run(tmp_path / "old", "failed")
    for file in [*old.rglob("*"), old]:
        os.utime(file, (1e9, 1e9))
    assert {one.run.folder for one in prune.prunable(prune.Wanted(state="failed"))} == {failed, old}
    assert [one.run.folder for one in prune.prunable(prune.Wanted(days=30.0))] == [old]
    assert {one.run.folder for one in prune.prunable(prune.Wanted(task="burgers"))} == {failed, done, old}
    with pytest.raises(InputError, match="not said"):
        prune.Wanted().check()


@pytest.mark.slow
def test_neither_a_run_that_goes_on_nor_a_cell_of_a_benchmark_is_prunable(tmp_path):
    cell, going = a_run(tmp_path / "grid" / "cells" / "one"), a_run(tmp_path / "going")
    (tmp_path / "grid" / "cells.jsonl").write_text("")
    with held(going):
        assert not list(prune.prunable(prune.Wanted(task="burgers")))
        with pytest.raises(InputError, match="still running"):
            prune.named(going)
        # `held` knows its own process, so another one tries.
        failed: list[BaseException] = []

        def removing():
            try:
                prune.remove(going)
            except InputError as error:
                failed.append(error)

        thread = threading.Thread(target=removing)
        thread.start()
        thread.join()
        assert "Another process is working" in str(failed[0])
    with pytest.raises(InputError, match="cell of a benchmark"):
        prune.named(cell)
    assert cell.exists()
    assert going.exists()


@pytest.mark.slow
def test_the_command_shows_first_and_removes_only_what_it_showed(tmp_path):
    failed, done = a_run(tmp_path / "failed", "failed"), a_run(tmp_path / "done")
    environment = dict(os.environ)
    shown = command("runs", "prune", "--state", "failed", "--dry-run", cwd=tmp_path, env=environment)
    assert (shown.returncode, str(failed) in shown.stdout, str(done) in shown.stdout) == (0, True, False)
    assert failed.exists()
    unasked = command("runs", "prune", "--state", "failed", cwd=tmp_path, env=environment)
    assert (unasked.returncode, "Nobody is there to be asked" in unasked.stderr) == (2, True)
    assert failed.exists()
    removed = command("runs", "prune", "--state", "failed", "--yes", cwd=tmp_path, env=environment)
    assert (removed.returncode, failed.exists(), done.exists()) == (0, False, True)
    assert known_runs() == [done]
