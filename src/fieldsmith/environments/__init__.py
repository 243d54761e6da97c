"""What a tool-using agent acts on: typed actions, documentation on demand, observations; a folder an environment.

What stands here by name is what an environment of one's own is made of. Environments of other distributions come by the entry-point group
`fieldsmith.environments`, each naming a class; `load` also takes a folder, a file or a dotted path.
"""

import importlib
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldsmith.environments.naming import NAME
from fieldsmith.errors import InputError
from fieldsmith.folders import expanded
from fieldsmith.modules import Sought, class_at, is_place
from fieldsmith.plugins import Group

if TYPE_CHECKING:
    from fieldsmith.environments.action import Action, Needs, Submit
    from fieldsmith.environments.calls import Call
    from fieldsmith.environments.check import examine
    from fieldsmith.environments.environment import Environment
    from fieldsmith.environments.episode import Episode, Record
    from fieldsmith.environments.host import Host
    from fieldsmith.environments.observation import (
        Artifact,
        Lacking,
        Measure,
        Observation,
        OutOfTime,
        Step,
        ToolFailed,
        Unfit,
        Unreachable,
    )
    from fieldsmith.environments.programs import Ran
    from fieldsmith.environments.tools import Tools

__all__ = [
    "Action",
    "Artifact",
    "Call",
    "Environment",
    "Episode",
    "Host",
    "Lacking",
    "Measure",
    "Needs",
    "Observation",
    "OutOfTime",
    "Ran",
    "Record",
    "Step",
    "Submit",
    "ToolFailed",
    "Tools",
    "Unfit",
    "Unreachable",
    "examine",
    "load",
    "names",
]

_HOMES = {
    "action": ("Action", "Needs", "Submit"),
    "calls": ("Call",),
    "check": ("examine",),
    "environment": ("Environment",),
    "episode": ("Episode", "Record"),
    "host": ("Host",),
    "observation": (
        "Artifact", "Lacking", "Measure", "Observation", "OutOfTime", "Step", "ToolFailed", "Unfit", "Unreachable",
    ),
    "programs": ("Ran",),
    "tools": ("Tools",),
}  # fmt: skip
BUILT_INS: dict[str, str] = {
    "fieldsmith/pde-workbench-v1": "fieldsmith.environments.pde_workbench.environment:PDEWorkbench",
}
"""Environments of this package by name: module and class, imported when they are asked for."""
GROUP = "fieldsmith.environments"
ATTRIBUTES = ("name", "title", "actions", "measures", "state")


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:  # with NumPy, which those who ask for a list of names need not
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _sought() -> Sought:
    from fieldsmith.environments.environment import Environment

    return Sought(Environment, "environment", ATTRIBUTES, "fieldsmith.environments.Environment")


def _built_ins() -> Mapping[str, Any]:
    return {name: _Later(place) for name, place in BUILT_INS.items()}


class _Later:
    """A built-in environment that is imported when it is made."""

    def __init__(self, place: str) -> None:
        self.place = place

    def __call__(self, *arguments: Any) -> Any:
        return self.kind()(*arguments)

    def kind(self) -> Any:
        module, _, name = self.place.partition(":")
        return getattr(importlib.import_module(module), name)


def fault_of(kind: Any) -> str:
    """What keeps a class from being a whole environment, empty if nothing does."""
    sought = _sought()
    if not sought.begun(kind):
        return "it is not a class derived from fieldsmith.environments.Environment"
    if lacking := sought.lacking(kind):
        return f"it leaves {', '.join(lacking)} unwritten"
    if not NAME.fullmatch(str(kind.name)):
        return f"its name {kind.name!r} is not of the form namespace/name-v1"
    return ""


def _fault(name: str, part: object) -> str:
    fault = fault_of(part)
    if not fault and getattr(part, "name", None) != name:
        return f"its `name` is {getattr(part, 'name', None)!r}, another than its entry point's"
    return fault


ENVIRONMENTS: Group[Any] = Group(GROUP, "environment", _built_ins, _fault)


