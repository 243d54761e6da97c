"""A run's file on disks and beside processes that do not do their part: what is wrong is told, and what was recorded stays."""

import contextlib
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from fieldsmith.errors import FieldsmithError, InputError, MissingPart
from fieldsmith.orchestrator import database
from fieldsmith.orchestrator.store import Store

HOLDING = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.readline()
"""
GROWING = """
import resource, sys
from pathlib import Path
from fieldsmith.orchestrator.store import Store
store = Store(Path(sys.argv[1]))
store.set_fact("first", 1)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    for n in range(1000):
        store.set_fact(f"more {n}", "x" * 4000)
except Exception as error:
    print(type(error).__name__, error)
"""
KILLED = """
import os, signal, sys
from pathlib import Path
from fieldsmith.orchestrator.store import Store
store = Store(Path(sys.argv[1]))
store.set_fact("state", "running")
store._db._db.execute("PRAGMA cache_size=1")
store._db._db.execute("BEGIN IMMEDIATE")
for n in range(200):
    store._db._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (f"half {n}", '"' + "x" * 4000 + '"'))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.sqlite"


def without_log(file: Path) -> None:
    """The memory that users of a write-ahead log share cannot be had here, as on disks of the network."""
    file.with_name("run.sqlite-shm").mkdir()


@contextlib.contextmanager
def held(file: Path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        other.stdout.readline()
        yield
        other.communicate("\n")


def calm(error: FieldsmithError) -> str:
    """What an error says; nobody is told to delete anything."""
    assert "delete" not in str(error)
    assert "damaged" not in str(error)
    return str(error)


@pytest.mark.slow
def test_a_file_that_another_process_holds_is_told_with_how_long_it_was_waited_for(file, monkeypatch):
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 1.0)
    store = Store(file)
    with held(file):
        with pytest.raises(InputError) as writing:
            store.set_fact("state", "done")
        with pytest.raises(InputError) as opening:
            Store(file)
        for error in (writing, opening):
            assert "is locked by another process, and has been for 1 s" in calm(error.value)
    store.set_fact("state", "done")
    assert store.fact("state") == "done"


def test_a_limit_of_the_size_of_files_is_told_as_such_and_keeps_what_was_recorded(file):
    ran = subprocess.run([sys.executable, "-c", GROWING, str(file)], capture_output=True, text=True, check=True)
    assert "File too large (files are limited to 195 kB" in ran.stdout
    assert ran.stdout.startswith("MissingPart")
    assert "delete" not in ran.stdout
    store = Store(file)
    assert store.fact("first") == 1
    assert store.fact("more 0") == "x" * 4000


@pytest.mark.skipif(os.getuid() != 0, reason="only root makes disks")
def test_a_disk_that_is_read_only_is_told_as_such(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=True)
    try:
        Store(disk / "run.sqlite").close()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with pytest.raises(MissingPart) as error:
            Store(disk / "run.sqlite")
        assert "run.sqlite cannot be written: Read-only file system" in calm(error.value)
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def test_where_a_log_cannot_be_shared_a_journal_is_kept(file):
    without_log(file)
    store = Store(file)
    store.set_fact("state", "running")
    reader = Store(file, reading=True)
    assert reader.fact("state") == "running"
    store.set_fact("state", "done")
    assert reader.fact("state") == "done"
    assert not file.with_name("run.sqlite-wal").exists()
    store.close()
    file.with_name("run.sqlite-shm").rmdir()
    again = Store(file)  # a disk where it can be
    again.set_fact("more", 1)
    assert again.fact("state") == "done"
    assert file.with_name("run.sqlite-wal").exists()


def test_a_log_that_comes_to_such_a_disk_is_taken_over(file, tmp_path):
    store = Store(file)
    store.set_fact("state", "done")
    there = tmp_path / "network" / "run.sqlite"
    there.parent.mkdir()
    for suffix in ("", "-wal"):
        there.with_name(f"run.sqlite{suffix}").write_bytes(file.with_name(f"run.sqlite{suffix}").read_bytes())
    without_log(there)
    moved = Store(there)
    moved.set_fact("more", 1)
    assert moved.fact("state") == "done"
    assert Store(there, reading=True).fact("state") == "done"


@pytest.mark.parametrize("logged", [True, False])
def test_a_change_that_a_kill_broke_off_is_no_damage(file, logged):
    if not logged:
        without_log(file)
    subprocess.run([sys.executable, "-c", KILLED, str(file)], check=False)
    before = {other.name: other.stat().st_mtime_ns for other in file.parent.iterdir()}
    reader = Store(file, reading=True)
    assert reader.fact("state") == "running"
    assert reader.fact("half 0") is None
    reader.close()
    assert {other.name: other.stat().st_mtime_ns for other in file.parent.iterdir()} == before
    store = Store(file)
    assert store.fact("state") == "running"
    assert store.fact("half 0") is None


def test_damage_is_told_with_the_advice_to_copy_first(file):
    store = Store(file)
    for n in range(100):
        store.set_fact(f"fact {n}", "x" * 1000)
    store.close()
    content = bytearray(file.read_bytes())
    content[4096:40960] = b"\xff" * 36864
    file.write_bytes(content)

    def every() -> None:
        for n in range(100):
            Store(file, reading=True).fact(f"fact {n}")

    with pytest.raises(InputError, match="is damaged: database disk image is malformed") as error:
        every()
    assert "Copy the run directory first" in str(error.value)
    assert "delete" not in str(error.value)


def test_a_database_of_another_program_is_not_called_damaged(file):
    with contextlib.closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE facts (name, something)")
    with pytest.raises(InputError) as error:
        Store(file).fact("a")
    assert "holds what is not understood" in calm(error.value)
