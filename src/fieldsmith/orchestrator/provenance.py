"""What the figures of a sitting were made with: this program, this machine, its libraries, its sandbox, and the arrays.

Nothing here says whose machine it is: no host name, no user, no folder.
"""

import contextlib
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fieldsmith import __version__
from fieldsmith.sandboxes.sandbox import Sandbox
from fieldsmith.tasks.digest import digest_of
from fieldsmith.tasks.task import Task

LIBRARIES = ("numpy", "scipy", "h5py")
"""What data is made with, or read by."""
GIT_SECONDS = 5.0

Sitting = Mapping[str, Any]
"""A sitting's surroundings, as plain values of TOML and JSON; what is not known is empty."""


def sitting(task: Task, sandbox: Sandbox) -> Sitting:
    """The surroundings of a sitting that begins now. The data of the task is there already."""
    commit, changed = _checkout(Path(__file__).parents[3])
    image = sandbox.image_facts()
    return {
        "begun": time.strftime("%Y-%m-%d %H:%M:%S"),
        "fieldsmith": __version__,
        "commit": commit,
        "changed": changed,
        "system": _system(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_mb": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "libraries": [f"{name} {found}" for name in LIBRARIES if (found := _version(name))],
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


def _checkout(root: Path) -> tuple[str, bool]:
    """The commit that this program runs from, and whether its files differ from it; empty outside a checkout."""
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return "", False
    commit = _said([git, "-C", str(root), "rev-parse", "HEAD"])
    changed = _said([git, "-C", str(root), "status", "--porcelain", "--", "src"]) if commit else ""
    return commit, bool(changed)


def _said(command: Sequence[str]) -> str:
    """What git says of its own checkout, whatever the environment names; empty where it does not."""
    usual = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment = {**usual, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", env=environment, timeout=GIT_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def _system() -> str:
    """Distribution, kernel and architecture."""
    name = ""
    with contextlib.suppress(OSError):
        name = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    return ", ".join(filter(None, (name, f"{platform.system()} {platform.release()} {platform.machine()}")))


def _processor() -> str:
    """The processor's model as the kernel names it."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8", errors="replace") as stream:
        for line in stream:
            name, _, value = line.partition(":")
            if name.strip() in ("model name", "Model", "cpu model"):
                return " ".join(value.split())
    return platform.processor() or platform.machine()


def _version(library: str) -> str:
    """Of a library that is loaded or could be."""
    loaded = getattr(sys.modules.get(library), "__version__", "")
    with contextlib.suppress(PackageNotFoundError):
        return loaded or version(library)
    return loaded
