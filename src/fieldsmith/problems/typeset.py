"""Trees as text: in Unicode for a terminal, in LaTeX for a notebook, in the plain form that an `Equation` is written in."""

from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from fieldsmith.problems import functions as own
from fieldsmith.problems.algebra import pieces
from fieldsmith.problems.grammar import Node, nodes
from fieldsmith.problems.system import System
from fieldsmith.problems.tokens import GREEK

SUM, PRODUCT, QUOTIENT, POWER, ATOM = 1, 2, 3, 4, 5
LETTERS = {name: letter for letter, name in GREEK.items() if letter not in "ϕϵϑϱς"}
RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
WORDS: Mapping[Any, str] = {
    sp.exp: "exp", sp.log: "log", sp.sin: "sin", sp.cos: "cos", sp.tan: "tan", sp.asin: "asin", sp.acos: "acos",
    sp.atan: "atan", sp.sinh: "sinh", sp.cosh: "cosh", sp.tanh: "tanh", sp.asinh: "asinh", sp.acosh: "acosh",
    sp.atanh: "atanh", sp.sech: "sech", sp.erf: "erf", sp.erfc: "erfc", own.Absolute: "abs", own.Sign: "sign",
    own.Heaviside: "heaviside", own.Below: "<", own.AtMost: "<=", own.Where: "where", own.Least: "min",
    own.Greatest: "max", own.Atan2: "atan2",
}  # fmt: skip
Printed = tuple[str, int]


