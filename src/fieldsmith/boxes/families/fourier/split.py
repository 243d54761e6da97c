"""Equations parted into what is linear with constant coefficients, which Fourier series solve wave by wave, and the rest."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp

from fieldsmith.boxes.form import Form
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.problems.faults import Misread, TooLarge
from fieldsmith.problems.jets import Orders, partial, size
from fieldsmith.problems.system import System

OPENED = 80
"""Nodes of a product up to which its brackets are opened, to see whether something linear is in it."""
State = tuple[str, int]
"""An unknown and a number of time derivatives of it."""
Polynomial = Mapping[Orders, Any]
"""Constant factors by the orders of derivatives along the axes."""
Matrix = dict[tuple[int, int], dict[Orders, Any]]
"""Polynomials by row and column, those that are not 0."""


@dataclass(frozen=True)
class Parts:
    """An evolution as a system of first order in time, with constraints:

        mass * states_t = linear * (states, constrained) + rest
        0 = algebra * (states, constrained) + sources

    `mass` is None where it is the identity. Of the constraints the last `hidden` hold nothing of what is constrained, nor sources: what they
    ask of the states holds at all times, and so of their rates.
    """

    states: tuple[State, ...]
    constrained: tuple[str, ...]
    mass: Matrix | None
    linear: Matrix
    rest: tuple[Any, ...]
    algebra: Matrix
    sources: tuple[Any, ...]
    hidden: int

    @property
    def nonlinear(self) -> tuple[Any, ...]:
        """All that is evaluated on the grid."""
        return (*self.rest, *self.sources)


@dataclass(frozen=True)
class Steady:
    """A steady problem: `residuals` are 0, which are linear * unknowns + rest. `newton` where the rest holds unknowns; `free` are the
    unknowns of which no equation holds more than derivatives."""

    residuals: tuple[Any, ...]
    linear: Matrix
    rest: tuple[Any, ...]
    free: tuple[str, ...]
    newton: bool


def steady(form: Form) -> Steady:
    """The parts of a steady problem. Raises Unsuited."""
    system = form.system
    jets = system.jets
    residuals = tuple(inlined(system, law.residual) for law in system.laws)
    laws = [split(system, residual, [(u.name, 0) for u in system.unknowns]) for residual in residuals]
    linear: Matrix = {}
    for row, law in enumerate(laws):
        _add(linear, row, law)
    met = [jets.meanings[jet] for residual in residuals for jet in jets.among(residual)]
    if conjugates := {name for name, _ in met} & {jets.partners[u.name] for u in system.unknowns if u.complex}:
        raise Unsuited(f"The conjugate of {jets.partners[sorted(conjugates)[0]]} stands in a steady problem.")
    free = tuple(u.name for u in system.unknowns if all(sum(orders) for name, orders in met if name == u.name))
    newton = any(jets.among(rest) for _, rest in laws)
    return Steady(residuals, linear, tuple(rest for _, rest in laws), free, newton)


def parts(form: Form) -> Parts:
    """The parts of an evolution. Raises Unsuited."""
    system, canonical = form.system, form.canonical
    states, constrained = form.state, canonical.constrained
    columns = [*states, *((name, 0) for name in constrained)]
    linear: Matrix = {}
    rest: list[Any] = []
    mass, rates = _rates(form, columns)
    for row, (name, order) in enumerate(states):
        if order + 1 < canonical.orders[name]:
            linear[row, columns.index((name, order + 1))] = {_still(system): sp.S.One}
            rest.append(sp.S.Zero)
        else:
            _add(linear, row, found := split(system, rates[name], columns))
            rest.append(found[1])
    laws = [split(system, inlined(system, law.residual), columns) for law in canonical.constraints]
    hidden = [law for law in laws if all(column < len(states) for column in law[0]) and law[1] == 0]
    for (_, rest_of), law in zip(laws, canonical.constraints, strict=True):
        if rest_of != 0 and not _unknowns(system, [law.residual]) & set(constrained):
            raise Unsuited(f"{law.text}: a constraint that holds none of {', '.join(constrained)} is met only where it is linear with constant factors, without a source.")  # fmt: skip
    plain = [law for law in laws if law not in hidden]
    algebra: Matrix = {}
    for row, law in enumerate([*plain, *hidden]):
        _add(algebra, row, law)
    whole = Parts(states, constrained, mass, linear, tuple(rest), algebra, tuple(law[1] for law in plain), len(hidden))
    _sound(system, whole)
    return whole


def _add(matrix: Matrix, row: int, law: tuple[dict[int, dict[Orders, Any]], Any]) -> None:
    for column, polynomial in law[0].items():
        matrix[row, column] = polynomial


def _still(system: System) -> Orders:
    return (0,) * len(system.axes)


def _sound(system: System, whole: Parts) -> None:
    """Raises Unsuited where constraints are not solved wave by wave."""
    names = ", ".join(whole.constrained)
    grid = whole.sources if not whole.hidden else whole.nonlinear
    for expression in grid:
        if met := _unknowns(system, [expression]) & set(whole.constrained):
            name = sorted(met)[0]
            if whole.hidden:
                raise Unsuited(f"{name} stands in a term that is not linear with constant factors, and {names} follows only from rates.")  # fmt: skip
            raise Unsuited(f"A constraint on {name} is not linear in it with constant factors.")


def _unknowns(system: System, expressions: Iterable[Any]) -> set[str]:
    jets = system.jets
    return {jets.partners.get(n, n) if n not in {u.name for u in system.unknowns} else n
            for e in expressions for n in (jets.meanings[jet][0] for jet in jets.among(e))}  # fmt: skip


def _rates(form: Form, columns: Sequence[State]) -> tuple[Matrix | None, dict[str, Any]]:
    """The mass matrix (None for the identity) and what it times the highest time derivatives is equal to, by unknown."""
    system, canonical = form.system, form.canonical
    moving = [name for name, order in canonical.orders.items() if order]
    if canonical.rates is not None:
        return None, {name: inlined(system, canonical.rates[name]) for name in moving}
    mass: Matrix = {}
    rates: dict[str, Any] = {}
    tops = {name: columns.index((name, canonical.orders[name] - 1)) for name in moving}
    for row, (name, order) in enumerate(form.state):
        if order + 1 < canonical.orders[name]:
            mass[row, row] = {_still(system): sp.S.One}
    for name, law in zip(moving, canonical.evolving, strict=True):
        residual = inlined(system, law.residual)
        for jet in system.jets.among(residual):
            other, orders = system.jets.meanings[jet]
            if other not in tops or orders[0] != canonical.orders[other]:
                continue
            factor = partial(residual, jet)
            if not factor.free_symbols <= system.values.keys():
                raise Unsuited(f"{law.text}: the factor of a highest time derivative is not constant, and the equations are not solved for it.")  # fmt: skip
            mass.setdefault((tops[name], tops[other]), {})[orders[1:]] = factor
            residual = residual.xreplace({jet: sp.S.Zero})
        for jet in residual.free_symbols & system.jets.meanings.keys():
            other, orders = system.jets.meanings[jet]
            if other in system.jets.partners and orders[0] == canonical.orders.get(system.jets.partners[other], -1):
                raise Unsuited(f"{law.text}: the conjugate of a highest time derivative stands in it.")
        rates[name] = -residual
    return mass, rates


def inlined(system: System, expression: Any) -> Any:
    """The expression with coefficients that are constant, or made of other coefficients, put in their place. Raises Unsuited."""
    jets = system.jets
    bodies = {one.name: one.expression for one in system.coefficients if one.expression is not None}
    for _ in range(len(bodies) + 1):
        swap = {}
        for jet in jets.among(expression, given=True):
            name, orders = jets.meanings[jet]
            if name in bodies and not kept(system, bodies[name]):
                swap[jet] = derived(system, bodies[name], orders)
        if not swap:
            break
        expression = expression.xreplace(swap)
    return expression


def kept(system: System, body: Any) -> bool:
    """Whether a coefficient remains a function of its own in a program."""
    symbols = body.free_symbols
    return bool(symbols & set(system.jets.coordinates)) and not symbols & system.jets.meanings.keys()


def derived(system: System, body: Any, orders: Orders) -> Any:
    """A derivative of a given expression. Raises Unsuited."""
    try:
        for k, n in enumerate(orders):
            for _ in range(n):
                body = system.jets.total(body, k)
    except (TooLarge, Misread) as error:
        raise Unsuited("A derivative of a coefficient is too large to be written.") from error
    return body


def split(system: System, expression: Any, columns: Sequence[State]) -> tuple[dict[int, dict[Orders, Any]], Any]:
    """By column the linear terms with constant factors, and all other terms as one expression."""
    linear: dict[int, dict[Orders, Any]] = {}
    rest: list[Any] = []
    for whole in _terms(expression):
        opened = _terms(sp.expand_mul(whole, deep=False)) if whole.is_Mul and size(whole, OPENED) < OPENED else [whole]
        found = [(_linear(system, term, columns), term) for term in opened]
        if not any(known for known, _ in found):
            rest.append(whole)
            continue
        for known, term in found:
            if known is None:
                rest.append(term)
                continue
            column, orders, factor = known
            polynomial = linear.setdefault(column, {})
            polynomial[orders] = polynomial.get(orders, sp.S.Zero) + factor
    for polynomial in linear.values():
        for orders in [orders for orders, factor in polynomial.items() if factor == 0]:
            del polynomial[orders]
    return {column: polynomial for column, polynomial in linear.items() if polynomial}, sp.Add(*rest)


def _terms(expression: Any) -> Sequence[Any]:
    """Terms of a sum, also of one that is divided by a constant or negated."""
    if expression.is_Mul and sum(part.is_Add for part in expression.args) == 1:
        factors = [part for part in expression.args if not part.is_Add]
        if all(not part.free_symbols for part in factors):
            inner = next(part for part in expression.args if part.is_Add)
            return [term for part in inner.args for term in _terms(sp.Mul(*factors, part))]
    return [term for part in expression.args for term in _terms(part)] if expression.is_Add else [expression]


def _linear(system: System, term: Any, columns: Sequence[State]) -> tuple[int, Orders, Any] | None:
    """Column, orders along the axes and factor of a term that is linear with a constant factor."""
    meanings = system.jets.meanings
    factors = [term] if not term.is_Mul else list(term.args)
    met = [part for part in factors if part in meanings]
    if len(met) != 1:
        return None
    name, orders = meanings[met[0]]
    along = orders[int(system.timed) :]
    state = (name, orders[0] if system.timed else 0)
    factor = sp.Mul(*(part for part in factors if part is not met[0]))
    if state not in columns or not factor.free_symbols <= system.values.keys():
        return None
    return columns.index(state), along, factor
