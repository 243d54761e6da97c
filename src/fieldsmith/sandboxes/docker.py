"""Docker: one hardened container a candidate, taken from a pool."""

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fieldsmith.errors import MissingPart
from fieldsmith.folders import cache_folder
from fieldsmith.sandboxes import engine, images
from fieldsmith.sandboxes.bundle import worker_source
from fieldsmith.sandboxes.channel import Channel, Kind, SocketChannel, StreamChannel
from fieldsmith.sandboxes.owner import origin, own_folder
from fieldsmith.sandboxes.pool import PooledSandbox
from fieldsmith.sandboxes.sandbox import NUMERICAL_LIBRARIES, Limits
from fieldsmith.sandboxes.session import UNCLEAN, Worker, ready
from fieldsmith.sandboxes.setting import environment, setting

PLACE = "/channel"
UNUSED_USERS = 1_900_000_000
INODES = 100_000
"""Files of scratch; their number is of the kernel's memory, which counts against the program's."""
REMEMBERED_SECONDS = 86_400.0
REMOVALS = 5
CONNECT_SECONDS = 60.0
remover = ThreadPoolExecutor(2, thread_name_prefix="remover")
"""Containers are removed beside the work; the interpreter waits for it when it ends."""


class NoSocket(Exception):
    """No Unix socket crosses the border to this engine's containers."""


class DockerWorker(Worker):
    answers_count = True

    def __init__(self, name: str, channel: Channel, client: "subprocess.Popen[bytes] | None" = None) -> None:
        self.name, self.channel, self.client = name, channel, client
        self._removed = self._killed = False

    def alive(self) -> bool:
        if self.client is not None:
            return self.client.poll() is None
        return self.channel.idle()  # between calls a worker says nothing, so anything is its end

    def ended_for(self) -> str:
        """The worker is process 1 of its container, which nothing inside can kill: a kill comes from the kernel or from outside."""
        if self.client is not None and (self.client.poll() or 0) < 0:
            return "outside"
        end = time.monotonic() + 5.0
        while True:
            told = engine.asked("inspect", "--format", "{{json .State}}", self.name)
            if told.returncode != 0:
                return "outside"
            state = json.loads(told.stdout)
            if state.get("OOMKilled") and not self._killed:  # the engine never forgets it
                return "memory"
            if not state.get("Running") or time.monotonic() > end:
                return "outside" if state.get("ExitCode") in (UNCLEAN, 137, 143, 255) else ""
            time.sleep(0.05)

    def heard(self, told: Mapping[str, object]) -> None:
        self._killed = self._killed or bool(told.get("memory_kills"))

    def end(self) -> None:
        if not self._removed:
            self._removed = True
            self.channel.close()
            _later(self.name, self.client)

    def words(self) -> str:
        if self.client is not None and self.client.stderr is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.client.wait(2.0)
                return (self.client.stderr.read(4000) or b"").decode("utf-8", "replace")
            return ""
        return engine.asked("logs", "--tail", "20", self.name).stderr[:4000]


def _later(name: str, client: "subprocess.Popen[bytes] | None" = None) -> None:
    """Remove a container beside the work, or now if the interpreter is about to end."""
    try:
        remover.submit(_remove, name, client)
    except RuntimeError:
        _remove(name, client)


