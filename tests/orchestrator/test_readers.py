"""Whoever may read a run's folder is told rightly whether the run goes on, and leaves nothing behind in it."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from fieldsmith.orchestrator.record import is_held, load_run

WORKING = """
import sys
from pathlib import Path
from filelock import FileLock
from fieldsmith.orchestrator import record
from fieldsmith.orchestrator.question import Question
from fieldsmith.orchestrator.run import Asked
from fieldsmith.orchestrator.store import Store

folder = Path(sys.argv[1])
with FileLock(folder / "run.lock"):
    record.write_asked(folder, Asked(Question("t"), "T", "s", "f", "a", "n", "c", "now"))
    store = Store(folder / "run.sqlite")
    store.set_fact("state", "running")
    print("working", flush=True)
    sys.stdin.readline()
    if sys.argv[2] == "closes":
        store.close()
"""
READING = """
import os, sys
from pathlib import Path
from fieldsmith.orchestrator.record import load_run, read_asked

read_asked(Path(sys.argv[1]))  # imports what it needs while it still may
if os.getuid() == 0 and sys.argv[2] == "another":
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
print(load_run(Path(sys.argv[1])).state)
"""


@pytest.fixture
def folder():
    """A run's folder that everybody may read; pytest's own are for their owner alone."""
    made = Path(tempfile.mkdtemp(dir="/tmp"))
    made.chmod(0o755)
    yield made
    made.chmod(0o755)
    shutil.rmtree(made)


@pytest.fixture
def work():
    begun = []

    def begin(folder, end="closes"):
        process = subprocess.Popen(
            [sys.executable, "-c", WORKING, str(folder), end], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        begun.append(process)
        assert process.stdout
        assert process.stdout.readline() == "working\n"
        return process

    yield begin
    for process in begun:
        process.kill()
        process.wait()


def read(folder, who="another"):
    ran = subprocess.run([sys.executable, "-c", READING, str(folder), who], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def seen(folder):
    return {file.name: (file.stat().st_size, file.stat().st_mtime_ns) for file in folder.iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize("mode", [0o755, 0o555])
@pytest.mark.parametrize("who", ["its own user", "another"])
def test_a_run_that_goes_on_is_said_to_go_on(folder, work, mode, who):
    working = work(folder)
    folder.chmod(mode)
    before = seen(folder)
    assert read(folder, who) == "running"
    assert seen(folder) == before
    working.communicate("end\n")
    assert read(folder, who) == "interrupted"


@pytest.mark.slow
@pytest.mark.parametrize("end", ["closes", "is killed"])
@pytest.mark.parametrize("who", ["its own user", "another"])
def test_a_run_that_is_over_is_read_without_a_trace(folder, work, end, who):
    working = work(folder, end)
    working.kill() if end == "is killed" else working.communicate("end\n")
    working.wait()
    before = seen(folder)
    assert read(folder, who) == "interrupted"
    assert seen(folder) == before


def test_a_run_without_its_lock_is_not_given_one(folder, work):
    work(folder).communicate("end\n")
    (folder / "run.lock").unlink()
    before = seen(folder)
    assert not is_held(folder)
    assert load_run(folder).state == "interrupted"
    assert seen(folder) == before


def test_a_copy_of_a_run_that_goes_on_is_read_whole(folder, work):
    """A copy has the log of the database, but not the memory that its users share."""
    work(folder)
    copy = folder / "copy"
    copy.mkdir()
    for name in ("run.toml", "run.sqlite", "run.sqlite-wal", "run.lock"):
        shutil.copy(folder / name, copy)
    before = seen(copy)
    assert load_run(copy).state == "interrupted"
    assert seen(copy) == before


def test_readers_do_not_take_each_other_for_the_one_that_works(folder):
    (folder / "run.lock").touch()
    handle = os.open(folder / "run.lock", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_SH)
    assert not is_held(folder)
    os.close(handle)
