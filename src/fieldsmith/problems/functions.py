"""Functions with kinks and jumps as SymPy functions that evaluate nothing by themselves.

SymPy's own `Abs`, `Max`, `Piecewise` … ask their arguments about signs when they are made, which takes as long as it takes. These are
plain: they know their derivative (that of a jump is 0, as it holds everywhere else) and no more. What
compares is 1 where it holds and 0 elsewhere.
"""

from typing import Any, cast

import sympy as sp

ZERO, ONE = sp.Integer(0), sp.Integer(1)


class _Plain(sp.Function):
    """A function that is left as it is written."""


class Absolute(_Plain):
    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        return Sign(self.args[0])


class Sign(_Plain):
    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        return ZERO


class Heaviside(_Plain):
    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        return ZERO


class Below(_Plain):
    """1 where the first argument is less than the second."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Any:
        return ZERO


class AtMost(Below):
    """1 where the first argument is less than the second or equal to it."""


class Where(_Plain):
    """The second argument where the first is 1, the third where it is 0."""

    nargs = 3

    def fdiff(self, argindex: int = 1) -> Any:
        return ZERO if argindex == 1 else Where(self.args[0], *((ONE, ZERO) if argindex == 2 else (ZERO, ONE)))


class Least(_Plain):
    nargs = 2

    def fdiff(self, argindex: int = 1) -> Any:
        a, b = self.args
        return Below(a, b) if argindex == 1 else AtMost(b, a)


class Greatest(_Plain):
    nargs = 2

    def fdiff(self, argindex: int = 1) -> Any:
        a, b = self.args
        return Below(b, a) if argindex == 1 else AtMost(a, b)


class Atan2(_Plain):
    nargs = 2

    def fdiff(self, argindex: int = 1) -> Any:
        y, x = cast(Any, self.args)
        return (x if argindex == 1 else -y) / (x**2 + y**2)


class Power(_Plain):
    """A power of a large base: SymPy's own looks for the base's sign whenever it is multiplied by something."""

    nargs = 2

    def fdiff(self, argindex: int = 1) -> Any:
        base, exponent = cast(Any, self.args)
        return exponent * Power(base, exponent - 1) if argindex == 1 else self * sp.log(base)
