"""Which of several blocks holds the program: one that is whole goes before an outline or an excerpt of it."""

from collections.abc import Sequence

from fieldsmith.agents.reply.names import USUAL, bound, missing, tree_of
from fieldsmith.agents.reply.omissions import gap, hollow


def is_whole(text: str, function: str, others: Sequence[str]) -> bool:
    """Whether a block leaves nothing out and has every name that it uses, itself or from the other blocks of the reply.

    What the other blocks have counts only where they do not define the function too: such are other versions.
    """
    tree = tree_of(text)
    if tree is None or gap(text) or hollow(text, function):
        return False
    absent = missing(tree) - USUAL.keys()
    parsed = [known for other in others if absent and (known := tree_of(other)) is not None]
    return not absent - set().union(*(names for known in parsed if function not in (names := bound(known))))
