"""Programs of this machine that a step runs: what they see of its environment variables, and how much of what they write is kept."""

import contextlib
import os
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

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
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        out, err = _Tail(process.stdout), _Tail(process.stderr)
        threading.Thread(target=_hand_in, args=(process.stdin, given), name="stdin", daemon=True).start()
        while process.poll() is None:
            check()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(POLL)
        end_group(process)
        return Ran(process.returncode, out.text(), err.text(), time.monotonic() - begun)


def _hand_in(stream: IO[bytes], given: bytes) -> None:
    with contextlib.suppress(OSError, ValueError):  # a program need not read, and may have gone
        stream.write(given)
        stream.close()


class _Tail:
    """The end of a stream, read by a thread of its own."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._pieces: deque[bytes] = deque()
        self._size = 0
        self._thread = threading.Thread(target=self._read, args=(stream.fileno(),), name="output", daemon=True)
        self._thread.start()

    def _read(self, handle: int) -> None:
        with contextlib.suppress(OSError):
            while piece := os.read(handle, PIECE):
                self._pieces.append(piece)
                self._size += len(piece)
                while self._size - len(self._pieces[0]) >= MOST_READ:
                    self._size -= len(self._pieces.popleft())

    def text(self) -> str:
        self._thread.join(GRACE)
        return b"".join(list(self._pieces))[-MOST_READ:].decode("utf-8", "replace")