def _remove(name: str, client: "subprocess.Popen[bytes] | None") -> None:
    # The client first: while it is blocked by an answer that nobody reads, the engine cannot remove the container,
    # and one that has only just been asked for may not exist yet.
    if client is not None:
        client.kill()
        client.wait()
    for _ in range(REMOVALS):
        engine.asked("rm", "--force", name)
        listed = engine.asked("ps", "--all", "--quiet", "--filter", f"name=^{name}$")
        if listed.returncode == 0 and not listed.stdout.strip():
            return
        time.sleep(0.2)


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
            self.transport_kind = _remembered(self.runtime)
        return self.transport_kind or "socket"

    def start(self, limits: Limits) -> Worker:
        """A worker in a fresh container. Raises MissingPart if there is none to be had."""
        if self.transport() == "socket":
            try:
                return ready(self._start_with_socket(limits))
            except NoSocket:
                self.transport_kind = "stream"
                _remember(self.runtime, "stream")
        return ready(self._start_with_pipes(limits))

    def _start_with_socket(self, limits: Limits) -> Worker:
        name, folder = _name(), own_folder()
        try:
            # Nobody else of this machine comes through the outer folder; the container sees the inner one alone.
            inner = folder / "channel"
            inner.mkdir()
            inner.chmod(0o711)
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(inner / "worker"))
                (inner / "worker").chmod(0o666)
                listener.listen(1)
                listener.settimeout(0.5)
                mount = f"type=bind,source={inner},target={PLACE},readonly"
                words = ["--detach", "--mount", mount, "--log-driver", "json-file", "--log-opt", "max-size=64k"]
                ran = engine.patiently(*self._command("run", name, limits, words, f"{PLACE}/worker"))
                if ran.returncode != 0:
                    _later(name)
                    if "bind source path does not exist" in ran.stderr or "invalid mount" in ran.stderr:
                        raise NoSocket
                    raise _no_container(ran)
                return DockerWorker(name, SocketChannel(_accepted(listener, name)))
        finally:
            # The container keeps its mount; from here on nobody else can connect.
            shutil.rmtree(folder, ignore_errors=True)

    def _start_with_pipes(self, limits: Limits) -> Worker:
        name = _name()
        # Answers are large and binary; the default driver would keep a copy of each on the host's disk.
        made = engine.patiently(*self._command("create", name, limits, ["--interactive", "--log-driver", "none"], "-"))
        if made.returncode != 0:
            _later(name)
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

    def libraries(self) -> tuple[str, ...]:
        """Asked of the image once and kept by its id."""
        identity = engine.inspect(self.image, "{{.Id}}").replace(":", "-")
        kept = cache_folder() / f"libraries-{identity}.json"
        with contextlib.suppress(OSError, ValueError):
            return tuple(json.loads(kept.read_text()))
        code = (
            "from importlib.metadata import version, PackageNotFoundError as E\n"
            f"for n in {NUMERICAL_LIBRARIES!r}:\n"
            "    try: print(n, version(n))\n"
            "    except E: pass\n"
        )
        ran = engine.asked("run", "--rm", "--network", "none", "--entrypoint", "python3", self.image, "-c", code)
        found = tuple(ran.stdout.split("\n")[:-1])
        if found:
            with contextlib.suppress(OSError):
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_text(json.dumps(found))
        return found


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
    """A number that no other worker has: some of what the kernel shares out is counted for each user, on the whole machine."""
    options = " ".join(map(str, engine.about().get("SecurityOptions") or ()))
    few = "userns" in options or "rootless" in options  # then an engine has only so many
    return 20_000 + secrets.randbelow(40_000) if few else UNUSED_USERS + secrets.randbelow(10**8)


def _name() -> str:
    return f"fieldsmith-{os.getpid()}-{uuid.uuid4().hex[:12]}"


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
    _later(name)
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
    words = " ".join(ran.stderr.split()).removeprefix("docker: ").partition(" Run 'docker run --help'")[0]
    words = words or f"docker ended with exit code {ran.returncode}"
    if "No such image" in words or "Unable to find image" in words:
        return MissingPart(
            "The sandbox image is no longer here.",
            "Build it again (fieldsmith sandbox build), then repeat the same command: it resumes.",
        )
    if "no space left on device" in words or engine.is_full():
        return MissingPart(
            f"The Docker engine's disk is full: {words}", "Free some space, then repeat the same command: it resumes."
        )
    return MissingPart(f"No container starts: {words}", "fieldsmith doctor says what is missing.")


def _memory(runtime: str) -> Path:
    told = engine.about()
    identity = "-".join(str(told.get(key, "")) for key in ("ID", "ServerVersion")) + f"-{runtime or 'default'}"
    return cache_folder() / "transports" / "".join(c if c.isalnum() or c in "-._" else "_" for c in identity)


def _remembered(runtime: str) -> Any:
    with contextlib.suppress(OSError):
        if time.time() - _memory(runtime).stat().st_mtime > REMEMBERED_SECONDS:
            return None
        words = _memory(runtime).read_text(encoding="ascii").strip()
        return words if words in ("socket", "stream") else None
    return None


def _remember(runtime: str, kind: Kind) -> None:
    with contextlib.suppress(OSError):
        file = _memory(runtime)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(kind, encoding="ascii")
