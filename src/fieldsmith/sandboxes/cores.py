"""Which cores a call may use, where no control group shares them out."""

import contextlib
import fcntl
import math
import os
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

QUIET_SECONDS = 0.1
"""A pause between two calls that is no longer is not taken for the end of the computing."""
_used: Counter[int] = Counter()
_changed = threading.Condition()
_full = -math.inf
"""When all cores were last in use."""
_locked: set[int] = set()
"""Files by which other processes are told of cores in use."""


def available() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))


@contextmanager
def share(count: int) -> Iterator[Sequence[int]]:
    """Numbers of `count` cores, those that the fewest calls use; of all there are if there are no more.

    Other processes of this user are asked by locks on files, which the kernel takes away from a process that ends.
    """
    global _full
    held: dict[int, int] = {}
    with _changed:
        ours = sorted(os.sched_getaffinity(0), key=lambda core: (_used[core], core))
        if count < len(ours):
            held = _free(ours, count)
            _locked.update(held.values())
        mine = [*held, *(core for core in ours if core not in held)][: max(1, count)]
        _used.update(mine)
    try:
        yield sorted(mine)
    finally:
        with _changed:
            if not _room():
                _full = time.monotonic()
            _used.subtract(mine)
            _changed.notify_all()
            for file in held.values():
                _locked.discard(file)
                os.close(file)


def wait_for_room(hurry: Callable[[], bool]) -> None:
    """Wait until this process's calls leave a core free, so that what is started then does not slow what is timed.

    Not while somebody is in a `hurry`, who calls `look_again` when that changes.
    """
    with _changed:
        while not hurry():
            left = _full + QUIET_SECONDS - time.monotonic() if _room() else None
            if left is not None and left <= 0.0:
                return
            _changed.wait(left)


def look_again() -> None:
    with _changed:
        _changed.notify_all()


def about_to_call() -> None:
    """Cores that are free now will be in use in a moment."""
    global _full
    with _changed:
        _full = time.monotonic()


def _room() -> bool:
    return _used.total() < available()


def _forked() -> None:
    """The calls of the process that has forked are not this one's, and neither are its locks, which a copy of a file would hold."""
    global _changed
    for file in _locked:
        os.close(file)
    _locked.clear()
    _changed = threading.Condition()
    _used.clear()


os.register_at_fork(after_in_child=_forked)


def _free(cores: Sequence[int], count: int) -> dict[int, int]:
    """Up to `count` of the cores that no call has locked, each with the locked file."""
    found: dict[int, int] = {}
    folder = Path(tempfile.gettempdir()) / f"fieldsmith-cores-{os.geteuid()}"
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.lstat().st_uid != os.geteuid():
            return found  # somebody else's, who might hold all
        for core in cores:
            if len(found) == count:
                break
            file = os.open(folder / str(core), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                # Not by a FileLock: released in a process that was forked, it would be released in the other one too.
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(file)
            else:
                found[core] = file
    return found