class Unicode:
    """For people at a terminal: ∂²u/∂x², ∇²u, ν."""

    both, either = " and ", " or "
    times, minus, less = "·", " − ", {"<=": " ≤ ", ">=": " ≥ ", "<": " < ", ">": " > "}

    def __init__(self, system: System) -> None:
        self.system = system
        declared = {*system.symbols, *system.definitions, *(g.name for g in system.coefficients)}
        self.fields = {*declared, *(u.name for u in system.unknowns)}

    def equation(self, left: Node, right: Node) -> str:
        return f"{self.text(left)} = {self.text(right)}"

    def text(self, node: Node) -> str:
        return self.printed(node)[0]

    def inner(self, node: Node, strength: int) -> str:
        words, own_strength = self.printed(node)
        return words if own_strength >= strength else self.bracket(words)

    def bracket(self, words: str) -> str:
        return f"({words})"

    def printed(self, node: Node) -> Printed:
        maker = {
            "number": self.number,
            "name": self.name,
            "+": self.sum,
            "*": self.product,
            "neg": self.negative,
            "inv": lambda node: self.fraction("1", node.parts[0]),
            "**": self.power,
            "call": self.call,
            "vector": lambda node: (f"[{', '.join(map(self.text, node.parts))}]", ATOM),
            "partial": self.partial,
            "not": lambda node: (f"not {self.inner(node.parts[0], ATOM)}", SUM),
            "&": lambda node: (self.both.join(self.inner(p, POWER) for p in node.parts), SUM),
            "|": lambda node: (self.either.join(self.inner(p, POWER) for p in node.parts), SUM),
        }.get(node.head, self.compared)
        return maker(node)

    def compared(self, node: Node) -> Printed:
        return self.less[node.head].join(self.text(part) for part in node.parts), POWER

    def number(self, node: Node) -> Printed:
        return node.word, ATOM

    def symbol(self, word: str) -> str:
        return LETTERS.get(word, word)

    def name(self, node: Node) -> Printed:
        known = self.derivative_in(node.word)
        return (self.symbol(node.word), ATOM) if known is None else self.derivative(self.symbol(known[0]), known[1])

    def derivative_in(self, word: str) -> tuple[str, list[str]] | None:
        """The field and the coordinates of u_xx; None for a plain name."""
        coordinates = self.system.coordinates
        for cut in range(len(word) - 1, 0, -1):
            orders = pieces(word[cut + 1 :], coordinates) if word[cut] == "_" and word not in self.fields else None
            if orders and word[:cut] in self.fields:
                return word[:cut], [n for n, times in zip(coordinates, orders, strict=True) for _ in range(times)]
        return None

    def derivative(self, words: str, along: Sequence[str]) -> Printed:
        order = len(along)
        below = "".join(f"∂{self.symbol(c)}{self.raised(along.count(c))}" for c in dict.fromkeys(along))
        return f"∂{self.raised(order)}{words}/{below}", QUOTIENT

    def raised(self, n: int) -> str:
        return str(n).translate(RAISED) if n > 1 else ""

    def sum(self, node: Node) -> Printed:
        words = self.inner(node.parts[0], SUM)
        for part in node.parts[1:]:
            negative = part.head == "neg"
            words += (self.minus if negative else " + ") + self.inner(part.parts[0] if negative else part, PRODUCT)
        return words, SUM

    def negative(self, node: Node) -> Printed:
        return f"{self.minus.strip()}{self.inner(node.parts[0], PRODUCT)}", SUM

    def product(self, node: Node) -> Printed:
        words = self.times.join(self.inner(part, QUOTIENT) for part in node.parts if part.head != "inv") or "1"
        below = [part.parts[0] for part in node.parts if part.head == "inv"]
        if len(below) == 1:
            return f"{words}/{self.inner(below[0], POWER)}", PRODUCT
        if below:
            return f"{words}/({self.times.join(self.inner(part, QUOTIENT) for part in below)})", PRODUCT
        return words, PRODUCT

    def fraction(self, above: str, below: Node) -> Printed:
        return f"{above}/{self.inner(below, POWER)}", PRODUCT

    def power(self, node: Node) -> Printed:
        base, exponent = node.parts
        words = self.inner(base, ATOM)
        sign, digits = ("-", exponent.parts[0]) if exponent.head == "neg" else ("", exponent)
        if digits.head == "number" and digits.word.isdigit():
            return f"{words}{(sign + digits.word).translate(RAISED)}", POWER
        return f"{words}^{self.inner(exponent, ATOM)}", POWER

    def call(self, node: Node) -> Printed:
        first = node.parts[0]
        if node.word in ("laplace", "biharmonic", "grad", "div", "curl"):
            sign = {"laplace": "∇²", "biharmonic": "∇⁴", "grad": "∇", "div": "∇·", "curl": "∇×"}[node.word]
            return f"{sign}{self.inner(first, ATOM)}", QUOTIENT
        if node.word == "dt" or node.word == "d":
            return self.derivative(self.inner(first, ATOM), self.along(node))
        if node.word == "sqrt":
            return f"√{self.inner(first, ATOM)}", POWER
        if node.word == "abs":
            return f"|{self.text(first)}|", ATOM
        return f"{node.word}({', '.join(map(self.text, node.parts))})", ATOM

    def along(self, node: Node) -> list[str]:
        """The coordinates of d(f, x, 2) or dt(f), each as often as is differentiated along it."""
        if node.word == "dt":
            return [self.system.coordinates[0]]
        found: list[str] = []
        for part in node.parts[1:]:
            found += [found[-1]] * (int(part.word) - 1) if part.head == "number" else [part.word]
        return found

    def partial(self, node: Node) -> Printed:
        words = self.inner(node.parts[0], ATOM)
        if node.word.startswith("_"):
            orders = pieces(node.word[1:], self.system.coordinates) or ()
            return self.derivative(
                words, [n for n, k in zip(self.system.coordinates, orders, strict=True) for _ in range(k)]
            )
        return self.derivative(words, node.word.split(" "))


