"""Which of several blocks holds the program, and what later ones correct in it.

One that is whole goes before an outline or an excerpt of it.
"""

import ast
import re
from collections.abc import Iterable, Sequence

from fieldsmith.agents.reply.blocks import Block
from fieldsmith.agents.reply.names import USUAL, bound, functions, missing, parameters, tree_of
from fieldsmith.agents.reply.omissions import gap, hollow
from fieldsmith.agents.reply.patches import merged

FORBIDS = re.compile(r"\b(?:don't|do not|never|avoid|not to|instead of (?:this|the following)|mistakes?)\b")
CORRECTS = re.compile(
    r"\b(?:replac\w+|correct(?:ed|ion|ions)?|fix(?:ed|es)?|use (?:this|the following|it)|(?:should|must) (?:be|read)"
    r"|updated?|improved?|swap|changed?|better|final(?:ly)?|stable|actually|instead(?! of))\b"
)
SHOWS = re.compile(
    r"\b(?:wrong(?:ly)?|incorrect(?:ly)?|naive(?:ly)?|bad|unstable|instead of|rather than|compar\w+|contrast|alternative(?:ly)?"
    r"|optional(?:ly)?|if you|could|might|would|simpl\w+|outline|sketch|schematic\w*|in short|pseudo\w*|original(?:ly)?|old"
    r"|previous(?:ly)?|earlier|before|example)\b"
)
"""What is said before a block that is no correction, unless it is said to be one."""
PREFERS = re.compile(r"(?<!not )\b(?:recommended|preferred|final(?:ly)?|use this(?: one)?)\b")
SETS_ASIDE = re.compile(
    r"\b(?:not recommended|if you (?:want|need|prefer|like)|dummy|mock|toy|less accurate|only first[- ]order"
    r"|but i (?:kept|keep|left|chose|stay\w*)|quick (?:test|check)|(?:to|for) (?:a )?(?:test(?:ing)?|check(?:ing)?)|if [^,:]{1,60} (?:is|are|becomes?) (?:an? )?(?:problem|issue|concern|bottleneck|too \w+|tight|scarce))\b"
)
OTHERS = re.compile(
    r"\b(?:compar\w+|contrast|alternative(?:ly)?|optional(?:ly)?|naive(?:ly)?|wrong(?:ly)?|incorrect(?:ly)?|bad"
    r"|original(?:ly)?|previous(?:ly)?|old)\b"
)
"""What is said before one of several whole programs that is not the answer: always, and unless it is said to correct them."""


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


def preference(block: Block) -> int:
    """Whether a reply recommends a block (1), sets it aside (-1), or neither."""
    said = _said(block)
    if FORBIDS.search(said) or SETS_ASIDE.search(said) or (OTHERS.search(said) and not CORRECTS.search(said)):
        return -1
    return 1 if PREFERS.search(said) else 0


def corrected(source: str, later: Sequence[Block]) -> tuple[str, list[Block], list[str]]:
    """A whole program with the functions that later blocks correct, those blocks, and what was done.

    A block counts if it is said to, or if nothing is said before it and it is no excerpt of the program.
    """
    taken, repairs = [], []
    for block in later:
        said = _said(block)
        tree, old = tree_of(block.text), tree_of(source)
        if not block.python or tree is None or old is None or FORBIDS.search(said) or SETS_ASIDE.search(said):
            continue
        told = CORRECTS.search(said) is not None
        anew = functions(tree).keys() & functions(old).keys()
        uses = functions(old).keys() & {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
        # Without a function of its own a block counts only if it is said to, and is no example of use.
        if not anew and (uses or not told):
            continue
        if not told and (said.strip() or _excerpt(tree, old)):
            if not SHOWS.search(said) and not _excerpt(tree, old):
                repairs.append(f"A later version of {_listed(anew)}, not said to be a correction, was left out.")
            continue
        result = merged(block.text, source) if _callable_alike(tree, old) else None
        changed = tree_of(result[0]) if result is not None else None
        if result is None or changed is None:
            if told and anew:
                repairs.append(f"A later correction of {_listed(anew)} does not fit the program and was left out.")
            continue
        taken.append(block)
        if ast.dump(changed) != ast.dump(old):
            source = result[0]
            repairs.append(f"{_listed(result[1])} of a later block took the place of the program's.")
    return source, taken, repairs


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _excerpt(new: ast.Module, old: ast.Module) -> bool:
    """Whether the functions of a block only repeat statements of the program's functions of the same names."""
    theirs = functions(old)
    return all(
        _statements(nodes[-1]) <= _statements(theirs[name][-1])
        for name, nodes in functions(new).items()
        if name in theirs
    )


def _statements(node: ast.AST) -> set[str]:
    return {ast.dump(n) for n in ast.walk(node) if isinstance(n, ast.stmt) and not hasattr(n, "body")}


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
