"""A run's folder copied while the run goes on: the copy opens, and is taken up where it was copied."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from fieldsmith.errors import InputError
from fieldsmith.orchestrator.index import EPISODES, SEARCH, remember
from fieldsmith.orchestrator.store import Store

DATABASE, LOCK, RESULT = "run.sqlite", "run.lock", "result.json"
BESIDE = ("-wal", "-shm", "-journal")
"""Of what SQLite keeps beside a file: the copy of the file holds what is in them."""
STORE = (DATABASE, *(f"{DATABASE}{ending}" for ending in BESIDE))
OUTCOMES, TABLES = "cells.jsonl", "leaderboard*"
"""In a benchmark's folder: what came of its cells, and what is made of that."""


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a run, of a search or of episodes."""
    return any((folder / name).exists() for name in (SEARCH, EPISODES))


def copy_run(folder: Path, to: Path, tell: Callable[[str], None] = lambda _words: None) -> None:
    """Copy a run's folder, or one that holds runs such as a benchmark's. `to` appears when it is whole.

    What tells of other files is copied before them, so that all of which it tells is there to be copied after it: a benchmark's tables, its outcomes, then the store of each
    run, as it is at one moment, then all other files. A result is left out where the copied store does not say that the run is done. A store that cannot be read is
    copied as the file it is, and `tell` hears of it. Raises InputError for a folder that is not there, one that holds no run, and a place that is taken or cannot be
    written, MissingPart for a disk that does not do its part.
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
        _copy_all(folder, half, stores, tell)
        half.rename(to)
    except OSError as error:
        raise InputError(f"{folder} cannot be copied to {to}: {error.strerror}.", "Choose another place.") from None
    finally:
        shutil.rmtree(half, ignore_errors=True)
    for run in (to, *(to / file.relative_to(folder).parent for file in stores)):
        if is_run(run):
            remember(run)


def _copy_all(folder: Path, half: Path, stores: list[Path], tell: Callable[[str], None]) -> None:
    done = set(stores)
    for outcomes in sorted(folder.rglob(OUTCOMES)):
        for file in (*sorted(outcomes.parent.glob(TABLES)), outcomes):
            _copy_file(file, half / file.relative_to(folder))
            done.add(file)
    for file in stores:
        place = half / file.relative_to(folder)
        try:
            state = _copy_store(file, place)
        except InputError as error:
            tell(f"{error.message} It is copied as it is.")
            for part in STORE:
                _copy_file(file.with_name(part), place.with_name(part))
        else:
            if state != "done":
                done.add(file.with_name(RESULT))
    for file in _others(folder):
        if file not in done:
            _copy_file(file, half / file.relative_to(folder))


def _copy_store(file: Path, place: Path) -> str:
    """The state of the run that the copy holds. Raises InputError for a store that cannot be read."""
    place.parent.mkdir(parents=True, exist_ok=True)
    store = Store(file, reading=True)
    try:
        store.copy_to(place)
    finally:
        store.close()
    copy = Store(place, reading=True)
    try:
        return str(copy.fact("state", "interrupted"))
    finally:
        copy.close()


def _copy_file(file: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):  # one that the run has replaced meanwhile
        shutil.copy2(file, place)


def _others(folder: Path) -> Iterator[Path]:
    """All files but stores, locks and what is being written."""
    left_out = {LOCK, *STORE}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and file.name not in left_out and not (file.name.startswith(".") and file.suffix == ".tmp"):
            yield file