class Latex(Unicode):
    """For notebooks and papers; names by SymPy."""

    both, either = r" \text{ and } ", r" \text{ or } "
    times, minus, less = r" \, ", " - ", {"<=": r" \le ", ">=": r" \ge ", "<": " < ", ">": " > "}

    def symbol(self, word: str) -> str:
        return sp.latex(sp.Symbol(word))

    def number(self, node: Node) -> Printed:
        mantissa, e, exponent = node.word.lower().partition("e")
        return (rf"{mantissa} \cdot 10^{{{int(exponent)}}}", PRODUCT) if e else (node.word, ATOM)

    def bracket(self, words: str) -> str:
        return rf"\left({words}\right)"

    def derivative(self, words: str, along: Sequence[str]) -> Printed:
        def power(n: int) -> str:
            return f"^{{{n}}}" if n > 1 else ""

        below = r" \, ".join(rf"\partial {self.symbol(c)}{power(along.count(c))}" for c in dict.fromkeys(along))
        return rf"\frac{{\partial{power(len(along))} {words}}}{{{below}}}", QUOTIENT

    def product(self, node: Node) -> Printed:
        above = [part for part in node.parts if part.head != "inv"]
        below = [part.parts[0] for part in node.parts if part.head == "inv"]
        if not below:
            return super().product(node)
        slopes = [part for part in above if self.printed(part)[1] == QUOTIENT]  # no fractions above fractions
        plain = [part for part in above if part not in slopes]
        up, down = (self.text(_whole(parts)) for parts in (plain, below))
        return self.times.join([rf"\frac{{{up}}}{{{down}}}", *map(self.text, slopes)]), PRODUCT if slopes else POWER

    def fraction(self, above: str, below: Node) -> Printed:
        return rf"\frac{{{above}}}{{{self.text(below)}}}", POWER

    def power(self, node: Node) -> Printed:
        return f"{self.inner(node.parts[0], ATOM)}^{{{self.text(node.parts[1])}}}", POWER

    def call(self, node: Node) -> Printed:
        first = node.parts[0]
        signs = {
            "laplace": r"\nabla^{2}",
            "biharmonic": r"\nabla^{4}",
            "grad": r"\nabla",
            "div": r"\nabla \cdot",
            "curl": r"\nabla \times",
        }
        if node.word in signs:
            return f"{signs[node.word]} {self.inner(first, ATOM)}", QUOTIENT
        if node.word in ("d", "dt"):
            return self.derivative(self.inner(first, ATOM), self.along(node))
        if node.word == "sqrt":
            return rf"\sqrt{{{self.text(first)}}}", ATOM
        if node.word == "abs":
            return rf"\left|{self.text(first)}\right|", ATOM
        if node.word == "where":
            where, a, b = map(self.text, node.parts)
            return rf"\begin{{cases}} {a} & {where} \\ {b} & \text{{otherwise}} \end{{cases}}", ATOM
        name = (
            f"\\{node.word}"
            if node.word in ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "min", "max")
            else rf"\operatorname{{{node.word}}}"
        )
        return f"{name}{self.bracket(', '.join(map(self.text, node.parts)))}", ATOM


class Plain(Unicode):
    """As `fieldsmith.equations` writes: Python's signs, `d(f, x)` for every derivative."""

    times, minus, less = "*", " - ", {"<=": " <= ", ">=": " >= ", "<": " < ", ">": " > "}

    def symbol(self, word: str) -> str:
        return {"e": "E"}.get(word, word)

    def derivative(self, words: str, along: Sequence[str]) -> Printed:
        stripped = words[1:-1] if words.startswith("(") and words.endswith(")") and _one_bracket(words) else words
        return f"d({stripped}, {', '.join(along)})", ATOM

    def power(self, node: Node) -> Printed:
        return f"{self.inner(node.parts[0], ATOM)}**{self.inner(node.parts[1], ATOM)}", POWER

    def call(self, node: Node) -> Printed:
        space = [axis.name for axis in self.system.axes]
        first = node.parts[0]
        if node.word in ("laplace", "biharmonic"):
            words = self.text(first)
            if node.word == "biharmonic":
                pairs = [(a, b) for a in space for b in space]
                return " + ".join(f"d({words}, {a}, {a}, {b}, {b})" for a, b in pairs), SUM
            return " + ".join(f"d({words}, {x}, {x})" for x in space), SUM
        if node.word == "div" and first.head == "vector":
            return " + ".join(f"d({self.text(p)}, {x})" for p, x in zip(first.parts, space, strict=True)), SUM
        if node.word in ("d", "dt"):
            return self.derivative(self.text(first), self.along(node))
        if node.word in ("grad", "div", "curl", "dot", "where", "re", "im", "conj", "arg", "heaviside"):
            raise ValueError(f"{node.word} has no plain form")
        return f"{node.word}({', '.join(map(self.text, node.parts))})", ATOM


