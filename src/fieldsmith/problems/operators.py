"""Derivatives of whole expressions in the problem's coordinates: d, dt, laplace, biharmonic, grad, div, curl, dot."""

from collections.abc import Sequence
from typing import Any, Protocol

import sympy as sp

from fieldsmith.problems.faults import Misread
from fieldsmith.problems.grammar import Node


class Reader(Protocol):
    """What reads the arguments and knows the coordinates: `algebra.Algebra`."""

    coordinates: tuple[str, ...]
    timed: bool

    @property
    def space(self) -> range: ...

    def made(self, node: Node) -> Any: ...

    def scalar(self, node: Node) -> Any: ...

    def differentiated(self, expression: Any, orders: Sequence[int], node: Node) -> Any: ...


def applied(algebra: Reader, node: Node) -> Any:
    """The expression, or for `grad` and `curl` in three dimensions the vector, of an operator's call. Raises Misread."""
    makers = {
        "d": _d,
        "dt": _dt,
        "laplace": _laplace,
        "biharmonic": _biharmonic,
        "grad": _grad,
        "div": _div,
        "curl": _curl,
        "dot": _dot,
    }
    return makers[node.word](algebra, node)


def _once(algebra: Reader, expression: Any, k: int, node: Node, times: int = 1) -> Any:
    return algebra.differentiated(expression, [times * (j == k) for j in range(len(algebra.coordinates))], node)


def _d(algebra: Reader, node: Node) -> Any:
    found = algebra.scalar(node.parts[0])
    along: int | None = None
    orders = [0] * len(algebra.coordinates)
    for part in node.parts[1:]:
        if part.head == "number" and along is not None and part.word.isdigit() and 1 <= int(part.word) <= 8:
            orders[along] += int(part.word) - 1
            along = None
        elif part.head == "name" and part.word in algebra.coordinates:
            along = algebra.coordinates.index(part.word)
            orders[along] += 1
        else:
            known = ", ".join(algebra.coordinates) or "none"
            raise Misread("d(f, x) or d(f, x, 2) is along a coordinate.", part.at, f"There are {known}.")
    return algebra.differentiated(found, orders, node)


def _dt(algebra: Reader, node: Node) -> Any:
    if not algebra.timed:
        raise Misread("dt has no place here: there is no time.", node.at, "[domain] t = [0, 1] gives a problem one.")
    return _once(algebra, algebra.scalar(node.parts[0]), 0, node)


def _laplace(algebra: Reader, node: Node) -> Any:
    found = algebra.scalar(node.parts[0])
    return sp.Add(*(_once(algebra, found, k, node, 2) for k in algebra.space))


def _biharmonic(algebra: Reader, node: Node) -> Any:
    found = algebra.scalar(node.parts[0])
    for _ in range(2):
        found = sp.Add(*(_once(algebra, found, k, node, 2) for k in algebra.space))
    return found


def _grad(algebra: Reader, node: Node) -> Any:
    found = algebra.scalar(node.parts[0])
    parts = tuple(_once(algebra, found, k, node) for k in algebra.space)
    return parts


def _vector(algebra: Reader, node: Node, length: int = 0) -> tuple[Any, ...]:
    found = algebra.made(node)
    length = length or len(algebra.space)
    if not isinstance(found, tuple) or len(found) != length:
        letters = ", ".join("fgh"[:length])
        raise Misread(
            f"A vector of {length} component{'s' * (length > 1)} belongs here.", node.at, f"Such as [{letters}]."
        )
    return found


def _div(algebra: Reader, node: Node) -> Any:
    parts = _vector(algebra, node.parts[0])
    return sp.Add(*(_once(algebra, part, k, node) for part, k in zip(parts, algebra.space, strict=True)))


def _dot(algebra: Reader, node: Node) -> Any:
    a, b = (_vector(algebra, part) for part in node.parts)
    return sp.Add(*(left * right for left, right in zip(a, b, strict=True)))


def _curl(algebra: Reader, node: Node) -> Any:
    dimensions = len(algebra.space)
    if dimensions == 1:
        raise Misread("curl needs two or three dimensions.", node.at)
    parts, space = _vector(algebra, node.parts[0]), algebra.space

    def turn(i: int, j: int) -> Any:
        return _once(algebra, parts[j], space[i], node) - _once(algebra, parts[i], space[j], node)

    return turn(0, 1) if dimensions == 2 else (turn(1, 2), turn(2, 0), turn(0, 1))
