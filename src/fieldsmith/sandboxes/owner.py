"""Whose containers and folders these are, and whether that process still lives."""

import contextlib
import os
import platform
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

PREFIX = "fieldsmith"
CONTAINERS = "containers"
"""Kind of the folder that a process has while it has containers."""


def origin() -> str:
    """Machine, boot, process namespace, process and when it began.

    Several machines, or containers of one, may share an engine, and numbers of processes are used again.
    """
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return " ".join([*_place(boot), str(os.getpid()), began(os.getpid())])


def _place(boot: str) -> tuple[str, str, str]:
    return platform.node() or "-", boot, _namespace()


def began(pid: int) -> str:
    """When a process began, in clock ticks since boot; empty if there is none of that number."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _number(word: str) -> bool:
    return word.isascii() and word.isdecimal()


def abandoned(label: str) -> bool:
    """Whether the owner that an origin names has certainly died."""
    words = label.split(" ")
    if len(words) != 5 or not _number(words[3]):
        return False
    ours = origin().split(" ")
    if words[0] != ours[0]:
        return False
    if words[1] != ours[1]:
        return True  # the machine was started again since
    return words[2] == ours[2] and began(int(words[3])) != words[4]


def own_folder(kind: str = "") -> Path:
    """A new folder that is known to be this process's, for scratch or a socket; `kind` is at the end of its name."""
    pid = os.getpid()
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}-{pid}-{_namespace()}-{began(pid)}-", suffix=kind))


class Beacon:
    """A folder of a kind that is there from `light` to `put_out`, or to the end of this process.

    Where the process is killed it stays, and tells later ones (`remove_folders`) what else was left.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._begin()

    def _begin(self) -> None:
        self._owner, self._lock = os.getpid(), threading.Lock()
        self._remove: Callable[[], object] | None = None

    def light(self) -> None:
        """Any thread may; the first makes the folder, and a process that was forked makes one of its own."""
        if self._owner != os.getpid():  # the lock may be held by a thread that is not here
            self._begin()
        with self._lock:
            if self._remove is None:
                self._remove = weakref.finalize(self, _remove_own, own_folder(self._kind), os.getpid())

    def put_out(self) -> None:
        if self._owner == os.getpid():
            with self._lock:
                if self._remove is not None:
                    self._remove()
                    self._remove = None


def _remove_own(folder: Path, owner: int) -> None:
    if os.getpid() == owner:  # not in a process that was forked
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """As `own_folder`, removed at the end."""
    folder = own_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _namespace() -> str:
    """The process namespace that numbers of processes are of."""
    return str(Path("/proc/self/ns/pid").stat().st_ino)


def remove_folders() -> list[str]:
    """Remove folders whose owner, of this process namespace, was killed before it could; their names."""
    dead = []
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}-*-*-*-*"):
        _, pid, namespace, since, _ = folder.name.split("-", 4)
        with contextlib.suppress(OSError):
            mine = _number(pid) and namespace == _namespace() and folder.lstat().st_uid == os.geteuid()
            if mine and began(int(pid)) != since:
                dead.append(folder)
    for folder in dead:
        shutil.rmtree(folder, ignore_errors=True)
    return [folder.name for folder in dead]
