"""What a worker is told when it starts: its environment, and one JSON object."""

import json
import secrets
from collections.abc import Sequence
from typing import Any

from fieldsmith.sandboxes import cores
from fieldsmith.sandboxes.sandbox import Limits

PRELOADED = ("numpy", "scipy.fft", "scipy.sparse.linalg")
"""Imported before any program comes; a library that touches a GPU when it is imported must not be among them."""


LATER = ("scipy",)
"""Begin the names of those that take longest to import; a worker that cannot be forked imports them once it waits, or for a program that names them."""


def names_later(program: str) -> bool:
    """Whether a program may need what is imported later."""
    return any(name in program for name in LATER)


def unused_user() -> int:
    """A user's number that no other worker has: some of what the kernel shares out is counted for each user, on the whole machine."""
    return 2_000_000_000 + secrets.randbelow(10**8)


def threads(limits: Limits) -> int:
    """How many threads libraries are told to start."""
    return max(1, min(int(limits.cpus), cores.available()))


def environment(limits: Limits, scratch: str) -> dict[str, str]:
    """All environment variables that a worker gets; none of the host's. Threads of BLAS follow the share of the CPU.

    Threads that have nothing to do sleep: what they would use up while they wait for others would be the program's.
    """
    names = (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    )
    folders = ("HOME", "TMPDIR", "NUMBA_CACHE_DIR", "MPLCONFIGDIR", "XDG_CACHE_HOME")
    fixed = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    fixed |= {"USER": "sandbox", "LOGNAME": "sandbox"}  # the user has a number that no list knows
    fixed |= {"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_THREAD_TIMEOUT": "4", "KMP_BLOCKTIME": "0"}
    # By itself MKL, and so torch, counts cores by choosing one after the other, which a sandbox may deny, and then takes one thread.
    fixed |= {"MKL_DYNAMIC": "FALSE"}
    return fixed | dict.fromkeys(names, str(threads(limits))) | dict.fromkeys(folders, scratch)


def setting(
    channel: str,
    variant: str,
    scratch: Sequence[str],
    *,
    cgroup: bool = False,
    guard: bool = False,
    user: int = 0,
    processes: int = 0,
    **more: Any,
) -> str:
    """A worker's one argument, or what one that is forked is told.

    `channel` as `worker/channel.py` says; `scratch` folders to empty between calls; `cgroup`, whether the control group is
    the sandbox's own; `guard`, whether system calls are filtered; `user` and `processes`, whom it becomes and how many that may be.
    `more` may be `preload`, and what to import `later`, when there is time or a program needs it; and what `worker/warm.py` takes: `warm` for a parent, with `spaces` where it is to keep its workers apart; for a worker that is
    forked `scratch_bytes` or its `environment`.
    """
    preload = [*PRELOADED, *(["torch"] if variant == "torch" else [])]
    told = {"channel": channel, "preload": preload, "scratch": list(scratch), "cgroup": cgroup, "guard": guard}
    return json.dumps({"warm": False, "later": [], **told, "user": user, "processes": processes, **more})
