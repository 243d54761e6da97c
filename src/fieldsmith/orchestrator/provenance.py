"""What the figures of a sitting were made with: this program, this machine, its libraries, its sandbox, and the arrays.

Nothing here says whose machine it is: no host name, no user, no folder.
"""

import os
import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import fieldsmith
from fieldsmith import __version__
from fieldsmith.machine import checkout, processor, system, version_of
from fieldsmith.sandboxes.sandbox import Sandbox
from fieldsmith.tasks.digest import digest_of
from fieldsmith.tasks.task import Task

LIBRARIES = ("numpy", "scipy", "h5py")
"""What data is made with, or read by."""

Sitting = Mapping[str, Any]
"""A sitting's surroundings, as plain values of TOML and JSON; what is not known is empty."""


def sitting(task: Task, sandbox: Sandbox) -> Sitting:
    """The surroundings of a sitting that begins now. The data of the task is there already."""
    commit, changed = checkout(Path(fieldsmith.__file__).parents[2])
    image = sandbox.image_facts()
    return {
        "begun": time.strftime("%Y-%m-%d %H:%M:%S"),
        "fieldsmith": __version__,
        "commit": commit,
        "changed": changed,
        "system": system(),
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mb": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": [f"{name} {found}" for name in LIBRARIES if (found := version_of(name))],
        "sandbox": sandbox.name,
        "sandbox_libraries": list(sandbox.libraries()),
        "image": image.get("tag", ""),
        "image_id": image.get("id", ""),
        "image_made": image.get("made", ""),
        "data": {split: digest_of(task.split(split)) for split in ("dev", "test")},
    }


def with_sitting(earlier: Sequence[Sitting], now: Sitting) -> Sequence[Sitting]:
    """The sittings with this one, unless its surroundings are those of the one before it."""
    same = bool(earlier) and {**earlier[-1], "begun": ""} == {**now, "begun": ""}
    return earlier if same else [*earlier, now]
