"""`best/solution.nc`: the solution of the problem as it was asked, in NetCDF-4, which xarray and ParaView open.

    dimensions    the time, then the axes in reverse, as ParaView and the CF conventions have them: u(t, y, x)
    coordinates   by their names in the problem, with meaning, unit and the ends of the domain
    variables     the unknowns; a complex one as two, psi_real and psi_imag
    attributes    title, equations, conditions, parameters, the error that is stated and how it is known, version, program

The axes of space have no `axis` attribute: ParaView would take X and Y for longitude and latitude and bend them around a globe. The time has
"T" and no reference date, for a problem has none; in the rest the file follows CF-1.11.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

import fieldsmith
from fieldsmith.boxes.asked import Described, described_coordinates, described_results
from fieldsmith.boxes.form import TIMES, Form
from fieldsmith.errors import InputError
from fieldsmith.files import write_whole
from fieldsmith.orchestrator.run import SOLUTION
from fieldsmith.problems.system import Family, Given, Samples, Side

CONVENTIONS = "CF-1.11"
ENDINGS = (".nc", ".npz", ".csv")
MOST_ROWS = 5_000_000
"""Of a table of text."""
How = Literal["exact", "two methods", "one method", "estimate", "not known"]
"""What an error was measured against: the exact solution, a reference that two methods agree on, one of one method; or it is estimated without a reference."""


@dataclass(frozen=True)
class Trust:
    """What is known of how good a solution is: the relative error that is stated (None where it is not known), how it was found, and the program."""

    error: float | None
    how: How
    program: str
    """SHA-256 of the source text that computed it."""
    reference_error: float | None = None
    """What the reference itself may be off by, beside its size; None where there is none or it is not known."""
    away: float | None = None
    """The error away from jumps of the solution, no less than the reference's own there; None where it has none, or that is not known."""
    beside: float = 0.0
    """Share of the points that lie beside jumps."""


@dataclass(frozen=True)
class Solution:
    """A solution: places [n] by coordinate, the time first; `fields` by result [time, x, y], [x, y] of a steady problem; `given` [x, y] by coefficient."""

    coordinates: Mapping[str, np.ndarray]
    fields: Mapping[str, np.ndarray]
    told: Mapping[str, Any]
    """The attributes of the whole."""
    about: Mapping[str, Described]
    """Of every coordinate, field and coefficient."""
    time: str = ""
    """Which coordinate is the time."""
    given: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Coefficients that were drawn or read from a file."""
    ends: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Where each coordinate begins and ends, which on a periodic axis is beyond its last place."""

    @property
    def space(self) -> tuple[str, ...]:
        return tuple(name for name in self.coordinates if name != self.time)


def solution_of(form: Form, inputs: Mapping[str, Any], outputs: Mapping[str, np.ndarray], trust: Trust, sample: int = 0) -> Solution:  # fmt: skip
    """One sample of the answer to a call."""
    time = {form.system.time.name: inputs[TIMES]} if form.system.time else {}
    places = {**time, **{name: inputs[name] for name in form.space}}
    fields = {r.name: np.asarray(outputs[r.name][sample] if form.batched else outputs[r.name]) for r in form.results}
    given = {one.of: np.asarray(inputs[one.name][sample], float) for one in form.inputs if one.role == "coefficient"}
    parameters = {p.name: float(inputs[p.name]) for p in form.ranged}
    about = {one.name: one for one in (*described_coordinates(form), *described_results(form))}
    about |= {name: Described(name, f"coefficient {name}", "1") for name in given}
    coordinates = {name: np.asarray(values, float) for name, values in places.items()}
    ends = {one.name: (one.low, one.high) for one in (*form.system.axes, *((form.system.time,) if form.system.time else ()))}  # fmt: skip
    return Solution(coordinates, fields, dict(_told(form, parameters, trust)), about, next(iter(time), ""), given, ends)


def write_solution(file: Path, solution: Solution) -> None:
    """Write a solution in one step. Raises OSError."""
    import h5netcdf

    content = io.BytesIO()
    # The classic data model on HDF5: texts are characters then, which every reader of the format knows.
    with h5netcdf.File(content, "w", format="NETCDF4_CLASSIC") as target:
        target.dimensions = {name: len(places) for name, places in solution.coordinates.items()}
        target.attrs.update({name: value for name, value in solution.told.items() if value != ""})
        for name, values, along in _variables(solution):
            order = (*(n for n in along if n == solution.time), *(n for n in reversed(along) if n != solution.time))
            turned = values.transpose([along.index(n) for n in order])
            packed = {"compression": "gzip", "compression_opts": 1, "shuffle": True} if len(along) > 1 else {}
            variable = target.create_variable(name, order, float, data=turned, **packed)
            variable.attrs["long_name"] = solution.about[name].meaning
            variable.attrs["units"] = solution.about[name].unit
            if name in solution.ends:
                variable.attrs["domain"] = np.array(solution.ends[name])
            if name == solution.time:
                variable.attrs["axis"] = "T"
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, content.getvalue())


def _variables(solution: Solution) -> Iterator[tuple[str, np.ndarray, tuple[str, ...]]]:
    """Every array with the coordinates along which it lies."""
    for name, places in solution.coordinates.items():
        yield name, places, (name,)
    for name, values in solution.fields.items():
        yield name, values, tuple(solution.coordinates)
    for name, values in solution.given.items():
        yield name, values, solution.space


