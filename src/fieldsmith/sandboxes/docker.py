"""Docker: one hardened container a session."""

import contextlib
import json
import os
import platform
import shutil
import subprocess
import time
import uuid
from functools import cache
from pathlib import Path

from fieldsmith.folders import cache_folder
from fieldsmith.sandboxes import images
from fieldsmith.sandboxes.framed import FramedSession, worker_environment, worker_source
from fieldsmith.sandboxes.process import NUMERICAL_LIBRARIES
from fieldsmith.sandboxes.sandbox import Limits, Sandbox

LABEL = "fieldsmith.owner"
ORIGIN = "fieldsmith.origin"
REMOVALS = 5
ANSWER_SECONDS = 60.0
"""An engine that takes longer to answer a small question is not waited for."""


def origin() -> str:
    """Whose containers these are: machine, boot, process namespace, process and when it began.

    Several machines, or containers of one, may share an engine, and numbers of processes are used again.
    """
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return " ".join([*_place(boot), str(os.getpid()), _began(os.getpid())])


def _place(boot: str) -> tuple[str, str, str]:
    return platform.node() or "-", boot, str(Path("/proc/self/ns/pid").stat().st_ino)


def _began(pid: int) -> str:
    """When a process began, in clock ticks since boot; empty if there is none of that number."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _abandoned(label: str) -> bool:
    """Whether the owner that an origin names has certainly died."""
    words = label.split(" ")
    if len(words) != 5:
        return False
    ours = origin().split(" ")
    if words[0] != ours[0]:
        return False
    if words[1] != ours[1]:
        return True  # the machine was started again since
    return words[2] == ours[2] and _began(int(words[3])) != words[4]


def _asked(*words: str, seconds: float = ANSWER_SECONDS) -> subprocess.CompletedProcess[str]:
    """What the engine answers; an empty answer where it takes too long."""
    try:
        return subprocess.run(["docker", *words], capture_output=True, text=True, check=False, timeout=seconds)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(words, 1, "", "the Docker engine does not answer")


class DockerSession(FramedSession):
    def __init__(self, limits: Limits, image: str) -> None:
        super().__init__(limits)
        self._image = image
        self._name = ""

    def _start(self) -> subprocess.Popen[bytes]:
        self._name = f"fieldsmith-{os.getpid()}-{uuid.uuid4().hex[:12]}"
        limits = self.limits
        command = ["docker", "run", "--interactive", "--name", self._name]
        command += ["--label", f"{LABEL}={os.getpid()}", "--label", f"{ORIGIN}={origin()}"]
        command += ["--network", "none", "--read-only", "--cap-drop", "ALL", "--user", "65534:65534", "--pull", "never"]
        command += ["--security-opt", "no-new-privileges", "--ipc", "private", "--hostname", "sandbox"]
        # Answers are large and binary; the default driver would keep a copy of each on the host's disk.
        command += ["--log-driver", "none", "--shm-size", f"{limits.scratch_mb}m"]
        command += ["--memory", f"{limits.memory_mb}m", "--memory-swap", f"{limits.memory_mb}m"]
        command += ["--pids-limit", str(limits.processes), "--cpus", str(min(limits.cpus, os.cpu_count() or 1))]
        command += ["--tmpfs", f"/tmp:rw,nosuid,nodev,size={limits.scratch_mb}m,mode=1777", "--workdir", "/tmp"]
        for name, value in worker_environment(limits, "/tmp", "/dev/shm /dev/mqueue").items():
            command += ["--env", f"{name}={value}"]
        command += ["--entrypoint", "python3", self._image, "-I", "-c", worker_source()]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        self._killed_for_memory = _inspect(self._name, "{{.State.OOMKilled}}") == "true"
        # The client first: while it is blocked by an answer that nobody reads, the engine cannot remove the container,
        # and one that has only just been asked for may not exist yet.
        process.kill()
        process.wait()
        for _ in range(REMOVALS):
            _asked("rm", "--force", self._name)
            if not _asked("ps", "--all", "--quiet", "--filter", f"name=^{self._name}$").stdout.strip():
                return
            time.sleep(0.2)

    def _memory_exceeded(self) -> bool:
        return self._killed_for_memory


class DockerSandbox(Sandbox):
    name = "docker"
    isolates = True
    reason = "hardened containers by Docker"

    def __init__(self, variant: str = "base") -> None:
        self.image = images.require(variant)

    def open(self, limits: Limits) -> DockerSession:
        return DockerSession(limits, self.image)

    def libraries(self) -> tuple[str, ...]:
        """Asked of the image once and kept by its id."""
        identity = _inspect(self.image, "{{.Id}}").replace(":", "-")
        kept = cache_folder() / f"libraries-{identity}.json"
        with contextlib.suppress(OSError, ValueError):
            return tuple(json.loads(kept.read_text()))
        code = (
            "from importlib.metadata import version, PackageNotFoundError as E\n"
            f"for n in {NUMERICAL_LIBRARIES!r}:\n"
            "    try: print(n, version(n))\n"
            "    except E: pass\n"
        )
        ran = _asked("run", "--rm", "--network", "none", "--entrypoint", "python3", self.image, "-c", code)
        found = tuple(ran.stdout.split("\n")[:-1])
        if found:
            with contextlib.suppress(OSError):
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_text(json.dumps(found))
        return found


def _inspect(name: str, template: str) -> str:
    return _asked("inspect", "--format", template, name).stdout.strip()


@cache
def daemon() -> str:
    """Empty if a Docker engine answers, else why not."""
    if shutil.which("docker") is None:
        return "Docker is not installed"
    asked = _asked("version", "--format", "{{.Server.Version}}", seconds=20.0)
    if asked.returncode == 0:
        return ""
    return asked.stderr if "does not answer" in asked.stderr else "no Docker engine runs"


def remove_orphans() -> int:
    """Remove containers whose owner has died (killed before it could clean up); how many there were."""
    listing = ("ps", "--all", "--filter", f"label={ORIGIN}", "--format", '{{.ID}}\t{{.Label "' + ORIGIN + '"}}')
    rows = [row.split("\t") for row in _asked(*listing).stdout.splitlines()]
    dead = [row[0] for row in rows if len(row) == 2 and _abandoned(row[1])]
    if dead:
        _asked("rm", "--force", *dead)
    return len(dead)
