"""A package to begin with: written from the files in `scaffold/`, whole and sound as it stands."""

import keyword
import re
import sys
from collections.abc import Mapping
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

from fieldsmith.errors import InputError
from fieldsmith.files import write_whole

FROM = Path(__file__).parent / "scaffold"
NAME = re.compile(r"[a-z](?:[a-z0-9]|[-_](?=[a-z0-9])){1,38}")
NAMESPACE = "my"
TAKEN = {"fieldsmith", "test", "tests", "package", *sys.stdlib_module_names, *keyword.kwlist, *keyword.softkwlist}
ENDING = ".jinja"


def write(name: str, folder: Path) -> str:
    """Write a package of that name to a folder that is not there yet; what its environment is called.

    Raises InputError for a name that no package can have and for a folder that is there.
    """
    package = package_of(name)
    stem = package.replace("_", "-")
    words = {
        "package": package,
        "distribution": stem,
        "id": f"{NAMESPACE}/{stem}-v1",
        "class": _free_class(package),
        "title": stem.replace("-", " ").capitalize(),
    }
    render(FROM, folder, words)
    return words["id"]


def package_of(name: str) -> str:
    """The package of that name. Raises InputError where none can be called so."""
    package = name.replace("-", "_")
    if not NAME.fullmatch(name) or package in TAKEN:
        words = f"{name!r} cannot be the name of a package."
        raise InputError(
            words, "Use small letters, digits and _, 2 to 39, such as my_tool, and no name of Python's own."
        )
    if owners := packages_distributions().get(package):
        words = f"{package} is already the name of a package, of {owners[0]}, which the new one would hide."
        raise InputError(words, f"Give another name, such as {package}_tool.")
    return package


def class_of(package: str) -> str:
    return "".join(part.capitalize() for part in package.split("_"))


def _free_class(package: str) -> str:
    """The class of the package, under another name where a template has that word for something else."""
    name = class_of(package)
    text = "\n".join(file.read_text(encoding="utf-8") for file in FROM.rglob(f"*.py{ENDING}"))
    return f"{name}Environment" if re.search(rf"\b{name}\b", text) else name


def render(templates: Path, folder: Path, words: Mapping[str, Any], content: Mapping[str, str] | None = None) -> None:
    """Write a folder that is not there yet from templates, and the files of `content`, by their places beside the package's modules.

    Raises InputError for a folder that is there or cannot be written.
    """
    if folder.exists() or folder.is_symlink():
        raise InputError(f"{folder} is there already.", "Give another name, or another place by --folder.")
    try:
        _write(templates, folder, words)
        for place, text in (content or {}).items():
            target = folder / "src" / words["package"] / place
            target.parent.mkdir(parents=True, exist_ok=True)
            write_whole(target, text.encode())
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror}.", "Give another place by --folder.") from None


def _write(source: Path, folder: Path, words: Mapping[str, Any]) -> None:
    from jinja2 import Environment, StrictUndefined

    templates = Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    for file in sorted(source.rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            parts = (words["package"] if part == "package" else part for part in file.relative_to(source).parts)
            place = Path(*parts)
            text = file.read_text(encoding="utf-8")
            target = folder / place.with_name(place.name.removesuffix(ENDING))
            target.parent.mkdir(parents=True, exist_ok=True)
            write_whole(
                target, (templates.from_string(text).render(words) if place.suffix == ENDING else text).encode()
            )
