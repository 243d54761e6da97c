"""Problem files on disk: read, their parameters set, what is in them digested, copies kept that stand alone."""

import hashlib
import json
import math
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from fieldsmith.errors import InputError
from fieldsmith.files import write_whole
from fieldsmith.folders import expanded
from fieldsmith.plugins import meant
from fieldsmith.problems import Problem
from fieldsmith.problems.problem import read_text
from fieldsmith.problems.system import Parameter, Samples
from fieldsmith.problems.tokens import latin

ENDING = ".toml"


def name_of(words: str) -> str:
    """A name for files and results, such as `heat` for `my/heat.toml`."""
    return re.sub(r"[^\w.-]+", "-", words).strip("-.") or "problem"


def read(name: str) -> tuple[Problem, str]:
    """The problem of a file and the file's text. Raises InputError where it cannot be read, ProblemError for what is wrong in it."""
    file, text = read_text(name)
    return Problem.from_text(text, str(name), file.parent), text


def with_parameters(problem: Problem, given: Mapping[str, str | float], name: str) -> Problem:
    """The problem with other values of some parameters: of those with a range within it, of others whatever is well posed.

    Raises InputError for an unknown name and for what is no number or out of range, ProblemError where the problem is none with these values.
    """
    known = {one.name: one for one in problem.system.parameters}
    keys = {latin(str(key)): key for key in problem.parameters}
    changed: dict[str, Any] = dict(problem.parameters)
    for word, text in given.items():
        if word not in known:
            right = f"Its parameters: {', '.join(known) or 'none'}."
            raise InputError(f"{name} has no parameter {word!r}.{meant(word, known)}", right)
        value = _number(known[word], text, name)
        if value != known[word].value:
            written = changed[keys[word]]
            changed[keys[word]] = {**written, "value": value} if isinstance(written, Mapping) else value
    if changed == dict(problem.parameters):
        return problem
    return Problem(**{**problem.document, "parameters": changed}, origin=problem.origin)


def _number(known: Parameter, text: str | float, name: str) -> float:
    try:
        value = float(text)
    except (TypeError, ValueError):
        right = f"Give a value such as {known.name}={known.value:g}."
        raise InputError(f"{known.name}={text} is not a number.", right) from None
    low, high = (-math.inf if known.low is None else known.low), (math.inf if known.high is None else known.high)
    if not math.isfinite(value) or not low <= value <= high:
        raise InputError(f"{known.name}={text} is out of range.", f"{name} takes {low:g} to {high:g}.")
    return value


def content_of(problem: Problem) -> str:
    """SHA-256 over all that the problem says, comments and layout left out, and over the arrays in files that it names."""
    digest = hashlib.sha256(json.dumps(problem.document, sort_keys=True).encode())
    for file in sorted(named_files(problem)):
        with (problem.origin.folder / file).open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def named_files(problem: Problem) -> set[str]:
    """Files with arrays, as the problem names them."""
    system = problem.system
    given = (*system.coefficients, *system.initial.values())
    return {one.value.file for one in given if isinstance(one.value, Samples)}


def keep(problem: Problem, text: str, name: str, folder: Path) -> Path:
    """A copy of the problem file in a folder, with the arrays that it names beside it; the copy's path.

    `text` is the file as it was written, empty for a problem that comes from no file. The copy is that text unless it names arrays that lie elsewhere than below it:
    then it is the problem as `to_toml` writes it, with their new names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    moved = dict(_moved(problem))
    for file, new in moved.items():
        source, target = problem.origin.folder / file, folder / new
        if source.resolve() != target.resolve():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    if any(file != new for file, new in moved.items()):
        text = Problem(**_renamed(problem.document, moved), origin=replace(problem.origin, folder=folder)).to_toml()
    text = text or problem.to_toml()
    copy = folder / f"{name}{ENDING}"
    write_whole(copy, text.encode())
    return copy


def _moved(problem: Problem) -> Iterator[tuple[str, str]]:
    """Each file with the name that its copy has, relative to the copy of the problem."""
    for n, file in enumerate(sorted(named_files(problem))):
        path = expanded(file)
        below = not path.is_absolute() and ".." not in path.parts
        yield file, file if below else f"arrays-{n}/{path.name}"


def _renamed(document: Mapping[str, Any], moved: Mapping[str, str]) -> dict[str, Any]:
    """The document with other names of files in its coefficients and initial values."""

    def one(value: Any) -> Any:
        return {**value, "file": moved[value["file"]]} if isinstance(value, Mapping) and "file" in value else value

    tables = {
        name: {key: one(value) for key, value in document.get(name, {}).items()} for name in ("coefficients", "initial")
    }
    return {**document, **{name: table for name, table in tables.items() if table}}
