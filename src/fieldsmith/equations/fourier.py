"""The Fourier symbol of a linear operator with constant coefficients: what it multiplies each Fourier mode by."""

from collections.abc import Callable, Mapping, Sequence

import sympy as sp

from fieldsmith.equations.expressions import Expression
from fieldsmith.equations.printing import numpy_code
from fieldsmith.equations.terms import Counts


def symbol_text(linear: Mapping[Counts, Expression], waves: Sequence[str], code: Callable[[Expression], str]) -> str:
    """The symbol as code to be read, a factor (1j*k)**n a derivative; `code` writes a coefficient to be a factor."""
    terms = []
    for counts in sorted(linear):
        powers = " * ".join(f"(1j*{k})**{n}" if n > 1 else f"(1j*{k})" for k, n in zip(waves, counts, strict=True) if n)
        factor = linear[counts]
        if factor != 0:
            terms.append(" * ".join(filter(None, ["" if factor == 1 and powers else code(factor), powers])))
    return " + ".join(terms)


def symbol_code(linear: Mapping[Counts, Expression]) -> str:
    """The symbol in one dimension as NumPy source over k and ik: real powers of k alone where all orders are even."""
    k, ik = sp.symbols("k ik")
    total = sp.Integer(0)
    for (order,), coefficient in sorted(linear.items()):
        power = (-1) ** (order // 2) * k**order if order % 2 == 0 else (-1) ** (order // 2) * ik * k ** (order - 1)
        total += coefficient * power
    return numpy_code(total) if total.has(k, ik) else f"{numpy_code(total)} + 0.0*k"
