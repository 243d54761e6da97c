"""Equation texts as SymPy expressions, whatever their symbols are called."""

import io
import tokenize
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp
from sympy.parsing.sympy_parser import parse_expr

Expression = Any
"""A SymPy expression; SymPy's own annotations are too narrow to check against."""

CONSTANTS = ("pi", "E")
SPECIAL = {"abs": sp.Abs, "min": sp.Min, "max": sp.Max, "sqrt": sp.sqrt, "cbrt": sp.cbrt}


class Unsuited(Exception):
    """Why a method, or every method, does not apply; one short sentence."""


class D(sp.Function):
    """Unevaluated partial derivative of the first argument along the second."""

    nargs = 2


def derivative(expression: Expression, *axes: Expression) -> Expression:
    for axis in axes:
        expression = D(expression, axis)
    return expression


def field_and_axes(expression: Expression) -> tuple[Expression, tuple[Expression, ...]]:
    """What a chain of derivatives is of, and along which axes, the innermost first."""
    axes: tuple[Expression, ...] = ()
    while isinstance(expression, D):
        expression, axes = expression.args[0], (expression.args[1], *axes)
    return expression, axes


def slope_of(expression: Expression, variable: Expression) -> Expression:
    """The derivative, but for places where a step such as Heaviside(u) changes at once: there it is 0."""
    slope = sp.diff(expression, variable)
    return slope.replace(sp.DiracDelta, lambda *_: sp.Integer(0)) if slope.has(sp.DiracDelta) else slope


def holds(expression: Expression, coordinate: sp.Symbol) -> bool:
    """Whether a coordinate stands in an expression by itself, not only as what is differentiated along."""
    if isinstance(expression, D):
        return holds(expression.args[0], coordinate)
    return expression == coordinate or any(holds(argument, coordinate) for argument in expression.args)


def parsed(text: str, scope: Mapping[str, sp.Symbol], coordinates: Sequence[sp.Symbol]) -> Expression:
    """The expression over the symbols that `scope` gives names. Raises Unsuited where it makes no sense."""

    def differentiated(expression: Expression, *axes: Expression) -> Expression:
        if not axes or not set(axes) <= set(coordinates):
            raise Unsuited(f"In “{text}” d(f, x) is not along an axis.")
        return derivative(expression, *axes)

    symbols = {symbol.name: symbol for symbol in scope.values()}
    try:
        expression = parse_expr(_coded(text, scope), local_dict={**symbols, **SPECIAL, "d": differentiated})
    except Unsuited:
        raise
    except Exception as error:  # SymPy lets through whatever Python's own evaluation raises
        raise Unsuited(f"“{text}” cannot be read: {error}.") from None
    if not isinstance(expression, sp.Expr) or expression.has(sp.I, sp.zoo, sp.nan, sp.oo):
        raise Unsuited(f"“{text}” is not a real expression.")
    return expression


def _coded(text: str, scope: Mapping[str, sp.Symbol]) -> str:
    """The text with each symbol under the name that it has in SymPy."""
    try:
        tokens = [t for t in tokenize.generate_tokens(io.StringIO(text.strip()).readline) if t.string.strip()]
    except (tokenize.TokenError, SyntaxError):
        raise Unsuited(f"“{text}” cannot be read: brackets do not match.") from None
    words = []
    for token, after in zip(tokens, [*(t.string for t in tokens[1:]), ""], strict=True):
        name = unicodedata.normalize("NFKC", token.string)
        if token.type != tokenize.NAME:
            words.append(token.string)
        elif after == "(":
            if not _is_function(name):
                raise Unsuited(f"“{text}” has an unknown function {name}.")
            words.append(name)
        elif name in scope:
            words.append(scope[name].name)
        elif name in CONSTANTS:
            words.append(name)
        else:
            raise Unsuited(f"“{text}” has an unknown symbol {name}.")
    return " ".join(words)


def _is_function(name: str) -> bool:
    known = getattr(sp, name, None)
    return name == "d" or name in SPECIAL or (isinstance(known, type) and issubclass(known, sp.Function))
