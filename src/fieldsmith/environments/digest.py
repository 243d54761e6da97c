"""What an environment's scores depend on: the code and data of its package, so that a run is not taken up with other rules."""

import hashlib
import inspect
from pathlib import Path

from fieldsmith.environments.environment import AnyEnvironment

LEFT_OUT = (".pyc", ".pyo", ".log", ".tmp", ".swp")
"""Endings of what comes and goes without a change of rules."""
BESIDE = ("docs", "gold", "data")
"""Folders beside a module that stands alone which are the environment's too."""


def source_digest(env: AnyEnvironment) -> str:
    """SHA-256 over the environment's name and the files of the package of its class: code, pages and data.

    Of a module that lies by itself, over that file and the folders BESIDE it.
    """
    file = Path(inspect.getfile(type(env)))
    folder = file.parent
    packaged = (folder / "__init__.py").is_file()
    found = _files(folder) if packaged else [file, *(one for name in BESIDE for one in _files(folder / name))]
    digest = hashlib.sha256(env.name.encode())
    for one in found:
        digest.update(f"\0{one.relative_to(folder)}\0".encode())
        with one.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file() and not _passing(file.relative_to(folder)))


def _passing(place: Path) -> bool:
    """Whether a file is a cache, hidden, or a trace of work."""
    hidden = any(part.startswith(".") or part == "__pycache__" for part in place.parts)
    return hidden or place.suffix in LEFT_OUT or place.name.endswith("~")
