"""SymPy trees as numbers: a walk over the tree by NumPy, without making or running source text."""

import functools
import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import sympy as sp

from fieldsmith.problems import functions as own

Values = Mapping[sp.Symbol, Any]


def _erf(x: Any) -> Any:
    from scipy.special import erf

    return erf(x)


def _erfc(x: Any) -> Any:
    from scipy.special import erfc

    return erfc(x)


UNARY: dict[Any, Callable[[Any], Any]] = {
    sp.exp: np.exp, sp.log: np.log, sp.sin: np.sin, sp.cos: np.cos, sp.tan: np.tan, sp.asin: np.arcsin,
    sp.acos: np.arccos, sp.atan: np.arctan, sp.sinh: np.sinh, sp.cosh: np.cosh, sp.tanh: np.tanh, sp.asinh: np.arcsinh,
    sp.acosh: np.arccosh, sp.atanh: np.arctanh, sp.sech: lambda x: 1 / np.cosh(x), sp.csch: lambda x: 1 / np.sinh(x),
    sp.coth: lambda x: 1 / np.tanh(x), sp.cot: lambda x: 1 / np.tan(x), sp.sec: lambda x: 1 / np.cos(x),
    sp.csc: lambda x: 1 / np.sin(x), sp.erf: _erf, sp.erfc: _erfc, sp.Abs: np.abs, sp.sign: np.sign,
    sp.re: np.real, sp.im: np.imag, sp.conjugate: np.conj, sp.arg: np.angle,
    own.Absolute: np.abs, own.Sign: np.sign, own.Heaviside: lambda x: np.heaviside(x, 0.5),
}  # fmt: skip
SEVERAL: dict[Any, Callable[..., Any]] = {
    own.Below: lambda a, b: np.asarray(a < b, float),
    own.AtMost: lambda a, b: np.asarray(a <= b, float),
    own.Where: lambda c, a, b: np.where(np.asarray(c) > 0.5, a, b),
    own.Least: np.minimum,
    own.Greatest: np.maximum,
    own.Atan2: np.arctan2,
    own.Power: lambda base, exponent: np.power(np.asarray(base) * 1.0, exponent),
}


def evaluate(expression: Any, values: Values, memo: dict[Any, Any] | None = None) -> Any:
    """The value of a tree at arrays (or numbers) for its symbols, broadcast; not a number where it has no value.

    Raises KeyError for a symbol without a value.
    """
    with np.errstate(all="ignore"):
        return _value(sp.sympify(expression), values, {} if memo is None else memo)


def _value(node: Any, values: Values, memo: dict[Any, Any]) -> Any:
    if isinstance(node, sp.Symbol):
        return values[node]
    if node in memo:
        return memo[node]
    found = memo[node] = _made(node, values, memo)
    return found


def _made(node: Any, values: Values, memo: dict[Any, Any]) -> Any:
    if node is sp.I:
        return 1j
    if node.is_Number or node.is_NumberSymbol:
        return np.float64(node)
    if node in (sp.zoo, sp.nan):
        return np.float64(np.nan)
    parts = [_value(part, values, memo) for part in node.args]
    if node.is_Add:
        return functools.reduce(operator.add, parts)
    if node.is_Mul:
        return functools.reduce(operator.mul, parts)
    if node.is_Pow:
        return _power(parts[0], parts[1], node.args[1])
    kind = type(node)
    if kind in UNARY:
        return UNARY[kind](parts[0] if isinstance(parts[0], np.ndarray) else np.asarray(parts[0])[()])
    if kind in SEVERAL:
        return SEVERAL[kind](*parts)
    raise ValueError(f"{kind.__name__} has no numbers")


def _power(base: Any, exponent: Any, written: Any) -> Any:
    if written.is_Integer and abs(int(written)) <= 4:
        n = abs(int(written))
        product = functools.reduce(operator.mul, [base] * n) if n else np.ones_like(base)
        return product if int(written) >= 0 else 1 / np.asarray(product)[()]
    return np.power(np.asarray(base) * 1.0, exponent)


def number(expression: Any) -> complex | float:
    """The value of a constant tree; not a number where it has none."""
    found = complex(np.asarray(evaluate(expression, {})).reshape(-1)[0])
    return found.real if found.imag == 0 or math.isnan(found.real) else found
