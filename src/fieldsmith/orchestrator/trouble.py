"""What is wrong with a run's SQLite file, in words for whoever can act on it.

SQLite tells little of what the system told it: a limit, a quota, a lock that a disk of the network does not know are all a
"disk I/O error". So the same is tried beside the file, and what the system says is passed on.
"""

import errno
import fcntl
import mmap
import os
import re
import resource
import sqlite3
import tempfile
from pathlib import Path

from fieldsmith.errors import FieldsmithError, InputError, MissingPart

DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
HELD = ("SQLITE_BUSY", "SQLITE_LOCKED")
PROBE_BYTES = 1 << 16
RESUME = "then repeat the same command: it resumes with all that was recorded."


def held(error: sqlite3.Error) -> bool:
    """Whether another process holds the file."""
    return getattr(error, "sqlite_errorname", "").startswith(HELD)


def trouble(file: Path, error: sqlite3.Error, reading: bool, waited: float = 0.0) -> FieldsmithError:
    """The error of the file, as it is told. Where it is only read, nothing is tried beside it."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(DAMAGE):
        return damaged(file, error)
    if file.exists() and not file.is_file():
        return InputError(f"{file} is not a file.", "Restore it, or choose another run directory.")
    if name == "SQLITE_FULL":
        return MissingPart(f"The disk is full: {file} cannot grow.", f"Free some space, {RESUME}")
    said = "" if reading else _system_says(file)
    if held(error) and not said:
        hint = f"Let that process end (`fuser {file}` names it), {RESUME}"
        return InputError(f"{file} is locked by another process, and has been for {waited:.0f} s.", hint)
    if not name or name == "SQLITE_ERROR":  # its tables are others
        return unknown(file, error)
    words = f"{file} cannot be {'read' if reading else 'written'}: {said or f'{error} ({name})'}."
    hint = "Mend that, or copy the run directory to a local disk and name the copy by --run-dir"
    return MissingPart(words, f"{hint}, {RESUME}" if not reading else f"{hint}.")


def damaged(file: Path, error: Exception) -> InputError:
    hint = "Copy the run directory first; `sqlite3 run.sqlite .recover` reads what is left in the copy, and a backup restores it."
    return InputError(f"{file} is damaged: {error}.", hint)


def unknown(file: Path, error: Exception) -> InputError:
    """What stands in the file is not what this program writes."""
    return InputError(
        f"{file} holds what is not understood: {_what_is_wrong(error)}.",
        "Use the version of Fieldsmith that wrote it, or a backup.",
    )


def _system_says(file: Path) -> str:
    """What is wrong with writing beside the file; empty where nothing is."""
    try:
        with tempfile.TemporaryFile(dir=file.parent) as probe:
            _fits(probe.fileno(), file)
            os.fsync(probe.fileno())
            fcntl.lockf(probe.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            mmap.mmap(probe.fileno(), PROBE_BYTES).close()
        # Opening the file itself, and closing it, would take SQLite's locks from it.
        if file.exists() and not os.access(file, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        return f"{error.strerror}{_limit(error)}"
    return ""


def _fits(probe: int, file: Path) -> None:
    """Write as far from the beginning as the file may have to grow. Raises OSError."""
    sizes = [other.stat().st_size for other in (file, file.with_name(f"{file.name}-wal")) if other.exists()]
    os.pwrite(probe, bytes(PROBE_BYTES), 0)
    os.pwrite(probe, bytes(1), max([0, *sizes]) + PROBE_BYTES)


def _limit(error: OSError) -> str:
    """The size that files of this process may have, where that is why."""
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    limited = most != resource.RLIM_INFINITY and error.errno == errno.EFBIG
    return f" (files are limited to {most // 1024} kB; `ulimit -f` says so)" if limited else ""


def _what_is_wrong(error: Exception) -> str:
    """Without the words of the interpreter, which are of this program and not of the file."""
    if isinstance(error, sqlite3.Error | ValueError):
        return str(error)
    names = re.findall(r"'([^']+)'", str(error)) if isinstance(error, TypeError | KeyError) else []
    return f"the field '{names[-1]}' is missing or unknown" if names else "a value has another form than here"
