"""Expressions and equations as trees: arithmetic, the functions that are listed, derivatives, and nothing else.

    equation    = sum "=" sum
    condition   = sums compared by < <= > >=, joined by and, or, not
    sum         = product { ("+" | "-") product }
    product     = signed { ("*" | "/") signed }
    signed      = ("+" | "-") signed | power
    power       = atom [ "**" signed | superscript ]
    atom        = number | name | ( name "(" … ")" | "(" condition ")" ) { "_x" } | "[" sum { "," sum } "]" | derivative
    derivative  = "∂u/∂t" | "∂²u/∂x∂y" | "∂ₓ" power | "∇²" power | "Δ" power | "∇·" power | "∇×" power | "∇" power

A parser by precedence (Pratt, Top Down Operator Precedence, 1973). Whatever it makes has a known depth and size.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from fieldsmith.problems.faults import Misread, meant
from fieldsmith.problems.tokens import Token, tokens

DEEPEST = 40
FUNCTIONS = {
    **dict.fromkeys(
        ("exp", "log", "sqrt", "cbrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh",
         "atanh", "sech", "erf", "erfc", "abs", "sign", "heaviside", "re", "im", "conj", "arg"), (1, 1),
    ),
    "atan2": (2, 2), "min": (2, 9), "max": (2, 9), "where": (3, 3),
}  # fmt: skip
"""Functions with the fewest and the most arguments that they take."""
OPERATORS = {
    "d": (2, 9), "dt": (1, 1), "laplace": (1, 1), "biharmonic": (1, 1), "grad": (1, 1), "div": (1, 1), "curl": (1, 1),
    "dot": (2, 2),
}  # fmt: skip
ALIASES = {
    "ln": "log", "laplacian": "laplace", "lap": "laplace", "diff": "d", "Derivative": "d", "arcsin": "asin", "arccos": "acos",
    "arctan": "atan", "Abs": "abs", "H": "heaviside", "Heaviside": "heaviside", "conjugate": "conj", "minimum": "min",
    "maximum": "max", "gradient": "grad", "divergence": "div",
}  # fmt: skip
COMPARISONS = ("<", "<=", ">", ">=")
NABLAS = ("∂", "∇", "Δ", "√")
LEFT = {"|": 1, "&": 2, "<": 4, "<=": 4, ">": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "/": 6, **dict.fromkeys(NABLAS, 6)}
"""How strongly an operator binds; powers bind strongest, and to the right."""
NOT, SIGNED = 3, 7
WHERE = "Write where(condition, a, b)."
DERIVATIVE = "A derivative is written u_xx, d(u, x) or d(u, x, 2)."


@dataclass(frozen=True)
class Node:
    """One node: `head` is number, name, call, vector, partial, neg, inv, not, or an operator's sign; `word` its number, name or function.

    Sums and products have all their terms and factors as parts, differences and quotients as `neg` and `inv` among them. `at` is the index of the character in the expression that a fault in it points to.
    """

    head: str
    parts: tuple["Node", ...] = ()
    word: str = ""
    at: int = 0


def expression(text: str) -> Node:
    """The tree of an expression. Raises Misread."""
    parser = _Parser(text)
    node = parser.expression()
    parser.end()
    return node


def equation(text: str) -> tuple[Node, Node]:
    """The trees of the two sides of an equation. Raises Misread."""
    parser = _Parser(text)
    left = parser.expression()
    if parser.now.text == "==":
        raise Misread("An equation has one equals sign.", parser.now.at, "Write left = right.")
    if parser.now.text != "=":
        parser.end("An equation is left = right; the equals sign is missing.")
        raise Misread("An equation is left = right; the equals sign is missing.", 0, "Such as u_t = u_xx.")
    parser.next()
    right = parser.expression()
    parser.end()
    return left, right


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.index = self.depth = 0
        if len(self.tokens) == 1:
            raise Misread("There is nothing here.", 0, "Write an expression.")

    @property
    def now(self) -> Token:
        return self.tokens[self.index]

    def next(self) -> Token:
        token = self.now
        self.index += token.kind != "end"
        return token

    def end(self, missing: str = "") -> None:
        token = self.now
        if token.kind == "end":
            return
        if token.text in (")", "]"):
            raise Misread(f"The {token.text} closes nothing.", token.at, "Each bracket is opened and closed once.")
        if token.text in ("=", "=="):
            raise Misread("There is an equals sign where none belongs.", token.at, "An equation has one.")
        if token.text == "!=":
            raise Misread("Only < <= > >= compare.", token.at)
        if token.text == ",":
            raise Misread("There is a comma outside brackets.", token.at, "Numbers have a decimal point.")
        before = self.tokens[self.index - 1].text
        raise Misread(
            f"Between {before} and {token.text} an operator is missing.", token.at, _between(before, token.text)
        )

    def expression(self, strength: int = 0) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise Misread("The brackets are nested too deeply.", self.now.at, f"Up to {DEEPEST} levels are read.")
        left = self.prefix()
        while self.now.kind == "sign" and LEFT.get(self.now.text, 0) > strength:
            token = self.now if self.now.text in NABLAS else self.next()  # ν∂u/∂x is a product
            right = self.expression(LEFT[token.text])
            left = _joined(left, token, right)
            if token.text in COMPARISONS and self.now.text in COMPARISONS:
                raise Misread("Comparisons are not chained.", self.now.at, "Write a < x and x < b.")
        self.depth -= 1
        return left

    def prefix(self) -> Node:
        token = self.now
        if token.kind == "sign" and token.text in "+-":
            self.next()
            inner = self.expression(SIGNED - 1)
            return inner if token.text == "+" else Node("neg", (inner,), at=token.at)
        if token.kind == "sign" and token.text == "!":
            self.next()
            return Node("not", (self.expression(NOT),), at=token.at)
        return self.power()

    def power(self) -> Node:
        base = self.atom()
        token = self.now
        if token.kind == "power":
            self.next()
            exponent = token.text
            if exponent.strip("-") == "" or "-" in exponent[1:]:
                raise Misread("The superscript is no number.", token.at)
            number = Node("number", word=exponent.strip("-"), at=token.at)
            signed = Node("neg", (number,), at=token.at) if exponent[0] == "-" else number
            return Node("**", (base, signed), at=token.at)
        if token.text == "**" and token.kind == "sign":
            self.next()
            return Node("**", (base, self.expression(SIGNED - 1)), at=token.at)
        return base

    def atom(self) -> Node:
        token = self.next()
        if token.kind == "number":
            return Node("number", word=token.text, at=token.at)
        if token.kind == "name":
            if self.now.text == "(":
                return self.derived(self.call(token))
            return Node("name", word=token.text, at=token.at)
        if token.text == "(":
            inner = self.expression()
            self.close(")", token)
            return self.derived(inner)
        if token.text == "[":
            return Node("vector", self.listed("]", token), at=token.at)
        if token.text == "∂":
            return self.partial(token)
        if token.text in ("∇", "Δ", "√"):
            return self.nabla(token)
        if token.kind == "end":
            raise Misread("The expression ends where something is missing.", max(0, len(self.text) - 1))
        raise Misread(f"There is {token.text} where a number, a name or a bracket belongs.", token.at)

    def close(self, bracket: str, opened: Token) -> None:
        if self.now.text == bracket:
            self.next()
        elif self.now.kind == "end":
            raise Misread(f"The bracket {opened.text} is not closed.", opened.at, f"A {bracket} is missing.")
        else:
            self.end()

    def listed(self, bracket: str, opened: Token) -> tuple[Node, ...]:
        found: list[Node] = []
        while self.now.text != bracket:
            found.append(self.expression())
            if self.now.text != ",":
                break
            self.next()
        self.close(bracket, opened)
        return tuple(found)

    def call(self, name: Token) -> Node:
        known = {**FUNCTIONS, **OPERATORS}
        word = ALIASES.get(name.text, name.text)
        if word not in known:
            raise Misread(f"There is no function {name.text}.", name.at, _instead(name.text, list(known)))
        parts = self.listed(")", self.next())
        fewest, most = known[word]
        if not fewest <= len(parts) <= most:
            number = str(fewest) if fewest == most else f"{fewest} or more"
            raise Misread(f"{word} takes {number} argument{'s' * (number != '1')}, not {len(parts)}.", name.at)
        return Node("call", parts, word, name.at)

    def derived(self, inner: Node) -> Node:
        """(h*u)_x: what stands in brackets, differentiated along the letters that follow them at once; a `partial`."""
        for _ in range(DEEPEST):
            token, behind = self.now, self.tokens[self.index - 1].at + 1
            if token.at != behind or not (token.kind == "subscript" or token.text.startswith("_")):
                break
            inner = Node("partial", (inner,), f"_{self.next().text.strip('_')}", token.at)
        return inner

    def nabla(self, token: Token) -> Node:
        word = {"√": "sqrt", "Δ": "laplace", "∇": "grad"}[token.text]
        if token.text == "∇" and self.now.kind == "power":
            power = self.next()
            if power.text not in ("2", "4"):
                raise Misread(f"∇ to the power of {power.text} is not read.", power.at, "∇² and ∇⁴ are.")
            word = "laplace" if power.text == "2" else "biharmonic"
        elif token.text == "∇" and self.now.text == "*" and self.text[self.now.at] != "*":
            dot = self.next()
            word = "curl" if self.text[dot.at] == "×" else "div"
        return Node("call", (self.deeper(self.atom),), word, token.at)

    def deeper(self, parse: Callable[[], Node]) -> Node:
        """An operand, counted as a level: ∇∇∇… nests without brackets."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise Misread("Operators are nested too deeply.", self.now.at, f"Up to {DEEPEST} levels are read.")
        node = parse()
        self.depth -= 1
        return node

    def partial(self, token: Token) -> Node:
        """∂u/∂t, ∂²u/∂x∂y, ∂ₓu, ∂_x u: a `partial` with what is differentiated, and `x x y` as its word."""
        if self.now.kind == "subscript" or (self.now.kind == "name" and self.now.text.startswith("_")):
            letters = self.next().text.strip("_")
            return Node("partial", (self.deeper(self.atom),), f"_{letters}", token.at)
        order = int(self._exponent())
        inner = self.deeper(self.atom)
        if self.now.text != "/":
            raise Misread("After ∂ a derivative is written ∂u/∂t.", token.at, "Or u_t.")
        self.next()
        along: list[str] = []
        while self.now.text == "∂":
            self.next()
            if self.now.kind != "name":
                raise Misread("Behind ∂ a coordinate is missing.", self.now.at)
            name = self.next().text
            along += [name] * int(self._exponent())
        if len(along) != order:
            raise Misread(f"∂ stands {order} times above and {len(along)} times below.", token.at)
        return Node("partial", (inner,), " ".join(along), token.at)

    def _exponent(self) -> str:
        if self.now.kind != "power":
            return "1"
        token = self.next()
        if token.text not in ("1", "2", "3", "4", "5", "6"):
            raise Misread("The order of a derivative is 1 to 6.", token.at)
        return token.text