def _whole(factors: Sequence[Node]) -> Node:
    return factors[0] if len(factors) == 1 else Node("*", (*factors,)) if factors else Node("number", word="1")


def _one_bracket(words: str) -> bool:
    depth = 0
    for k, c in enumerate(words):
        depth += (c == "(") - (c == ")")
        if depth == 0:
            return k == len(words) - 1
    return False


def tree_of(expression: Any, system: System) -> Node:
    """The tree of a SymPy expression over jets."""
    if expression in system.jets.meanings:
        name, orders = system.jets.meanings[expression]
        base = name if name not in system.jets.partners or name in {u.name for u in system.unknowns} else ""
        inner = (
            Node("name", word=name) if base else Node("call", (Node("name", word=system.jets.partners[name]),), "conj")
        )
        if not sum(orders):
            return inner
        along = [n for n, k in zip(system.coordinates, orders, strict=True) for _ in range(k)]
        return Node("partial", (inner,), " ".join(along))
    if expression.is_Symbol:
        return Node("name", word=expression.name)
    if expression.is_Number:
        return _number(expression)
    constants = {sp.pi: "pi", sp.E: "e", sp.I: "I"}
    if expression in constants:
        return Node("name", word=constants[expression])
    if expression.is_Add:
        terms = sorted(expression.args, key=lambda term: _first(term, system))
        return Node("+", tuple(sorted((tree_of(t, system) for t in terms), key=lambda part: part.head == "neg")))
    parts = [tree_of(part, system) for part in expression.args]
    if expression.is_Mul:
        return _product(parts)
    if expression.is_Pow or isinstance(expression, own.Power):
        return _power(expression, parts)
    word = WORDS[type(expression)]
    return Node(word, tuple(parts)) if word in ("<", "<=") else Node("call", tuple(parts), word)


def _first(term: Any, system: System) -> tuple[Any, ...]:
    """What orders the terms of a sum: derivatives of high order before others, those along x before those along y."""
    every = [system.jets.meanings[jet][1] for jet in system.jets.among(term)]
    return min(((-sum(orders), tuple(-n for n in orders)) for orders in every), default=(1, ())), str(term)


def _number(value: Any) -> Node:
    if value < 0:
        return Node("neg", (_number(-value),))
    if value.is_Rational and value.q != 1:
        return Node("*", (Node("number", word=str(value.p)), Node("inv", (Node("number", word=str(value.q)),))))
    return Node("number", word=str(value) if value.is_Integer else f"{float(value):.12g}")


def _product(parts: Sequence[Node]) -> Node:
    negative = sum(part.head == "neg" for part in parts) % 2 == 1
    flat: list[Node] = []
    for part in parts:
        part = part.parts[0] if part.head == "neg" else part
        flat += part.parts if part.head == "*" else (part,)
    one = [part for part in flat if not (part.head == "number" and part.word == "1")]
    ordered = sorted(one, key=_rank)
    if not ordered or all(part.head == "inv" for part in ordered):
        ordered.insert(0, Node("number", word="1"))
    whole = Node("*", tuple(ordered)) if len(ordered) > 1 else ordered[0]
    return Node("neg", (whole,)) if negative else whole


def _rank(part: Node) -> int:
    """Numbers first, then what has no derivative, then what has, then what is divided by."""
    if part.head == "inv":
        return 3
    return 0 if part.head == "number" else 1 + any(node.head == "partial" for node in nodes(part))


def _power(expression: Any, parts: Sequence[Node]) -> Node:
    base, exponent = parts
    written = expression.args[1]
    if written == sp.Rational(1, 2):
        return Node("call", (base,), "sqrt")
    if written == -1:
        return Node("inv", (base,))
    if written.is_Number and written < 0:
        return Node("inv", (Node("**", (base, _number(-written))),))
    return Node("**", (base, exponent))
