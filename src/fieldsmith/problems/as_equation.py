"""A problem as the `Equation` that today's families of methods read, where it can be said as one."""

import sympy as sp

from fieldsmith.equations.equation import PERIODIC, Axis, Balance, Boundary, Equation
from fieldsmith.equations.expressions import Unsuited
from fieldsmith.equations.symbols import Symbols
from fieldsmith.problems.canonical import Canonical
from fieldsmith.problems.grammar import Node, nodes
from fieldsmith.problems.jets import partial
from fieldsmith.problems.system import Condition, Interval, Law, Side, System
from fieldsmith.problems.typeset import Plain, tree_of


def as_equation(system: System, form: Canonical) -> Equation:
    """The problem as an equation of first order in time, or a steady one. Raises Unsuited with one reason why it is none."""
    if system.complex:
        raise Unsuited("An unknown is complex.")
    if form.order > 1:
        raise Unsuited("It is of second order in time.")
    if form.implicit or form.rates is None:
        raise Unsuited("Derivatives in space act on its rates.")
    if system.timed and form.constraints:
        raise Unsuited("It has a constraint beside its evolution.")
    writer = _Writer(system)
    axes = tuple(_axis(system, writer, axis) for axis in system.axes)
    given = tuple(one.name for one in system.coefficients if one.expression is None)
    equation = Equation(
        tuple(unknown.name for unknown in system.unknowns),
        axes,
        _balances(system, form, writer),
        tuple(one.name for one in system.parameters if one.low is not None),
        {one.name: one.value for one in system.parameters if one.low is None},
        given,
    )
    Symbols(equation, {one.name: one.value for one in system.parameters})
    return equation


class _Writer(Plain):
    """The plain form, with definitions and coefficients that are expressions put in, and the time called t."""

    def __init__(self, system: System) -> None:
        super().__init__(system)
        bodies = {**system.definitions, **{g.name: g.value for g in system.coefficients if g.expression is not None}}
        self.bodies = {name: tree_of(body, system) for name, body in bodies.items()}

    def symbol(self, word: str) -> str:
        clock = self.system.time.name if self.system.time else "t"
        return "t" if word == clock else super().symbol(word)

    def name(self, node: Node) -> tuple[str, int]:
        known = self.derivative_in(node.word)
        if known is None:
            return self.printed(self.bodies[node.word]) if node.word in self.bodies else super().name(node)
        base, along = known
        return self.derivative(self.text(self.bodies[base]) if base in self.bodies else base, along)

    def said(self, node: Node) -> str:
        try:
            return self.text(node)
        except ValueError as error:
            raise Unsuited(f"{error}.".replace("plain form", "counterpart in it")) from None


def _balances(system: System, form: Canonical, writer: _Writer) -> tuple[Balance, ...]:
    if not system.timed:
        return tuple(Balance("", writer.said(_difference(law.right, law.left))) for law in system.laws)
    direct = [_direct(system, law, writer) for law in form.evolving]
    if all(direct):
        by_quantity = {balance.quantity: balance for balance in direct if balance}
        ordered = [by_quantity.pop(u.name, None) for u in system.unknowns]
        rest = list(by_quantity.values())
        return tuple(balance or rest.pop(0) for balance in ordered)
    assert form.rates is not None
    return tuple(Balance(name, writer.said(tree_of(rate, system))) for name, rate in form.rates.items())


def _difference(a: Node, b: Node) -> Node:
    if b.head == "number" and b.word == "0":
        return a
    if a.head == "number" and a.word == "0":
        return Node("neg", (b,))
    return Node("+", (a, Node("neg", (b,))))


def _direct(system: System, law: Law, writer: _Writer) -> Balance | None:
    """d(quantity)/dt = …, where the left side is such a rate, alone or in a sum; the form of a divergence is kept."""
    terms = list(law.left.parts) if law.left.head == "+" else [law.left]
    found = [(k, quantity) for k, term in enumerate(terms) if (quantity := _rated(system, term, writer)) is not None]
    rest = [term for k, term in enumerate(terms) if not found or k != found[0][0]]
    if len(found) != 1 or any(_timed(system, part, writer) for part in [*rest, law.right]):
        return None
    moved = Node("+", tuple(rest)) if len(rest) > 1 else rest[0] if rest else Node("number", word="0")
    return Balance(writer.said(found[0][1]), writer.said(_difference(law.right, moved)))


def _rated(system: System, term: Node, writer: _Writer) -> Node | None:
    """What a term is the rate of, None where it is no plain rate of something."""
    clock = system.coordinates[0]
    if term.head == "name" and (known := writer.derivative_in(term.word)) and known[1] == [clock]:
        return Node("name", word=known[0])
    if term.head == "call" and term.word in ("d", "dt") and writer.along(term) == [clock]:
        return term.parts[0]
    return term.parts[0] if term.head == "partial" and term.word.strip("_") == clock else None


def _timed(system: System, tree: Node, writer: _Writer) -> bool:
    clock = system.coordinates[0]
    for node in nodes(tree):
        known = writer.derivative_in(node.word) if node.head == "name" else None
        along = known[1] if known else writer.along(node) if node.word in ("d", "dt") and node.head == "call" else []
        if clock in along or (node.head == "partial" and clock in (*node.word.split(" "), node.word.strip("_"))):
            return True
    return False


def _axis(system: System, writer: _Writer, axis: Interval) -> Axis:
    if axis.name in system.periodic:
        return Axis(axis.name, axis.low, axis.high, "left_edges", PERIODIC, PERIODIC)
    lower, upper = (_boundary(system, writer, axis, side) for side in ("low", "high"))
    return Axis(axis.name, axis.low, axis.high, "endpoints", lower, upper)


def _boundary(system: System, writer: _Writer, axis: Interval, side: Side) -> Boundary:
    given = system.at(axis.name, side)
    if len(given) != len(system.unknowns):
        raise Unsuited(f"An end of {axis.name} has not one condition for each unknown.")
    found = {_said(system, writer, one) for one in given}
    held = {system.jets.meanings[jet][0] for one in given for jet in system.jets.among(one.residual)}
    if len(found) > 1 or held != {u.name for u in system.unknowns}:
        raise Unsuited(f"Unknowns have different conditions at an end of {axis.name}.")
    return found.pop()


def _said(system: System, writer: _Writer, one: Condition) -> Boundary:
    if one.kind not in ("dirichlet", "neumann"):
        words = {
            "robin": "A mixed condition (Robin)",
            "open": "An open end",
            "higher": "A condition with higher derivatives",
            "nonlinear": "A nonlinear condition",
        }
        raise Unsuited(f"{words[one.kind]} stands at an end of {one.axis}.")
    jets = system.jets.among(one.residual)
    if len(jets) != 1:
        raise Unsuited(f"A condition at an end of {one.axis} joins two unknowns.")
    value = -one.residual.xreplace({jets[0]: sp.Integer(0)}) / partial(one.residual, jets[0])
    if one.kind == "neumann" and one.side == "low":
        value = -value  # Boundary has the derivative outwards
    return Boundary("dirichlet" if one.kind == "dirichlet" else "neumann", writer.said(tree_of(value, system)))
