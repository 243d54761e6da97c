"""Bubblewrap: namespaces without a daemon. No network, read-only system, nothing of the user's files."""

import contextlib
import shutil
import signal
import site
import subprocess
import sys
import sysconfig
from functools import cache
from pathlib import Path

import fieldsmith
from fieldsmith.sandboxes.framed import FramedSession, worker_environment, worker_source
from fieldsmith.sandboxes.process import host_libraries
from fieldsmith.sandboxes.sandbox import Limits, Sandbox

SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin", "/etc/ld.so.cache", "/etc/alternatives")


def _visible() -> list[str]:
    """Arguments that show the system and this interpreter, and hide this package: its solvers are the references."""
    shown: list[str] = []
    for path in map(Path, SYSTEM):
        if path.is_symlink():
            shown += ["--symlink", str(path.readlink()), str(path)]
        elif path.exists():
            shown += ["--ro-bind", str(path), str(path)]
    prefixes = {sys.prefix, sys.base_prefix, sysconfig.get_paths()["purelib"], *map(str, site.getsitepackages())}
    for prefix in sorted(prefixes):
        if Path(prefix).exists() and not prefix.startswith("/usr/"):
            shown += ["--ro-bind", prefix, prefix]
    package = Path(fieldsmith.__file__).parent
    if any(package.is_relative_to(root) for root in (*prefixes, "/usr")):
        shown += ["--tmpfs", str(package), "--remount-ro", str(package)]
    return shown


class BubblewrapSession(FramedSession):
    address_space_limit = True

    def _start(self) -> subprocess.Popen[bytes]:
        command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]
        for name, value in worker_environment(self.limits, "/tmp", "/dev/shm").items():
            command += ["--setenv", name, value]
        # The scratch comes first: this interpreter may itself lie below /tmp.
        command += ["--size", str(self.limits.scratch_mb * 2**20), "--tmpfs", "/tmp"]
        command += [*_visible(), "--proc", "/proc", "--dev", "/dev", "--chdir", "/tmp"]
        # Without a size a tmpfs takes the host's memory.
        command += ["--size", str(self.limits.scratch_mb * 2**20), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
        command += ["--uid", "65534", "--gid", "65534", "--hostname", "sandbox", "--remount-ro", "/"]
        command += [sys.executable, "-I", "-c", _limited(self.limits) + worker_source()]
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={},
            start_new_session=True,
        )

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(OSError):
            process.send_signal(signal.SIGKILL)
        process.wait()


def _limited(limits: Limits) -> str:
    """Lines that the worker runs first: limits that every process inside inherits."""
    return (
        "import os, resource\n"
        f"resource.setrlimit(resource.RLIMIT_NPROC, ({limits.processes}, {limits.processes}))\n"
        f"cores = sorted(os.sched_getaffinity(0))[:{max(1, int(limits.cpus))}]\n"
        "os.sched_setaffinity(0, cores)\n"
    )


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


class BubblewrapSandbox(Sandbox):
    name = "bubblewrap"
    isolates = True
    reason = "namespaces by bubblewrap"

    def open(self, limits: Limits) -> BubblewrapSession:
        return BubblewrapSession(limits)

    def libraries(self) -> tuple[str, ...]:
        return host_libraries()
