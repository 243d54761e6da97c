"""A document, as TOML gives it, read as a system: every part in turn, faults told and gone past."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import sympy as sp

from fieldsmith.problems.algebra import Algebra, names_in
from fieldsmith.problems.domain import read_domain, read_output
from fieldsmith.problems.families import read_family
from fieldsmith.problems.faults import Misread, TooLarge, meant, shown
from fieldsmith.problems.grammar import Node, equation
from fieldsmith.problems.jets import Jets
from fieldsmith.problems.naming import Names, read_names, read_parameters, read_unknowns, unknowns_in
from fieldsmith.problems.ordering import in_order
from fieldsmith.problems.places import Path
from fieldsmith.problems.samples import read_samples
from fieldsmith.problems.sides import read_sides
from fieldsmith.problems.system import Given, Interval, Law, Output, System, Unknown
from fieldsmith.problems.tables import Tables, listed
from fieldsmith.problems.tokens import latin

MOST_LAWS = 12


def read(tables: Tables, folder: FilePath) -> System:
    """The system of a document. What is wrong is told in `tables.findings`; then the system is what could be read."""
    tables.check()
    axes, time = read_domain(tables)
    coordinates = (*((time.name,) if time else ()), *(axis.name for axis in axes))
    if not axes:  # of whatever follows the coordinates would be told to be unknown
        nothing = Output({}, (), 1e-3, 60.0)
        return System(axes, time, (), (), {}, (), (), frozenset(), (), {}, {}, {}, nothing, Jets(()), {})
    names = read_names(tables, coordinates)
    parameters = read_parameters(tables, names)
    written = _equations(tables)
    trees = [tree for _, _, both in written for tree in both or ()] + _bodies(tables, names)
    shown_by = unknowns_in(trees, names)
    if not shown_by or any(
        both is None for _, _, both in written
    ):  # its unknowns are not to be told as unknown names everywhere else
        shown_by |= {name: Node("name") for name in _named(tables, names) - shown_by.keys()}
    unknowns = read_unknowns(tables, names, shown_by)
    reader = _Reader(tables, folder, axes, time, names, unknowns)
    for parameter in parameters:
        reader.symbols[parameter.name] = sp.Symbol(parameter.name)
    coefficients = reader.coefficients()
    definitions = reader.definitions(coefficients)
    equations = reader.of_equations(definitions, coefficients)
    laws = tuple(law for path, text, both in written if both and (law := reader.law(path, text, both, equations)))
    sides = reader.of_equations(definitions, coefficients)
    periodic, conditions = read_sides(tables, axes, sides)
    places = reader.of_places(definitions, coefficients, timed=False)
    moving = reader.of_places(definitions, coefficients, timed=True)
    initial = reader.initial(places)
    exact = reader.exact(moving)
    conserved = reader.conserved(equations)
    output = read_output(tables, axes, time)
    reader.used |= equations.used | sides.used | places.used | moving.used
    reader.unused(parameters, tables)
    return System(
        axes, time, unknowns, parameters, definitions, coefficients, laws, periodic, conditions, initial, exact, conserved,
        output, reader.jets, reader.symbols,
    )  # fmt: skip


def _equations(tables: Tables) -> list[tuple[Path, str, tuple[Node, Node] | None]]:
    """Each equation with its path, text and trees, None in place of trees that cannot be read."""
    given = tables.document.get("equations")
    spot = tables.spot("equations")
    many = [given] if isinstance(given, str) else listed(given)
    if not many:
        mend = 'Write equations = ["u_t = u_xx"].'
        what = "There are no equations." if many is not None or given is None else f"equations is {shown(given)}."
        tables.findings.fault(spot, what, mend)
        return []
    if len(many) > MOST_LAWS:
        tables.findings.fault(spot, f"There are {len(many)} equations.", f"Up to {MOST_LAWS} are read.")
        return []
    found = []
    for k, text in enumerate(many):
        path: Path = ("equations",) if isinstance(given, str) else ("equations", k)
        if not isinstance(text, str):
            tables.findings.fault(
                tables.places.value(path), f"Equation {k + 1} is no text but {shown(text)}.", "Put it in quotes."
            )
            continue
        tables.caret(path, text)
        try:
            found.append((path, text, equation(text)))
        except Misread as misread:
            tables.misread(path, misread)
            found.append((path, text, None))
    return found


def _named(tables: Tables, names: Names) -> set[str]:
    """What has an initial value or an exact solution."""
    keys = {latin(str(key)) for table in ("initial", "exact") for key in tables.table(table)}
    return {key for key in keys if key.isidentifier() and "_" not in key} - names.taken


def _bodies(tables: Tables, names: Names) -> list[Node]:
    """The trees of definitions, for the unknowns that they alone may show; what is wrong with them is told later."""
    quiet = Tables(tables.document, tables.places)
    trees = [quiet.tree(("definitions", key), "A definition") for key in names.definitions.values()]
    return [tree for tree in trees if tree is not None]


@dataclass
class _Reader:
    tables: Tables
    folder: FilePath
    axes: tuple[Interval, ...]
    time: Interval | None
    names: Names
    unknowns: tuple[Unknown, ...]

    def __post_init__(self) -> None:
        self.symbols = {name: sp.Symbol(name) for name in self.names.coordinates}
        self.jets = Jets(tuple(self.symbols[name] for name in self.names.coordinates))
        self.used: set[str] = set()
        self.complex = any(unknown.complex for unknown in self.unknowns)
        for unknown in self.unknowns:
            if unknown.complex:
                self.jets.partners[unknown.name] = f"conj({unknown.name})"
                self.jets.partners[f"conj({unknown.name})"] = unknown.name

    @property
    def fields(self) -> dict[str, Any]:
        return {unknown.name: self.jets.field(unknown.name) for unknown in self.unknowns}

    def algebra(self, names: Mapping[str, Any], *, timed: bool, refused: Mapping[str, str] | None = None) -> Algebra:
        coordinates = [name for name in self.names.coordinates if timed or not self.time or name != self.time.name]
        return Algebra(
            self.jets, tuple(coordinates), timed and self.time is not None, names, refused or {}, self.complex
        )

    def of_equations(self, definitions: Mapping[str, Any], coefficients: Iterable[Given]) -> Algebra:
        named = {**self.symbols, **self._given(coefficients), **definitions, **self.fields}
        return self.algebra({**self._misplaced(named), **named}, timed=True)

    def _misplaced(self, named: Mapping[str, Any]) -> dict[str, Any]:
        """Names that are declared, but wrongly or in a table that is none, which is told: they are no unknown names as well."""
        document = self.tables.document.items()
        tables = [value for name, value in document if isinstance(value, Mapping) and name != "output"]
        keys = {latin(str(key)) for table in tables for key in table}
        known = {*named, *self.names.coordinates, *(u.name for u in self.unknowns)}
        lost = {key for key in keys - known if key.isidentifier() and self.tables.findings.stopping}
        lost -= {f"{u.name}_{name}" for u in self.unknowns for name in self.names.coordinates}
        self.jets.fixed |= lost
        return {key: self.jets.field(key) for key in sorted(lost)}

    def of_places(self, definitions: Mapping[str, Any], coefficients: Iterable[Given], *, timed: bool) -> Algebra:
        """Of expressions that hold no unknown: initial values, and with `timed` exact solutions."""
        fine = {name: body for name, body in definitions.items() if not self.jets.among(body)}
        names = {**self.symbols, **self._given(coefficients), **fine}
        names = {**self._misplaced({**names, **definitions}), **names}
        refused = {
            u.name: f"The unknown {u.name} has no place in an expression that gives values." for u in self.unknowns
        }
        refused |= {
            name: f"{name} holds an unknown and has no place here." for name in definitions.keys() - fine.keys()
        }
        if self.time and not timed:
            names.pop(self.time.name, None)
            refused[self.time.name] = f"The time {self.time.name} has no place in an initial value."
        return self.algebra(names, timed=timed, refused=refused)

    def _given(self, coefficients: Iterable[Given]) -> dict[str, Any]:
        return {
            one.name: self.jets.field(one.name) if one.expression is None else one.expression for one in coefficients
        }

    def coefficients(self) -> tuple[Given, ...]:
        """Coefficients in an order in which each needs only those before it; families and files are fields of their own."""
        found: dict[str, Given] = {}
        trees: dict[str, Node] = {}
        for name, key in self.names.coefficients.items():
            path, value = ("coefficients", key), self.tables.table("coefficients")[key]
            if isinstance(value, Mapping):
                if (given := self.field(name, path, value)) is not None:
                    found[name] = given
                self.jets.fixed.add(name)
            elif (tree := self.tables.tree(path, f"The coefficient {key}")) is not None:
                trees[name] = tree
        refused = {
            u.name: f"The unknown {u.name} has no place in a coefficient; a definition may hold it."
            for u in self.unknowns
        }

        def made(name: str, tree: Node) -> None:
            algebra = self.algebra({**self.symbols, **self._given(found.values())}, timed=True, refused=refused)
            path = ("coefficients", self.names.coefficients[name])
            if (expression := self.tables.made(path, tree, algebra)) is not None:
                found[name] = Given(name, expression, self._text(path), self.tables.places.value(path))
            self.used |= algebra.used

        in_order(self.tables, "coefficients", self.names.coefficients, trees, made)
        return tuple(found.values())

    def definitions(self, coefficients: Iterable[Given]) -> Mapping[str, Any]:
        found: dict[str, Any] = {}
        trees = {
            name: tree
            for name, key in self.names.definitions.items()
            if (tree := self.tables.tree(("definitions", key), f"The definition {key}")) is not None
        }
        given = self._given(coefficients)

        def made(name: str, tree: Node) -> None:
            algebra = self.algebra({**self.symbols, **given, **found, **self.fields}, timed=True)
            path = ("definitions", self.names.definitions[name])
            if (expression := self.tables.made(path, tree, algebra)) is not None:
                found[name] = expression
            self.used |= algebra.used

        in_order(self.tables, "definitions", self.names.definitions, trees, made)
        return found

    def law(self, path: Path, text: str, sides: tuple[Node, Node], algebra: Algebra) -> Law | None:
        spot = self.tables.places.value(path)
        try:
            left, right = map(algebra.read, sides)
        except Misread as misread:
            # Names of what could not be read count as used: one fault is enough.
            self.used |= {word for side in sides for word in names_in(side)}
            self.tables.misread(path, misread)
            return None
        except TooLarge:
            self.tables.findings.fault(
                spot, "The equation grows too large to be looked at.", "Give parts of it as coefficients."
            )
            return None
        return Law(text, *sides, left - right, spot)

    def field(self, name: str, path: Path, value: Mapping[str, Any]) -> Given | None:
        """A family or samples."""
        spot = self.tables.places.value(path)
        if "file" in value:
            found: Any = read_samples(self.tables, path, value, self.folder, len(self.axes))
        elif "family" in value:
            found = read_family(self.tables, path, value, self.axes)
        else:
            self.tables.findings.fault(
                spot,
                f"{path[-1]} is neither a family nor a file.",
                'Write { family = "fourier" } or { file = "field.npz", name = "a" }.',
            )
            return None
        return None if found is None else Given(name, found, "", spot)

    def initial(self, algebra: Algebra) -> Mapping[str, Given]:
        known = [u.name for u in self.unknowns]
        rates = [f"{name}_{self.time.name}" for name in known] if self.time else []
        found = {}
        for key, value in self.tables.table("initial").items():
            name, path = latin(str(key)), ("initial", key)
            if name not in (*known, *rates):
                close = meant(name, [*known, *rates]) or f"Unknowns are {', '.join(known) or 'none'}."
                self.tables.findings.fault(self.tables.spot(*path), f"{shown(str(key))} is no unknown.", close)
            elif isinstance(value, Mapping):
                if (given := self.field(name, path, value)) is not None:
                    found[name] = given
            elif (given := self._expression(name, path, algebra)) is not None:
                found[name] = given
        return found

    def exact(self, algebra: Algebra) -> Mapping[str, Given]:
        known = [u.name for u in self.unknowns]
        found = {}
        for key in self.tables.table("exact"):
            name, path = latin(str(key)), ("exact", key)
            if name not in known:
                close = meant(name, known) or f"Unknowns are {', '.join(known) or 'none'}."
                self.tables.findings.fault(self.tables.spot(*path), f"{shown(str(key))} is no unknown.", close)
            elif (given := self._expression(name, path, algebra)) is not None:
                found[name] = given
        missing = [name for name in known if name not in {latin(str(key)) for key in self.tables.table("exact")}]
        if self.tables.table("exact") and missing:
            self.tables.findings.fault(
                self.tables.spot("exact"),
                f"The exact solution lacks {', '.join(missing)}.",
                "Give all unknowns or none.",
            )
        return found

    def conserved(self, algebra: Algebra) -> Mapping[str, Given]:
        found = {}
        for key in self.tables.table("conserved"):
            if (given := self._expression(str(key), ("conserved", key), algebra)) is not None:
                if self.jets.among(given.value):
                    found[str(key)] = given
                else:
                    self.tables.findings.fault(
                        self.tables.places.value(("conserved", key)),
                        f"{key} holds no unknown.",
                        "Give the density whose integral stays, such as u**2.",
                    )
        return found

    def _expression(self, name: str, path: Path, algebra: Algebra) -> Given | None:
        tree = self.tables.tree(path, ".".join(map(str, path)))
        expression = self.tables.made(path, tree, algebra)
        return None if expression is None else Given(name, expression, self._text(path), self.tables.places.value(path))

    def _text(self, path: Path) -> str:
        from fieldsmith.problems.places import found_in

        return str(found_in(self.tables.document, path))

    def unused(self, parameters: Iterable[Any], tables: Tables) -> None:
        if any(one.weight == "fault" for one in tables.findings.found):
            return  # what could not be read may have used them
        for what, table, keys in (
            ("parameter", "parameters", self.names.parameters),
            ("coefficient", "coefficients", self.names.coefficients),
            ("definition", "definitions", self.names.definitions),
        ):
            for name, key in keys.items():
                if name not in self.used:
                    tables.findings.doubt(
                        tables.spot(table, key),
                        f"Nothing uses the {what} {key}.",
                        "Leave it out, or look for a misspelt name.",
                    )
