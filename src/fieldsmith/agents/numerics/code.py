"""SymPy expressions and task signatures as readable numpy source."""

import math
from collections.abc import Iterable, Mapping
from functools import reduce

import sympy as sp
from sympy.printing.numpy import NumPyPrinter

from fieldsmith.agents.numerics import names
from fieldsmith.agents.numerics.analysis import Analysis
from fieldsmith.agents.numerics.expressions import D, Expression, Unsuited, base_and_order
from fieldsmith.tasks.task import Argument, Brief


class _Printer(NumPyPrinter):
    def __init__(self) -> None:
        super().__init__({"fully_qualified_modules": True, "user_functions": {}})
        self.module_imports = {}

    def _module_format(self, fqn: str, register: bool = True) -> str:
        return fqn.replace("numpy.", "np.")

    def _print_Float(self, expr):  # noqa: N802
        return repr(float(expr))  # the shortest digits that give back the same number

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
        code = str(_Printer().doprint(expression))
    except NotImplementedError as error:
        raise Unsuited(f"{names.original(str(expression))} cannot be written with NumPy.") from error
    if "\n" in code:  # SymPy says in a comment what it cannot print
        raise Unsuited(f"{names.original(str(expression))} cannot be written with NumPy.")
    return code


def derivative_name(atom: sp.Basic) -> str:
    """`u_x`, `u_xx` ... for a chain of derivatives of a field."""
    axes = ""
    while isinstance(atom, D):
        axes = str(atom.args[1]) + axes
        atom = atom.args[0]
    return f"{atom}_{axes}"


def named_derivatives(expression: Expression) -> tuple[Expression, dict[str, tuple[str, int]]]:
    """The expression with each derivative replaced by a name, and for each name its field and order."""
    found: dict[str, tuple[str, int]] = {}
    replaced: dict[sp.Basic, sp.Basic] = {}
    for atom in expression.atoms(D):
        field, order = base_and_order(atom)
        if not isinstance(field, sp.Symbol):
            raise Unsuited(f"The derivative of {names.original(str(field))} has no name.")
        name = derivative_name(atom)
        found[name] = (str(field), order)
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


def check_signature(analysis: Analysis, brief: Brief) -> None:
    """Raises Unsuited where the function is not given what the equation needs, or is asked for something else."""
    equation, signature = analysis.equation, brief.signature
    given = {(a.role, a.of) for a in signature.arguments}
    starts = () if analysis.steady else equation.unknowns
    wanted = [("initial", u) for u in starts] + [("coefficient", c) for c in equation.coefficients]
    for role, of in wanted:
        if (role, of) not in given:
            raise Unsuited(f"The function has no argument for the {role} values of {of}.")
    if not analysis.steady and not any(role == "times" for role, _ in given):
        raise Unsuited("The function has no argument for the output times.")
    for role, of in sorted(given):
        known = {"initial": starts, "parameter": equation.parameters, "coefficient": equation.coefficients}
        if role in known and of not in known[role]:
            raise Unsuited(f"The function takes {role} values of {of}, of which the equation has none.")
    for result in signature.results:
        if result.of not in equation.unknowns:
            raise Unsuited(f"The function is to return {result.of}, which is not an unknown.")
    values = {**{name: brief.parameters.get(name, math.nan) for name in equation.parameters}, **equation.constants}
    for name, value in values.items():
        if not math.isfinite(value):
            raise Unsuited(f"{name} has no finite value.")


def valued(expression: Expression, analysis: Analysis, brief: Brief) -> Expression:
    """The expression with numbers for constants and parameters."""
    values = {**brief.parameters, **analysis.equation.constants}
    numbers = {analysis.symbols[name]: sp.Float(value) for name, value in values.items() if name in analysis.symbols}
    return sp.simplify(expression.xreplace(numbers))


def call_values(brief: Brief) -> dict[str, object]:
    """What every template needs of the signature: names of arguments by role."""
    signature = brief.signature
    by_role: dict[str, list[Argument]] = {}
    for a in signature.arguments:
        by_role.setdefault(a.role, []).append(a)
    docstring = brief.stub.partition('"""')[2].partition('"""')[0].strip()
    return {
        "asked": [signature.function, *(a.name for a in signature.arguments)],
        "function": names.function(signature.function),
        "arguments": [_argument(a) for a in signature.arguments],
        "initial": {names.symbol(a.of): _argument(a) for a in by_role.get("initial", [])},
        "times": next(map(_argument, by_role.get("times", [])), ""),
        "parameter_arguments": {names.symbol(a.of): _argument(a) for a in by_role.get("parameter", [])},
        "coefficient_arguments": {names.symbol(a.of): _argument(a) for a in by_role.get("coefficient", [])},
        "results": [names.symbol(r.of) for r in signature.results],
        "passed": [names.symbol(a.of) for a in by_role.get("parameter", [])],
        "docstring": docstring,
        "title": brief.title.replace("\\", "\\\\").replace('"', "'"),
        "example_arguments": [(a.role, names.symbol(a.of), a.name) for a in signature.arguments],
        "example_times": next((a.name for a in by_role.get("times", [])), ""),
        "parameters": {names.symbol(name): value for name, value in brief.parameters.items()},
        "span": brief.span,
    }


def _argument(argument: Argument) -> str:
    return names.argument(argument.name, argument.of if argument.role != "times" else "")


def equation_values(analysis: Analysis, brief: Brief) -> dict[str, object]:
    """What every template for evolution in one dimension needs of the equation."""
    axis = analysis.axis
    return {
        "equation_text": [f"d({b.quantity})/dt = {b.rhs}" for b in analysis.equation.balances],
        "axis": analysis.coordinates[0].name,
        "t": analysis.time.name,
        "low": axis.low,
        "high": axis.high,
        "length": axis.length,
        "nodes": axis.nodes,
        "constants": fixed_values(analysis, brief),
        "unknowns": [w.name for w in analysis.unknowns],
        "positive": analysis.positive,
    }


def fixed_values(analysis: Analysis, brief: Brief) -> dict[str, float]:
    """Constants of the equation, and parameters that are not arguments of the function, with their values."""
    passed = {a.of for a in brief.signature.arguments if a.role == "parameter"}
    values: Mapping[str, float] = brief.parameters
    fixed = {names.symbol(name): value for name, value in analysis.equation.constants.items()}
    fixed.update({names.symbol(n): float(values[n]) for n in analysis.equation.parameters if n not in passed})
    return fixed
