"""Arrays in memory files: sealed ones that go into a sandbox, and the check of those that come out."""

import contextlib
import fcntl
import mmap
import os
import threading
import weakref

import numpy as np

SEALS = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
"""What makes a memory file unchangeable for good, for everyone who has its descriptor (memfd_create(2), fcntl(2))."""


SLACK = 2 << 20
"""Bytes of a large page, which may be there for a few bytes."""


class MemoryFile:
    """A sealed memory file with the bytes of an array; closed when nobody holds it any more."""

    def __init__(self, array: np.ndarray) -> None:
        self.size = array.nbytes
        self.descriptor = os.memfd_create("input", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        self._close = weakref.finalize(self, _close, self.descriptor)
        left = array.reshape(-1).data.cast("B") if array.size else memoryview(b"")
        while left:
            left = left[os.write(self.descriptor, left) :]
        fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, SEALS)

    def read(self) -> mmap.mmap | bytes:
        return mapped(self.descriptor, self.size)


class Shared:
    """Memory files of arrays that cannot change, each written once however often it is asked for.

    An array is taken to be unchangeable if neither it nor what it is a view of can be written to; of others a new file is
    made every time.
    """

    def __init__(self) -> None:
        self._kept: dict[int, tuple[weakref.ref[np.ndarray], MemoryFile]] = {}
        self._lock = threading.Lock()

    def file(self, array: np.ndarray) -> MemoryFile:
        with self._lock:
            found = self._kept.get(id(array))
            if found is not None and found[0]() is array:
                return found[1]
        made = MemoryFile(np.ascontiguousarray(array, "<f8"))
        if _frozen(array):
            key = id(array)
            gone = weakref.ref(array, lambda _: self._kept.pop(key, None) and None)
            with self._lock:
                self._kept[key] = (gone, made)
        return made


def _frozen(array: np.ndarray) -> bool:
    base: object = array
    while isinstance(base, np.ndarray):
        if base.flags.writeable:
            return False
        base = base.base
    return base is None or isinstance(base, bytes)


def mapped(descriptor: int, size: int) -> mmap.mmap | bytes:
    """The bytes of a memory file, without a copy. A private mapping of a sealed file shows what nobody can change."""
    return mmap.mmap(descriptor, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ) if size else b""


def sealed_bytes(descriptor: int, size: int, limit: int) -> mmap.mmap | bytes:
    """What a sandbox has sent, or a ValueError that says why it cannot be trusted. Nothing is read before."""
    if size > limit:
        raise ValueError(f"the answer takes {size:,} bytes, more than the {limit:,} that were asked for")
    found = os.fstat(descriptor).st_size
    if found != size:
        raise ValueError(f"the answer has {found:,} bytes instead of {size:,}")
    if 512 * os.fstat(descriptor).st_blocks > size + SLACK:
        raise ValueError("the answer takes more memory than it has bytes")
    try:
        seals = fcntl.fcntl(descriptor, fcntl.F_GET_SEALS)
    except OSError:
        raise ValueError("the answer is not a memory file") from None
    if seals & SEALS != SEALS:
        raise ValueError("the answer is not sealed, so that it might still change")
    return mapped(descriptor, size)


def _close(descriptor: int) -> None:
    with contextlib.suppress(OSError):
        os.close(descriptor)
