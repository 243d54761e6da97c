"""Docker: one hardened container a candidate, taken from a pool."""

import contextlib
import os
import secrets
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docker.errors import APIError, ImageNotFound, NotFound
from docker.types import LogConfig, Mount, Ulimit

from fieldsmith.errors import MissingPart
from fieldsmith.sandboxes import engine, gpus, images, transports
from fieldsmith.sandboxes.bundle import worker_source
from fieldsmith.sandboxes.channel import Kind, SocketChannel
from fieldsmith.sandboxes.container import DockerWorker, last_words, new_name, remove, remove_later, remove_left
from fieldsmith.sandboxes.owner import CONTAINERS, Beacon, origin, own_folder
from fieldsmith.sandboxes.pool import PooledSandbox, size_here
from fieldsmith.sandboxes.sandbox import Limits
from fieldsmith.sandboxes.session import Worker, ready
from fieldsmith.sandboxes.setting import LATER, PRELOADED, environment, setting, unused_user
from fieldsmith.sandboxes.stream import StreamChannel, attached

PLACE = "/channel"
INODES = 100_000
"""Files of scratch; their number is of the kernel's memory, which counts against the program's."""
CONNECT_SECONDS = 60.0
STREAMS = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}


class NoSocket(Exception):
    """No Unix socket crosses the border to this engine's containers."""


class DockerSandbox(PooledSandbox):
    name = "docker"
    isolates = True
    denies = ("network", "files")
    reason = "hardened containers by Docker"

    def __init__(self, variant: str = "base", runtime: str = "", gpus_wanted: str = "") -> None:
        self.devices = [gpus.request(gpus_wanted)] if gpus_wanted else []
        self.image, self.variant, self.runtime = images.require(variant), variant, runtime
        known = engine.about().get("Runtimes")
        if runtime and isinstance(known, dict) and runtime not in known:
            raise MissingPart(
                f"The Docker engine has no runtime {runtime!r}; it has {', '.join(sorted(known))}.",
                "Install it and name it in /etc/docker/daemon.json, or leave --docker-runtime out.",
            )
        super().__init__(self.start, starters=size_here())  # an engine starts several in little more time than one
        self._beacon = Beacon(CONTAINERS)
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
        self._beacon.light()
        if self.transport() == "socket":
            try:
                return ready(self._start_with_socket(limits))
            except NoSocket:
                self.transport_kind = "stream"
                if tempfile.gettempdir().isprintable():  # else it is the folder's name that no engine can be told
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
                mount = Mount(PLACE, str(inner), type="bind", read_only=True)
                log = LogConfig(type=LogConfig.types.JSON, config={"max-size": "64k"})
                self._begin(name, limits, f"{PLACE}/worker", mounts=[mount], log_config=log)
                return DockerWorker(name, SocketChannel(_accepted(listener, name)))
        finally:
            # The container keeps its mount; from here on nobody else can connect.
            shutil.rmtree(folder, ignore_errors=True)

    def _start_with_pipes(self, limits: Limits) -> Worker:
        name = new_name()
        # Answers are large and binary; the default driver would keep a copy of each on the host's disk.
        more = {"stdin_open": True, "log_config": LogConfig(type="none")}
        return DockerWorker(name, StreamChannel(attached(self._begin(name, limits, "-", **more))))

    def _begin(self, name: str, limits: Limits, channel: str, **more: Any) -> Any:
        """Start a container; what the SDK attaches to its streams where these are the channel.

        Raises NoSocket where the engine does not see the socket's folder, MissingPart where no container starts.
        """

        def begin() -> Any:
            made = engine.client().containers.create(**self._options(name, limits, channel), **more)
            # Before the start, so that nothing which is written is missed.
            streams = made.attach_socket(params=STREAMS) if channel == "-" else None
            made.start()
            return streams

        try:
            return engine.patiently(begin, lambda: remove(name))
        except engine.failures() as error:
            remove_later(name)
            if _unseen(error):
                raise NoSocket from None
            raise _no_container(error) from None

    def _options(self, name: str, limits: Limits, channel: str) -> dict[str, Any]:
        """What the SDK's `containers.create` takes for a worker's container."""
        first, later = [
            [name for name in PRELOADED if name.startswith(LATER) == is_later] for is_later in (False, True)
        ]
        if self.variant == "torch":
            first.append("torch")
        scratch = ["/tmp", "/dev/shm", "/dev/mqueue"]
        told = setting(channel, self.variant, scratch, cgroup=True, guard=True, preload=first, later=later)
        return {
            "name": name,
            "image": self.image,
            "entrypoint": ["python3"],
            "command": ["-I", "-c", worker_source(), told],
            "environment": environment(limits, "/tmp"),
            "labels": {engine.LABEL: str(os.getpid()), engine.ORIGIN: origin()},
            "runtime": self.runtime or None,
            "device_requests": self.devices or None,
            **hardening(limits, _user()),
        }

    def close(self) -> None:
        super().close()
        remove_left()
        self._beacon.put_out()

    def libraries(self) -> tuple[str, ...]:
        return images.libraries(self.image)

    def image_facts(self) -> dict[str, str]:
        found = images.about(self.variant)
        return {"tag": self.image, "id": found["id"], "made": found["created"][:10]} if found else {}


