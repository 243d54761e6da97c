"""A digest of the source text that a task's data comes from: edited code never uses data that was made before."""

import functools
import hashlib
import io
import sys
import tokenize
from pathlib import Path
from types import ModuleType

from fieldsmith.tasks.task import Task

NUMERICS = "fieldsmith.tasks"
WORDS = {
    f"{NUMERICS}.{name}"
    for name in (
        "task",
        "statement",
        "cache",
        "processes",
        "hdf5_file",
        "lost",
        "sources",
        "places",
        "own.words",
        "own.files",
    )
}
"""Modules that make no numbers."""
SILENT = {tokenize.COMMENT, tokenize.NL}


def source_digest(kind: type[Task]) -> str:
    """SHA-256 over the modules of a task's class and its bases, and over what these take from their own packages.

    Comments and empty lines do not count. A class that was typed into an interpreter is known by its functions.
    """
    found: dict[str, ModuleType] = {}
    for base in kind.__mro__:
        _collect(base.__module__, (NUMERICS, _package(kind.__module__)), found)
    digest = hashlib.sha256()
    for name in sorted(found):
        digest.update(_text(name, str(found[name].__file__)).encode("utf-8", "surrogateescape"))
    if kind.__module__ not in found:
        digest.update(repr([_code(value) for value in vars(kind).values()]).encode())
    return digest.hexdigest()


def _package(module: str) -> str:
    """The package that a module's numerics may lie in; the module itself where it is a single file."""
    return module.rpartition(".")[0] or module


def _collect(name: str, packages: tuple[str, ...], found: dict[str, ModuleType]) -> None:
    """The module with all that it has got from one of the packages, unless its words are no numerics."""
    module = sys.modules.get(name)
    inside = any(name == package or name.startswith(f"{package}.") for package in packages)
    if module is None or not inside or name in WORDS or name in found or not getattr(module, "__file__", None):
        return
    found[name] = module
    for value in vars(module).values():
        _collect(value.__name__ if isinstance(value, ModuleType) else str(_origin(value)), packages, found)


def _origin(value: object) -> object:
    return getattr(value, "__module__", None) if callable(value) else None


@functools.cache
def _text(_module: str, file: str) -> str:
    """A module's words without comments, as they were when it was first asked for: what runs is not what is edited later."""
    try:
        text = Path(file).read_text(encoding="utf-8")
        return " ".join(t.string for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type not in SILENT)
    except (OSError, UnicodeDecodeError, SyntaxError, tokenize.TokenError):
        return file


def _code(value: object) -> object:
    """What can be told of a member of a class without its source."""
    function = getattr(value, "fget", None) or getattr(value, "__func__", None) or value
    code = getattr(function, "__code__", None)
    if code is None:
        return repr(value) if isinstance(value, str | int | float | tuple | dict) else type(value).__name__
    return (
        code.co_code,
        [_code(one) if hasattr(one, "co_code") else repr(one) for one in code.co_consts],
        code.co_names,
    )
