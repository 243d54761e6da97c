"""A run's SQLite file: opened with a journal that works on its disk, waited for while others hold it, its faults in words."""

import contextlib
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from fieldsmith.errors import InputError
from fieldsmith.orchestrator import versions
from fieldsmith.orchestrator.trouble import held, trouble

T = TypeVar("T")
PATIENCE_SECONDS = 30.0
"""How long a file is waited for that another process holds."""
LOOK_SECONDS = 0.5
"""The longest that SQLite itself waits, during which Ctrl-C is not heard."""


class Database:
    """One file with `schema`. Safe to use from several threads; readers in other processes are welcome.

    With `reading` nothing is written, not even where the file lies in a folder of somebody else's. Every method raises
    InputError for a file that is damaged or held by another process, MissingPart for a disk that does not do its part.
    """

    def __init__(self, file: Path, schema: str, reading: bool = False) -> None:
        self._file, self._reading = file, reading
        self._lock = threading.RLock()
        with self._told():
            self._db = self._patiently(lambda: (_for_reading if reading else _for_writing)(file, schema))

    def close(self) -> None:
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._db.close()

    def copy_to(self, file: Path) -> None:
        """Write all that is in it, as it is at one moment, into a new file, whoever else writes to it meanwhile."""
        with self._lock, self._told(), contextlib.closing(sqlite3.connect(file)) as other:
            self._patiently(lambda: self._db.backup(other))

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock, self._told():
            return self._patiently(lambda: self._db.execute(query, values).fetchall())

    def write(self, command: str, *rows: tuple[object, ...], patience: float | None = None) -> int:
        """One command, for each of the rows of values, in one transaction; the row that was inserted last."""
        with self._lock, self._told():
            self._patiently(lambda: self._db.execute("BEGIN IMMEDIATE"), patience)
            try:
                last = [self._db.execute(command, row).lastrowid for row in rows]
                self._patiently(lambda: self._db.execute("COMMIT"), patience)
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # SQLite has taken it back itself
                    self._db.execute("ROLLBACK")
                raise
        return int(last[-1] or 0) if last else 0

    def _patiently(self, work: Callable[[], T], patience: float | None = None) -> T:
        """What `work` gives, tried again while another process holds the file."""
        begun = time.monotonic()
        while True:
            try:
                return work()
            except sqlite3.OperationalError as error:
                waited = time.monotonic() - begun
                if not held(error) or waited > (PATIENCE_SECONDS if patience is None else patience):
                    raise trouble(self._file, error, self._reading, waited) from None
            time.sleep(0.05)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise trouble(self._file, error, self._reading) from None


def _for_writing(file: Path, schema: str) -> sqlite3.Connection:
    """With a write-ahead log where there can be one: not on disks of the network, whose files cannot be shared memory."""
    try:
        return _opened(file, schema, ["PRAGMA journal_mode=WAL"])
    except sqlite3.OperationalError as error:
        if held(error) or error.sqlite_errorname == "SQLITE_FULL":
            raise
        # Alone, SQLite needs no shared memory: so it can also empty a log that was left where there could be one.
        alone = ["PRAGMA locking_mode=EXCLUSIVE", "PRAGMA journal_mode=TRUNCATE", "PRAGMA locking_mode=NORMAL"]
        return _opened(file, schema, alone)


def _opened(file: Path, schema: str, settings: list[str]) -> sqlite3.Connection:
    connection = sqlite3.connect(file, check_same_thread=False, timeout=LOOK_SECONDS, isolation_level=None)
    try:
        for setting in (*settings, "PRAGMA synchronous=FULL"):
            connection.execute(setting).fetchall()
        versions.check(connection, file)
        connection.executescript(schema)
        connection.execute("BEGIN IMMEDIATE")  # whether it can be written shows now; a lock held alone is let go of
        versions.migrate(connection, file)
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection


def _for_reading(file: Path, schema: str) -> sqlite3.Connection:
    """A connection that writes nothing, not even the files that SQLite likes to have beside a database."""
    # A log, or a journal, beside it holds what is not yet in it. Without either nobody writes, and SQLite must not make one.
    log, journal = (file.with_name(f"{file.name}-{kind}").exists() for kind in ("wal", "journal"))
    connection = _read_only(file, "readonly_shm=1" if log else "" if journal else "immutable=1")
    try:
        connection.execute("SELECT count(*) FROM facts")
        versions.check(connection, file)
    except InputError:
        connection.close()
        raise
    except sqlite3.OperationalError as error:
        connection.close()
        if "no such table" in str(error):  # a run that was ended before it could begin
            empty = sqlite3.connect(":memory:", check_same_thread=False)
            empty.executescript(schema)
            return empty
        if held(error) or not (log or journal):
            raise
        whole = _copied(file)
        versions.check(whole, file)
        return whole
    return connection


def _read_only(file: Path, how: str) -> sqlite3.Connection:
    place = f"{file.resolve().as_uri()}?mode=ro&{how}"
    return sqlite3.connect(place, uri=True, check_same_thread=False, timeout=LOOK_SECONDS)


def _copied(file: Path) -> sqlite3.Connection:
    """A database in memory. For one whose log was copied without the file of locks, or whose last change was broken off:
    reading would write."""
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("", "-wal", "-journal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{file}{suffix}", f"{folder}/{file.name}{suffix}")
        whole, kept = sqlite3.connect(f"{folder}/{file.name}"), sqlite3.connect(":memory:", check_same_thread=False)
        with contextlib.closing(whole):
            whole.backup(kept)
    return kept
