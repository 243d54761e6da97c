"""The names of a problem: which are declared, which are unknowns, and that none stands for two things."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fieldsmith.problems.algebra import pieces
from fieldsmith.problems.faults import shown
from fieldsmith.problems.grammar import Node, nodes
from fieldsmith.problems.system import Parameter, Unknown
from fieldsmith.problems.tables import Tables
from fieldsmith.problems.tokens import WORDS, latin

DERIVED = ("d", "dt", "laplace", "biharmonic", "grad", "div", "curl")
RESERVED = ("pi", "e", *WORDS)


@dataclass(frozen=True)
class Names:
    """Who is called what; values are the keys as they are written in the file."""

    coordinates: tuple[str, ...]
    parameters: Mapping[str, str]
    coefficients: Mapping[str, str]
    definitions: Mapping[str, str]
    declared: Mapping[str, str]
    """Unknowns of `[unknowns]`."""

    @property
    def taken(self) -> set[str]:
        return {*self.coordinates, *self.parameters, *self.coefficients, *self.definitions}


def read_names(tables: Tables, coordinates: Iterable[str]) -> Names:
    """The declared names; faults of names that are none or stand for two things are told."""
    owners = {name: "a coordinate" for name in coordinates}
    found: dict[str, dict[str, str]] = {}
    for table, what in (
        ("parameters", "a parameter"), ("coefficients", "a coefficient"), ("definitions", "a definition"), ("unknowns", "an unknown"),
    ):  # fmt: skip
        found[table] = {}
        for key in tables.table(table):
            name, spot = latin(str(key)), tables.spot(table, key)
            if not name.isidentifier() or name in RESERVED:
                why = f"{shown(str(key))} is {'taken' if name in RESERVED else 'no name'}."
                tables.findings.fault(spot, why, "Names are letters, digits and underscores; pi and e are constants.")
            elif name in owners:
                tables.findings.fault(spot, f"{key} is {owners[name]} already.", "Each name stands for one thing.")
            else:
                owners[name] = what
                found[table][name] = str(key)
    return Names(
        tuple(coordinates), found["parameters"], found["coefficients"], found["definitions"], found["unknowns"]
    )


def read_parameters(tables: Tables, names: Names) -> tuple[Parameter, ...]:
    found = []
    for name, key in names.parameters.items():
        path, value = ("parameters", key), tables.table("parameters")[key]
        if not isinstance(value, Mapping):
            found.append(Parameter(name, tables.number(path, 1.0, f"The parameter {key}")))
            continue
        tables.keys(path, value, ("value", "low", "high", "meaning", "unit"), f"The parameter {key}")
        if "value" not in value:
            tables.findings.fault(tables.spot(*path), f"The parameter {key} has no value.", "Write { value = 0.1, … }.")
        numbers = {
            word: tables.number((*path, word), 1.0, f"The {word} of {key}")
            for word in ("value", "low", "high")
            if word in value
        }
        words = {word: tables.text((*path, word), f"The {word} of {key}") for word in ("meaning", "unit")}
        one = Parameter(name, numbers.get("value", 1.0), numbers.get("low"), numbers.get("high"), **words)
        _range(tables, key, one)
        found.append(one)
    return tuple(found)


def _range(tables: Tables, key: str, one: Parameter) -> None:
    low, high = one.low, one.high
    spot = tables.spot("parameters", key)
    if (low is None) != (high is None):
        tables.findings.fault(spot, f"The range of {key} has one end only.", "Give low and high.")
    elif low is None or high is None:
        return
    elif low >= high:
        tables.findings.fault(spot, f"The range of {key} is empty: {low:g} to {high:g}.", "low is less than high.")
    elif not low <= one.value <= high:
        tables.findings.fault(spot, f"The value {one.value:g} of {key} is outside its range {low:g} to {high:g}.")


def read_unknowns(tables: Tables, names: Names, found: Mapping[str, Node]) -> tuple[Unknown, ...]:
    """The unknowns, those of `[unknowns]` first, then those that the equations show by their derivatives."""
    unknowns = []
    for name, key in names.declared.items():
        value = tables.table("unknowns")[key]
        path = ("unknowns", key)
        if isinstance(value, str):
            unknowns.append(Unknown(name, value, complex=value.strip().casefold() == "complex"))
        elif isinstance(value, Mapping):
            tables.keys(path, value, ("meaning", "unit", "complex"), f"The unknown {key}")
            complexity = value.get("complex", False)
            if not isinstance(complexity, bool):
                tables.findings.fault(tables.places.value((*path, "complex")), "complex is true or false.")
                complexity = True
            words = [tables.text((*path, word), f"The {word} of {key}") for word in ("meaning", "unit")]
            unknowns.append(Unknown(name, *words, complex=complexity))
        else:
            mend = "Write what it is in words, or { complex = true }."
            tables.findings.fault(tables.places.value(path), f"The unknown {key} is {shown(value)}.", mend)
            unknowns.append(Unknown(name))
    return (*unknowns, *(Unknown(name) for name in found if name not in names.declared))


def unknowns_in(trees: Iterable[Node], names: Names) -> dict[str, Node]:
    """Names that are differentiated and declared nowhere, each with the first node that shows it."""
    found: dict[str, Node] = {}
    for tree in trees:
        inside: set[int] = set()
        for node in nodes(tree):
            if node.head == "partial" or (node.head == "call" and node.word in DERIVED):
                first = node.parts[:1]
                inside |= {id(inner) for part in first for inner in nodes(part)}
            if node.head != "name":
                continue
            base = derived_base(node.word, names)
            if base is None and id(node) in inside and node.word not in names.taken | {"pi", "e", "I", "i"}:
                base = node.word
            if base is not None:
                found.setdefault(base, node)
    return found


def derived_base(word: str, names: Names) -> str | None:
    """The u of u_xx, where neither u nor u_xx is declared."""
    if word in names.taken or word in names.declared:
        return None
    for cut in range(len(word) - 1, 0, -1):
        base, suffix = word[:cut], word[cut + 1 :]
        if word[cut] == "_" and suffix and pieces(suffix, names.coordinates) is not None and base.isidentifier():
            return None if base in names.taken else base
    return None
