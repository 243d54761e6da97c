"""Things that are named in one another, made in an order in which each comes after those that it names."""

from collections.abc import Callable, Iterable, Mapping

from fieldsmith.problems.algebra import names_in
from fieldsmith.problems.grammar import Node
from fieldsmith.problems.tables import Tables


def in_order(
    tables: Tables, table: str, keys: Mapping[str, str], trees: Mapping[str, Node], made: Callable[[str, Node], None]
) -> None:
    """Make each of a table's expressions after those that it names; a circle is told. `keys` are the names as they are written."""
    waiting = {name: set(_needs(tree, trees)) for name, tree in trees.items()}
    done: set[str] = set()
    while waiting:
        ready = [name for name, needs in waiting.items() if needs <= done]
        if not ready:
            circle = _circle({name: needs & waiting.keys() for name, needs in waiting.items()})
            way = " → ".join([*circle, circle[0]])
            what = f"The {table} go in a circle: {way}."
            tables.findings.fault(
                tables.spot(table, keys[circle[0]]), what, "Each may hold only what does not need it in turn."
            )
            return
        for name in ready:
            made(name, trees[name])
            done.add(name)
            del waiting[name]


def _needs(tree: Node, others: Iterable[str]) -> list[str]:
    """Which of the others a tree names, by themselves or by their derivatives."""
    words = names_in(tree)
    return [other for other in others if any(word == other or word.startswith(f"{other}_") for word in words)]


def _circle(waiting: Mapping[str, set[str]]) -> list[str]:
    path = [next(iter(waiting))]
    while True:
        following = next(name for name in waiting if name in waiting[path[-1]])
        if following in path:
            return path[path.index(following) :]
        path.append(following)
