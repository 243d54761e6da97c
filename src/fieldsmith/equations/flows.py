"""Reactions that can be solved exactly, as code."""

from collections.abc import Callable, Mapping

import sympy as sp

from fieldsmith.equations.expressions import Expression


def powers_of(reaction: Expression, unknown: Expression) -> Mapping[int, Expression] | None:
    """Coefficients of a reaction by powers of the unknown, None where it is no polynomial of it."""
    try:
        return {n: coefficient for (n,), coefficient in sp.Poly(reaction, unknown).terms()}
    except sp.PolynomialError:
        return None


def flow(reaction: Expression, unknown: Expression, code: Callable[[Expression], str]) -> str:
    """The solution after a time dt of u' = c0 + c1 u, or of Bernoulli's u' = c1 u + cp u^p; empty for other reactions.

    `code` writes a coefficient or the unknown so that it can be a factor. For Bernoulli's equation 1/u^(p-1) obeys a
    linear one; the root keeps the sign of u.
    """
    powers = powers_of(reaction, unknown)
    if powers is None:
        return ""
    u, linear = code(unknown), powers.get(1, sp.Integer(0))
    if set(powers) == {1}:
        return f"{u} * np.exp({code(linear)} * dt)"
    if set(powers) == {0, 1}:
        return f"{u} * np.exp({code(linear)} * dt) + {code(sp.simplify(powers[0] / linear))} * np.expm1({code(linear)} * dt)"
    high = [n for n in powers if n > 1]
    if len(high) != 1 or 0 in powers:
        return ""
    p = high[0]
    power = u if p == 2 else f"{u}**{p - 1}"
    root = "" if p == 2 else f"**(1 / {p - 1})"
    if linear == 0:
        return f"{u} / (1 + {_times(-(p - 1) * powers[p], code)}{power} * dt){root}"
    times = "" if p == 2 else f"{p - 1} * "
    ratio = _times(sp.simplify(-powers[p] / linear), code)
    return f"{u} * np.exp({code(linear)} * dt) / (1 + {ratio}{power} * np.expm1({times}{code(linear)} * dt)){root}"


def _times(factor: Expression, code: Callable[[Expression], str]) -> str:
    return "" if factor == 1 else f"{code(factor)} * "
