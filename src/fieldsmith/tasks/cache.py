"""Generated data on disk: one file a data set with a checksum, made once, made again if damaged.

What is done of a data set when it is broken off, whole parts of it, is taken up by whoever makes it next.
"""

import contextlib
import glob
import hashlib
import io
import json
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from filelock import FileLock

from fieldsmith import syntax
from fieldsmith.errors import MissingPart
from fieldsmith.files import clear, write_whole
from fieldsmith.folders import cache_folder
from fieldsmith.tasks import processes
from fieldsmith.tasks.task import Progress

Arrays = dict[str, np.ndarray]
Result = TypeVar("Result")
MAGIC = b"fieldsmith-data-1\n"


def load_or_make(key: str, make: Callable[[], Arrays], progress: Progress | None, what: str) -> Arrays:
    """The arrays stored under `key`; made, stored and returned where they are missing or damaged.

    Two processes that want the same data wait for one another. Raises MissingPart if the cache cannot be written.
    """
    folder = _folder()
    try:
        stored = _read(folder / f"{key}.bin")
        return _made(folder, key, make, progress, what) if stored is None else stored
    except OSError as error:
        raise MissingPart(
            f"Reference data cannot be stored in {folder}: {error.strerror or error}.",
            "Free some space or set FIELDSMITH_HOME to a folder that can be written.",
        ) from error


def has(key: str) -> bool:
    """Whether there is a file of that data set, sound or not."""
    return (_folder() / f"{key}.bin").is_file()


def _folder() -> Path:
    return cache_folder() / "data"


def _made(folder: Path, key: str, make: Callable[[], Arrays], progress: Progress | None, what: str) -> Arrays:
    """The arrays as this process makes and stores them, or as another has while this one waited."""
    folder.mkdir(parents=True, exist_ok=True)
    file, lock = folder / f"{key}.bin", folder / f"{key}.lock"
    with FileLock(lock):
        clear(folder)
        stored = _read(file) if file.exists() else None
        if stored is not None:
            return stored
        if progress is not None:
            progress(f"Generating {what}", 0.0)
        with np.errstate(all="ignore"):  # what overflows is told of by what is not finite in the end
            arrays = make()
        write_whole(file, _packed(arrays))
        for left in (lock, *folder.glob(f"{glob.escape(key)}.*.part")):
            left.unlink(missing_ok=True)  # whoever waits for the lock finds the data
    if progress is not None:
        progress(f"Generating {what}", 1.0)
    return arrays


def parts(count: int, size: int) -> list[slice]:
    """Parts of a batch of at most `size` samples, at least one for every core."""
    size = max(1, min(size, -(-count // min(os.cpu_count() or 1, count))))
    return [slice(i, min(count, i + size)) for i in range(0, count, size)]


def in_processes(
    function: Callable[..., Result],
    work: Sequence[tuple[Any, ...]],
    progress: Progress | None,
    what: str,
    key: str = "",
) -> list[Result]:
    """`function` of each element of `work`, in its order, by as many processes as there are cores.

    A result is an array, None, or a tuple or mapping of results. Those of the data set `key` are kept until it is whole:
    whoever makes it after it was broken off does not compute them again.
    """
    with _results(key, len(work)) as files:
        done = {n: found for n, file in enumerate(files) if (found := _read(file)) is not None}
        missing = [n for n in range(len(work)) if n not in done]
        calls = [partial(_compute, function, work[n], files[n]) for n in missing]
        with contextlib.closing(processes.run(calls, os.cpu_count() or 1)) as ended:
            for index in ended:
                n = missing[index]
                done[n] = _read(files[n]) or {}
                if progress is not None and len(done) < len(work):
                    progress(f"Generating {what}", len(done) / len(work))
    return [_joined(done[n]) for n in range(len(work))]


@contextlib.contextmanager
def _results(key: str, count: int) -> Iterator[list[Path]]:
    """A file for the result of each part. How a batch is cut depends on the number of cores (`parts`)."""
    with contextlib.ExitStack() as stack:
        folder = _folder() if key else Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield [folder / f"{key or 'results'}.{os.cpu_count()}-{n}.part" for n in range(count)]


def _compute(function: Callable[..., object], arguments: tuple[Any, ...], file: Path) -> None:
    """Runs in a process of its own, where threads that hold a lock are missing: what can be copied has locks of its own."""
    with contextlib.suppress(Exception):
        function, arguments = pickle.loads(pickle.dumps((function, arguments)))
    write_whole(file, _packed(_apart(function(*arguments))))


def _apart(result: object) -> Arrays:
    """The arrays of a result by number, and how they hang together."""
    arrays: Arrays = {}

    def plan(part: object) -> object:
        if part is None:
            return None
        if isinstance(part, Mapping):
            return {name: plan(value) for name, value in part.items()}
        if isinstance(part, tuple | list):
            return [plan(value) for value in part]
        arrays[str(len(arrays))] = np.asarray(part)
        return str(len(arrays) - 1)

    text = json.dumps(plan(result))
    return {"plan": np.array(text), **arrays}


def _joined(arrays: Arrays) -> Any:
    """The result that was taken apart."""

    def whole(part: Any) -> Any:
        if isinstance(part, dict):
            return {name: whole(value) for name, value in part.items()}
        if isinstance(part, list):
            return tuple(whole(value) for value in part)
        return None if part is None else arrays[part]

    return whole(json.loads(str(arrays["plan"])))


def _packed(arrays: Arrays) -> bytes:
    body = io.BytesIO()
    np.savez(body, **arrays)  # pyright: ignore[reportArgumentType]
    content = body.getvalue()
    return MAGIC + hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def _read(file: Path) -> Arrays | None:
    if not file.exists():
        return None
    content = file.read_bytes()
    head = len(MAGIC) + 65
    if (
        content.startswith(MAGIC)
        and hashlib.sha256(content[head:]).hexdigest().encode() == content[len(MAGIC) : head - 1]
    ):
        with syntax.ONE_AT_A_TIME, np.load(io.BytesIO(content[head:]), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    print(f"{file} is damaged; its data is generated again.", file=sys.stderr)
    return None
