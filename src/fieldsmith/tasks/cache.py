"""Generated data on disk: one file a data set with a checksum, made once, made again if damaged."""

import hashlib
import io
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from filelock import FileLock

from fieldsmith.errors import MissingPart
from fieldsmith.folders import cache_folder
from fieldsmith.tasks.task import Progress

Arrays = dict[str, np.ndarray]
Result = TypeVar("Result")
MAGIC = b"fieldsmith-data-1\n"


def load_or_make(key: str, make: Callable[[], Arrays], progress: Progress | None, what: str) -> Arrays:
    """The arrays stored under `key`; made, stored and returned where they are missing or damaged.

    Two processes that want the same data wait for one another. Raises MissingPart if the cache cannot be written.
    """
    folder = cache_folder() / "data"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{key}.bin"
        with FileLock(folder / f"{key}.lock"):
            stored = _read(file)
            if stored is not None:
                return stored
            if progress is not None:
                progress(f"Generating {what}", 0.0)
            with np.errstate(all="ignore"):  # what overflows is told of by what is not finite in the end
                arrays = make()
            _write(file, arrays)
    except OSError as error:
        raise MissingPart(
            f"Reference data cannot be stored in {folder}: {error.strerror or error}.",
            "Free some space or set FIELDSMITH_HOME to a folder that can be written.",
        ) from error
    if progress is not None:
        progress(f"Generating {what}", 1.0)
    return arrays


def parts(count: int, size: int) -> list[slice]:
    """Parts of a batch of at most `size` samples, at least one for every core."""
    size = max(1, min(size, -(-count // min(os.cpu_count() or 1, count))))
    return [slice(i, min(count, i + size)) for i in range(0, count, size)]


def in_processes(
    function: Callable[..., Result], work: Sequence[tuple[Any, ...]], progress: Progress | None, what: str
) -> list[Result]:
    """`function` of each element of `work`, in its order, by as many processes as there are cores."""
    workers = min(os.cpu_count() or 1, len(work))
    if workers == 1:
        return [function(*arguments) for arguments in work]
    done: dict[int, Result] = {}
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        futures = {pool.submit(function, *arguments): n for n, arguments in enumerate(work)}
        for future in as_completed(futures):
            done[futures[future]] = future.result()
            if progress is not None and len(done) < len(work):
                progress(f"Generating {what}", len(done) / len(work))
    return [done[n] for n in range(len(work))]


def _write(file: Path, arrays: Arrays) -> None:
    body = io.BytesIO()
    np.savez(body, **arrays)  # pyright: ignore[reportArgumentType]
    content = body.getvalue()
    handle, temporary = tempfile.mkstemp(dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(MAGIC + hashlib.sha256(content).hexdigest().encode() + b"\n" + content)
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _read(file: Path) -> Arrays | None:
    if not file.exists():
        return None
    content = file.read_bytes()
    head = len(MAGIC) + 65
    if (
        content.startswith(MAGIC)
        and hashlib.sha256(content[head:]).hexdigest().encode() == content[len(MAGIC) : head - 1]
    ):
        with np.load(io.BytesIO(content[head:]), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    print(f"{file} is damaged; its data is generated again.", file=sys.stderr)
    return None
