"""Values of a published file that were never written, or lost: they read as zeros, or as another value that stands for nothing.

A merge that was broken off, a source of a virtual data set that is gone, a sample that was skipped: HDF5 reads all of it
without a word, and a program that returns zeros would be judged right on it.
"""

import itertools
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import h5py
import numpy as np

from fieldsmith.errors import InputError

MEND = "Make the file whole: write what is missing anew, or leave these samples out."
NOISE = 1e-6
"""What is closer than this, relative to a sample's values, may be the same value."""
SLOWEST = 1e-3
"""What decays less than this in one frame cannot be gone in the next."""
VIRTUAL, CHUNKED, CONTIGUOUS = h5py.h5d.VIRTUAL, h5py.h5d.CHUNKED, h5py.h5d.CONTIGUOUS
MOST_CHUNKS = 20_000
"""Chunks that are asked for one by one."""


@dataclass(frozen=True)
class Samples:
    """Samples of one data set: `values` [batch, ...], the number of the first in the file, and what stands for nothing there."""

    path: Path
    name: str
    values: np.ndarray
    first: int
    fill: float

    def refuse(self, which: np.ndarray, words: str) -> None:
        """Raises InputError for those samples of the batch that are marked, if any is."""
        if which.any():
            raise InputError(f"{self.path}: {self._listed(which)} of {self.name!r}: {words}.", MEND)

    def tell(self, which: np.ndarray, words: str) -> None:
        """The same as a line on standard error, for what may be right; once, however often the file is read."""
        if which.any():
            _print(f"{self.path}: {self._listed(which)} of {self.name!r}: {words}.")

    def _listed(self, which: np.ndarray) -> str:
        numbers = [str(self.first + n) for n in np.flatnonzero(which)]
        more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
        return f"{'sample' if len(numbers) == 1 else 'samples'} {', '.join(numbers[:5])}{more}"

    @property
    def missing(self) -> tuple[float, ...]:
        """Values that stand for nothing."""
        return tuple(dict.fromkeys((0.0, self.fill)))


@cache
def _print(line: str) -> None:
    print(line, file=sys.stderr)


def unwritten(path: Path, file: h5py.File, found: h5py.Dataset, part: slice) -> None:
    """Raises InputError where samples of a data set have no place in the file, or in the files that it is made of."""
    name, layout = str(found.name).lstrip("/"), found.id.get_create_plist().get_layout()
    if layout == VIRTUAL and (gone := _sources_gone(path, file, found, part)):
        more = f" and {len(gone) - 3} more" if len(gone) > 3 else ""
        words = f"{path}: {name!r} is made of parts that are not there: {', '.join(gone[:3])}{more}."
        raise InputError(words, "Put them where the file looks for them, beside it; without them HDF5 reads zeros.")
    if layout == CHUNKED and (gone := _chunks_gone(found, part)):
        words = f"{path}: {name!r} was never written in {len(gone)} of its chunks, the first of which begins at sample"
        raise InputError(f"{words} {gone[0][0]}.", MEND)
    empty = layout == CONTIGUOUS and not found.id.get_create_plist().get_external_count()
    if empty and found.id.get_storage_size() == 0:
        raise InputError(f"{path}: {name!r} was never written.", MEND)


def _sources_gone(path: Path, file: h5py.File, found: h5py.Dataset, part: slice) -> list[str]:
    """The sources of the samples of a virtual data set that are nowhere."""
    gone = []
    for source in found.virtual_sources():
        low, high = source.vspace.get_select_bounds()
        used = low[0] < part.stop and high[0] >= part.start
        if used and "%b" not in source.file_name and not _is_there(path, file, source.file_name, source.dset_name):
            gone.append(f"{source.dset_name} in {source.file_name}" if source.file_name != "." else source.dset_name)
    return list(dict.fromkeys(gone))


def _is_there(path: Path, file: h5py.File, source: str, name: str) -> bool:
    if source == ".":
        return name in file
    prefix = os.environ.get("HDF5_VDS_PREFIX", "").replace("${ORIGIN}", str(path.parent))
    places = [Path(prefix) / source, path.parent / source, Path(source), path.parent / Path(source).name]
    for place in places:
        try:
            with h5py.File(place, "r") as other:
                return name in other
        except OSError:
            continue
    return False


