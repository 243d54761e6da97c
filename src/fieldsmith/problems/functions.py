"""Functions with kinks and jumps as SymPy functions that evaluate nothing by themselves.

SymPy's own `Abs`, `Max`, `Piecewise` … ask their arguments about signs when they are made, which takes as long as it takes. These are
plain: they know their derivative (that of a jump is 0, as it holds everywhere else), how they look, and no more. What
compares is 1 where it holds and 0 elsewhere.
"""

from typing import Any, cast

import sympy as sp

ZERO, ONE = sp.Integer(0), sp.Integer(1)


class _Plain(sp.Function):
    def _sympystr(self, printer: Any) -> str:
        return f"{type(self).__name__.lower()}({', '.join(map(printer._print, self.args))})"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        words = (
            rf"\operatorname{{{type(self).__name__.lower()}}}\left({', '.join(map(printer._print, self.args))}\right)"
        )
        return rf"{words}^{{{exp}}}" if exp else words


class Absolute(_Plain):
    nargs = 1

    def fdiff(self, argindex: int = 1) -> Any:
        return Sign(self.args[0])

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        words = rf"\left|{printer._print(self.args[0])}\right|"
        return rf"{words}^{{{exp}}}" if exp else words


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

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return f"{printer._print(self.args[0])} < {printer._print(self.args[1])}"


class AtMost(Below):
    """1 where the first argument is less than the second or equal to it."""

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return rf"{printer._print(self.args[0])} \le {printer._print(self.args[1])}"


class Where(_Plain):
    """The second argument where the first is 1, the third where it is 0."""

    nargs = 3

    def fdiff(self, argindex: int = 1) -> Any:
        return ZERO if argindex == 1 else Where(self.args[0], *((ONE, ZERO) if argindex == 2 else (ZERO, ONE)))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        where, a, b = map(printer._print, self.args)
        return rf"\begin{{cases}} {a} & {where} \\ {b} & \text{{otherwise}} \end{{cases}}"


class Least(_Plain):
    nargs = 2

    def fdiff(self, argindex: int = 1) -> Any:
        a, b = self.args
        return Below(a, b) if argindex == 1 else AtMost(b, a)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return rf"\min\left({', '.join(map(printer._print, self.args))}\right)"


class Greatest(_Plain):
    nargs = 2

    def fdiff(self, argindex: int = 1) -> Any:
        a, b = self.args
        return Below(b, a) if argindex == 1 else AtMost(a, b)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        return rf"\max\left({', '.join(map(printer._print, self.args))}\right)"


class Atan2(_Plain):
    nargs = 2

    def fdiff(self, argindex: int = 1) -> Any:
        y, x = cast(Any, self.args)
        return (x if argindex == 1 else -y) / (x**2 + y**2)
