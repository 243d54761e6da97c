"""A digest of the source text that a task's data comes from: edited code never uses data that was made before."""

import ast
import functools
import hashlib
import importlib.util
import io
import re
import sys
import tokenize
from pathlib import Path
from types import ModuleType

from fieldsmith.plugins import INSTALLED
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
        "kinds",
        "parameters",
        "shapes",
        "own.words",
        "own.files",
    )
}
"""Modules that make no numbers."""
FILE = re.compile(r"\w[\w./ -]*\.(?!py\b)\w+")
"""A relative path of a file that is no module."""
SILENT = {tokenize.COMMENT, tokenize.NL}


def source_digest(kind: type[Task]) -> str:
    """SHA-256 over the modules of a task's class and its bases, and over what these take from their own packages.

    Beside a module that is in no package those that lie in the same folder are its own. Files that a text names, in the module's
    folder or one below, belong to it, such as a table of measurements. Comments and empty lines do not count.
    A class that was typed into an interpreter is known by its functions.
    """
    own, found = _Own(kind.__module__), dict[str, str]()
    for base in kind.__mro__:
        _collect(base.__module__, own, found)
    digest = hashlib.sha256()
    # By file, since a module that is loaded from its place has another name than one that is imported.
    for name in sorted(found, key=lambda one: (Path(found[one]).name, found[one])):
        digest.update(_text(name, found[name]).encode("utf-8", "surrogateescape"))
        for file in () if name.startswith(NUMERICS) else _named_files(found[name]):
            about = file.stat()
            digest.update(_content(file, about.st_mtime_ns, about.st_size))
    if kind.__module__ not in found:
        digest.update(repr([_code(value) for value in vars(kind).values()]).encode())
    return digest.hexdigest()


class _Own:
    """Which modules may hold a task's numerics."""

    def __init__(self, module: str) -> None:
        self.module, top = module, module.partition(".")[0]
        self.packages = (NUMERICS,) if top == "fieldsmith" else (NUMERICS, top)
        file = _file_of(module)
        alone = file is not None and top == module and INSTALLED.isdisjoint(Path(file).parts)
        self.folder = Path(file).parent if file and alone else None

    def has(self, name: str) -> bool:
        if name in WORDS or name == NUMERICS:
            return False
        if any(name == package or name.startswith(f"{package}.") for package in self.packages):
            return True
        file = _file_of(name) if self.folder and "." not in name else None
        return file is not None and Path(file).parent == self.folder


def _collect(name: str, own: _Own, found: dict[str, str]) -> None:
    """The module with all that it has got, or imports by its text, of the task's own."""
    if name in found or not own.has(name) or (file := _file_of(name)) is None:
        return
    found[name] = file
    module = sys.modules.get(name)
    for value in vars(module).values() if module else ():
        _collect(value.__name__ if isinstance(value, ModuleType) else str(_origin(value)), own, found)
    package = name if file.endswith("__init__.py") else name.rpartition(".")[0]
    for imported in _imports(package, file):
        _collect(imported, own, found)


def _file_of(name: str) -> str | None:
    """Where a module lies, one too that a function imports later."""
    if name in sys.modules:
        return getattr(sys.modules[name], "__file__", None)
    parent = name.rpartition(".")[0]
    if parent and not hasattr(sys.modules.get(parent), "__path__"):
        return None
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    return spec.origin if spec and spec.has_location else None


@functools.cache
def _imports(package: str, file: str) -> tuple[str, ...]:
    """What a module's text imports, wherever in it: what is taken by `from` may be a module or, as a number is, of one."""
    names: list[str] = []
    for node in ast.walk(_tree(file)):
        if isinstance(node, ast.Import):
            names += [one.name for one in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            home = ".".join(filter(None, (above, node.module)))
            names += [home, *(f"{home}.{one.name}" for one in node.names)]
    return tuple(names)


def _origin(value: object) -> object:
    return getattr(value, "__module__", None) if callable(value) else None


def _named_files(file: str) -> list[Path]:
    """Files that are no code and that stand in a module's text by their names, beside it or one folder below."""
    folder, found = Path(file).parent, set[Path]()
    for name in _names_of_files(file):
        found |= {*folder.glob(name), *folder.glob(f"*/{name}")}
    return sorted(one for one in found if one.is_file())


@functools.cache
def _names_of_files(file: str) -> tuple[str, ...]:
    """The texts in a module that may be relative paths of files."""
    texts = {node.value for node in ast.walk(_tree(file)) if isinstance(node, ast.Constant)}
    return tuple(text for text in texts if isinstance(text, str) and FILE.fullmatch(text) and ".." not in text)


@functools.cache
def _content(file: Path, _changed: int, _size: int) -> bytes:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def _tree(file: str) -> ast.Module:
    """A module's text as Python reads it; empty where it cannot be read."""
    try:
        return ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ast.Module([], [])


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
