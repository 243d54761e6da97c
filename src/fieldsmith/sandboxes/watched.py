"""Commands that end, with all that they have started in their group, when the process that started them does, however that ends."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

WATCHER = """
import os, signal, subprocess, sys, threading
def watch():
    os.read(int(sys.argv[1]), 1)  # returns when the process at the other end has gone
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=watch, daemon=True).start()
try:
    code = subprocess.call(sys.argv[2:])
except OSError as error:
    sys.exit(f"cannot be started: {error.strerror}")
if code < 0:
    if code != -signal.SIGKILL:
        signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
os._exit(code)
"""
"""Stands between this process and the command."""


@contextlib.contextmanager
def watched(
    words: Sequence[str], *, cwd: str | Path | None = None, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A command whose input and outputs are pipes, in a process group of its own that is ended as a whole when this is left.

    Its exit code is the command's.
    """
    alive, ours = os.pipe()
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", WATCHER, str(alive), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(alive,),
            start_new_session=True,
            cwd=cwd,
            env=env,
        )
        try:
            yield process
        finally:
            end_group(process)
            for pipe in (process.stdin, process.stdout, process.stderr):
                with contextlib.suppress(OSError):
                    if pipe is not None:
                        pipe.close()
    finally:
        os.close(alive)
        os.close(ours)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End the command and all that it started in its group, also after it has ended itself."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
