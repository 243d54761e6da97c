"""Tasks named by where they are written: `path/to/file.py:Class` or `package.module:Class`, the class left out if alone."""

import hashlib
import importlib
import importlib.util
import inspect
import os
import sys
import sysconfig
import traceback
from pathlib import Path
from types import ModuleType
from typing import TypeGuard

from fieldsmith.errors import InputError
from fieldsmith.folders import expanded
from fieldsmith.tasks.task import Task


def is_place(name: str) -> bool:
    """Whether a task is named by where it is written rather than by an entry point."""
    return ":" in name or name.endswith(".py")


def kind_at(place: str) -> type[Task]:
    """The task class at a place.

    Raises InputError for a file or module that is not there or cannot be imported, and for a class that is no whole task.
    """
    where, _, name = place.partition(":")
    module = _file(expanded(where)) if where.endswith(".py") else _module(where)
    own = {key: value for key, value in vars(module).items() if _whole(value) and value.__module__ == module.__name__}
    if not name and len(own) == 1:
        return next(iter(own.values()))
    listed = ", ".join(f"{where}:{key}" for key in own) or "none"
    if not name:
        begun = [key for key, value in vars(module).items() if _begun(value) and value.__module__ == module.__name__]
        hint = f"Name one: {listed}." if own else "Write one."
        if begun and not own:
            hint = f"{begun[0]} has no {', '.join(_lacking(vars(module)[begun[0]]))}: write it in the class."
        raise InputError(f"{where} holds {len(own) or 'no'} tasks.", hint)
    found = getattr(module, name, None)
    if found is None:
        raise InputError(f"{where} has no class {name!r}.", f"Tasks in it: {listed}.")
    if not (inspect.isclass(found) and issubclass(found, Task)):
        raise InputError(f"{place} is no task.", "Derive the class from SimpleTask or PDETask.")
    if lacking := _lacking(found):
        raise InputError(f"The task {place} has no {', '.join(lacking)}.", "Write it in the class.")
    return found


def place_of(kind: type[Task]) -> str:
    """What names the task's class from anywhere on this machine: its file, or its module where a distribution brings it."""
    file = getattr(sys.modules.get(kind.__module__), "__file__", None)
    if file and any(Path(file).is_relative_to(sysconfig.get_path(name)) for name in ("purelib", "platlib")):
        return f"{kind.__module__}:{kind.__qualname__}"
    return f"{Path(file).resolve()}:{kind.__qualname__}" if file else ""


def raised_at(error: BaseException, kind: type[Task]) -> tuple[Path, int] | None:
    """The class's file and the line of it at or below which an error was raised, if it was raised there."""
    own = getattr(sys.modules.get(kind.__module__), "__file__", None)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own]
    return (Path(own), lines[-1]) if own and lines and lines[-1] else None


def line_of(error: BaseException, kind: type[Task]) -> str:
    """The same in words: ` (file, line 3)`, or nothing."""
    found = raised_at(error, kind)
    return f" ({found[0]}, line {found[1]})" if found else ""


def check_scale(kind: type[Task], scale: str) -> None:
    """Raises InputError for a scale that the task has no data of."""
    known = kind.scales()
    if scale not in known:
        choice = " or ".join(filter(None, (", ".join(known[:-1]), known[-1])))
        raise InputError(f"{kind.name} has no scale {scale!r}.", f"Use {choice}.")


MARK = "fieldsmith_task_"
"""Begins the names of modules that are read from files."""


def _file(path: Path) -> ModuleType:
    """The module of a file; one that was changed since is read again under another name."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"The task file {path} cannot be read: {error.strerror}.", "Give a Python file.") from None
    digest = hashlib.sha256(os.fsencode(path.resolve()) + content).hexdigest()[:12]
    name = f"{MARK}{path.stem}_{digest}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # processes that compute references find the class by this name
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise _not_imported(str(path), error, str(path)) from error
    return module


def _module(name: str) -> ModuleType:
    here = str(Path.cwd())
    added = here not in sys.path
    if added:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise _not_imported(name, error) from error
    finally:
        if added:
            sys.path.remove(here)


def _not_imported(what: str, error: Exception, file: str = "") -> InputError:
    """Of an import that fails; the line is named where it is one of `file`."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    number = error.lineno if isinstance(error, SyntaxError) else next(reversed(lines), None)
    line = f", line {number}" if number else ""
    reason = error.msg if isinstance(error, SyntaxError) else str(error).rstrip(".")
    return InputError(
        f"The task in {what} cannot be imported: {type(error).__name__}{line}: {reason}.", "Mend the file."
    )


def _begun(value: object) -> TypeGuard[type[Task]]:
    return inspect.isclass(value) and issubclass(value, Task)


def _whole(value: object) -> bool:
    return _begun(value) and not _lacking(value)


def _lacking(kind: type[Task]) -> list[str]:
    """What has to be written before the class is a task."""
    return sorted({*getattr(kind, "__abstractmethods__", ()), *(n for n in ("name", "title") if not hasattr(kind, n))})
