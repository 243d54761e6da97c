"""Which of several blocks holds the program, and what later ones correct in it.

One that is whole goes before an outline or an excerpt of it.
"""

import ast
import re
from collections.abc import Sequence

from fieldsmith.agents.reply.blocks import Block
from fieldsmith.agents.reply.names import USUAL, bound, functions, missing, parameters, tree_of
from fieldsmith.agents.reply.omissions import gap, hollow
from fieldsmith.agents.reply.patches import merged

FORBIDS = re.compile(r"\b(?:don't|do not|never|avoid|not to|instead of (?:this|the following)|mistakes?)\b")
CORRECTS = re.compile(
    r"\b(?:replac\w+|correct(?:ed|ion|ions)?|fix(?:ed|es)?|use (?:this|the following|it)|(?:should|must) (?:be|read)"
    r"|updated?|improved?|swap|changed?|better)\b"
)
SHOWS = re.compile(
    r"\b(?:wrong(?:ly)?|incorrect(?:ly)?|naive(?:ly)?|bad|unstable|instead of|rather than|compar\w+|contrast|alternative(?:ly)?"
    r"|optional(?:ly)?|if you|could|might|would|simpl\w+|outline|sketch|schematic\w*|in short|pseudo\w*|original(?:ly)?|old"
    r"|previous(?:ly)?|earlier|before|example)\b"
)
"""What is said before a block that is no correction, unless it is said to be one."""


def is_whole(text: str, function: str, others: Sequence[str]) -> bool:
    """Whether a block leaves nothing out and has every name that it uses, itself or from the other blocks of the reply.

    What the other blocks have counts only where they do not define the function too: such are other versions. One that has all that
    this one lacks is the program that this one is an excerpt of.
    """
    tree = tree_of(text)
    if tree is None or gap(text) or hollow(text, function):
        return False
    absent = missing(tree) - USUAL.keys()
    if not absent:
        return True
    parsed = [bound(known) for other in others if (known := tree_of(other)) is not None]
    excerpt = any(function in names and absent <= names for names in parsed)
    return not excerpt and absent <= set().union(*(names for names in parsed if function not in names))


def corrected(source: str, later: Sequence[Block]) -> tuple[str, list[Block], list[str]]:
    """A whole program with the functions that later blocks give anew, those blocks, and what was done."""
    taken, repairs = [], []
    for block in later:
        said = _said(block)
        tree, old = tree_of(block.text), tree_of(source)
        if not block.python or tree is None or old is None or FORBIDS.search(said):
            continue
        told = CORRECTS.search(said) is not None
        anew = functions(tree).keys() & functions(old).keys()
        uses = functions(old).keys() & {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        # Without a function of its own a block counts only if it is said to, and is no example of use.
        if (not told and SHOWS.search(said)) or (not anew and (uses or not told)):
            continue
        result = merged(block.text, source) if _callable_alike(tree, old) else None
        changed = tree_of(result[0]) if result is not None else None
        if result is None or changed is None:
            continue
        taken.append(block)
        if ast.dump(changed) != ast.dump(old):
            source = result[0]
            repairs.append(
                f"{', '.join(f'`{name}`' for name in result[1])} of a later block took the place of the program's."
            )
    return source, taken, repairs


def _said(block: Block) -> str:
    """The last sentence before a block, with a comment that begins it."""
    sentences = [
        part for part in re.split(r"[.!?]\s|\n", block.lead.replace("’", "'").lower()) if part.strip(" \t#*_:-")
    ]
    first = block.text.lstrip().partition("\n")[0]
    return f"{sentences[-1] if sentences else ''} {first.lower() if first.startswith('#') else ''}"


def _callable_alike(new: ast.Module, old: ast.Module) -> bool:
    """Whether functions that both have take as many arguments, as the rest of the program gives them."""
    theirs = functions(old)
    both = [(nodes[-1], theirs[name][-1]) for name, nodes in functions(new).items() if name in theirs]
    return all(len(parameters(ours)) == len(parameters(other)) for ours, other in both)
