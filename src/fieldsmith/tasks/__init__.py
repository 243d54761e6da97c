"""What is asked: a file a PDE, each with statement, signature, initial fields and a trusted reference solver."""

import difflib
import importlib
import inspect
import math
import pkgutil
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

from fieldsmith.errors import InputError
from fieldsmith.tasks.places import check_scale, is_place, kind_at
from fieldsmith.tasks.task import Task

SCALES = ("demo", "paper")


def kinds() -> dict[str, type[Task]]:
    """All task classes by name: those of this package and of the entry-point group `fieldsmith.tasks`."""
    from fieldsmith.tasks.pde import PDETask

    found: dict[str, type[Task]] = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if issubclass(kind, PDETask) and hasattr(kind, "name"):
                found[kind.name] = kind
    for point in entry_points(group="fieldsmith.tasks"):
        found[point.name] = point.load()
    return dict(sorted(found.items()))


def names() -> list[str]:
    return list(kinds())


def load(
    name: str, parameters: Mapping[str, str | float] | None = None, scale: str = "demo", data: Path | None = None
) -> Task:
    """The task of that name, or at that place: `file.py:Class`, `package.module:Class`.

    Raises InputError for an unknown name, parameter, value, scale or data file.
    """
    kind = kind_at(name) if is_place(name) else _by_name(name)
    check_scale(kind, scale)
    if data is not None and not Path(data).is_file():
        what = "is a folder" if Path(data).is_dir() else "does not exist"
        raise InputError(f"The data file {data} {what}.", "Give the path of a published HDF5 file.")
    task = kind(_values(name, kind, parameters or {}), scale, Path(data) if data else None)
    if data is not None:
        task.examine()
    return task


def _by_name(name: str) -> type[Task]:
    known = kinds()
    if name not in known:
        raise InputError(f"There is no task {name!r}.{_meant(name, known)}", f"Known tasks: {', '.join(known)}.")
    return known[name]


def _values(name: str, kind: type[Task], given: Mapping[str, str | float]) -> dict[str, float]:
    values = {key: parameter.default for key, parameter in kind.known_parameters.items()}
    for key, text in given.items():
        if key not in values:
            raise InputError(
                f"{name} has no parameter {key!r}.{_meant(key, values)}",
                f"Its parameters: {', '.join(values) or 'none'}.",
            )
        parameter = kind.known_parameters[key]
        try:
            value = float(text)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"{key}={text} is not a number.", f"Give a value such as {key}={parameter.default:g}."
            ) from error
        if not math.isfinite(value) or not parameter.low <= value <= parameter.high:
            raise InputError(f"{key}={text} is out of range.", f"{name} takes {parameter.low:g} to {parameter.high:g}.")
        values[key] = value
    return values


def _meant(name: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(name, known, 1, 0.5)
    return f" Did you mean {close[0]!r}?" if close else ""
