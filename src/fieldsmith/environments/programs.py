"""Programs of this machine that a step runs: what they see of its environment variables, and how much of what they write is kept."""

import contextlib
import math
import os
import select
import selectors
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

from fieldsmith.environments.observation import Lacking
from fieldsmith.sandboxes.watched import end_group, watched

POLL = 0.05
MOST_READ = 10_000_000
"""Bytes of each output of a program that are kept, the last ones: one that writes without end fills no memory."""
PIECE = 1 << 16
GRACE = 1.0
"""Seconds in which outputs end after their program; what it leaves behind may hold its pipes for ever."""
HARMLESS = (
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TMP", "TEMP", "LD_LIBRARY_PATH", "PYTHONPATH",
    "VIRTUAL_ENV", "SSL_CERT_FILE", "SSL_CERT_DIR",
)  # fmt: skip
PREFIXES = ("LC_", "XDG_", "CONDA_", "CUDA_", "NVIDIA_", "OMP_", "MKL_", "OPENBLAS_", "NUMBA_")
"""Environment variables that every program gets. Keys of model providers, which whoever runs an environment has set, are none of them."""


@dataclass(frozen=True)
class Ran:
    """What came of a program: its exit code and what it wrote."""

    code: int
    stdout: str
    stderr: str
    seconds: float


def surroundings(named: Sequence[str], added: Mapping[str, str] | None) -> dict[str, str]:
    """Environment variables of a program: the harmless ones, those that are named, and those that are added. Raises Lacking for a named one that is not set."""
    for name in named:
        if name not in os.environ:
            raise Lacking(f"The environment variable {name} is not set.", "Set it before the environment is run.")
    own = {k: v for k, v in os.environ.items() if k in HARMLESS or k.startswith(PREFIXES) or k in named}
    return {**own, **(added or {})}


def run_program(
    words: Sequence[str], given: bytes, cwd: Path, env: Mapping[str, str], check: Callable[[], None]
) -> Ran:
    """Run it to its end. `check` is asked again and again, and what it raises ends the program with all that it has started."""
    begun = time.monotonic()
    with watched(words, cwd=cwd, env=env) as process:
        out, err = _talked(process, given, check)
        return Ran(process.returncode, out, err, time.monotonic() - begun)


def _talked(process: "subprocess.Popen[bytes]", given: bytes, check: Callable[[], None]) -> tuple[str, str]:
    """What it writes to its two outputs, once it has ended. No thread is left that waits for a pipe which a daemon holds."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    tails: dict[Any, _Tail] = {process.stdout: _Tail(), process.stderr: _Tail()}
    with selectors.DefaultSelector() as pipes:
        for output in tails:
            pipes.register(output, selectors.EVENT_READ)
        pipes.register(process.stdin, selectors.EVENT_WRITE, given)
        end = math.inf
        while any(output in pipes.get_map() for output in tails) and time.monotonic() < end:
            for key, _ in pipes.select(POLL):
                _moved(pipes, key, tails)
            if end < math.inf:
                continue
            if process.poll() is None:
                check()
            else:
                end_group(process)
                end = time.monotonic() + GRACE
    while process.poll() is None:
        check()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(POLL)
    return tails[process.stdout].text(), tails[process.stderr].text()


def _moved(pipes: selectors.BaseSelector, key: selectors.SelectorKey, tails: Mapping[Any, "_Tail"]) -> None:
    """Read what an output has, or write as much of the input as goes without waiting; a pipe that has come to its end is left alone from then on."""
    if key.fileobj in tails:
        if piece := os.read(key.fd, PIECE):
            tails[key.fileobj].add(piece)
        else:
            pipes.unregister(key.fileobj)
        return
    left: bytes = key.data
    try:
        left = left[os.write(key.fd, left[: select.PIPE_BUF]) :]
    except BrokenPipeError:  # a program need not read
        left = b""
    if left:
        pipes.modify(key.fileobj, selectors.EVENT_WRITE, left)
    else:
        pipes.unregister(key.fileobj)
        cast("IO[bytes]", key.fileobj).close()


class _Tail:
    """The end of an output."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def add(self, piece: bytes) -> None:
        self._kept += piece
        if len(self._kept) > 2 * MOST_READ:
            del self._kept[:-MOST_READ]

    def text(self) -> str:
        return self._kept[-MOST_READ:].decode("utf-8", "replace")
