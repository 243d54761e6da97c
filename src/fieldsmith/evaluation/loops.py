"""Which loops of a program were running when its call was ended: over points, over samples."""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fieldsmith import syntax
from fieldsmith.sandboxes.sandbox import Failure
from fieldsmith.tasks.task import Brief

WHOLE = re.compile(r"u?int\d* (-?\d+)")
SHAPE = re.compile(r"array \(([\d, ]*)\)|of length (\d+)")
"""How whole numbers, and shapes of arrays and lists, are told among local variables."""
PLACE = re.compile(r'File "[^"]*", line (\d+), in')
FEWEST, RIM = 16, 2
"""Rounds below which a loop is none over points, and how many points it may leave out at the ends."""


def running(failure: Failure, source: str, brief: Brief) -> dict[str, Any]:
    """`points`: the innermost loop whose target picks a point, as `line` and `text`. `sample`: the `number`, of `samples`, that was computed.

    None where there is no such loop among those that the failing line and its callers stand in.
    """
    found: dict[str, Any] = {"points": None, "sample": None}
    try:
        tree = syntax.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return found
    spatial = [size for name, size in brief.sizes.items() if name not in ("batch", "time")]
    rows = source.splitlines()
    for loop, target, rounds in _loops(tree, failure):
        over_points = any(size - RIM <= rounds <= size for size in spatial) and rounds >= FEWEST
        if over_points and found["points"] is None and _picks(loop, target):
            found["points"] = {"line": loop.lineno, "text": rows[loop.lineno - 1].strip().rstrip(":")}
        at = WHOLE.fullmatch(failure.variables.get(target, ""))
        if at and rounds == brief.sizes.get("batch") and rounds > 1 and not over_points:
            found["sample"] = {"number": int(at[1]), "samples": rounds, "name": target}
    return found


def _loops(tree: ast.AST, failure: Failure) -> Iterator[tuple[ast.For, str, int]]:
    """For-loops over a range of known length around the lines that were being run, inner ones first, with their targets."""
    lines = [int(number) for number in PLACE.findall(failure.trace)] or [failure.line or 0]
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.For) and isinstance(node.target, ast.Name)]
    for line in reversed(lines):
        around = [loop for loop in loops if loop.lineno <= line <= (loop.end_lineno or 0)]
        for loop in sorted(around, key=lambda loop: -loop.lineno):
            rounds = _rounds(loop.iter, failure.variables)
            if rounds is not None and isinstance(loop.target, ast.Name):
                yield loop, loop.target.id, rounds


def _rounds(over: ast.expr, variables: Mapping[str, str]) -> int | None:
    if not (isinstance(over, ast.Call) and isinstance(over.func, ast.Name) and over.func.id in ("range", "prange")):
        return None
    bounds = [_number(argument, variables) for argument in over.args]
    known = [bound for bound in bounds if bound is not None]
    return len(range(*known)) if len(known) == len(bounds) and 0 < len(known) < 3 else None


def _number(node: ast.expr, variables: Mapping[str, str]) -> int | None:
    """A whole number that an expression comes to, by the variables' values and shapes; None where they do not tell."""
    match node:
        case ast.Constant(value=int(value)):
            return value
        case ast.Name(id=name):
            found = WHOLE.fullmatch(variables.get(name, ""))
            return int(found[1]) if found else None
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as sign, right=right):
            one, two = _number(left, variables), _number(right, variables)
            if one is None or two is None:
                return None
            return one + two if isinstance(sign, ast.Add) else one - two
        case ast.Call(func=ast.Name(id="len"), args=[ast.Name(id=name)]):
            return _size(variables.get(name, ""), 0)
        case ast.Subscript(
            value=ast.Attribute(value=ast.Name(id=name), attr="shape"), slice=ast.Constant(value=int(axis))
        ):
            return _size(variables.get(name, ""), axis)
    return None


def _size(told: str, axis: int) -> int | None:
    found = SHAPE.search(told)
    if found is None:
        return None
    shape: Sequence[int] = [int(n) for n in (found[2] or found[1]).replace(",", " ").split()]
    return shape[axis] if -len(shape) <= axis < len(shape) else None


def _picks(loop: ast.For, target: str) -> bool:
    """Whether the loop's target stands in an index, and no slice."""
    indices = [node.slice for part in loop.body for node in ast.walk(part) if isinstance(node, ast.Subscript)]
    return any(isinstance(n, ast.Name) and n.id == target for index in indices for n in ast.walk(index))
