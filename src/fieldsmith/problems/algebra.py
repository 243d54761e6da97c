"""Trees of the grammar as SymPy expressions over the names of a problem."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp

from fieldsmith.problems import functions as own
from fieldsmith.problems.faults import Misread, TooLarge, meant
from fieldsmith.problems.grammar import Node, nodes
from fieldsmith.problems.hints import split
from fieldsmith.problems.jets import Jets, power, size
from fieldsmith.problems.jets import applied as function
from fieldsmith.problems.numbers import number
from fieldsmith.problems.operators import applied

CONSTANTS: Mapping[str, Any] = {"pi": sp.pi, "e": sp.E, "I": sp.I, "i": sp.I}
BITS = 1024
"""Size of exact numbers; the range of doubles."""
POWER = 60
"""Largest whole exponent that is kept exact."""
BIGGEST = 6000
"""Nodes of one expression."""
SIMPLE = {
    "exp": sp.exp, "log": sp.log, "sqrt": sp.sqrt, "cbrt": lambda x: own.Sign(x) * own.Absolute(x) ** sp.Rational(1, 3),
    "sin": sp.sin, "cos": sp.cos, "tan": sp.tan, "asin": sp.asin, "acos": sp.acos, "atan": sp.atan, "sinh": sp.sinh,
    "cosh": sp.cosh, "tanh": sp.tanh, "asinh": sp.asinh, "acosh": sp.acosh, "atanh": sp.atanh, "sech": sp.sech,
    "erf": sp.erf, "erfc": sp.erfc, "sign": own.Sign, "heaviside": own.Heaviside, "atan2": own.Atan2,
    "where": own.Where,
}  # fmt: skip
Vector = tuple[Any, ...]


def pieces(suffix: str, coordinates: Sequence[str]) -> tuple[int, ...] | None:
    """How often each coordinate stands in `xxy`; None where the letters are none of them."""
    if not suffix:
        return (0,) * len(coordinates)
    for k, name in enumerate(coordinates):
        if suffix.startswith(name) and (rest := pieces(suffix[len(name) :], coordinates)) is not None:
            return tuple(n + (j == k) for j, n in enumerate(rest))
    return None


def half(expression: Any) -> Any:
    """The square root."""
    return power(expression, sp.Rational(1, 2))


@dataclass
class Algebra:
    """What names mean in one kind of expression, and how derivatives are taken in it.

    `coordinates` are the names of those that may be differentiated along, the time first where `timed`; `refused` says of
    names that are known but have no place here why not. `used` collects the names that are met.
    """

    jets: Jets
    coordinates: tuple[str, ...]
    timed: bool
    names: Mapping[str, Any]
    refused: Mapping[str, str] = field(default_factory=dict)
    complex: bool = False
    used: set[str] = field(default_factory=set)
    room: int = 20 * BIGGEST
    """Nodes that names may still bring in."""

    def read(self, node: Node) -> Any:
        """The expression of a tree. Raises Misread, where it is none, and TooLarge."""
        found = self.scalar(node)
        if size(found, BIGGEST) >= BIGGEST:
            raise TooLarge
        return found

    def made(self, node: Node) -> Any:
        makers: dict[str, Callable[[Node], Any]] = {
            "number": self.number, "name": self.name, "call": self.call, "partial": self.partial,
            "vector": self.vector, "+": self.sum, "*": self.product, "**": self.power,
            "neg": lambda node: self.scaled(sp.Integer(-1), self.made(node.parts[0])), "inv": self.inverse,
            "not": self.logic, "&": self.logic, "|": self.logic,
            **dict.fromkeys(("<", "<=", ">", ">="), self.comparison),
        }  # fmt: skip
        found = makers[node.head](node)
        if not isinstance(found, tuple):
            self.bounded(found, node)
        return found

    def bounded(self, found: Any, node: Node) -> None:
        """Raises Misread for a constant that is no number of double precision, TooLarge for a huge tree."""
        if found.is_Rational:
            if max(int(found.p).bit_length(), int(found.q).bit_length()) > BITS:
                raise Misread("A number here is too large.", node.at, "Up to 1e300.")
        elif found in (sp.zoo, sp.nan, sp.oo, -sp.oo):
            raise Misread("A number here is infinite or has no value.", node.at, "Look for a division by zero.")
        elif node.head not in ("number", "name") and not found.free_symbols:
            value = number(found)
            if isinstance(value, complex) and not self.complex and math.isfinite(abs(value)):
                raise Misread("A number here is not real.", node.at, "Look for a root of what is negative.")
            if not (math.isfinite(abs(value)) and abs(value) < 1e300):
                raise Misread("A number here is infinite, too large or has no value.", node.at, "Up to 1e300.")

    def number(self, node: Node) -> Any:
        word = node.word
        value = float(word)
        if word.isdigit() or (value == int(value) and abs(value) < 1e6):
            return sp.Integer(int(word) if word.isdigit() else int(value))
        return sp.Float(value, 17)

    def name(self, node: Node) -> Any:
        word = node.word
        if word in self.names:
            self.used.add(word)
            self.room -= size(self.names[word], BIGGEST)
            if self.room < 0:
                raise TooLarge
            return self.names[word]
        if word in self.refused:
            raise Misread(self.refused[word], node.at)
        if word in CONSTANTS and not (word == "i" and not self.complex):
            if CONSTANTS[word] is sp.I and not self.complex:
                mend = "Declare one: [unknowns] u = { complex = true }, or call your own quantity other than I."
                raise Misread("I is the imaginary unit, and no unknown is declared complex.", node.at, mend)
            return CONSTANTS[word]
        return self.derivative_of(word, node)

    def derivative_of(self, word: str, node: Node) -> Any:
        """u_xx, where u is known and x a coordinate."""
        for cut in range(len(word) - 1, 0, -1):
            base, suffix = word[:cut], word[cut + 1 :]
            if word[cut] != "_" or (base not in self.names and base not in self.refused):
                continue
            orders = pieces(suffix, self.coordinates) if suffix else None
            if orders is None:
                known = ", ".join(self.coordinates) or "none"
                what = f"{word} is neither declared nor a derivative along coordinates, which are {known}."
                raise Misread(what, node.at, meant(word, self.names))
            if base in self.refused:
                raise Misread(self.refused[base], node.at)
            self.used.add(base)
            return self.differentiated(self.names[base], orders, node)
        raise self.unknown(word, node)

    def unknown(self, word: str, node: Node) -> Misread:
        known = [*self.names, *(name for name in CONSTANTS if name.isascii() and name not in ("I", "i"))]
        if word == "i":
            whole = next((name for name, value in self.names.items() if self.jets.unknown(value)), "u")
            mend = f"The imaginary unit is I, of a problem with [unknowns] {whole} = {{ complex = true }}; else give i in [parameters]."
            return Misread("i is not known here.", node.at, mend)
        close = self.product_meant(word, known) or meant(word, known)
        holds_unknowns = any(self.jets.unknown(value) for value in self.names.values())
        also = ", or in [unknowns] if it is one" if holds_unknowns else ""
        mend = (
            f"{close} If not, give it in [parameters]."
            if close
            else f"Give it in [parameters]{also}. Known here: {', '.join(known)}."
        )
        return Misread(f"{word} is not known here.", node.at, mend)

    def product_meant(self, word: str, known: Sequence[str]) -> str:
        """`Did you mean …?` for pix, a product without its sign, and ux, a derivative without its underscore."""
        if (pair := split(word, known)) is None:
            return ""
        rate = pair[1] in self.coordinates and pair[0] in self.names and self.jets.unknown(self.names[pair[0]])
        return f"Did you mean {'_'.join(pair) + ' or ' if rate else ''}{'*'.join(pair)}?"

    def differentiated(self, expression: Any, orders: Sequence[int], node: Node) -> Any:
        skipped = len(self.jets.coordinates) - len(self.coordinates)  # the time, where it has no place here
        try:
            for k, n in enumerate(orders):
                for _ in range(n):
                    expression = self.jets.total(expression, k + skipped)
        except Misread as misread:
            raise Misread(misread.what, node.at, misread.mend) from None
        return expression

    def vector(self, node: Node) -> Vector:
        return tuple(self.scalar(part) for part in node.parts)

    def scalar(self, node: Node) -> Any:
        found = self.made(node)
        if isinstance(found, tuple):
            raise Misread(
                "A vector stands where a number belongs.", node.at, "div, dot and curl make numbers of vectors."
            )
        return self.plain(node)(found)

    def sum(self, node: Node) -> Any:
        parts = [self.made(part) for part in node.parts]
        vectors = [part for part in parts if isinstance(part, tuple)]
        if not vectors:
            return sp.Add(*map(self.plain(node), parts))
        if len(vectors) < len(parts) or len({len(part) for part in vectors}) > 1:
            raise Misread("A vector is added to what is none, or to one of another length.", node.at)
        return tuple(sp.Add(*column) for column in zip(*vectors, strict=True))

    def plain(self, node: Node) -> Callable[[Any], Any]:
        def checked(part: Any) -> Any:
            if isinstance(part, own.Below):
                raise Misread("A comparison stands where a number belongs.", node.at, "Write where(condition, a, b).")
            return part

        return checked

    def product(self, node: Node) -> Any:
        found: Any = sp.Integer(1)
        for part in node.parts:
            factor = self.plain(node)(self.made(part))
            if isinstance(found, tuple) and isinstance(factor, tuple):
                raise Misread("Two vectors are multiplied.", part.at, "Write dot(a, b).")
            found = self.scaled(found, factor) if isinstance(factor, tuple) else self.scaled(factor, found)
        return found

    def scaled(self, factor: Any, thing: Any) -> Any:
        if isinstance(thing, tuple):
            return tuple(sp.Mul(factor, part) for part in thing)
        return sp.Mul(factor, thing)

    def inverse(self, node: Node) -> Any:
        divisor = self.scalar(node.parts[0])
        if divisor == 0:
            raise Misread("Something is divided by zero.", node.at)
        return 1 / divisor

    def power(self, node: Node) -> Any:
        base, exponent = map(self.scalar, node.parts)
        if not exponent.free_symbols and not base.free_symbols:
            bits = max(int(base.p).bit_length(), int(base.q).bit_length()) if base.is_Rational else 53
            value = number(exponent)
            if not abs(value) * bits < BITS * 2:
                raise Misread("A number here is too large.", node.at, "Up to 1e300.")
            if base == 0 and complex(value).real < 0:
                raise Misread("Something is divided by zero.", node.at)
        elif exponent.is_Integer and abs(int(exponent)) > POWER:
            raise Misread(f"The exponent {exponent} is too large.", node.at, f"Up to {POWER} is read.")
        elif not exponent.free_symbols and not abs(number(exponent)) < 1e6:
            raise Misread("The exponent is too large.", node.at)
        return power(base, exponent)

    def comparison(self, node: Node) -> Any:
        a, b = map(self.scalar, node.parts)
        kind = own.Below if node.head in "<>" else own.AtMost
        return kind(a, b) if node.head[0] == "<" else kind(b, a)

    def logic(self, node: Node) -> Any:
        parts = [self.condition(part) for part in node.parts]
        if node.head == "not":
            return own.AtMost(sp.Integer(1), 1 - parts[0])
        joined = sp.Add(*parts) if node.head == "|" else sp.Mul(*parts)
        return own.AtMost(sp.Integer(1), joined)

    def condition(self, node: Node) -> Any:
        found = self.made(node)
        if not isinstance(found, own.Below):
            raise Misread("A condition is missing here.", node.at, "Such as x < 0.5.")
        return found

    def call(self, node: Node) -> Any:
        word = node.word
        if word in ("d", "dt", "laplace", "biharmonic", "grad", "div", "curl", "dot"):
            return applied(self, node)
        if word == "where":
            return own.Where(self.condition(node.parts[0]), *map(self.scalar, node.parts[1:]))
        parts = [self.scalar(part) for part in node.parts]
        if word in ("re", "im", "conj", "arg", "abs"):
            return self.of_complex(word, parts[0], node)
        if word in ("min", "max"):
            kind, found = (own.Least if word == "min" else own.Greatest), parts[0]
            for part in parts[1:]:
                found = kind(found, part)
            return found
        if not any(part.free_symbols for part in parts) and word in ("exp", "sinh", "cosh"):
            value = number(parts[0])
            if not abs(value) < 690:
                raise Misread("A number here is infinite, too large or has no value.", node.at, "Up to 1e300.")
        if word == "log" and parts[0] == 0:
            raise Misread("The logarithm of zero is taken.", node.at)
        return half(parts[0]) if word == "sqrt" else function(SIMPLE[word], *parts)

    def of_complex(self, word: str, part: Any, node: Node) -> Any:
        conjugate = self.jets.conjugate(part)
        if word == "abs":
            return own.Absolute(part) if conjugate == part else half(part * conjugate)
        if word == "arg":
            return own.Atan2((part - conjugate) / (2 * sp.I), (part + conjugate) / 2)
        return {
            "conj": conjugate,
            "re": (part + conjugate) / 2,
            "im": (part - conjugate) / (2 * sp.I),
        }[word]

    def partial(self, node: Node) -> Any:
        inner = self.scalar(node.parts[0])
        if node.word.startswith("_"):
            orders = pieces(node.word[1:], self.coordinates)
        else:
            along = node.word.split(" ")
            missing = [name for name in along if name not in self.coordinates]
            orders = None if missing else tuple(along.count(name) for name in self.coordinates)
        if orders is None:
            known = ", ".join(self.coordinates) or "none"
            raise Misread(f"{node.word.strip('_')} is no coordinate; there are {known}.", node.at)
        return self.differentiated(inner, orders, node)

    @property
    def space(self) -> range:
        """Indices of the space coordinates among `coordinates`."""
        return range(int(self.timed), len(self.coordinates))


def constant(node: Node, algebra: Algebra) -> float:
    """The value of an expression of numbers alone. Raises Misread."""
    value = number(algebra.read(node))
    if isinstance(value, complex):
        raise Misread("The number is not real.", node.at)
    return float(value)


def names_in(tree: Node) -> Collection[str]:
    """Every name in a tree, as it is written."""
    return {node.word for node in nodes(tree) if node.head == "name"}
