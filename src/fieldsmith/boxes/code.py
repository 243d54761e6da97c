"""Expressions of a problem as readable NumPy source: jets are arrays called `u`, `u_x`, `u_xy`."""

from typing import Any

import sympy as sp
from sympy.printing.numpy import NumPyPrinter
from sympy.printing.precedence import PRECEDENCE

from fieldsmith.equations import names
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.problems import functions as own
from fieldsmith.problems.jets import Orders
from fieldsmith.problems.system import System

_CALLS: dict[Any, str] = {
    sp.erf: "special.erf({})", sp.erfc: "special.erfc({})", sp.sech: "(1.0/np.cosh({}))", sp.csch: "(1.0/np.sinh({}))",
    sp.coth: "(1.0/np.tanh({}))", sp.sec: "(1.0/np.cos({}))", sp.csc: "(1.0/np.sin({}))", sp.cot: "(1.0/np.tan({}))",
    sp.Abs: "np.abs({})", sp.sign: "np.sign({})", sp.re: "np.real({})", sp.im: "np.imag({})", sp.conjugate: "np.conj({})",
    sp.arg: "np.angle({})", own.Absolute: "np.abs({})", own.Sign: "np.sign({})", own.Heaviside: "np.heaviside({}, 0.5)",
    own.Least: "np.minimum({}, {})", own.Greatest: "np.maximum({}, {})", own.Atan2: "np.arctan2({}, {})",
}  # fmt: skip


def jet_name(name: str, orders: Orders, coordinates: tuple[str, ...]) -> str:
    """`u`, `u_x`, `u_xxy`, `u_tx`."""
    along = "".join(c * n for c, n in zip(coordinates, orders, strict=True))
    return f"{name}_{along}" if along else name


class Code:
    """Source text of a problem's expressions. All names are placeholders (`equations/names.py`), which `render` settles."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.printer = _Printer(self)

    def jet(self, symbol: sp.Symbol) -> str:
        """The array of a derivative of a field; of the partner of a complex one its conjugate."""
        name, orders = self.system.jets.meanings[symbol]
        partner = name not in {u.name for u in self.system.unknowns} and self.system.jets.partners.get(name)
        code = self.array(partner or name, orders)
        return f"np.conj({code})" if partner else code

    def array(self, name: str, orders: Orders) -> str:
        """What the array of a derivative of an unknown or a coefficient is called."""
        return names.symbol(jet_name(name, orders, self.system.coordinates))

    def symbol(self, name: str) -> str:
        """What a coordinate or a parameter is called."""
        return names.clock(name) if self.system.time and name == self.system.time.name else names.symbol(name)

    def numpy(self, expression: Any) -> str:
        """One line. It may be a number where the expression is constant. Needs `from scipy import special` for erf. Raises Unsuited."""
        try:
            code = str(self.printer.doprint(sp.sympify(expression)))
        except NotImplementedError as error:
            raise Unsuited("An expression cannot be written with NumPy.") from error
        if "\n" in code:
            raise Unsuited("An expression cannot be written with NumPy.")
        return code


class _Printer(NumPyPrinter):
    def __init__(self, code: Code) -> None:
        super().__init__({"fully_qualified_modules": True, "user_functions": {}})
        self.code = code
        self.words = {symbol: name for name, symbol in code.system.symbols.items()}
        self.module_imports = {}

    def _module_format(self, fqn: str, register: bool = True) -> str:
        return fqn.replace("numpy.", "np.")

    def _print(self, expr, **kwargs):
        """SymPy's printer has ways of its own for some of the functions that are called here."""
        pattern = _CALLS.get(type(expr))
        if pattern is None:
            return super()._print(expr, **kwargs)
        return pattern.format(*(self._print(part) for part in expr.args))

    def _print_Symbol(self, expr):  # noqa: N802
        if expr in self.code.system.jets.meanings:
            return self.code.jet(expr)
        return self.code.symbol(self.words[expr])

    def _print_Float(self, expr):  # noqa: N802
        return repr(float(expr))

    def _print_Rational(self, expr):  # noqa: N802
        return f"{expr.p}/{expr.q}"

    def _print_ImaginaryUnit(self, expr):  # noqa: N802
        return "1j"

    def _print_Pow(self, expr, rational=False):  # noqa: N802
        if expr.exp.is_Integer and expr.exp > 0:
            return f"{self.parenthesize(expr.base, PRECEDENCE['Pow'])}**{int(expr.exp)}"
        return super()._print_Pow(expr, rational)

    def _print_Power(self, expr):  # noqa: N802
        base, exponent = (self.parenthesize(part, PRECEDENCE["Pow"]) for part in expr.args)
        return f"({base}*1.0)**{exponent}"

    def _print_Below(self, expr):  # noqa: N802
        return f"np.where({self._comparison(expr)}, 1.0, 0.0)"

    def _print_AtMost(self, expr):  # noqa: N802
        return self._print_Below(expr)

    def _print_Where(self, expr):  # noqa: N802
        condition, yes, no = expr.args
        asked = self._comparison(condition) or f"{self._print(condition)} > 0.5"
        return f"np.where({asked}, {self._print(yes)}, {self._print(no)})"

    def _comparison(self, expr: Any) -> str:
        if not isinstance(expr, own.Below):
            return ""
        sign = "<=" if isinstance(expr, own.AtMost) else "<"
        return f" {sign} ".join(self.parenthesize(part, PRECEDENCE["Relational"]) for part in expr.args)