def _joined(left: Node, token: Token, right: Node) -> Node:
    """Both operands under one operator; a chain of sums or products stays one node, so that trees are as deep as brackets."""
    head = {"-": "+", "/": "*", **dict.fromkeys(NABLAS, "*")}.get(token.text, token.text)
    if token.text in "-/":
        right = Node("neg" if token.text == "-" else "inv", (right,), at=token.at)
    if head == "*" and left.head == "neg":  # -a*b is the negative of a product
        return Node("neg", (_joined(left.parts[0], token, right if token.text != "/" else right.parts[0]),), at=left.at)
    if head in "+*&|" and left.head == head:
        return Node(head, (*left.parts, right), at=left.at)
    return Node(head, (left, right), at=token.at)


def _between(before: str, after: str) -> str:
    """What is likely to be right where two things stand side by side."""
    if "if" in (before, after):
        return WHERE
    if before == ")" and after.startswith("_"):
        return "A derivative is (h*u)_x, without a space, or d(h*u, x)."
    if after == "[":
        return DERIVATIVE
    if after in ("i", "j") and before[-1:].isdigit():
        return "The imaginary unit is I."
    return f"Such as {before}*{after}."


def _instead(name: str, known: list[str]) -> str:
    if name in ("Piecewise", "piecewise", "if", "select", "case"):
        return WHERE
    if re.fullmatch("[dD]_?[a-z]{1,4}", name):
        return DERIVATIVE
    some = "Functions are exp, log, sqrt, sin, cos, tanh, erf, abs, min, max, where and the like"
    return meant(name, known) or f"{some}; an unknown is written without its arguments, a product with *."


def nodes(tree: Node) -> list[Node]:
    """All nodes of a tree, the root first."""
    found = [tree]
    for node in found:
        found.extend(node.parts)
    return found
