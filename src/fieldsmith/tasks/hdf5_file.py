"""One HDF5 file: opened, looked through and read, with what is wrong said in HDF5's own words."""

import contextlib
import importlib
import importlib.util
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from fieldsmith.errors import InputError

WHOLE = "Give a whole data file of PDEBench or CodePDE."
MOST_NAMES = 8
"""Names of a file that a sentence lists."""
MOST_GROUPS = 100
"""Groups in which a data set is looked for that should not lie in one."""
MOST_LINKS = 16
"""Links that HDF5 follows one after the other."""
FILTERS = ("filter", "plugin", "decompress")
"""Of a filter that is not there HDF5 says so in many ways; one of these words is in each."""


@contextlib.contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """The open file. Raises InputError for one that cannot be read, here or while it is."""
    try:
        file = h5py.File(path, "r")
    except (OSError, RuntimeError) as error:
        raise _not_opened(path, error) from error
    with file:
        try:
            yield file
        except (OSError, RuntimeError, KeyError) as error:
            raise InputError(f"{path} cannot be read as HDF5: {_reason(error)}.", WHOLE) from error


def dataset(path: Path, file: h5py.File, name: str) -> h5py.Dataset:
    """The data set of that name. Raises InputError that tells what the file has instead."""
    found, why = _at(file, name)
    if isinstance(found, h5py.Dataset):
        return found
    if why:
        raise InputError(f"{path}: {name!r} is {_leads(file, name)}: {why}.", _whole_again(path, file, name))
    within = [
        key for key in itertools.islice(file, MOST_GROUPS) if isinstance(_at(file, f"{key}/{name}")[0], h5py.Dataset)
    ]
    hint = "Give a data file of PDEBench or CodePDE for this task."
    if within:
        hint = f"There is one in the group {within[0]!r}: link it, or copy it, to the top."
    raise InputError(f"{path} has no data set {name!r}; it has {_names(file) or 'none'}.", hint)


def values(path: Path, found: h5py.Dataset, part: slice | tuple[()]) -> np.ndarray:
    """Values of a data set as float64. Raises InputError."""
    name = str(found.name).lstrip("/")
    kind = "complex" if found.dtype.kind == "c" else "" if found.dtype.kind in "fiub" else f"of the type {found.dtype}"
    if kind:
        raise InputError(f"{path}: {name!r} cannot be read as numbers: its values are {kind}.", WHOLE)
    try:
        return np.asarray(_read(found, part), float)
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        if lacking := _filters(found) or any(word in str(error) for word in FILTERS):
            raise _compressed(path, name, lacking if isinstance(lacking, str) else "") from error
        raise InputError(
            f"{path}: {name!r} cannot be read as numbers: {_reason(error)}.", "The file may be truncated."
        ) from error


def _read(found: h5py.Dataset, part: slice | tuple[()]) -> np.ndarray:
    try:
        return found[part]
    except OSError:
        try:
            importlib.import_module("hdf5plugin")  # it brings filters that many files need
        except ImportError:
            pass
        else:
            return found[part]
        raise


def _filters(found: h5py.Dataset) -> str:
    """The filters of a data set that are not there."""
    settings = found.id.get_create_plist()
    told = [settings.get_filter(n) for n in range(settings.get_nfilters())]
    lacking = [(code, name) for code, _, _, name in told if not h5py.h5z.filter_avail(code)]
    return " and ".join(f"{name.decode('utf-8', 'replace') or 'a filter'} ({code})" for code, name in lacking)


def _compressed(path: Path, name: str, filters: str) -> InputError:
    hint = "Install it: pip install hdf5plugin."
    if importlib.util.find_spec("hdf5plugin"):
        hint = "hdf5plugin does not bring it: where it is at hand, `h5repack -f GZIP=4 OLD NEW` writes the file without it."
    words = f"the filter {filters}" if filters else "a filter"
    return InputError(f"{path}: {name!r} is compressed by {words}, which is not here.", hint)


def _at(file: h5py.File, name: str) -> tuple[object, str]:
    """What is at a name; nothing for a link that leads nowhere, and then why."""
    try:
        return file[name], ""
    except (KeyError, OSError, RuntimeError) as error:
        try:
            link = file.get(name, getlink=True)
        except (KeyError, OSError, RuntimeError):
            link = None
        return None, _reason(error) if isinstance(link, h5py.SoftLink | h5py.ExternalLink) else ""


def _leads(file: h5py.File, name: str) -> str:
    link = file.get(name, getlink=True)
    inside = f" in {link.filename!r}" if isinstance(link, h5py.ExternalLink) else ""
    place = link.path if isinstance(link, h5py.SoftLink | h5py.ExternalLink) else name
    return f"a link to {place!r}{inside} that leads nowhere"


def _whole_again(path: Path, file: h5py.File, name: str) -> str:
    """What makes a link lead somewhere: another file lacks, or lacks the data set, or this one does."""
    link = _last(file, name)
    if not isinstance(link, h5py.ExternalLink):
        return f"The link stays within the file, which has {_names(file)}: let it lead to one of these, or give the whole file."
    if (path.parent / link.filename).exists():
        return f"{link.filename} is there: see that it is whole and has {link.path!r}."
    return f"Put {link.filename} beside the file."


def _last(file: h5py.File, name: str) -> object:
    """The link that leads nowhere, at the end of those that lead on to another within the file."""
    link: object = None
    for _ in range(MOST_LINKS):
        try:
            link = file.get(name, getlink=True)
        except (KeyError, OSError, RuntimeError):
            break
        if not isinstance(link, h5py.SoftLink):
            break
        name = link.path
    return link


def _names(file: h5py.File) -> str:
    """The first names of a file with what they are, and how many there are besides."""
    known = sorted(file)
    words = [_named(file, name) for name in known[:MOST_NAMES]]
    more = len(known) - len(words)
    return ", ".join(words) + (f" and {more:,} more" if more > 0 else "")


def _named(file: h5py.File, name: str) -> str:
    found, why = _at(file, name)
    short = name if len(name) <= 60 else f"{name[:57]}..."
    if why:
        return f"{short} (a link that leads nowhere)"
    kinds = {h5py.Group: f"the group {short}", h5py.Datatype: f"the type {short}"}
    return next((words for kind, words in kinds.items() if isinstance(found, kind)), short)


def _not_opened(path: Path, error: Exception) -> InputError:
    reason = _reason(error)
    if "unable to lock" in reason:
        hint = "Another process may have it open for writing: wait for that. If none has, or its disk knows no locks: HDF5_USE_FILE_LOCKING=FALSE."
        return InputError(f"{path} cannot be locked for reading: {reason}.", hint)
    if "already open for" in reason:
        hint = "It is being written, or its writer was killed: then `h5clear -s FILE` sets it right."
        return InputError(f"{path} cannot be opened: {reason}.", hint)
    with contextlib.suppress(OSError), path.open("rb") as stream:
        if stream.read(40).startswith(b"version https://git-lfs"):
            return InputError(f"{path} is a pointer of Git LFS, not the data.", "Fetch it: git lfs pull.")
    return InputError(f"{path} cannot be read as HDF5: {reason}.", WHOLE)


def _reason(error: BaseException) -> str:
    """HDF5's own reason, which it puts in parentheses, without what the system's number and pointers are."""
    text = " ".join(str(error.args[0] if isinstance(error, KeyError) and error.args else error).split())
    found = re.search(r"\((.*)\)$", text)
    return re.sub(r", flags = \w+|, o_flags = \w+", "", found[1] if found else text).rstrip(".")
