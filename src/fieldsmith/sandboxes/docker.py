"""Docker: one hardened container a candidate, taken from a pool."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

from fieldsmith.errors import MissingPart
from fieldsmith.sandboxes import engine, images, transports
from fieldsmith.sandboxes.bundle import worker_source
from fieldsmith.sandboxes.channel import Kind, SocketChannel, StreamChannel
from fieldsmith.sandboxes.container import DockerWorker, new_name, remove_later
from fieldsmith.sandboxes.owner import CONTAINERS, origin, own_folder
from fieldsmith.sandboxes.pool import PooledSandbox
from fieldsmith.sandboxes.sandbox import Limits
from fieldsmith.sandboxes.session import Worker, ready
from fieldsmith.sandboxes.setting import environment, setting, unused_user

PLACE = "/channel"
INODES = 100_000
"""Files of scratch; their number is of the kernel's memory, which counts against the program's."""
CONNECT_SECONDS = 60.0


class NoSocket(Exception):
    """No Unix socket crosses the border to this engine's containers."""


class DockerSandbox(PooledSandbox):
    name = "docker"
    isolates = True
    reason = "hardened containers by Docker"

    def __init__(self, variant: str = "base", runtime: str = "", gpus: str = "") -> None:
        self.image, self.variant, self.runtime, self.gpus = images.require(variant), variant, runtime, gpus
        known = engine.about().get("Runtimes")
        if runtime and isinstance(known, dict) and runtime not in known:
            raise MissingPart(
                f"The Docker engine has no runtime {runtime!r}; it has {', '.join(sorted(known))}.",
                "Install it and name it in /etc/docker/daemon.json, or leave --docker-runtime out.",
            )
        super().__init__(self.start)
        self._remove_beacon: Callable[[], object] | None = None
        self.transport_kind: Kind | None = None
        """How arrays cross the border; None until it has been tried."""

    def facts(self) -> dict[str, str]:
        told = engine.about()
        options = [str(option).partition(",")[0].removeprefix("name=") for option in told.get("SecurityOptions") or ()]
        ways = {
            "socket": "memory files over a Unix socket",
            "stream": "pipes: no socket crosses to this engine's containers",
        }
        return {
            "engine": f"{told.get('ServerVersion', '?')}, cgroup version {told.get('CgroupVersion', '?')}, {', '.join(options) or 'no security options'}",
            "arrays": ways[self.transport()],
        }

    def transport(self) -> Kind:
        """How arrays cross the border, as tried once for this engine and runtime, and remembered."""
        if self.transport_kind is None:
            self.transport_kind = transports.remembered(self.runtime)
        return self.transport_kind or "socket"

    def start(self, limits: Limits) -> Worker:
        """A worker in a fresh container. Raises MissingPart if there is none to be had."""
        if self._remove_beacon is None:
            self._remove_beacon = weakref.finalize(self, _put_out, own_folder(CONTAINERS), os.getpid())
        if self.transport() == "socket":
            try:
                return ready(self._start_with_socket(limits))
            except NoSocket:
                self.transport_kind = "stream"
                transports.remember(self.runtime, "stream")
        return ready(self._start_with_pipes(limits))

    def _start_with_socket(self, limits: Limits) -> Worker:
        name, folder = new_name(), own_folder()
        try:
            # Nobody else of this machine comes through the outer folder; the container sees the inner one alone.
            inner = folder / "channel"
            inner.mkdir()
            inner.chmod(0o711)
            with socket.socket(socket.AF_UNIX) as listener, _handle(inner) as place:
                listener.bind(f"/proc/self/fd/{place}/worker")  # the path itself may be too long for a socket's name
                (inner / "worker").chmod(0o666)
                listener.listen(1)
                listener.settimeout(0.5)
                mount = f"type=bind,source={inner},target={PLACE},readonly"
                words = ["--detach", "--mount", mount, "--log-driver", "json-file", "--log-opt", "max-size=64k"]
                ran = engine.patiently(*self._command("run", name, limits, words, f"{PLACE}/worker"))
                if ran.returncode != 0:
                    remove_later(name)
                    if "bind source path does not exist" in ran.stderr or "invalid mount" in ran.stderr:
                        raise NoSocket
                    raise _no_container(ran)
                return DockerWorker(name, SocketChannel(_accepted(listener, name)))
        finally:
            # The container keeps its mount; from here on nobody else can connect.
            shutil.rmtree(folder, ignore_errors=True)

    def _start_with_pipes(self, limits: Limits) -> Worker:
        name = new_name()
        # Answers are large and binary; the default driver would keep a copy of each on the host's disk.
        made = engine.patiently(*self._command("create", name, limits, ["--interactive", "--log-driver", "none"], "-"))
        if made.returncode != 0:
            remove_later(name)
            raise _no_container(made)
        command = ["docker", "start", "--attach", "--interactive", name]
        pipe = subprocess.PIPE
        client = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True)
        return DockerWorker(name, StreamChannel(client), client)

    def _command(self, verb: str, name: str, limits: Limits, more: list[str], channel: str) -> list[str]:
        command = [verb, "--name", name, *more]
        command += ["--label", f"{engine.LABEL}={os.getpid()}", "--label", f"{engine.ORIGIN}={origin()}"]
        command += hardening(limits, _user())
        command += ["--runtime", self.runtime] if self.runtime else []
        command += ["--gpus", self.gpus] if self.gpus else []
        for key, value in environment(limits, "/tmp").items():
            command += ["--env", f"{key}={value}"]
        told = setting(channel, self.variant, ["/tmp", "/dev/shm", "/dev/mqueue"], cgroup=True, guard=True)
        return [*command, "--entrypoint", "python3", self.image, "-I", "-c", worker_source(), told]

    def close(self) -> None:
        super().close()
        if self._remove_beacon is not None:
            self._remove_beacon()
            self._remove_beacon = None

    def libraries(self) -> tuple[str, ...]:
        return images.libraries(self.image)


