"""Bubblewrap: namespaces without a daemon. No network, read-only system, nothing of the user's files."""

import contextlib
import os
import shutil
import signal
import site
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import fieldsmith
from fieldsmith.sandboxes.bundle import worker_source
from fieldsmith.sandboxes.local import LocalWorker, launch
from fieldsmith.sandboxes.pool import PooledSandbox
from fieldsmith.sandboxes.process import host_libraries
from fieldsmith.sandboxes.sandbox import Limits
from fieldsmith.sandboxes.session import Worker, ready
from fieldsmith.sandboxes.setting import environment, setting, unused_user
from fieldsmith.sandboxes.warm import END_SECONDS, Handle, WarmParents

SCRATCH = "/tmp"
SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/alternatives")


def _prefixes() -> list[str]:
    """Folders of this interpreter that are not the system's."""
    found = {sys.prefix, sys.base_prefix, sysconfig.get_paths()["purelib"], *map(str, site.getsitepackages())}
    return sorted(prefix for prefix in found if Path(prefix).exists() and not prefix.startswith("/usr/"))


def _visible() -> list[str]:
    """Arguments that show the system and this interpreter, and hide this package: its solvers are the references."""
    shown: list[str] = []
    for path in map(Path, SYSTEM):
        if path.is_symlink():
            shown += ["--symlink", str(path.readlink()), str(path)]
        elif path.exists():
            shown += [*_parents(path), "--ro-bind", str(path), str(path)]
    ways = _ways()
    for way in ways:
        shown += ["--perms", "0755", "--tmpfs", way]
    for prefix in _prefixes():
        shown += [*_parents(Path(prefix)), "--ro-bind", prefix, prefix]
    package = Path(fieldsmith.__file__).parent
    if any(package.is_relative_to(root) for root in (*_prefixes(), "/usr")):
        shown += ["--tmpfs", str(package), "--remount-ro", str(package)]
    return [*shown, *(word for way in ways for word in ("--remount-ro", way))]


def _ways() -> list[str]:
    """The folders in scratch that only lead to this interpreter's: mounts, or a worker could move them aside (`worker/spaces.py`)."""
    kept = list(map(Path, _kept()))
    below = [one.relative_to(SCRATCH) for one in kept if one.is_relative_to(SCRATCH)]
    return sorted({str(Path(SCRATCH, one.parts[0])) for one in below if len(one.parts) > 1})


def _kept() -> list[str]:
    """Of the folders that are shown, the outermost of those that may lie in scratch."""
    prefixes = list(map(Path, _prefixes()))
    return [str(one) for one in prefixes if not any(one != other and one.is_relative_to(other) for other in prefixes)]


def _parents(path: Path) -> list[str]:
    """Arguments that make the folders above, which bubblewrap would make for root alone."""
    return [word for parent in [*reversed(path.parents)][1:] for word in ("--perms", "0755", "--dir", str(parent))]