def read_solution(file: Path) -> Solution:
    """A solution that was written. Raises InputError for a file that is not there or holds none."""
    import h5netcdf

    found: dict[str, np.ndarray] = {}
    about: dict[str, Described] = {}
    ends: dict[str, tuple[float, float]] = {}
    try:
        with h5netcdf.File(file, "r") as source:
            told = {name: _plain(value) for name, value in source.attrs.items()}
            places, fields = (told[word].split() for word in ("coordinates_in_order", "results"))
            for name, variable in source.variables.items():
                along = [one for one in places if one in variable.dimensions]
                found[name] = variable[...].transpose([variable.dimensions.index(one) for one in along])
                about[name] = Described(name, *(_plain(variable.attrs[word]) for word in ("long_name", "units")))
                if name in places:
                    low, high = variable.attrs["domain"]
                    ends[name] = float(low), float(high)
            time = next((name for name in places if "axis" in source.variables[name].attrs), "")
    except (OSError, KeyError, ValueError) as error:
        words = f"{file} holds no solution ({type(error).__name__})."
        raise InputError(words, "It is written at the end of a run on a problem file.") from None
    given = {name: values for name, values in found.items() if name not in (*places, *fields)}
    return Solution({n: found[n] for n in places}, {n: found[n] for n in fields}, told, about, time, given, ends)


def check_place(path: Path) -> None:
    """Raises InputError for an ending that no solution is written with, and for a folder that is not there."""
    if path.suffix.lower() not in ENDINGS:
        raise InputError(f"{path} has no ending that is known.", f"Name a file that ends in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}.")  # fmt: skip
    if not path.absolute().parent.is_dir():
        raise InputError(f"The folder of {path} is not there.", "Make it, or name another place.")


def check_output(path: Path, form: Form | None) -> None:
    """Raises InputError for a task that has no solution of its own, and for a table of many axes."""
    if form is None:
        raise InputError(f"{path}: Only the solution of a problem file is written.", "Leave --output out, or solve a problem file.")  # fmt: skip
    _check_table(path, len(form.space))


def _check_table(path: Path, axes: int) -> None:
    if path.suffix.lower() == ".csv" and axes > 1:
        raise InputError(f"{path}: A table is written of problems with one axis, and this one has {axes}.", "Name a .nc or .npz file.")  # fmt: skip


def copy_solution(folder: Path, path: Path) -> None:
    """`best/solution.nc` of a run as NetCDF, as NumPy's arrays, or as a table with a row for each time and place. Raises InputError."""
    file = folder / "best" / SOLUTION
    solution = read_solution(file)
    check_place(path)
    _check_table(path, len(solution.space))
    try:
        write_whole(path, _content(path.suffix.lower(), file, solution))
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.", "Choose another place.") from None


def _content(ending: str, file: Path, solution: Solution) -> bytes:
    if ending == ".nc":
        return file.read_bytes()
    if ending == ".npz":
        content = io.BytesIO()
        arrays: dict[str, Any] = {**solution.coordinates, **solution.fields}
        np.savez_compressed(content, **arrays)
        return content.getvalue()
    mesh = np.meshgrid(*solution.coordinates.values(), indexing="ij")
    if mesh[0].size > MOST_ROWS:
        raise InputError(f"The table would have {mesh[0].size} rows.", "Name a .nc or .npz file.")
    columns = [values.ravel() for values in (*mesh, *solution.fields.values())]
    table = io.StringIO()
    np.savetxt(table, np.stack(columns, 1), "%.17g", ",", header=",".join([*solution.coordinates, *solution.fields]), comments="")  # fmt: skip
    return table.getvalue().encode()


def _plain(value: Any) -> Any:
    """Texts of one character come as bytes."""
    return value.decode() if isinstance(value, bytes) else value


def _told(form: Form, parameters: Mapping[str, float], trust: Trust) -> Iterator[tuple[str, Any]]:
    """The attributes of the whole file."""
    problem, system = form.problem, form.system
    values = {**form.fixed, **parameters}
    yield "Conventions", CONVENTIONS
    yield "title", problem.title or "A problem of one's own"
    yield "description", problem.description
    yield "equations", "\n".join(law.text for law in system.laws)
    yield "definitions", "\n".join(f"{name} = {text}" for name, text in problem.definitions.items())
    yield "conditions", "\n".join(_conditions(form))
    yield "initial_values", "\n".join(f"{name} = {_given(one)}" for name, one in system.initial.items())
    yield "coefficients", "\n".join(f"{one.name} = {_given(one)}" for one in system.coefficients)
    yield "parameters", ", ".join(f"{name} = {value!r}" for name, value in values.items())
    for name, value in values.items():
        yield f"parameter_{name}", value
    if trust.error is not None:
        yield "error_stated", trust.error
    if trust.reference_error is not None:
        yield "error_of_reference", trust.reference_error
    if trust.away is not None:
        yield "error_away_from_jumps", trust.away
        yield "share_of_points_beside_jumps", trust.beside
    yield "error_measured_against", trust.how
    yield "accuracy_asked", system.output.accuracy
    yield "source", f"Fieldsmith {fieldsmith.__version__}"
    yield "program_sha256", trust.program
    yield "coordinates_in_order", " ".join([*((system.time.name,) if system.time else ()), *form.space])
    yield "results", " ".join(one.name for one in form.results)


def _given(one: Given) -> str:
    if isinstance(one.value, Family):
        return f"a draw from the family {one.value.kind}: {', '.join(f'{name} {value:g}' for name, value in one.value.settings.items())}"  # fmt: skip
    if isinstance(one.value, Samples):
        return f"{one.value.name or 'the array'} of {one.value.file}"
    return one.text


def _conditions(form: Form) -> Iterator[str]:
    sides: tuple[Side, Side] = ("low", "high")
    for axis in form.system.axes:
        if axis.name in form.system.periodic:
            yield f"{axis.name}: periodic"
            continue
        for side in sides:
            held = " and ".join(one.text for one in form.system.at(axis.name, side))
            yield f"{axis.name} = {axis.end(side):g}: {held or 'nothing'}"
