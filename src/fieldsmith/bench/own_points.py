"""A program that chooses its own points made coarser: by the numbers that stand at its top.

Programs for problems of one's own compute on a grid of their own and interpolate to what is asked for, so that fewer points asked for do not make them cheaper. Those of the built-in author say how
many points and which tolerance they take by constants at their top, as do those that are written after them.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

GRIDS, TOLERANCES = ("POINTS", "CELLS"), ("TOLERANCE",)
SHARES = (1.0, 0.75, 0.5, 0.375, 0.25, 0.1875, 0.125)
LOOSENED = (1.0, 30.0)
LEAST_POINTS, LARGEST_TOLERANCE = 8, 0.3


@dataclass(frozen=True)
class Version:
    """The program with a share of its points and a larger tolerance; `own` says that it has such numbers. Without a text it is the program as it is."""

    text: str = ""
    share: float = 1.0
    loosened: float = 1.0
    own: bool = False


def versions(source: str) -> Iterator[Version]:
    """The program as it is, then coarser and coarser; as it is alone where it has no such numbers."""
    grids, tolerances = list(_constants(source, GRIDS)), list(_constants(source, TOLERANCES))
    if not grids:
        yield Version()
        return
    seen = set[str]()
    for share in SHARES:
        for loosened in LOOSENED if tolerances else (1.0,):
            places = [(node, _fewer(value, share)) for node, value in grids]
            places += [(node, _looser(value, loosened)) for node, value in tolerances]
            text = _written(source, places)
            if text not in seen:
                seen.add(text)
                yield Version(text, share, loosened, own=True)


def _constants(source: str, names: tuple[str, ...]) -> Iterator[tuple[ast.expr, object]]:
    """Numbers, or tuples of them, that are given these names at the top."""
    try:
        body = ast.parse(source).body
    except SyntaxError:
        return
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in names:
            try:
                yield node.value, ast.literal_eval(node.value)
            except ValueError:  # computed from others
                continue


def _fewer(value: object, share: float) -> object:
    """Even numbers of points, no fewer than eight of what has more."""
    if isinstance(value, tuple | list):
        return tuple(_fewer(one, share) for one in value)
    if not isinstance(value, int) or share == 1.0:
        return value
    return min(value, max(LEAST_POINTS, 2 * round(value * share / 2)))


def _looser(value: object, by: float) -> object:
    return min(value * by, max(value, LARGEST_TOLERANCE)) if isinstance(value, float) else value


def _written(source: str, places: list[tuple[ast.expr, object]]) -> str:
    """The source with other values in these places, each on a line of its own."""
    lines = source.splitlines(keepends=True)
    for node, value in places:
        row, end = node.lineno - 1, node.end_lineno or node.lineno
        first, last = lines[row].encode(), lines[end - 1].encode()
        lines[row:end] = [(first[: node.col_offset] + repr(value).encode() + last[node.end_col_offset :]).decode()] + [
            ""
        ] * (end - row - 1)
    return "".join(lines)