def hardening(limits: Limits, user: int) -> dict[str, Any]:
    """What closes a container in, as the SDK's `containers.create` takes it. `tests/attacks` takes it away piece by piece."""
    memory, scratch = f"{limits.memory_mb}m", f"{limits.scratch_mb}m"
    return {
        "network_mode": "none",
        "read_only": True,
        "cap_drop": ["ALL"],
        "user": f"{user}:{user}",
        "security_opt": ["no-new-privileges"],
        "ipc_mode": "private",
        "hostname": "sandbox",
        "shm_size": scratch,
        "ulimits": [Ulimit(name="core", soft=1, hard=1)],
        "mem_limit": memory,
        "memswap_limit": memory,
        "pids_limit": limits.processes,
        "nano_cpus": int(1e9 * min(limits.cpus, os.cpu_count() or 1)),
        "tmpfs": {
            "/tmp": f"rw,nosuid,nodev,size={scratch},nr_inodes={INODES},mode=1777",
            "/dev/pts": "ro,size=4k",  # of terminals the whole machine has one number
        },
        "working_dir": "/tmp",
    }


def _user() -> int:
    """A number that no other worker has."""
    options = " ".join(map(str, engine.about().get("SecurityOptions") or ()))
    few = "userns" in options or "rootless" in options  # then an engine has only so many
    return 20_000 + secrets.randbelow(40_000) if few else unused_user()


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
        if not _runs(name):
            break
    words = last_words(name, 5)
    remove_later(name)
    if "connect" in words:
        raise NoSocket
    last = (words.strip().splitlines() or ["its worker has not come forward"])[-1]
    raise MissingPart(f"The sandbox does not start: {last}", "fieldsmith doctor says what is missing.")


def _runs(name: str) -> bool:
    """Whether a container has neither ended nor been removed; an engine that does not answer now is given the benefit of the doubt."""
    try:
        return bool(engine.client().api.inspect_container(name)["State"]["Running"])
    except NotFound:
        return False
    except engine.failures() as error:
        return engine.silent(error)


def _unseen(error: Exception) -> bool:
    """Whether a container is refused since its engine has no such folder; of all that is wrong with a request the API has one code."""
    return isinstance(error, APIError) and error.is_client_error() and "invalid mount" in engine.words(error)


def _no_container(error: Exception) -> MissingPart:
    words = engine.words(error)
    if engine.silent(error):
        return MissingPart(
            f"The Docker engine has not answered for {engine.PATIENCE_SECONDS:g} s.",
            "Start it, anew if it hangs, then repeat the same command: it resumes.",
        )
    if isinstance(error, ImageNotFound):
        return MissingPart(
            "The sandbox image is no longer here.",
            "Build it again (fieldsmith sandbox build), then repeat the same command: it resumes.",
        )
    # For what follows the API has one code, 500, so that the engine's words must tell.
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