def _chunks_gone(found: h5py.Dataset, part: slice) -> list[tuple[int, ...]]:
    """Where the chunks of the samples begin that have no place in the file."""
    shape: tuple[int, ...] = (*(found.shape or ()),)
    chunks: tuple[int, ...] = (*(found.chunks or ()),)
    if found.id.get_num_chunks() == np.prod([-(-n // size) for n, size in zip(shape, chunks, strict=True)]):
        return []
    ends = (min(part.stop, shape[0]), *shape[1:])
    begins = (part.start // chunks[0] * chunks[0], *(0 for _ in shape[1:]))
    corners = itertools.product(*map(range, begins, ends, chunks))
    few = itertools.islice(corners, MOST_CHUNKS)
    return [corner for corner in few if found.id.get_chunk_info_by_coord(corner).byte_offset is None]


def check_evolution(samples: Samples, alone: bool = True) -> None:
    """Raises InputError for samples [batch, time, x] that are nothing in some frames or in all of them.

    `alone` says that a uniform field stays uniform, as that of one periodic equation whose terms know no place.
    """
    u = samples.values
    low, high = u.min(axis=2), u.max(axis=2)
    size, spread = np.abs(u).max(axis=(1, 2)), high - low
    uniform = low == high
    same = uniform.all(axis=1) & (low == low[:, :1]).all(axis=1)
    if alone:
        for value in samples.missing:
            samples.refuse(same & (low[:, 0] == value), f"{value:g} everywhere, as what was never written is read")
        samples.tell(same, "one value everywhere and at all times, as if it was never computed")
    near = NOISE * size[:, None]
    away = np.maximum(np.abs(high[:, :-1] - low[:, 1:]), np.abs(low[:, :-1] - low[:, 1:])) > near
    nothing = np.isin(low[:, 1:], samples.missing)
    before = np.concatenate([np.full_like(spread[:, :1], np.inf), spread[:, :-2]], axis=1)
    outside = (low[:, 1:] < low[:, :-1] - spread[:, :-1]) | (low[:, 1:] > high[:, :-1] + spread[:, :-1])
    sudden = (spread[:, :-1] > near) & ((spread[:, :-1] > SLOWEST * before) | outside)
    lost = uniform[:, 1:] & ((nothing & away) | sudden)
    samples.refuse(lost.any(axis=1), f"frames of one value after others, the first of them frame {_first(lost)}")
    if alone:
        begun = uniform[:, 0] & (spread[:, 1] > NOISE * size) & ~same
        samples.refuse(begun, "an initial state of one value, and another solution than it has")


def _first(lost: np.ndarray) -> int:
    return int(np.argmax(lost.any(axis=0))) + 1


def check_together(fields: Sequence[Samples]) -> None:
    """Raises InputError where one field of a gas, velocity, density and pressure, is the same everywhere, and others that move it are not."""
    velocity, density, pressure = fields
    still = {field.name: _same(field.values) for field in fields}
    moves = ~still[velocity.name]
    for field in (density, pressure):
        field.refuse(still[field.name] & moves, f"one value everywhere, while {velocity.name!r} moves it")
    pushed = ~still[pressure.name]
    velocity.refuse(still[velocity.name] & pushed, f"one value everywhere, while {pressure.name!r} moves it")
    at_rest = still[velocity.name] & still[density.name] & still[pressure.name]
    velocity.tell(
        at_rest, "one value everywhere and at all times, as of the other fields, as if they were never computed"
    )


def _same(values: np.ndarray) -> np.ndarray:
    flat = values.reshape(len(values), -1)
    return flat.min(axis=1) == flat.max(axis=1)


def check_forced(samples: Samples) -> None:
    """Raises InputError for samples [batch, x, y] of a field that a force lifts off 0 everywhere but on the border."""
    inner = samples.values[:, 1:-1, 1:-1]
    samples.refuse(_same(samples.values), "one value everywhere, as what was never written is read")
    for value in samples.missing:
        samples.refuse(
            (inner == value).any(axis=(1, 2)), f"{value:g} in places inside, as what was never written is read"
        )
