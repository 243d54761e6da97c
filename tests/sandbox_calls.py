"""How the tests of sandboxes call a program."""

import os
import subprocess
import time

import numpy as np
import pytest

from fieldsmith.sandboxes import choose, engine
from fieldsmith.sandboxes.sandbox import CallResult, Limits, Sandbox, Session

LIMITS = Limits(seconds=20.0, memory_mb=1500, cpus=1.0, scratch_mb=32, log_kb=8)


DOUBLE = "def f(a):\n    return 2 * a\n"


ISOLATING = [
    pytest.param("docker", marks=pytest.mark.needs("docker")),
    pytest.param("bubblewrap", marks=pytest.mark.needs("bubblewrap")),
]


PIPES = pytest.param("docker-pipes", marks=pytest.mark.needs("docker"))


class OneSession(Sandbox):
    """A plain process that stays for all programs with the same limits: its start takes longer than they do."""

    name, isolates = "process", False

    def __init__(self) -> None:
        self.sessions: dict[Limits, Session] = {}

    def open(self, limits: Limits) -> Session:
        if limits not in self.sessions:
            self.sessions[limits] = choose("process").open(limits)
        return Stay(self.sessions[limits])

    def libraries(self) -> tuple[str, ...]:
        return choose("process").libraries()

    def close(self) -> None:
        while self.sessions:
            self.sessions.popitem()[1].close()


class Stay(Session):
    """One program's stay in a session that goes on after it."""

    closed = False

    def __init__(self, session: Session) -> None:
        self.session = session

    def call(self, *asked, **more) -> CallResult:
        return self.session.call(*asked, **more)

    def close(self) -> None:
        self.closed = True


def opened(name: str, limits: Limits = LIMITS):
    """A session of a sandbox, of docker also with pipes in place of a socket."""
    sandbox = choose("docker" if name == "docker-pipes" else name, trusted=True)
    if name == "docker-pipes":
        sandbox.transport_kind = "stream"
    session = sandbox.open(limits)
    session.sandbox = name
    return session


def run(session, source, value=None, shape=(3,), function="f", **more):
    inputs = {"a": np.arange(3.0) if value is None else value, **more}
    return session.call(source, function, inputs, {"y": shape})


def wait_until(condition, seconds=30.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)


def containers() -> list[str]:
    """Ids of the containers of this process."""
    listing = ["docker", "ps", "--quiet", "--no-trunc", "--filter", f"label={engine.LABEL}={os.getpid()}"]
    return subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split()
