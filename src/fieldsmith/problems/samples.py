"""Fields that are given as arrays in a file."""

import zipfile
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from fieldsmith.problems.faults import shown
from fieldsmith.problems.places import Path
from fieldsmith.problems.system import Samples
from fieldsmith.problems.tables import Tables

LARGEST = 2**30
"""Bytes of an array that are read."""


def read_samples(tables: Tables, path: Path, table: Mapping[str, Any], folder: FilePath, axes: int) -> Samples | None:
    """An array in a file, looked at and found sound; None where it is not, which is told."""
    tables.keys(path, table, ("file", "name"), "A field in a file")
    file = tables.text((*path, "file"), "file")
    name = tables.text((*path, "name"), "name")
    spot = tables.places.value((*path, "file"))
    if not file or "\0" in file:
        tables.findings.fault(
            spot, "A field in a file needs the file's name.", 'Write { file = "field.npz", name = "a" }.'
        )
        return None
    try:
        array = load(folder / file, name)
    except LookupError as error:
        tables.findings.fault(spot, str(error.args[0]), "A file that numpy.savez or numpy.save has written is right.")
        return None
    if array.ndim != axes or min(array.shape, default=0) < 2:
        what = f"The array {shown(name or file)} has the shape {'x'.join(map(str, array.shape)) or 'of a number'}."
        mend = "The domain has one axis" if axes == 1 else f"The domain has {axes} axes"
        tables.findings.fault(spot, what, f"{mend}; two points or more are needed along each.")
        return None
    if not np.isfinite(array).all():
        where = tuple(int(k[0]) for k in np.nonzero(~np.isfinite(array)))
        tables.findings.fault(spot, f"The array {shown(name or file)} is not finite at index {where}.")
        return None
    return Samples(file, name, array.shape)


def load(file: FilePath, name: str) -> np.ndarray:
    """The array of that name. Raises LookupError with a sentence where it is not there, too large or no array of numbers."""
    words = f"The file {file.name[:80]}"
    try:
        if not file.is_file():
            raise LookupError(f"{words} is not there." if not file.is_dir() else f"{words} is a folder.")
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                if sum(one.file_size for one in archive.infolist()) > LARGEST:
                    raise LookupError(f"{words} is larger than {LARGEST >> 20} MB.")
            with np.load(file, allow_pickle=False) as stored:
                if name not in stored.files:
                    known = ", ".join(stored.files[:8]) or "none"
                    raise LookupError(f"{words} has no array {shown(name)}; there are {known}.")
                array = stored[name]
        elif file.stat().st_size > LARGEST:
            raise LookupError(f"{words} is larger than {LARGEST >> 20} MB.")
        else:
            array = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise LookupError(f"{words} holds no arrays ({type(error).__name__}).") from None
    if array.dtype.kind not in "fiuc":
        raise LookupError(f"{words} holds no numbers but {array.dtype}.")
    return array
