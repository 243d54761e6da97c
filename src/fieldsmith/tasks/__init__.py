"""What is asked: a file a PDE, each with statement, signature, initial fields and a trusted reference solver.

What stands here by name is what a task of one's own is made of: `PeriodicTask` and `PDETask` for an equation, `SimpleTask` for
any other problem. Tasks of other distributions come by the entry-point group `fieldsmith.tasks`, each naming a class.
"""

import importlib
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fieldsmith.equations.equation import Axis, Balance, Boundary, Equation
from fieldsmith.errors import InputError
from fieldsmith.folders import expanded
from fieldsmith.plugins import Group
from fieldsmith.tasks.kinds import fault_of
from fieldsmith.tasks.parameters import Parameter, checked
from fieldsmith.tasks.places import check_scale, is_place, is_problem_file, kind_at
from fieldsmith.tasks.task import Argument, Brief, Case, Metric, Result, Signature, Task, data, result

if TYPE_CHECKING:
    from fieldsmith.tasks.pde import PDETask
    from fieldsmith.tasks.periodic import Box, PeriodicTask
    from fieldsmith.tasks.random_fields import RandomFields, random_fields
    from fieldsmith.tasks.simple import Arrays, Inputs, SimpleTask

__all__ = [
    "Argument",
    "Arrays",
    "Axis",
    "Balance",
    "Boundary",
    "Box",
    "Brief",
    "Case",
    "Equation",
    "Inputs",
    "Metric",
    "PDETask",
    "Parameter",
    "PeriodicTask",
    "RandomFields",
    "Result",
    "Signature",
    "SimpleTask",
    "Task",
    "data",
    "kinds",
    "load",
    "names",
    "random_fields",
    "result",
]
SCALES = ("demo", "paper", "hard")
BUILT_IN = ("advection", "burgers", "cns1d", "darcy", "navier_stokes_steady_2d", "reacdiff1d")
"""The modules of this package's own tasks."""


_HOMES = {
    "pde": ("PDETask",),
    "periodic": ("Box", "PeriodicTask"),
    "random_fields": ("RandomFields", "random_fields"),
    "simple": ("Arrays", "Inputs", "SimpleTask"),
}


def __getattr__(name: str) -> object:
    for home, names in _HOMES.items():
        if name in names:  # with SciPy or what reads published files, which those who ask for a task by name need not
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _built_ins() -> dict[str, type[Task]]:
    """The task classes of this package. Nothing else of it is imported: whoever names a task waits for it."""
    found: dict[str, type[Task]] = {}
    for name in BUILT_IN:
        home = f"{__name__}.{name}"
        for _, kind in inspect.getmembers(importlib.import_module(home), inspect.isclass):
            if kind.__module__ == home and issubclass(kind, Task) and hasattr(kind, "name"):
                found[kind.name] = kind
    return dict(sorted(found.items()))


def _fault(name: str, part: object) -> str:
    """What is wrong with a task that a plug-in brings, if anything."""
    if not (inspect.isclass(part) and issubclass(part, Task)):
        return "it is not a class derived from fieldsmith.tasks.Task"
    if missing := [member for member in ("name", "title") if not hasattr(part, member)]:
        return f"it has no {' and no '.join(missing)}"
    if unwritten := sorted(getattr(part, "__abstractmethods__", ())):
        return f"it leaves {', '.join(unwritten)} unwritten"
    if fault := fault_of(part):
        return fault
    return "" if part.name == name else f"its `name` is {part.name!r}, another than its entry point's"


TASKS: Group[type[Task]] = Group("fieldsmith.tasks", "task", _built_ins, _fault)


def kinds() -> dict[str, type[Task]]:
    """All task classes that can be used by name, those of plug-ins too."""
    return dict(sorted(TASKS.everything()[0].items()))


def names() -> list[str]:
    """The names of all tasks that can be used."""
    return list(kinds())


def load(
    name: str, parameters: Mapping[str, str | float] | None = None, scale: str = "demo", data: Path | None = None
) -> Task:
    """The task of that name, or at that place: `file.py:Class`, `package.module:Class`, or the problem file `file.toml`.

    Raises InputError for an unknown name, parameter, value, scale or data file, and for what is wrong in a problem file, MissingPart for a plug-in
    that is broken or fails.
    """
    if is_problem_file(name):
        return _stated(name, parameters, scale, data)
    kind = kind_at(name) if is_place(name) else TASKS.get(name)
    with TASKS.calling(name):
        check_scale(kind, scale)
    data = expanded(data) if data is not None else None
    if data is not None and not data.is_file():
        what = "is a folder" if data.is_dir() else "does not exist"
        raise InputError(f"The data file {data} {what}.", "Give the path of a published HDF5 file.")
    values = checked(name, kind.known_parameters, kind.defaults(scale), parameters or {})
    with TASKS.calling(name):
        task = kind(values, scale, data)
        if data is not None:
            task.examine()
    return task


def _stated(name: str, parameters: Mapping[str, str | float] | None, scale: str, data: Path | None) -> Task:
    """The task of a problem file. Raises InputError."""
    if scale != "demo":
        raise InputError(
            f"{name} is a problem file, which has no scale {scale!r}.", "Its [output] says how many points."
        )
    if data is not None:
        raise InputError(f"{name} is a problem file, of which there are no published files.", "Leave --data out.")
    from fieldsmith.tasks.own.problem_task import ProblemTask

    return ProblemTask.from_file(name, parameters)


def defaults(name: str, scale: str = "demo") -> dict[str, float]:
    """The parameters that the task of that name, or at that place, has where none is given. Raises what `load` raises."""
    if is_problem_file(name):
        return dict(load(name, scale=scale).parameters)
    kind = kind_at(name) if is_place(name) else TASKS.get(name)
    with TASKS.calling(name):
        check_scale(kind, scale)
        return dict(kind.defaults(scale))
