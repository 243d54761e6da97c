"""Files that are written in one step: a reader sees the old or the new content, never half of it."""

import contextlib
import os
import platform
import tempfile
import time
from pathlib import Path

OLD_SECONDS = 86_400.0
"""A temporary file of another machine, or of whoever has the number of a dead process now, is left over after this time."""


def write_whole(file: Path, content: bytes) -> None:
    """Write a file in one step. Raises OSError, and then leaves nothing."""
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=f".{_owner(os.getpid())}")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def clear(folder: Path) -> None:
    """Remove the half-written files of a folder whose process was killed before it could."""
    for file in folder.glob(".*.*-*.tmp"):
        with contextlib.suppress(OSError):
            if _abandoned(file):
                file.unlink()


def _owner(pid: int) -> str:
    machine = "".join(c for c in platform.node() if c.isalnum())
    return f"{machine}-{pid}.tmp"


def _abandoned(file: Path) -> bool:
    number = file.name.removesuffix(".tmp").rpartition("-")[2]
    if time.time() - file.stat().st_mtime > OLD_SECONDS:
        return True
    if not (number.isdecimal() and file.name.endswith(f".{_owner(int(number))}")):
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass
    return False