def hardening(limits: Limits, user: int) -> list[str]:
    """The options that close a container in. `tests/attacks` takes them away one by one."""
    words = ["--network", "none", "--read-only", "--cap-drop", "ALL", "--user", f"{user}:{user}", "--pull", "never"]
    words += ["--security-opt", "no-new-privileges", "--ipc", "private", "--hostname", "sandbox"]
    words += ["--shm-size", f"{limits.scratch_mb}m", "--ulimit", "core=1"]
    words += ["--memory", f"{limits.memory_mb}m", "--memory-swap", f"{limits.memory_mb}m"]
    words += ["--pids-limit", str(limits.processes), "--cpus", str(min(limits.cpus, os.cpu_count() or 1))]
    words += [
        "--tmpfs",
        f"/tmp:rw,nosuid,nodev,size={limits.scratch_mb}m,nr_inodes={INODES},mode=1777",
        "--workdir",
        "/tmp",
    ]
    words += ["--tmpfs", "/dev/pts:ro,size=4k"]  # of terminals the whole machine has one number
    return words


def _user() -> int:
    """A number that no other worker has."""
    options = " ".join(map(str, engine.about().get("SecurityOptions") or ()))
    few = "userns" in options or "rootless" in options  # then an engine has only so many
    return 20_000 + secrets.randbelow(40_000) if few else unused_user()


def _put_out(beacon: Path, owner: int) -> None:
    if os.getpid() == owner:  # not in a process that was forked
        shutil.rmtree(beacon, ignore_errors=True)


@contextlib.contextmanager
def _handle(folder: Path) -> Iterator[int]:
    handle = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)


def _accepted(listener: socket.socket, name: str) -> socket.socket:
    """The worker's connection. Raises NoSocket if the worker says that there is none to be had, MissingPart if nothing comes."""
    end = time.monotonic() + CONNECT_SECONDS
    while time.monotonic() < end:
        with contextlib.suppress(TimeoutError):
            return listener.accept()[0]
        told = engine.asked("inspect", "--format", "{{.State.Running}}", name)
        if told.stdout.strip() == "false" or (told.returncode != 0 and not engine.silent(told)):
            break  # it has ended, or somebody has removed it
    words = engine.asked("logs", "--tail", "5", name).stderr
    remove_later(name)
    if "connect" in words:
        raise NoSocket
    last = (words.strip().splitlines() or ["its worker has not come forward"])[-1]
    raise MissingPart(f"The sandbox does not start: {last}", "fieldsmith doctor says what is missing.")


def _no_container(ran: "subprocess.CompletedProcess[str]") -> MissingPart:
    if engine.silent(ran):
        return MissingPart(
            f"The Docker engine has not answered for {engine.PATIENCE_SECONDS:g} s.",
            "Start it, then repeat the same command: it resumes.",
        )
    words = " ".join(ran.stderr.split()).removeprefix("docker: ")
    for usage in (" Run 'docker", " See 'docker", " Usage: docker"):
        words = words.partition(usage)[0]
    words = words or f"docker ended with exit code {ran.returncode}"
    if "No such image" in words or "Unable to find image" in words:
        return MissingPart(
            "The sandbox image is no longer here.",
            "Build it again (fieldsmith sandbox build), then repeat the same command: it resumes.",
        )
    if "could not select device driver" in words:
        return MissingPart(
            "The Docker engine cannot give its containers a GPU.",
            "Install NVIDIA's driver and its Container Toolkit, then start the engine again; or leave --gpus out.",
        )
    if "no space left on device" in words or engine.is_full():
        return MissingPart(
            f"The Docker engine's disk is full: {words}", "Free some space, then repeat the same command: it resumes."
        )
    return MissingPart(f"No container starts: {words}", "fieldsmith doctor says what is missing.")
