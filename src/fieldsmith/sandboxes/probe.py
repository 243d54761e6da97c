"""A program that finds out what a sandbox lets it do on this machine."""

import numpy as np

from fieldsmith.errors import MissingPart
from fieldsmith.sandboxes.sandbox import Limits, Sandbox

NAMES = ("network", "files", "user namespaces", "processes", "memory", "system calls (seccomp)")
PROGRAM = """
import ctypes, os, socket

def try_network():
    socket.create_connection(("1.1.1.1", 53), timeout=0.5).close()

def try_files():
    open("/var/tmp/probe", "w").close()

def try_namespaces():
    if ctypes.CDLL(None, use_errno=True).unshare(0x10000000) != 0:
        raise OSError(ctypes.get_errno(), "unshare")

def try_processes():
    os.kill(os.getppid(), 0)
    with open("/proc/%d/environ" % os.getppid(), "rb") as stream:
        stream.read(1)

def try_memory():
    with open("/proc/%d/mem" % os.getppid(), "rb"):
        pass

def try_calls():
    # A kind of socket that container engines allow and the worker's filter does not.
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close()

def f(a):
    found = []
    for one in (try_network, try_files, try_namespaces, try_processes, try_memory, try_calls):
        try:
            one()
            found.append(1.0)
        except OSError:
            found.append(0.0)
    return found
"""


def probe(sandbox: Sandbox) -> dict[str, str]:
    """For each of `NAMES`, `blocked` or `open`. Raises MissingPart where the program does not run."""
    with sandbox.open(Limits(seconds=20.0, memory_mb=512, scratch_mb=16)) as session:
        result = session.call(PROGRAM, "f", {"a": np.zeros(1)}, {"y": (len(NAMES),)})
    if result.status != "ok":
        words = result.failure.message if result.failure else result.status
        raise MissingPart(f"A program that looks around ended with {result.status}: {words}", "Build the image again.")
    return {name: "open" if value else "blocked" for name, value in zip(NAMES, result.outputs["y"], strict=True)}