def _words(limits: Limits, rights: Sequence[str]) -> list[str]:
    """The command up to what is to run, as process 1 of its own namespaces, with these rights there."""
    size = str(limits.scratch_mb * 2**20)
    words = [
        "bwrap",
        *rights,
        "--unshare-ipc",
        "--unshare-pid",
        "--unshare-net",
        "--unshare-uts",
        "--unshare-cgroup-try",
    ]
    words += ["--as-pid-1", "--die-with-parent", "--new-session", "--clearenv"]
    for name, value in environment(limits, "/tmp").items():
        words += ["--setenv", name, value]
    # The scratch comes first: this interpreter may itself lie below /tmp. Without a size a tmpfs takes the host's memory.
    words += ["--perms", "1777", "--size", size, "--tmpfs", "/tmp"]
    words += [*_visible(), "--proc", "/proc", "--dev", "/dev", "--chdir", "/tmp"]
    # A user namespace may set what its kernel counts; and a shared mapping of zeros is memory that nobody counts.
    words += ["--ro-bind", "/proc/sys", "/proc/sys", "--dev-bind", "/dev/null", "/dev/zero"]
    words += ["--dev-bind", "/dev/null", "/dev/ptmx"]  # of terminals the whole machine has one number
    words += ["--perms", "1777", "--size", size, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    return [*words, "--hostname", "sandbox", "--remount-ro", "/", sys.executable, "-I", "-c", worker_source()]


def _rights(root: bool, *capabilities: str) -> list[str]:
    """Arguments for a command that has these capabilities alone.

    Root needs no user namespace, and its workers become users that nobody else is: in a user namespace they would stay
    root for the files that they see, and the kernel would not count their processes.
    """
    user = ["--uid", "0", "--gid", "0"] if capabilities else ["--uid", "65534", "--gid", "65534"]
    added = [word for name in capabilities for word in ("--cap-add", name)]
    return [*([] if root else ["--unshare-user", *user]), "--cap-drop", "ALL", *added]


def _setting(channel: str, limits: Limits, **more: Any) -> str:
    user = unused_user() if os.geteuid() == 0 else 0
    return setting(channel, "base", ["/tmp", "/dev/shm"], guard=True, user=user, processes=limits.processes, **more)


def _begin(limits: Limits) -> LocalWorker:
    """The warm parent. It keeps the rights that namespaces for its workers need; they do not."""
    root = os.geteuid() == 0
    # Who is mapped to root's number in a user namespace must have had the right to give files capabilities (user_namespaces(7)).
    rights = _rights(
        root, "CAP_SYS_ADMIN", "CAP_SETPCAP", *(("CAP_SETUID", "CAP_SETGID") if root else ("CAP_SETFCAP",))
    )
    apart = {"kept": _kept(), "mapped": not root}

    def command(channel: str) -> list[str]:
        return [*_words(limits, rights), setting(channel, "base", [], warm=True, spaces=apart)]

    return launch(command, _finish, environment={})


def _start_alone(limits: Limits) -> Worker:
    """A worker by a bubblewrap of its own."""
    root = os.geteuid() == 0
    rights = _rights(root, *(("CAP_SETUID", "CAP_SETGID") if root else ()))
    worker = launch(lambda channel: [*_words(limits, rights), _setting(channel, limits)], _finish, environment={})
    worker.pins_cores = True
    return ready(worker)


def _end(worker: Handle) -> None:
    """With it, which is process 1 of its namespace, the kernel ends all that is in there."""
    worker.kill()
    worker.ended(END_SECONDS)


def _finish(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(OSError):
        process.send_signal(signal.SIGKILL)
    process.wait()


@cache
def usable() -> str:
    """Empty if bubblewrap works here, else why not."""
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed (apt-get install bubblewrap)"
    command = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "true"]
    tried = subprocess.run(command, capture_output=True, text=True, check=False)
    if tried.returncode == 0:
        return ""
    return f"bubblewrap cannot make namespaces here ({' '.join(tried.stderr.split())})"


class BubblewrapSandbox(PooledSandbox):
    name = "bubblewrap"
    isolates = True
    denies = ("network", "sockets", "files")
    reason = "namespaces by bubblewrap"

    def __init__(self) -> None:
        super().__init__(self.start)
        self._parents = WarmParents(_begin, takes_all=True)

    def start(self, limits: Limits) -> Worker:
        """A worker that is process 1 of its own namespaces, so that nothing inside can end it. Raises MissingPart."""
        told = _setting("", limits, scratch_bytes=limits.scratch_mb * 2**20)
        forked = self._parents.start(limits, told, _end)
        if forked is None:
            return _start_alone(limits)
        forked.pins_cores = True
        return forked

    def facts(self) -> dict[str, str]:
        return self._parents.facts("a bubblewrap for each")

    def listen(self, tell: Callable[[str], None]) -> None:
        self._parents.listen(tell)

    def close(self) -> None:
        super().close()
        self._parents.close()

    def libraries(self) -> tuple[str, ...]:
        return host_libraries()
