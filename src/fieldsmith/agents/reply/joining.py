"""Replies that were cut off: whether one was, and how it goes together with its continuation."""

import ast
import re
from collections.abc import Iterator

from fieldsmith.agents.reply.blocks import FENCE, Block, blocks_of, parses, spoken, still_thinking
from fieldsmith.agents.reply.characters import PROSE_LEFT_OUT
from fieldsmith.agents.reply.names import bound, defines, missing, tree_of
from fieldsmith.agents.reply.programs import Found, program_in
from fieldsmith.agents.reply.refusals import STOPS

ENDING_LINES = 12
WHOLE = ("stop", "calls")
"""Why a reply ended that was not cut off."""
LONGEST_REPEAT = 4000
LONGEST = 100_000
"""Characters of a reply that is gone on with."""
LINES_OF_INDENTS = 30
MOST_MENDED = 6


def cut_off(reply: str, stop: str, found: Found) -> bool:
    """Whether a reply ended before its program did.

    A program in a closed block is complete, whatever the server said; a block that is open counts as cut off where the
    server says that the reply was or gives a reason for its end that nobody knows, or where its text is no program. A reply that was broken off as a refusal is not gone on with.
    """
    if stop in STOPS:
        return False
    if found.source is not None and found.whole and (parses(found.source) or stop in WHOLE):
        return False
    if stop not in WHOLE:
        return True
    blocks = blocks_of(spoken(reply)[0])
    return bool(blocks) and not blocks[-1].closed and blocks[-1].python and not parses(blocks[-1].text)


def can_go_on(reply: str) -> bool:
    """Whether it makes sense to ask for the rest: there is a beginning of an answer, not only of thoughts, and it has not grown
    beyond all measure, as the request for the rest holds all of it."""
    return len(reply) <= LONGEST and bool(spoken(reply)[0].strip()) and not still_thinking(reply)


def ending(reply: str) -> str:
    """The last lines of a reply, by which a model finds the place where it has to go on."""
    return "\n".join(reply.split("\n")[-ENDING_LINES:])


def joined(reply: str, more: str, function: str) -> str:
    """A reply with its continuation, which may repeat some lines, open the block again or begin the program anew.

    Of the ways to join them that is taken which gives a program as it stands, with every name that it uses; else the one that lacks
    the fewest names, else one that gives a program once it is mended, which may cost the function at the seam.
    """
    rest = _without_reasons(more)
    if _begins_anew(more, function):
        return more
    ways = list(dict.fromkeys(_ways(reply, rest)))
    best, fewest = None, None
    for text in ways:
        lacking = _lacking(text, function)
        if lacking is not None and (fewest is None or lacking < fewest):
            best, fewest = text, lacking
        if lacking == 0:
            break
    if best is not None:
        return best
    for text in ways[:MOST_MENDED]:
        found = program_in(text, function)
        if found.source is not None and parses(found.source):
            return text
    return ways[0]


def _ways(reply: str, rest: str) -> Iterator[str]:
    """Ways to join a reply and its continuation, the likeliest first."""
    overlapping = _overlapping(reply, rest)
    shared = rest[: len(reply) + len(rest) - len(overlapping)]
    if not shared.strip():
        yield reply + rest  # shared white space says little
    yield overlapping
    yield _overlapping(reply, rest.lstrip())
    yield reply + rest
    if rest[:1].strip():
        yield f"{reply} {rest}"
    yield f"{reply}\n{rest}"
    head, _, last = reply.rpartition("\n")
    if last.strip():
        yield f"{head}\n{rest}"  # the cut line was written again
    # The white space that a continuation should begin with is often lost.
    lines = [line for line in reply.split("\n")[-LINES_OF_INDENTS:] if line.strip()]
    indents = [len(line) - len(line.lstrip()) for line in reversed(lines)]
    indents += [indent + 4 for indent in indents[:1]]
    if rest.lstrip().startswith("return"):
        indents.sort()
    for indent in dict.fromkeys(indents):
        yield f"{reply if last.strip() else head}\n{' ' * indent}{rest.lstrip()}"


def _lacking(text: str, function: str) -> int | None:
    """How many names the program lacks that a text holds as it stands; None where it holds none without mending."""
    blocks = blocks_of(text) or [Block("", text)]
    trees = [tree for block in blocks if block.python and (tree := _compiled(block.text)) is not None]
    known = set().union(*map(bound, trees))
    found = [block.text for block in blocks if block.python and defines(block.text, function)]
    tree = _compiled(found[-1]) if found else None
    return None if tree is None else len(missing(tree) - known)


def _compiled(text: str) -> ast.Module | None:
    """The tree of a text that is a program; one with `return` outside of a function only looks like one."""
    tree = tree_of(text)
    try:
        if tree is not None:
            compile(tree, "reply", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree


def _begins_anew(more: str, function: str) -> bool:
    """Whether the continuation holds a whole program itself: nothing that it uses is missing, nothing was cut off."""
    if not any(block.python and defines(block.text, function) for block in blocks_of(more)):
        return False
    found = program_in(more, function)
    tree = tree_of(found.source) if found.source is not None else None
    return tree is not None and PROSE_LEFT_OUT not in found.repairs and not missing(tree)


def _without_reasons(more: str) -> str:
    """The continuation without an introduction and without a fence that opens the block once more."""
    lines = spoken(more)[0].split("\n")
    for n, line in enumerate(lines[:6]):
        match = FENCE.match(line)
        if match and (match["language"] or any(FENCE.match(later) for later in lines[n + 1 :])):
            return "\n".join(lines[n + 1 :])
        if not re.match(r"^[A-Z].*[.:!]$|^$", line):
            break
    return spoken(more)[0]


def _overlapping(reply: str, rest: str) -> str:
    """Both, what the end of one and the beginning of the other share written once."""
    for size in range(min(len(reply), len(rest), LONGEST_REPEAT), 0, -1):
        if reply.endswith(rest[:size]):
            whole_line = "\n" in rest[:size] or reply[: len(reply) - size].endswith("\n")
            return reply + rest[size:] if size >= 8 or whole_line else reply + rest
    return reply + rest
