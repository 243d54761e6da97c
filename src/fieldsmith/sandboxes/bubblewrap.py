"""Bubblewrap: namespaces without a daemon. No network, read-only system, nothing of the user's files."""

import contextlib
import os
import shutil
import signal
import site
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path

import fieldsmith
from fieldsmith.sandboxes.bundle import worker_source
from fieldsmith.sandboxes.local import launch
from fieldsmith.sandboxes.pool import PooledSandbox
from fieldsmith.sandboxes.process import host_libraries
from fieldsmith.sandboxes.sandbox import Limits
from fieldsmith.sandboxes.session import Worker, ready
from fieldsmith.sandboxes.setting import environment, setting, unused_user

SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/alternatives")


def _visible() -> list[str]:
    """Arguments that show the system and this interpreter, and hide this package: its solvers are the references."""
    shown: list[str] = []
    for path in map(Path, SYSTEM):
        if path.is_symlink():
            shown += ["--symlink", str(path.readlink()), str(path)]
        elif path.exists():
            shown += [*_parents(path), "--ro-bind", str(path), str(path)]
    prefixes = {sys.prefix, sys.base_prefix, sysconfig.get_paths()["purelib"], *map(str, site.getsitepackages())}
    for prefix in sorted(prefixes):
        if Path(prefix).exists() and not prefix.startswith("/usr/"):
            shown += [*_parents(Path(prefix)), "--ro-bind", prefix, prefix]
    package = Path(fieldsmith.__file__).parent
    if any(package.is_relative_to(root) for root in (*prefixes, "/usr")):
        shown += ["--tmpfs", str(package), "--remount-ro", str(package)]
    return shown


def _parents(path: Path) -> list[str]:
    """Arguments that make the folders above, which bubblewrap would make for root alone."""
    return [word for parent in [*reversed(path.parents)][1:] for word in ("--perms", "0755", "--dir", str(parent))]


def _start(limits: Limits) -> Worker:
    """A worker that is process 1 of its own namespaces, so that nothing inside can end it."""
    root = os.geteuid() == 0
    # Root needs no user namespace, and its worker becomes a user that nobody else is: in a user namespace it would stay
    # root for the files that it sees, and the kernel would not count its processes.
    user = unused_user() if root else 0
    size = str(limits.scratch_mb * 2**20)
    shared = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    unshare = [*shared, "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    if not root:
        unshare = ["--unshare-user", "--uid", "65534", "--gid", "65534", *shared, "--cap-drop", "ALL"]

    def command(channel: str) -> list[str]:
        words = ["bwrap", *unshare, "--as-pid-1", "--die-with-parent", "--new-session", "--clearenv"]
        for name, value in environment(limits, "/tmp").items():
            words += ["--setenv", name, value]
        # The scratch comes first: this interpreter may itself lie below /tmp. Without a size a tmpfs takes the host's memory.
        words += ["--perms", "1777", "--size", size, "--tmpfs", "/tmp"]
        words += [*_visible(), "--proc", "/proc", "--dev", "/dev", "--chdir", "/tmp"]
        # A user namespace may set what its kernel counts; and a shared mapping of zeros is memory that nobody counts.
        words += ["--ro-bind", "/proc/sys", "/proc/sys", "--dev-bind", "/dev/null", "/dev/zero"]
        words += ["--dev-bind", "/dev/null", "/dev/ptmx"]  # of terminals the whole machine has one number
        words += ["--perms", "1777", "--size", size, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
        words += ["--hostname", "sandbox", "--remount-ro", "/"]
        told = setting(
            channel,
            "base",
            ["/tmp", "/dev/shm"],
            guard=True,
            user=user,
            processes=limits.processes,
        )
        return [*words, sys.executable, "-I", "-c", worker_source(), told]

    worker = launch(command, _finish, environment={})
    worker.pins_cores = True
    return ready(worker)


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
        super().__init__(_start)

    def libraries(self) -> tuple[str, ...]:
        return host_libraries()
