"""A problem of one's own: equations on a box, with all that belongs to them, as one object and one TOML file."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fieldsmith.errors import InputError
from fieldsmith.problems.faults import Fault, ProblemError, Spot
from fieldsmith.problems.places import Places, places

if TYPE_CHECKING:
    import numpy as np

    from fieldsmith.equations.equation import Equation
    from fieldsmith.problems.examine import Seen
    from fieldsmith.problems.system import System
    from fieldsmith.problems.understanding import Understanding

LARGEST = 500_000
"""Bytes of a problem file."""
P = TypeVar("P", bound="Problem")


@dataclass(frozen=True)
class Origin:
    """Where a problem came from: a name for faults, the folder that files in it are looked for in, places in its text."""

    name: str = ""
    folder: Path = field(default_factory=Path)
    places: Places = field(default_factory=Places)


@dataclass(frozen=True)
class Problem:
    """A partial differential equation of one's own with domain, conditions and initial values.

    The arguments are the tables of a problem file, as mappings:

        Problem(
            title="heat",
            equations=["u_t = D*u_xx"],
            domain={"x": (0, 1), "t": (0, 0.1)},
            parameters={"D": {"value": 1.0, "low": 0.1, "high": 10.0}},
            boundary={"x": "u = 0"},
            initial={"u": "sin(pi*x)"},
        )

    `system` holds what was understood, `doubts` what is odd and stops nothing. Raises ProblemError, whose `faults` has all that is wrong.
    """

    equations: Sequence[str]
    domain: Mapping[str, Any]
    title: str = ""
    description: str = ""
    unknowns: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    definitions: Mapping[str, Any] = field(default_factory=dict)
    coefficients: Mapping[str, Any] = field(default_factory=dict)
    boundary: Mapping[str, Any] = field(default_factory=dict)
    initial: Mapping[str, Any] = field(default_factory=dict)
    output: Mapping[str, Any] = field(default_factory=dict)
    conserved: Mapping[str, Any] = field(default_factory=dict)
    exact: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin = field(default_factory=Origin, compare=False, repr=False)

    def __post_init__(self) -> None:
        for one in fields(self):
            if one.name != "origin":
                object.__setattr__(self, one.name, _plain(getattr(self, one.name)))
        if self.seen.told.stopping:
            raise ProblemError(self.seen.told.ordered(), self.origin.name)

    @classmethod
    def from_toml(cls: type[P], path: str | Path) -> P:
        """The problem in a file. Raises InputError where the file cannot be read, ProblemError (one too) for what is wrong in it."""
        file, text = read_text(path)
        return cls.from_text(text, str(path), file.parent)

    @classmethod
    def from_text(cls: type[P], text: str, name: str = "", folder: Path | None = None) -> P:
        """The problem of a TOML text; `name` stands before faults, `folder` is where files in it are looked for. Raises ProblemError."""
        document, wrong = parsed(text)
        if document is None:
            raise ProblemError(wrong, name)
        known = {one.name for one in fields(cls)} - {"origin"}
        origin = Origin(name, folder or Path(), places(text))
        complete = {key: value for key, value in document.items() if key in known}
        if len(complete) == len(document) and {"equations", "domain"} <= document.keys():
            return cls(**complete, origin=origin)
        from fieldsmith.problems.examine import examine

        raise ProblemError(examine(document, origin.places, origin.folder).told.ordered(), name)

    def to_toml(self) -> str:
        """The text of a problem file that gives this problem again."""
        from fieldsmith.problems.writing import written

        return written(self.document)

    @property
    def document(self) -> dict[str, Any]:
        """The tables that are not empty, as plain values."""
        values = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "origin"}
        return {
            name: value for name, value in values.items() if value not in ("", {}) or name in ("equations", "domain")
        }

    @cached_property
    def seen(self) -> "Seen":
        """All that was found out about the problem."""
        from fieldsmith.problems.examine import examine

        return examine(self.document, self.origin.places, self.origin.folder)

    @property
    def system(self) -> "System":
        """The problem as mathematics."""
        return self.seen.system

    @property
    def doubts(self) -> tuple[str, ...]:
        """What is odd and stops nothing, a line each."""
        return tuple(one.told(self.origin.name) for one in self.seen.told.ordered() if one.weight != "fault")

    @cached_property
    def understood(self) -> "Understanding":
        """How the problem was understood."""
        from fieldsmith.problems.understanding import understood

        return understood(self.title, self.seen)

    def equation(self) -> "Equation | None":
        """The problem as an `Equation` for `fieldsmith.numerics`; None where it cannot be said as one, `no_equation` then says why."""
        return self._equation[0]

    @property
    def no_equation(self) -> str:
        """Why the problem is no `Equation`, one sentence; empty where it is one."""
        return self._equation[1]

    @cached_property
    def _equation(self) -> "tuple[Equation | None, str]":
        from fieldsmith.equations.expressions import Unsuited
        from fieldsmith.problems.as_equation import as_equation

        assert self.seen.form is not None
        try:
            return as_equation(self.system, self.seen.form), ""
        except Unsuited as unsuited:
            return None, str(unsuited)

    def field(self, name: str, coordinates: Mapping[str, Any], seed: int = 0, **parameters: float) -> "np.ndarray":
        """Values of an initial value (`u`, `u_t`), a coefficient, or with the time among the coordinates an exact solution.

        `coordinates` has an array (or number) for each coordinate that is needed; they are broadcast. A family is drawn with `seed`, a file's array
        is interpolated. Raises KeyError for a name that is not given.
        """
        from fieldsmith.problems.fields import values

        return values(self.system, self.origin.folder, name, coordinates, seed, parameters)

    def __str__(self) -> str:
        return "\n".join(self.understood.lines())

    def _repr_latex_(self) -> str:
        lines = r" \\ ".join(line.replace(" = ", " &= ", 1) for line in self.understood.latex)
        return rf"$$\begin{{aligned}} {lines} \end{{aligned}}$$"

    def _repr_html_(self) -> str:
        from html import escape

        rows = self.understood.lines()[bool(self.title) + len(self.system.laws) :]
        words = escape("\n".join(rows))
        title = f"<p><strong>{escape(self.title)}</strong></p>" if self.title else ""
        return f"{title}{escape(self._repr_latex_())}<pre>{words}</pre>"


def read_text(path: str | Path) -> tuple[Path, str]:
    """A problem file and its text. Raises InputError."""
    from fieldsmith.folders import expanded

    file = expanded(path)
    right = "Give the path of a problem file; `fieldsmith problem new FILE` writes one."
    if file.is_dir():
        raise InputError(f"{path} is a folder.", right)
    try:
        content = file.open("rb").read(LARGEST + 1)
    except FileNotFoundError:
        raise InputError(f"{path} is not there.", right) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.", right) from None
    if len(content) > LARGEST:
        raise InputError(f"{path} is larger than {LARGEST // 1000} kB.", "A problem file is a page.")
    try:
        return file, content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(f"{path}:{line}: The file is no text in UTF-8.", "Save it as UTF-8.") from None


def parsed(text: str) -> tuple[dict[str, Any] | None, tuple[Fault, ...]]:
    """The document of a TOML text; None, with the fault, for a text that is none."""
    try:
        return tomllib.loads(text), ()
    except RecursionError:
        return None, (Fault("fault", Spot("", 1, 1), "The brackets are nested too deeply.", "A problem file is flat."),)
    except ValueError as error:  # tomllib's, or a number with more digits than Python reads
        return None, (_no_toml(text, str(error)),)


def _no_toml(text: str, words: str) -> Fault:
    found = re.search(r"\s*\(at line (\d+), column (\d+)\)$", words)
    rows = text.removesuffix("\n").split("\n")
    line, column = (int(found[1]), int(found[2])) if found else (len(rows), 1)
    said = re.sub(r"\s*\(at [^()]*\)$", "", words)
    if "overwrite" in said or "twice" in said or "mutate" in said or "redefine" in said:
        return Fault("fault", Spot("", line, column), "The name is given twice.", "Each stands once in its table.")
    after = rows[line - 1][column - 1 :].lstrip() if line <= len(rows) else ""
    if "Unclosed array" in said and after[:1] in ('"', "'", "[", "{"):
        return Fault("fault", Spot("", line, column), "A comma is missing in a list.", 'Write ["…", "…"].')
    if "Invalid value" in said or "Expected" in said or "Unclosed" in said or "Invalid" in said:
        mend = (
            "Expressions stand in quotes: u = “sin(pi*x)”."
            if "value" in said
            else "Lines are name = value, tables begin with [name]."
        )
        return Fault("fault", Spot("", line, column), f"The line is no TOML: {said}.", mend)
    return Fault("fault", Spot("", line, column), f"The text is no TOML: {said}.", "Lines are name = value.")


def _plain(value: Any) -> Any:
    """Values as TOML has them: lists for tuples, numbers for NumPy's."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item") and getattr(value, "shape", None) == ():
        return value.item()
    return value
