"""SymPy expressions as readable NumPy source, and names for derivatives in it."""

from collections.abc import Iterable
from functools import reduce

import sympy as sp
from sympy.printing.numpy import NumPyPrinter
from sympy.printing.str import StrPrinter

from fieldsmith.equations import names
from fieldsmith.equations.expressions import D, Expression, Unsuited, field_and_axes


class _ShortestDigits:
    """Floats by the shortest digits that give back the same number."""

    def _print_Float(self, expr: Expression) -> str:  # noqa: N802
        return repr(float(expr))


class _Plain(_ShortestDigits, StrPrinter):
    pass


class _NumPy(_ShortestDigits, NumPyPrinter):
    def __init__(self) -> None:
        super().__init__({"fully_qualified_modules": True, "user_functions": {}})
        self.module_imports = {}

    def _module_format(self, fqn: str, register: bool = True) -> str:
        return fqn.replace("numpy.", "np.")

    def _print_Pow(self, expr, rational=False):  # noqa: N802
        if expr.exp == 2 and expr.base.is_Symbol:
            return f"{self._print(expr.base)}**2"
        return super()._print_Pow(expr, rational)

    def _print_Max(self, expr):  # noqa: N802
        return reduce("np.maximum({}, {})".format, map(self._print, expr.args))

    def _print_Min(self, expr):  # noqa: N802
        return reduce("np.minimum({}, {})".format, map(self._print, expr.args))


def numpy_code(expression: Expression) -> str:
    """One line of numpy source for an expression without unevaluated derivatives. Raises Unsuited if there is none."""
    try:
        code = str(_NumPy().doprint(expression))
    except NotImplementedError as error:
        raise Unsuited(f"{names.original(str(expression))} cannot be written with NumPy.") from error
    if "\n" in code:  # SymPy says in a comment what it cannot print
        raise Unsuited(f"{names.original(str(expression))} cannot be written with NumPy.")
    return code


def python_code(expression: Expression) -> str:
    """An expression as Python code over numbers, for people: functions without the name of a module."""
    return _Plain().doprint(expression)


def derivative_name(field: Expression, axes: Iterable[Expression]) -> str:
    """`u_x`, `u_xx` ... for a field differentiated along the axes."""
    return f"{field}_{''.join(map(str, axes))}"


def named_derivatives(expression: Expression) -> tuple[Expression, dict[str, tuple[str, int]]]:
    """The expression with each derivative replaced by a name, and for each name its field and order."""
    found: dict[str, tuple[str, int]] = {}
    replaced: dict[sp.Basic, sp.Basic] = {}
    for atom in expression.atoms(D):
        field, axes = field_and_axes(atom)
        if not isinstance(field, sp.Symbol):
            raise Unsuited(f"The derivative of {names.original(str(field))} has no name.")
        name = derivative_name(field, axes)
        found[name] = (str(field), len(axes))
        replaced[atom] = sp.Symbol(name, real=True)
    return expression.xreplace(replaced), found


def timed_factors(expressions: Iterable[Expression], time: Expression) -> list[tuple[Expression, Expression]]:
    """Factors of terms that hold the time, each with its partial derivative along it.

    How fast a factor changes does not depend on what it is multiplied with, which may be zero at the moment.
    """
    found: dict[Expression, Expression] = {}
    for expression in expressions:
        for term in sp.Add.make_args(sp.expand(expression)):
            factor = term.as_independent(time, as_Add=False)[1]
            if factor.has(time):
                found[factor] = sp.diff(factor, time)
    return list(found.items())
