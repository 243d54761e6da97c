"""Docker: one hardened container a session."""

import contextlib
import json
import os
import shutil
import subprocess
import uuid
from functools import cache

from fieldsmith.folders import cache_folder
from fieldsmith.sandboxes import images
from fieldsmith.sandboxes.framed import FramedSession, worker_environment, worker_source
from fieldsmith.sandboxes.process import NUMERICAL_LIBRARIES, alive
from fieldsmith.sandboxes.sandbox import Limits, Sandbox

LABEL = "fieldsmith.owner"


class DockerSession(FramedSession):
    def __init__(self, limits: Limits, image: str) -> None:
        super().__init__(limits)
        self._image = image
        self._name = ""

    def _start(self) -> subprocess.Popen[bytes]:
        self._name = f"fieldsmith-{os.getpid()}-{uuid.uuid4().hex[:12]}"
        limits = self.limits
        command = ["docker", "run", "--interactive", "--name", self._name, "--label", f"{LABEL}={os.getpid()}"]
        command += ["--network", "none", "--read-only", "--cap-drop", "ALL", "--user", "65534:65534", "--pull", "never"]
        command += ["--security-opt", "no-new-privileges", "--ipc", "private", "--hostname", "sandbox"]
        # Answers are large and binary; the default driver would keep a copy of each on the host's disk.
        command += ["--log-driver", "none", "--shm-size", f"{limits.scratch_mb}m"]
        command += ["--memory", f"{limits.memory_mb}m", "--memory-swap", f"{limits.memory_mb}m"]
        command += ["--pids-limit", str(limits.processes), "--cpus", str(min(limits.cpus, os.cpu_count() or 1))]
        command += ["--tmpfs", f"/tmp:rw,nosuid,nodev,size={limits.scratch_mb}m,mode=1777", "--workdir", "/tmp"]
        for name, value in worker_environment(limits, "/tmp").items():
            command += ["--env", f"{name}={value}"]
        command += ["--entrypoint", "python3", self._image, "-I", "-c", worker_source()]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
        )

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        self._killed_for_memory = _inspect(self._name, "{{.State.OOMKilled}}") == "true"
        subprocess.run(["docker", "rm", "--force", self._name], capture_output=True, check=False)
        process.kill()
        process.wait()

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
        command = ["docker", "run", "--rm", "--network", "none", "--entrypoint", "python3", self.image, "-c", code]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        found = tuple(ran.stdout.split("\n")[:-1])
        if found:
            with contextlib.suppress(OSError):
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_text(json.dumps(found))
        return found


def _inspect(name: str, template: str) -> str:
    command = ["docker", "inspect", "--format", template, name]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


@cache
def daemon() -> str:
    """Empty if a Docker engine answers, else why not."""
    if shutil.which("docker") is None:
        return "Docker is not installed"
    try:
        asked = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "the Docker engine does not answer"
    return "" if asked.returncode == 0 else "no Docker engine runs"


def remove_orphans() -> int:
    """Remove containers whose owner has died (killed before it could clean up); how many there were."""
    command = ["docker", "ps", "--all", "--filter", f"label={LABEL}", "--format", '{{.ID}} {{.Label "' + LABEL + '"}}']
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    dead = [row.split()[0] for row in listed.splitlines() if len(row.split()) == 2 and not alive(int(row.split()[1]))]
    if dead:
        subprocess.run(["docker", "rm", "--force", *dead], capture_output=True, check=False)
    return len(dead)
