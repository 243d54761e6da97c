"""Looking at a run of another process while it goes on."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from fieldsmith.orchestrator.record import is_held

T = TypeVar("T")

POLL = 0.5
FILES = ("run.sqlite", "run.sqlite-wal")


def follow(folder: Path, load: Callable[[Path], T]) -> Iterator[T]:
    """The run as `load` reads it, again whenever something has changed, until no process works on it.

    Raises what `load` raises.
    """
    seen: object = None
    while True:
        now, held = _stamp(folder), is_held(folder)
        if now != seen or not held:
            yield load(folder)
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
