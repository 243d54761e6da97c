"""A run's folder copied while the run goes on: the copy opens, and is taken up where it was copied."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from fieldsmith.errors import InputError
from fieldsmith.orchestrator.index import EPISODES, SEARCH, remember
from fieldsmith.orchestrator.store import Store

DATABASE, LOCK = "run.sqlite", "run.lock"
BESIDE = ("-wal", "-shm", "-journal")
"""Of what SQLite keeps beside a file: the copy of the file holds what is in them."""


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a run, of a search or of episodes."""
    return any((folder / name).exists() for name in (SEARCH, EPISODES))


def copy_run(folder: Path, to: Path) -> None:
    """Copy a run's folder, or one that holds runs such as a benchmark's. `to` appears when it is whole.

    Of each run the store is copied first, as it is at one moment, so that the files of all that it holds are there to be copied after it. Raises InputError for a folder
    that is not there, one that holds no run, and a place that is taken or cannot be written.
    """
    stores = [file for file in sorted(folder.rglob(DATABASE)) if is_run(file.parent)]
    if not stores:
        raise InputError(f"{folder} holds no run.", "`fieldsmith runs` lists runs.")
    if to.exists():
        raise InputError(f"{to} exists already.", "Name a folder that is yet to be made.")
    if to.resolve().is_relative_to(folder.resolve()):
        raise InputError(f"{to} lies in {folder} itself.", "Name a folder outside of it.")
    half = to.with_name(f".{to.name}.copying")
    try:
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        for file in stores:
            _copy_store(file, half / file.relative_to(folder))
        for file in _others(folder):
            place = half / file.relative_to(folder)
            place.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):  # a file that the run has replaced meanwhile
                shutil.copy2(file, place)
        half.rename(to)
    except OSError as error:
        shutil.rmtree(half, ignore_errors=True)
        raise InputError(f"{folder} cannot be copied to {to}: {error.strerror}.", "Choose another place.") from None
    for run in (to, *(to / file.relative_to(folder).parent for file in stores)):
        if is_run(run):
            remember(run)


def _copy_store(file: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    store = Store(file, reading=True)
    try:
        store.copy_to(place)
    finally:
        store.close()


def _others(folder: Path) -> Iterator[Path]:
    """All files but stores, locks and what is being written."""
    left_out = {LOCK, DATABASE, *(f"{DATABASE}{ending}" for ending in BESIDE)}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.name not in left_out and not (file.name.startswith(".") and file.suffix == ".tmp"):
            yield file
