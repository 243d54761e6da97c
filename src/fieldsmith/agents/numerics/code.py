"""SymPy expressions and task signatures as readable numpy source."""

import keyword
from collections.abc import Mapping

import sympy as sp
from sympy.printing.numpy import NumPyPrinter

from fieldsmith.agents.numerics.analysis import Analysis, D, Expression, code_name
from fieldsmith.tasks.task import Brief


class _Printer(NumPyPrinter):
    def __init__(self) -> None:
        super().__init__({"fully_qualified_modules": True, "user_functions": {}})
        self.module_imports = {}

    def _module_format(self, fqn: str, register: bool = True) -> str:
        return fqn.replace("numpy.", "np.")

    def _print_Pow(self, expr, rational=False):  # noqa: N802
        if expr.exp == 2 and expr.base.is_Symbol:
            return f"{self._print(expr.base)}**2"
        return super()._print_Pow(expr, rational)


def numpy_code(expression: Expression) -> str:
    """One line of numpy source for an expression without unevaluated derivatives."""
    return str(_Printer().doprint(expression))


def derivative_name(atom: sp.Basic) -> str:
    """`u_x`, `u_xx` ... for a chain of derivatives of a field."""
    axes = ""
    while isinstance(atom, D):
        axes = str(atom.args[1]) + axes
        atom = atom.args[0]
    return f"{atom}_{axes}"


def named_derivatives(expression: Expression) -> tuple[Expression, dict[str, tuple[str, int]]]:
    """The expression with each derivative replaced by a name, and for each name its field and order."""
    names: dict[str, tuple[str, int]] = {}
    replaced: dict[sp.Basic, sp.Basic] = {}
    for atom in expression.atoms(D):
        inner, order = atom, 0
        while isinstance(inner, D):
            inner, order = inner.args[0], order + 1
        name = derivative_name(atom)
        names[name] = (str(inner), order)
        replaced[atom] = sp.Symbol(name, real=True)
    return expression.subs(sorted(replaced.items(), key=lambda pair: -len(str(pair[0])))), names


def call_values(brief: Brief) -> dict[str, object]:
    """What every template needs of the signature: names of arguments by role."""
    signature = brief.signature
    arguments = signature.arguments
    docstring = brief.stub.partition('"""')[2].partition('"""')[0].strip()
    return {
        "function": signature.function,
        "arguments": [a.name for a in arguments],
        "initial": {code_name(a.of): a.name for a in arguments if a.role == "initial"},
        "times": next((a.name for a in arguments if a.role == "times"), ""),
        "parameter_arguments": {code_name(a.of): a.name for a in arguments if a.role == "parameter"},
        "coefficient_arguments": {code_name(a.of): a.name for a in arguments if a.role == "coefficient"},
        "results": [code_name(r.of) for r in signature.results],
        "docstring": docstring,
        "title": brief.title,
    }


def fixed_values(analysis: Analysis, brief: Brief) -> dict[str, float]:
    """Constants of the equation, and parameters that are not arguments of the function, with their values."""
    passed = {a.of for a in brief.signature.arguments if a.role == "parameter"}
    values: Mapping[str, float] = brief.parameters
    fixed = {code_name(name): value for name, value in analysis.equation.constants.items()}
    fixed.update({code_name(n): float(values[n]) for n in analysis.equation.parameters if n not in passed})
    return fixed


def safe_names(analysis: Analysis) -> bool:
    """Whether the equation's names can be used as Python names as they are."""
    names = [*analysis.equation.unknowns, *analysis.equation.parameters, *analysis.equation.constants]
    return all(name.isidentifier() and not keyword.iskeyword(name) for name in names)
