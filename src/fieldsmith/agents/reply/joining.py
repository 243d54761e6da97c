"""Replies that were cut off: whether one was, and how it goes together with its continuation."""

import re

from fieldsmith.agents.reply.blocks import FENCE, blocks_of, parses, spoken, still_thinking
from fieldsmith.agents.reply.names import missing, tree_of
from fieldsmith.agents.reply.programs import Found, program_in
from fieldsmith.agents.reply.refusals import STOPS

ENDING_LINES = 12
LONGEST_REPEAT = 4000


def cut_off(reply: str, stop: str, found: Found) -> bool:
    """Whether a reply ended before its program did.

    A program in a closed block is complete, whatever the server said; a block that is open counts as cut off where the
    server says that the reply was, or where its text is no program. A reply that was broken off as a refusal is not gone on with.
    """
    if stop in STOPS:
        return False
    if found.source is not None and found.whole and (parses(found.source) or stop != "length"):
        return False
    if stop == "length":
        return True
    blocks = blocks_of(spoken(reply)[0])
    return bool(blocks) and not blocks[-1].closed and blocks[-1].python and not parses(blocks[-1].text)


def can_go_on(reply: str) -> bool:
    """Whether it makes sense to ask for the rest: there is a beginning of an answer, not only of thoughts."""
    return bool(spoken(reply)[0].strip()) and not still_thinking(reply)


def ending(reply: str) -> str:
    """The last lines of a reply, by which a model finds the place where it has to go on."""
    return "\n".join(reply.split("\n")[-ENDING_LINES:])


def joined(reply: str, more: str, function: str) -> str:
    """A reply with its continuation, which may repeat some lines, open the block again or begin the program anew."""
    rest = _without_reasons(more)
    if _begins_anew(more, function):
        return more
    ways = [_overlapping(reply, rest), _overlapping(reply, rest.lstrip()), reply + rest, f"{reply}\n{rest}"]
    head, _, last = reply.rpartition("\n")
    if last.strip():
        ways.append(f"{head}\n{rest}")  # the cut line was written again
    for text in ways:
        found = program_in(text, function)
        if found.source is not None and parses(found.source):
            return text
    return ways[0]


def _begins_anew(more: str, function: str) -> bool:
    """Whether the continuation holds a whole program itself: nothing that it uses is missing."""
    source = program_in(more, function).source
    tree = tree_of(source) if source is not None else None
    return tree is not None and bool(blocks_of(more)) and not missing(tree)


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
