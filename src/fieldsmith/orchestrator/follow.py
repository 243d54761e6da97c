"""Looking at a run of another process while it goes on."""

import time
from collections.abc import Iterator
from pathlib import Path

from fieldsmith.orchestrator.record import is_held, load_run
from fieldsmith.orchestrator.run import RunRecord

POLL = 0.5
FILES = ("run.sqlite", "run.sqlite-wal")


def follow(folder: Path) -> Iterator[RunRecord]:
    """The run as it stands, again whenever something has changed, until no process works on it.

    Raises InputError if `folder` is not a run directory.
    """
    seen: object = None
    while True:
        now, held = _stamp(folder), is_held(folder)
        if now != seen or not held:
            yield load_run(folder, pictures=False)
            seen = now
        if not held:  # `done` alone may be said while the result is still being written
            return
        time.sleep(POLL)


def _stamp(folder: Path) -> list[tuple[int, int]]:
    """Changes whenever the store does."""
    stamps = []
    for name in FILES:
        try:
            told = (folder / name).stat()
        except OSError:
            continue
        stamps.append((told.st_mtime_ns, told.st_size))
    return stamps