def names() -> list[str]:
    """The names of all environments that can be asked for; none is imported."""
    return ENVIRONMENTS.names()


def kind_of(name: str) -> Any:
    """The class of an environment: by its name, or the name without namespace or version where only one fits; by a folder, a file or a
    dotted path. A folder here that is called as an environment is takes `./` before its name.

    Raises InputError for what is not there or is no whole environment, MissingPart for a plug-in that is broken.
    """
    if (path := _folder(name)) is not None:
        return _checked(_in_folder(path), name)
    if is_place(name):
        return _checked(class_at(name, _sought()), name)
    with ENVIRONMENTS.calling(name):
        found = ENVIRONMENTS.get(_whole(name))
        return found.kind() if isinstance(found, _Later) else found


def place_of(name: str) -> str:
    """The name as it means the same in every folder: that of a folder or a file is its whole path."""
    if (path := _folder(name)) is not None:
        return str(path.resolve())
    where, colon, kind = name.partition(":")
    return f"{expanded(where).resolve()}{colon}{kind}" if where.endswith(".py") else name


def _folder(name: str) -> Path | None:
    """The folder that is meant, if one is."""
    path = expanded(name)
    return path if path.is_dir() and _whole(name) not in names() else None


def load(name: str, host: "Host | None" = None) -> "Environment[Any]":
    """An environment, named as `kind_of` takes it, on that host. Raises what `kind_of` raises."""
    kind = kind_of(name)
    with ENVIRONMENTS.calling(name):
        return kind(host)


def _whole(name: str) -> str:
    """The whole name that a short one stands for: the newest version where namespace or version are left out."""
    known = names()
    if name in known:
        return name
    found = [(m, whole) for whole in known if (m := NAME.fullmatch(whole))]
    short = [
        (m, whole)
        for m, whole in found
        if name in (m["stem"], f"{m['stem']}-v{m['version']}", f"{m['namespace']}/{m['stem']}")
    ]
    if len({m["namespace"] for m, _ in short}) > 1:
        raise InputError(f"Several environments are called {name!r}.", f"Name one: {', '.join(w for _, w in short)}.")
    return max(short, key=lambda pair: int(pair[0]["version"]))[1] if short else name


def _checked(kind: Any, name: str) -> Any:
    if fault := fault_of(kind):
        raise InputError(f"The environment {name} cannot be used: {fault}.", "Mend it.")
    return kind


def _in_folder(folder: Path) -> Any:
    """The environment of a folder: the one that its pyproject.toml names as an entry point, or that of its environment.py."""
    project = folder / "pyproject.toml"
    if not project.is_file():
        if (folder / "environment.py").is_file():
            return class_at(str((folder / "environment.py").resolve()), _sought())
        words = f"The folder {folder} holds neither pyproject.toml nor environment.py."
        raise InputError(words, "`fieldsmith env new` makes a folder that has both.")
    try:
        points = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["entry-points"][GROUP]
        (target,) = points.values()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{project} cannot be read: {error}.", "Mend the file.") from None
    except (KeyError, TypeError, ValueError, AttributeError):
        words = f'{project} does not name one environment under [project.entry-points."{GROUP}"].'
        raise InputError(
            words, 'Write a line such as "my/tool-v1" = "my_tool.environment:MyTool", or give FILE.py:CLASS.'
        ) from None
    package = str(target).partition(":")[0].partition(".")[0]
    for place in (folder / "src", folder):
        if place.is_dir() and str(place.resolve()) not in sys.path:
            sys.path.insert(0, str(place.resolve()))
        if (place / package).is_dir():
            _check_other(package, (place / package).resolve())
    return class_at(str(target), _sought())


def _check_other(package: str, place: Path) -> None:
    """Raises InputError where another package of that name is loaded: a process has one of a name."""
    others = [Path(path).resolve() for path in getattr(sys.modules.get(package), "__path__", ())]
    if others and place not in others:
        words = f"Another package {package} was loaded before, from {others[0]}: {place} cannot be loaded beside it."
        raise InputError(words, "Give one of them another name, or use a process for each.")
