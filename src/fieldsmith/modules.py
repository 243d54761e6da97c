"""Classes named by where they are written: `path/to/file.py:Class` or `package.module:Class`, the class left out if alone."""

import hashlib
import importlib
import importlib.util
import inspect
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from fieldsmith.errors import InputError
from fieldsmith.folders import expanded

MARK = "fieldsmith_file_"
"""Begins the names of modules that are read from files."""


@dataclass(frozen=True)
class Sought:
    """What is looked for: classes derived from `base`, called `kind` in sentences, that have these `attributes`.

    `bases` says what to derive from.
    """

    base: type
    kind: str
    attributes: Sequence[str]
    bases: str

    def lacking(self, found: type) -> list[str]:
        """What has to be written before the class is whole."""
        unset = (name for name in self.attributes if not hasattr(found, name))
        return sorted({*getattr(found, "__abstractmethods__", ()), *unset})

    def begun(self, value: object) -> bool:
        return inspect.isclass(value) and issubclass(value, self.base)


def is_place(name: str) -> bool:
    """Whether something is named by where it is written rather than by an entry point."""
    return ":" in name or name.endswith(".py")


def class_at(place: str, sought: Sought) -> type[Any]:
    """The class at a place.

    Raises InputError for a file or module that is not there or cannot be imported, and for a class that is not whole.
    """
    where, _, name = place.partition(":")
    module = module_at(where, sought.kind)
    own = {
        key: value for key, value in vars(module).items() if sought.begun(value) and value.__module__ == module.__name__
    }
    whole = {key: value for key, value in own.items() if not sought.lacking(value)}
    if not name and len(whole) == 1:
        return next(iter(whole.values()))
    listed = ", ".join(f"{where}:{key}" for key in whole) or "none"
    if not name:
        hint = f"Name one: {listed}." if whole else "Write one."
        if own and not whole:
            key, value = next(iter(own.items()))
            hint = f"{key} has no {', '.join(sought.lacking(value))}: write it in the class."
        raise InputError(f"{where} holds {len(whole) or 'no'} {sought.kind}s.", hint)
    found = getattr(module, name, None)
    if found is None:
        raise InputError(f"{where} has no class {name!r}.", f"{sought.kind.capitalize()}s in it: {listed}.")
    if not sought.begun(found):
        raise InputError(f"{place} is no {sought.kind}.", f"Derive the class from {sought.bases}.")
    if lacking := sought.lacking(found):
        raise InputError(f"The {sought.kind} {place} has no {', '.join(lacking)}.", "Write it in the class.")
    return found


def module_at(where: str, kind: str) -> ModuleType:
    """The module of a file, or of that dotted name, which may be in the current folder. Raises InputError."""
    return _file(expanded(where), kind) if where.endswith(".py") else _module(where, kind)


def _file(path: Path, kind: str) -> ModuleType:
    """The module of a file; one that was changed since is read again under another name."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"The {kind} file {path} cannot be read: {error.strerror}.", "Give a Python file.") from None
    digest = hashlib.sha256(os.fsencode(path.resolve()) + content).hexdigest()[:12]
    name = f"{MARK}{path.stem}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # other processes find the class by this name
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise _not_imported(kind, str(path), error, str(path)) from error
    return module


def _module(name: str, kind: str) -> ModuleType:
    here = str(Path.cwd())
    added = here not in sys.path
    if added:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise _not_imported(kind, name, error) from error
    finally:
        if added:
            sys.path.remove(here)


def _not_imported(kind: str, what: str, error: Exception, file: str = "") -> InputError:
    """Of an import that fails; the line is named where it is one of `file`."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    number = error.lineno if isinstance(error, SyntaxError) else next(reversed(lines), None)
    line = f", line {number}" if number else ""
    reason = error.msg if isinstance(error, SyntaxError) else str(error).rstrip(".")
    return InputError(
        f"The {kind} in {what} cannot be imported: {type(error).__name__}{line}: {reason}.", "Mend the file."
    )
