"""What is known of this machine and of the checkout that the program runs from. Nothing here says whose they are: no host name, no user, no folder."""

import contextlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

GIT_SECONDS = 5.0


def checkout(root: Path) -> tuple[str, bool]:
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


def system() -> str:
    """Distribution, kernel and architecture."""
    name = ""
    with contextlib.suppress(OSError):
        name = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    return ", ".join(filter(None, (name, f"{platform.system()} {platform.release()} {platform.machine()}")))


def processor() -> str:
    """The processor's model as the kernel names it."""
    with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8", errors="replace") as stream:
        for line in stream:
            name, _, value = line.partition(":")
            if name.strip() in ("model name", "Model", "cpu model"):
                return " ".join(value.split())
    return platform.processor() or platform.machine()


def version_of(library: str) -> str:
    """Of a library that is loaded or could be."""
    loaded = getattr(sys.modules.get(library), "__version__", "")
    with contextlib.suppress(PackageNotFoundError):
        return loaded or version(library)
    return loaded
